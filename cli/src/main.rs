//! `hushroom`: end-to-end encrypted rooms and files in the terminal.

mod args;
mod chat;
mod clock;
mod crypt;
mod durations;
mod failure;
mod progress;
mod random;
mod report;
mod room;
mod signals;
mod text;
mod transfer;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};
use serde_json::json;

use args::{Args, Command};
use failure::{Failure, Result};
use report::Report;

fn main() -> ExitCode {
    let args = Args::parse();
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
