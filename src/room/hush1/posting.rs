//! Sealing events and getting them to the relay, in order and without losing one.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::{
    device::InstanceId,
    event::{Event, MessageRef},
    inner,
    machine::Room,
    outbox::Entry,
    post::{self, Header},
    sessions::{Deferred, MAX_DEFERRED},
};
use crate::{
    error::{Error, Result},
    frame::{Bin, Post, RelayId},
    ratchet::Outer,
    room::output::RoomEvent,
    sorted::SortedMap,
};

/// Posts that may be at the relay without its answer.
const MAX_IN_FLIGHT: usize = 32;
/// A post of more bytes is large: those wait for each other, since a relay queues no more than four of them for a receiver.
const LARGE_BYTES: usize = 16 * 1024;
const LARGE_EVERY_MS: u64 = 200;
/// How long to wait when the relay refuses a post without saying how long.
const HOLD_MS: u64 = 1000;
/// Without an answer to any post for this long, the connection is given up: coming back tells what the relay has.
const ANSWER_MS: u64 = 60_000;

/// Something that waits to be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// A post of the outbox, for the first time on this connection.
    First { counter: u64 },
    /// A note of the ratchet, which is in the outbox too.
    Note { counter: u64 },
    /// A post of the outbox again, for one member that lacks it.
    Repeat { counter: u64, to: InstanceId },
    /// A hello, made when it is its turn; to everybody, or to one instance. Not kept: a lost one is made anew.
    Hello { to: Option<InstanceId>, answer: bool },
    /// A hello that asks an instance to start the pair anew. Not kept either.
    Again { to: InstanceId },
}

/// A sealed post.
pub(super) struct Sealed {
    pub(super) counter: u64,
    pub(super) body: Vec<u8>,
}

impl Sealed {
    /// What the outbox keeps of it.
    pub(super) fn for_recipients(self, recipients: Vec<InstanceId>) -> Entry {
        Entry {
            counter: self.counter,
            recipients,
            body: self.body,
            accepted: false,
        }
    }
}

/// Most bytes of a post that says `event` bytes: padding is at most a ninth, and blocks; all layers take less than 300.
pub(super) const fn body_bytes(event: usize, recipients: usize) -> usize {
    let padded = event.saturating_add(event / 8);
    padded
        .saturating_add(400)
        .saturating_add(recipients.saturating_mul(InstanceId::LENGTH))
}

/// What waits, and what waits for the relay's answer.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Item>,
    sent: SortedMap<u32, Item>,
    last_n: u32,
    hold_until: Option<u64>,
    /// When the next large post may go.
    large_from: u64,
    /// When the relay must have answered something of what was sent.
    answer_by: Option<u64>,
}

impl Queue {
    pub(super) fn push(&mut self, item: Item) {
        if !self.waiting.contains(&item) {
            self.waiting.push_back(item);
        }
    }

    /// A note of the ratchet. A late one goes before all that is said, which needs it, and behind hellos, which it needs.
    pub(super) fn push_note(&mut self, counter: u64, late: bool) {
        let item = Item::Note { counter };
        if !late {
            self.waiting.push_back(item);
            return;
        }
        let said = |item: &Item| matches!(item, Item::First { .. } | Item::Repeat { .. });
        let at = self.waiting.iter().rposition(|item| !said(item));
        self.waiting.insert(at.map_or(0, |at| at.saturating_add(1)), item);
    }

    fn next_n(&mut self) -> Result<u32> {
        self.last_n = self
            .last_n
            .checked_add(1)
            .ok_or(Error::InvalidState("too many posts on one place"))?;
        Ok(self.last_n)
    }

    pub(super) const fn hold_until(&self) -> Option<u64> {
        self.hold_until
    }

    pub(super) const fn answer_by(&self) -> Option<u64> {
        self.answer_by
    }

    /// The place was kept: what the relay has not taken goes first, in its order. What it has taken is returned.
    pub(super) fn resumed(&mut self, accepted: u32) -> Vec<Item> {
        let lost = self.sent.split_off(&accepted.saturating_add(1));
        let taken = core::mem::take(&mut self.sent).into_values().collect();
        for item in lost.into_values().rev() {
            self.waiting.push_front(item);
        }
        self.last_n = accepted;
        self.hold_until = None;
        self.answer_by = None;
        taken
    }

    /// The place is a new one: everything kept that the relay has not taken is posted again, after a hello.
    pub(super) fn entered(&mut self) {
        let again = core::mem::take(&mut self.sent)
            .into_values()
            .chain(core::mem::take(&mut self.waiting));
        let again = again.filter(|item| matches!(item, Item::First { .. } | Item::Note { .. }));
        self.waiting = core::iter::once(Item::Hello { to: None, answer: true })
            .chain(again)
            .collect();
        self.hold_until = None;
        self.answer_by = None;
        self.last_n = 0;
    }

