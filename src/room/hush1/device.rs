//! Devices and their instances: who speaks.

use core::fmt;

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use crate::{
    encoding,
    error::{Error, Result},
    frame::FixedBin,
    secret::Key,
};

const INSTANCE_LABEL: &[u8] = b"hushroom/1 instance\0";

/// Names one start of one device in one room. It commits to the device's key, so nobody can claim another's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub [u8; 16]);

impl InstanceId {
    /// Length in bytes.
    pub const LENGTH: usize = 16;

    /// The instance of a device key and a nonce in a room: a truncated SHA-256 over all three.
    #[must_use]
    pub fn derive(room_id: &str, device_key: &[u8; 32], nonce: &[u8; 16]) -> Self {
        let digest = Sha256::new()
            .chain_update(INSTANCE_LABEL)
            .chain_update(room_id.as_bytes())
            .chain_update(device_key)
            .chain_update(nonce)
            .finalize();
        let mut id = [0; 16];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(id)
    }

    /// The instance that `text`, the form of [`fmt::Display`], names.
    ///
    /// # Errors
    /// [`Error::UnknownMember`] when it names none.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = encoding::decode(text).ok_or(Error::UnknownMember)?;
        bytes.try_into().map(Self).map_err(|_| Error::UnknownMember)
    }
}

/// base64url, 22 characters: the id that applications see.
impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encoding::encode(&self.0))
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceId({self})")
    }
}

impl From<InstanceId> for FixedBin<16> {
    fn from(id: InstanceId) -> Self {
        Self(id.0)
    }
}

/// A device's signing key (Ed25519, RFC 8032) and the nonce of its present start.
pub(super) struct Device {
    signing: Box<SigningKey>,
    nonce: [u8; 16],
    pub(super) instance: InstanceId,
}

impl Device {
    pub(super) fn new(room_id: &str, seed: &Key, nonce: [u8; 16]) -> Self {
        let signing = Box::new(SigningKey::from_bytes(seed.expose()));
        let instance = InstanceId::derive(room_id, &signing.verifying_key().to_bytes(), &nonce);
        Self {
            signing,
            nonce,
            instance,
        }
    }

    pub(super) fn public_key(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    pub(super) const fn nonce(&self) -> [u8; 16] {
        self.nonce
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}
