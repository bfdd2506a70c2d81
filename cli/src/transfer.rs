//! `send` and `receive`: one file through a room.

use std::{
    collections::HashMap,
    io::{self, IsTerminal, Read, Write},
    path::Path,
    time::Duration,
};

use hushroom::{room::RoomEvent, share_code::Protocol};
use serde_json::json;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::{
    args::{Receive, Send},
    clock::at,
    failure::{Failure, Result},
    progress::Bar,
    report::{print_line, Report},
    room::{self, Entry, Event, JsonLines, Session, Source, Target},
    signals::interrupted,
    text::clean_line,
};

/// Those who are in a room make themselves known one after the other: after so long without another, everybody is known.
const SETTLE: Duration = Duration::from_millis(300);
const STANDARD: &str = "-";
/// Rooms of the Arthas protocol take files of known size only, up to 5 MiB.
const MAX_ARTHAS_BYTES: u64 = 5 * 1024 * 1024;

/// Runs `hushroom send`.
pub(crate) async fn send(args: &Send, report: Report) -> Result<()> {
    let standard = args.file.as_os_str() == STANDARD;
    let source = if standard {
        Source::Stream(Box::new(io::stdin()))
    } else {
        Source::open(&args.file)?
    };
    let name = match (&args.file_name, args.file.file_name()) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) if !standard => name.to_string_lossy().into_owned(),
        _ => "standard-input".to_owned(),
    };
    let Entry { mut session, .. } = match &args.code {
        Some(code) => room::join(code, &args.connect).await?,
        None => room::create(&args.room, &args.connect).await?,
    };
    if args.code.is_none() {
        tell_code(&mut session, report)?;
    }
    finish(session, report, async |session| {
        deliver(session, report, name, source).await
    })
    .await
}

/// Runs `hushroom receive`.
pub(crate) async fn receive(args: &Receive, report: Report) -> Result<()> {
    let standard = args.output.as_os_str() == STANDARD;
    if !standard && !args.output.is_dir() {
        let error = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(Failure::file(&args.output, error));
    }
    let Entry { session, .. } = room::join(&args.code, &args.connect).await?;
    let folder = (!standard).then_some(args.output.as_path());
    // Lines for scripts would end up in the file.
    let report = Report {
        json: report.json && !standard,
        ..report
    };
    finish(session, report, async |session| take(session, report, folder).await).await
}

/// Does `work`, until a signal ends it, and leaves in any case.
async fn finish(
    mut session: Session,
    report: Report,
    work: impl AsyncFnOnce(&mut Session) -> Result<()>,
) -> Result<()> {
    let result = tokio::select! {
        result = work(&mut session) => result,
        () = interrupted() => Err(Failure::Interrupted),
    };
    session.leave().await;
    if let (Err(Failure::Interrupted), false) = (&result, report.quiet) {
        // A line of its own, below the bar.
        let _ = writeln!(io::stderr());
    }
    result
}

fn tell_code(session: &mut Session, report: Report) -> Result<()> {
    let code = session.code().unwrap_or_default().to_owned();
    if report.json {
        return report.line(&json!({"type": "code", "code": code}));
    }
    if !report.quiet {
        note("The file waits for a receiver, who needs this share code:");
    }
    print_line(&code)
}

