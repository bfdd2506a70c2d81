//! `create` and `join`: a room in the terminal, or in a pipe.

mod action;
mod members;
mod messages;
mod once;
mod perform;
mod state;
mod style;
mod terminal;
mod trust;
mod view;

use std::{
    collections::HashSet,
    path::PathBuf,
    time::{Duration, Instant},
};

use hushroom::{room::RoomEvent, share_code::Protocol};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    args::{Create, Join},
    clock::at,
    failure::{Failure, Result},
    report::Report,
    room::{self, Entry, Event, JsonLines, Session},
    signals::interrupted,
};
use state::State;
use style::Colors;
use terminal::{Modes, Printer, Typed};

/// How often others are told that we are typing. In a native room each time uses up an index of the sender key.
const fn typing_every(protocol: Protocol) -> Duration {
    match protocol {
        Protocol::Hush1 => Duration::from_secs(5),
        Protocol::Arthas => Duration::from_secs(3),
    }
}

/// Runs `hushroom create`.
pub(crate) async fn create(args: &Create, report: Report) -> Result<()> {
    let entry = room::create(&args.room, &args.connect).await?;
    let share = if args.room.members() == 2 {
        Share::One
    } else {
        Share::Any
    };
    Chat::new(entry, report, Duration::ZERO).run(share).await
}

/// Runs `hushroom join`.
pub(crate) async fn join(args: &Join, report: Report) -> Result<()> {
    let wait = Duration::from_secs(args.wait.map_or(0, |span| span.0));
    // Read before anybody is told that we are coming.
    let text = if args.once { Some(once::read().await?) } else { None };
    let entry = room::join(&args.code, &args.connect).await?;
    let chat = Chat::new(entry, report, wait);
    match text {
        Some(text) => chat.run_once(&text).await,
        None => chat.run(Share::Nobody).await,
    }
}

/// Whom the room's code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Whoever it was given to has it.
    Nobody,
    /// The other one of two.
    One,
    /// As many as the room takes.
    Any,
}

/// A room that somebody, or a script, is in.
pub(crate) struct Chat {
    session: Session,
    opened: RoomEvent,
    report: Report,
    json: JsonLines,
    colors: Colors,
    state: State,
    /// Only what others say is printed.
    only_messages: bool,
    /// A person types and reads.
    interactive: bool,
    /// How long to stay after the end of the input.
    wait: Duration,
    /// Messages that the relay has not taken yet.
    pending: HashSet<String>,
    /// Why one of them never will be.
    rejected: Option<Failure>,
    typing_sent: Option<Instant>,
    print: Printer,
    lines: Option<mpsc::Receiver<Typed>>,
    /// When to leave, once the input has ended and everything is sent.
    leave_at: Option<tokio::time::Instant>,
    _modes: Option<Modes>,
}

impl Chat {
    pub(crate) fn new(Entry { session, opened }: Entry, report: Report, wait: Duration) -> Self {
        Self {
            session,
            opened,
            report,
            json: JsonLines::default(),
            colors: Colors::of_stdout(),
            state: State::default(),
            only_messages: false,
            interactive: false,
            wait,
            pending: HashSet::new(),
            rejected: None,
            typing_sent: None,
            print: Box::new(crate::report::print_line),
            lines: None,
            leave_at: None,
            _modes: None,
        }
    }

    /// Chats until one side has enough.
    pub(crate) async fn run(mut self, share: Share) -> Result<()> {
        self.interactive = terminal::is_interactive() && !self.report.json;
        self.greet(share)?;
        let (lines, print) = if self.interactive {
            self._modes = Some(Modes::save());
            terminal::editor()?
        } else {
            terminal::plain()
        };
        self.lines = Some(lines);
        self.print = print;
        self.finish().await
    }

    /// Sends one message, and leaves when the relay has it.
    async fn run_once(mut self, text: &str) -> Result<()> {
        self.only_messages = true;
        if self.report.json {
            self.greet(Share::Nobody)?;
        }
        let id = self.session.send_text(text, None)?;
        self.pending.insert(id);
        self.input_ended();
        self.finish().await
    }

    async fn finish(mut self) -> Result<()> {
        let result = self.converse().await;
        let Self { session, rejected, .. } = self;
        session.leave().await;
        result.and(rejected.map_or(Ok(()), Err))
    }

