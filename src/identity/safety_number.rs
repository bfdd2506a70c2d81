//! Safety numbers: 60 digits that two people compare, once and for all.
//!
//! Signal's algorithm, so that its published vectors check ours (libsignal's "numeric fingerprint", versions 1 and 2):
//!
//! ```text
//! h       = SHA-512(0x0000 | key | id | key), then 5,199 times h = SHA-512(h | key)
//! half    = for each of six 5-byte big-endian groups of h[0..30]: the number mod 100,000 in five digits
//! number  = the lower half | the higher half                                             as strings
//! scanned = protobuf { 1: version, 2: { 1: own h[0..32] }, 3: { 1: other h[0..32] } }
//! ```
//! `key` is 33 bytes, a type byte 0x05 first; `id` names the person and must mean the same to both. About 2^112 steps find a
//! key with a given half.
//!
//! A room's number covers all its members at once. It is not Signal's, but made in the same manner:
//!
//! ```text
//! list    = for each member, sorted by (id, key): BE32(length of id) | id | key
//! digest  = SHA-512("hushroom/1 room number" | 00 | list)
//! h       = SHA-512(0x0000 | digest), then 5,199 times h = SHA-512(h | digest)
//! number  = twelve groups of h[0..60] as above
//! ```
//! Sixty digits of one hash, because whoever shows two people two different rooms may choose both lists: half as many digits
//! would fall to a birthday search.

use core::fmt;

use ctutils::CtEq;
use sha2::{Digest, Sha512};

use crate::{
    error::{Error, Result},
    sorted::in_order,
};

const ITERATIONS: u32 = 5200;
const VERSION: [u8; 2] = [0, 0];
const KEY_TYPE: u8 = 5;
const ROOM_LABEL: &[u8] = b"hushroom/1 room number\0";
const GROUP_BYTES: usize = 5;
/// Longest id, in bytes.
pub const MAX_ID_BYTES: usize = 255;
/// The version of scannable payloads. Signal's first; its second shows the same digits.
const SCANNABLE_VERSION: u8 = 1;

/// Somebody, by an id that means the same to everybody and the Ed25519 public key of their device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity<'a> {
    /// At most [`MAX_ID_BYTES`].
    pub id: &'a [u8],
    /// The public key.
    pub key: &'a [u8; 32],
}

/// What a scanned payload says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// Both devices see the same two keys.
    Match,
    /// They do not: somebody stands between them, or it is another person's code.
    Mismatch,
    /// The other device's code is of another version of this format.
    OtherVersion(u32),
}

/// The safety number of two devices, seen from the first.
#[derive(Clone, PartialEq, Eq)]
pub struct SafetyNumber {
    own: [u8; 32],
    other: [u8; 32],
}

impl SafetyNumber {
    /// Takes about 10 ms: 5,200 rounds of SHA-512 for each side.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an id that is empty or too long.
    pub fn new(own: Identity<'_>, other: Identity<'_>) -> Result<Self> {
        Ok(Self {
            own: fingerprint(own)?,
            other: fingerprint(other)?,
        })
    }

    /// The 60 digits: the same on both sides.
    #[must_use]
    pub fn digits(&self) -> String {
        let (own, other) = (digits(&self.own, 6), digits(&self.other, 6));
        if own < other {
            own + &other
        } else {
            other + &own
        }
    }

    /// The payload of a QR code for the other device to scan: 74 bytes.
    #[must_use]
    pub fn scannable(&self) -> Vec<u8> {
        let mut bytes = vec![0x08, SCANNABLE_VERSION];
        for (tag, fingerprint) in [(0x12, &self.own), (0x1a, &self.other)] {
            bytes.extend_from_slice(&[tag, 34, 0x0a, 32]);
            bytes.extend_from_slice(fingerprint);
        }
        bytes
    }

    /// Reads [`Self::scannable`] of our own back.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`].
    pub fn parse(scannable: &[u8]) -> Result<Self> {
        Scanned::parse(scannable)
            .filter(|scanned| scanned.version == u32::from(SCANNABLE_VERSION))
            .and_then(|scanned| {
                Some(Self {
                    own: scanned.own.try_into().ok()?,
                    other: scanned.other.try_into().ok()?,
                })
            })
            .ok_or(Error::InvalidMessage("not a safety number code"))
    }

