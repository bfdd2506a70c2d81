//! The inner layer of a hello and of a bye, which says whose it is.
//!
//! ```text
//! inner     = 0x01 | signature(64) | payload
//! payload   = BE64(previous) | event | 0x80 | 0x00 ...
//! signature = Ed25519(device key, "hushroom/1 post" | 0x00 | room id | K("signature", room id) | header | payload)
//! ```
//! `previous` is the counter of the sender's last post to everybody that was not transient, or all ones. Everything
//! else goes inside [`crate::ratchet`]'s kinds, which the first byte tells.

use zeroize::Zeroizing;

use super::{device::Device, keys::RoomKeys, padding};
use crate::{
    error::{Error, Result},
    room::device_key::DeviceKey,
};

pub(super) const SIGNED: u8 = 1;
const LABEL: &[u8] = b"hushroom/1 post\0";
const NONE: u64 = u64::MAX;

/// Signs `event` under `header`.
pub(super) fn seal(
    keys: &RoomKeys,
    device: &Device,
    header: &[u8],
    previous: Option<u64>,
    event: &[u8],
) -> Zeroizing<Vec<u8>> {
    let mut payload = Zeroizing::new(Vec::with_capacity(event.len().saturating_add(64)));
    payload.extend_from_slice(&previous.unwrap_or(NONE).to_be_bytes());
    payload.extend_from_slice(event);
    padding::pad(&mut payload);
    let signature = device.sign(&signed_bytes(keys, header, &payload));
    Zeroizing::new([&[SIGNED], &signature[..], &payload].concat())
}

/// An inner layer whose signature has not been checked yet: a hello brings the key it is signed with.
pub(super) struct Unverified<'a> {
    signature: &'a [u8; 64],
    payload: &'a [u8],
}

impl<'a> Unverified<'a> {
    pub(super) fn parse(inner: &'a [u8]) -> Result<Self> {
        const WRONG: Error = Error::InvalidFrame("unknown kind of post");
        let (kind, rest) = inner.split_first().ok_or(WRONG)?;
        let (signature, payload) = rest.split_first_chunk().ok_or(WRONG)?;
        if *kind != SIGNED {
            return Err(WRONG);
        }
        Ok(Self { signature, payload })
    }

    /// The event that the post would say if its signature were right.
    pub(super) fn peek(&self) -> Result<&'a [u8]> {
        Ok(self.parts()?.1)
    }

    /// The counter of the sender's last post to everybody that it keeps.
    pub(super) fn previous(&self) -> Result<Option<u64>> {
        let previous = u64::from_be_bytes(*self.parts()?.0);
        Ok((previous != NONE).then_some(previous))
    }

    fn parts(&self) -> Result<(&'a [u8; 8], &'a [u8])> {
        padding::unpad(self.payload)?
            .split_first_chunk()
            .ok_or(Error::InvalidFrame("a post without content"))
    }

    pub(super) fn verify(&self, keys: &RoomKeys, key: &DeviceKey, header: &[u8]) -> Result<()> {
        key.verify(&signed_bytes(keys, header, self.payload), self.signature)
    }
}

fn signed_bytes(keys: &RoomKeys, header: &[u8], payload: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([LABEL, keys.room_id().as_bytes(), keys.tag(), header, payload].concat())
}
