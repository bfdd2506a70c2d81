//! Files that come to us. Their chunks are opened as they come, at the edge, and kept there until somebody wants them.

use super::metadata::Metadata;
use crate::{
    error::{Error, Result},
    file::TAG_BYTES,
    frame::{
        arthas::{RelayFileComplete, RelayFileMeta, SendFileAck},
        ChunkHead, Member,
    },
    room::{
        arthas::{
            chunks::{Chunking, CHUNK_BYTES, MAX_FILE_BYTES},
            machine::Room,
            sealing::{decode_iv, Iv},
        },
        BulkIn, Opening, RoomEvent,
    },
};

/// Most files that come at once.
const MAX_RUNNING: usize = 5;
/// Most files that are kept at once, answered or not.
const MAX_KEPT: usize = 64;
/// Most bytes of them.
const MAX_KEPT_BYTES: u64 = 5 * MAX_FILE_BYTES;
/// Without a chunk for this long a transfer has failed.
const STALL_MS: u64 = 60_000;

/// A file that comes, or has come, to us.
pub(in crate::room::arthas) struct Incoming {
    /// What the application calls it: two senders may use the same id.
    pub(super) id: String,
    pub(super) from: String,
    transfer_id: String,
    chunking: Chunking,
    ivs: Option<Vec<Iv>>,
    /// Which chunks have come, and which of those have opened.
    chunks: Vec<Chunk>,
    /// The sender says that this is all.
    completed: bool,
    accepted: bool,
    /// It is where the user wanted it.
    finished: bool,
    heard_at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Missing,
    Arrived,
    Opened,
}

impl Incoming {
    pub(super) fn is_whole(&self) -> bool {
        !self.chunks.contains(&Chunk::Missing)
    }

    fn is_opened(&self) -> bool {
        self.chunks.iter().all(|chunk| *chunk == Chunk::Opened)
    }

    /// When it has failed, unless something comes.
    pub(super) fn stalled_at(&self) -> Option<u64> {
        (!self.is_whole()).then(|| self.heard_at.saturating_add(STALL_MS))
    }

    /// A chunk has come. `Ok(None)` for one to be ignored.
    fn on_chunk(&mut self, head: &ChunkHead) -> Result<Option<BulkIn>> {
        let Ok(index) = u64::try_from(head.index) else {
            return Ok(None);
        };
        let (Some((start, length)), Ok(at)) = (self.chunking.chunk(index), usize::try_from(index)) else {
            return Ok(None);
        };
        let Some(chunk) = self.chunks.get_mut(at).filter(|chunk| **chunk == Chunk::Missing) else {
            return Ok(None);
        };
        let expected = usize::try_from(length).unwrap_or(0).saturating_add(TAG_BYTES);
        let foreign = self.ivs.as_ref().is_some_and(|ivs| ivs.get(at) != Some(&head.iv));
        if head.body.len() != expected || foreign {
            return Err(Error::DecryptFailed);
        }
        *chunk = Chunk::Arrived;
        let end = start.saturating_add(length);
        Ok(Some(BulkIn {
            transfer: self.id.clone(),
            segment: u32::try_from(index).map_err(|_| Error::Internal("index"))?,
            last: end == self.chunking.size(),
            end,
            body_start: head.body.start,
            body_end: head.body.end,
            iv: Some(head.iv),
        }))
    }
}

