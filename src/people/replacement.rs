//! The statement that one identity key takes another's place: both sign it.

use super::{
    bytes::{push8, Reader, MALFORMED},
    signing::{Identity, IdentityKey, Label},
    user_id::UserId,
};
use crate::error::{Error, Result};

const VERSION: u8 = 1;

/// From `old` to `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Whose key is replaced.
    pub user: UserId,
    /// The key that was published before.
    pub old: IdentityKey,
    /// The key that signs from now on.
    pub new: IdentityKey,
    /// The sequence of the new key's first bundle.
    pub sequence: u64,
    /// Unix seconds.
    pub time: u64,
}

impl Replacement {
    /// The bytes, signed by both.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the identities are not the two it names, or are the same.
    pub fn sign(&self, old: &Identity, new: &Identity) -> Result<Vec<u8>> {
        if old.public() != self.old || new.public() != self.new || self.old == self.new {
            return Err(Error::InvalidArgument("a replacement has two keys that sign it"));
        }
        let mut bytes = vec![VERSION];
        push8(&mut bytes, self.user.as_str().as_bytes())?;
        bytes.extend_from_slice(&self.old.0);
        bytes.extend_from_slice(&self.new.0);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.time.to_be_bytes());
        let signatures = [old, new].map(|identity| identity.sign(Label::Replacement, &[&bytes]));
        Ok([bytes.as_slice(), signatures.as_flattened()].concat())
    }

    /// Reads a replacement and checks both signatures.
    ///
    /// # Errors
    /// [`Error::DirectoryProof`].
    pub fn verify(bytes: &[u8]) -> Result<Self> {
        let (signed, signatures) = bytes.split_last_chunk::<128>().ok_or(MALFORMED)?;
        let mut reader = Reader::new(signed);
        reader.version(VERSION)?;
        let replacement = Self {
            user: UserId::parse(reader.text8()?).map_err(|_| MALFORMED)?,
            old: IdentityKey(reader.array()?),
            new: IdentityKey(reader.array()?),
            sequence: reader.u64()?,
            time: reader.u64()?,
        };
        reader.end()?;
        let mut signatures = Reader::new(signatures);
        for key in [replacement.old, replacement.new] {
            key.verify(Label::Replacement, &[signed], &signatures.array()?)?;
        }
        if replacement.old == replacement.new {
            return Err(MALFORMED);
        }
        Ok(replacement)
    }
}
