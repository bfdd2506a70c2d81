//! Others' sender keys, and which of their messages were opened.
//!
//! Megolm opens a message as often as it is given, and a session that was shared opens everything from its first index on.
//! So each session keeps a bit for each index that was opened, and moves its first index up behind what was opened without
//! a gap: a state stolen later opens none of that. A sender changes its key after 100 posts, so 128 bits hold all indexes.

use vodozemac::megolm::{
    DecryptionError, ExportedSessionKey, InboundGroupSession, MegolmMessage, SessionConfig, SessionKey,
};
use zeroize::Zeroizing;

use super::{
    context::{Binding, Outer},
    group::{self, Said},
    machine::MAX_PEERS,
};
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
    sorted::{sort_by_key, SortedMap},
};

/// Indexes a sender key may use.
pub(super) const MAX_INDEX: u32 = u128::BITS;
/// Instances whose sender keys are kept: as many as the ratchet knows.
pub(super) const MAX_SENDERS: usize = MAX_PEERS;
/// Sender keys kept of one instance.
pub(super) const MAX_KEYS: usize = 4;
/// How long a key is kept for late posts once there is a newer one, in milliseconds: as long as the room waits for a member.
const LATE_MS: u64 = 600_000;

/// One sender key of another instance.
pub(super) struct Key {
    pub(super) generation: u16,
    pub(super) session: InboundGroupSession,
    /// Bit k: index k was opened.
    pub(super) opened: u128,
    /// Since when it is kept for late posts only.
    late_since: Option<u64>,
}

impl Key {
    const fn has_opened(&self, index: u32) -> bool {
        self.opened >> index & 1 == 1
    }

    /// Forgets how to open what was opened, up to the first gap.
    fn forget_opened(&mut self) {
        let first = self.session.first_known_index();
        if first < MAX_INDEX {
            let run = (self.opened >> first).trailing_ones();
            self.session.advance_to(first.saturating_add(run));
        }
    }
}

/// The sender keys of one instance.
pub(super) struct Sender {
    pub(super) device_key: [u8; 32],
    /// Newest last.
    pub(super) keys: Vec<Key>,
}

impl Sender {
    const fn new(device_key: [u8; 32]) -> Self {
        Self {
            device_key,
            keys: Vec::new(),
        }
    }
}

/// What became of a group message.
pub(super) enum Outcome {
    Said(Said),
    /// Its key has not come.
    NeedKey(u16),
}

/// The sender keys of everybody else.
pub(super) struct Inbound {
    pub(super) senders: SortedMap<InstanceId, Sender>,
    /// Whether keys of opened messages are kept while their sender key lives, so that they can be shared on purpose.
    keep_opened: bool,
}

impl Inbound {
    pub(super) const fn new(keep_opened: bool) -> Self {
        Self {
            senders: SortedMap::new(),
            keep_opened,
        }
    }

    /// Takes the sender key that `sender` itself shared. One that is held already changes nothing.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`] for other bytes, [`Error::Misdirected`] for another key of a known generation.
    pub(super) fn add(
        &mut self,
        sender: InstanceId,
        device_key: [u8; 32],
        generation: u16,
        key: &[u8],
        now: u64,
    ) -> Result<()> {
        let key = SessionKey::from_bytes(key).map_err(|_| Error::InvalidFrame("not a sender key"))?;
        let session = InboundGroupSession::new(&key, SessionConfig::version_1());
        if session.first_known_index() >= MAX_INDEX {
            return Err(Error::InvalidFrame("a sender key that is used up"));
        }
        if !self.senders.contains_key(&sender) {
            self.make_room();
        }
        let keys = &mut self
            .senders
            .get_or_insert_with(sender, || Sender::new(device_key))
            .ok_or(Error::Internal("a sender"))?
            .keys;
        let newest = keys.last().map(|newest| newest.generation);
        if let Some(known) = keys.iter_mut().find(|known| known.generation == generation) {
            if known.session.session_id() != session.session_id() {
                return Err(Error::Misdirected);
            }
            if newest == Some(generation) {
                known.late_since = None;
            }
            return Ok(());
        }
        keys.push(Key {
            generation,
            session,
            opened: 0,
            late_since: None,
        });
        // Shares may come in any order.
        sort_by_key(keys, |key| key.generation);
        if keys.len() > MAX_KEYS {
            keys.remove(0);
        }
        if let Some((_, older)) = keys.split_last_mut() {
            for key in older {
                key.late_since.get_or_insert(now);
            }
        }
        Ok(())
    }

    /// Makes room for another sender: of those who are gone, the keys of who left first go. Else members who come, speak and
    /// leave could fill the memory, faster than late posts are waited for.
    fn make_room(&mut self) {
        if self.senders.len() < MAX_SENDERS {
            return;
        }
        let gone = self
            .senders
            .iter()
            .filter_map(|(instance, sender)| Some((sender.keys.last()?.late_since?, *instance)));
        if let Some((_, oldest)) = gone.min() {
            self.senders.remove(&oldest);
        }
    }

