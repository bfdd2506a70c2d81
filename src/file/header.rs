//! The 40 bytes in front of the segments. Nothing in them is secret; a changed one fails every segment.

use crate::error::{Error, Result};

/// Length of a header in bytes.
pub const HEADER_BYTES: usize = 40;
/// How many random bytes make a header.
pub const HEADER_RANDOM_BYTES: usize = SALT_BYTES + PREFIX_BYTES;

const SALT_BYTES: usize = 32;
pub(super) const PREFIX_BYTES: usize = 7;
/// The header's own length: the first byte of every file.
const LENGTH_BYTE: u8 = HEADER_BYTES as u8;

/// The header of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    salt: [u8; SALT_BYTES],
    prefix: [u8; PREFIX_BYTES],
}

impl Header {
    /// The header of a new file. `random` must be fresh: two files under one key must never share it.
    #[must_use]
    pub fn from_random(random: &[u8; HEADER_RANDOM_BYTES]) -> Self {
        let mut header = Self {
            salt: [0; SALT_BYTES],
            prefix: [0; PREFIX_BYTES],
        };
        let (salt, prefix) = random.split_at(SALT_BYTES);
        header.salt.copy_from_slice(salt);
        header.prefix.copy_from_slice(prefix);
        header
    }

    /// Reads the header at the start of `file`.
    ///
    /// # Errors
    /// [`Error::Truncated`] when the file is shorter than a header, [`Error::DecryptFailed`] when it starts with something
    /// else.
    pub fn parse(file: &[u8]) -> Result<Self> {
        if file.first().is_some_and(|first| *first != LENGTH_BYTE) {
            return Err(Error::DecryptFailed);
        }
        let random = file.get(1..HEADER_BYTES).and_then(|bytes| bytes.try_into().ok());
        random.map(Self::from_random).ok_or(Error::Truncated)
    }

    /// The bytes a file starts with.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [LENGTH_BYTE; HEADER_BYTES];
        let (_, random) = bytes.split_at_mut(1);
        let (salt, prefix) = random.split_at_mut(SALT_BYTES);
        salt.copy_from_slice(&self.salt);
        prefix.copy_from_slice(&self.prefix);
        bytes
    }

    pub(super) const fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    pub(super) const fn prefix(&self) -> &[u8; PREFIX_BYTES] {
        &self.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_it_parses() {
        let random: [u8; HEADER_RANDOM_BYTES] = core::array::from_fn(|i| u8::try_from(i).unwrap());
        let bytes = Header::from_random(&random).encode();
        assert_eq!(bytes[0], 40);
        assert_eq!(bytes[1..], random);
        assert_eq!(Header::parse(&bytes).unwrap().encode(), bytes);
        assert_eq!(Header::parse(&[&bytes[..], b"more"].concat()).unwrap().encode(), bytes);
    }

    #[test]
    fn refuses_what_is_none() {
        for length in 0..HEADER_BYTES {
            assert_eq!(Header::parse(&vec![0x28; length]), Err(Error::Truncated));
        }
        for first in (0..=u8::MAX).filter(|first| *first != 0x28) {
            assert_eq!(Header::parse(&[first; HEADER_BYTES]), Err(Error::DecryptFailed));
            assert_eq!(Header::parse(&[first]), Err(Error::DecryptFailed));
        }
    }
}
