//! Sealed posts that may have to be posted again.

use std::collections::VecDeque;

use super::device::InstanceId;
use crate::error::{Error, Result};

/// Most posts kept.
pub(super) const MAX_POSTS: usize = 512;
/// Most bytes of posts kept.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

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

/// A bounded queue of posts, oldest first. Only posts that the relay has taken are ever dropped.
#[derive(Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The highest counter of a dropped post to everybody.
    dropped: Option<u64>,
}

impl Outbox {
    /// # Errors
    /// [`Error::InvalidState`] when it is full of posts that the relay has not taken yet.
    pub(super) fn push(&mut self, entry: Entry) -> Result<()> {
        while self.entries.len() >= MAX_POSTS || self.bytes.saturating_add(entry.body.len()) > MAX_BYTES {
            match self.entries.front() {
                Some(oldest) if oldest.accepted => self.drop_oldest(),
                _ => return Err(Error::InvalidState("too many posts wait for the relay")),
            }
        }
        self.bytes = self.bytes.saturating_add(entry.body.len());
        self.entries.push_back(entry);
        Ok(())
    }

    fn drop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes = self.bytes.saturating_sub(entry.body.len());
            if entry.recipients.is_empty() {
                self.dropped = Some(entry.counter);
            }
        }
    }

    /// The highest counter of a post to everybody that is no longer here.
    pub(super) const fn dropped(&self) -> Option<u64> {
        self.dropped
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn get(&self, counter: u64) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.counter == counter)
    }

    /// Notes that the relay has taken the post.
    pub(super) fn accept(&mut self, counter: u64) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.counter == counter) {
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
        assert_eq!(outbox.iter().count(), 2);
    }
}
