//! Rooms in pipes and scripts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

mod support;

use std::{fs, process::Command};

use serde_json::Value;
use support::{kill, program, run, Script, TestRelay};

fn code_of(script: &mut Script) -> String {
    script.expect("code")["code"].as_str().unwrap().to_owned()
}

fn named<'a>(name: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--name", name]].concat()
}

/// Ada in a room of her own.
fn ada(relay: &TestRelay, arguments: &[&str]) -> (Script, String) {
    let mut ada = Script::start(relay.command(&[&["create"], &named("Ada", arguments)[..]].concat()));
    let code = code_of(&mut ada);
    ada.expect("opened");
    (ada, code)
}

fn join(relay: &TestRelay, name: &str, code: &str) -> Script {
    let mut script = Script::start(relay.command(&named(name, &["join", code])));
    script.expect("opened");
    script
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap().to_owned()
}

fn talk(protocol: &str) {
    let relay = TestRelay::start();
    let (mut ada, code) = ada(&relay, &["--protocol", protocol]);
    let mut grace = join(&relay, "Grace", &code);
    assert_eq!(text(&ada.expect("member-joined"), "name"), "Grace");
    assert_eq!(text(&grace.expect("member-joined"), "name"), "Ada");
    grace.type_line("hello \u{1b}[31m\u{202e}there");
    let hello = ada.expect("message");
    assert_eq!(text(&hello, "text"), "hello \u{1b}[31m\u{202e}there");
    ada.type_line("/reply hi Grace");
    let hi = grace.expect("message");
    assert_eq!(text(&hi, "text"), "hi Grace");
    if protocol == "hush1" {
        assert_eq!(hi["replyTo"], hello["id"]);
    } else {
        assert!(hi["quote"]["preview"].is_string());
    }
    grace.type_line("/react \u{1f44d}");
    assert_eq!(text(&ada.expect("reaction"), "emoji"), "\u{1f44d}");
    ada.type_line("/members");
    let members = text(&ada.expect("answer"), "text");
    assert!(members.contains("Ada (you)") && members.contains("Grace"), "{members}");
    grace.type_line("/quit");
    assert_eq!(grace.end(), 0);
    ada.expect("member-left");
    assert_eq!(ada.end(), 0);
}

#[test]
fn talking_in_a_native_room() {
    talk("hush1");
}

#[test]
fn talking_in_an_arthas_room() {
    talk("arthas");
}

fn files(protocol: &str) {
    let relay = TestRelay::start();
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i * 31 + i / 997) as u8).collect();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(folder.path().join("a.bin"), &bytes).unwrap();
    let (mut ada, code) = ada(&relay, &["--protocol", protocol]);
    let mut grace = join(&relay, "Grace", &code);
    ada.expect("member-joined");
    grace.expect("member-joined");
    // Each way.
    for (from, to, saved) in [(0, 1, "b.bin"), (1, 0, "c.bin")] {
        let both = [&mut ada, &mut grace];
        both[from].type_line(&format!("/send {}", path("a.bin")));
        let offer = both[to].expect("file-offer");
        assert_eq!(
            (text(&offer, "name"), &offer["size"]),
            ("a.bin".to_owned(), &3_000_000.into())
        );
        both[to].type_line(
            &format!("/accept 1 {}", path(saved)).replace("accept 1", if from == 0 { "accept 1" } else { "accept 2" }),
        );
        let received = both[to].expect("received");
        assert_eq!(
            (text(&received, "path"), &received["bytes"]),
            (path(saved), &3_000_000.into())
        );
        assert!(both[from].expect("outgoing-ended")["code"].is_null());
        assert!(fs::read(folder.path().join(saved)).unwrap() == bytes);
    }
    // Nothing is replaced.
    ada.type_line(&format!("/send {}", path("a.bin")));
    grace.expect("file-offer");
    grace.type_line(&format!("/accept {}", path("b.bin")));
    assert_eq!(text(&grace.expect("error"), "code"), "IO");
    grace.type_line("/decline");
    grace.expect("answer");
    assert_eq!((grace.end(), ada.end()), (0, 0));
}

#[test]
fn files_in_a_native_room() {
    files("hush1");
}

#[test]
fn files_in_an_arthas_room() {
    files("arthas");
}

