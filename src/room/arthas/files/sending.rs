//! Files we send: one at a time, the others wait.

mod outcome;

use super::metadata::Metadata;
use crate::{
    encoding,
    error::{Error, Result},
    file::TAG_BYTES,
    frame::{arthas::SendFileMeta, chunk_frame_head},
    room::{
        arthas::{
            chunks::{Chunking, CHUNK_BYTES},
            machine::Room,
            sealing::Iv,
            ChunkSealer,
        },
        name::{clean_file_name, clean_mime},
        random, BulkJob, FileMeta, Sealing,
    },
};

/// Most files that are sent or wait.
const MAX_OUTGOING: usize = 16;
/// Most chunks that are being read and sealed at once.
const MAX_JOBS: usize = 8;
/// Receivers deal with metadata, chunks and the end each in its own time: without a pause the next overtakes.
const PAUSE_MS: u64 = 50;
/// How long after its end a file keeps the next one from starting: a relay routes acknowledgements of the last one only.
const SETTLE_MS: u64 = 3_000;
/// How long to wait for those who do not say that they have it.
const ACK_MS: u64 = 30_000;
/// Bytes of a transfer's id: 21 characters, as many as Arthas' own have, carry 126 bits.
const ID_BYTES: usize = 16;

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// For its turn, or for its size.
    Waiting,
    /// The metadata are sent; chunks may go from then on.
    Chunks { from: u64 },
    /// All chunks are sent; the end may go from then on.
    Ending { from: u64 },
    /// All was sent, at that time.
    Sent { at: u64 },
}

/// A file we send.
pub(in crate::room::arthas) struct Outgoing {
    id: String,
    name: String,
    mime: String,
    voice_seconds: Option<u32>,
    chunking: Option<Chunking>,
    replayable: bool,
    stage: Stage,
    ivs: Vec<Iv>,
    /// What seals it has been given out.
    sealing: bool,
    /// Chunks that the source has ready.
    ready: u64,
    /// The next chunk to ask for.
    next: u64,
    /// Chunks that were sent.
    sent: u64,
    /// And how far each is.
    receivers: Vec<(String, &'static str)>,
}

/// A chunk that is being read and sealed.
pub(in crate::room::arthas) struct Job {
    ticket: u32,
    transfer: String,
    index: u64,
    length: u64,
}

impl Outgoing {
    const fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Chunks { .. } | Stage::Ending { .. })
    }

    /// Whether nothing else may start yet.
    fn holds_slot(&self, now: u64) -> bool {
        match self.stage {
            Stage::Waiting => false,
            Stage::Chunks { .. } | Stage::Ending { .. } => true,
            Stage::Sent { at } => now < at.saturating_add(SETTLE_MS),
        }
    }

    fn delivered(&self) -> u64 {
        let size = self.chunking.map_or(0, Chunking::size);
        self.sent.saturating_mul(CHUNK_BYTES).min(size)
    }

    fn has_state(&self, state: &str) -> bool {
        self.receivers.iter().any(|(_, known)| *known == state)
    }
}

impl Room {
    /// Begins to send a file to everybody here, when its turn comes. Returns the transfer's id.
    ///
    /// # Errors
    /// [`Error::TransferLimit`], [`Error::InvalidState`] when nobody is there to get it, [`Error::TooLarge`] above 5 MiB,
    /// [`Error::Unsupported`] for a choice of receivers or an empty file, [`Error::InvalidArgument`], [`Error::Closed`],
    /// [`Error::RandomUnavailable`].
    pub fn offer_file(&mut self, meta: &FileMeta, now: u64) -> Result<String> {
        self.ensure_usable()?;
        self.now = now;
        if !meta.to.is_empty() {
            return Err(Error::Unsupported("a file for some members only"));
        }
        if meta.replayable && meta.size.is_none() {
            return Err(Error::InvalidArgument("a source that can be read again has a size"));
        }
        let chunking = meta.size.map(Chunking::new).transpose()?;
        if self.outgoing.len() >= MAX_OUTGOING {
            return Err(Error::TransferLimit { limit: MAX_OUTGOING });
        }
        if self.members.is_empty() {
            return Err(Error::InvalidState("nobody is here to get the file"));
        }
        let random: [u8; ID_BYTES] = random::bytes(&mut self.random)?;
        let mut id = encoding::encode(&random);
        id.truncate(21);
        self.outgoing.push_back(Outgoing {
            id: id.clone(),
            name: clean_file_name(&meta.name),
            mime: clean_mime(&meta.mime),
            voice_seconds: meta.voice_seconds,
            chunking,
            replayable: meta.replayable,
            stage: Stage::Waiting,
            ivs: vec![],
            sealing: false,
            ready: chunking.filter(|_| meta.replayable).map_or(0, Chunking::count),
            next: 0,
            sent: 0,
            receivers: Vec::new(),
        });
        self.start_next(now)?;
        Ok(id)
    }

