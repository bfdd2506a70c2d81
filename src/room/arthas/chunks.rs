//! How a file is cut into chunks, and the IVs they are sealed with.

use core::fmt;

use crate::{
    error::{Error, Result},
    file::{Nonce, NONCE_BYTES},
};

/// Plaintext bytes of every chunk but the last.
pub const CHUNK_BYTES: u64 = 65_536;
/// Largest file, in bytes.
pub const MAX_FILE_BYTES: u64 = 5_242_880;

/// How a file of a known size is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunking {
    size: u64,
}

impl Chunking {
    /// # Errors
    /// [`Error::TooLarge`]; [`Error::Unsupported`] for an empty file, which receivers refuse.
    pub(super) const fn new(size: u64) -> Result<Self> {
        if size > MAX_FILE_BYTES {
            return Err(Error::TooLarge {
                limit: MAX_FILE_BYTES,
                actual: size,
            });
        }
        if size == 0 {
            return Err(Error::Unsupported("an empty file"));
        }
        Ok(Self { size })
    }

    pub(super) const fn size(self) -> u64 {
        self.size
    }

    /// How many there are: 1 to 80.
    pub(super) const fn count(self) -> u64 {
        self.size.div_ceil(CHUNK_BYTES)
    }

    /// Where chunk `index` starts and how long it is.
    pub(super) fn chunk(self, index: u64) -> Option<(u64, u64)> {
        let start = index.checked_mul(CHUNK_BYTES).filter(|start| *start < self.size)?;
        Some((start, self.size.saturating_sub(start).min(CHUNK_BYTES)))
    }
}

/// Hands out the IV of each chunk once: sealing another plaintext with it would give both away.
pub struct ChunkSealer {
    chunking: Chunking,
    ivs: Vec<Option<[u8; NONCE_BYTES]>>,
}

impl ChunkSealer {
    pub(super) fn new(chunking: Chunking, ivs: &[[u8; NONCE_BYTES]]) -> Self {
        Self {
            chunking,
            ivs: ivs.iter().copied().map(Some).collect(),
        }
    }

    /// The nonce of chunk `index`, which has `length` bytes of plaintext.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a length that chunk cannot have, [`Error::SourceChanged`] the second time.
    pub fn nonce(&mut self, index: u32, length: usize) -> Result<Nonce> {
        let expected = self.chunking.chunk(u64::from(index)).map(|(_, length)| length);
        if expected.is_none() || expected != u64::try_from(length).ok() {
            return Err(Error::InvalidArgument("a chunk of another length"));
        }
        let iv = usize::try_from(index).ok().and_then(|index| self.ivs.get_mut(index));
        iv.and_then(Option::take)
            .map(Nonce::from_random)
            .ok_or(Error::SourceChanged)
    }
}

impl fmt::Debug for ChunkSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkSealer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_into_chunks_of_64_kib() {
        for (size, count, last) in [
            (1, 1, (0, 1)),
            (CHUNK_BYTES, 1, (0, CHUNK_BYTES)),
            (CHUNK_BYTES + 1, 2, (CHUNK_BYTES, 1)),
            (MAX_FILE_BYTES, 80, (79 * CHUNK_BYTES, CHUNK_BYTES)),
        ] {
            let chunking = Chunking::new(size).unwrap();
            assert_eq!(chunking.count(), count);
            assert_eq!(chunking.chunk(count - 1), Some(last));
            assert_eq!(chunking.chunk(count), None);
        }
        assert_eq!(Chunking::new(0).unwrap_err().code(), "UNSUPPORTED");
        assert_eq!(Chunking::new(MAX_FILE_BYTES + 1).unwrap_err().code(), "TOO_LARGE");
        assert_eq!(Chunking::new(5).unwrap().chunk(u64::MAX), None);
    }

    #[test]
    fn an_iv_is_given_once() {
        let mut sealer = ChunkSealer::new(Chunking::new(CHUNK_BYTES + 5).unwrap(), &[[1; 12], [2; 12]]);
        assert_eq!(sealer.nonce(0, 5).unwrap_err().code(), "INVALID_ARGUMENT");
        assert_eq!(sealer.nonce(1, 5).unwrap().into_bytes(), [2; 12]);
        assert_eq!(sealer.nonce(1, 5).unwrap_err().code(), "SOURCE_CHANGED");
        assert_eq!(sealer.nonce(0, 65_536).unwrap().into_bytes(), [1; 12]);
        assert_eq!(sealer.nonce(2, 5).unwrap_err().code(), "INVALID_ARGUMENT");
    }
}
