//! What is kept across starts, sealed, and the order in which things may leave.
//!
//! Part of this crate's interface for callers of [`Ratchet`] that open late posts of an earlier start. Rooms
//! ([`crate::room`]) keep nothing: there each start is a member of its own, and what was said before it is not for it.
//!
//! ```text
//! sealed  = 0x01 | BE64(version) | nonce(12) | AES-256-GCM(state key, nonce, state, aad)
//! aad     = "hushroom/1 ratchet state" | 00 | room id | device key | 0x01 | BE64(version)
//! state   = BE16(count) | count x key
//! key     = instance(16) | device key(32) | BE16(generation) | opened(16) | exported Megolm session(165)      231 bytes
//! ```
//! Only what *opens* is kept: sender keys of others and the bits of what was opened. What encrypts (our sender key, the Olm
//! sessions, the account) is made anew at each start, because an instance never outlives its process: so a crash, a clone
//! of the store or an old backup can never make one key encrypt two messages. A backup that comes back could only show a
//! message twice; its version gives it away.

use hushroom_cipher::Cipher;
use vodozemac::megolm::{ExportedSessionKey, InboundGroupSession, SessionConfig};
use zeroize::Zeroizing;

use super::{
    inbound::{Key as SenderKey, MAX_INDEX, MAX_KEYS as MAX_KEYS_OF_ONE, MAX_SENDERS},
    machine::Ratchet,
    note::EXPORTED_KEY_BYTES,
};
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
    secret::Key,
};

const FORMAT: u8 = 1;
const LABEL: &[u8] = b"hushroom/1 ratchet state\0";
const HEADER_BYTES: usize = 1 + 8 + 12;
const KEY_BYTES: usize = 16 + 32 + 2 + 16 + EXPORTED_KEY_BYTES;
const MAX_KEYS: usize = MAX_SENDERS * MAX_KEYS_OF_ONE;
/// Longest sealed state, in bytes.
pub const MAX_STATE_BYTES: usize = HEADER_BYTES + 2 + MAX_KEYS * KEY_BYTES + 16;
const MALFORMED: Error = Error::InvalidMessage("not a ratchet state");

/// Something that may be used only once the state it left behind is stored: shown before, and lost in a crash, it could be
/// shown again by whoever replays it.
#[must_use]
#[derive(Debug)]
pub struct AfterStore<T> {
    revision: u64,
    value: T,
}

impl<T> AfterStore<T> {
    pub(super) const fn new(revision: u64, value: T) -> Self {
        Self { revision, value }
    }

    /// The value, if a state of this revision or a later one is stored, or nothing is kept at all.
    ///
    /// # Errors
    /// Itself, when that has not happened: store [`Ratchet::seal_state`] and say so with [`Ratchet::stored`].
    pub fn release(self, ratchet: &Ratchet) -> core::result::Result<T, Self> {
        if ratchet.stored >= self.revision {
            Ok(self.value)
        } else {
            Err(self)
        }
    }
}

/// A state to be stored as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedState {
    /// Rises with every state of a device in a room. The store keeps the highest it has seen, apart from the state.
    pub version: u64,
    /// The sealed bytes, at most [`MAX_STATE_BYTES`].
    pub bytes: Vec<u8>,
}

impl Ratchet {
    /// Restores what an earlier start of this device kept, and keeps state from now on. `floor` is the highest version that
    /// the store has seen, 0 with a store that is new; `sealed` is what it holds, if anything.
    ///
    /// # Errors
    /// [`Error::RolledBack`] for a version below the floor, or none where there was one; [`Error::DecryptFailed`];
    /// [`Error::InvalidMessage`] for other bytes. The ratchet is unchanged then.
    pub fn restore(&mut self, key: &Key, sealed: Option<&[u8]>, floor: u64, now: u64) -> Result<()> {
        let version = match sealed {
            Some(sealed) => {
                let (version, state) = self.open_state(key, sealed)?;
                if version < floor {
                    return Err(Error::RolledBack {
                        expected: floor,
                        actual: version,
                    });
                }
                for (instance, device_key, key) in decode(&state, now)? {
                    self.inbound.restore(instance, device_key, key);
                }
                version
            }
            None if floor > 0 => {
                return Err(Error::RolledBack {
                    expected: floor,
                    actual: 0,
                })
            }
            None => 0,
        };
        self.revision = version;
        self.stored = version;
        Ok(())
    }

