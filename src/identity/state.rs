//! A device's identity as one thing, and as bytes.

use core::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Contacts;
use crate::{
    error::{Error, Result},
    kdf::KeySchedule,
    people::{bytes::Reader, Identity as SigningIdentity, Profile, UserId},
    secret::Key,
};

pub(crate) const BROKEN: Error = Error::InvalidIdentity("it is broken");
const NEWER: Error = Error::InvalidIdentity("a newer version of this program has written it");
const VERSION: u8 = 1;
const CHECK_LABEL: &[u8] = b"hushroom/1 identity\0";
const CHECK_BYTES: usize = 8;
/// Label of the seed in Arthas rooms: their signatures are no protocol of ours, so they get a key of their own.
const ARTHAS_LABEL: &str = "arthas device";

/// A device's key and its contacts and, once it is registered with a directory, what its user keeps. Wiped when dropped.
pub struct Identity {
    pub(crate) seed: Key,
    /// Whom it knows.
    pub contacts: Contacts,
    /// Absent while a [`crate::people::Person`] has it, and before one was made.
    pub(crate) profile: Option<Profile>,
}

impl Identity {
    /// A device without contacts. `seed`: 32 random bytes.
    #[must_use]
    pub fn new(seed: Key) -> Self {
        Self {
            seed,
            contacts: Contacts::default(),
            profile: None,
        }
    }

    /// Reads [`Self::state`].
    ///
    /// # Errors
    /// [`Error::InvalidIdentity`].
    pub fn load(bytes: &[u8]) -> Result<Self> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(2..) => return Err(NEWER),
            _ => return Err(BROKEN),
        }
        let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(BROKEN)?;
        if check != &checksum(body) {
            return Err(BROKEN);
        }
        let mut reader = Reader::with(body, BROKEN);
        reader.version(VERSION)?;
        let seed = Key::from_slice(reader.take(Key::LENGTH)?)?;
        let contacts = Contacts::read(&mut reader)?;
        let profile = match reader.rest() {
            [] => None,
            person => Some(Profile::decode(person)?),
        };
        Ok(Self {
            seed,
            contacts,
            profile,
        })
    }

    /// Everything that has to be kept, secrets included: whoever stores it seals it, or keeps it where nobody else reads.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn state(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.state_with(self.profile.as_ref())
    }

    /// As [`Self::state`], for a person who holds the profile.
    pub(crate) fn state_with(&self, profile: Option<&Profile>) -> Result<Zeroizing<Vec<u8>>> {
        // So that nothing is moved while it grows, which would leave a copy behind.
        let profile_size = profile.map_or(0, Profile::size_bound);
        let size = self
            .contacts
            .size_bound()
            .saturating_add(profile_size)
            .saturating_add(64);
        let mut out = Zeroizing::new(Vec::with_capacity(size));
        out.push(VERSION);
        out.extend_from_slice(self.seed.expose());
        self.contacts.write(&mut out)?;
        if let Some(profile) = profile {
            profile.write(&mut out)?;
        }
        let check = checksum(&out);
        out.extend_from_slice(&check);
        Ok(out)
    }

    /// The device's public key, in native rooms and in the directory.
    #[must_use]
    pub fn device_key(&self) -> [u8; 32] {
        SigningIdentity::from_seed(&self.seed).public().0
    }

    /// Whose it is, if it is registered with a directory.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        self.profile.as_ref().map(|profile| &profile.user)
    }

    /// The seed of its key in Arthas rooms.
    pub(crate) fn arthas_seed(&self) -> Result<Key> {
        KeySchedule::extract(&self.seed).expand(ARTHAS_LABEL, &[])
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

fn checksum(body: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::new().chain_update(CHECK_LABEL).chain_update(body).finalize();
    let mut check = [0; CHECK_BYTES];
    check.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    check
}
