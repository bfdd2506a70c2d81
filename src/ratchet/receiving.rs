//! Opening what others sent.

use super::{
    context::Outer,
    group::{self, Said},
    inbound::Outcome,
    kind,
    machine::{Action, Ratchet},
    note::Content,
    pair::{Pair, WaitingKey},
    store::AfterStore,
};
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

/// What was in a post.
#[derive(Debug)]
pub enum Opened {
    /// Something for everybody, or for those whom the header names.
    Said(Said),
    /// Something for us alone.
    SaidToUs(Said),
    /// Keys: posts of this sender that wait may open now.
    Keys,
    /// Nothing to show.
    Nothing,
    /// The sender key of this generation has not come: keep the post and give it again after the next [`Self::Keys`].
    NeedKey {
        /// Which of the sender's keys it is.
        generation: u16,
    },
}

impl Ratchet {
    /// Opens the inner bytes of a post whose outer layer has opened and whose counter is new. `sender` is the header's
    /// instance. After an error there is nothing to show, and the counter is not to count as seen.
    ///
    /// # Errors
    /// [`Error::DecryptFailed`], [`Error::Replayed`], [`Error::Misdirected`], [`Error::MessagesLost`] for one from before
    /// we were given its key, [`Error::UnknownMember`] before the sender's bundle, [`Error::InvalidFrame`].
    pub fn open(&mut self, sender: InstanceId, outer: Outer<'_>, inner: &[u8], now: u64) -> Result<AfterStore<Opened>> {
        let (&kind, bytes) = inner.split_first().ok_or(Error::InvalidFrame("an empty post"))?;
        let opened = match kind {
            kind::GROUP => self.open_group(sender, outer, bytes)?,
            kind::PAIR | kind::PAIR_START => self.open_note(sender, outer, (kind, bytes), now)?,
            _ => return Err(Error::InvalidFrame("unknown kind of post")),
        };
        if !matches!(opened, Opened::NeedKey { .. } | Opened::Nothing) {
            self.revision = self.revision.saturating_add(1);
        }
        Ok(AfterStore::new(self.revision, opened))
    }

    fn open_group(&mut self, sender: InstanceId, outer: Outer<'_>, bytes: &[u8]) -> Result<Opened> {
        let (generation, message) = group::parse(bytes)?;
        if !self.pairs.contains_key(&sender) && !self.inbound.senders.contains_key(&sender) {
            return Err(Error::UnknownMember);
        }
        let outcome = self
            .inbound
            .open(&self.room_id, sender, (generation, &message), outer)?;
        Ok(match outcome {
            Outcome::Said(said) => Opened::Said(said),
            Outcome::NeedKey(generation) => Opened::NeedKey { generation },
        })
    }

    fn open_note(&mut self, sender: InstanceId, outer: Outer<'_>, note: (u8, &[u8]), now: u64) -> Result<Opened> {
        let pair = self.pairs.get_mut(&sender).ok_or(Error::UnknownMember)?;
        let note = pair.open(&mut self.account, (&self.room_id, &self.own), note, outer);
        let note = match note {
            Ok(note) => note,
            Err(error) => {
                // Any member can send us nonsense under another's name, so this is bounded.
                if error == Error::DecryptFailed {
                    self.key_overdue(sender, now);
                }
                return Err(error);
            }
        };
        self.start_opened(sender);
        if note.healed || note.anew {
            self.share_again(sender);
        }
        if note.healed {
            self.actions.push_back(Action::Healed(sender));
        }
        self.post_waiting(sender);
        match note.content {
            Content::Turn => Ok(Opened::Nothing),
            Content::Event { back, event } => Ok(Opened::SaidToUs(Said {
                previous: group::previous(outer.counter, back),
                event,
            })),
            Content::Share { generation, key } => {
                let device_key = self.pairs.get(&sender).map(|pair| pair.party.device_key);
                let device_key = device_key.ok_or(Error::UnknownMember)?;
                self.inbound.add(sender, device_key, generation, &key, now)?;
                // Our answer carries a fresh ratchet key: the next share cannot be read with what we hold now.
                self.post_turn(sender);
                Ok(Opened::Keys)
            }
            Content::History { of, generation, key } => {
                self.inbound.import(of, generation, &key)?;
                Ok(Opened::Keys)
            }
        }
    }

    /// The other side has started the pair: the sender keys that waited for it go out.
    fn post_waiting(&mut self, to: InstanceId) {
        let waiting = self.pairs.get_mut(&to).map(Pair::take_waiting);
        for WaitingKey { generation, key, .. } in waiting.into_iter().flatten() {
            self.post_note(to, Content::Share { generation, key });
        }
    }

    fn post_turn(&mut self, to: InstanceId) {
        let waits = |action: &Action| matches!(action, Action::Post(note) if note.to == to);
        if !self.actions.iter().any(waits) {
            self.post_note(to, Content::Turn);
        }
    }
}
