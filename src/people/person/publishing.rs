//! What a user publishes: bundles, one-time keys, and the proof that one identity key has taken another's place.

use crate::{
    error::{Error, Result},
    frame::{
        people::{AddKeys, Done, Hail, PeopleFrame, Publish, Remove},
        Bin, FixedBin,
    },
    people::{
        bundle::{Bundle, MAX_VALIDITY_SECONDS},
        entry::Entry,
        replacement::Replacement,
        signing::Identity as SigningIdentity,
    },
    secret::Key,
};

use super::{clean_name, mailbox::INVITATION_LIFE_SECONDS, Person};

/// A bundle is renewed, with a new pre-key, when it is this old: 7 days.
const RENEW_AFTER_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Whose key the directory has for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Published {
    Nothing,
    Ours,
    /// The one before: our replacement has not arrived.
    Previous,
}

impl Person {
    /// Asks for a challenge. `nonce`: fresh and random, as everywhere here.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn hail(&self, nonce: [u8; 32]) -> Result<Vec<u8>> {
        let hail = Hail {
            nonce: FixedBin(nonce),
            user: self.profile.user.to_name(),
        };
        PeopleFrame::from(hail).encode()
    }

    /// Reads the answer to [`Self::hail`].
    ///
    /// # Errors
    /// As [`Self::lookup_own`].
    pub fn challenge(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<[u8; 32]> {
        match self.check(request, answer, now)? {
            PeopleFrame::Challenge(challenge) => Ok(challenge.challenge.0),
            _ => Err(Error::RelayProtocol("not what was asked for")),
        }
    }

    /// Reads the answer to a lookup of ourselves, which comes before [`Self::publish`]. Whether there is anything to publish.
    /// `name`: as there.
    ///
    /// # Errors
    /// [`Error::UserTaken`]; [`Error::DirectoryProof`]; [`Error::RateLimited`], [`Error::RelayLimit`], [`Error::RelayRefused`],
    /// [`Error::RelayProtocol`].
    pub fn lookup_own(&mut self, request: &[u8], answer: &[u8], name: Option<&str>, now: u64) -> Result<bool> {
        let name = self.name_or_kept(name)?;
        let published = match self.check(request, answer, now) {
            Err(Error::UnknownUser) => Published::Nothing,
            Err(error) => return Err(error),
            Ok(PeopleFrame::Found(found)) => self.own(&Entry::verify(&self.profile.user, &found)?)?,
            Ok(_) => return Err(Error::RelayProtocol("not what was asked for")),
        };
        self.published = Some(published);
        let current = published == Published::Ours
            && name == self.profile.name
            && now.saturating_sub(self.profile.issued) < RENEW_AFTER_SECONDS;
        Ok(!current)
    }

    fn name_or_kept(&self, name: Option<&str>) -> Result<String> {
        name.map_or_else(|| Ok(self.profile.name.clone()), clean_name)
    }

    fn own(&mut self, entry: &Entry) -> Result<Published> {
        let previous = self
            .profile
            .previous
            .as_ref()
            .map(|seed| SigningIdentity::from_seed(seed).public());
        let published = if entry.bundle.identity == self.signing.public() {
            self.profile.previous = None;
            Published::Ours
        } else if Some(entry.bundle.identity) == previous {
            Published::Previous
        } else {
            return Err(Error::UserTaken);
        };
        // Ours, as the signature shows: after an old state was restored it is ahead of what we remember.
        if entry.bundle.sequence > self.profile.sequence {
            (self.profile.sequence, self.profile.issued) = (entry.bundle.sequence, 0);
        }
        Ok(published)
    }

    /// Makes a new bundle, with a new pre-key from `seed`, valid for 90 days. `name` is what others see; may be empty; `None` for
    /// the one that was published before.
    ///
    /// # Errors
    /// [`Error::InvalidState`] before [`Self::lookup_own`]; [`Error::InvalidName`].
    pub fn publish(&mut self, challenge: [u8; 32], name: Option<&str>, seed: &Key, now: u64) -> Result<Vec<u8>> {
        let published = self.published.ok_or(Error::InvalidState("look up yourself first"))?;
        let name = self.name_or_kept(name)?;
        let profile = &mut self.profile;
        let old = profile.previous.as_ref().map(SigningIdentity::from_seed);
        let until = now.saturating_add(INVITATION_LIFE_SECONDS);
        let (pre_key_id, pre_key) = profile.keyring.new_pre_key(self.signing.public(), seed, now, until)?;
        profile.sequence = profile.sequence.saturating_add(1);
        (profile.issued, profile.name) = (now, name);
        let replacement = match (published, old) {
            (Published::Previous, Some(old)) => {
                let statement = Replacement {
                    user: profile.user.clone(),
                    old: old.public(),
                    new: self.signing.public(),
                    sequence: profile.sequence,
                    time: now,
                };
                Some(Bin(statement.sign(&old, &self.signing)?))
            }
            _ => None,
        };
        let bundle = Bundle {
            user: profile.user.clone(),
            identity: self.signing.public(),
            pre_key_id,
            pre_key,
            sequence: profile.sequence,
            issued: now,
            expires: now.saturating_add(MAX_VALIDITY_SECONDS),
            name: profile.name.clone(),
        };
        let bundle = Bin(bundle.sign(&self.signing)?);
        self.sign(challenge, Publish { bundle, replacement })
    }

    /// Reads the answer to [`Self::publish`].
    ///
    /// # Errors
    /// As [`Self::lookup_own`].
    pub fn published(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<Done> {
        let done = self.done(request, answer, now)?;
        self.profile.previous = None;
        self.published = Some(Published::Ours);
        Ok(done)
    }

    /// Adds one-time keys, one for each of `seeds`, at most 100.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::Internal`].
    pub fn add_keys(&mut self, challenge: [u8; 32], seeds: &[Key], now: u64) -> Result<Vec<u8>> {
        self.profile.keyring.prune(now);
        let keys = self
            .profile
            .keyring
            .new_one_time_keys(&self.profile.user, &self.signing, seeds, now)?;
        let keys = keys.into_iter().map(Bin).collect();
        self.sign(challenge, AddKeys { keys })
    }

    /// Removes us from the directory.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn remove(&self, challenge: [u8; 32]) -> Result<Vec<u8>> {
        self.sign(challenge, Remove {})
    }
}
