//! Who is who: identities in files, marks, numbers and pictures, and rooms for two.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

mod support;

use std::{fs, path::Path};

use serde_json::Value;
use support::{program, run, Script, TestRelay};
use tempfile::TempDir;

/// A relay, and a folder for identities.
struct World {
    relay: TestRelay,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            relay: TestRelay::start(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).to_str().unwrap().to_owned()
    }

    /// Starts `arguments` as `name`, with an identity in the file `file`.
    fn start(&self, name: &str, file: &str, arguments: &[&str]) -> Script {
        let path = self.path(file);
        let common = ["--name", name, "--identity", &path];
        Script::start(self.relay.command(&[arguments, &common].concat()))
    }

    fn create(&self, name: &str, file: &str, arguments: &[&str]) -> (Script, String) {
        let mut script = self.start(name, file, &[&["create"], arguments].concat());
        let code = text(&script.expect("code"), "code");
        script.expect("opened");
        (script, code)
    }

    fn join(&self, name: &str, file: &str, code: &str) -> Script {
        let mut script = self.start(name, file, &["join", code]);
        script.expect("opened");
        script
    }

    /// What `identity show` says: the key, and the known devices.
    fn shown(&self, file: &str) -> (String, Vec<Value>) {
        let (status, out, error) = run(
            program(&["identity", "show", "--json", "--identity", &self.path(file)]),
            b"",
        );
        assert_eq!((status, error.as_str()), (0, ""));
        let out = String::from_utf8(out).unwrap();
        let mut lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let identity = lines.next().unwrap();
        (text(&identity, "deviceKey"), lines.collect())
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap().to_owned()
}

/// The number with `name`, asked for by `of`.
fn number(of: &mut Script, name: &str) -> String {
    of.type_line(&format!("/verify {name}"));
    text(&of.expect("safety-number"), "digits")
}

#[test]
fn a_mark_outlives_the_room_and_a_changed_key_is_told() {
    let world = World::new();
    let (mut ada, code) = world.create("Ada", "ada", &[]);
    let mut grace = world.join("Grace", "grace", &code);
    let grace_key = text(&ada.expect("member-joined"), "deviceKey");
    let ada_key = text(&grace.expect("member-joined"), "deviceKey");
    let (numbers, backwards) = (number(&mut ada, "Grace"), number(&mut grace, "Ada"));
    assert_eq!((numbers.len(), &numbers), (60, &backwards));
    ada.type_line("/verify");
    grace.type_line("/verify");
    let (room, same) = (ada.expect("safety-number"), grace.expect("safety-number"));
    assert!(room["member"].is_null() && room["digits"] == same["digits"] && room["digits"] != numbers.as_str());
    ada.type_line("/verify Grace yes");
    assert_eq!(ada.expect("member-trust")["verified"], true);
    grace.type_line("/quit");
    assert_eq!(grace.end(), 0);
    ada.expect("member-left");

    // Somebody else under that name, and in that room.
    let mut other = world.join("Grace", "mallory", &code);
    let trust = ada.expect("member-trust");
    assert_eq!(
        (&trust["keyChanged"], &trust["previousKey"]),
        (&true.into(), &grace_key.clone().into())
    );
    ada.expect("member-joined");
    other.expect("member-joined");
    other.type_line("it is me");
    assert_eq!(ada.expect("message")["verification"], "key-changed");
    assert_ne!(number(&mut ada, "Grace"), numbers);
    ada.type_line("/accept-key Grace");
    assert_eq!(ada.expect("member-trust")["keyChanged"], false);
    assert_eq!(ada.expect("message-verified")["verification"], "verified");
    ada.type_line("/accept-key Grace");
    assert_eq!(text(&ada.expect("error"), "code"), "USAGE");
    other.type_line("/quit");
    assert_eq!(other.end(), 0);

    // The room is over for Ada too; what she decided is not.
    assert_eq!(ada.end(), 0);
    let (own, known) = world.shown("ada");
    assert_eq!(own, ada_key);
    assert_eq!(known.len(), 2);
    let (mut ada, code) = world.create("Ada", "ada", &[]);
    let mut grace = world.join("Grace", "grace", &code);
    assert_eq!(ada.expect("member-trust")["verified"], true);
    let joined = ada.expect("member-joined");
    assert_eq!(joined["deviceKey"], grace_key.as_str());
    assert_eq!(number(&mut ada, "Grace"), numbers);
    // It can be taken back.
    ada.type_line("/verify 1 no");
    assert_eq!(ada.expect("member-trust")["verified"], false);
    grace.expect("member-joined");
    assert_eq!((ada.end(), grace.end()), (0, 0));
    assert!(world.shown("ada").1.iter().all(|device| device["verified"] == false));
}