impl Room {
    /// What the chunks of a file that comes to us are opened with.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`].
    pub fn opening(&self, transfer: &str) -> Result<Opening<'_>> {
        self.incoming_of(transfer)?;
        Ok(Opening::Chunks { key: &self.key })
    }

    /// The user wants the file.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] when it was answered, [`Error::Closed`].
    pub fn accept_file(&mut self, transfer: &str, _now: u64) -> Result<()> {
        self.ensure_usable()?;
        let incoming = self.incoming_mut(transfer)?;
        if core::mem::replace(&mut incoming.accepted, true) {
            return Err(Error::InvalidState("answered already"));
        }
        Ok(())
    }

    /// The user does not want the file: what comes of it is ignored.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] when it was accepted, [`Error::Closed`].
    pub fn decline_file(&mut self, transfer: &str, _now: u64) -> Result<()> {
        self.ensure_usable()?;
        if self.incoming_mut(transfer)?.accepted {
            return Err(Error::InvalidState("accepted already"));
        }
        self.incoming.retain(|incoming| incoming.id != transfer);
        Ok(())
    }

    /// The chunk that ends at `end` has opened.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`] when it is over, [`Error::InvalidArgument`] when no such chunk has come.
    pub fn delivered(&mut self, transfer: &str, end: u64) -> Result<()> {
        let incoming = self.incoming_mut(transfer)?;
        let index = end.checked_sub(1).map(|last| last / CHUNK_BYTES);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let chunk = index.and_then(|index| incoming.chunks.get_mut(index));
        match chunk {
            Some(chunk) if *chunk != Chunk::Missing => *chunk = Chunk::Opened,
            _ => return Err(Error::InvalidArgument("a chunk that has not come")),
        }
        let (done, transfer_id) = (incoming.completed && incoming.is_opened(), incoming.transfer_id.clone());
        if done {
            self.acknowledge(transfer_id)?;
        }
        Ok(())
    }

    /// All of the file is in the sink, and the sink is closed.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`]; [`Error::Truncated`] when not every chunk has opened.
    pub fn finish_file(&mut self, transfer: &str, _now: u64) -> Result<()> {
        let incoming = self.incoming_mut(transfer)?;
        if !incoming.is_opened() {
            return Err(Error::Truncated);
        }
        incoming.finished = true;
        self.incoming
            .retain(|incoming| !(incoming.finished && incoming.completed));
        Ok(())
    }

    fn incoming_of(&self, transfer: &str) -> Result<&Incoming> {
        let found = self.incoming.iter().find(|incoming| incoming.id == transfer);
        found.ok_or(Error::UnknownTransfer)
    }

    fn incoming_mut(&mut self, transfer: &str) -> Result<&mut Incoming> {
        let found = self.incoming.iter_mut().find(|incoming| incoming.id == transfer);
        found.ok_or(Error::UnknownTransfer)
    }

    /// That we have the file. Its sender counts who does.
    fn acknowledge(&mut self, transfer_id: String) -> Result<()> {
        if !self.link.is_open() {
            return Ok(());
        }
        self.send(SendFileAck { transfer_id })
    }

    pub(in crate::room::arthas) fn on_file_meta(&mut self, meta: RelayFileMeta, now: u64) {
        let from = meta.sender_id.0.clone();
        let result = self.open_meta(meta, now);
        self.check(result, Some(&from));
    }

    fn open_meta(&mut self, meta: RelayFileMeta, now: u64) -> Result<()> {
        let Some(plaintext) = self.open_new(decode_iv(&meta.iv)?, meta.ciphertext.0)? else {
            return Ok(());
        };
        let from = meta.sender_id.0.clone();
        self.meet(&Member {
            id: meta.sender_id,
            name: meta.sender_name,
            color: String::new(),
        })?;
        let transfer_id = meta.transfer_id;
        let file = Metadata::parse(&plaintext, &transfer_id)?;
        let same = |incoming: &Incoming| incoming.from == from && incoming.transfer_id == transfer_id;
        if self.incoming.iter().any(same) {
            return Err(Error::InvalidFrame("a transfer of that id is there already"));
        }
        self.make_room(file.chunking.size())?;
        // A chunk can only be a chunk: sent as a message it counts as seen.
        for iv in file.ivs.iter().flatten() {
            if !self.seen.insert(*iv) {
                return Err(Error::Replayed);
            }
        }
        let id = format!("{from}-{transfer_id}");
        let count = usize::try_from(file.chunking.count()).map_err(|_| Error::Internal("count"))?;
        self.incoming.push(Incoming {
            id: id.clone(),
            from: from.clone(),
            transfer_id,
            chunking: file.chunking,
            ivs: file.ivs,
            chunks: vec![Chunk::Missing; count],
            completed: false,
            accepted: false,
            finished: false,
            heard_at: now,
        });
        self.event(RoomEvent::FileOffer {
            id,
            from,
            name: file.name,
            mime: file.mime,
            size: Some(file.chunking.size()),
            voice_seconds: file.voice_seconds,
            thumbnail: file.thumbnail,
        });
        Ok(())
    }

    /// Whether another file may be kept.
    fn make_room(&self, size: u64) -> Result<()> {
        let running = self.incoming.iter().filter(|incoming| !incoming.is_whole()).count();
        let kept = self.incoming.iter().filter(|incoming| !incoming.finished);
        let bytes: u64 = kept.map(|incoming| incoming.chunking.size()).sum();
        let full = self.incoming.len() >= MAX_KEPT || bytes.saturating_add(size) > MAX_KEPT_BYTES;
        if running >= MAX_RUNNING || full {
            return Err(Error::TransferLimit { limit: MAX_RUNNING });
        }
        Ok(())
    }

    /// A chunk. One of a transfer that is not known, or is over, is ignored, as is one that came before.
    pub(in crate::room::arthas) fn on_chunk(&mut self, head: &ChunkHead, now: u64) -> Option<BulkIn> {
        let of = |incoming: &&mut Incoming| incoming.from == head.sender_id && incoming.transfer_id == head.transfer_id;
        let incoming = self.incoming.iter_mut().find(of)?;
        incoming.heard_at = now;
        match incoming.on_chunk(head) {
            Ok(bulk) => bulk,
            Err(error) => {
                let id = incoming.id.clone();
                self.end_incoming(|incoming| incoming.id == id, &error);
                None
            }
        }
    }

    /// Only the file's own sender can end it.
    pub(in crate::room::arthas) fn on_file_complete(&mut self, frame: &RelayFileComplete) -> Result<()> {
        let of = |incoming: &&mut Incoming| {
            incoming.from == frame.sender_id.0 && incoming.transfer_id == frame.transfer_id && !incoming.completed
        };
        let Some(incoming) = self.incoming.iter_mut().find(of) else {
            return Ok(());
        };
        let id = incoming.id.clone();
        if !incoming.is_whole() {
            self.end_incoming(|incoming| incoming.id == id, &Error::Truncated);
            return Ok(());
        }
        incoming.completed = true;
        let opened = incoming.is_opened();
        self.incoming
            .retain(|incoming| !(incoming.finished && incoming.completed));
        if opened {
            self.acknowledge(frame.transfer_id.clone())?;
        }
        Ok(())
    }

    /// The rest will not come. What is whole already stays.
    pub(in crate::room::arthas) fn on_file_cancel(&mut self, frame: &RelayFileComplete) {
        self.end_incoming(
            |incoming| {
                incoming.from == frame.sender_id.0 && incoming.transfer_id == frame.transfer_id && !incoming.is_whole()
            },
            &Error::TransferCancelled,
        );
    }

    pub(super) fn end_incoming(&mut self, ends: impl Fn(&Incoming) -> bool, error: &Error) {
        let (ended, kept) = core::mem::take(&mut self.incoming)
            .into_iter()
            .partition(|incoming| ends(incoming));
        self.incoming = kept;
        let ended: Vec<Incoming> = ended;
        for incoming in ended {
            if !incoming.finished {
                self.event(RoomEvent::IncomingEnded {
                    id: incoming.id,
                    code: error.code(),
                    message: error.to_string(),
                });
            }
        }
    }
}
