//! Where things lie in a file of known size. All arithmetic on sizes from outside is checked.

use super::{header::HEADER_BYTES, segment_size::SegmentSize};
use crate::error::{Error, Result};

/// Length of a segment's authentication tag in bytes.
pub const TAG_BYTES: usize = 16;
/// Most segments in one file. The index of the last is 2^32 - 2.
pub const MAX_SEGMENTS: u32 = u32::MAX;
/// The highest index, which only a last segment may have.
pub(super) const LAST_INDEX: u32 = MAX_SEGMENTS - 1;

const HEADER: u64 = HEADER_BYTES as u64;
const TAG: u64 = TAG_BYTES as u64;

/// Where the ciphertext of one segment lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The segment's index, from 0.
    pub index: u32,
    /// Where its ciphertext starts in the file, in bytes. Segment 0 starts behind the header.
    pub offset: u64,
    /// Bytes of its ciphertext, tag included.
    pub length: usize,
    /// Whether it is the file's last segment.
    pub last: bool,
}

/// The layout of one file: its segment size and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    size: SegmentSize,
    segments: u32,
    encrypted: u64,
}

impl Layout {
    /// The layout of a file that holds `plaintext` bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it would have more than [`MAX_SEGMENTS`].
    pub fn of_plaintext(plaintext: u64, size: SegmentSize) -> Result<Self> {
        let per_segment = u64::from(size.bytes()).saturating_sub(TAG);
        let limit = u64::from(MAX_SEGMENTS)
            .saturating_mul(per_segment)
            .saturating_sub(HEADER);
        let too_large = Error::TooLarge {
            limit,
            actual: plaintext,
        };
        if plaintext > limit {
            return Err(too_large);
        }
        // The header takes the place of plaintext in cell 0, so both together fill cells of S-16 bytes.
        let segments = plaintext.saturating_add(HEADER).div_ceil(per_segment);
        let encrypted = segments
            .saturating_mul(TAG)
            .saturating_add(HEADER)
            .saturating_add(plaintext);
        let segments = u32::try_from(segments).map_err(|_| too_large)?;
        Ok(Self {
            size,
            segments,
            encrypted,
        })
    }

    /// The layout of a file that is `encrypted` bytes long.
    ///
    /// # Errors
    /// [`Error::Truncated`] when no file has that length, because its last segment would have no room for a tag;
    /// [`Error::TooLarge`] when it would have more than [`MAX_SEGMENTS`].
    pub fn of_encrypted(encrypted: u64, size: SegmentSize) -> Result<Self> {
        let segment = u64::from(size.bytes());
        let segments = u32::try_from(encrypted.div_ceil(segment)).map_err(|_| Error::TooLarge {
            limit: u64::from(MAX_SEGMENTS).saturating_mul(segment),
            actual: encrypted,
        })?;
        let layout = Self {
            size,
            segments,
            encrypted,
        };
        if encrypted < HEADER || layout.last().length < TAG_BYTES {
            return Err(Error::Truncated);
        }
        Ok(layout)
    }

    /// The file's length in bytes.
    #[must_use]
    pub const fn encrypted_size(&self) -> u64 {
        self.encrypted
    }

    /// The length of its plaintext in bytes.
    #[must_use]
    pub fn decrypted_size(&self) -> u64 {
        let tags = u64::from(self.segments).saturating_mul(TAG);
        self.encrypted.saturating_sub(HEADER).saturating_sub(tags)
    }

    /// How many segments it has, at least one.
    #[must_use]
    pub const fn segments(&self) -> u32 {
        self.segments
    }

    /// Where segment `index` lies, if the file has it.
    #[must_use]
    pub fn cell(&self, index: u32) -> Option<Cell> {
        (index < self.segments).then(|| self.cell_at(index))
    }

    /// Where its last segment lies.
    #[must_use]
    pub fn last(&self) -> Cell {
        self.cell_at(self.segments.saturating_sub(1))
    }

    /// The segment that holds the byte of plaintext at `offset`, or would hold it if the file went on.
    pub(super) fn segment_of(&self, offset: u64) -> u64 {
        offset.saturating_add(HEADER) / u64::from(self.size.bytes()).saturating_sub(TAG)
    }

    /// Where the plaintext of segment `index` starts.
    pub(super) fn plaintext_offset(&self, index: u32) -> u64 {
        let per_segment = u64::from(self.size.bytes()).saturating_sub(TAG);
        u64::from(index).saturating_mul(per_segment).saturating_sub(HEADER)
    }

    fn cell_at(&self, index: u32) -> Cell {
        let segment = u64::from(self.size.bytes());
        let start = u64::from(index).saturating_mul(segment);
        let offset = start.max(HEADER);
        let end = start.saturating_add(segment).min(self.encrypted);
        Cell {
            index,
            offset,
            // At most a segment, so it fits.
            length: usize::try_from(end.saturating_sub(offset)).unwrap_or(0),
            last: index == self.segments.saturating_sub(1),
        }
    }
}

