//! A file somebody offers us.

use super::{super::device::InstanceId, cell_length, TransferId, SEGMENT};
use crate::secret::Key;

/// Bytes that are acknowledged at once, while more are under way.
const ACK_BYTES: u64 = 4 * SEGMENT;
/// When nothing comes for this long the window is said again: it may be lost.
const REMIND_MS: u64 = 10_000;

/// Where the transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::room::hush1) enum IncomingState {
    Offered,
    Running,
}

/// What to do with a piece of ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::room::hush1) enum Arrival {
    /// Open it: it is the one that was expected.
    Take { last: bool },
    /// It came before; say again where we are.
    Repeated,
    /// Something before it is missing: ask once.
    Gap { ask: bool },
    /// It cannot be a piece of this file.
    Foul,
}

/// A file that comes, or may come, to us.
pub(in crate::room::hush1) struct Incoming {
    pub(in crate::room::hush1) id: TransferId,
    pub(in crate::room::hush1) from: InstanceId,
    pub(in crate::room::hush1) stream: u32,
    pub(in crate::room::hush1) key: Key,
    pub(in crate::room::hush1) header: [u8; 40],
    pub(in crate::room::hush1) state: IncomingState,
    /// Bytes of ciphertext, once known.
    pub(in crate::room::hush1) total: Option<u64>,
    /// Where the next piece has to start.
    expected: u64,
    /// Everything before is in the sink.
    delivered: u64,
    limit: u64,
    acknowledged: u64,
    rewinding: bool,
    /// When the last piece came, or we last reminded the sender.
    heard_at: u64,
}

impl Incoming {
    pub(in crate::room::hush1) const fn new(
        (id, stream): (TransferId, u32),
        from: InstanceId,
        key: Key,
        header: [u8; 40],
        total: Option<u64>,
    ) -> Self {
        Self {
            id,
            from,
            stream,
            key,
            header,
            state: IncomingState::Offered,
            total,
            expected: 0,
            delivered: 0,
            limit: 0,
            acknowledged: 0,
            rewinding: false,
            heard_at: 0,
        }
    }

    /// We take it.
    pub(in crate::room::hush1) const fn start(&mut self, now: u64) {
        self.state = IncomingState::Running;
        self.heard_at = now;
    }

    /// Something of it has come.
    pub(in crate::room::hush1) const fn heard(&mut self, now: u64) {
        self.heard_at = now;
    }

    /// When to remind the sender, if nothing comes until then.
    pub(in crate::room::hush1) fn remind_at(&self) -> Option<u64> {
        (self.state == IncomingState::Running).then(|| self.heard_at.saturating_add(REMIND_MS))
    }

    /// A piece has come in.
    pub(in crate::room::hush1) fn on_bulk(&mut self, offset: u64, length: u64) -> Arrival {
        let end = offset.saturating_add(length);
        let expected_length = cell_length(offset, self.total);
        if !offset.is_multiple_of(SEGMENT) || length != expected_length || length == 0 || end > self.limit {
            return Arrival::Foul;
        }
        if offset < self.expected {
            return Arrival::Repeated;
        }
        if offset > self.expected {
            let ask = !self.rewinding;
            self.rewinding = true;
            return Arrival::Gap { ask };
        }
        self.rewinding = false;
        self.expected = end;
        Arrival::Take {
            last: self.total == Some(end),
        }
    }

    /// Everything before `offset` is in the sink; whether that is to be acknowledged now.
    pub(in crate::room::hush1) fn on_delivered(&mut self, offset: u64) -> bool {
        self.delivered = self.delivered.max(offset.min(self.expected));
        self.delivered.saturating_sub(self.acknowledged) >= ACK_BYTES || self.delivered == self.expected
    }

    /// Bytes the sender may have under way.
    pub(in crate::room::hush1) fn outstanding(&self) -> u64 {
        self.limit.saturating_sub(self.delivered)
    }

    /// Raises the limit so that `credit` bytes may be under way; whether that is worth telling.
    pub(in crate::room::hush1) fn grant(&mut self, credit: u64) -> bool {
        let before = self.limit;
        self.limit = self.limit.max(self.delivered.saturating_add(credit - credit % SEGMENT));
        self.limit.saturating_sub(before) >= 2 * SEGMENT
    }

    /// The window to send: delivered and limit.
    pub(in crate::room::hush1) fn window(&mut self) -> (u64, u64) {
        self.acknowledged = self.delivered;
        (self.delivered, self.limit)
    }

    /// What was under way to us is lost.
    pub(in crate::room::hush1) fn interrupted(&mut self) {
        self.rewinding = true;
    }

    pub(in crate::room::hush1) fn is_complete(&self) -> bool {
        self.total == Some(self.delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming() -> Incoming {
        let key = Key::take(&mut [0; 32]);
        let mut incoming = Incoming::new(([0; 16], 1), InstanceId([1; 16]), key, [0; 40], Some(10 * SEGMENT + 60));
        assert!(incoming.grant(8 * SEGMENT));
        incoming
    }

    #[test]
    fn pieces_are_taken_in_order_only() {
        let mut incoming = incoming();
        assert_eq!(incoming.on_bulk(0, SEGMENT), Arrival::Take { last: false });
        assert_eq!(incoming.on_bulk(0, SEGMENT), Arrival::Repeated);
        assert_eq!(incoming.on_bulk(2 * SEGMENT, SEGMENT), Arrival::Gap { ask: true });
        assert_eq!(incoming.on_bulk(3 * SEGMENT, SEGMENT), Arrival::Gap { ask: false });
        assert_eq!(incoming.on_bulk(SEGMENT, SEGMENT), Arrival::Take { last: false });
        assert_eq!(incoming.on_bulk(3 * SEGMENT, SEGMENT), Arrival::Gap { ask: true });
    }

    #[test]
    fn pieces_that_cannot_be_are_foul() {
        let mut incoming = incoming();
        for (offset, length) in [
            (1, SEGMENT),
            (0, SEGMENT - 1),
            (0, 0),
            (8 * SEGMENT, SEGMENT),
            (u64::MAX, 1),
            (11 * SEGMENT, 60),
        ] {
            assert_eq!(incoming.on_bulk(offset, length), Arrival::Foul, "{offset} {length}");
        }
    }

    #[test]
    fn it_is_acknowledged_in_groups_and_at_the_end_of_what_has_come() {
        let mut incoming = incoming();
        for index in 0..6 {
            incoming.on_bulk(index * SEGMENT, SEGMENT);
        }
        assert!(!incoming.on_delivered(SEGMENT));
        assert!(incoming.on_delivered(4 * SEGMENT));
        incoming.window();
        assert!(!incoming.on_delivered(5 * SEGMENT));
        assert!(incoming.on_delivered(6 * SEGMENT));
        assert!(!incoming.is_complete());
    }
}
