//! `hushroom-relay`: a relay as a program.

use std::process::ExitCode;

use clap::Parser;
use hushroom_relay::program::{run, Options};

#[derive(Debug, Parser)]
#[command(version)]
struct Command {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Command::parse().options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