    /// The relay has taken post `n`. Answers come in the order of the posts: what was sent before and has none got lost
    /// on the way and goes out again, under a new number. Returns the post, and whether others were passed over.
    pub(super) fn accept(&mut self, n: u32, now: u64) -> Option<(Item, bool)> {
        let item = self.sent.remove(&n)?;
        let later = self.sent.split_off(&n);
        let passed_over = core::mem::replace(&mut self.sent, later);
        let any = !passed_over.is_empty();
        for lost in passed_over.into_values().rev() {
            self.waiting.push_front(lost);
        }
        self.answer_by = None;
        self.expect_answer(now);
        Some((item, any))
    }

    fn expect_answer(&mut self, now: u64) {
        if !self.sent.is_empty() {
            self.answer_by.get_or_insert(now.saturating_add(ANSWER_MS));
        }
    }

    /// The relay refused post `n` for now, and with it every later one: all go out again, in order and under the same
    /// numbers. A refused transient post is forgotten.
    pub(super) fn refuse(&mut self, n: u32, retry_after: Option<u64>, now: u64) {
        if !self.sent.contains_key(&n) {
            return;
        }
        for item in self.sent.split_off(&n).into_values().rev() {
            self.waiting.push_front(item);
        }
        self.last_n = n.saturating_sub(1);
        self.answer_by = None;
        self.expect_answer(now);
        self.hold_until = Some(now.saturating_add(retry_after.unwrap_or(HOLD_MS).clamp(50, 60_000)));
    }
}

impl Room {
    /// Seals `event` as soon as those who are to read it can be given the keys, keeps it until they have it, and sends it once
    /// the room is open. Returns its counter.
    pub(super) fn post(&mut self, event: &Event, recipients: Vec<InstanceId>, now: u64) -> Result<u64> {
        self.set_clock(now);
        let event = Zeroizing::new(event.encode()?);
        self.make_room(1, body_bytes(event.len(), recipients.len()))?;
        if recipients.len() != 1 {
            self.share_key()?;
        }
        let counter = self.next_counter()?;
        let previous = self.previous;
        if recipients.is_empty() {
            self.previous = Some(counter);
        }
        self.deferred.push_back(Deferred {
            recipients,
            counter,
            previous,
            transient: false,
            since: self.clock,
            event,
        });
        self.post_deferred(false)?;
        self.flush(self.clock)?;
        Ok(counter)
    }

    /// Makes room for `count` more posts of at most `length` bytes together.
    pub(super) fn make_room(&mut self, count: usize, length: usize) -> Result<()> {
        let waiting = self.deferred.iter().filter(|deferred| !deferred.transient);
        let lengths = waiting.map(|deferred| body_bytes(deferred.event.len(), deferred.recipients.len()));
        let (count, bytes) = lengths.fold((count, length), |(count, bytes), length| {
            (count.saturating_add(1), bytes.saturating_add(length))
        });
        self.outbox.make_room(count, bytes)
    }

    /// Sends `event` to everybody if the room is open; nobody keeps it.
    pub(super) fn post_transient(&mut self, event: &Event) -> Result<()> {
        if !self.link.is_open() || self.deferred.len() >= MAX_DEFERRED {
            return Ok(());
        }
        let event = Zeroizing::new(event.encode()?);
        self.share_key()?;
        let (counter, previous) = (self.next_counter()?, self.previous);
        self.deferred.push_back(Deferred {
            recipients: vec![],
            counter,
            previous,
            transient: true,
            since: self.clock,
            event,
        });
        self.post_deferred(false)
    }

    pub(super) fn send_transient(&mut self, body: Vec<u8>) -> Result<()> {
        if !self.link.is_open() || self.queue.hold_until.is_some() {
            return Ok(());
        }
        // It opens with keys that may wait here still: they go first, however many they are.
        self.flush_up_to(usize::MAX, self.clock)?;
        let n = self.queue.next_n()?;
        self.send(Post {
            n,
            to: vec![],
            transient: true,
            body: Bin(body),
        })
    }

    /// Seals a hello: to everybody, or to one instance; `again` if that one is asked to start the pair anew.
    pub(super) fn seal_hello(&mut self, to: Option<InstanceId>, answer: bool, again: bool) -> Result<Vec<u8>> {
        let hello = self.hello(to, answer, again)?;
        let event = Zeroizing::new(Event::from(hello).encode()?);
        let sealed = self.seal_body(to.as_slice(), |room, outer| room.sign(outer, &event))?;
        Ok(sealed.body)
    }

    /// The inner layer of what is signed and not ratcheted: hellos and byes, which must be understood without a session.
    pub(super) fn sign(&self, outer: Outer<'_>, event: &[u8]) -> Result<Vec<u8>> {
        Ok(inner::seal(&self.keys, &self.device, outer.header, self.previous, event).to_vec())
    }

