//! Two people at two terminals.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

mod support;

use std::{fs, path::Path, process::Command};

use rexpect::{
    process::WaitStatus,
    reader::Options,
    session::{spawn_with_options, PtySession},
};
use sha2::{Digest, Sha256};
use support::{program, run, TestRelay};

const TIMEOUT_MS: u64 = 30_000;

struct Person {
    terminal: PtySession,
}

impl Person {
    fn start(command: Command) -> Self {
        Self::with(command, true)
    }

    /// Sees escape sequences as they are.
    fn raw(command: Command) -> Self {
        Self::with(command, false)
    }

    fn with(command: Command, strip: bool) -> Self {
        let options = Options::new()
            .timeout_ms(Some(TIMEOUT_MS))
            .strip_ansi_escape_codes(strip);
        let terminal = spawn_with_options(command, options).unwrap();
        Self { terminal }
    }

    fn sees(&mut self, text: &str) -> String {
        match self.terminal.exp_string(text) {
            Ok(before) => before,
            Err(error) => panic!("no {text:?}: {error}"),
        }
    }

    fn types(&mut self, line: &str) {
        // The key is Enter, which is a carriage return.
        self.terminal.send(&format!("{line}\r")).unwrap();
        self.terminal.flush().unwrap();
    }

    fn exit_code(&mut self) -> i32 {
        self.terminal.exp_eof().unwrap();
        match self.terminal.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}"),
        }
    }
}

/// Ada makes a room, and Grace joins it.
fn two(relay: &TestRelay, protocol: &str, folder: &Path) -> (Person, Person, String) {
    let start = |arguments: &[&str]| {
        let mut command = relay.command(arguments);
        command.current_dir(folder);
        Person::start(command)
    };
    let mut ada = start(&["create", "--name", "Ada", "--protocol", protocol]);
    ada.sees("Share this code");
    ada.sees("\r\n\r\n  ");
    let (_, code) = ada.terminal.exp_regex(r"[A-Za-z0-9_:-]{60,}").unwrap();
    ada.sees("/help lists the commands");
    ada.sees("> ");
    let mut grace = start(&["join", &code, "--name", "Grace"]);
    ada.sees("* Grace joined");
    grace.sees("* Ada joined");
    (ada, grace, code)
}

fn chat(protocol: &str) {
    let relay = TestRelay::start();
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..2_000_000_u32).map(|i| (i * 37 + i / 977) as u8).collect();
    fs::write(folder.path().join("photo.bin"), &bytes).unwrap();
    let (mut ada, mut grace, _) = two(&relay, protocol, folder.path());

    ada.types("hello Grace");
    grace.sees("#1 Ada: hello Grace");
    grace.types("/reply hello back");
    ada.sees("re: ");
    ada.sees("hello Grace");
    ada.sees("#2 Grace: hello back");
    ada.types("/react +1");
    grace.sees("* Ada reacted +1 to #2 hello back");

    ada.types("/members");
    ada.sees("Ada (you)");
    ada.sees("1. Grace");
    ada.types("/verify");
    ada.sees("The safety number of the room");
    ada.sees("Every message is signed");
    grace.types("/verify");
    grace.sees("1. Ada");
    let number = |person: &mut Person| {
        person
            .terminal
            .exp_regex(r"(\d{5} ){5}\d{5}\s+(\d{5} ){5}\d{5}")
            .unwrap()
            .1
    };
    ada.types("/verify Grace");
    ada.sees("The safety number with Grace");
    grace.types("/verify 1");
    grace.sees("The safety number with Ada");
    assert_eq!(number(&mut ada), number(&mut grace));
    ada.types("/verify grace yes");
    ada.sees("* Grace is verified");

    // A message that comes while a line is typed does not tear it apart.
    ada.terminal.send("half a li").unwrap();
    ada.terminal.flush().unwrap();
    grace.types("in between");
    // The terminal library reads bytes as characters: this is a check mark.
    ada.sees("\u{e2}\u{9c}\u{93}#3 Grace: in between");
    ada.types("ne");
    grace.sees("Ada: half a line");

    ada.types("/send photo.bin");
    ada.sees("file 1: photo.bin is offered");
    grace.sees("Ada offers file 1: photo.bin");
    grace.types("/accept 1 copy.bin");
    grace.sees("photo.bin is saved as copy.bin");
    ada.sees("Grace has it");
    let copy = fs::read(folder.path().join("copy.bin")).unwrap();
    assert_eq!(Sha256::digest(&copy), Sha256::digest(&bytes));

    grace.types("/nonsense");
    grace.sees("! there is no /nonsense");
    grace.types("/quit");
    ada.sees("* Grace left");
    assert_eq!(grace.exit_code(), 0);
    // Ctrl-C.
    ada.terminal.send_control('c').unwrap();
    assert_eq!(ada.exit_code(), 0);
}

