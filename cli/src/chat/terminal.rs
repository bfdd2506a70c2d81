//! Where lines come from and go to: a person at a terminal, or a pipe.

use std::{
    io::{self, BufRead, IsTerminal},
    thread,
};

use rustyline::{
    completion::{Completer, FilenameCompleter, Pair},
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::MemHistory,
    validate::Validator,
    Config, Context, Editor, ExternalPrinter, Helper,
};
use tokio::sync::mpsc;

use super::action::COMMANDS;
use crate::{
    failure::{Failure, Result},
    report::print_line,
};

const PROMPT: &str = "> ";
/// Lines that wait to be dealt with: a pipe that gives more is not read from.
const MAX_LINES: usize = 16;
/// The same for a person. It is never full, as the editor has to go on for anything to be printed.
const MAX_TYPED: usize = 1 << 16;
/// Longer lines of a pipe are cut: no message can have as much.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// What a person, or a pipe, does.
#[derive(Debug)]
pub(super) enum Typed {
    Line(String),
    /// The line was changed; whether it is going to be a message.
    Editing(bool),
    /// Nothing more will come.
    End,
    Failed(Failure),
}

/// Writes lines without tearing apart the one that is being typed.
pub(super) type Printer = Box<dyn FnMut(&str) -> Result<()>>;

/// Whether a person is there to type and read.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Lines of a person, and where to print meanwhile. [`restore`] has to be called in the end.
pub(super) fn editor() -> Result<(mpsc::Receiver<Typed>, Printer)> {
    let failed = |error: ReadlineError| Failure::io("terminal", io::Error::other(error));
    let config = Config::builder().auto_add_history(true).build();
    let mut editor = Editor::<Typist, MemHistory>::with_history(config, MemHistory::new()).map_err(failed)?;
    let mut printer = editor.create_external_printer().map_err(failed)?;
    let (typed, lines) = mpsc::channel(MAX_TYPED);
    editor.set_helper(Some(Typist {
        typed: typed.clone(),
        files: FilenameCompleter::new(),
    }));
    thread::spawn(move || loop {
        let (next, more) = match editor.readline(PROMPT) {
            Ok(line) => (Typed::Line(line), true),
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => (Typed::End, false),
            Err(error) => (Typed::Failed(failed(error)), false),
        };
        if typed.blocking_send(next).is_err() || !more {
            return;
        }
    });
    let print = move |text: &str| {
        printer
            .print(format!("{text}\n"))
            .map_err(|error| Failure::io("terminal", io::Error::other(error)))
    };
    Ok((lines, Box::new(print)))
}

/// Lines of standard input, and standard output.
pub(super) fn plain() -> (mpsc::Receiver<Typed>, Printer) {
    let (typed, lines) = mpsc::channel(MAX_LINES);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = io::Read::take(&mut stdin, MAX_LINE_BYTES).read_until(b'\n', &mut line);
            let (next, more) = match read {
                Ok(0) => (Typed::End, false),
                Ok(_) => (Typed::Line(String::from_utf8_lossy(&line).into_owned()), true),
                Err(error) => (Typed::Failed(Failure::io("standard input", error)), false),
            };
            if typed.blocking_send(next).is_err() || !more {
                return;
            }
        }
    });
    (lines, Box::new(print_line))
}

/// The terminal's modes, to be put back however the program ends: the editor may be in the middle of a line.
pub(super) struct Modes(#[cfg(unix)] Option<rustix::termios::Termios>);

impl Modes {
    pub(super) fn save() -> Self {
        #[cfg(unix)]
        return Self(rustix::termios::tcgetattr(io::stdin()).ok());
        #[cfg(not(unix))]
        Self()
    }
}

impl Drop for Modes {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(modes) = &self.0 {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, modes);
        }
    }
}

/// Completes commands and paths, and notices that somebody is typing.
struct Typist {
    typed: mpsc::Sender<Typed>,
    files: FilenameCompleter,
}

impl Helper for Typist {}
impl Validator for Typist {}
impl Highlighter for Typist {}

impl Hinter for Typist {
    type Hint = String;

    /// Called whenever the line changes; there are no hints.
    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        let message = !line.is_empty() && (!line.starts_with('/') || line.starts_with("//"));
        // When there is too much to do, this is the first to be left out.
        let _ = self.typed.try_send(Typed::Editing(message));
        None
    }
}

impl Completer for Typist {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if line.starts_with("/send ") || line.starts_with("/accept ") {
            return self.files.complete(line, position, context);
        }
        let start = line.get(..position).unwrap_or_default();
        let known = COMMANDS
            .iter()
            .filter(|command| !start.is_empty() && command.starts_with(start));
        let pair = |command: &&str| Pair {
            display: (*command).to_owned(),
            replacement: format!("{command} "),
        };
        Ok((0, known.map(pair).collect()))
    }
}
