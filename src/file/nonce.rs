//! Nonces: made here only, used up by the call that takes them.

use super::header::Header;

/// Length of a nonce in bytes.
pub const NONCE_BYTES: usize = 12;

/// The nonce of one segment. Neither `Clone` nor `Copy`: sealing consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Nonce([u8; NONCE_BYTES]);

impl Nonce {
    pub(super) fn new(header: &Header, index: u32, last: bool) -> Self {
        let [a, b, c, d, e, f, g] = *header.prefix();
        let [i, j, k, l] = index.to_be_bytes();
        Self([a, b, c, d, e, f, g, i, j, k, l, u8::from(last)])
    }

    /// A random nonce, for a chunk of an Arthas file. Must be fresh, or, to open one, what came with the chunk.
    #[must_use]
    pub const fn from_random(bytes: [u8; NONCE_BYTES]) -> Self {
        Self(bytes)
    }

    /// For a cipher that is not [`super::SegmentCipher`]. Must be used for one call only.
    #[must_use]
    pub const fn into_bytes(self) -> [u8; NONCE_BYTES] {
        self.0
    }
}

/// How to open one segment.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The nonce it was sealed with.
    pub nonce: Nonce,
    /// Only for the last segment of the input, when that does not open: the nonce with which it opens if there were others
    /// behind it. Then the input is truncated.
    pub if_truncated: Option<Nonce>,
}

impl From<Nonce> for Attempt {
    fn from(nonce: Nonce) -> Self {
        Self {
            nonce,
            if_truncated: None,
        }
    }
}

impl Attempt {
    pub(super) fn new(header: &Header, index: u32, last: bool) -> Self {
        Self {
            nonce: Nonce::new(header, index, last),
            if_truncated: last.then(|| Nonce::new(header, index, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_counter_and_last_flag() {
        let header = Header::from_random(&core::array::from_fn(|i| u8::try_from(i).unwrap()));
        let bytes = |index, last| Nonce::new(&header, index, last).into_bytes();
        assert_eq!(bytes(0, false), [32, 33, 34, 35, 36, 37, 38, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(0x0102_0304, true), [32, 33, 34, 35, 36, 37, 38, 1, 2, 3, 4, 1]);
        assert_eq!(Attempt::new(&header, 1, false).if_truncated, None);
        assert_eq!(
            Attempt::new(&header, 1, true).if_truncated,
            Some(Nonce::new(&header, 1, false))
        );
    }
}
