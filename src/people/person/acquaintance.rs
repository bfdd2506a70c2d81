//! Others: who is looked up, trusted and invited.

use zeroize::Zeroizing;

use super::{clean_name, Person};
use crate::{
    error::{Error, Result},
    frame::{
        people::{Found, Invite, Lookup, PeopleFrame},
        Bin, FixedBin,
    },
    people::{
        bundle::Bundle,
        entry::Entry,
        hpke::PublicKey,
        invitation::{self, Contents, Header, KeyKind, Recipient},
        one_time::OneTimeKey,
        pins::{judge, Standing},
        signing::IdentityKey,
        user_id::UserId,
    },
    secret::Key,
};

/// Somebody who was looked up, and may be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquaintance {
    /// Who.
    pub user: UserId,
    /// The key that the directory shows. Trusted unless `standing` is [`Standing::Changed`].
    pub identity: IdentityKey,
    /// The key that is trusted.
    pub trusted: IdentityKey,
    /// How that compares with what was known.
    pub standing: Standing,
    /// What the user wants to be called; may be empty.
    pub name: String,
    /// Unix seconds at which the keys expire.
    pub expires: u64,
    header: Header,
    key: PublicKey,
}

impl Person {
    /// Asks for `user`; with `one_time`, for a one-time key too.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn lookup(&self, user: &UserId, one_time: bool, nonce: [u8; 32]) -> Result<Vec<u8>> {
        let lookup = Lookup {
            nonce: FixedBin(nonce),
            user: user.to_name(),
            one_time,
        };
        PeopleFrame::from(lookup).encode()
    }

    /// Reads the answer to a lookup, and remembers it.
    ///
    /// # Errors
    /// [`Error::UnknownUser`], [`Error::BundleExpired`], [`Error::KeyUnproven`], [`Error::DirectoryRolledBack`], and those of
    /// [`Self::lookup_own`].
    pub fn looked_up(&mut self, user: &UserId, request: &[u8], answer: &[u8], now: u64) -> Result<Acquaintance> {
        let PeopleFrame::Found(found) = self.check(request, answer, now)? else {
            return Err(Error::RelayProtocol("not what was asked for"));
        };
        let entry = Entry::verify(user, &found)?;
        let one_time = one_time_of(user, &entry, &found)?;
        let (standing, pin) = judge(self.profile.pin(user), &entry, now)?;
        self.profile.set_pin(user, pin);
        let Bundle {
            pre_key_id, pre_key, ..
        } = entry.bundle;
        let (kind, id, key) = one_time.map_or((KeyKind::PreKey, pre_key_id, pre_key), |one_time| {
            (KeyKind::OneTime, one_time.id, one_time.key)
        });
        Ok(Acquaintance {
            user: user.clone(),
            identity: entry.bundle.identity,
            trusted: pin.identity,
            standing,
            // Others' names are cleaned before they are shown; what is no name at all is none.
            name: clean_name(&entry.bundle.name).unwrap_or_default(),
            expires: entry.bundle.expires,
            header: Header { kind, id },
            key,
        })
    }

    /// Trusts the key that has taken the place of `user`'s.
    ///
    /// # Errors
    /// [`Error::UnknownUser`] when nothing is known of the user, [`Error::KeyUnproven`] when `key` is not the one that waits.
    pub fn acknowledge_key(&mut self, user: &UserId, key: IdentityKey) -> Result<()> {
        self.profile.pin_mut(user).ok_or(Error::UnknownUser)?.acknowledge(key)
    }

    /// Seals an invitation into a room for somebody who was just looked up, with `one_time`. `random`: 32 fresh bytes.
    ///
    /// # Errors
    /// [`Error::KeyChanged`] until the change is acknowledged; [`Error::InvalidShareCode`], [`Error::TextTooLong`],
    /// [`Error::WeakKey`].
    pub fn invite(
        &self,
        to: &Acquaintance,
        code: &str,
        text: &str,
        random: (Key, [u8; 32]),
        now: u64,
    ) -> Result<Vec<u8>> {
        let trusted = self.profile.pin(&to.user).map(|pin| (pin.identity, pin.changed));
        if trusted != Some((to.identity, None)) {
            return Err(Error::KeyChanged);
        }
        let contents = Contents {
            sender: self.profile.user.clone(),
            identity: self.signing.public(),
            time: now,
            code: Zeroizing::new(code.to_owned()),
            text: Zeroizing::new(text.to_owned()),
        };
        let recipient = Recipient {
            user: &to.user,
            identity: to.identity,
            key: to.key,
        };
        let (seed, nonce) = random;
        let sealed = invitation::seal(&contents, &self.signing, &recipient, to.header, seed)?;
        let invite = Invite {
            nonce: FixedBin(nonce),
            to: to.user.to_name(),
            sealed: Bin(sealed),
        };
        PeopleFrame::from(invite).encode()
    }
}

fn one_time_of(user: &UserId, entry: &Entry, found: &Found) -> Result<Option<OneTimeKey>> {
    let verify = |bytes: &Bin| OneTimeKey::verify(&bytes.0, user, &entry.bundle.identity);
    found.one_time.as_ref().map(verify).transpose()
}