#[test]
fn members_of_one_name_have_numbers() {
    let world = World::new();
    let (mut ada, code) = world.create("Ada", "ada", &[]);
    let first = world.join("Grace", "one", &code);
    ada.expect("member-joined");
    let second = world.join("Grace", "two", &code);
    ada.expect("member-joined");
    for line in [
        "/verify Grace",
        "/compare Grace",
        "/verify nobody yes",
        "/match yes",
        "/accept-key 1",
    ] {
        ada.type_line(line);
        assert_eq!(text(&ada.expect("error"), "code"), "USAGE", "{line}");
    }
    assert_ne!(number(&mut ada, "1"), number(&mut ada, "2"));
    ada.type_line("/members");
    let members = loop {
        let answer = text(&ada.expect("answer"), "text");
        if answer.contains("(you)") {
            break answer;
        }
    };
    assert!(
        members.contains(" 1. Grace") && members.contains("! 2. Grace"),
        "{members}"
    );
    assert_eq!((first.end(), second.end(), ada.end()), (0, 0, 0));
}

#[test]
fn the_same_pictures_verify_and_others_do_not() {
    let world = World::new();
    let (mut ada, code) = world.create("Ada", "ada", &[]);
    let mut grace = world.join("Grace", "grace", &code);
    ada.expect("member-joined");
    grace.expect("member-joined");
    let states = |script: &mut Script, wanted: &str| loop {
        let event = script.expect("comparison");
        if event["state"] == wanted {
            return event;
        }
    };
    // Declined, and then agreed to; at last with another answer.
    ada.type_line("/compare Grace");
    states(&mut grace, "requested");
    grace.type_line("/match no");
    assert_eq!(states(&mut ada, "failed")["reason"], "cancelled");
    for same in [true, false] {
        ada.type_line("/compare Grace");
        states(&mut grace, "requested");
        grace.type_line("/compare Ada");
        let (seen, too) = (states(&mut ada, "pictures"), states(&mut grace, "pictures"));
        assert_eq!(seen["pictures"].as_array().unwrap().len(), 7);
        assert_eq!(
            (&seen["pictures"], &seen["decimals"]),
            (&too["pictures"], &too["decimals"])
        );
        ada.type_line("/match yes");
        grace.type_line(if same { "/match yes" } else { "/match Ada no" });
        if same {
            states(&mut ada, "verified");
            assert_eq!(ada.expect("member-trust")["verified"], true);
            states(&mut grace, "verified");
            assert_eq!(grace.expect("member-trust")["verified"], true);
        } else {
            assert_eq!(states(&mut ada, "failed")["reason"], "mismatch");
        }
    }
    assert_eq!((ada.end(), grace.end()), (0, 0));
    assert_eq!(world.shown("grace").1[0]["verified"], true);
}