    /// Opens a group message, once.
    ///
    /// # Errors
    /// [`Error::Replayed`], [`Error::MessagesLost`] for one from before we were given the key, [`Error::Misdirected`],
    /// [`Error::DecryptFailed`].
    pub(super) fn open(
        &mut self,
        room_id: &str,
        sender: InstanceId,
        (generation, message): (u16, &MegolmMessage),
        outer: Outer<'_>,
    ) -> Result<Outcome> {
        let Some(of) = self.senders.get_mut(&sender) else {
            return Ok(Outcome::NeedKey(generation));
        };
        let newest = of.keys.last().map(|key| key.generation);
        let Some(key) = of.keys.iter_mut().find(|key| key.generation == generation) else {
            return if newest.is_some_and(|newest| usize::from(newest.saturating_sub(generation)) >= MAX_KEYS) {
                Err(Error::MessagesLost(1))
            } else {
                Ok(Outcome::NeedKey(generation))
            };
        };
        let index = message.message_index();
        if index >= MAX_INDEX {
            return Err(Error::InvalidFrame("a sender key that is used up"));
        }
        let opened = key.has_opened(index);
        let plaintext = key.session.decrypt(message).map_err(|error| match error {
            // The signature is checked first, so this is the sender's own message.
            DecryptionError::UnknownMessageIndex(..) if opened => Error::Replayed,
            DecryptionError::UnknownMessageIndex(..) => Error::MessagesLost(1),
            _ => Error::DecryptFailed,
        })?;
        if opened {
            return Err(Error::Replayed);
        }
        let plaintext = Zeroizing::new(plaintext.plaintext);
        let binding = Binding::group(room_id, &of.device_key, generation, outer);
        let said = group::read(&plaintext, binding, outer)?;
        key.opened |= 1 << index;
        if !self.keep_opened {
            key.forget_opened();
        }
        Ok(Outcome::Said(said))
    }

    /// The keys of a member who is gone are kept for late posts only.
    pub(super) fn leave(&mut self, sender: InstanceId, now: u64) {
        let keys = self.senders.get_mut(&sender).map(|sender| &mut sender.keys);
        for key in keys.into_iter().flatten() {
            key.late_since.get_or_insert(now);
        }
    }

    /// Drops keys that nothing late is expected for; whether there were any.
    pub(super) fn drop_late(&mut self, now: u64) -> bool {
        let mut dropped = false;
        self.senders.retain(|_, sender| {
            let before = sender.keys.len();
            let late = |key: &Key| key.late_since.is_some_and(|since| now.saturating_sub(since) >= LATE_MS);
            sender.keys.retain(|key| !late(key));
            dropped |= sender.keys.len() != before;
            !sender.keys.is_empty()
        });
        dropped
    }

    /// When [`Self::drop_late`] has something to do.
    pub(super) fn deadline(&self) -> Option<u64> {
        let keys = self.senders.values().flat_map(|sender| &sender.keys);
        keys.filter_map(|key| Some(key.late_since?.saturating_add(LATE_MS)))
            .min()
    }

    /// What a member shares when it shares history: each key from its first index on.
    pub(super) fn export(&self) -> Vec<(InstanceId, u16, Zeroizing<Vec<u8>>)> {
        let senders = self.senders.iter();
        senders
            .flat_map(|(instance, sender)| sender.keys.iter().map(|key| (*instance, key)))
            .map(|(instance, key)| {
                let exported = key.session.export_at_first_known_index();
                (instance, key.generation, Zeroizing::new(exported.to_bytes()))
            })
            .collect()
    }

    /// Takes history that a third member shares: an earlier index of a key that its own sender has given us. A key that is
    /// not known from its sender is refused, so nobody can invent what another said.
    ///
    /// # Errors
    /// [`Error::UnknownMember`] without that key, [`Error::Misdirected`] when it is not the same session,
    /// [`Error::InvalidFrame`].
    pub(super) fn import(&mut self, of: InstanceId, generation: u16, key: &[u8]) -> Result<()> {
        let exported = ExportedSessionKey::from_bytes(key).map_err(|_| Error::InvalidFrame("not a sender key"))?;
        let mut other = InboundGroupSession::import(&exported, SessionConfig::version_1());
        if other.first_known_index() >= MAX_INDEX {
            return Err(Error::InvalidFrame("a sender key that is used up"));
        }
        let keys = self.senders.get_mut(&of).map(|sender| &mut sender.keys);
        let known = keys
            .into_iter()
            .flatten()
            .find(|known| known.generation == generation)
            .ok_or(Error::UnknownMember)?;
        known.session = known.session.merge(&mut other).ok_or(Error::Misdirected)?;
        Ok(())
    }

    pub(super) fn restore(&mut self, instance: InstanceId, device_key: [u8; 32], key: Key) {
        let sender = self.senders.get_or_insert_with(instance, || Sender::new(device_key));
        if let Some(sender) = sender {
            sender.keys.push(key);
        }
    }
}

impl Key {
    /// A key from a stored state, for late posts.
    pub(super) fn restored(generation: u16, session: InboundGroupSession, opened: u128, now: u64) -> Self {
        Self {
            generation,
            session,
            opened,
            late_since: Some(now),
        }
    }
}

#[cfg(test)]
impl Inbound {
    pub(super) fn steal(&self) -> Self {
        let mut copy = Self::new(self.keep_opened);
        for (instance, sender) in self.senders.iter() {
            let keys = sender.keys.iter().map(|key| Key {
                session: InboundGroupSession::from_pickle(key.session.pickle()),
                ..*key
            });
            let device_key = sender.device_key;
            let keys = keys.collect();
            copy.senders.insert(*instance, Sender { device_key, keys });
        }
        copy
    }
}
