//! A relay as a program, which `hushroom-relay` and `hushroom relay` both are.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt, Layer};

use crate::{Config, Relay};

/// Relays rooms of ciphertext and serves the demo page. Keeps nothing on disk.
///
/// Every flag can be given as an environment variable instead. Once the relay accepts connections it prints one line,
/// "listening on http://ADDR:PORT", to standard output; its log goes to standard error. SIGTERM or SIGINT stops it: clients
/// are told to come back and have 5 seconds.
#[derive(Debug, Args)]
pub struct Options {
    /// The relay's settings.
    #[command(flatten)]
    pub config: Config,

    /// The log's least important lines: off, error, warn, info, debug or trace
    #[arg(long, env = "HUSHROOM_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    pub log_level: LevelFilter,

    /// The log's form
    #[arg(long, env = "HUSHROOM_LOG_FORMAT", value_name = "FORMAT", default_value = "pretty")]
    pub log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    /// A line of text for each event.
    Pretty,
    /// A line of JSON for each event.
    Json,
}

/// Starts the log, then a relay on the current Tokio runtime, and stops it at the first SIGTERM or SIGINT.
///
/// # Errors
/// [`StartError`](crate::StartError); what the system says when signals or standard output cannot be had. It is in the log
/// too.
pub async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    start_log(options.log_level, options.log_format);
    serve(options.config)
        .await
        .inspect_err(|error| tracing::error!("{error}"))
}

async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    // Before the relay says that it is ready: from then on it may be told to stop.
    let stop = stop_signal()?;
    let relay = Relay::start(config).await?;
    {
        let mut out = io::stdout().lock();
        writeln!(out, "listening on http://{}", relay.address())?;
        out.flush()?;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    stop.await;
    tracing::info!("stopping");
    relay.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Only our own lines: those of the libraries below could hold addresses and bytes of frames.
fn start_log(level: LevelFilter, format: LogFormat) {
    let targets = Targets::new().with_target("hushroom_relay", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Pretty => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(targets)).init();
}

/// Listens for the signals to stop at once, and resolves at the first one.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl std::future::Future<Output = ()>> {
    use tokio::signal::unix::{signal, SignalKind};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl std::future::Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
