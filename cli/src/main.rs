//! `hushroom`: end-to-end encrypted rooms and files in the terminal.

mod args;
mod chat;
mod clock;
mod crypt;
mod durations;
mod failure;
mod identity;
mod people;
mod progress;
mod random;
mod report;
mod room;
mod signals;
mod text;
mod tls;
mod transfer;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};
use hushroom::share_code::ShareCode;
use serde_json::json;

use args::{Args, Command};
use failure::{Failure, Result};
use report::Report;

fn main() -> ExitCode {
    let args = Args::parse_from(std::env::args_os().map(argument));
    let report = Report {
        json: args.json,
        quiet: args.quiet,
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::io("threads", error), report),
    };
    let result = runtime.block_on(run(args.command, report));
    // A thread may be blocked in a read that nothing will end.
    runtime.shutdown_background();
    crypt::remove_unfinished();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, report),
    }
}

/// A share code may start with a hyphen, and is no option then: white space around a code does not count.
fn argument(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(text) if text.starts_with('-') && ShareCode::parse(text).is_ok() => format!(" {text}").into(),
        _ => argument,
    }
}

async fn run(command: Command, report: Report) -> Result<()> {
    // A relay listens by itself.
    if !matches!(command, Command::Relay(_)) {
        signals::listen().map_err(|error| Failure::io("signals", error))?;
    }
    match command {
        Command::Encrypt(args) => crypt_until_signal(move || crypt::encrypt(&args, report)).await,
        Command::Decrypt(args) => crypt_until_signal(move || crypt::decrypt(&args, report)).await,
        Command::Relay(options) => hushroom_relay::program::run(options)
            .await
            .map_err(|error| Failure::Usage(error.to_string())),
        Command::Completions { shell } => {
            let mut script = vec![];
            clap_complete::generate(shell, &mut Args::command(), "hushroom", &mut script);
            io::stdout()
                .write_all(&script)
                .map_err(|error| Failure::io("standard output", error))
        }
        Command::Create(args) => chat::create(&args, report).await,
        Command::Join(args) => chat::join(&args, report).await,
        Command::Send(args) => transfer::send(&args, report).await,
        Command::Receive(args) => transfer::receive(&args, report).await,
        Command::Identity(args::Identity::Show(args)) => {
            let shown = tokio::task::spawn_blocking(move || identity::show(&args, report));
            shown
                .await
                .unwrap_or(Err(Failure::Core(hushroom::Error::Internal("thread"))))
        }
        Command::People(args) => people::run(&args, report).await,
    }
}

/// Runs `work` on a thread of its own. A signal ends it, and removes what is not whole.
async fn crypt_until_signal(work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    let work = tokio::task::spawn_blocking(work);
    tokio::select! {
        result = work => result.unwrap_or(Err(Failure::Core(hushroom::Error::Internal("thread")))),
        () = signals::interrupted() => Err(Failure::Interrupted),
    }
}

/// Says what went wrong: on standard error, and for scripts on standard output.
fn fail(failure: &Failure, report: Report) -> ExitCode {
    if report.json {
        let line = json!({"type": "failed", "code": failure.code(), "message": failure.to_string()});
        // Whoever should read it may be gone.
        let _ = report.line(&line);
    }
    let red = if io::stderr().is_terminal() && text::colors_wanted() {
        anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Red.into()))
    } else {
        anstyle::Style::new()
    };
    let _ = writeln!(io::stderr(), "{red}error:{red:#} {failure}");
    ExitCode::from(failure.exit_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_starts_with_a_hyphen_is_no_option() {
        const CODE: &str = "-1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        for words in [
            &["hushroom", "join", CODE, "--once"][..],
            &["hushroom", "join", "--once", CODE],
            &["hushroom", "receive", CODE],
            &["hushroom", "send", "file", "--code", CODE],
        ] {
            let words = words.iter().map(|word| argument(OsString::from(word)));
            assert!(Args::try_parse_from(words).is_ok());
        }
        assert_eq!(argument("--once".into()), "--once");
        // What was added is gone again, and so is what came along when the code was copied.
        for given in [CODE.to_owned(), format!(" {CODE}"), format!("\t{CODE}\n")] {
            let parse = |words: &[&str]| {
                let words = words.iter().map(|word| argument(OsString::from(word)));
                Args::try_parse_from(words).unwrap().command
            };
            let Command::Join(join) = parse(&["hushroom", "join", &given]) else {
                panic!("not join");
            };
            assert_eq!(join.code, CODE);
            let Command::Receive(receive) = parse(&["hushroom", "receive", &given]) else {
                panic!("not receive");
            };
            assert_eq!(receive.code, CODE);
            let Command::Send(send) = parse(&["hushroom", "send", "file", "--code", &given]) else {
                panic!("not send");
            };
            assert_eq!(send.code.as_deref(), Some(CODE));
            let invite = [
                "hushroom",
                "people",
                "invite",
                "grace",
                "--identity",
                "x",
                "--code",
                &given,
            ];
            let Command::People(args::People::Invite(invite)) = parse(&invite) else {
                panic!("not invite");
            };
            assert_eq!(invite.code.as_deref(), Some(CODE));
        }
    }
}
