//! Sealing and opening segments in any order, and again: how rooms send files.

use core::fmt;

use super::{
    header::Header,
    layout::TAG_BYTES,
    nonce::{Attempt, Nonce},
    open, seal,
    segment_size::SegmentSize,
    tags::Tags,
};
use crate::error::{Error, Result};

/// Seals any segment at any time, so that a lost one can be sent again without having been kept.
///
/// Sealing one again is safe only if its plaintext is the same: a nonce that meets two plaintexts gives both away. So what
/// was sealed must pass [`Self::release`] before anybody sees it, and that lets through nothing but what it let through
/// before. A segment that was sealed but not released never leaves the machine.
pub struct IndexedSealer {
    header: Header,
    size: SegmentSize,
    released: Tags,
    /// One past the highest index released.
    length: u32,
    /// The index of the last segment, once that was released.
    last: Option<u32>,
}

impl IndexedSealer {
    /// Of a file that starts with `header`, of which no segment was ever released by another.
    #[must_use]
    pub fn new(header: Header, size: SegmentSize) -> Self {
        Self {
            header,
            size,
            released: Tags::default(),
            length: 0,
            last: None,
        }
    }

    /// What the file starts with.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The nonce of segment `index`, which has `length` bytes of plaintext.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a length that segment cannot have, [`Error::TooLarge`] for an index no file has.
    pub fn nonce(&self, index: u32, last: bool, length: usize) -> Result<Nonce> {
        seal::nonce(&self.header, self.size, index, last, length)
    }

    /// Whether `segment`, just sealed as segment `index`, may leave the machine.
    ///
    /// # Errors
    /// [`Error::SourceChanged`] when another was released for that index before, or when the file's end has moved.
    pub fn release(&mut self, index: u32, last: bool, segment: &[u8]) -> Result<()> {
        let tag = segment.last_chunk::<TAG_BYTES>().ok_or(Error::Internal("tag"))?;
        let beyond = self.last.is_some_and(|end| index > end);
        let moved = last && (self.last.is_some_and(|end| index != end) || index < self.length.saturating_sub(1));
        // The last flag is part of the nonce, so another flag is another tag.
        if beyond || moved || !self.released.admit(index, tag) {
            return Err(Error::SourceChanged);
        }
        self.length = self.length.max(index.saturating_add(1));
        if last {
            self.last = Some(index);
        }
        Ok(())
    }
}

impl fmt::Debug for IndexedSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedSealer")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Says how any segment is opened.
#[derive(Debug)]
pub struct IndexedOpener {
    header: Header,
    size: SegmentSize,
}

impl IndexedOpener {
    /// Of a file that starts with `header`.
    #[must_use]
    pub const fn new(header: Header, size: SegmentSize) -> Self {
        Self { header, size }
    }

    /// How to open segment `index`, of `length` bytes.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a length that segment cannot have, [`Error::Truncated`] without room for a tag,
    /// [`Error::TooLarge`] for an index no file has.
    pub fn attempt(&self, index: u32, last: bool, length: usize) -> Result<Attempt> {
        open::attempt(&self.header, self.size, index, last, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        file::{SegmentCipher, SegmentKey, HEADER_RANDOM_BYTES},
        secret::Key,
    };

    struct Source {
        sealer: IndexedSealer,
        cipher: SegmentCipher,
    }

    impl Source {
        fn new() -> Self {
            let header = Header::from_random(&[7; HEADER_RANDOM_BYTES]);
            let key = Key::from_slice(&[1; 32]).unwrap();
            Self {
                cipher: SegmentCipher::new(&SegmentKey::derive(&key, &header, b"").unwrap()),
                sealer: IndexedSealer::new(header, SegmentSize::new(4096).unwrap()),
            }
        }

        fn send(&mut self, index: u32, last: bool, plaintext: &[u8]) -> Result<Vec<u8>> {
            let mut buffer = plaintext.to_vec();
            let nonce = self.sealer.nonce(index, last, buffer.len())?;
            self.cipher.seal(nonce, &mut buffer)?;
            self.sealer.release(index, last, &buffer)?;
            Ok(buffer)
        }
    }

    #[test]
    fn the_same_plaintext_may_go_out_again_and_no_other() {
        let mut source = Source::new();
        let first = source.send(1, false, &[1; 4080]).unwrap();
        assert_eq!(source.send(1, false, &[1; 4080]).unwrap(), first);
        let mut changed = [1; 4080];
        changed[4079] ^= 1;
        assert_eq!(source.send(1, false, &changed), Err(Error::SourceChanged));
        assert_eq!(source.send(1, true, &[1; 4080]), Err(Error::SourceChanged));
        assert_eq!(source.send(1, false, &[1; 4080]).unwrap(), first);
    }

    #[test]
    fn the_end_does_not_move() {
        let mut source = Source::new();
        assert!(source.send(3, false, &[1; 4080]).is_ok());
        assert_eq!(source.send(2, true, &[1; 4080]), Err(Error::SourceChanged));
        assert!(source.send(5, true, &[1; 20]).is_ok());
        assert_eq!(source.send(5, true, &[1; 21]), Err(Error::SourceChanged));
        assert_eq!(source.send(6, true, &[1; 20]), Err(Error::SourceChanged));
        assert_eq!(source.send(6, false, &[1; 4080]), Err(Error::SourceChanged));
        assert_eq!(source.send(4, true, &[1; 20]), Err(Error::SourceChanged));
        assert!(source.send(5, true, &[1; 20]).is_ok());
        assert!(source.send(4, false, &[1; 4080]).is_ok());
    }

    #[test]
    fn a_last_segment_that_was_refused_leaves_no_trace() {
        let mut source = Source::new();
        assert!(source.send(1, false, &[1; 4080]).is_ok());
        assert_eq!(source.send(0, true, &[1; 20]), Err(Error::SourceChanged));
        assert!(source.send(0, false, &[2; 4040]).is_ok());
    }

    #[test]
    fn segments_open_in_any_order() {
        let mut source = Source::new();
        let opener = IndexedOpener::new(source.sealer.header().clone(), SegmentSize::new(4096).unwrap());
        for (index, last, length) in [(7, true, 1), (0, false, 4040), (3, false, 4080)] {
            let mut segment = source.send(index, last, &vec![9; length]).unwrap();
            let attempt = opener.attempt(index, last, segment.len()).unwrap();
            source.cipher.open(attempt, &mut segment).unwrap();
            assert_eq!(segment, vec![9; length]);
        }
        assert_eq!(opener.attempt(0, true, 15), Err(Error::Truncated));
        assert_eq!(opener.attempt(u32::MAX, true, 16).unwrap_err().code(), "TOO_LARGE");
        assert_eq!(source.sealer.nonce(u32::MAX, true, 1).unwrap_err().code(), "TOO_LARGE");
        assert_eq!(
            source.sealer.nonce(u32::MAX - 1, false, 4080).unwrap_err().code(),
            "TOO_LARGE"
        );
    }
}