    /// Compares what was scanned from the other device.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`] when it is no such payload.
    pub fn compare(&self, scanned: &[u8]) -> Result<Scan> {
        let scanned = Scanned::parse(scanned).ok_or(Error::InvalidMessage("not a safety number code"))?;
        if scanned.version != u32::from(SCANNABLE_VERSION) {
            return Ok(Scan::OtherVersion(scanned.version));
        }
        let equal = scanned.own.ct_eq(self.other.as_slice()) & scanned.other.ct_eq(self.own.as_slice());
        Ok(if equal.to_bool() { Scan::Match } else { Scan::Mismatch })
    }
}

/// Public values, but nobody needs them in a log.
impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SafetyNumber(..)")
    }
}

/// The number of a room: 60 digits over everybody in it, whatever their order. Someone listed twice counts once.
///
/// # Errors
/// [`Error::InvalidArgument`] for an id that is empty or too long.
pub fn room_number(members: &[Identity<'_>]) -> Result<String> {
    let mut sorted = in_order(members.iter().copied());
    sorted.dedup();
    let mut hash = Sha512::new().chain_update(ROOM_LABEL);
    for member in sorted {
        let length = u32::try_from(check_id(member.id)?.len()).map_err(|_| Error::Internal("id length"))?;
        hash.update(length.to_be_bytes());
        hash.update(member.id);
        hash.update(typed(member.key));
    }
    let digest = hash.finalize();
    let first = Sha512::new().chain_update(VERSION).chain_update(digest).finalize();
    Ok(digits(&iterate(first.into(), &digest), 12))
}

fn fingerprint(of: Identity<'_>) -> Result<[u8; 32]> {
    let key = typed(of.key);
    let first = Sha512::new()
        .chain_update(VERSION)
        .chain_update(key)
        .chain_update(check_id(of.id)?)
        .chain_update(key)
        .finalize();
    let hash = iterate(first.into(), &key);
    hash.first_chunk().copied().ok_or(Error::Internal("hash length"))
}

fn iterate(mut hash: [u8; 64], key: &[u8]) -> [u8; 64] {
    for _ in 1..ITERATIONS {
        hash = Sha512::new().chain_update(hash).chain_update(key).finalize().into();
    }
    hash
}

fn typed(key: &[u8; 32]) -> [u8; 33] {
    let mut typed = [KEY_TYPE; 33];
    typed.iter_mut().skip(1).zip(key).for_each(|(to, from)| *to = *from);
    typed
}

fn check_id(id: &[u8]) -> Result<&[u8]> {
    if id.is_empty() || id.len() > MAX_ID_BYTES {
        return Err(Error::InvalidArgument("an id has 1 to 255 bytes"));
    }
    Ok(id)
}

fn digits(hash: &[u8], groups: usize) -> String {
    let groups = hash.chunks_exact(GROUP_BYTES).take(groups);
    groups
        .map(|group| group.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte)))
        .map(|number| format!("{:05}", number % 100_000))
        .collect()
}

struct Scanned<'a> {
    version: u32,
    own: &'a [u8],
    other: &'a [u8],
}

impl<'a> Scanned<'a> {
    /// The three fields in their order, once each: all writers known write them so.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (version, bytes) = varint(bytes.strip_prefix(&[0x08])?)?;
        let (own, bytes) = nested(bytes.strip_prefix(&[0x12])?)?;
        let (other, bytes) = nested(bytes.strip_prefix(&[0x1a])?)?;
        bytes.is_empty().then_some(Self { version, own, other })
    }
}

/// A field of 32 bytes in a message of its own.
fn nested(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.strip_prefix(&[34, 0x0a, 32])?.split_at_checked(32)
}

/// A protobuf varint of at most 32 bits.
fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, bytes.get(index.checked_add(1)?..)?));
        }
    }
    None
}

#[cfg(test)]
#[path = "safety_number_tests.rs"]
mod tests;