/// Offers the file to those who are here, or to the first to come, and waits until they have it: at least one, and everybody
/// else who is taking it then.
async fn deliver(session: &mut Session, report: Report, name: String, source: Source) -> Result<()> {
    let source = whole(source, session.room().protocol()).await?;
    let total = source.size();
    let mut source = Some(source);
    let mut sent: Option<(String, Bar)> = None;
    let mut receivers = HashMap::new();
    let mut lines = JsonLines::default();
    let mut settled = None;
    loop {
        let event = tokio::select! {
            event = session.next() => event?,
            () = at(settled) => {
                settled = None;
                if let Some(source) = source.take() {
                    let id = session.send_file(name.clone(), source)?;
                    sent = Some((id, Bar::new(&report, "sending", total)));
                }
                continue;
            }
        };
        if report.json {
            lines.write(report, &event)?;
        }
        match event {
            Event::Room(RoomEvent::MemberJoined { .. }) if source.is_some() => {
                settled = Some(Instant::now() + SETTLE);
            }
            Event::Room(RoomEvent::Receiver {
                id,
                member,
                state,
                delivered,
            }) => {
                let Some((_, bar)) = sent.as_ref().filter(|(known, _)| *known == id) else {
                    continue;
                };
                bar.set(delivered);
                receivers.insert(member, state);
                let any = |wanted: &[&str]| receivers.values().any(|state| wanted.contains(state));
                // Those who never answer are not waited for.
                if any(&["done"]) && !any(&["running", "stalled"]) {
                    return Ok(());
                }
            }
            Event::Room(RoomEvent::OutgoingEnded { id, code, message }) => {
                let Some((_, bar)) = sent.as_ref().filter(|(known, _)| *known == id) else {
                    continue;
                };
                bar.finish();
                return match code {
                    None => Ok(()),
                    Some(code) => Err(Failure::Transfer { code, message }),
                };
            }
            Event::SendFailed { failure, .. } => return Err(failure),
            _ => {}
        }
    }
}

/// What the room's protocol can send.
async fn whole(source: Source, protocol: Protocol) -> Result<Source> {
    match (source, protocol) {
        (Source::Stream(stream), Protocol::Arthas) => {
            let read = tokio::task::spawn_blocking(move || {
                let mut bytes = Zeroizing::new(Vec::new());
                // One more, so that too many are noticed.
                stream
                    .take(MAX_ARTHAS_BYTES.saturating_add(1))
                    .read_to_end(&mut bytes)?;
                Ok::<_, io::Error>(bytes)
            });
            let bytes = read.await.map_err(|_| hushroom::Error::Internal("thread"))?;
            Ok(Source::Bytes(
                bytes.map_err(|error| Failure::io("standard input", error))?,
            ))
        }
        (source, _) => Ok(source),
    }
}

/// Takes the first file that is offered.
async fn take(session: &mut Session, report: Report, folder: Option<&Path>) -> Result<()> {
    let mut taken: Option<(String, String, Bar)> = None;
    let mut lines = JsonLines::default();
    if !report.json && !report.quiet && io::stderr().is_terminal() {
        note("Waiting for a file.");
    }
    loop {
        let event = session.next().await?;
        if report.json {
            lines.write(report, &event)?;
        }
        match event {
            Event::Room(RoomEvent::FileOffer { id, name, size, .. }) if taken.is_none() => {
                let target = folder.map_or(Target::Stdout, |folder| Target::Folder(folder.to_owned(), name.clone()));
                session.accept(&id, target)?;
                taken = Some((id, clean_line(&name), Bar::new(&report, "receiving", size)));
            }
            Event::Room(RoomEvent::IncomingSize { id, size }) => {
                if let Some((_, _, bar)) = taken.as_ref().filter(|(known, ..)| *known == id) {
                    bar.set_total(size);
                }
            }
            Event::Progress { id, bytes } => {
                if let Some((_, _, bar)) = taken.as_ref().filter(|(known, ..)| *known == id) {
                    bar.set(bytes);
                }
            }
            Event::Received { id, result } => {
                let Some((_, name, bar)) = taken.as_ref().filter(|(known, ..)| *known == id) else {
                    continue;
                };
                bar.finish();
                let saved = result?;
                if let (Some(path), false, false) = (saved.path, report.json, report.quiet) {
                    note(&format!(
                        "{name} is saved as {}",
                        clean_line(&path.display().to_string())
                    ));
                }
                return Ok(());
            }
            _ => {}
        }
    }
}

/// A line for a person, beside the data.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
