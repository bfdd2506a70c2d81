//! Ed25519 (RFC 8032) with a label for each use, so that no signature passes for another.
//!
//! ```text
//! signed(label, parts) = "hushroom/1 people " | label | 0x00 | parts
//! ```

use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::{
    encoding,
    error::{Error, Result},
    secret::Key,
};

const PREFIX: &[u8] = b"hushroom/1 people ";

/// What is signed. Labels hold no zero byte, so none is the start of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Bundle,
    Replacement,
    OneTimeKey,
    Answer,
    Request,
    Sender,
}

impl Label {
    const fn text(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Replacement => "replacement",
            Self::OneTimeKey => "one-time key",
            Self::Answer => "answer",
            Self::Request => "request",
            Self::Sender => "invitation sender",
        }
    }

    fn message(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut message = [PREFIX, self.text().as_bytes(), &[0]].concat();
        for part in parts {
            message.extend_from_slice(part);
        }
        message
    }
}

/// The signing key of a user, or of a directory. Wiped when dropped, never printed.
pub struct Identity(Box<SigningKey>);

impl Identity {
    /// The key of a seed: 32 random bytes, kept as long as the identity.
    #[must_use]
    pub fn from_seed(seed: &Key) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed.expose())))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> IdentityKey {
        IdentityKey(self.0.verifying_key().to_bytes())
    }

    pub(super) fn sign(&self, label: Label, parts: &[&[u8]]) -> [u8; 64] {
        self.0.sign(&label.message(parts)).to_bytes()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// The public half of an [`Identity`]. Not every value is a key: that shows when a signature is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentityKey(pub [u8; 32]);

impl IdentityKey {
    /// # Errors
    /// [`Error::DirectoryProof`] for a key that is none or weak, and for a signature that is not its own.
    pub(super) fn verify(&self, label: Label, parts: &[&[u8]], signature: &[u8; 64]) -> Result<()> {
        VerifyingKey::from_bytes(&self.0)
            .ok()
            .filter(|key| !key.is_weak())
            .and_then(|key| {
                key.verify_strict(&label.message(parts), &Signature::from_bytes(signature))
                    .ok()
            })
            .ok_or(Error::DirectoryProof)
    }

    /// 43 characters, as in `member.deviceKey`.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        encoding::encode(&self.0)
    }

    /// Reads [`Self::to_base64url`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`].
    pub fn from_base64url(text: &str) -> Result<Self> {
        encoding::decode(text)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(Error::InvalidArgument("a key is 43 characters of base64url"))
    }
}
