//! Staying below the relay's limit of 10 messages in 10 seconds, with what waits for its turn.

use std::collections::VecDeque;

use super::sealing::Iv;

/// Messages that the relay takes in one window, announcements of keys included.
const LIMIT: usize = 10;
/// The window. A second longer than the relay's: frames do not arrive as evenly as they were sent.
const WINDOW_MS: u64 = 11_000;
/// Of those, how many are left for messages when an announcement would like to go.
const RESERVE: usize = 3;
/// Most posts that wait, or whose receipt has not come.
const MAX_QUEUED: usize = 64;
/// How long to wait when the relay refuses a post without saying how long.
const HOLD_MS: u64 = 1_000;
/// Without a receipt for this long, the connection is given up.
const ANSWER_MS: u64 = 60_000;

/// When messages were sent.
#[derive(Default)]
pub(super) struct Budget {
    sent: VecDeque<u64>,
}

impl Budget {
    pub(super) fn spend(&mut self, now: u64) {
        self.sent.push_back(now);
        if self.sent.len() > LIMIT {
            self.sent.pop_front();
        }
    }

    /// When the next message may go.
    pub(super) fn free_at(&self) -> u64 {
        self.free_but(0)
    }

    /// When the next announcement may go.
    pub(super) fn announcement_at(&self) -> u64 {
        self.free_but(RESERVE)
    }

    /// When more than `reserve` are free.
    fn free_but(&self, reserve: usize) -> u64 {
        let over = self
            .sent
            .len()
            .saturating_add(reserve)
            .saturating_add(1)
            .checked_sub(LIMIT);
        let last = over
            .filter(|over| *over > 0)
            .and_then(|over| self.sent.get(over.saturating_sub(1)));
        last.map_or(0, |at| at.saturating_add(WINDOW_MS))
    }
}

/// What a post says. It is sealed when its turn comes: only then the names of messages before it are known.
#[derive(Clone)]
pub(super) enum Say {
    Text {
        text: String,
        reply_to: Option<String>,
        sent_at: u64,
    },
    React {
        message: String,
        emoji: String,
        remove: bool,
    },
}

/// Something of ours on its way to the relay.
pub(super) struct Post {
    /// What the application calls it.
    pub(super) id: String,
    /// Its place among ours.
    pub(super) order: u64,
    pub(super) say: Say,
    /// Once it was sent: sent again, it is the same.
    pub(super) sealed: Option<(Iv, Vec<u8>)>,
}

/// What waits, and what waits for its receipt.
#[derive(Default)]
pub(super) struct Queue {
    waiting: VecDeque<Post>,
    sent: Vec<(u32, Post)>,
    last_n: u32,
    hold_until: Option<u64>,
    answer_by: Option<u64>,
}

impl Queue {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len().saturating_add(self.sent.len()) >= MAX_QUEUED
    }

    /// In the order in which they were said, however often the relay refuses some.
    pub(super) fn push(&mut self, post: Post) {
        let at = self.waiting.partition_point(|waiting| waiting.order < post.order);
        self.waiting.insert(at, post);
    }

    /// The next post that may go.
    pub(super) fn pop(&mut self, budget: &Budget, now: u64) -> Option<Post> {
        if self.ready_at(budget)? > now {
            return None;
        }
        self.hold_until = None;
        self.waiting.pop_front()
    }

    /// When the next post may go, if there is one.
    pub(super) fn ready_at(&self, budget: &Budget) -> Option<u64> {
        let hold = self.hold_until.unwrap_or(0);
        match self.waiting.front()?.say {
            Say::Text { .. } => Some(budget.free_at().max(hold)),
            Say::React { .. } => Some(hold),
        }
    }

    /// Whether `id` is a message that has not been sent yet.
    pub(super) fn holds(&self, id: &str) -> bool {
        let message = |post: &&Post| post.id == id && matches!(post.say, Say::Text { .. });
        self.waiting.iter().any(|post| message(&post))
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// `post` was sent and will be answered: the number to send it under.
    pub(super) fn expect(&mut self, post: Post, now: u64) -> u32 {
        self.last_n = self.last_n.wrapping_add(1);
        self.sent.push((self.last_n, post));
        self.answer_by.get_or_insert(now.saturating_add(ANSWER_MS));
        self.last_n
    }

    /// The relay has answered for good.
    pub(super) fn settle(&mut self, n: u32, now: u64) -> Option<Post> {
        let at = self.sent.iter().position(|(sent, _)| *sent == n)?;
        let (_, post) = self.sent.remove(at);
        self.answer_by = (!self.sent.is_empty()).then(|| now.saturating_add(ANSWER_MS));
        Some(post)
    }

    /// The relay wants post `n` later.
    pub(super) fn refuse(&mut self, n: u32, retry_after: Option<u64>, now: u64) {
        if let Some(post) = self.settle(n, now) {
            self.push(post);
        }
        self.hold(retry_after, now);
    }

    /// Nothing goes for a while.
    pub(super) fn hold(&mut self, retry_after: Option<u64>, now: u64) {
        let wait = retry_after.unwrap_or(HOLD_MS).clamp(50, 60_000);
        self.hold_until = Some(now.saturating_add(wait));
    }

    /// The connection is new: what the relay has not answered goes again, in order.
    pub(super) fn restart(&mut self) {
        for (_, post) in core::mem::take(&mut self.sent) {
            self.push(post);
        }
        self.hold_until = None;
        self.answer_by = None;
        self.last_n = 0;
    }

    pub(super) const fn answer_by(&self) -> Option<u64> {
        self.answer_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_go_in_a_window() {
        let mut budget = Budget::default();
        for now in 0..10 {
            assert_eq!(budget.free_at(), 0, "{now}");
            budget.spend(now);
        }
        assert_eq!(budget.free_at(), WINDOW_MS);
        budget.spend(WINDOW_MS);
        assert_eq!(budget.free_at(), WINDOW_MS + 1);
    }

    #[test]
    fn announcements_leave_some_for_messages() {
        let mut budget = Budget::default();
        (0..7).for_each(|now| budget.spend(now));
        assert_eq!(budget.announcement_at(), WINDOW_MS);
        assert_eq!(budget.free_at(), 0);
    }
}