    /// Starts the first that waits, if it can be.
    fn start_next(&mut self, now: u64) -> Result<()> {
        if !self.link.is_open() || self.outgoing.iter().any(|outgoing| outgoing.holds_slot(now)) {
            return Ok(());
        }
        let waits = |outgoing: &Outgoing| outgoing.stage == Stage::Waiting && outgoing.chunking.is_some();
        let Some(at) = self.outgoing.iter().position(waits) else {
            return Ok(());
        };
        if self.members.is_empty() {
            if now < self.link.expects_others_until() {
                return Ok(());
            }
            // Whoever was to get it has left.
            self.finish_outgoing(at, Some(&Error::MemberLeft));
            return Ok(());
        }
        let Some(mut outgoing) = self.outgoing.remove(at) else {
            return Ok(());
        };
        let begun = self.begin(&mut outgoing, now);
        self.outgoing.insert(at, outgoing);
        begun?;
        self.tell_receivers(at);
        Ok(())
    }

    fn begin(&mut self, outgoing: &mut Outgoing, now: u64) -> Result<()> {
        let chunking = outgoing.chunking.ok_or(Error::Internal("size"))?;
        for _ in 0..chunking.count() {
            let iv: Iv = random::bytes(&mut self.random)?;
            if !self.seen.insert(iv) {
                return Err(Error::RandomUnavailable);
            }
            outgoing.ivs.push(iv);
        }
        let metadata = Metadata {
            name: outgoing.name.clone(),
            mime: outgoing.mime.clone(),
            chunking,
            voice_seconds: outgoing.voice_seconds,
            thumbnail: None,
            ivs: Some(outgoing.ivs.clone()),
        };
        let (iv, ciphertext) = self.seal(metadata.encode(&outgoing.id))?;
        self.send(SendFileMeta {
            transfer_id: outgoing.id.clone(),
            iv: encoding::encode(&iv),
            ciphertext: ciphertext.into(),
        })?;
        outgoing.stage = Stage::Chunks {
            from: now.saturating_add(PAUSE_MS),
        };
        outgoing.receivers = self.members.ids().map(|id| (id.clone(), "running")).collect();
        Ok(())
    }

