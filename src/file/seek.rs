//! Opening a part of a file.

use core::ops::{Range, RangeInclusive};

use super::{
    header::Header,
    layout::{Cell, Layout},
    nonce::Attempt,
    open,
    segment_size::SegmentSize,
};
use crate::error::{Error, Result};

/// Says which segments hold a range of the plaintext, and how they are opened.
///
/// The last segment comes first: unless it opens as the last, the file is not as long as the input claims, and whoever keeps
/// it could have cut it. Until [`Self::verified`] is called nothing else is handed out.
#[derive(Debug)]
pub struct RangeOpener {
    header: Header,
    size: SegmentSize,
    layout: Layout,
    verified: bool,
}

impl RangeOpener {
    /// Of a file of `encrypted_size` bytes that starts with `header`.
    ///
    /// # Errors
    /// [`Error::Truncated`] when no file has that length, [`Error::TooLarge`].
    pub fn new(header: Header, size: SegmentSize, encrypted_size: u64) -> Result<Self> {
        Ok(Self {
            header,
            size,
            layout: Layout::of_encrypted(encrypted_size, size)?,
            verified: false,
        })
    }

    /// The segment to open first.
    #[must_use]
    pub fn last(&self) -> Cell {
        self.layout.last()
    }

    /// The last segment has opened.
    pub fn verified(&mut self) {
        self.verified = true;
    }

    /// The indices of the segments that hold the plaintext from `range.start` to before `range.end`; none for no bytes.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when it does not lie within the plaintext, [`Error::InvalidState`] before [`Self::verified`].
    pub fn segments(&self, range: &Range<u64>) -> Result<Range<u32>> {
        self.check()?;
        let size = self.layout.decrypted_size();
        let Range { start, end } = *range;
        if start > end || end > size {
            return Err(Error::OutOfRange { start, end, size });
        }
        if start == end {
            return Ok(0..0);
        }
        // Both lie within the file, so they are indices.
        let index = |offset| u32::try_from(self.layout.segment_of(offset)).map_err(|_| Error::Internal("segment"));
        let touched: RangeInclusive<u32> = index(start)?..=index(end.saturating_sub(1))?;
        Ok(*touched.start()..touched.end().saturating_add(1))
    }

    /// Where segment `index` lies.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the file does not have it, [`Error::InvalidState`] before [`Self::verified`].
    pub fn cell(&self, index: u32) -> Result<Cell> {
        self.check()?;
        self.layout.cell(index).ok_or(Error::InvalidArgument("no such segment"))
    }

    /// How to open segment `index`, of `length` bytes.
    ///
    /// # Errors
    /// [`Error::Truncated`] when it is shorter than its cell, [`Error::InvalidArgument`] when it is longer or the file does
    /// not have it, [`Error::InvalidState`] for any but the last before [`Self::verified`].
    pub fn attempt(&self, index: u32, length: usize) -> Result<Attempt> {
        let last = self.last();
        let cell = if index == last.index { last } else { self.cell(index)? };
        if length < cell.length {
            return Err(Error::Truncated);
        }
        if length > cell.length {
            return Err(Error::InvalidArgument("more bytes than the segment has"));
        }
        open::attempt(&self.header, self.size, index, cell.last, length)
    }

    /// Which part of the plaintext of segment `index` lies in `range`, and where in it.
    #[must_use]
    pub fn part(&self, index: u32, range: &Range<u64>) -> Part {
        let offset = self.layout.plaintext_offset(index);
        let capacity = self.size.capacity(index);
        let within =
            |position: u64| usize::try_from(position.saturating_sub(offset)).map_or(capacity, |at| at.min(capacity));
        Part {
            of_segment: within(range.start)..within(range.end),
            at: offset.saturating_sub(range.start),
        }
    }

    const fn check(&self) -> Result<()> {
        if self.verified {
            Ok(())
        } else {
            Err(Error::InvalidState("the last segment comes first"))
        }
    }
}

/// What a segment contributes to a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which bytes of the segment's plaintext.
    pub of_segment: Range<usize>,
    /// Where they belong, in bytes from the start of the range.
    pub at: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::HEADER_RANDOM_BYTES;

    const S: u64 = 4096;

    fn range_opener(encrypted_size: u64) -> Result<RangeOpener> {
        let header = Header::from_random(&[7; HEADER_RANDOM_BYTES]);
        RangeOpener::new(header, SegmentSize::new(4096)?, encrypted_size)
    }

    fn verified() -> RangeOpener {
        let mut opener = range_opener(3 * S).unwrap();
        opener.verified();
        opener
    }

    #[test]
    fn nothing_but_the_last_segment_before_it_has_opened() {
        let opener = range_opener(3 * S).unwrap();
        assert_eq!(opener.last().index, 2);
        assert_eq!(opener.attempt(2, 4096), Ok(Attempt::new(&opener.header, 2, true)));
        assert_eq!(opener.attempt(1, 4096).unwrap_err().code(), "INVALID_STATE");
        assert_eq!(opener.cell(1).unwrap_err().code(), "INVALID_STATE");
        assert_eq!(opener.segments(&(0..1)).unwrap_err().code(), "INVALID_STATE");
    }

    #[test]
    fn the_segments_of_a_range() {
        let opener = verified();
        let size = 3 * S - 40 - 3 * 16;
        for (range, expected) in [
            (0..0, 0..0),
            (size..size, 0..0),
            (0..1, 0..1),
            (0..S - 56, 0..1),
            (0..S - 55, 0..2),
            (S - 57..S - 55, 0..2),
            (S - 56..S - 55, 1..2),
            (0..size, 0..3),
            (size - 1..size, 2..3),
        ] {
            assert_eq!(opener.segments(&range), Ok(expected), "{range:?}");
        }
        for (start, end) in [
            (0, size + 1),
            (size + 1, size + 1),
            (2, 1),
            (0, u64::MAX),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(
                opener.segments(&(start..end)),
                Err(Error::OutOfRange { start, end, size })
            );
        }
    }

    #[test]
    fn the_parts_of_segments_make_up_the_range() {
        let opener = verified();
        for (index, range, of_segment, at) in [
            (0, 10..S, 10..4040, 0),
            (1, 10..S, 0..56, 4030),
            (1, 4050..4060, 10..20, 0),
            (2, 0..u64::MAX, 0..4080, 4040 + 4080),
        ] {
            assert_eq!(opener.part(index, &range), Part { of_segment, at }, "{index} {range:?}");
        }
    }

    #[test]
    fn wrong_lengths_and_indices() {
        let opener = verified();
        assert_eq!(opener.attempt(0, 4056), Ok(Attempt::new(&opener.header, 0, false)));
        assert_eq!(opener.attempt(0, 4055), Err(Error::Truncated));
        assert_eq!(opener.attempt(0, 4057).unwrap_err().code(), "INVALID_ARGUMENT");
        assert_eq!(opener.attempt(3, 4096).unwrap_err().code(), "INVALID_ARGUMENT");
        assert_eq!(range_opener(55).unwrap_err(), Error::Truncated);
        assert_eq!(range_opener(S + 15).unwrap_err(), Error::Truncated);
        assert_eq!(range_opener(u64::MAX).unwrap_err().code(), "TOO_LARGE");
    }
}
