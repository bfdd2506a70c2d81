//! A [`Person`](super::Person) as bytes. They hold secrets: whoever stores them seals them, or keeps them where nobody reads.
//!
//! MessagePack, a map with named fields; `version` 1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{
    hpke::SecretKey,
    invitation::KeyKind,
    keys::{Keyring, OwnKey},
    pins::Pin,
    signing::IdentityKey,
    user_id::UserId,
};
use crate::{
    error::{Error, Result},
    frame::{self, FixedBin},
    secret::Key,
};

const VERSION: u8 = 1;
const BROKEN: Error = Error::InvalidArgument("not a stored identity");

/// What is kept of a person.
pub(super) struct Stored {
    pub(super) user: UserId,
    pub(super) seed: Key,
    pub(super) previous: Option<Key>,
    pub(super) directory: Option<IdentityKey>,
    pub(super) sequence: u64,
    pub(super) issued: u64,
    pub(super) name: String,
    pub(super) keyring: Keyring,
    pub(super) pins: BTreeMap<UserId, Pin>,
    pub(super) seen: BTreeMap<[u8; 16], u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SecretBin(FixedBin<32>);

impl Drop for SecretBin {
    fn drop(&mut self) {
        self.0 .0.zeroize();
    }
}

impl SecretBin {
    fn of(key: &Key) -> Self {
        Self(FixedBin(*key.expose()))
    }

    fn key(mut self) -> Key {
        Key::take(&mut self.0 .0)
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u8,
    user: String,
    seed: SecretBin,
    previous: Option<SecretBin>,
    directory: Option<FixedBin<32>>,
    sequence: u64,
    issued: u64,
    name: String,
    next: u32,
    keys: Vec<FileKey>,
    pins: Vec<FilePin>,
    seen: Vec<(FixedBin<16>, u64)>,
}

#[derive(Serialize, Deserialize)]
struct FileKey {
    one_time: bool,
    id: u32,
    owner: FixedBin<32>,
    secret: SecretBin,
    until: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct FilePin {
    user: String,
    identity: FixedBin<32>,
    changed: Option<FixedBin<32>>,
    sequence: u64,
    hash: FixedBin<32>,
}

impl Stored {
    /// # Errors
    /// [`Error::Internal`].
    pub(super) fn encode(&self) -> Result<Zeroizing<Vec<u8>>> {
        let file = File {
            version: VERSION,
            user: self.user.as_str().to_owned(),
            seed: SecretBin::of(&self.seed),
            previous: self.previous.as_ref().map(SecretBin::of),
            directory: self.directory.map(|key| FixedBin(key.0)),
            sequence: self.sequence,
            issued: self.issued,
            name: self.name.clone(),
            next: self.keyring.next_id,
            keys: self.keyring.keys.iter().map(FileKey::of).collect(),
            pins: self.pins.iter().map(|(user, pin)| FilePin::of(user, pin)).collect(),
            seen: self.seen.iter().map(|(id, until)| (FixedBin(*id), *until)).collect(),
        };
        frame::to_vec(&file)
            .map(Zeroizing::new)
            .map_err(|_| Error::Internal("encoding an identity"))
    }

    /// # Errors
    /// [`Error::InvalidArgument`].
    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let value = frame::read_value(bytes).map_err(|_| BROKEN)?;
        let file = File::deserialize(&value).map_err(|_| BROKEN)?;
        if file.version != VERSION {
            return Err(BROKEN);
        }
        Ok(Self {
            user: UserId::parse(&file.user)?,
            seed: file.seed.key(),
            previous: file.previous.map(SecretBin::key),
            directory: file.directory.map(|key| IdentityKey(key.0)),
            sequence: file.sequence,
            issued: file.issued,
            name: file.name,
            keyring: Keyring {
                keys: file.keys.into_iter().map(FileKey::key).collect(),
                next_id: file.next,
            },
            pins: file.pins.iter().map(FilePin::pin).collect::<Result<_>>()?,
            seen: file.seen.into_iter().map(|(id, until)| (id.0, until)).collect(),
        })
    }
}

impl FileKey {
    fn of(key: &OwnKey) -> Self {
        Self {
            one_time: key.kind == KeyKind::OneTime,
            id: key.id,
            owner: FixedBin(key.owner.0),
            secret: SecretBin::of(key.secret.key()),
            until: key.until,
        }
    }

    fn key(self) -> OwnKey {
        OwnKey {
            kind: if self.one_time {
                KeyKind::OneTime
            } else {
                KeyKind::PreKey
            },
            id: self.id,
            owner: IdentityKey(self.owner.0),
            secret: SecretKey::from_key(self.secret.key()),
            until: self.until,
        }
    }
}

impl FilePin {
    fn of(user: &UserId, pin: &Pin) -> Self {
        Self {
            user: user.as_str().to_owned(),
            identity: FixedBin(pin.identity.0),
            changed: pin.changed.map(|key| FixedBin(key.0)),
            sequence: pin.sequence,
            hash: FixedBin(pin.hash),
        }
    }

    fn pin(&self) -> Result<(UserId, Pin)> {
        let pin = Pin {
            identity: IdentityKey(self.identity.0),
            changed: self.changed.map(|key| IdentityKey(key.0)),
            sequence: self.sequence,
            hash: self.hash.0,
        };
        Ok((UserId::parse(&self.user)?, pin))
    }
}