#[test]
fn a_native_room() {
    chat("hush1");
}

#[test]
fn an_arthas_room() {
    chat("arthas");
}

#[test]
fn pictures_are_compared() {
    let relay = TestRelay::start();
    let (mut ada, mut grace, _) = two(&relay, "hush1", Path::new("."));
    ada.types("/compare Grace");
    ada.sees("* waiting for Grace to agree");
    grace.sees("* Ada asks to compare pictures: /compare 1 agrees");
    grace.types("/compare 1");
    for person in [&mut ada, &mut grace] {
        person.sees("The same, in this order?");
    }
    let numbers = |person: &mut Person| person.terminal.exp_regex(r"\d{4} \d{4} \d{4}").unwrap().1;
    assert_eq!(numbers(&mut ada), numbers(&mut grace));
    ada.types("/match yes");
    ada.sees("* waiting for what Grace sees");
    grace.types("/match yes");
    ada.sees("* Grace is verified");
    grace.sees("* Ada is verified");
    for mut person in [ada, grace] {
        person.types("/quit");
        assert_eq!(person.exit_code(), 0);
    }
}

#[test]
fn nobody_writes_to_anothers_terminal() {
    let relay = TestRelay::start();
    let mut ada = Person::start(relay.command(&["create", "--name", "Ada"]));
    ada.sees("Share this code");
    let (_, code) = ada.terminal.exp_regex(r"hush1:[A-Za-z0-9_:-]{60,}").unwrap();
    let mut command = relay.command(&["join", &code, "--name", "Grace"]);
    command.env("NO_COLOR", "1");
    let mut grace = Person::raw(command);
    grace.sees("Ada joined");
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2Jclean\u{202e}\u{9b}31m!\n10:00 #9 Ada: fake\nend of it";
    let mallory = relay.command(&["join", &code, "--once", "--name", "Mal\u{1b}[31mlory"]);
    assert_eq!(run(mallory, hostile.as_bytes()).0, 0);
    let seen = grace.sees("end of it");
    assert!(
        seen.contains("lory: clean31m!") && seen.contains("\n    10:00 #9 Ada: fake"),
        "{seen:?}"
    );
    for bad in ["\u{1b}]0", "\u{1b}[2J", "\u{1b}[31m", "\u{7}", "\u{1b}[1m", "\u{1b}[2m"] {
        assert!(!seen.contains(bad), "{bad:?} in {seen:?}");
    }
    // With colors, names and notices have them.
    let mut colorful = Person::raw(relay.command(&["join", &code, "--name", "Color"]));
    colorful.sees("\u{1b}[2m* ");
    colorful.types("/quit");
    assert_eq!(colorful.exit_code(), 0);
    grace.types("/quit");
    assert_eq!(grace.exit_code(), 0);
    ada.types("/quit");
    assert_eq!(ada.exit_code(), 0);
}

#[test]
fn the_terminal_is_as_before_when_the_room_ends() {
    let relay = TestRelay::start();
    let line = format!(
        "{} create --expiry 1s --name Ada; echo \"code $?\"; stty -a",
        env!("CARGO_BIN_EXE_hushroom")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &line]).env("HUSHROOM_SERVER", &relay.url);
    let mut shell = Person::start(command);
    shell.sees("/help lists");
    shell.sees("room expired");
    shell.sees("code 6");
    let modes = shell.terminal.exp_eof().unwrap();
    let words: Vec<_> = modes.split([' ', ';', '\n', '\r']).collect();
    // The editor's have none of these.
    assert!(
        words.contains(&"icanon") && words.contains(&"isig") && words.contains(&"icrnl"),
        "{modes}"
    );
}

#[test]
fn a_password_is_asked_for() {
    let relay = TestRelay::start();
    let mut ada = Person::start(relay.command(&["create", "--protocol", "arthas", "--password", "--name", "Ada"]));
    ada.sees("Password: ");
    ada.types("secret");
    let before = ada.sees("Share this code");
    assert!(!before.contains("secret"), "{before}");
    ada.sees("/help");
    ada.types("/quit");
    assert_eq!(ada.exit_code(), 0);
    // Encrypted bytes do not go to a terminal.
    let mut command = program(&["encrypt", "--key-env", "KEY"]);
    command.env("KEY", "A".repeat(43));
    let mut person = Person::start(command);
    person.sees("not for a terminal");
    assert_eq!(person.exit_code(), 2);
}
