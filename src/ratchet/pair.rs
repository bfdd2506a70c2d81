//! The Olm sessions with one other instance.
//!
//! The side with the lower Curve25519 identity key (as bytes) starts the pair, in round 0. When a side cannot open what the
//! other sends, it says so with a signed bundle ([`super::bundle`], purpose 0x02), and the *other* side starts anew in the
//! next round, whatever its key. Both sides send on the session of the highest round, and among those of one round on the
//! one that the lower key started: so two starts at once settle on one session without another word. Sessions that lost
//! still open what is on its way.

use std::cmp::Ordering;

use vodozemac::{
    olm::{Account, Message, OlmMessage, PreKeyMessage, Session, SessionConfig, SessionCreationError},
    Curve25519PublicKey,
};
use zeroize::Zeroizing;

use super::{
    context::{Outer, Party},
    kind,
    limit::Limit,
    note::Content,
};
use crate::{
    error::{Error, Result},
    sorted::sort_by_key,
};

/// Sessions kept: the one in use, and those before it, for what is on its way.
const MAX_SESSIONS: usize = 3;
/// Sender keys that wait for a start, and for how long in milliseconds: as many and as long as receivers keep them.
const MAX_WAITING: usize = 4;
const WAITING_MS: u64 = 600_000;

struct Slot {
    session: Session,
    round: u16,
    /// Whether the lower key started it.
    by_lower: bool,
    /// The other side's key that we started it with.
    started_with: Option<Curve25519PublicKey>,
    /// Whether something was opened with it.
    confirmed: bool,
}

impl Slot {
    const fn rank(&self) -> (u16, bool) {
        (self.round, self.by_lower)
    }
}

/// A sender key of ours from the index at which it was first needed.
#[derive(Clone)]
pub(super) struct WaitingKey {
    pub(super) generation: u16,
    pub(super) key: Zeroizing<Vec<u8>>,
    since: u64,
}

/// What was in a note, and what it did to the pair.
pub(super) struct OpenedNote {
    pub(super) content: Content,
    /// It started a session in place of others: the other side may lack what it was given before.
    pub(super) anew: bool,
    /// The first of a round that followed another: the pair works again.
    pub(super) healed: bool,
}

/// Another instance, and how to talk to it alone.
pub(super) struct Pair {
    pub(super) party: Party,
    pre_key: Curve25519PublicKey,
    we_are_lower: bool,
    /// Best last.
    slots: Vec<Slot>,
    /// Sender keys that wait for the other side to start the pair.
    waiting: Vec<WaitingKey>,
    pub(super) reports: Limit,
    pub(super) restarts: Limit,
}

