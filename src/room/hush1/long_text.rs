//! Texts that are too long for one post: split by who says them, and shown once they are whole.
//!
//! A text of 2 to [`MAX_PARTS`] parts is the message of its part 0. `docs/protocol.md` section 8 has the fields.

use std::collections::VecDeque;

use zeroize::Zeroize;

use super::{
    device::InstanceId,
    event::{MessageRef, Text, MAX_PARTS, MAX_TEXT_BYTES},
    machine::Room,
    posting::body_bytes,
};
use crate::{
    error::{Error, Result},
    sorted::SortedMap,
};

/// Longest text of a message, in UTF-8 bytes.
pub const MAX_LONG_TEXT_BYTES: usize = 1024 * 1024;
/// Unfinished texts of one sender.
const MAX_OF_ONE: usize = 2;
/// Bytes of all unfinished texts.
const MAX_WAITING_BYTES: usize = 8 * MAX_LONG_TEXT_BYTES;
/// For how long the rest of a text may take to come: as long as a member may be away.
const WAIT_MS: u64 = 600_000;
/// Texts that are remembered as given up, so that a late part does not begin them again.
const MAX_TORN: usize = 64;

/// A text of which some parts have come.
struct Waiting {
    message: MessageRef,
    of: u32,
    parts: SortedMap<u32, String>,
    bytes: usize,
    reply: Option<MessageRef>,
    at: u64,
    deadline: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.parts.values_mut().for_each(Zeroize::zeroize);
    }
}

/// Texts that are not whole, to us and from us.
#[derive(Default)]
pub(super) struct LongTexts {
    /// The one that was begun first is first.
    waiting: VecDeque<Waiting>,
    torn: VecDeque<MessageRef>,
    /// The posts of ours that the relay has not taken, and the post of part 0 of each.
    unaccepted: SortedMap<u64, u64>,
}

impl LongTexts {
    /// What the relay has taken with the post `counter`: a whole message, or nothing to tell yet.
    pub(super) fn accepted(&mut self, counter: u64) -> Option<u64> {
        let Some(first) = self.unaccepted.remove(&counter) else {
            return Some(counter);
        };
        (!self.unaccepted.values().any(|other| *other == first)).then_some(first)
    }

    fn tear(&mut self, message: MessageRef) {
        self.waiting.retain(|waiting| waiting.message != message);
        if self.torn.contains(&message) {
            return;
        }
        self.torn.push_back(message);
        if self.torn.len() > MAX_TORN {
            self.torn.pop_front();
        }
    }

    /// Which text has to go before another one of `bytes` bytes by the same sender finds room.
    fn surplus(&self, new: MessageRef, bytes: usize) -> Option<MessageRef> {
        let others = || self.waiting.iter().filter(|waiting| waiting.message != new);
        let total = self.waiting.iter().map(|waiting| waiting.bytes).sum::<usize>();
        if total.saturating_add(bytes) > MAX_WAITING_BYTES {
            return others().next().map(|oldest| oldest.message);
        }
        let mut of_one = others().filter(|waiting| waiting.message.instance == new.instance);
        let oldest = of_one.next()?;
        (of_one.count() >= MAX_OF_ONE.saturating_sub(1)).then_some(oldest.message)
    }
}

/// Cuts a text into parts of at most [`MAX_TEXT_BYTES`], between characters.
fn split(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while text.len() > MAX_TEXT_BYTES {
        let at = (0..=MAX_TEXT_BYTES).rev().find(|at| text.is_char_boundary(*at));
        let (part, rest) = text.split_at(at.unwrap_or(MAX_TEXT_BYTES));
        parts.push(part);
        text = rest;
    }
    parts.push(text);
    parts
}

impl Room {
    /// Posts a text in parts; the counter of the first.
    pub(super) fn post_long(&mut self, text: &str, reply: Option<MessageRef>, at: u64, now: u64) -> Result<u64> {
        let parts = split(text);
        let of = u32::try_from(parts.len()).map_err(|_| Error::Internal("parts"))?;
        // All or none.
        let bytes = parts
            .len()
            .saturating_mul(body_bytes(MAX_TEXT_BYTES.saturating_add(100), 0));
        self.make_room(parts.len(), bytes)?;
        let mut first = None;
        for (part, text) in (0..).zip(parts) {
            let event = Text {
                text: text.to_owned(),
                reply: reply.filter(|_| first.is_none()),
                at,
                part: Some(part),
                of: Some(of),
                first,
            };
            let counter = self.post(&event.into(), vec![], now)?;
            let whole = *first.get_or_insert(counter);
            self.long_texts.unaccepted.insert(counter, whole);
        }
        first.ok_or(Error::Internal("parts"))
    }