#[test]
fn one_message_from_a_pipe() {
    for protocol in ["hush1", "arthas"] {
        let relay = TestRelay::start();
        let (mut ada, code) = ada(&relay, &["--protocol", protocol]);
        let (status, out, error) = run(
            relay.command(&named("Pipe", &["join", &code, "--once"])),
            b"two\nlines\n",
        );
        assert_eq!((status, out.is_empty(), error.as_str()), (0, true, ""));
        let message = ada.expect("message");
        assert_eq!(text(&message, "text"), "two\nlines");
        // What comes while it waits is printed.
        let waiting = std::thread::spawn({
            let command = relay.command(&named("Pipe", &["join", &code, "--once", "--wait", "2s"]));
            move || run(command, b"question")
        });
        ada.expect("message");
        ada.type_line("answer\u{1b}[2J");
        let (status, out, error) = waiting.join().unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("Ada: answer") && !out.contains('\u{1b}'), "{out:?}");
        assert_eq!((status, error.as_str()), (0, ""));
        assert_eq!(ada.end(), 0);
    }
}

#[test]
fn every_line_of_a_pipe_is_a_message() {
    let relay = TestRelay::start();
    let (mut ada, code) = ada(&relay, &[]);
    let (status, ..) = run(relay.command(&["join", &code]), b"one\n\ntwo\n//three\n");
    assert_eq!(status, 0);
    for expected in ["one", "two", "/three"] {
        assert_eq!(text(&ada.expect("message"), "text"), expected);
    }
}

#[test]
fn a_file_from_pipe_to_pipe() {
    for protocol in ["hush1", "arthas"] {
        let relay = TestRelay::start();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| (i * 13 + i / 1009) as u8).collect();
        let (mut ada, code) = ada(&relay, &["--protocol", protocol]);
        let receiving = std::thread::spawn({
            let command = relay.command(&named("Grace", &["receive", &code, "--output", "-"]));
            move || run(command, b"")
        });
        ada.expect("member-joined");
        // Ada declines what Grace takes, where she is asked.
        let (status, _, error) = run(
            relay.command(&["send", "-", "--code", &code, "--file-name", "x.bin"]),
            &bytes,
        );
        assert_eq!((status, error.as_str()), (0, ""), "{protocol}");
        let (status, received, error) = receiving.join().unwrap();
        assert_eq!((status, received == bytes), (0, true), "{error}");
    }
}

#[test]
fn a_room_for_one_file() {
    let relay = TestRelay::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "text").unwrap();
    let mut command = relay.command(&["send", "a.txt"]);
    command.current_dir(folder.path());
    let mut sender = Script::start(command);
    let code = code_of(&mut sender);
    let (status, _, error) = {
        let mut command = relay.command(&["receive", &code]);
        command.current_dir(folder.path());
        run(command, b"")
    };
    assert_eq!(status, 0, "{error}");
    assert!(error.contains("a.txt is saved as ./a (1).txt"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("a (1).txt")).unwrap(), "text");
    assert_eq!(sender.end(), 0);
}

#[test]
fn a_lost_relay_is_found_again() {
    let relay = TestRelay::start();
    let (mut ada, code) = ada(&relay, &[]);
    let mut grace = join(&relay, "Grace", &code);
    ada.expect("member-joined");
    grace.expect("member-joined");
    let address = relay.stop();
    ada.expect("reconnecting");
    ada.type_line("said meanwhile");
    let relay = TestRelay::on(&address);
    assert_eq!(text(&grace.expect("message"), "text"), "said meanwhile");
    assert_eq!((ada.end(), grace.end()), (0, 0));
    drop(relay);
}

#[test]
fn a_declined_file() {
    let relay = TestRelay::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "text").unwrap();
    let (mut ada, code) = ada(&relay, &[]);
    let sending = std::thread::spawn({
        let mut command = relay.command(&["send", "a.txt", "--code", &code]);
        command.current_dir(folder.path());
        move || run(command, b"")
    });
    ada.expect("file-offer");
    ada.type_line("/decline");
    let (status, _, error) = sending.join().unwrap();
    assert_eq!((status, error.contains("declined")), (7, true), "{error}");
}

