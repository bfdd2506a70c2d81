//! One-time keys: each for one invitation, so that its secret can be deleted once that is read.

use super::{
    bytes::{push8, split_signature, Reader},
    hpke::PublicKey,
    signing::{Identity, IdentityKey, Label},
    user_id::UserId,
};
use crate::error::Result;

const VERSION: u8 = 1;

/// A one-time key, signed by its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneTimeKey {
    /// Never used twice by a user.
    pub id: u32,
    /// The key.
    pub key: PublicKey,
}

impl OneTimeKey {
    /// The signed bytes.
    ///
    /// # Errors
    /// [`crate::Error::Internal`].
    pub fn sign(&self, user: &UserId, identity: &Identity) -> Result<Vec<u8>> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(&self.key.0);
        let signature = identity.sign(Label::OneTimeKey, &[&owner(user, &identity.public())?, &bytes]);
        bytes.extend_from_slice(&signature);
        Ok(bytes)
    }

    /// Reads a key that has to be `user`'s.
    ///
    /// # Errors
    /// [`crate::Error::DirectoryProof`].
    pub fn verify(bytes: &[u8], user: &UserId, identity: &IdentityKey) -> Result<Self> {
        let (signed, signature) = split_signature(bytes)?;
        let mut reader = Reader::new(signed);
        reader.version(VERSION)?;
        let key = Self {
            id: reader.u32()?,
            key: PublicKey(reader.array()?),
        };
        reader.end()?;
        identity.verify(Label::OneTimeKey, &[&owner(user, identity)?, signed], signature)?;
        Ok(key)
    }
}

/// Ties a key to one user and one identity key, though neither is repeated in it.
fn owner(user: &UserId, identity: &IdentityKey) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    push8(&mut bytes, user.as_str().as_bytes())?;
    bytes.extend_from_slice(&identity.0);
    Ok(bytes)
}
