//! Sealing and opening under the room's key, and what was opened already.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::{
    encoding,
    error::{Error, Result},
    file::{Nonce, SegmentCipher, SegmentKey, NONCE_BYTES},
    secret::Key,
};

/// Twelve random bytes, new for everything that is sealed.
pub(super) type Iv = [u8; NONCE_BYTES];

/// The room's cipher. Neither kind nor sender nor place is bound to what it seals: that is how Arthas is.
pub(super) struct RoomCipher(SegmentCipher);

impl RoomCipher {
    pub(super) fn new(key: &Key) -> Result<Self> {
        Ok(Self(SegmentCipher::new(&SegmentKey::whole(key)?)))
    }

    pub(super) fn seal(&self, iv: Iv, plaintext: Vec<u8>) -> Result<Vec<u8>> {
        // With room for the tag, so that the plaintext is not moved, and left behind.
        let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len().saturating_add(16)));
        buffer.extend_from_slice(&Zeroizing::new(plaintext));
        self.0.seal(Nonce::from_random(iv), &mut buffer)?;
        Ok(core::mem::take(&mut buffer))
    }

    pub(super) fn open(&self, iv: Iv, ciphertext: Vec<u8>) -> Result<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(ciphertext);
        self.0.open(Nonce::from_random(iv).into(), &mut buffer)?;
        Ok(buffer)
    }
}

/// Reads the base64url of an IV.
pub(super) fn decode_iv(text: &str) -> Result<Iv> {
    const WRONG: Error = Error::InvalidMessage("an iv is 16 characters of base64url");
    encoding::decode(text).and_then(|iv| iv.try_into().ok()).ok_or(WRONG)
}

/// Reads the base64url of a ciphertext.
pub(super) fn decode_ciphertext(text: &str) -> Result<Vec<u8>> {
    encoding::decode(text).ok_or(Error::InvalidMessage("the ciphertext is not base64url"))
}

/// The IVs of what was opened and of what we sealed: what comes again was replayed, or put in the place of something else.
/// Only what has opened gets in, so nobody without the key can push anything out.
#[derive(Default)]
pub(super) struct Seen {
    /// Sorted.
    ivs: Vec<Iv>,
    order: VecDeque<Iv>,
}

/// Most IVs remembered.
const MAX_SEEN: usize = 8192;

impl Seen {
    pub(super) fn has(&self, iv: &Iv) -> bool {
        self.ivs.binary_search(iv).is_ok()
    }

    /// Whether it is new.
    pub(super) fn insert(&mut self, iv: Iv) -> bool {
        let Err(at) = self.ivs.binary_search(&iv) else {
            return false;
        };
        self.ivs.insert(at, iv);
        self.order.push_back(iv);
        if self.order.len() > MAX_SEEN {
            let oldest = self.order.pop_front();
            if let Some(at) = oldest.and_then(|oldest| self.ivs.binary_search(&oldest).ok()) {
                self.ivs.remove(at);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ivs_are_remembered() {
        let iv = |count: usize| {
            let mut iv = [0; NONCE_BYTES];
            // Not in order.
            iv[..8].copy_from_slice(&(count as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
            iv
        };
        let mut seen = Seen::default();
        assert!((0..=MAX_SEEN).all(|count| seen.insert(iv(count))));
        assert!(!seen.has(&iv(0)) && (1..=MAX_SEEN).all(|count| seen.has(&iv(count))));
        assert!(!seen.insert(iv(5)));
        assert_eq!((seen.ivs.len(), seen.order.len()), (MAX_SEEN, MAX_SEEN));
    }

    #[test]
    fn what_was_sealed_opens_and_nothing_else() {
        let cipher = RoomCipher::new(&Key::take(&mut [1; 32])).unwrap();
        let sealed = cipher.seal([2; 12], b"hello".to_vec()).unwrap();
        assert_eq!(*cipher.open([2; 12], sealed.clone()).unwrap(), *b"hello");
        assert!(cipher.open([3; 12], sealed.clone()).is_err());
        assert!((0..sealed.len()).all(|end| cipher.open([2; 12], sealed[..end].to_vec()).is_err()));
    }
}