    /// Seals the present state. `nonce` is 12 fresh random bytes; one state key seals at most 2^32 states.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn seal_state(&mut self, key: &Key, nonce: [u8; 12]) -> Result<SealedState> {
        // Two states never share a version, so that a store can compare and set.
        self.revision = self.revision.saturating_add(1);
        let version = self.revision;
        let state = encode(self)?;
        let aad = self.aad(version);
        let sealed = Cipher::new(key.expose())
            .seal_copy(&nonce, &aad, &state)
            .map_err(|_| Error::Internal("sealing a state"))?;
        let bytes = [&[FORMAT], version.to_be_bytes().as_slice(), &nonce, &sealed].concat();
        Ok(SealedState { version, bytes })
    }

    /// The state of this version is stored, and so is its version.
    pub fn stored(&mut self, version: u64) {
        if version <= self.revision {
            self.stored = self.stored.max(version);
        }
    }

    fn open_state(&self, key: &Key, sealed: &[u8]) -> Result<(u64, Zeroizing<Vec<u8>>)> {
        if sealed.len() > MAX_STATE_BYTES {
            return Err(MALFORMED);
        }
        let (&[format], rest) = sealed.split_first_chunk().ok_or(MALFORMED)?;
        let (version, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<12>().ok_or(MALFORMED)?;
        if format != FORMAT {
            return Err(MALFORMED);
        }
        let version = u64::from_be_bytes(*version);
        let aad = self.aad(version);
        let state = Cipher::new(key.expose()).open_copy(nonce, &aad, ciphertext);
        Ok((version, Zeroizing::new(state.map_err(|_| Error::DecryptFailed)?)))
    }

    fn aad(&self, version: u64) -> Vec<u8> {
        let version = version.to_be_bytes();
        [
            LABEL,
            self.room_id.as_bytes(),
            &self.own.device_key,
            &[FORMAT],
            &version,
        ]
        .concat()
    }
}

fn encode(ratchet: &Ratchet) -> Result<Zeroizing<Vec<u8>>> {
    let senders = ratchet.inbound.senders.iter();
    let keys: Vec<_> = senders
        .flat_map(|(instance, sender)| sender.keys.iter().map(move |key| (instance, sender, key)))
        .collect();
    let count = u16::try_from(keys.len()).ok().filter(|_| keys.len() <= MAX_KEYS);
    let count = count.ok_or(Error::Internal("too many sender keys"))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        keys.len().saturating_mul(KEY_BYTES).saturating_add(2),
    ));
    bytes.extend_from_slice(&count.to_be_bytes());
    for (instance, sender, key) in keys {
        bytes.extend_from_slice(&instance.0);
        bytes.extend_from_slice(&sender.device_key);
        bytes.extend_from_slice(&key.generation.to_be_bytes());
        bytes.extend_from_slice(&key.opened.to_be_bytes());
        let exported = Zeroizing::new(key.session.export_at_first_known_index().to_bytes());
        bytes.extend_from_slice(&exported);
    }
    Ok(bytes)
}

fn decode(state: &[u8], now: u64) -> Result<Vec<(InstanceId, [u8; 32], SenderKey)>> {
    let (count, keys) = state.split_first_chunk().ok_or(MALFORMED)?;
    let count = usize::from(u16::from_be_bytes(*count));
    if count > MAX_KEYS || keys.len() != count.saturating_mul(KEY_BYTES) {
        return Err(MALFORMED);
    }
    keys.chunks_exact(KEY_BYTES)
        .map(|bytes| {
            let (instance, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
            let (device_key, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
            let (generation, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
            let (opened, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
            let exported = ExportedSessionKey::from_bytes(rest).map_err(|_| MALFORMED)?;
            let session = InboundGroupSession::import(&exported, SessionConfig::version_1());
            if session.first_known_index() > MAX_INDEX {
                return Err(MALFORMED);
            }
            let generation = u16::from_be_bytes(*generation);
            let key = SenderKey::restored(generation, session, u128::from_be_bytes(*opened), now);
            Ok((InstanceId(*instance), *device_key, key))
        })
        .collect()
}
