//! A user's whole side of the directory: requests out, answers in, and what is remembered in between.
//!
//! What a call changes has to be stored ([`Person::state`]) before the request it returns is sent: secrets before their public
//! halves, a higher sequence before anybody sees it.

mod acquaintance;
mod mailbox;
mod publishing;

use core::fmt;

use zeroize::Zeroizing;

pub use acquaintance::Acquaintance;
pub use mailbox::{InvitationSeen, Mail, Sender, INVITATION_SECONDS};
use publishing::Published;

use super::{
    answer::{check_answer, sign_request},
    pins::Pin,
    signing::{Identity as SigningIdentity, IdentityKey},
    state::Profile,
    user_id::UserId,
};
use crate::{
    error::{Error, Result},
    frame::people::{refusal_code as code, Done, PeopleFrame, Refused},
    identity::Identity,
    room::name::clean_member_name,
    secret::Key,
};

/// A user, on top of a device's identity: its key is the one that signs. Wiped when dropped.
pub struct Person {
    identity: Identity,
    profile: Profile,
    signing: SigningIdentity,
    published: Option<Published>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

impl Person {
    /// A user who is not registered yet, on a new identity. `seed`: 32 random bytes. `directory`: the directory's key if it is
    /// known; else the first that answers is pinned.
    #[must_use]
    pub fn new(user: UserId, seed: Key, directory: Option<IdentityKey>) -> Self {
        Self::with(Identity::new(seed), Profile::new(user, directory))
    }

    /// A user who is not registered yet, on an identity that is not a user's so far. As [`Self::new`] otherwise.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when it is: see [`Self::of`].
    pub fn register(identity: Identity, user: UserId, directory: Option<IdentityKey>) -> Result<Self> {
        if identity.user().is_some() {
            return Err(Error::InvalidState("the identity belongs to a user already"));
        }
        Ok(Self::with(identity, Profile::new(user, directory)))
    }

    /// The user of an identity.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when it is not a user's yet.
    pub fn of(mut identity: Identity) -> Result<Self> {
        let profile = identity.profile.take();
        profile
            .map(|profile| Self::with(identity, profile))
            .ok_or(Error::InvalidState("the identity is not registered"))
    }

    /// Reads [`Self::state`].
    ///
    /// # Errors
    /// [`Error::InvalidIdentity`], [`Error::InvalidState`] when the identity is not a user's.
    pub fn from_state(bytes: &[u8]) -> Result<Self> {
        Self::of(Identity::load(bytes)?)
    }

    fn with(identity: Identity, profile: Profile) -> Self {
        Self {
            signing: SigningIdentity::from_seed(&identity.seed),
            identity,
            profile,
            published: None,
        }
    }

    /// Everything that has to be kept, secrets included: the state of the whole [`Identity`].
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn state(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.identity.state_with(Some(&self.profile))
    }

    /// The user id.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.profile.user
    }

    /// Our identity key: the key of this device in native rooms too.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.signing.public()
    }

    /// The directory's key, once it has answered.
    #[must_use]
    pub const fn directory(&self) -> Option<IdentityKey> {
        self.profile.directory
    }

    /// What is remembered of a user.
    #[must_use]
    pub fn pin(&self, user: &UserId) -> Option<&Pin> {
        self.profile.pin(user)
    }

    /// Takes another identity key, which [`Self::publish`] will replace the old one with. `seed`: 32 random bytes. In rooms that
    /// are entered from then on, this device comes under the new key too.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while the last replacement is not published.
    pub fn replace_identity(&mut self, seed: Key) -> Result<()> {
        if self.profile.previous.is_some() {
            return Err(Error::InvalidState("the last replacement is not published yet"));
        }
        self.signing = SigningIdentity::from_seed(&seed);
        self.profile.previous = Some(core::mem::replace(&mut self.identity.seed, seed));
        self.published = None;
        Ok(())
    }

    /// Reads the answer to requests that only want to be done.
    ///
    /// # Errors
    /// As [`Self::lookup_own`], and [`Error::UnknownUser`].
    pub fn done(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<Done> {
        match self.check(request, answer, now)? {
            PeopleFrame::Done(done) => Ok(done),
            _ => Err(Error::RelayProtocol("not what was asked for")),
        }
    }

    fn sign(&self, challenge: [u8; 32], request: impl Into<PeopleFrame>) -> Result<Vec<u8>> {
        let directory = self.profile.directory.ok_or(Error::InvalidState("no challenge yet"))?;
        let request = request.into().encode()?;
        let signed = sign_request(&self.signing, directory, challenge, &self.profile.user, request)?;
        PeopleFrame::from(signed).encode()
    }

    /// Checks an answer, pins the directory's key at the first one, and makes errors of refusals.
    fn check(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<PeopleFrame> {
        let (result, key) = check_answer(answer, request, self.profile.directory, now)?;
        self.profile.directory = Some(key);
        match result {
            PeopleFrame::Refused(refused) => Err(refusal(&refused)),
            result => Ok(result),
        }
    }
}

fn clean_name(name: &str) -> Result<String> {
    if name.is_empty() {
        Ok(String::new())
    } else {
        clean_member_name(name)
    }
}

fn refusal(refused: &Refused) -> Error {
    match refused.code.as_str() {
        code::UNKNOWN_USER => Error::UnknownUser,
        code::TAKEN => Error::UserTaken,
        code::RATE_LIMITED => Error::RateLimited,
        code::MAILBOX_FULL => Error::RelayLimit("the mailbox is full"),
        code::DIRECTORY_FULL => Error::RelayLimit("the directory is full"),
        code::STALE => Error::InvalidState("the directory has newer keys of ours"),
        _ => Error::RelayRefused,
    }
}