impl Pair {
    /// # Errors
    /// [`Error::WeakKey`] when the other identity key is our own.
    pub(super) fn new(own: &Party, party: Party, pre_key: Curve25519PublicKey) -> Result<Self> {
        let we_are_lower = match own.identity.as_bytes().cmp(party.identity.as_bytes()) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => return Err(Error::WeakKey),
        };
        Ok(Self {
            party,
            pre_key,
            we_are_lower,
            slots: Vec::new(),
            waiting: Vec::new(),
            reports: Limit::default(),
            restarts: Limit::default(),
        })
    }

    /// Whether it is for us to start, and not done.
    pub(super) fn wants_start(&self) -> bool {
        self.we_are_lower && self.slots.is_empty()
    }

    /// Whether the other side is to start with a key of ours, and has not.
    pub(super) fn awaits_start(&self) -> bool {
        !self.we_are_lower && self.slots.is_empty()
    }

    /// Whether a pre-key made for us alone says that the other side has no session: it is not the one we started with.
    pub(super) fn was_forgotten(&self) -> bool {
        let used = |slot: &Slot| slot.started_with == Some(self.pre_key);
        self.can_send() && !self.slots.iter().any(used)
    }

    pub(super) fn can_send(&self) -> bool {
        !self.slots.is_empty()
    }

    pub(super) fn set_pre_key(&mut self, pre_key: Curve25519PublicKey) {
        self.pre_key = pre_key;
    }

    /// Keeps a sender key until the other side has started.
    pub(super) fn keep_waiting(&mut self, generation: u16, key: Zeroizing<Vec<u8>>, now: u64) {
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push(WaitingKey {
            generation,
            key,
            since: now,
        });
    }

    pub(super) fn take_waiting(&mut self) -> Vec<WaitingKey> {
        core::mem::take(&mut self.waiting)
    }

    /// Forgets sender keys that waited in vain.
    pub(super) fn drop_waiting(&mut self, now: u64) {
        self.waiting
            .retain(|waiting| now.saturating_sub(waiting.since) < WAITING_MS);
    }

    /// When [`Self::drop_waiting`] has something to do.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.waiting
            .first()
            .map(|waiting| waiting.since.saturating_add(WAITING_MS))
    }

    /// The highest round so far.
    pub(super) fn round(&self) -> Option<u16> {
        self.slots.last().map(|slot| slot.round)
    }

    /// Starts a session of `round` with the pre-key of the last bundle.
    ///
    /// # Errors
    /// [`Error::WeakKey`] when a key of the other side contributes nothing to the agreement.
    pub(super) fn start(&mut self, account: &Account, round: u16) -> Result<()> {
        let session = account
            .create_outbound_session(SessionConfig::version_1(), self.party.identity, self.pre_key)
            .map_err(|_| Error::WeakKey)?;
        self.insert(Slot {
            session,
            round,
            by_lower: self.we_are_lower,
            started_with: Some(self.pre_key),
            confirmed: false,
        });
        Ok(())
    }

    fn insert(&mut self, slot: Slot) {
        self.slots.retain(|known| known.rank() != slot.rank());
        self.slots.push(slot);
        sort_by_key(&mut self.slots, Slot::rank);
        if self.slots.len() > MAX_SESSIONS {
            self.slots.remove(0);
        }
    }

    /// Seals `content` into the inner bytes of a post.
    ///
    /// # Errors
    /// [`Error::InvalidState`] without a session.
    pub(super) fn seal(&mut self, room_id: &str, own: &Party, content: &Content, outer: Outer<'_>) -> Result<Vec<u8>> {
        const NONE: Error = Error::InvalidState("no session with this member yet");
        let slot = self.slots.last_mut().ok_or(NONE)?;
        let plaintext = content.encode(room_id, [own, &self.party], slot.round, outer);
        let message = slot.session.encrypt(plaintext.as_slice()).map_err(|_| Error::WeakKey)?;
        Ok(match message {
            OlmMessage::Normal(message) => [&[kind::PAIR], message.to_bytes().as_slice()].concat(),
            OlmMessage::PreKey(message) => [&[kind::PAIR_START], message.to_bytes().as_slice()].concat(),
        })
    }

    /// Opens a note. Of what cannot be opened nothing is kept.
    ///
    /// # Errors
    /// [`Error::DecryptFailed`], [`Error::WeakKey`], [`Error::Misdirected`] for a note written for another place,
    /// [`Error::InvalidFrame`].
    pub(super) fn open(
        &mut self,
        account: &mut Account,
        (room_id, own): (&str, &Party),
        (kind, bytes): (u8, &[u8]),
        outer: Outer<'_>,
    ) -> Result<OpenedNote> {
        if kind == kind::PAIR_START {
            let message = PreKeyMessage::from_bytes(bytes).map_err(|_| Error::InvalidFrame("not an Olm message"))?;
            return self.open_start(account, room_id, own, message, outer);
        }
        let message = Message::from_bytes(bytes).map_err(|_| Error::InvalidFrame("not an Olm message"))?;
        let message = OlmMessage::Normal(message);
        for slot in self.slots.iter_mut().rev() {
            if let Ok(plaintext) = slot.session.decrypt(&message) {
                let plaintext = Zeroizing::new(plaintext);
                return Self::finish(slot, &plaintext, room_id, [&self.party, own], outer);
            }
        }
        Err(Error::DecryptFailed)
    }

    fn open_start(
        &mut self,
        account: &mut Account,
        room_id: &str,
        own: &Party,
        message: PreKeyMessage,
        outer: Outer<'_>,
    ) -> Result<OpenedNote> {
        if message.identity_key() != self.party.identity {
            return Err(Error::DecryptFailed);
        }
        let id = message.session_id();
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.session.session_id() == id) {
            let plaintext = slot.session.decrypt(&OlmMessage::PreKey(message));
            let plaintext = Zeroizing::new(plaintext.map_err(|_| Error::DecryptFailed)?);
            return Self::finish(slot, &plaintext, room_id, [&self.party, own], outer);
        }
        let created = account
            .create_inbound_session(SessionConfig::version_1(), self.party.identity, &message)
            .map_err(|error| match error {
                SessionCreationError::NonContributoryKey => Error::WeakKey,
                _ => Error::DecryptFailed,
            })?;
        let plaintext = Zeroizing::new(created.plaintext);
        let (content, round) = Content::decode(&plaintext, room_id, [&self.party, own], outer)?;
        // The binding names a header that the room has not seen before, so this is no old start come back. If the rank is
        // known, the other side has forgotten us in between.
        let anew = self.can_send();
        self.insert(Slot {
            session: created.session,
            round,
            by_lower: !self.we_are_lower,
            started_with: None,
            confirmed: true,
        });
        Ok(OpenedNote {
            content,
            anew,
            healed: round > 0,
        })
    }

    fn finish(
        slot: &mut Slot,
        plaintext: &[u8],
        room_id: &str,
        parties: [&Party; 2],
        outer: Outer<'_>,
    ) -> Result<OpenedNote> {
        let (content, round) = Content::decode(plaintext, room_id, parties, outer)?;
        if round != slot.round {
            return Err(Error::Misdirected);
        }
        let first = !core::mem::replace(&mut slot.confirmed, true);
        Ok(OpenedNote {
            content,
            anew: false,
            healed: first && round > 0,
        })
    }

    #[cfg(test)]
    pub(super) fn steal(&self) -> Self {
        let slots = self.slots.iter().map(|slot| Slot {
            session: Session::from_pickle(slot.session.pickle()),
            ..*slot
        });
        Self {
            slots: slots.collect(),
            waiting: self.waiting.clone(),
            reports: Limit::default(),
            restarts: Limit::default(),
            ..*self
        }
    }

    /// As after a bug: sessions that open nothing and that nobody can open.
    #[cfg(test)]
    pub(super) fn break_sessions(&mut self, account: &Account) {
        for slot in &mut self.slots {
            let key = Curve25519PublicKey::from(&vodozemac::Curve25519SecretKey::new());
            let session = account.create_outbound_session(SessionConfig::version_1(), key, key);
            slot.session = session.unwrap();
        }
    }
}
