//! Saying something, and what must go out before it.

use zeroize::Zeroizing;

use super::{
    context::{Binding, Outer},
    drawn, group,
    machine::{Action, Note, Ratchet},
    note::Content,
    outbound::Outbound,
};
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

impl Ratchet {
    /// To be called before each [`Self::seal`]: makes a new sender key if it is time, and queues the notes that give it to
    /// whoever lacks it. They must be posted first.
    ///
    /// # Errors
    /// [`Error::InvalidState`] after 65,536 sender keys: the room has to be entered anew.
    pub fn prepare(&mut self, now: u64) -> Result<()> {
        if self.outbound.as_ref().is_none_or(|outbound| outbound.is_due(now)) {
            let next = Outbound::new(self.outbound.as_deref(), now)?;
            drawn::forget()?;
            // The old one is dropped, and wiped, here.
            self.outbound = Some(Box::new(next));
            self.actions.retain(
                |action| !matches!(action, Action::Post(note) if matches!(note.content, Content::Share { .. })),
            );
        }
        let Some(outbound) = &mut self.outbound else {
            return Ok(());
        };
        for (instance, pair) in self.pairs.iter_mut() {
            if !outbound.give(*instance) {
                continue;
            }
            let (generation, key) = (outbound.generation, outbound.key());
            if pair.can_send() {
                self.actions.push_back(Action::Post(Note {
                    to: *instance,
                    content: Content::Share { generation, key },
                }));
            } else {
                // The other side starts; until then the key waits, from the index it is needed at.
                pair.keep_waiting(generation, key, now);
            }
        }
        Ok(())
    }

    /// Seals `event` for everybody who has our sender key: the inner bytes of a post. `previous` is the counter of our last
    /// kept post to everybody.
    ///
    /// # Errors
    /// [`Error::InvalidState`] without [`Self::prepare`], or before its notes were taken with [`Self::poll`].
    pub fn seal(&mut self, outer: Outer<'_>, previous: Option<u64>, event: &[u8], now: u64) -> Result<Vec<u8>> {
        let share =
            |action: &Action| matches!(action, Action::Post(note) if matches!(note.content, Content::Share { .. }));
        if self.actions.iter().any(share) {
            return Err(Error::InvalidState("sender keys wait to be posted"));
        }
        let outbound = self.outbound.as_mut().filter(|outbound| !outbound.is_due(now));
        let outbound = outbound.ok_or(Error::InvalidState("the sender key is not prepared"))?;
        let binding = Binding::group(&self.room_id, &self.own.device_key, outbound.generation, outer);
        Ok(group::seal(
            &mut outbound.session,
            outbound.generation,
            binding,
            outer,
            previous,
            event,
        ))
    }

    /// Seals a note of [`Self::poll`]: the inner bytes of a post to `note.to` alone.
    ///
    /// # Errors
    /// [`Error::UnknownMember`] when it has gone, [`Error::InvalidState`] without a session.
    pub fn seal_note(&mut self, note: &Note, outer: Outer<'_>) -> Result<Vec<u8>> {
        let pair = self.pairs.get_mut(&note.to).ok_or(Error::UnknownMember)?;
        let sealed = pair.seal(&self.room_id, &self.own, &note.content, outer);
        // Whoever sends after having heard makes a new ratchet key.
        drawn::forget().and(sealed)
    }

    /// Whether [`Self::seal_to`] can reach this instance yet.
    #[must_use]
    pub fn can_reach(&self, instance: InstanceId) -> bool {
        self.pairs.get(&instance).is_some_and(super::pair::Pair::can_send)
    }

    /// Seals `event` for one instance: the inner bytes of a post to it alone.
    ///
    /// # Errors
    /// [`Error::UnknownMember`], [`Error::InvalidState`] without a session.
    pub fn seal_to(
        &mut self,
        to: InstanceId,
        outer: Outer<'_>,
        previous: Option<u64>,
        event: &[u8],
    ) -> Result<Vec<u8>> {
        let content = Content::Event {
            back: group::back(outer.counter, previous),
            event: Zeroizing::new(event.to_vec()),
        };
        self.seal_note(&Note { to, content }, outer)
    }

    /// Gives `to` what is kept of others' sender keys, from before it came. Only with [`super::Config::keep_opened`] does
    /// that reach back to what was opened already, at most to the start of each sender's present key. The receiver takes
    /// only keys that it has, from a later index on, from their sender itself.
    ///
    /// # Errors
    /// [`Error::UnknownMember`].
    pub fn share_history(&mut self, to: InstanceId) -> Result<()> {
        if !self.can_reach(to) {
            return Err(Error::UnknownMember);
        }
        for (of, generation, key) in self.inbound.export() {
            if of != to {
                self.post_note(to, Content::History { of, generation, key });
            }
        }
        Ok(())
    }

    /// The session id of our present sender key and the index of its next message: what a test counts.
    #[cfg(test)]
    pub(super) fn sender_key(&self) -> Option<(String, u32)> {
        let outbound = self.outbound.as_ref()?;
        Some((outbound.session.session_id(), outbound.session.message_index()))
    }
}
