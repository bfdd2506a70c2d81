//! What the pieces of a room's files are sealed and opened with, at the edge.
//!
//! A native room's files are streams (see [`crate::file`]), each under a key of its own. Those of an Arthas room are chunks, each
//! sealed by itself under the room's key with a random IV.

use super::{
    arthas::ChunkSealer,
    file::{BulkIn, BulkJob},
};
use crate::{
    error::{Error, Result},
    file::{Header, IndexedOpener, IndexedSealer, Nonce, SegmentCipher, SegmentKey, SegmentSize},
    secret::Key,
};

/// For a file we send. For programs that have a cipher of their own; others take a [`FileSealer`].
pub enum Sealing<'a> {
    /// Segments of a stream.
    Segments {
        /// The file's key.
        key: &'a Key,
        /// What the first piece's body starts with.
        header: Header,
        /// Bound to the file.
        associated_data: Vec<u8>,
    },
    /// Chunks.
    Chunks {
        /// The room's key.
        key: &'a Key,
        /// The IVs, each for one use.
        sealer: ChunkSealer,
    },
}

/// For a file that comes to us. See [`Sealing`].
pub enum Opening<'a> {
    /// Segments of a stream.
    Segments {
        /// The file's key.
        key: &'a Key,
        /// What the first piece's body starts with: skip as many bytes there.
        header: Header,
        /// Bound to the file.
        associated_data: Vec<u8>,
    },
    /// Chunks; the IV comes with each.
    Chunks {
        /// The room's key.
        key: &'a Key,
    },
}

/// Seals the pieces of one file with the cipher of this crate.
#[derive(Debug)]
pub struct FileSealer {
    cipher: SegmentCipher,
    kind: SealerKind,
}

#[derive(Debug)]
enum SealerKind {
    Segments(IndexedSealer),
    Chunks(ChunkSealer),
}

impl FileSealer {
    /// Of what [`Room::sealing`](super::Room::sealing) gave.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn new(sealing: Sealing<'_>) -> Result<Self> {
        Ok(match sealing {
            Sealing::Segments {
                key,
                header,
                associated_data,
            } => Self {
                cipher: SegmentCipher::new(&SegmentKey::derive(key, &header, &associated_data)?),
                kind: SealerKind::Segments(IndexedSealer::new(header, SegmentSize::ROOM)),
            },
            Sealing::Chunks { key, sealer } => Self {
                cipher: SegmentCipher::new(&SegmentKey::whole(key)?),
                kind: SealerKind::Chunks(sealer),
            },
        })
    }

    /// The body of the frame for `job`, whose plaintext is `plaintext`.
    ///
    /// # Errors
    /// [`Error::SourceChanged`] when another plaintext was sealed for it before, or (Arthas) when one was sealed at all;
    /// [`Error::InvalidArgument`] for a length the piece cannot have.
    pub fn seal(&mut self, job: &BulkJob, mut plaintext: Vec<u8>) -> Result<Vec<u8>> {
        let length = plaintext.len();
        match &mut self.kind {
            SealerKind::Segments(sealer) => {
                let nonce = sealer.nonce(job.segment, job.last, length)?;
                self.cipher.seal(nonce, &mut plaintext)?;
                sealer.release(job.segment, job.last, &plaintext)?;
                if job.segment == 0 {
                    plaintext.splice(..0, sealer.header().encode());
                }
            }
            SealerKind::Chunks(sealer) => {
                let nonce = sealer.nonce(job.segment, length)?;
                self.cipher.seal(nonce, &mut plaintext)?;
            }
        }
        Ok(plaintext)
    }
}

/// Opens the pieces of one file with the cipher of this crate.
#[derive(Debug)]
pub struct FileOpener {
    cipher: SegmentCipher,
    /// None for chunks.
    segments: Option<IndexedOpener>,
}

impl FileOpener {
    /// Of what [`Room::opening`](super::Room::opening) gave.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn new(opening: Opening<'_>) -> Result<Self> {
        Ok(match opening {
            Opening::Segments {
                key,
                header,
                associated_data,
            } => Self {
                cipher: SegmentCipher::new(&SegmentKey::derive(key, &header, &associated_data)?),
                segments: Some(IndexedOpener::new(header, SegmentSize::ROOM)),
            },
            Opening::Chunks { key } => Self {
                cipher: SegmentCipher::new(&SegmentKey::whole(key)?),
                segments: None,
            },
        })
    }

    /// The plaintext of the piece that `bulk` describes and `frame`, a whole frame, holds.
    ///
    /// # Errors
    /// [`Error::DecryptFailed`], [`Error::Truncated`].
    pub fn open(&self, bulk: &BulkIn, frame: &[u8]) -> Result<Vec<u8>> {
        let header = if self.segments.is_some() && bulk.segment == 0 {
            crate::file::HEADER_BYTES
        } else {
            0
        };
        let start = bulk.body_start.saturating_add(header);
        let mut buffer = frame.get(start..bulk.body_end).ok_or(Error::DecryptFailed)?.to_vec();
        let attempt = match (&self.segments, bulk.iv) {
            (Some(opener), _) => opener.attempt(bulk.segment, bulk.last, buffer.len())?,
            (None, Some(iv)) => Nonce::from_random(iv).into(),
            (None, None) => return Err(Error::InvalidArgument("a chunk without its IV")),
        };
        self.cipher.open(attempt, &mut buffer)?;
        Ok(buffer)
    }
}