/// Bytes of the file that holds `plaintext` bytes.
///
/// # Errors
/// [`Error::InvalidSegmentSize`]; [`Error::TooLarge`] when it would have more than [`MAX_SEGMENTS`].
pub fn encrypted_size(plaintext: u64, segment_size_bytes: u32) -> Result<u64> {
    let size = SegmentSize::new(segment_size_bytes)?;
    Layout::of_plaintext(plaintext, size).map(|layout| layout.encrypted_size())
}

/// Bytes of plaintext in a file of `encrypted` bytes. Only its last segment can vouch for that.
///
/// # Errors
/// [`Error::InvalidSegmentSize`]; [`Error::Truncated`] when no file has that length; [`Error::TooLarge`].
pub fn decrypted_size(encrypted: u64, segment_size_bytes: u32) -> Result<u64> {
    let size = SegmentSize::new(segment_size_bytes)?;
    Layout::of_encrypted(encrypted, size).map(|layout| layout.decrypted_size())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: u64 = 4096;

    #[test]
    fn sizes_around_every_edge() {
        for (plaintext, encrypted, segments) in [
            (0, 56, 1),
            (1, 57, 1),
            (S - 57, S - 1, 1),
            (S - 56, S, 1),
            (S - 55, S + 17, 2),
            (S - 17, S + 55, 2),
            (S - 16, S + 56, 2),
            (S, S + 72, 2),
            (2 * S - 73, 2 * S - 1, 2),
            (2 * S - 72, 2 * S, 2),
            (2 * S - 71, 2 * S + 17, 3),
        ] {
            let layout = Layout::of_plaintext(plaintext, SegmentSize::new(4096).unwrap()).unwrap();
            assert_eq!(
                (layout.encrypted_size(), layout.segments()),
                (encrypted, segments),
                "{plaintext}"
            );
            assert_eq!(encrypted_size(plaintext, 4096), Ok(encrypted));
            assert_eq!(decrypted_size(encrypted, 4096), Ok(plaintext));
        }
    }

    #[test]
    fn lengths_that_no_file_has() {
        for encrypted in [0, 1, 39, 40, 55, S + 1, S + 15, 2 * S + 1, 2 * S + 15] {
            assert_eq!(decrypted_size(encrypted, 4096), Err(Error::Truncated), "{encrypted}");
        }
        // An empty last segment behind a full one: no writer makes it, Tink reads it.
        assert_eq!(decrypted_size(S + 16, 4096), Ok(S - 56));
    }

    #[test]
    fn the_largest_file() {
        let limit = u64::from(u32::MAX) * (S - 16) - 40;
        let encrypted = encrypted_size(limit, 4096).unwrap();
        assert_eq!(encrypted, u64::from(u32::MAX) * S);
        assert_eq!(decrypted_size(encrypted, 4096), Ok(limit));
        let actual = limit + 1;
        assert_eq!(encrypted_size(actual, 4096), Err(Error::TooLarge { limit, actual }));
        assert_eq!(encrypted_size(u64::MAX, 4096).unwrap_err().code(), "TOO_LARGE");
        assert_eq!(decrypted_size(encrypted + 16, 4096).unwrap_err().code(), "TOO_LARGE");
        assert_eq!(decrypted_size(u64::MAX, 1 << 20).unwrap_err().code(), "TOO_LARGE");
    }

    #[test]
    fn cells_cover_the_file_behind_its_header() {
        let layout = Layout::of_plaintext(10_000, SegmentSize::new(4096).unwrap()).unwrap();
        let mut end = 40;
        for index in 0..layout.segments() {
            let cell = layout.cell(index).unwrap();
            assert_eq!((cell.index, cell.offset, cell.last), (index, end, index == 2));
            end += u64::try_from(cell.length).unwrap();
        }
        assert_eq!(end, layout.encrypted_size());
        assert_eq!(layout.cell(3), None);
    }

    proptest! {
        #[test]
        fn sizes_invert(plaintext in 0..=1_u64 << 43, segment in 4096_u32..=1 << 20) {
            let encrypted = encrypted_size(plaintext, segment).unwrap();
            prop_assert_eq!(decrypted_size(encrypted, segment), Ok(plaintext));
            prop_assert!(encrypted_size(plaintext + 1, segment).unwrap() > encrypted);
        }

        #[test]
        fn any_length_is_laid_out_or_refused(encrypted: u64, segment: u32) {
            if let Ok(plaintext) = decrypted_size(encrypted, segment) {
                prop_assert!(plaintext < encrypted);
            }
        }
    }
}
