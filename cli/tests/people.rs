//! The key directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

mod support;

use std::process::Command;

use serde_json::Value;
use support::{program, run, Script, TestRelay};
use tempfile::TempDir;

/// A relay with a directory, and a folder for identities named like their users.
struct World {
    relay: TestRelay,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            relay: TestRelay::with_directory(folder.path()),
            folder,
        }
    }

    fn path(&self, who: &str) -> String {
        self.folder.path().join(who).to_str().unwrap().to_owned()
    }

    fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let path = self.path(who);
        let mut command = program(&[&["people"], arguments, &["--identity", &path]].concat());
        command.args(["--relay", &self.relay.url]);
        command
    }

    /// What `people` with these arguments prints for scripts.
    fn told(&self, who: &str, arguments: &[&str]) -> Vec<Value> {
        let (status, out, error) = run(self.command(who, &[arguments, &["--json"]].concat()), b"");
        assert_eq!((status, error.as_str()), (0, ""), "{arguments:?}");
        let out = String::from_utf8(out).unwrap();
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn refused(&self, who: &str, arguments: &[&str]) -> i32 {
        let (status, _, error) = run(self.command(who, arguments), b"");
        assert!(!error.is_empty(), "{arguments:?}");
        status
    }

    fn register(&self, who: &str) -> Value {
        self.told(who, &["register", who]).remove(0)
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap().to_owned()
}

#[test]
fn somebody_who_is_offline_is_invited_and_comes_later() {
    let world = World::new();
    world.register("grace");
    world.register("ada");
    let mut ada = Script::start(world.command("ada", &["invite", "grace", "--text", "have a\nlook", "--name", "Ada"]));
    let invited = ada.expect("invited");
    assert_eq!(
        (text(&invited, "userId"), text(&invited, "status")),
        ("grace".to_owned(), "new".to_owned())
    );
    ada.expect("opened");

    // Later.
    let waiting = world.told("grace", &["invitations"]);
    assert_eq!(waiting.len(), 1);
    let invitation = &waiting[0];
    assert_eq!(
        (text(invitation, "from"), text(invitation, "sender")),
        ("ada".to_owned(), "unconfirmed".to_owned())
    );
    assert_eq!(text(invitation, "text"), "have a\nlook");
    assert_eq!(invitation["safetyNumber"], invited["safetyNumber"]);
    assert_eq!(world.refused("grace", &["invitations", "--open", "2"]), 2);
    let found = world.told("grace", &["lookup", "ada"]).remove(0);
    assert_eq!(
        (&found["safetyNumber"], &found["status"]),
        (&invited["safetyNumber"], &"new".into())
    );
    assert_eq!(text(&world.told("grace", &["invitations"])[0], "sender"), "known");
    let mut grace = Script::start(world.command("grace", &["invitations", "--open", "1", "--name", "Grace"]));
    grace.expect("opened");
    // The directory's key is the one in the room.
    assert_eq!(grace.expect("member-joined")["deviceKey"], found["identityKey"]);
    assert_eq!(ada.expect("member-joined")["deviceKey"], invited["identityKey"]);
    grace.type_line("here I am");
    assert_eq!(text(&ada.expect("message"), "text"), "here I am");
    assert_eq!((grace.end(), ada.end()), (0, 0));
    assert!(world.told("grace", &["invitations"]).is_empty());
}

#[test]
fn an_invitation_into_a_room_that_is_there_or_into_none() {
    let world = World::new();
    world.register("grace");
    world.register("ada");
    let mut host = Script::start(world.relay.command(&["create", "--name", "Host"]));
    let code = text(&host.expect("code"), "code");
    // With white space around it, as it is copied.
    let invite = ["invite", "grace", "--code", &format!(" {code}\n")];
    assert_eq!(world.told("ada", &invite).len(), 1);
    assert_eq!(world.refused("ada", &["invite", "grace", "--code", "nonsense"]), 2);
    let too_long = "x".repeat(2_001);
    assert_eq!(
        world.refused("ada", &["invite", "grace", "--code", &code, "--text", &too_long]),
        2
    );
    let (_, out, _) = run(world.command("grace", &["invitations"]), b"");
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.starts_with("1. from ada") && out.contains("people lookup ada"),
        "{out}"
    );
    let mut grace = Script::start(world.command("grace", &["invitations", "--open", "1", "--name", "Grace"]));
    grace.expect("opened");
    host.expect("member-joined");
    assert_eq!(grace.end(), 0);
    // One that is not wanted.
    world.told("ada", &invite);
    world.told("grace", &["invitations", "--delete", "1"]);
    assert!(world.told("grace", &["invitations"]).is_empty());
    // Whom nobody knows is not waited for.
    assert_eq!(world.refused("ada", &["invite", "nobody"]), 6);
    assert_eq!(host.end(), 0);
}

