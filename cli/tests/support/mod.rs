//! A relay in this process, and the program.
#![allow(dead_code, reason = "not everything is used in every test")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::mpsc::{channel, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use hushroom_relay::{Config, Relay};
use serde_json::Value;
use tokio::runtime::Runtime;

/// No wait takes longer, or the test fails.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs as long as it is kept.
pub(crate) struct TestRelay {
    pub(crate) url: String,
    relay: Option<Relay>,
    runtime: Runtime,
}

impl TestRelay {
    pub(crate) fn start() -> Self {
        Self::on("127.0.0.1:0")
    }

    /// With a directory of people in `folder`.
    pub(crate) fn with_directory(folder: &Path) -> Self {
        Self::of(Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            directory: Some(folder.join("people.db")),
            ..Config::default()
        })
    }

    pub(crate) fn on(address: &str) -> Self {
        Self::of(Config {
            listen: address.parse().unwrap(),
            ..Config::default()
        })
    }

    fn of(config: Config) -> Self {
        let runtime = Runtime::new().unwrap();
        let relay = runtime.block_on(Relay::start(config)).unwrap();
        Self {
            url: format!("ws://{}/ws", relay.address()),
            relay: Some(relay),
            runtime,
        }
    }

    /// The program, with this relay and without the user's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("HUSHROOM_SERVER", &self.url);
        command
    }

    /// Stops, and tells everybody so.
    pub(crate) fn stop(mut self) -> String {
        let relay = self.relay.take().unwrap();
        let address = relay.address().to_string();
        self.runtime.block_on(relay.stop());
        address
    }
}

/// The program without a relay.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hushroom"));
    command.args(arguments).env("TERM", "xterm-256color").env("TZ", "UTC");
    for name in [
        "HUSHROOM_SERVER",
        "HUSHROOM_NAME",
        "HUSHROOM_PASSWORD",
        "HUSHROOM_IDENTITY",
        "NO_COLOR",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs `command` with `input`; exit code, standard output and standard error.
pub(crate) fn run(mut command: Command, input: &[u8]) -> (i32, Vec<u8>, String) {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end without reading everything.
    let writing = thread::spawn(move || drop(stdin.write_all(&input)));
    let (done, ended) = channel();
    let id = child.id();
    let watching = thread::spawn(move || {
        if ended.recv_timeout(TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            kill(id, "KILL");
        }
    });
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    drop::<std::sync::mpsc::Sender<()>>(done);
    watching.join().unwrap();
    writing.join().unwrap();
    let code = status.code().unwrap();
    (code, stdout, String::from_utf8(stderr).unwrap())
}

/// A program that writes lines of JSON.
pub(crate) struct Script {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Script {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in out.lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Self {
            stdin: child.stdin.take(),
            lines,
            child,
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of that type. Others are skipped.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(TIMEOUT);
            let line = line.unwrap_or_else(|error| panic!("no {kind}: {error}"));
            assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line:?}");
            let value: Value = serde_json::from_str(&line).unwrap();
            if value["type"] == kind {
                return value;
            }
            assert_ne!(value["type"], "failed", "waiting for {kind}: {line}");
        }
    }

    /// Ends its input; its exit code.
    pub(crate) fn end(mut self) -> i32 {
        drop(self.stdin.take());
        while self.lines.recv_timeout(TIMEOUT) != Err(RecvTimeoutError::Disconnected) {}
        self.child.wait().unwrap().code().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        kill(self.child.id(), name);
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It is still there only when its test has failed, or was done with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn kill(id: u32, signal: &str) {
    let status = Command::new("kill").args(["-s", signal, &id.to_string()]).status();
    assert!(status.unwrap().success());
}

impl Drop for TestRelay {
    fn drop(&mut self) {
        drop(self.relay.take());
    }
}
