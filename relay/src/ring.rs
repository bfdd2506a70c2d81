//! The last posts of a room, for connections that come back.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;

use crate::budget::{Budget, Share};

/// Most posts a room keeps.
pub(crate) const RING_POSTS: usize = 1024;
/// Most bytes of posts a room keeps.
pub(crate) const RING_BYTES: usize = 1024 * 1024;

/// A set of places of one room, by their slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Slots(u64);

impl Slots {
    /// How many slots there are; a room has fewer members.
    pub(crate) const COUNT: u8 = 64;

    pub(crate) const fn contains(self, slot: u8) -> bool {
        self.0 >> (slot % Self::COUNT) & 1 == 1
    }

    pub(crate) const fn insert(&mut self, slot: u8) {
        self.0 |= 1 << (slot % Self::COUNT);
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The lowest slot that is not in the set, if there is one.
    pub(crate) fn first_free(self) -> Option<u8> {
        u8::try_from(self.0.trailing_ones())
            .ok()
            .filter(|slot| *slot < Self::COUNT)
    }
}

/// A post that is kept: its `seq`, the places it was addressed to, and the frame each of them gets.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) seq: u64,
    pub(crate) to: Slots,
    pub(crate) frame: Bytes,
}

/// Kept posts in the order of their `seq`.
#[derive(Debug)]
pub(crate) struct Ring {
    posts: VecDeque<Kept>,
    share: Share,
}

impl Ring {
    pub(crate) const fn new(budget: Arc<Budget>) -> Self {
        Self {
            posts: VecDeque::new(),
            share: Share::new(budget, RING_BYTES),
        }
    }

    /// Keeps `post`, forgetting the oldest as far as needed; `forgotten` is called with each. Where the relay as a whole has
    /// no memory left, `post` itself may be forgotten at once.
    pub(crate) fn keep(&mut self, post: Kept, mut forgotten: impl FnMut(&Kept)) {
        if self.posts.len() >= RING_POSTS {
            self.forget_oldest(&mut forgotten);
        }
        while !self.share.take(post.frame.len()) {
            if !self.forget_oldest(&mut forgotten) {
                forgotten(&post);
                return;
            }
        }
        self.posts.push_back(post);
    }

    fn forget_oldest(&mut self, forgotten: &mut impl FnMut(&Kept)) -> bool {
        let Some(post) = self.posts.pop_front() else {
            return false;
        };
        self.share.give(post.frame.len());
        forgotten(&post);
        true
    }

    /// The frames of the posts after `seen` that were addressed to `slot`, in order.
    pub(crate) fn after(&self, seen: u64, slot: u8) -> impl Iterator<Item = Bytes> + '_ {
        let start = self.posts.partition_point(|post| post.seq <= seen);
        self.posts
            .range(start..)
            .filter(move |post| post.to.contains(slot))
            .map(|post| post.frame.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(seq: u64, slots: &[u8], length: usize) -> Kept {
        let mut to = Slots::default();
        slots.iter().for_each(|slot| to.insert(*slot));
        Kept {
            seq,
            to,
            frame: vec![u8::try_from(seq % 256).unwrap(); length].into(),
        }
    }

    fn seqs(ring: &Ring, seen: u64, slot: u8) -> Vec<u8> {
        ring.after(seen, slot).map(|frame| frame[0]).collect()
    }

    #[test]
    fn a_place_gets_what_was_for_it_and_after_what_it_saw() {
        let mut ring = Ring::new(Arc::new(Budget::new(usize::MAX)));
        for (seq, slots) in [(1, &[0, 1][..]), (2, &[1]), (5, &[0, 63]), (6, &[1])] {
            ring.keep(post(seq, slots, 10), |_| panic!("nothing is forgotten"));
        }
        assert_eq!(seqs(&ring, 0, 0), [1, 5]);
        assert_eq!(seqs(&ring, 1, 1), [2, 6]);
        assert_eq!(seqs(&ring, 3, 63), [5]);
        assert_eq!(seqs(&ring, 6, 1), [0_u8; 0]);
        assert_eq!(seqs(&ring, u64::MAX, 1), [0_u8; 0]);
    }

    #[test]
    fn posts_and_bytes_are_bounded() {
        let budget = Arc::new(Budget::new(usize::MAX));
        let mut ring = Ring::new(Arc::clone(&budget));
        let mut lost = Vec::new();
        for seq in 1..=1030 {
            ring.keep(post(seq, &[0], 10), |post| lost.push(post.seq));
        }
        assert_eq!(lost, [1, 2, 3, 4, 5, 6]);
        for seq in 2001..=2020 {
            ring.keep(post(seq, &[0], 100_000), |post| lost.push(post.seq));
            assert!(budget.used() <= RING_BYTES);
        }
        assert_eq!(seqs(&ring, 0, 0).len(), 10);
        assert_eq!(lost.len(), 1030 + 20 - 10);
        drop(ring);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn without_memory_a_post_is_forgotten_at_once() {
        let mut ring = Ring::new(Arc::new(Budget::new(1000)));
        let mut lost = Vec::new();
        ring.keep(post(1, &[0], 500), |post| lost.push(post.seq));
        ring.keep(post(2, &[0], 5000), |post| lost.push(post.seq));
        assert_eq!(lost, [1, 2]);
    }

    #[test]
    fn slots_are_a_set() {
        let mut slots = Slots::default();
        assert!(slots.is_empty());
        for slot in 0..Slots::COUNT {
            assert_eq!(slots.first_free(), Some(slot));
            assert!(!slots.contains(slot));
            slots.insert(slot);
            assert!(slots.contains(slot));
        }
        assert_eq!(slots.first_free(), None);
    }
}
