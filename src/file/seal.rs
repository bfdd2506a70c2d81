//! Sealing a file from its first byte to its last.

use super::{
    header::Header,
    layout::{LAST_INDEX, MAX_SEGMENTS},
    nonce::Nonce,
    segment_size::SegmentSize,
};
use crate::error::{Error, Result};

/// Hands out the nonce of one segment after the other, each of them once.
///
/// The caller looks ahead: it must know of each segment whether it is the last, and the last consumes the sealer.
#[derive(Debug)]
pub struct Sealer {
    header: Header,
    size: SegmentSize,
    index: u32,
}

impl Sealer {
    /// Of a new file, which starts with `header`.
    #[must_use]
    pub const fn new(header: Header, size: SegmentSize) -> Self {
        Self { header, size, index: 0 }
    }

    /// What the file starts with.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of plaintext that the next segment takes.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.size.capacity(self.index)
    }

    /// The nonce of the next segment, which has `length` bytes of plaintext and is not the last.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] unless `length` is [`Self::capacity`], [`Error::TooLarge`] when the file cannot go on. The
    /// sealer stays as it was.
    pub fn next_segment(&mut self, length: usize) -> Result<Nonce> {
        let nonce = nonce(&self.header, self.size, self.index, false, length)?;
        self.index = self.index.saturating_add(1);
        Ok(nonce)
    }

    /// The nonce of the last segment, which has `length` bytes of plaintext: none only if the file is empty.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when `length` is above [`Self::capacity`] or 0 behind other segments.
    pub fn last_segment(self, length: usize) -> Result<Nonce> {
        nonce(&self.header, self.size, self.index, true, length)
    }
}

/// The nonce of any segment, once its length is known to be right.
pub(super) fn nonce(header: &Header, size: SegmentSize, index: u32, last: bool, length: usize) -> Result<Nonce> {
    if index > LAST_INDEX || (index == LAST_INDEX && !last) {
        let limit = u64::from(MAX_SEGMENTS).saturating_mul(u64::from(size.bytes()));
        return Err(Error::TooLarge {
            limit,
            actual: limit.saturating_add(1),
        });
    }
    let capacity = size.capacity(index);
    if length > capacity || (!last && length < capacity) {
        return Err(Error::InvalidArgument("every segment but the last is full"));
    }
    if length == 0 && index > 0 {
        return Err(Error::InvalidArgument("only an empty file has an empty segment"));
    }
    Ok(Nonce::new(header, index, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::HEADER_RANDOM_BYTES;

    fn sealer(index: u32) -> Sealer {
        let mut sealer = Sealer::new(Header::from_random(&[7; HEADER_RANDOM_BYTES]), SegmentSize::DEFAULT);
        sealer.index = index;
        sealer
    }

    #[test]
    fn every_nonce_is_another() {
        let mut sealer = sealer(0);
        let mut nonces = vec![];
        for _ in 0..300 {
            nonces.push(sealer.next_segment(sealer.capacity()).unwrap().into_bytes());
        }
        nonces.push(sealer.last_segment(1).unwrap().into_bytes());
        nonces.dedup();
        assert_eq!(nonces.len(), 301);
        assert!(nonces.is_sorted_by(|a, b| a[7..] < b[7..]));
    }

    #[test]
    fn lengths_that_are_wrong_use_up_nothing() {
        let mut sealer = sealer(0);
        let capacity = sealer.capacity();
        for length in [0, 1, capacity - 1, capacity + 1, usize::MAX] {
            assert_eq!(sealer.next_segment(length).unwrap_err().code(), "INVALID_ARGUMENT");
        }
        assert_eq!(sealer.next_segment(capacity), Ok(Nonce::new(sealer.header(), 0, false)));
        assert_eq!(sealer.capacity(), capacity + 40);
        assert_eq!(sealer.last_segment(0).unwrap_err().code(), "INVALID_ARGUMENT");
    }

    #[test]
    fn the_last_segment_may_be_empty_only_in_an_empty_file() {
        assert!(sealer(0).last_segment(0).is_ok());
        assert!(sealer(0).last_segment(sealer(0).capacity()).is_ok());
        assert!(sealer(0).last_segment(sealer(0).capacity() + 1).is_err());
        assert!(sealer(1).last_segment(sealer(1).capacity()).is_ok());
    }

    #[test]
    fn the_counters_end_is_kept_for_the_last_segment() {
        let mut sealer = sealer(u32::MAX - 2);
        let capacity = sealer.capacity();
        assert!(sealer.next_segment(capacity).is_ok());
        assert_eq!(sealer.next_segment(capacity).unwrap_err().code(), "TOO_LARGE");
        let nonce = sealer.last_segment(capacity).unwrap().into_bytes();
        assert_eq!(nonce[7..], [0xff, 0xff, 0xff, 0xfe, 1]);
    }
}