#[test]
fn a_replaced_key_is_told_and_has_to_be_acknowledged() {
    let world = World::new();
    world.register("ada");
    let before = text(&world.register("grace"), "identityKey");
    assert_eq!(text(&world.told("ada", &["lookup", "grace"])[0], "identityKey"), before);
    let after = text(&world.told("grace", &["replace-key"])[0], "identityKey");
    assert_ne!(before, after);
    let found = world.told("ada", &["lookup", "grace"]).remove(0);
    assert_eq!(
        (
            text(&found, "status"),
            text(&found, "identityKey"),
            text(&found, "trustedKey")
        ),
        ("changed".to_owned(), after.clone(), before.clone())
    );
    let mut host = Script::start(world.relay.command(&["create"]));
    let code = text(&host.expect("code"), "code");
    assert_eq!(world.refused("ada", &["invite", "grace", "--code", &code]), 8);
    assert_eq!(world.refused("ada", &["acknowledge-key", "grace", &before]), 8);
    world.told("ada", &["acknowledge-key", "grace", &after]);
    assert_eq!(text(&world.told("ada", &["lookup", "grace"])[0], "status"), "same");
    world.told("ada", &["invite", "grace", "--code", &code]);
    assert_eq!(host.end(), 0);
}

#[test]
fn what_goes_wrong_has_its_exit_code() {
    let world = World::new();
    let ada = world.register("ada");
    // Again is no harm; it is the same key.
    assert_eq!(world.register("ada"), ada);
    assert_eq!(world.told("ada", &["renew"])[0]["identityKey"], ada["identityKey"]);
    for (who, arguments, code) in [
        ("ada", &["register", "grace"][..], 2),
        ("mallory", &["register", "ada"], 6),
        ("mallory", &["register", "No Id"], 2),
        ("nobody", &["lookup", "ada"], 2),
        ("ada", &["lookup", "grace"], 6),
        ("ada", &["lookup", "../x"], 2),
        ("ada", &["acknowledge-key", "grace", "x"], 2),
        (
            "other",
            &[
                "register",
                "other",
                "--directory-key",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            ],
            8,
        ),
    ] {
        assert_eq!(world.refused(who, arguments), code, "{who} {arguments:?}");
    }
    world.told("ada", &["remove"]);
    world.register("grace");
    assert_eq!(world.refused("grace", &["lookup", "ada"]), 6);
    // A relay without a directory, and none at all.
    let plain = TestRelay::start();
    let path = world.path("ada");
    for (relay, code) in [(plain.url.as_str(), 2), ("ws://127.0.0.1:1", 5), ("nonsense", 2)] {
        let command = program(&["people", "lookup", "grace", "--identity", &path, "--relay", relay]);
        let (status, _, error) = run(command, b"");
        assert_eq!((status, error.is_empty()), (code, false), "{relay}: {error}");
    }
    assert_eq!(run(world.relay.command(&["people", "lookup", "grace"]), b"").0, 2);
}

#[test]
fn the_identity_of_a_room_becomes_a_user() {
    let world = World::new();
    let path = world.path("ada");
    let (status, ..) = run(world.relay.command(&["create", "--identity", &path]), b"");
    assert_eq!(status, 0);
    let key = || {
        let (_, out, _) = run(program(&["identity", "show", "--json", "--identity", &path]), b"");
        serde_json::from_str::<Value>(String::from_utf8(out).unwrap().lines().next().unwrap()).unwrap()
    };
    let before = key();
    assert!(before["userId"].is_null());
    assert_eq!(world.register("ada")["identityKey"], before["deviceKey"]);
    assert_eq!(
        (key()["userId"].clone(), key()["deviceKey"].clone()),
        ("ada".into(), before["deviceKey"].clone())
    );
}
