//! The engine of this crate's own: AES-256-GCM in Rust, for native programs and where there is no WebCrypto.

use core::fmt;

use hushroom_cipher::Cipher;

use super::{
    layout::TAG_BYTES,
    nonce::{Attempt, Nonce},
    segment_key::SegmentKey,
};
use crate::error::{Error, Result};

/// Seals and opens segments in place. Boxed, and wiped on drop.
pub struct SegmentCipher(Cipher);

impl SegmentCipher {
    /// The cipher of one file.
    #[must_use]
    pub fn new(key: &SegmentKey) -> Self {
        Self(Cipher::new(key.expose()))
    }

    /// Turns the plaintext in `buffer` into a segment: as many bytes of ciphertext, and the tag.
    ///
    /// # Errors
    /// None for a nonce that belongs to a segment of this length: [`Error::Internal`].
    pub fn seal(&self, nonce: Nonce, buffer: &mut Vec<u8>) -> Result<()> {
        let tag = self
            .0
            .seal(&nonce.into_bytes(), &[], buffer)
            .map_err(|_| Error::Internal("seal"))?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Turns the segment in `buffer` into its plaintext. When that fails, `buffer` holds no plaintext.
    ///
    /// # Errors
    /// [`Error::Truncated`] when it should be the last segment and is one that others follow, else
    /// [`Error::DecryptFailed`].
    pub fn open(&self, attempt: Attempt, buffer: &mut Vec<u8>) -> Result<()> {
        let (body, tag) = buffer.split_last_chunk_mut().ok_or(Error::DecryptFailed)?;
        let length = body.len();
        if self.decrypt(attempt.nonce, body, tag).is_err() {
            // A segment that does not open is left as it was, so that it can be tried again.
            let Some(nonce) = attempt.if_truncated else {
                return Err(Error::DecryptFailed);
            };
            self.decrypt(nonce, body, tag)?;
            buffer.clear();
            return Err(Error::Truncated);
        }
        buffer.truncate(length);
        Ok(())
    }

    fn decrypt(&self, nonce: Nonce, body: &mut [u8], tag: &[u8; TAG_BYTES]) -> Result<()> {
        self.0
            .open(&nonce.into_bytes(), &[], body, tag)
            .map_err(|_| Error::DecryptFailed)
    }
}

impl fmt::Debug for SegmentCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SegmentCipher(..)")
    }
}