    /// Seals what `inner` makes for the next counter.
    pub(super) fn seal_body(
        &mut self,
        recipients: &[InstanceId],
        inner: impl FnOnce(&mut Self, Outer<'_>) -> Result<Vec<u8>>,
    ) -> Result<Sealed> {
        let counter = self.next_counter()?;
        self.seal_body_at(counter, recipients, inner)
    }

    /// The counter is the nonce: it is spent before anything can fail, and used once.
    pub(super) fn next_counter(&mut self) -> Result<u64> {
        let counter = self.counter;
        self.counter = counter.checked_add(1).ok_or(Error::InvalidState("too many posts"))?;
        Ok(counter)
    }

    /// As [`Self::seal_body`], for a counter of [`Self::next_counter`] that nothing was sealed under.
    pub(super) fn seal_body_at(
        &mut self,
        counter: u64,
        recipients: &[InstanceId],
        inner: impl FnOnce(&mut Self, Outer<'_>) -> Result<Vec<u8>>,
    ) -> Result<Sealed> {
        let header = Header {
            instance: self.device.instance,
            counter,
            recipients: recipients.to_vec(),
        }
        .encode()?;
        let outer = Outer {
            header: &header,
            counter,
        };
        let inner = inner(self, outer)?;
        let body = post::seal(&self.keys, &self.post_key, counter, &header, &inner)?;
        Ok(Sealed { counter, body })
    }

    /// Sends what waits, as far as the relay lets us.
    pub(super) fn flush(&mut self, now: u64) -> Result<()> {
        self.flush_up_to(MAX_IN_FLIGHT, now)
    }

    fn flush_up_to(&mut self, in_flight: usize, now: u64) -> Result<()> {
        if self.queue.hold_until.is_some_and(|until| until > now) || !self.link.is_open() {
            return Ok(());
        }
        self.queue.hold_until = None;
        while self.queue.sent.len() < in_flight {
            if in_flight != usize::MAX && self.paced_until().is_some_and(|until| until > now) {
                break;
            }
            let is_large = self.is_next_large();
            let Some(item) = self.queue.waiting.pop_front() else {
                break;
            };
            if is_large {
                self.queue.large_from = now.saturating_add(LARGE_EVERY_MS);
            }
            self.send_item(item, now)?;
        }
        self.queue.expect_answer(now);
        Ok(())
    }

    fn is_next_large(&self) -> bool {
        match self.queue.waiting.front() {
            Some(Item::First { counter } | Item::Repeat { counter, .. }) => {
                let entry = self.outbox.get(*counter);
                entry.is_some_and(|entry| entry.body.len() > LARGE_BYTES)
            }
            _ => false,
        }
    }

    /// Until when the next post waits because it is large, as the one before was.
    pub(super) fn paced_until(&self) -> Option<u64> {
        self.is_next_large().then_some(self.queue.large_from)
    }

    fn send_item(&mut self, item: Item, now: u64) -> Result<()> {
        let (to, body) = match item {
            Item::First { counter } | Item::Note { counter } => match self.outbox.get(counter) {
                Some(entry) if entry.recipients.is_empty() => (Some(vec![]), entry.body.clone()),
                Some(entry) => (self.routes_to(&entry.recipients), entry.body.clone()),
                None => return Ok(()),
            },
            Item::Repeat { counter, to } => match self.outbox.get(counter) {
                Some(entry) => (self.routes_to(&[to]), entry.body.clone()),
                None => return Ok(()),
            },
            Item::Again { to } => (self.routes_to(&[to]), self.seal_hello(Some(to), false, true)?),
            Item::Hello { to, answer } => {
                let body = self.seal_hello(to, answer, false)?;
                match to {
                    None => (Some(vec![]), body),
                    Some(instance) => (self.routes_to(&[instance]), body),
                }
            }
        };
        match to {
            Some(to) => {
                let n = self.queue.next_n()?;
                self.queue.sent.insert(n, item);
                self.send(Post {
                    n,
                    to,
                    transient: false,
                    body: Bin(body),
                })
            }
            // Nobody is there: whoever comes back says what it lacks, and gets this then.
            None => {
                self.settle(item, 0, now);
                Ok(())
            }
        }
    }

    /// Where to reach those of `recipients` who are here; `None` if nobody is.
    fn routes_to(&self, recipients: &[InstanceId]) -> Option<Vec<RelayId>> {
        let routes = recipients.iter().filter_map(|instance| {
            self.peers
                .get(instance)
                .and_then(|peer| peer.route.clone())
                .or_else(|| self.pending_route(*instance))
        });
        Some(routes.collect::<Vec<_>>()).filter(|routes| !routes.is_empty())
    }

    fn pending_route(&self, instance: InstanceId) -> Option<RelayId> {
        self.routes
            .iter()
            .find(|(_, known)| **known == instance)
            .map(|(route, _)| route.clone())
    }

    /// The relay has `item`, or nobody is there to get it now.
    pub(super) fn settle(&mut self, item: Item, received_at: u64, now: u64) {
        if let Item::Note { counter } = item {
            self.outbox.accept(counter);
        }
        if let Item::First { counter } = item {
            self.outbox.accept(counter);
            self.on_total_announced(counter);
            // Of a long text, once all of it is there.
            if let Some(counter) = self.long_texts.accepted(counter) {
                let id = MessageRef::new(self.device.instance, counter).to_string();
                self.ephemeral.track_own(&id, now);
                self.event(RoomEvent::Accepted { id, received_at });
            }
        }
    }
}
