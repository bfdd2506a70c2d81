//! A user's public keys, signed by the user.

use sha2::{Digest, Sha256};

use super::{
    bytes::{push8, split_signature, Reader, MALFORMED},
    hpke::PublicKey,
    signing::{Identity, IdentityKey, Label},
    user_id::UserId,
};
use crate::{
    error::{Error, Result},
    room::name::MAX_NAME_BYTES,
};

const VERSION: u8 = 1;
/// Longest time between issue and expiry: 90 days.
pub const MAX_VALIDITY_SECONDS: u64 = 90 * 24 * 60 * 60;
/// How far two clocks may be apart: a day.
pub const MAX_CLOCK_SKEW_SECONDS: u64 = 24 * 60 * 60;

/// What a user publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Whose keys these are.
    pub user: UserId,
    /// Signs this, and everything else the user says.
    pub identity: IdentityKey,
    /// Names the pre-key in invitations.
    pub pre_key_id: u32,
    /// For invitations when there is no one-time key.
    pub pre_key: PublicKey,
    /// Rises with every bundle of this user.
    pub sequence: u64,
    /// Unix seconds.
    pub issued: u64,
    /// Unix seconds.
    pub expires: u64,
    /// What the user wants to be called; empty for nothing. Anybody may choose any name.
    pub name: String,
}

impl Bundle {
    /// The signed bytes.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the identity is another one or the times do not fit; [`Error::InvalidName`].
    pub fn sign(&self, identity: &Identity) -> Result<Vec<u8>> {
        if identity.public() != self.identity || !self.times_fit() {
            return Err(Error::InvalidArgument("another identity, or more than 90 days"));
        }
        if self.name.len() > MAX_NAME_BYTES {
            return Err(Error::InvalidName {
                limit: MAX_NAME_BYTES,
                unit: "bytes",
            });
        }
        let mut bytes = vec![VERSION];
        push8(&mut bytes, self.user.as_str().as_bytes())?;
        bytes.extend_from_slice(&self.identity.0);
        bytes.extend_from_slice(&self.pre_key_id.to_be_bytes());
        bytes.extend_from_slice(&self.pre_key.0);
        for number in [self.sequence, self.issued, self.expires] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        push8(&mut bytes, self.name.as_bytes())?;
        let signature = identity.sign(Label::Bundle, &[&bytes]);
        bytes.extend_from_slice(&signature);
        Ok(bytes)
    }

    /// Reads a bundle and checks its signature. Whether it has expired is not looked at.
    ///
    /// # Errors
    /// [`Error::DirectoryProof`] for anything but a whole bundle signed by the key in it.
    pub fn verify(bytes: &[u8]) -> Result<Self> {
        let (signed, signature) = split_signature(bytes)?;
        let mut reader = Reader::new(signed);
        reader.version(VERSION)?;
        let bundle = Self {
            user: UserId::parse(reader.text8()?).map_err(|_| MALFORMED)?,
            identity: IdentityKey(reader.array()?),
            pre_key_id: reader.u32()?,
            pre_key: PublicKey(reader.array()?),
            sequence: reader.u64()?,
            issued: reader.u64()?,
            expires: reader.u64()?,
            name: reader.text8()?.to_owned(),
        };
        reader.end()?;
        bundle.identity.verify(Label::Bundle, &[signed], signature)?;
        if bundle.name.len() > MAX_NAME_BYTES || !bundle.times_fit() {
            return Err(MALFORMED);
        }
        Ok(bundle)
    }

    /// Whether it is valid at `now`, Unix seconds.
    ///
    /// # Errors
    /// [`Error::BundleExpired`], also when it was issued more than a day in the future.
    pub const fn check_time(&self, now: u64) -> Result<()> {
        if now >= self.expires || self.issued > now.saturating_add(MAX_CLOCK_SKEW_SECONDS) {
            return Err(Error::BundleExpired);
        }
        Ok(())
    }

    const fn times_fit(&self) -> bool {
        match self.expires.checked_sub(self.issued) {
            Some(span) => span > 0 && span <= MAX_VALIDITY_SECONDS,
            None => false,
        }
    }
}

/// Tells two bundles of one sequence apart.
pub(super) fn hash(bundle: &[u8]) -> [u8; 32] {
    Sha256::digest(bundle).into()
}
