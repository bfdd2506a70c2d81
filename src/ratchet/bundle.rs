//! Bundles: the Curve25519 keys of one instance, signed by its device.
//!
//! ```text
//! bundle    = 0x01 | purpose(1) | recipient(16) | BE16(round) | identity key(32) | pre-key(32) | signature(64)      148 bytes
//! purpose   = 0x00 for everybody: the pre-key is the fallback key, recipient and round are zero
//!             0x01 for one instance: the pre-key is a one-time key for it alone, round is zero
//!             0x02 for one instance: as 0x01, and a request to start the pair anew in this round
//! signature = Ed25519(device key, "hushroom/1 bundle" | 00 | room id | instance | device key | bundle without signature)
//! ```
//! vodozemac signs and checks no bundles: this is where a Curve25519 key becomes a device's.

use ed25519_dalek::{Signature, VerifyingKey};
use vodozemac::Curve25519PublicKey;

use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

const VERSION: u8 = 1;
const LABEL: &[u8] = b"hushroom/1 bundle\0";
const NOBODY: [u8; 16] = [0; 16];
const MALFORMED: Error = Error::InvalidFrame("not a device bundle");

/// Length of a bundle in bytes.
pub const BUNDLE_BYTES: usize = SIGNED_BYTES + 64;
const SIGNED_BYTES: usize = 2 + 16 + 2 + 32 + 32;

/// What the pre-key of a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Whoever hears the hello.
    Everybody,
    /// One instance.
    One(InstanceId),
    /// One instance, which is asked to start the pair anew in this round.
    Again(InstanceId, u16),
}

/// A bundle whose signature is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bundle {
    pub(super) purpose: Purpose,
    pub(super) identity: Curve25519PublicKey,
    pub(super) pre_key: Curve25519PublicKey,
}

impl Bundle {
    /// The bundle's bytes, signed by `sign` with the device key.
    pub(super) fn encode(
        &self,
        room_id: &str,
        owner: InstanceId,
        device_key: &[u8; 32],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Vec<u8> {
        let (purpose, recipient, round) = match self.purpose {
            Purpose::Everybody => (0, NOBODY, 0),
            Purpose::One(instance) => (1, instance.0, 0),
            Purpose::Again(instance, round) => (2, instance.0, round),
        };
        let mut bytes = Vec::with_capacity(BUNDLE_BYTES);
        bytes.extend_from_slice(&[VERSION, purpose]);
        bytes.extend_from_slice(&recipient);
        bytes.extend_from_slice(&round.to_be_bytes());
        bytes.extend_from_slice(self.identity.as_bytes());
        bytes.extend_from_slice(self.pre_key.as_bytes());
        let signature = sign(&signed_bytes(room_id, owner, device_key, &bytes));
        bytes.extend_from_slice(&signature);
        bytes
    }

    /// Reads and verifies the bundle of `owner`, whose device key the caller has already bound to that instance.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`] for other bytes, [`Error::BadSignature`] when the device did not sign it for this room and
    /// instance.
    pub(super) fn decode(bytes: &[u8], room_id: &str, owner: InstanceId, device_key: &[u8; 32]) -> Result<Self> {
        let (signed, signature) = bytes.split_last_chunk::<64>().ok_or(MALFORMED)?;
        if signed.len() != SIGNED_BYTES {
            return Err(MALFORMED);
        }
        let (&[version, purpose], rest) = signed.split_first_chunk().ok_or(MALFORMED)?;
        let (recipient, rest) = rest.split_first_chunk::<16>().ok_or(MALFORMED)?;
        let (round, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (identity, rest) = rest.split_first_chunk::<32>().ok_or(MALFORMED)?;
        let pre_key: [u8; 32] = rest.try_into().map_err(|_| MALFORMED)?;
        let round = u16::from_be_bytes(*round);
        let purpose = match (version, purpose, round) {
            (VERSION, 0, 0) if *recipient == NOBODY => Purpose::Everybody,
            (VERSION, 1, 0) => Purpose::One(InstanceId(*recipient)),
            (VERSION, 2, 1..) => Purpose::Again(InstanceId(*recipient), round),
            _ => return Err(MALFORMED),
        };
        VerifyingKey::from_bytes(device_key)
            .ok()
            .filter(|key| !key.is_weak())
            .and_then(|key| {
                let message = signed_bytes(room_id, owner, device_key, signed);
                key.verify_strict(&message, &Signature::from_bytes(signature)).ok()
            })
            .ok_or(Error::BadSignature)?;
        Ok(Self {
            purpose,
            identity: Curve25519PublicKey::from_bytes(*identity),
            pre_key: Curve25519PublicKey::from_bytes(pre_key),
        })
    }
}

fn signed_bytes(room_id: &str, owner: InstanceId, device_key: &[u8; 32], bundle: &[u8]) -> Vec<u8> {
    [LABEL, room_id.as_bytes(), &owner.0, device_key, bundle].concat()
}
