//! A file that comes to us.
//!
//! Its pieces are opened as they come and written by a thread of its own, so that a slow disk or pipe holds up nothing else.
//! What may be on the way is bounded: in native rooms by the credit that the machine gives the sender for what is saved, in
//! Arthas rooms, whose files come unasked, by their size.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use hushroom::room::{BulkIn, FileOpener, Room};
use tokio::sync::mpsc::UnboundedSender;
use zeroize::Zeroizing;

use super::session::Saved;
use crate::{
    crypt::Output,
    failure::{Failure, Result},
};

/// Names tried when files of the same name are there.
const MAX_NAMES: u32 = 1000;

/// Where a file goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// Into this folder, under this name or one like it.
    Folder(PathBuf, String),
    /// Here.
    File(PathBuf),
    /// To standard output.
    Stdout,
}

/// What the writing threads say.
pub(super) enum Stored {
    /// Everything before ciphertext offset `end`, which makes `bytes` bytes of the file, is written.
    Piece { id: String, end: u64, bytes: u64 },
    /// The file has its name.
    Whole { id: String, saved: Saved },
    /// It cannot be written.
    Failed { id: String, failure: Failure },
}

struct Piece {
    plaintext: Zeroizing<Vec<u8>>,
    end: u64,
    last: bool,
}

/// A file on its way to us.
pub(super) struct Incoming {
    opener: FileOpener,
    /// Once it is accepted.
    sink: Option<mpsc::Sender<Piece>>,
    /// What came before that, or before its turn.
    pieces: InOrder<Piece>,
}

/// Things by their index, given out in order. In Arthas rooms a relay may well send pieces in another one.
struct InOrder<T> {
    held: BTreeMap<u32, T>,
    next: u32,
}

impl<T> InOrder<T> {
    const fn new() -> Self {
        Self {
            held: BTreeMap::new(),
            next: 0,
        }
    }

    fn push(&mut self, index: u32, thing: T) {
        self.held.insert(index, thing);
    }

    fn pop(&mut self) -> Option<T> {
        let thing = self.held.remove(&self.next)?;
        self.next = self.next.saturating_add(1);
        Some(thing)
    }
}

impl Incoming {
    /// The transfer `id`, which is not accepted yet.
    pub(super) fn new(room: &Room, id: &str) -> Result<Self> {
        Ok(Self {
            opener: FileOpener::new(room.opening(id)?)?,
            sink: None,
            pieces: InOrder::new(),
        })
    }

    /// Opens the target and writes to it from now on.
    pub(super) fn store(&mut self, id: &str, target: Target, stored: UnboundedSender<Stored>) -> Result<()> {
        let (output, path) = open(target)?;
        let (sink, pieces) = mpsc::channel();
        self.sink = Some(sink);
        self.hand_on();
        let id = id.to_owned();
        thread::spawn(move || {
            // Nobody listens any more when the room is over.
            let _ = match write(&id, output, path, &pieces, &stored) {
                Ok(Some(saved)) => stored.send(Stored::Whole { id, saved }),
                // It was cancelled: what was written goes away.
                Ok(None) => Ok(()),
                Err(failure) => stored.send(Stored::Failed { id, failure }),
            };
        });
        Ok(())
    }

    /// A piece has come in `frame`.
    pub(super) fn on_bulk(&mut self, bulk: &BulkIn, frame: &[u8]) -> Result<()> {
        let piece = Piece {
            plaintext: Zeroizing::new(self.opener.open(bulk, frame)?),
            end: bulk.end,
            last: bulk.last,
        };
        self.pieces.push(bulk.segment, piece);
        self.hand_on();
        Ok(())
    }

    /// Gives the writing thread what is its turn.
    fn hand_on(&mut self) {
        let Some(sink) = &self.sink else { return };
        while let Some(piece) = self.pieces.pop() {
            // A thread that failed has said so.
            let _ = sink.send(piece);
        }
    }
}

fn write(
    id: &str,
    mut output: Output,
    path: Option<PathBuf>,
    pieces: &mpsc::Receiver<Piece>,
    stored: &UnboundedSender<Stored>,
) -> Result<Option<Saved>> {
    let what = || path.clone().unwrap_or_else(|| PathBuf::from("standard output"));
    let mut bytes = 0_u64;
    while let Ok(Piece { plaintext, end, last }) = pieces.recv() {
        output
            .write_all(&plaintext)
            .map_err(|error| Failure::file(&what(), error))?;
        bytes = bytes.saturating_add(plaintext.len() as u64);
        let id = id.to_owned();
        let _ = stored.send(Stored::Piece { id, end, bytes });
        if last {
            output.finish()?;
            return Ok(Some(Saved { path, bytes }));
        }
    }
    Ok(None)
}

fn open(target: Target) -> Result<(Output, Option<PathBuf>)> {
    match target {
        Target::Stdout => Ok((Output::stdout()?, None)),
        Target::File(path) => Ok((Output::create(&path, false)?, Some(path))),
        Target::Folder(folder, name) => {
            let path = free_name(&folder, &name);
            Ok((Output::create(&path, false)?, Some(path)))
        }
    }
}

/// `name` in `folder`, or `name (1)` and so on where that is taken.
fn free_name(folder: &Path, name: &str) -> PathBuf {
    let whole = Path::new(name);
    let (stem, extension) = (whole.file_stem(), whole.extension());
    let numbered = (1..MAX_NAMES).map(|number| {
        let mut name = stem.unwrap_or_default().to_os_string();
        name.push(format!(" ({number})"));
        if let Some(extension) = extension {
            name.push(".");
            name.push(extension);
        }
        folder.join(name)
    });
    let first = folder.join(name);
    std::iter::once(first.clone())
        .chain(numbered)
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_written_in_order_whatever_order_they_come_in() {
        let mut pieces = InOrder::new();
        let mut written = vec![];
        for index in [1, 0, 4, 2, 3] {
            pieces.push(index, index);
            while let Some(piece) = pieces.pop() {
                written.push(piece);
            }
        }
        assert_eq!(written, [0, 1, 2, 3, 4]);
        assert!(pieces.held.is_empty());
    }

    #[test]
    fn nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| free_name(folder.path(), name).file_name().unwrap().to_owned();
        assert_eq!(name("a.tar.gz"), "a.tar.gz");
        std::fs::write(folder.path().join("a.tar.gz"), "").unwrap();
        std::fs::write(folder.path().join("plain"), "").unwrap();
        assert_eq!(name("a.tar.gz"), "a.tar (1).gz");
        assert_eq!(name("plain"), "plain (1)");
        std::fs::write(folder.path().join("plain (1)"), "").unwrap();
        assert_eq!(name("plain"), "plain (2)");
    }
}
