//! A user's whole side of the directory: requests out, answers in, and what is remembered in between.
//!
//! What a call changes has to be stored ([`Person::state`]) before the request it returns is sent: secrets before their public
//! halves, a higher sequence before anybody sees it.

use core::fmt;
use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{
    answer::{check_answer, sign_request},
    bundle::{Bundle, MAX_CLOCK_SKEW_SECONDS, MAX_VALIDITY_SECONDS},
    entry::Entry,
    hpke::PublicKey,
    invitation::{self, Contents, Header, KeyKind, Recipient},
    keys::Keyring,
    one_time::OneTimeKey,
    pins::{judge, Pin, Standing},
    replacement::Replacement,
    signing::{Identity, IdentityKey},
    state::Stored,
    user_id::UserId,
};
use crate::{
    error::{Error, Result},
    frame::{
        people::{
            refusal_code as code, Acknowledge, AddKeys, Done, Fetch, Found, Hail, Invite, Lookup, PeopleFrame, Publish,
            Refused, Remove, Waiting,
        },
        Bin, FixedBin,
    },
    room::name::clean_member_name,
    secret::Key,
};

/// How long a directory keeps an invitation: 14 days.
pub const INVITATION_SECONDS: u64 = 14 * 24 * 60 * 60;
/// How long an invitation may be under way in all, clocks that differ included.
const INVITATION_LIFE_SECONDS: u64 = INVITATION_SECONDS + MAX_CLOCK_SKEW_SECONDS;
/// A bundle is renewed, with a new pre-key, when it is this old: 7 days.
const RENEW_AFTER_SECONDS: u64 = 7 * 24 * 60 * 60;
/// Invitations that are remembered so that they are not shown again.
const MAX_SEEN: usize = 10_000;

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

/// What is known of an invitation's sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The key is the one that is pinned for the user the invitation names.
    Known,
    /// Nobody of that id is pinned: a lookup would tell.
    Unconfirmed,
    /// Another key is pinned: a lookup tells whether it was replaced.
    OtherKey,
}

/// An invitation that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationSeen {
    /// To be handed back when it is acknowledged.
    pub receipt: [u8; Receipt::LENGTH],
    /// What it says.
    pub contents: Contents,
    /// Whether its key is the sender's.
    pub sender: Sender,
}

/// Names an invitation at the directory and here.
struct Receipt {
    id: u64,
    header: Header,
    digest: [u8; 16],
}

impl Receipt {
    const LENGTH: usize = 8 + 1 + 4 + 16;

    fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let kind = [u8::from(self.header.kind == KeyKind::OneTime)];
        let fields = [
            &self.id.to_be_bytes()[..],
            &kind,
            &self.header.id.to_be_bytes(),
            &self.digest,
        ];
        bytes.iter_mut().zip(fields.concat()).for_each(|(to, from)| *to = from);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        const WRONG: Error = Error::InvalidArgument("not a receipt");
        let (id, rest) = bytes.split_first_chunk().ok_or(WRONG)?;
        let (kind, rest) = rest.split_first().ok_or(WRONG)?;
        let (key, digest) = rest.split_first_chunk().ok_or(WRONG)?;
        Ok(Self {
            id: u64::from_be_bytes(*id),
            header: Header {
                kind: if *kind == 1 { KeyKind::OneTime } else { KeyKind::PreKey },
                id: u32::from_be_bytes(*key),
            },
            digest: digest.try_into().map_err(|_| WRONG)?,
        })
    }
}

/// Whose key the directory has for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Published {
    Nothing,
    Ours,
    /// The one before: our replacement has not arrived.
    Previous,
}

/// A user. Wiped when dropped.
pub struct Person {
    stored: Stored,
    identity: Identity,
    published: Option<Published>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

impl Person {
    /// A user who is not registered yet. `seed`: 32 random bytes. `directory`: the directory's key if it is known; else the
    /// first that answers is pinned.
    #[must_use]
    pub fn new(user: UserId, seed: Key, directory: Option<IdentityKey>) -> Self {
        let stored = Stored {
            user,
            seed,
            previous: None,
            directory,
            sequence: 0,
            issued: 0,
            name: String::new(),
            keyring: Keyring::default(),
            pins: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        Self {
            identity: Identity::from_seed(&stored.seed),
            stored,
            published: None,
        }
    }

    /// Reads [`Self::state`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`].
    pub fn from_state(bytes: &[u8]) -> Result<Self> {
        let stored = Stored::decode(bytes)?;
        Ok(Self {
            identity: Identity::from_seed(&stored.seed),
            stored,
            published: None,
        })
    }

    /// Everything that has to be kept, secrets included.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn state(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.stored.encode()
    }

    /// The user id.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.stored.user
    }

    /// Our identity key.
    #[must_use]
    pub fn identity(&self) -> IdentityKey {
        self.identity.public()
    }

    /// The directory's key, once it has answered.
    #[must_use]
    pub const fn directory(&self) -> Option<IdentityKey> {
        self.stored.directory
    }

    /// What is remembered of a user.
    #[must_use]
    pub fn pin(&self, user: &UserId) -> Option<&Pin> {
        self.stored.pins.get(user)
    }

