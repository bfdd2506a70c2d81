//! Sealed posts that may have to be posted again.

use std::collections::VecDeque;

use super::device::InstanceId;
use crate::{
    error::{Error, Result},
    sorted::in_order,
};

/// Most posts kept.
pub(super) const MAX_POSTS: usize = 512;
/// Most bytes of posts kept.
pub(super) const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Most notes kept besides.
pub(super) const MAX_NOTES: usize = 1024;

/// One sealed post.
pub(super) struct Entry {
    pub(super) counter: u64,
    /// Empty for everybody.
    pub(super) recipients: Vec<InstanceId>,
    pub(super) body: Vec<u8>,
    /// Whether the relay has taken it.
    pub(super) accepted: bool,
}

impl Entry {
    pub(super) fn is_for(&self, instance: InstanceId) -> bool {
        self.recipients.is_empty() || self.recipients.contains(&instance)
    }
}

/// Bounded queues of posts, oldest first. Only posts that the relay has taken are ever dropped. What somebody says and what
/// the ratchet posts have room of their own: neither pushes out the other.
#[derive(Default)]
pub(super) struct Outbox {
    said: Shelf,
    notes: Shelf,
    /// The highest counter of a dropped post to everybody.
    dropped: Option<u64>,
}

#[derive(Default)]
struct Shelf {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Shelf {
    /// Makes room for `count` more posts of `length` bytes; the highest counter of a post to everybody that had to go.
    fn make_room(&mut self, most: usize, count: usize, length: usize) -> Result<Option<u64>> {
        let mut dropped = None;
        while self.entries.len().saturating_add(count) > most || self.bytes.saturating_add(length) > MAX_BYTES {
            if !self.entries.front().is_some_and(|oldest| oldest.accepted) {
                return Err(Error::InvalidState("too many posts wait for the relay"));
            }
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.body.len());
            if oldest.recipients.is_empty() {
                dropped = Some(oldest.counter);
            }
        }
        Ok(dropped)
    }

    fn push(&mut self, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.body.len());
        self.entries.push_back(entry);
    }
}

impl Outbox {
    /// Makes room for `count` more posts of at most `length` bytes together: to be called before their keys are spent.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when it is full of posts that the relay has not taken yet.
    pub(super) fn make_room(&mut self, count: usize, length: usize) -> Result<()> {
        if let Some(dropped) = self.said.make_room(MAX_POSTS, count, length)? {
            self.dropped = Some(dropped);
        }
        Ok(())
    }

    /// # Errors
    /// As [`Self::make_room`].
    pub(super) fn push(&mut self, entry: Entry) -> Result<()> {
        self.make_room(1, entry.body.len())?;
        self.said.push(entry);
        Ok(())
    }

    /// Keeps a note of the ratchet.
    ///
    /// # Errors
    /// [`Error::InvalidState`] as for posts.
    pub(super) fn push_note(&mut self, entry: Entry) -> Result<()> {
        self.notes.make_room(MAX_NOTES, 1, entry.body.len())?;
        self.notes.push(entry);
        Ok(())
    }

    /// The highest counter of a post to everybody that is no longer here.
    pub(super) const fn dropped(&self) -> Option<u64> {
        self.dropped
    }

    /// The counters of what `instance` is to have, in their order, if `wanted`.
    pub(super) fn counters(&self, instance: InstanceId, wanted: impl Fn(u64) -> bool) -> Vec<u64> {
        let entries = self.said.entries.iter().chain(&self.notes.entries);
        let counters = entries
            .filter(|entry| entry.is_for(instance) && wanted(entry.counter))
            .map(|entry| entry.counter);
        in_order(counters)
    }

    pub(super) fn get(&self, counter: u64) -> Option<&Entry> {
        let mut entries = self.said.entries.iter().chain(&self.notes.entries);
        entries.find(|entry| entry.counter == counter)
    }

    /// Notes that the relay has taken the post.
    pub(super) fn accept(&mut self, counter: u64) {
        let mut entries = self.said.entries.iter_mut().chain(&mut self.notes.entries);
        if let Some(entry) = entries.find(|entry| entry.counter == counter) {
            entry.accepted = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(counter: u64, accepted: bool, length: usize) -> Entry {
        Entry {
            counter,
            recipients: vec![],
            body: vec![0; length],
            accepted,
        }
    }

    #[test]
    fn only_accepted_posts_make_room() {
        let mut outbox = Outbox::default();
        for counter in 0..512 {
            outbox.push(entry(counter, true, 10)).unwrap();
        }
        outbox.push(entry(512, false, 10)).unwrap();
        assert_eq!(outbox.dropped(), Some(0));
        outbox.push(entry(513, false, MAX_BYTES - 10)).unwrap();
        assert_eq!(outbox.dropped(), Some(511));
        assert_eq!(outbox.push(entry(514, false, 1)).unwrap_err().code(), "INVALID_STATE");
        outbox.accept(512);
        outbox.push(entry(514, false, 1)).unwrap();
        assert!(outbox.get(512).is_none());
        assert_eq!(outbox.counters(InstanceId([0; 16]), |_| true), [513, 514]);
        outbox.push_note(entry(500, true, 10)).unwrap();
        assert_eq!(outbox.counters(InstanceId([0; 16]), |_| true), [500, 513, 514]);
    }
}
