//! What the ratchet asks of the room: notes to one member, hellos that start a pair anew, and what waits for a session.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::{
    device::InstanceId,
    machine::Room,
    posting::{Item, Sealed},
};
use crate::{
    error::{Error, Result},
    ratchet::{Action, Note},
};

/// Most events that wait for sessions.
const MAX_DEFERRED: usize = 128;

/// An event for one member, and the counter that is kept for it.
pub(super) struct Deferred {
    pub(super) to: InstanceId,
    counter: u64,
    event: Zeroizing<Vec<u8>>,
}

impl Room {
    /// Does what the ratchet wants done. Everything is tried, and the first error reported.
    pub(super) fn run_ratchet(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(action) = self.ratchet.poll() {
            match action {
                Action::Post(note) => outcome = outcome.and(self.post_note(&note)),
                Action::Report(instance) => self.queue.push(Item::Again { to: instance }),
                Action::Broken(instance) => self.report(&Error::SessionBroken, Some(instance)),
                Action::Healed(_) => {}
            }
        }
        outcome.and(self.post_deferred())
    }

    fn post_note(&mut self, note: &Note) -> Result<()> {
        let sealed = self.seal_body(&[note.to], |room, outer| room.ratchet.seal_note(note, outer))?;
        let counter = sealed.counter;
        self.outbox.push_note(sealed.for_recipients(vec![note.to]))?;
        self.queue.push(Item::First { counter });
        Ok(())
    }

    /// Says `event` to one member, now or once there is a session with it.
    pub(super) fn post_to(&mut self, to: InstanceId, event: Zeroizing<Vec<u8>>) -> Result<u64> {
        if !self.ratchet.knows(to) {
            return Err(Error::UnknownMember);
        }
        if self.deferred.len() >= MAX_DEFERRED {
            return Err(Error::InvalidState("too many posts wait for a member"));
        }
        let counter = self.next_counter()?;
        self.deferred.push_back(Deferred { to, counter, event });
        self.post_deferred()?;
        self.flush(self.clock)?;
        Ok(counter)
    }

    /// Seals what waited for a session that is there now.
    fn post_deferred(&mut self) -> Result<()> {
        let ratchet = &self.ratchet;
        let (ready, waiting): (VecDeque<_>, VecDeque<_>) = core::mem::take(&mut self.deferred)
            .into_iter()
            .partition(|deferred| ratchet.can_reach(deferred.to));
        self.deferred = waiting;
        let mut outcome = Ok(());
        for deferred in ready {
            outcome = outcome.and(self.post_reachable(&deferred));
        }
        outcome
    }

    fn post_reachable(&mut self, deferred: &Deferred) -> Result<()> {
        let Deferred { to, counter, event } = deferred;
        let previous = self.previous.filter(|previous| previous < counter);
        let sealed: Sealed = self.seal_body_at(*counter, &[*to], |room, outer| {
            room.ratchet.seal_to(*to, outer, previous, event)
        })?;
        self.outbox.push(sealed.for_recipients(vec![*to]))?;
        self.queue.push(Item::First { counter: *counter });
        Ok(())
    }
}