#[test]
fn a_room_for_two_takes_two() {
    let world = World::new();
    for two in [&["--two"][..], &["--max-members", "2"]] {
        let (mut ada, code) = world.create("Ada", "ada", two);
        let mut grace = world.join("Grace", "grace", &code);
        ada.expect("member-joined");
        grace.expect("member-joined");
        let third = world.relay.command(&["join", &code, "--once", "--name", "Third"]);
        let (status, _, error) = run(third, b"hi");
        assert_eq!((status, error.contains("invitation was used")), (6, true), "{error}");
        // Also when there is a place.
        grace.type_line("/quit");
        assert_eq!(grace.end(), 0);
        ada.expect("member-left");
        let third = world
            .relay
            .command(&["join", &code, "--once", "--name", "Third", "--json"]);
        let (status, out, _) = run(third, b"hi");
        assert_eq!(status, 6);
        assert!(String::from_utf8(out).unwrap().contains("\"INVITATION_USED\""));
        // Who was there comes back, with the same identity.
        let mut grace = world.join("Grace", "grace", &code);
        grace.type_line("back");
        assert_eq!(text(&ada.expect("message"), "text"), "back");
        assert_eq!((grace.end(), ada.end()), (0, 0));
    }
    let arthas = world.relay.command(&["create", "--two", "--protocol", "arthas"]);
    assert_eq!(run(arthas, b"").0, 2);
    let (_, out, _) = run(world.relay.command(&["create", "--two"]), b"");
    assert!(String::from_utf8(out).unwrap().contains("It works once"));
}

#[test]
fn an_identity_is_private_and_whole() {
    let world = World::new();
    let once = |file: &str, code: &str| {
        let path = world.path(file);
        run(
            world.relay.command(&["join", code, "--once", "--identity", &path]),
            b"hi",
        )
    };
    let (ada, code) = world.create("Ada", "ada", &[]);
    assert_eq!(once("new", &code).0, 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{symlink, PermissionsExt};
        let mode = |file: &str| fs::metadata(world.path(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("new"), 0o600);
        // A link stays one.
        symlink(world.path("new"), world.path("link")).unwrap();
        assert_eq!(once("link", &code).0, 0);
        assert!(Path::new(&world.path("link")).is_symlink());
        assert_eq!(world.shown("link").0, world.shown("new").0);
        fs::set_permissions(world.path("new"), fs::Permissions::from_mode(0o644)).unwrap();
        let (status, _, error) = once("new", &code);
        assert_eq!((status, error.contains("chmod 600")), (3, true), "{error}");
    }
    fs::write(world.path("broken"), "broken").unwrap();
    #[cfg(unix)]
    fs::set_permissions(
        world.path("broken"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    let (status, _, error) = once("broken", &code);
    assert_eq!((status, error.contains("not a stored identity")), (3, true), "{error}");
    assert_eq!(once("absent/file", &code).0, 3);
    let absent = program(&["identity", "show", "--identity", &world.path("absent")]);
    assert_eq!(run(absent, b"").0, 3);
    assert_eq!(run(program(&["identity", "show"]), b"").0, 2);
    assert_eq!(ada.end(), 0);
}

#[test]
fn two_processes_share_an_identity() {
    let world = World::new();
    let rooms: Vec<_> = (0..3).map(|_| world.create("Ada", "ada", &[])).collect();
    // All of them come at once, so that all rooms write at the same time.
    let guests: Vec<_> = rooms
        .iter()
        .enumerate()
        .flat_map(|(room, (_, code))| (0..3).map(move |guest| (format!("guest {room} {guest}"), code)))
        .map(|(name, code)| world.start(&name, &name, &["join", code]))
        .collect();
    let mut rooms: Vec<_> = rooms.into_iter().map(|(script, _)| script).collect();
    for ada in &mut rooms {
        for _ in 1..=3 {
            ada.expect("member-joined");
        }
        for number in 1..=3 {
            ada.type_line(&format!("/verify {number} yes"));
            assert_eq!(ada.expect("member-trust")["verified"], true);
        }
    }
    for script in guests.into_iter().chain(rooms) {
        assert_eq!(script.end(), 0);
    }
    let (_, known) = world.shown("ada");
    assert_eq!(known.len(), 9);
    assert!(known.iter().all(|device| device["verified"] == true));
}

#[test]
fn without_a_file_each_room_has_another_identity() {
    let world = World::new();
    let (mut ada, code) = world.create("Ada", "ada", &[]);
    let mut keys = vec![];
    for _ in 0..2 {
        let guest = run(
            world.relay.command(&["join", &code, "--once", "--name", "Guest"]),
            b"hi",
        );
        assert_eq!(guest.0, 0);
        keys.push(text(&ada.expect("member-joined"), "deviceKey"));
    }
    assert_ne!(keys[0], keys[1]);
    assert_eq!(ada.end(), 0);
}