    /// Takes another identity key, which [`Self::publish`] will replace the old one with. `seed`: 32 random bytes.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while the last replacement is not published.
    pub fn replace_identity(&mut self, seed: Key) -> Result<()> {
        if self.stored.previous.is_some() {
            return Err(Error::InvalidState("the last replacement is not published yet"));
        }
        self.identity = Identity::from_seed(&seed);
        self.stored.previous = Some(core::mem::replace(&mut self.stored.seed, seed));
        self.published = None;
        Ok(())
    }

    /// Asks for a challenge. `nonce`: fresh and random, as everywhere here.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn hail(&self, nonce: [u8; 32]) -> Result<Vec<u8>> {
        let hail = Hail {
            nonce: FixedBin(nonce),
            user: self.stored.user.to_name(),
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
            Ok(PeopleFrame::Found(found)) => self.own(&Entry::verify(&self.stored.user, &found)?)?,
            Ok(_) => return Err(Error::RelayProtocol("not what was asked for")),
        };
        self.published = Some(published);
        let current = published == Published::Ours
            && name == self.stored.name
            && now.saturating_sub(self.stored.issued) < RENEW_AFTER_SECONDS;
        Ok(!current)
    }

    fn name_or_kept(&self, name: Option<&str>) -> Result<String> {
        name.map_or_else(|| Ok(self.stored.name.clone()), clean_name)
    }

    fn own(&mut self, entry: &Entry) -> Result<Published> {
        let previous = self
            .stored
            .previous
            .as_ref()
            .map(|seed| Identity::from_seed(seed).public());
        let published = if entry.bundle.identity == self.identity.public() {
            self.stored.previous = None;
            Published::Ours
        } else if Some(entry.bundle.identity) == previous {
            Published::Previous
        } else {
            return Err(Error::UserTaken);
        };
        // Ours, as the signature shows: after an old state was restored it is ahead of what we remember.
        if entry.bundle.sequence > self.stored.sequence {
            (self.stored.sequence, self.stored.issued) = (entry.bundle.sequence, 0);
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
        let stored = &mut self.stored;
        let old = stored.previous.as_ref().map(Identity::from_seed);
        let until = now.saturating_add(INVITATION_LIFE_SECONDS);
        let (pre_key_id, pre_key) = stored.keyring.new_pre_key(self.identity.public(), seed, now, until)?;
        stored.sequence = stored.sequence.saturating_add(1);
        (stored.issued, stored.name) = (now, name);
        let replacement = match (published, old) {
            (Published::Previous, Some(old)) => {
                let statement = Replacement {
                    user: stored.user.clone(),
                    old: old.public(),
                    new: self.identity.public(),
                    sequence: stored.sequence,
                    time: now,
                };
                Some(Bin(statement.sign(&old, &self.identity)?))
            }
            _ => None,
        };
        let bundle = Bundle {
            user: stored.user.clone(),
            identity: self.identity.public(),
            pre_key_id,
            pre_key,
            sequence: stored.sequence,
            issued: now,
            expires: now.saturating_add(MAX_VALIDITY_SECONDS),
            name: stored.name.clone(),
        };
        let bundle = Bin(bundle.sign(&self.identity)?);
        self.sign(challenge, Publish { bundle, replacement })
    }

    /// Reads the answer to [`Self::publish`].
    ///
    /// # Errors
    /// As [`Self::lookup_own`].
    pub fn published(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<Done> {
        let done = self.done(request, answer, now)?;
        self.stored.previous = None;
        self.published = Some(Published::Ours);
        Ok(done)
    }

    /// Adds one-time keys, one for each of `seeds`, at most 100.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::Internal`].
    pub fn add_keys(&mut self, challenge: [u8; 32], seeds: &[Key], now: u64) -> Result<Vec<u8>> {
        self.stored.keyring.prune(now);
        let keys = self
            .stored
            .keyring
            .new_one_time_keys(&self.stored.user, &self.identity, seeds, now)?;
        let keys = keys.into_iter().map(Bin).collect();
        self.sign(challenge, AddKeys { keys })
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
        let (standing, pin) = judge(self.stored.pins.get(user), &entry, now)?;
        self.stored.pins.insert(user.clone(), pin);
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
        self.stored
            .pins
            .get_mut(user)
            .ok_or(Error::UnknownUser)?
            .acknowledge(key)
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
        let trusted = self.stored.pins.get(&to.user).map(|pin| (pin.identity, pin.changed));
        if trusted != Some((to.identity, None)) {
            return Err(Error::KeyChanged);
        }
        let contents = Contents {
            sender: self.stored.user.clone(),
            identity: self.identity.public(),
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
        let sealed = invitation::seal(&contents, &self.identity, &recipient, to.header, seed)?;
        let invite = Invite {
            nonce: FixedBin(nonce),
            to: to.user.to_name(),
            sealed: Bin(sealed),
        };
        PeopleFrame::from(invite).encode()
    }

    /// Asks for the invitations after the one that the directory calls `after`.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn fetch(&self, challenge: [u8; 32], after: u64) -> Result<Vec<u8>> {
        self.sign(challenge, Fetch { after })
    }

    /// Reads the answer to [`Self::fetch`].
    ///
    /// # Errors
    /// As [`Self::done`].
    pub fn fetched(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<Mail> {
        let PeopleFrame::Invitations(invitations) = self.check(request, answer, now)? else {
            return Err(Error::RelayProtocol("not what was asked for"));
        };
        let mut mail = Mail {
            last: invitations.items.last().map(|item| item.id),
            more: invitations.more,
            ..Mail::default()
        };
        for waiting in &invitations.items {
            match self.read(waiting, now) {
                Ok(invitation) => mail.invitations.push(invitation),
                Err(receipt) => mail.useless.push(receipt),
            }
        }
        Ok(mail)
    }

    /// Opens an invitation; else the receipt to have it forgotten with.
    fn read(&self, waiting: &Waiting, now: u64) -> core::result::Result<InvitationSeen, [u8; Receipt::LENGTH]> {
        let digest = invitation::digest(&waiting.sealed.0);
        let header = Header::parse(&waiting.sealed.0);
        let receipt = Receipt {
            id: waiting.id,
            // What cannot be opened does not cost a key.
            header: Header {
                kind: KeyKind::PreKey,
                id: 0,
            },
            digest,
        };
        let useless = receipt.encode();
        let header = header.map_err(|_| useless)?;
        let key = self.stored.keyring.find(header).ok_or(useless)?;
        let contents = invitation::open(&waiting.sealed.0, &self.stored.user, key.owner, &key.secret);
        let contents = contents.map_err(|_| useless)?;
        let early = contents.time > now.saturating_add(MAX_CLOCK_SKEW_SECONDS);
        let late = contents.time.saturating_add(INVITATION_LIFE_SECONDS) < now;
        if early || late || self.stored.seen.contains_key(&digest) {
            return Err(useless);
        }
        let sender = match self.stored.pins.get(&contents.sender) {
            None => Sender::Unconfirmed,
            Some(pin) if pin.identity == contents.identity && pin.changed.is_none() => Sender::Known,
            Some(_) => Sender::OtherKey,
        };
        Ok(InvitationSeen {
            receipt: Receipt { header, ..receipt }.encode(),
            contents,
            sender,
        })
    }

    /// Deletes the secrets of invitations that were dealt with, and asks the directory to forget them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what is no receipt.
    pub fn acknowledge(&mut self, challenge: [u8; 32], receipts: &[&[u8]], now: u64) -> Result<Vec<u8>> {
        let receipts = receipts
            .iter()
            .map(|bytes| Receipt::parse(bytes))
            .collect::<Result<Vec<_>>>()?;
        let stored = &mut self.stored;
        for receipt in &receipts {
            if receipt.header.kind == KeyKind::OneTime {
                stored.keyring.spend(receipt.header.id);
            }
            // Longer than its content passes for new.
            let until = now.saturating_add(INVITATION_LIFE_SECONDS + MAX_CLOCK_SKEW_SECONDS);
            stored.seen.insert(receipt.digest, until);
        }
        stored.keyring.prune(now);
        stored.seen.retain(|_, until| *until > now);
        while stored.seen.len() > MAX_SEEN {
            let oldest = stored.seen.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id);
            oldest.map(|id| stored.seen.remove(&id));
        }
        let ids = receipts.iter().map(|receipt| receipt.id).collect();
        self.sign(challenge, Acknowledge { ids })
    }

    /// Removes us from the directory.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn remove(&self, challenge: [u8; 32]) -> Result<Vec<u8>> {
        self.sign(challenge, Remove {})
    }

    fn sign(&self, challenge: [u8; 32], request: impl Into<PeopleFrame>) -> Result<Vec<u8>> {
        let directory = self.stored.directory.ok_or(Error::InvalidState("no challenge yet"))?;
        let request = request.into().encode()?;
        let signed = sign_request(&self.identity, directory, challenge, &self.stored.user, request)?;
        PeopleFrame::from(signed).encode()
    }

    /// Checks an answer, pins the directory's key at the first one, and makes errors of refusals.
    fn check(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<PeopleFrame> {
        let (result, key) = check_answer(answer, request, self.stored.directory, now)?;
        self.stored.directory = Some(key);
        match result {
            PeopleFrame::Refused(refused) => Err(refusal(&refused)),
            result => Ok(result),
        }
    }
}

/// Invitations that have come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail {
    /// Those that open.
    pub invitations: Vec<InvitationSeen>,
    /// Receipts of those that do not, or were acknowledged before.
    pub useless: Vec<[u8; Receipt::LENGTH]>,
    /// Where to go on, for [`Person::fetch`].
    pub last: Option<u64>,
    /// Whether there are others.
    pub more: bool,
}

fn one_time_of(user: &UserId, entry: &Entry, found: &Found) -> Result<Option<OneTimeKey>> {
    let verify = |bytes: &Bin| OneTimeKey::verify(&bytes.0, user, &entry.bundle.identity);
    found.one_time.as_ref().map(verify).transpose()
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