    async fn converse(&mut self) -> Result<()> {
        let mut signal = std::pin::pin!(interrupted());
        loop {
            if self.leave_at.is_some_and(|at| at <= tokio::time::Instant::now()) && self.has_sent_everything() {
                return Ok(());
            }
            let leave_at = self.leave_at.filter(|_| self.has_sent_everything());
            let event = tokio::select! {
                event = self.session.next() => event?,
                typed = next_of(&mut self.lines) => {
                    match typed {
                        Some(Typed::Line(line)) => {
                            if !self.perform(&line)? {
                                return Ok(());
                            }
                        }
                        Some(Typed::Editing(message)) => self.editing(message),
                        Some(Typed::Failed(failure)) => return Err(failure),
                        Some(Typed::End) | None => {
                            if self.interactive {
                                return Ok(());
                            }
                            self.input_ended();
                        }
                    }
                    continue;
                }
                () = at(leave_at) => return Ok(()),
                // A person who presses Ctrl-C wants to leave; a script that is interrupted has not done its work.
                () = &mut signal => return if self.interactive { Ok(()) } else { Err(Failure::Interrupted) },
            };
            self.on_event(&event)?;
        }
    }

    fn on_event(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Room(RoomEvent::Accepted { id, .. }) => {
                self.pending.remove(id);
            }
            Event::Room(RoomEvent::Rejected { id, code, message }) if self.pending.remove(id) => {
                let message = message.clone();
                self.rejected = Some(Failure::Room { code, message }).filter(|_| !self.interactive);
            }
            _ => {}
        }
        if self.report.json {
            // Kept up for the commands, which name members, messages and files by their numbers.
            view::show(&mut self.state, self.colors, event);
            return self.json.write(self.report, event);
        }
        let message = matches!(event, Event::Room(RoomEvent::Message { .. }));
        match view::show(&mut self.state, self.colors, event) {
            Some(text) if message || !self.only_messages => (self.print)(&text),
            _ => Ok(()),
        }
    }

    /// Says where we are.
    fn greet(&mut self, share: Share) -> Result<()> {
        let RoomEvent::Opened { ephemeral_seconds, .. } = self.opened else {
            return Ok(());
        };
        if self.report.json {
            let code = self
                .session
                .code()
                .filter(|_| share != Share::Nobody)
                .map(str::to_owned);
            if let Some(code) = code {
                self.report.line(&json!({"type": "code", "code": code}))?;
            }
            return self.json.write(self.report, &Event::Room(self.opened.clone()));
        }
        let words = match share {
            Share::Nobody => None,
            Share::One => {
                Some("Share this code with one person. It works once: it lets one device in, and nobody after it:")
            }
            Share::Any => Some("Share this code with whom you want in. Whoever has it can read and write here:"),
        };
        if let Some(words) = words {
            let code = self.session.code().unwrap_or_default().to_owned();
            (self.print)(words)?;
            (self.print)(&format!("\n  {code}\n"))?;
        }
        if ephemeral_seconds > 0 {
            let text = format!("messages vanish {ephemeral_seconds} s after they came, where programs can make them");
            (self.print)(&view::notice(self.colors, &text))?;
        }
        if self.interactive {
            (self.print)(&view::notice(self.colors, "/help lists the commands, /quit leaves"))?;
        }
        Ok(())
    }

    fn input_ended(&mut self) {
        self.lines = None;
        self.leave_at = Some(tokio::time::Instant::now() + self.wait);
    }

    fn has_sent_everything(&self) -> bool {
        self.pending.is_empty() && !self.state.is_sending() && !self.session.is_keeping()
    }

    fn editing(&mut self, message: bool) {
        let every = typing_every(self.session.room().protocol());
        let due = self.typing_sent.is_none_or(|sent| sent.elapsed() >= every);
        if message && due {
            self.typing_sent = Some(Instant::now());
            self.session.set_typing(true);
        } else if !message && self.typing_sent.take().is_some() {
            self.session.set_typing(false);
        }
    }
}

/// A file name of a path that was typed.
fn file_name(path: &std::path::Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Where files are saved unless another place is named.
fn here() -> PathBuf {
    PathBuf::from(".")
}

async fn next_of(lines: &mut Option<mpsc::Receiver<Typed>>) -> Option<Typed> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}