#[test]
fn passwords() {
    let relay = TestRelay::start();
    let with_password = |mut command: Command, password: &str| {
        command.env("HUSHROOM_PASSWORD", password);
        command
    };
    let arguments = ["create", "--protocol", "arthas", "--name", "Ada"];
    let mut ada = Script::start(with_password(relay.command(&arguments), "secret"));
    let code = code_of(&mut ada);
    assert_eq!(ada.expect("opened")["hasPassword"], true);
    let once = || relay.command(&["join", &code, "--once", "--name", "Grace"]);
    assert_eq!(run(once(), b"hi").0, 6);
    let (status, _, error) = run(with_password(once(), "wrong"), b"hi");
    assert_eq!((status, error.contains("password")), (6, true), "{error}");
    assert_eq!(run(with_password(once(), "secret"), b"hi").0, 0);
    assert_eq!(text(&ada.expect("message"), "text"), "hi");
    // No terminal to ask at; and native rooms have none.
    assert_eq!(run(relay.command(&["join", &code, "--once", "--password"]), b"hi").0, 2);
    let (status, _, error) = run(with_password(relay.command(&["create"]), "secret"), b"");
    assert_eq!((status, error.is_empty()), (2, false));
}

#[test]
fn messages_vanish() {
    for protocol in ["hush1", "arthas"] {
        let relay = TestRelay::start();
        let (mut ada, code) = ada(&relay, &["--protocol", protocol, "--ephemeral", "1s"]);
        let mut grace = Script::start(relay.command(&["join", &code, "--name", "Grace"]));
        assert_eq!(grace.expect("opened")["ephemeralSeconds"], 1);
        grace.expect("member-joined");
        ada.type_line("for a second");
        let message = grace.expect("message");
        assert_eq!(grace.expect("message-expired")["id"], message["id"]);
        assert_eq!((ada.end(), grace.end()), (0, 0));
    }
}

#[test]
fn what_goes_wrong_has_its_exit_code() {
    let relay = TestRelay::start();
    let nobody = "hush1:AAAAAAAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (arguments, code) in [
        (&["join", nobody, "--once"][..], 6),
        (&["join", "nonsense", "--once"], 2),
        (&["join", nobody, "--once", "--name", "\u{202e}"], 2),
        (&["join", nobody, "--once", "--server", "ftp://x"], 2),
        (&["join", nobody, "--once", "--server", "ws://127.0.0.1:1"], 5),
        (&["join"], 2),
        (&["create", "--ephemeral", "soon"], 2),
        (&["create", "--expiry", "8d"], 2),
        (&["create", "--max-members", "51"], 2),
        (&["create", "--protocol", "arthas", "--max-members", "5"], 2),
        (&["send", "absent", "--code", nobody], 3),
        (&["receive", nobody, "--output", "/absent"], 3),
        (&["receive", nobody], 6),
    ] {
        let (found, out, error) = run(relay.command(arguments), b"hi");
        assert_eq!(
            (found, out.len(), error.is_empty()),
            (code, 0, false),
            "{arguments:?}: {error}"
        );
        assert!(!error.contains("AAAAAAAA"), "{error}");
    }
    assert_eq!(run(relay.command(&["join", nobody, "--once"]), b" \n").0, 2);
    let (_, help, _) = run(program(&["--help"]), b"");
    assert!(String::from_utf8(help).unwrap().contains("Exit codes:"));
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = run(program(&["completions", shell]), b"");
        assert!(code == 0 && String::from_utf8(script).unwrap().contains("decrypt"));
    }
}

#[test]
fn an_interrupted_script_leaves_the_room() {
    let relay = TestRelay::start();
    let (mut ada, code) = ada(&relay, &[]);
    let mut grace = join(&relay, "Grace", &code);
    // Who goes before the others can read what it says is away for them, and gone a little later.
    grace.type_line("hello");
    ada.expect("message");
    grace.signal("INT");
    ada.expect("member-left");
    assert_eq!(ada.end(), 0);
}

#[test]
fn a_relay_of_the_same_program() {
    use std::{io::BufRead, process::Stdio};
    let mut relay = program(&["relay", "--listen", "127.0.0.1:0", "--log-level", "error"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(relay.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap();
    let mut ada = Script::start(program(&["create", "--server", url]));
    let code = code_of(&mut ada);
    assert_eq!(run(program(&["join", &code, "--once", "--server", url]), b"hi").0, 0);
    assert_eq!(text(&ada.expect("message"), "text"), "hi");
    assert_eq!(ada.end(), 0);
    kill(relay.id(), "TERM");
    assert!(relay.wait().unwrap().success());
}
