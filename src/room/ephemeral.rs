//! Messages that vanish.
//!
//! Each client removes a message so many seconds after it came, or, one of its own, after the relay took it. Nothing on
//! the wire says so, and nobody can check it.

use std::collections::VecDeque;

/// Most messages that are waited for. Beyond, the oldest go early.
const MAX_TRACKED: usize = 10_000;

/// Which messages are to vanish, and when.
#[derive(Debug, Default)]
pub(super) struct Ephemeral {
    /// 0 for never.
    seconds: u64,
    /// In the order in which they came, which is that in which they go. With the time at which each came.
    messages: VecDeque<(u64, String)>,
    /// Our own that the relay has not taken yet.
    own: VecDeque<String>,
}

impl Ephemeral {
    pub(super) fn new(seconds: u64) -> Self {
        Self {
            seconds,
            messages: VecDeque::new(),
            own: VecDeque::new(),
        }
    }

    pub(super) const fn seconds(&self) -> u64 {
        self.seconds
    }

    /// How long messages stay from now on, those included that are there.
    pub(super) fn set_seconds(&mut self, seconds: u64) {
        self.seconds = seconds;
        if seconds == 0 {
            self.messages.clear();
            self.own.clear();
        }
    }

    /// The time of `id` begins.
    pub(super) fn track(&mut self, id: String, now: u64) {
        if self.seconds > 0 {
            self.messages.push_back((now, id));
        }
    }

    /// `id` is a message of ours, on its way to the relay.
    pub(super) fn expect_own(&mut self, id: &str) {
        if self.seconds > 0 {
            self.own.push_back(id.to_owned());
            if self.own.len() > MAX_TRACKED {
                self.own.pop_front();
            }
        }
    }

    /// The relay has taken `id`. Its time begins if it is a message: posts of other kinds have none.
    pub(super) fn track_own(&mut self, id: &str, now: u64) {
        if let Some(at) = self.own.iter().position(|own| own == id) {
            self.own.remove(at);
            self.track(id.to_owned(), now);
        }
    }

    /// The next message whose time is over.
    pub(super) fn pop_due(&mut self, now: u64) -> Option<String> {
        let due = self.messages.len() > MAX_TRACKED || self.deadline().is_some_and(|at| at <= now);
        if due {
            self.messages.pop_front().map(|(_, id)| id)
        } else {
            None
        }
    }

    /// When the time of a message is over.
    pub(super) fn deadline(&self) -> Option<u64> {
        let (came, _) = self.messages.front()?;
        Some(came.saturating_add(self.seconds.saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_in_the_order_in_which_they_came() {
        let mut ephemeral = Ephemeral::new(10);
        assert_eq!(ephemeral.deadline(), None);
        ephemeral.track("a".into(), 1000);
        ephemeral.track("b".into(), 2000);
        assert_eq!(ephemeral.deadline(), Some(11_000));
        assert_eq!(ephemeral.pop_due(10_999), None);
        assert_eq!(ephemeral.pop_due(11_000).as_deref(), Some("a"));
        assert_eq!(ephemeral.pop_due(11_000), None);
        ephemeral.expect_own("mine");
        ephemeral.track_own("a reaction", 5000);
        ephemeral.track_own("mine", 5000);
        ephemeral.set_seconds(1);
        assert_eq!(ephemeral.pop_due(11_000).as_deref(), Some("b"));
        assert_eq!(ephemeral.pop_due(11_000).as_deref(), Some("mine"));
        assert_eq!(ephemeral.deadline(), None);
    }

    #[test]
    fn nothing_is_kept_where_messages_stay() {
        let mut ephemeral = Ephemeral::new(0);
        ephemeral.track("a".into(), 0);
        assert_eq!(ephemeral.deadline(), None);
        let mut ephemeral = Ephemeral::new(5);
        ephemeral.track("a".into(), 0);
        ephemeral.set_seconds(0);
        assert_eq!(ephemeral.pop_due(u64::MAX), None);
    }

    #[test]
    fn a_flood_of_messages_makes_the_oldest_go_early() {
        let mut ephemeral = Ephemeral::new(u64::MAX);
        (0..=MAX_TRACKED).for_each(|index| ephemeral.track(index.to_string(), 0));
        assert_eq!(ephemeral.pop_due(0).as_deref(), Some("0"));
        assert_eq!(ephemeral.pop_due(0), None);
    }
}
