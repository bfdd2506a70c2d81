//! What a user of a directory keeps: a part of the state of an [`Identity`](crate::identity::Identity), which has the key.
//!
//! ```text
//! person  = 0x01 | len8(user id) | len8(name) | BE64(sequence) | BE64(issued) | optional previous seed(32)
//!           | optional directory's key(32) | BE32(next key id) | BE16(n) | n x own key | BE16(n) | n x pin | BE16(n) | n x seen
//! own key = kind (0x00 pre-key, 0x01 one-time key) | BE32(id) | owner's identity key(32) | secret(32) | BE64(until, 0 for none)
//! pin     = len8(user id) | identity key(32) | optional changed key(32) | BE64(sequence) | hash(32)
//! seen    = digest(16) | BE64(until)
//! optional x = 0x00 or 0x01 | x
//! ```

use super::{
    bytes::{push8, push_count, Reader},
    hpke::SecretKey,
    invitation::KeyKind,
    keys::{Keyring, OwnKey},
    pins::Pin,
    signing::IdentityKey,
    user_id::UserId,
};
use crate::{error::Result, identity::BROKEN, secret::Key};

const VERSION: u8 = 1;
/// Users whose keys are remembered; those looked up longest ago go first.
pub(super) const MAX_USERS: usize = 10_000;
/// Invitations that are remembered so that they are not shown again.
pub(super) const MAX_SEEN: usize = 10_000;
/// As many as can be counted: what was written must be readable, and the keyring bounds itself.
const MAX_KEYS: usize = u16::MAX as usize;

/// What is kept of a user, but for the identity key.
pub(crate) struct Profile {
    pub(crate) user: UserId,
    pub(super) name: String,
    pub(super) sequence: u64,
    pub(super) issued: u64,
    /// Of the identity key that is published until the replacement is.
    pub(super) previous: Option<Key>,
    pub(super) directory: Option<IdentityKey>,
    pub(super) keyring: Keyring,
    /// In the order of the last lookup.
    pins: Vec<(UserId, Pin)>,
    /// Digests, and Unix seconds until which they are kept.
    pub(super) seen: Vec<([u8; 16], u64)>,
}

impl Profile {
    pub(super) fn new(user: UserId, directory: Option<IdentityKey>) -> Self {
        Self {
            user,
            name: String::new(),
            sequence: 0,
            issued: 0,
            previous: None,
            directory,
            keyring: Keyring::default(),
            pins: Vec::new(),
            seen: Vec::new(),
        }
    }

    pub(super) fn pin(&self, user: &UserId) -> Option<&Pin> {
        self.pins.iter().find(|(of, _)| of == user).map(|(_, pin)| pin)
    }

    pub(super) fn pin_mut(&mut self, user: &UserId) -> Option<&mut Pin> {
        self.pins.iter_mut().find(|(of, _)| of == user).map(|(_, pin)| pin)
    }

    pub(super) fn set_pin(&mut self, user: &UserId, pin: Pin) {
        self.pins.retain(|(of, _)| of != user);
        self.pins.push((user.clone(), pin));
        let surplus = self.pins.len().saturating_sub(MAX_USERS);
        self.pins.drain(..surplus);
    }

    /// Not less than [`Self::write`] writes.
    pub(crate) fn size_bound(&self) -> usize {
        let sizes = [
            self.keyring.keys.len().saturating_mul(77),
            self.pins.len().saturating_mul(170),
            self.seen.len().saturating_mul(24),
            512,
        ];
        sizes.iter().sum()
    }

    /// # Errors
    /// [`crate::Error::Internal`].
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        out.push(VERSION);
        push8(out, self.user.as_str().as_bytes())?;
        push8(out, self.name.as_bytes())?;
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.issued.to_be_bytes());
        push_optional(out, self.previous.as_ref().map(Key::expose));
        push_optional(out, self.directory.as_ref().map(|key| &key.0));
        out.extend_from_slice(&self.keyring.next_id.to_be_bytes());
        push_count(out, self.keyring.keys.len())?;
        for key in &self.keyring.keys {
            out.push(u8::from(key.kind == KeyKind::OneTime));
            out.extend_from_slice(&key.id.to_be_bytes());
            out.extend_from_slice(&key.owner.0);
            out.extend_from_slice(key.secret.key().expose());
            out.extend_from_slice(&key.until.unwrap_or(0).to_be_bytes());
        }
        push_count(out, self.pins.len())?;
        for (user, pin) in &self.pins {
            push8(out, user.as_str().as_bytes())?;
            out.extend_from_slice(&pin.identity.0);
            push_optional(out, pin.changed.as_ref().map(|key| &key.0));
            out.extend_from_slice(&pin.sequence.to_be_bytes());
            out.extend_from_slice(&pin.hash);
        }
        push_count(out, self.seen.len())?;
        for (digest, until) in &self.seen {
            out.extend_from_slice(digest);
            out.extend_from_slice(&until.to_be_bytes());
        }
        Ok(())
    }

    /// # Errors
    /// [`crate::Error::InvalidIdentity`].
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::with(bytes, BROKEN);
        reader.version(VERSION)?;
        let profile = Self {
            user: user_id(&mut reader)?,
            name: reader.text8()?.to_owned(),
            sequence: reader.u64()?,
            issued: reader.u64()?,
            previous: optional(&mut reader, key)?,
            directory: optional(&mut reader, identity_key)?,
            keyring: Keyring {
                next_id: reader.u32()?,
                keys: reader.list(MAX_KEYS, own_key)?,
            },
            pins: reader.list(MAX_USERS, |reader| Ok((user_id(reader)?, pin(reader)?)))?,
            seen: reader.list(MAX_SEEN, |reader| Ok((reader.array()?, reader.u64()?)))?,
        };
        reader.end()?;
        Ok(profile)
    }
}

fn push_optional(out: &mut Vec<u8>, bytes: Option<&[u8; 32]>) {
    out.push(u8::from(bytes.is_some()));
    out.extend_from_slice(bytes.map_or(&[], |bytes| bytes));
}

fn optional<'a, T>(reader: &mut Reader<'a>, read: impl Fn(&mut Reader<'a>) -> Result<T>) -> Result<Option<T>> {
    Ok(if reader.flag()? { Some(read(reader)?) } else { None })
}

fn user_id(reader: &mut Reader<'_>) -> Result<UserId> {
    let text = reader.text8()?;
    UserId::parse(text).map_err(|_| reader.error())
}

fn key(reader: &mut Reader<'_>) -> Result<Key> {
    Key::from_slice(reader.take(Key::LENGTH)?)
}

fn identity_key(reader: &mut Reader<'_>) -> Result<IdentityKey> {
    reader.array().map(IdentityKey)
}

fn own_key(reader: &mut Reader<'_>) -> Result<OwnKey> {
    Ok(OwnKey {
        kind: if reader.flag()? {
            KeyKind::OneTime
        } else {
            KeyKind::PreKey
        },
        id: reader.u32()?,
        owner: identity_key(reader)?,
        secret: SecretKey::from_key(key(reader)?),
        until: Some(reader.u64()?).filter(|until| *until > 0),
    })
}

fn pin(reader: &mut Reader<'_>) -> Result<Pin> {
    Ok(Pin {
        identity: identity_key(reader)?,
        changed: optional(reader, identity_key)?,
        sequence: reader.u64()?,
        hash: reader.array()?,
    })
}
