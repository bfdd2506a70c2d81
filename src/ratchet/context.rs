//! What every key and message of the ratchet is bound to.
//!
//! Neither Olm nor Megolm takes associated data, so each plaintext starts with a 16-byte *binding*: a truncated SHA-256 over
//! everything around the message. The receiver computes it again from what it knows and compares. The header in it is the
//! outer layer's associated data, so sender instance, counter and recipients are compared outside and inside.
//!
//! ```text
//! group = SHA-256("hushroom/1 group" | 00 | room id | device key | BE16(generation) | header)[0..16]
//! pair  = SHA-256("hushroom/1 pair" | 00 | room id | sender party | recipient party | type | BE16(round) | header)[0..16]
//! party = instance(16) | device key(32) | identity key(32)
//! ```
//! Everything before `header` has a fixed length. 16 bytes: to make one member's message fit another place takes a second
//! preimage, 2^128 steps; a collision of a sender with itself gains nothing.

use ctutils::CtEq;
use sha2::{Digest, Sha256};
use vodozemac::Curve25519PublicKey;

use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

const GROUP: &[u8] = b"hushroom/1 group\0";
const PAIR: &[u8] = b"hushroom/1 pair\0";

/// The place of a message in the outer layer, as both sides see it.
#[derive(Debug, Clone, Copy)]
pub struct Outer<'a> {
    /// The header's bytes exactly as posted: instance, counter, recipients.
    pub header: &'a [u8],
    /// The post's counter, as the header has it.
    pub counter: u64,
}

/// One device's start in the room: who it is for the ratchet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) instance: InstanceId,
    pub(super) device_key: [u8; 32],
    pub(super) identity: Curve25519PublicKey,
}

/// Sixteen bytes at the start of every plaintext.
#[derive(Clone, Copy)]
pub(super) struct Binding([u8; Self::LENGTH]);

impl Binding {
    pub(super) const LENGTH: usize = 16;

    pub(super) fn group(room_id: &str, device_key: &[u8; 32], generation: u16, outer: Outer<'_>) -> Self {
        Self::of(
            Sha256::new()
                .chain_update(GROUP)
                .chain_update(room_id)
                .chain_update(device_key)
                .chain_update(generation.to_be_bytes())
                .chain_update(outer.header),
        )
    }

    pub(super) fn pair(room_id: &str, parties: [&Party; 2], kind: u8, round: u16, outer: Outer<'_>) -> Self {
        let mut hash = Sha256::new().chain_update(PAIR).chain_update(room_id);
        for party in parties {
            hash.update(party.instance.0);
            hash.update(party.device_key);
            hash.update(party.identity.as_bytes());
        }
        hash.update([kind]);
        hash.update(round.to_be_bytes());
        Self::of(hash.chain_update(outer.header))
    }

    fn of(hash: Sha256) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Takes the binding off `plaintext`.
    ///
    /// # Errors
    /// [`Error::Misdirected`] when it is not this one.
    pub(super) fn strip<'a>(&self, plaintext: &'a [u8]) -> Result<&'a [u8]> {
        let (binding, rest) = plaintext
            .split_first_chunk::<{ Self::LENGTH }>()
            .ok_or(Error::Misdirected)?;
        if self.0.as_slice().ct_eq(binding.as_slice()).to_bool() {
            Ok(rest)
        } else {
            Err(Error::Misdirected)
        }
    }
}