    /// What the chunks of a file we send are sealed with: given once, as each IV may be used once.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] the second time, or before its turn has come.
    pub fn sealing(&mut self, transfer: &str) -> Result<Sealing<'_>> {
        let outgoing = self.outgoing.iter_mut().find(|outgoing| outgoing.id == transfer);
        let outgoing = outgoing.ok_or(Error::UnknownTransfer)?;
        let (Some(chunking), false) = (outgoing.chunking, outgoing.ivs.is_empty()) else {
            return Err(Error::InvalidState("its turn has not come"));
        };
        if core::mem::replace(&mut outgoing.sealing, true) {
            return Err(Error::InvalidState("sealed by another already"));
        }
        Ok(Sealing::Chunks {
            key: &self.key,
            sealer: ChunkSealer::new(chunking, &outgoing.ivs),
        })
    }

    /// The next chunk to read and seal, if one may be sent.
    pub fn next_bulk(&mut self, now: u64) -> Option<BulkJob> {
        self.now = now;
        if !self.link.is_open() || self.jobs.len() >= MAX_JOBS {
            return None;
        }
        let runs = |outgoing: &&mut Outgoing| matches!(outgoing.stage, Stage::Chunks { from } if from <= now);
        let outgoing = self.outgoing.iter_mut().find(runs)?;
        let index = outgoing.next;
        if index >= outgoing.ready {
            return None;
        }
        let chunking = outgoing.chunking?;
        let (start, length) = chunking.chunk(index)?;
        outgoing.next = index.saturating_add(1);
        let ticket = self.next_job;
        self.next_job = ticket.wrapping_add(1);
        let transfer = outgoing.id.clone();
        self.jobs.push(Job {
            ticket,
            transfer: transfer.clone(),
            index,
            length,
        });
        Some(BulkJob {
            ticket,
            transfer,
            segment: u32::try_from(index).ok()?,
            plaintext_offset: start,
            plaintext_length: length,
            last: outgoing.next == chunking.count(),
        })
    }

    /// The start of the frame for a sealed chunk of `length` bytes, which the caller appends and sends at once; `None` when the
    /// transfer is over.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another length than the chunk's.
    pub fn bulk_head(&mut self, ticket: u32, length: usize) -> Result<Option<Vec<u8>>> {
        let Some(job) = self.take_job(ticket) else {
            return Ok(None);
        };
        let found = self.outgoing.iter().position(|outgoing| outgoing.id == job.transfer);
        let Some((at, outgoing)) = found.and_then(|at| Some((at, self.outgoing.get_mut(at)?))) else {
            return Ok(None);
        };
        if !matches!(outgoing.stage, Stage::Chunks { .. }) || !self.link.is_open() {
            return Ok(None);
        }
        let sealed = usize::try_from(job.length).map_err(|_| Error::Internal("length"))?;
        if length != sealed.saturating_add(TAG_BYTES) {
            return Err(Error::InvalidArgument("a sealed chunk of another length"));
        }
        let index = usize::try_from(job.index).map_err(|_| Error::Internal("index"))?;
        let iv = outgoing.ivs.get(index).ok_or(Error::Internal("index"))?;
        let segment = u32::try_from(job.index).map_err(|_| Error::Internal("index"))?;
        let head = chunk_frame_head(&outgoing.id, segment, iv, length)?;
        outgoing.sent = outgoing.sent.saturating_add(1);
        if Some(outgoing.sent) == outgoing.chunking.map(Chunking::count) {
            outgoing.stage = Stage::Ending {
                from: self.now.saturating_add(PAUSE_MS),
            };
        }
        self.tell_receivers(at);
        Ok(Some(head))
    }

    fn take_job(&mut self, ticket: u32) -> Option<Job> {
        let at = self.jobs.iter().position(|job| job.ticket == ticket)?;
        Some(self.jobs.remove(at))
    }

    /// The chunk of `ticket` will not be sent: nor can the file be, then.
    pub fn drop_job(&mut self, ticket: u32) {
        if let Some(job) = self.take_job(ticket) {
            let at = self.outgoing.iter().position(|outgoing| outgoing.id == job.transfer);
            if let Some(at) = at {
                self.cancel_at(at, &Error::TransferCancelled);
            }
        }
    }

    /// A source that cannot be read again has its first `segments` chunks ready; `ended` is the size of all it has. Returns the
    /// index of the first chunk that may be asked for.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::TooLarge`], [`Error::Unsupported`] for an empty file, [`Error::SourceChanged`].
    pub fn source_ready(&mut self, transfer: &str, segments: u32, ended: Option<u64>, now: u64) -> Result<u32> {
        self.now = now;
        let outgoing = self.outgoing.iter_mut().find(|outgoing| outgoing.id == transfer);
        let outgoing = outgoing.ok_or(Error::UnknownTransfer)?;
        if let Some(size) = ended {
            let chunking = Chunking::new(size)?;
            if outgoing.chunking.is_some_and(|known| known != chunking) {
                return Err(Error::SourceChanged);
            }
            outgoing.chunking = Some(chunking);
            outgoing.ready = chunking.count();
        } else if !outgoing.replayable {
            outgoing.ready = outgoing.ready.max(u64::from(segments));
        }
        let floor = u32::try_from(outgoing.sent).unwrap_or(u32::MAX);
        self.start_next(now)?;
        Ok(floor)
    }
}
