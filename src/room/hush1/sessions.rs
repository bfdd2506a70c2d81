//! What the ratchet asks of the room: notes to one member, hellos that start a pair anew, and what waits for sessions.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::{device::InstanceId, machine::Room, outbox::MAX_POSTS, posting::Item};
use crate::{
    error::{Error, Result},
    frame::{RelayId, MAX_MEMBERS},
    ratchet::{Action, Note},
};

/// Most events that wait for sessions.
pub(super) const MAX_DEFERRED: usize = MAX_POSTS;
/// How long an event waits for the last who has come to be reachable. A relay that names a member who is not there costs no
/// more than this.
const HOLD_MS: u64 = 1500;
/// How long it waits in all: a relay that goes on naming members who are not there costs no more than this.
const MAX_HOLD_MS: u64 = 2 * HOLD_MS;
/// Most members that are waited for.
const MAX_EXPECTED: usize = 2 * MAX_MEMBERS;

/// An event that waits to be sealed, and the counter that is kept for it.
pub(super) struct Deferred {
    /// Empty for everybody.
    pub(super) recipients: Vec<InstanceId>,
    pub(super) counter: u64,
    pub(super) previous: Option<u64>,
    pub(super) transient: bool,
    pub(super) since: u64,
    pub(super) event: Zeroizing<Vec<u8>>,
}

impl Room {
    /// Does what the ratchet wants done. Everything is tried, and the first error reported.
    pub(super) fn run_ratchet(&mut self) -> Result<()> {
        let outcome = self.run_actions(true);
        outcome.and(self.post_deferred(false))
    }

    /// `late` for notes that earlier posts need. Others go in their order: a receiver keeps few keys of one sender.
    fn run_actions(&mut self, late: bool) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(action) = self.ratchet.poll() {
            match action {
                Action::Post(note) => outcome = outcome.and(self.post_note(&note, late)),
                Action::Report(instance) => self.queue.push(Item::Again { to: instance }),
                Action::Broken(instance) => self.report(&Error::SessionBroken, Some(instance)),
                Action::Healed(_) => {}
            }
        }
        outcome
    }

    fn post_note(&mut self, note: &Note, late: bool) -> Result<()> {
        let sealed = self.seal_body(&[note.to], |room, outer| room.ratchet.seal_note(note, outer))?;
        let counter = sealed.counter;
        self.outbox.push_note(sealed.for_recipients(vec![note.to]))?;
        self.queue.push_note(counter, late);
        Ok(())
    }

    /// The relay says that somebody is there, whose hello will tell who. What is said meanwhile waits a little, for else the
    /// newcomer could not read it.
    pub(super) fn expect(&mut self, route: &RelayId) {
        if !self.routes.contains_key(route) {
            let (clock, until) = (self.clock, self.clock.saturating_add(HOLD_MS));
            self.expected.retain(|_, until| *until > clock);
            if self.expected.len() >= MAX_EXPECTED {
                return;
            }
            self.expected.insert(route.clone(), until);
        }
    }

    /// Until when somebody who has come is waited for, for as long as the first of what waits can.
    fn held_until(&self) -> Option<u64> {
        let unreachable = self
            .peers
            .iter()
            .filter(|(instance, peer)| peer.route.is_some() && !self.ratchet.can_reach(**instance));
        unreachable
            .map(|(_, peer)| peer.known_since.saturating_add(HOLD_MS))
            .chain(self.expected.values().copied())
            .max()
            .map(|until| self.longest_wait().map_or(until, |longest| until.min(longest)))
            .filter(|until| *until > self.clock)
    }

    /// When the first of what waits for everybody has waited for long enough.
    fn longest_wait(&self) -> Option<u64> {
        let waiting = self.deferred.iter().filter(|deferred| deferred.recipients.len() != 1);
        let since = waiting.map(|deferred| deferred.since).min();
        since.map(|since| since.saturating_add(MAX_HOLD_MS))
    }

    /// When something that waits is due.
    pub(super) fn deferred_deadline(&self) -> Option<u64> {
        let waits = self.deferred.iter().any(|deferred| deferred.recipients.len() != 1);
        self.held_until().filter(|_| waits)
    }

    /// Whether what is for everybody can be sealed now.
    fn is_ready(&self) -> bool {
        self.link.has_entered() && self.held_until().is_none()
    }

    /// Shares our sender key, where that need not wait: before the post that needs it takes its counter.
    pub(super) fn share_key(&mut self) -> Result<()> {
        if !self.is_ready() {
            return Ok(());
        }
        self.ratchet.prepare(self.clock)?;
        self.run_actions(false)
    }

    /// Seals what waited for sessions that are there now; with `all`, what is for everybody in any case.
    pub(super) fn post_deferred(&mut self, all: bool) -> Result<()> {
        if self.deferred.is_empty() {
            return Ok(());
        }
        let everybody = all || self.is_ready();
        let ratchet = &self.ratchet;
        let (ready, waiting): (VecDeque<_>, VecDeque<_>) =
            core::mem::take(&mut self.deferred)
                .into_iter()
                .partition(|deferred| match deferred.recipients[..] {
                    [to] => ratchet.can_reach(to),
                    _ => everybody,
                });
        self.deferred = waiting;
        let mut outcome = Ok(());
        for deferred in ready {
            outcome = outcome.and(self.post_now(deferred));
        }
        outcome
    }

    fn post_now(&mut self, deferred: Deferred) -> Result<()> {
        let Deferred {
            recipients,
            counter,
            previous,
            transient,
            event,
            ..
        } = deferred;
        let clock = self.clock;
        let sealed = if let [to] = recipients[..] {
            self.seal_body_at(counter, &recipients, |room, outer| {
                room.ratchet.seal_to(to, outer, previous, &event)
            })
        } else {
            self.ratchet.prepare(clock)?;
            self.run_actions(false)?;
            self.seal_body_at(counter, &recipients, |room, outer| {
                room.ratchet.seal(outer, previous, &event, clock)
            })
        }?;
        if transient {
            return self.send_transient(sealed.body);
        }
        self.outbox.push(sealed.for_recipients(recipients))?;
        self.queue.push(Item::First { counter });
        Ok(())
    }
}