    /// A part of a text has come, in whichever order.
    pub(super) fn on_text_part(&mut self, post: MessageRef, text: Text, received_at: u64, now: u64) -> Result<()> {
        const WRONG: Error = Error::InvalidFrame("not a part of a text");
        let (Some(part), Some(of)) = (text.part, text.of) else {
            return Err(WRONG);
        };
        let counter = text.first.unwrap_or(post.counter);
        let in_order = if part == 0 {
            text.first.is_none()
        } else {
            counter < post.counter
        };
        if !in_order || text.text.is_empty() || part >= of || !(2..=MAX_PARTS).contains(&of) {
            return Err(WRONG);
        }
        let message = MessageRef { counter, ..post };
        if self.long_texts.torn.contains(&message) {
            return Ok(());
        }
        let instance = InstanceId(post.instance.0);
        // Its beginning was said before its sender knew of us.
        if self.peers.get(&instance).is_some_and(|peer| counter < peer.first) {
            self.tear_text(message);
            return Ok(());
        }
        while let Some(surplus) = self.long_texts.surplus(message, text.text.len()) {
            self.tear_text(surplus);
        }
        let deadline = now.saturating_add(WAIT_MS);
        let known = self
            .long_texts
            .waiting
            .iter()
            .position(|waiting| waiting.message == message);
        let at = known.unwrap_or_else(|| {
            self.long_texts.waiting.push_back(Waiting {
                message,
                of,
                parts: SortedMap::new(),
                bytes: 0,
                reply: None,
                at: text.at,
                deadline,
            });
            self.long_texts.waiting.len().saturating_sub(1)
        });
        let waiting = self.long_texts.waiting.get_mut(at).ok_or(Error::Internal("a text"))?;
        let bytes = waiting.bytes.saturating_add(text.text.len());
        if waiting.of != of || waiting.parts.contains_key(&part) || bytes > MAX_LONG_TEXT_BYTES {
            self.tear_text(message);
            return Err(WRONG);
        }
        waiting.bytes = bytes;
        waiting.deadline = deadline;
        waiting.reply = waiting.reply.or(text.reply);
        waiting.parts.insert(part, text.text);
        if waiting.parts.len() < of as usize {
            return Ok(());
        }
        let Some(whole) = self.long_texts.waiting.remove(at) else {
            return Ok(());
        };
        let text: String = whole.parts.values().map(String::as_str).collect();
        self.show_text(message, (text, whole.reply, whole.at), received_at, now);
        Ok(())
    }

    /// Gives a text up, and says so.
    fn tear_text(&mut self, message: MessageRef) {
        self.long_texts.tear(message);
        self.report(&Error::MessagesLost(1), Some(InstanceId(message.instance.0)));
    }

    /// A post of `instance` is lost, which was said already: what it was a part of will not become whole.
    pub(super) fn tear_texts_with(&mut self, instance: InstanceId, counter: u64) {
        let torn = self.long_texts.waiting.iter().filter(|waiting| {
            let message = waiting.message;
            InstanceId(message.instance.0) == instance && message.counter <= counter
        });
        for message in torn.map(|waiting| waiting.message).collect::<Vec<_>>() {
            self.long_texts.tear(message);
        }
    }

    /// The member is gone, and the rest of what it was saying.
    pub(super) fn tear_texts_of(&mut self, instance: InstanceId) {
        let of = |waiting: &&Waiting| InstanceId(waiting.message.instance.0) == instance;
        let torn: Vec<MessageRef> = self
            .long_texts
            .waiting
            .iter()
            .filter(of)
            .map(|waiting| waiting.message)
            .collect();
        torn.into_iter().for_each(|message| self.tear_text(message));
    }

    pub(super) fn on_text_timer(&mut self, now: u64) {
        let overdue = |waiting: &&Waiting| waiting.deadline <= now;
        let due: Vec<MessageRef> = self
            .long_texts
            .waiting
            .iter()
            .filter(overdue)
            .map(|waiting| waiting.message)
            .collect();
        due.into_iter().for_each(|message| self.tear_text(message));
    }

    pub(super) fn text_deadline(&self) -> Option<u64> {
        self.long_texts.waiting.iter().map(|waiting| waiting.deadline).min()
    }
}
