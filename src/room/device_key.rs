//! Public keys of other members' devices.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::{
    encoding,
    error::{Error, Result},
};

/// The public half of a member's device key: Ed25519, RFC 8032, verified strictly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DeviceKey(VerifyingKey);

impl DeviceKey {
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        VerifyingKey::from_bytes(bytes)
            .ok()
            .filter(|key| !key.is_weak())
            .map(Self)
            .ok_or(Error::BadSignature)
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<()> {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| Error::BadSignature)
    }

    pub(super) fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub(super) fn to_base64url(&self) -> String {
        encoding::encode(self.0.as_bytes())
    }
}
