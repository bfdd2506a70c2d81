//! How large a segment is: a parameter of the format that both sides must know, as it is not stored in the file.

use super::{header::HEADER_BYTES, layout::TAG_BYTES};
use crate::error::{Error, Result};

/// Smallest segment size that is accepted, in bytes of ciphertext.
pub const MIN_SEGMENT_SIZE_BYTES: u32 = 4 * 1024;
/// Largest segment size that is accepted, in bytes of ciphertext: what a reader buffers before it can check a tag.
pub const MAX_SEGMENT_SIZE_BYTES: u32 = 1024 * 1024;
/// The segment size of files outside rooms unless another is asked for. WebCrypto is fastest around here.
pub const DEFAULT_SEGMENT_SIZE_BYTES: u32 = 256 * 1024;
/// The segment size of files in rooms: one segment fits one frame.
pub const ROOM_SEGMENT_SIZE_BYTES: u32 = 64 * 1024;

/// Below this, segment 0 would have no room for plaintext.
const TINK_MIN_BYTES: u32 = (HEADER_BYTES + TAG_BYTES) as u32 + 1;

/// A checked segment size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSize(u32);

impl SegmentSize {
    /// [`DEFAULT_SEGMENT_SIZE_BYTES`].
    pub const DEFAULT: Self = Self(DEFAULT_SEGMENT_SIZE_BYTES);
    /// [`ROOM_SEGMENT_SIZE_BYTES`].
    pub const ROOM: Self = Self(ROOM_SEGMENT_SIZE_BYTES);

    /// A segment of `bytes` of ciphertext, the tag and (in segment 0) the file's header included.
    ///
    /// # Errors
    /// [`Error::InvalidSegmentSize`] outside [`MIN_SEGMENT_SIZE_BYTES`] to [`MAX_SEGMENT_SIZE_BYTES`].
    pub const fn new(bytes: u32) -> Result<Self> {
        Self::within(MIN_SEGMENT_SIZE_BYTES, bytes)
    }

    /// Like [`Self::new`], down to the 57 bytes that Tink itself takes: for its key sets with tiny segments, as its test
    /// vectors have them. They cost 16 bytes each, so no file should be written with them.
    ///
    /// # Errors
    /// [`Error::InvalidSegmentSize`] outside 57 to [`MAX_SEGMENT_SIZE_BYTES`].
    pub const fn of_tink(bytes: u32) -> Result<Self> {
        Self::within(TINK_MIN_BYTES, bytes)
    }

    const fn within(min: u32, actual: u32) -> Result<Self> {
        let max = MAX_SEGMENT_SIZE_BYTES;
        if actual < min || actual > max {
            return Err(Error::InvalidSegmentSize { min, max, actual });
        }
        Ok(Self(actual))
    }

    /// In bytes of ciphertext.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.0
    }

    /// Bytes of ciphertext, tag included, that segment `index` has when it is full.
    #[must_use]
    pub const fn full(self, index: u32) -> usize {
        let header = if index == 0 { HEADER_BYTES } else { 0 };
        (self.0 as usize).saturating_sub(header)
    }

    /// Bytes of plaintext that segment `index` has when it is full.
    #[must_use]
    pub const fn capacity(self, index: u32) -> usize {
        self.full(index).saturating_sub(TAG_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for bytes in [4096, 4097, 65_536, 1 << 20] {
            assert_eq!(SegmentSize::new(bytes).unwrap().bytes(), bytes);
        }
        for actual in [0, 1, 56, 57, 4095, (1 << 20) + 1, u32::MAX] {
            let (min, max) = (4096, 1 << 20);
            assert_eq!(
                SegmentSize::new(actual),
                Err(Error::InvalidSegmentSize { min, max, actual })
            );
        }
        assert_eq!(SegmentSize::of_tink(57).unwrap().capacity(0), 1);
        assert_eq!(SegmentSize::of_tink(56).unwrap_err().code(), "INVALID_SEGMENT_SIZE");
        assert_eq!(
            SegmentSize::of_tink((1 << 20) + 1).unwrap_err().code(),
            "INVALID_SEGMENT_SIZE"
        );
    }

    #[test]
    fn segment_0_shares_its_cell_with_the_header() {
        let size = SegmentSize::DEFAULT;
        assert_eq!((size.full(0), size.capacity(0)), (262_104, 262_088));
        assert_eq!((size.full(1), size.capacity(1)), (262_144, 262_128));
    }
}
