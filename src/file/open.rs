//! Opening a file from its first byte to its last.

use super::{
    header::Header,
    layout::{LAST_INDEX, MAX_SEGMENTS, TAG_BYTES},
    nonce::Attempt,
    segment_size::SegmentSize,
};
use crate::error::{Error, Result};

/// Says of one segment after the other how it is opened.
///
/// The caller looks ahead: it says of each segment whether anything follows it in the input. Plaintext may be used once its
/// segment has opened, but it is the whole file only once the last segment has.
#[derive(Debug)]
pub struct Opener {
    header: Header,
    size: SegmentSize,
    index: u32,
    finished: bool,
}

impl Opener {
    /// Of a file that starts with `header`.
    #[must_use]
    pub const fn new(header: Header, size: SegmentSize) -> Self {
        Self {
            header,
            size,
            index: 0,
            finished: false,
        }
    }

    /// Bytes of ciphertext, tag included, that the next segment has unless it is the last.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.size.full(self.index)
    }

    /// How to open the next segment, of `length` bytes. `last` says that nothing follows it.
    ///
    /// # Errors
    /// [`Error::Truncated`] when the last one has no room for its tag; [`Error::DecryptFailed`] for anything behind the last
    /// one; [`Error::TooLarge`] when a file cannot have that many; [`Error::InvalidArgument`] when the caller cut it wrong.
    pub fn next_segment(&mut self, length: usize, last: bool) -> Result<Attempt> {
        if self.finished {
            return Err(Error::DecryptFailed);
        }
        let attempt = attempt(&self.header, self.size, self.index, last, length)?;
        self.index = self.index.saturating_add(1);
        self.finished = last;
        Ok(attempt)
    }
}

/// How to open any segment, once its length is known to be right.
pub(super) fn attempt(header: &Header, size: SegmentSize, index: u32, last: bool, length: usize) -> Result<Attempt> {
    if index > LAST_INDEX {
        let limit = u64::from(MAX_SEGMENTS).saturating_mul(u64::from(size.bytes()));
        return Err(Error::TooLarge {
            limit,
            actual: limit.saturating_add(1),
        });
    }
    let full = size.full(index);
    if length > full || (!last && length < full) {
        return Err(Error::InvalidArgument("every segment but the last is full"));
    }
    if length < TAG_BYTES {
        return Err(Error::Truncated);
    }
    Ok(Attempt::new(header, index, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::HEADER_RANDOM_BYTES;

    fn opener() -> Opener {
        Opener::new(Header::from_random(&[7; HEADER_RANDOM_BYTES]), SegmentSize::ROOM)
    }

    #[test]
    fn segments_are_counted_and_the_last_one_ends_it() {
        let mut opener = opener();
        let header = opener.header.clone();
        assert_eq!(opener.capacity(), 65_496);
        assert_eq!(opener.next_segment(65_496, false), Ok(Attempt::new(&header, 0, false)));
        assert_eq!(opener.capacity(), 65_536);
        assert_eq!(opener.next_segment(17, true), Ok(Attempt::new(&header, 1, true)));
        assert_eq!(opener.next_segment(65_536, false), Err(Error::DecryptFailed));
        assert_eq!(opener.next_segment(16, true), Err(Error::DecryptFailed));
    }

    #[test]
    fn lengths() {
        for length in 0..TAG_BYTES {
            assert_eq!(opener().next_segment(length, true), Err(Error::Truncated));
        }
        for (length, last) in [
            (65_495, false),
            (0, false),
            (65_497, false),
            (65_497, true),
            (usize::MAX, true),
        ] {
            assert_eq!(
                opener().next_segment(length, last).unwrap_err().code(),
                "INVALID_ARGUMENT"
            );
        }
    }

    #[test]
    fn the_counter_does_not_wrap() {
        let mut opener = opener();
        opener.index = u32::MAX - 1;
        assert!(opener.next_segment(65_536, false).is_ok());
        assert_eq!(opener.next_segment(65_536, true).unwrap_err().code(), "TOO_LARGE");
    }
}
