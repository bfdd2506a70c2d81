//! The outer layer of a post, which keeps out everybody without the room's code.
//!
//! ```text
//! body   = header | AES-256-GCM(post key, nonce = 0^4 | BE64(counter), inner, aad = room id | header)
//! header = 0x01 | instance(16) | BE64(counter) | count(1) | count x recipient instance(16)
//! ```
//! The key is that of the instance, the nonce its counter, which never comes back: no instance outlives its process.

use hushroom_cipher::Cipher;
use zeroize::Zeroizing;

use super::{device::InstanceId, keys::RoomKeys};
use crate::{
    error::{Error, Result},
    frame::MAX_MEMBERS,
    secret::Key,
};

const VERSION: u8 = 1;
const NOT_A_POST: Error = Error::InvalidFrame("not a post");

/// The part of a post that the relay can read, authenticated by the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) instance: InstanceId,
    pub(super) counter: u64,
    /// Empty for everybody in the room.
    pub(super) recipients: Vec<InstanceId>,
}

impl Header {
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        if self.recipients.len() > MAX_MEMBERS {
            return Err(Error::InvalidArgument("too many recipients"));
        }
        let count = u8::try_from(self.recipients.len()).map_err(|_| Error::InvalidArgument("too many recipients"))?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.instance.0);
        bytes.extend_from_slice(&self.counter.to_be_bytes());
        bytes.push(count);
        for recipient in &self.recipients {
            bytes.extend_from_slice(&recipient.0);
        }
        Ok(bytes)
    }

    /// Splits a body into its header, the header's bytes and the ciphertext.
    pub(super) fn decode(body: &[u8]) -> Result<(Self, &[u8], &[u8])> {
        let (version, rest) = body.split_first().ok_or(NOT_A_POST)?;
        if *version != VERSION {
            return Err(NOT_A_POST);
        }
        let (instance, rest) = rest.split_first_chunk().ok_or(NOT_A_POST)?;
        let (counter, rest) = rest.split_first_chunk().ok_or(NOT_A_POST)?;
        let (count, rest) = rest.split_first().ok_or(NOT_A_POST)?;
        if usize::from(*count) > MAX_MEMBERS {
            return Err(NOT_A_POST);
        }
        let (list, ciphertext) = rest
            .split_at_checked(usize::from(*count) * InstanceId::LENGTH)
            .ok_or(NOT_A_POST)?;
        let recipients = list
            .chunks_exact(InstanceId::LENGTH)
            .filter_map(|chunk| chunk.try_into().ok().map(InstanceId))
            .collect();
        let header = Self {
            instance: InstanceId(*instance),
            counter: u64::from_be_bytes(*counter),
            recipients,
        };
        let length = body.len().saturating_sub(ciphertext.len());
        Ok((header, body.get(..length).ok_or(NOT_A_POST)?, ciphertext))
    }

    /// Whether `instance` is meant.
    pub(super) fn is_for(&self, instance: InstanceId) -> bool {
        self.recipients.is_empty() || self.recipients.contains(&instance)
    }
}

/// Seals `inner` into a body that starts with `header`.
pub(super) fn seal(keys: &RoomKeys, key: &Key, counter: u64, header: &[u8], inner: &[u8]) -> Result<Vec<u8>> {
    let aad = aad(keys, header);
    let ciphertext = Cipher::new(key.expose())
        .seal_copy(&nonce(counter), &aad, inner)
        .map_err(|_| Error::Internal("sealing a post"))?;
    Ok([header, &ciphertext].concat())
}

/// Opens what [`Header::decode`] split.
pub(super) fn open(
    keys: &RoomKeys,
    key: &Key,
    counter: u64,
    header: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let aad = aad(keys, header);
    Cipher::new(key.expose())
        .open_copy(&nonce(counter), &aad, ciphertext)
        .map(Zeroizing::new)
        .map_err(|_| Error::DecryptFailed)
}

fn nonce(counter: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce
        .iter_mut()
        .skip(4)
        .zip(counter.to_be_bytes())
        .for_each(|(to, from)| *to = from);
    nonce
}

fn aad(keys: &RoomKeys, header: &[u8]) -> Vec<u8> {
    [keys.room_id().as_bytes(), header].concat()
}
