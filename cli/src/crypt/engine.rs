//! The cipher of segments: AWS-LC's AES-256-GCM, or the core's own without the feature `native-aes`.
//!
//! AWS-LC picks the widest AES and carry-less multiplication instructions that the machine has, and wipes its key schedule
//! when freed. It takes nothing but nonces that the core hands out, each of which it consumes.

#[cfg(not(feature = "native-aes"))]
pub(crate) use hushroom::file::SegmentCipher as CoreEngine;

use hushroom::{
    file::{Attempt, Nonce, SegmentKey},
    Result,
};

/// Seals and opens the segments of one file in place.
pub(crate) struct Engine(
    #[cfg(feature = "native-aes")] native::Cipher,
    #[cfg(not(feature = "native-aes"))] CoreEngine,
);

impl Engine {
    pub(crate) fn new(key: &SegmentKey) -> Result<Self> {
        #[cfg(feature = "native-aes")]
        return native::Cipher::new(key).map(Self);
        #[cfg(not(feature = "native-aes"))]
        Ok(Self(CoreEngine::new(key)))
    }

    /// Turns the plaintext in `buffer` into a segment: as many bytes of ciphertext, and the tag.
    pub(crate) fn seal(&self, nonce: Nonce, buffer: &mut Vec<u8>) -> Result<()> {
        self.0.seal(nonce, buffer)
    }

    /// Turns the segment in `buffer` into its plaintext. When that fails, `buffer` is empty.
    pub(crate) fn open(&self, attempt: Attempt, buffer: &mut Vec<u8>) -> Result<()> {
        self.0.open(attempt, buffer).inspect_err(|_| buffer.clear())
    }
}

#[cfg(feature = "native-aes")]
mod native {
    use aws_lc_rs::aead::{self, Aad, LessSafeKey, UnboundKey, AES_256_GCM};
    use hushroom::{
        file::{Attempt, Nonce, SegmentKey, TAG_BYTES},
        Error, Result,
    };

    pub(super) struct Cipher(LessSafeKey);

    impl Cipher {
        pub(super) fn new(key: &SegmentKey) -> Result<Self> {
            UnboundKey::new(&AES_256_GCM, key.expose())
                .map(|key| Self(LessSafeKey::new(key)))
                .map_err(|_| Error::Internal("key"))
        }

        pub(super) fn seal(&self, nonce: Nonce, buffer: &mut Vec<u8>) -> Result<()> {
            self.0
                .seal_in_place_append_tag(of(nonce), Aad::empty(), buffer)
                .map_err(|_| Error::Internal("seal"))
        }

        pub(super) fn open(&self, attempt: Attempt, buffer: &mut Vec<u8>) -> Result<()> {
            let length = buffer.len().checked_sub(TAG_BYTES).ok_or(Error::DecryptFailed)?;
            // A failed try leaves nothing to try again: of the one segment that may need it, a copy is kept.
            let second = attempt.if_truncated.map(|nonce| (nonce, buffer.clone()));
            if self.try_open(attempt.nonce, buffer).is_err() {
                let (nonce, mut copy) = second.ok_or(Error::DecryptFailed)?;
                let truncated = self.try_open(nonce, &mut copy).is_ok();
                zeroize::Zeroize::zeroize(&mut copy);
                return Err(if truncated {
                    Error::Truncated
                } else {
                    Error::DecryptFailed
                });
            }
            buffer.truncate(length);
            Ok(())
        }

        fn try_open(&self, nonce: Nonce, buffer: &mut [u8]) -> Result<()> {
            self.0
                .open_in_place(of(nonce), Aad::empty(), buffer)
                .map(|_| ())
                .map_err(|_| Error::DecryptFailed)
        }
    }

    fn of(nonce: Nonce) -> aead::Nonce {
        aead::Nonce::assume_unique_for_key(nonce.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use hushroom::{
        file::{Header, Opener, Sealer, SegmentCipher, SegmentSize, HEADER_RANDOM_BYTES},
        secret::Key,
        Error,
    };

    use super::*;

    fn key(header: &Header) -> SegmentKey {
        SegmentKey::derive(&Key::from_slice(&[7; 32]).unwrap(), header, b"aad").unwrap()
    }

    #[test]
    fn it_is_the_cores_cipher_byte_for_byte() {
        let header = Header::from_random(&[9; HEADER_RANDOM_BYTES]);
        let size = SegmentSize::new(4096).unwrap();
        let (engine, core) = (Engine::new(&key(&header)).unwrap(), SegmentCipher::new(&key(&header)));
        for length in [0, 1, 15, 16, 17, 1000, size.capacity(0)] {
            let plaintext: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let (mut ours, mut theirs) = (plaintext.clone(), plaintext.clone());
            let nonce = || Sealer::new(header.clone(), size).last_segment(length).unwrap();
            engine.seal(nonce(), &mut ours).unwrap();
            core.seal(nonce(), &mut theirs).unwrap();
            assert_eq!(ours, theirs);
            let attempt = Opener::new(header.clone(), size)
                .next_segment(ours.len(), true)
                .unwrap();
            engine.open(attempt, &mut ours).unwrap();
            assert_eq!(ours, plaintext);
        }
    }

    #[test]
    fn a_segment_that_others_follow_is_told_from_a_changed_one() {
        let header = Header::from_random(&[9; HEADER_RANDOM_BYTES]);
        let size = SegmentSize::new(4096).unwrap();
        let engine = Engine::new(&key(&header)).unwrap();
        let mut sealer = Sealer::new(header.clone(), size);
        let mut segment = vec![1; sealer.capacity()];
        engine
            .seal(sealer.next_segment(segment.len()).unwrap(), &mut segment)
            .unwrap();
        let attempt = |last| {
            Opener::new(header.clone(), size)
                .next_segment(segment.len(), last)
                .unwrap()
        };
        for (flip, last, expected) in [
            (false, false, Ok(())),
            (false, true, Err(Error::Truncated)),
            (true, true, Err(Error::DecryptFailed)),
            (true, false, Err(Error::DecryptFailed)),
        ] {
            let mut buffer = segment.clone();
            buffer[0] ^= u8::from(flip);
            let result = engine.open(attempt(last), &mut buffer);
            assert_eq!(result, expected);
            assert_eq!(buffer.is_empty(), result.is_err());
        }
    }
}
