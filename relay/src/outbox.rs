//! What waits to be sent to one connection.
//!
//! Two queues, bounded in bytes: the *first* for everything but file data, and *bulk*. The first is always emptied before
//! one frame of bulk is sent, so text overtakes files. Whoever fills a queue never waits: a full first queue closes the
//! connection (its place can be resumed, and posts are kept in the room's ring), and a full bulk queue refuses the frame.
//!
//! The lock of an outbox is the last one anybody takes: nothing else is locked and nothing awaited while it is held.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    budget::{Budget, Share, FRAME_OVERHEAD_BYTES},
    stats::Counters,
};

/// What the first queue may hold, in bytes.
pub(crate) const FIRST_QUEUE_BYTES: usize = 256 * 1024;
/// What the bulk queue may hold, in bytes.
pub(crate) const BULK_QUEUE_BYTES: usize = 2 * 1024 * 1024;
/// A queue that grew beyond this many frames gives its memory back once it is empty.
const KEPT_CAPACITY: usize = 64;

/// Why a connection is closed, with the WebSocket close code for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Close {
    /// The client left.
    Left = 1000,
    /// The relay is shutting down; come back.
    ShuttingDown = 1001,
    /// A frame above the limit.
    TooLarge = 1009,
    /// Something no client of this protocol does.
    Violation = 4000,
    /// No sign of life.
    Silent = 4008,
    /// The first queue was full; come back.
    TooSlow = 4009,
    /// The room has expired.
    Expired = 4010,
    /// Another connection has taken the place over.
    Replaced = 4011,
}

impl Close {
    pub(crate) const fn code(self) -> u16 {
        self as u16
    }

    /// Whether frames that wait are still worth sending. Not if the client will get them again over another connection.
    const fn keeps_queue(self) -> bool {
        !matches!(self, Self::TooSlow | Self::Replaced)
    }
}

/// What the writer has to send next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// A frame of the first queue.
    First(Bytes),
    /// A frame of the bulk queue; the first queue is empty.
    Bulk(Bytes),
    /// Nothing more but this.
    Close(Close),
}

/// The queues of one connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    queues: Mutex<Queues>,
    /// Wakes the writer.
    filled: Notify,
    /// Tells the connection's task.
    closing: Notify,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct Queues {
    first: VecDeque<Bytes>,
    first_bytes: usize,
    /// What the first queue may hold beyond its limit: the posts that a resumed connection is sent again. They are shared
    /// with the room's ring and bounded by its size.
    allowance: usize,
    bulk: VecDeque<Bytes>,
    bulk_share: Share,
    close: Option<Close>,
}

impl Outbox {
    pub(crate) fn new(budget: &Arc<Budget>, counters: &Arc<Counters>) -> Self {
        Self {
            queues: Mutex::new(Queues {
                first: VecDeque::new(),
                first_bytes: 0,
                allowance: 0,
                bulk: VecDeque::new(),
                bulk_share: Share::new(Arc::clone(budget), BULK_QUEUE_BYTES),
                close: None,
            }),
            filled: Notify::new(),
            closing: Notify::new(),
            counters: Arc::clone(counters),
        }
    }

    /// Adds to the first queue. If it is full the connection is closed as too slow.
    pub(crate) fn push(&self, frame: Bytes) {
        let mut queues = self.queues.lock();
        if queues.close.is_some() {
            return;
        }
        if queues.first_bytes.saturating_add(cost(&frame)) > FIRST_QUEUE_BYTES.saturating_add(queues.allowance) {
            self.counters.too_slow_total.add(1);
            self.start_closing(&mut queues, Close::TooSlow);
            return;
        }
        let was_empty = queues.is_empty();
        queues.add_first(frame);
        drop(queues);
        if was_empty {
            self.filled.notify_one();
        }
    }

    /// Adds posts that are sent again to the first queue, whatever its limit.
    pub(crate) fn push_again(&self, frames: impl Iterator<Item = Bytes>) {
        let mut queues = self.queues.lock();
        if queues.close.is_some() {
            return;
        }
        for frame in frames {
            queues.allowance = queues.allowance.saturating_add(cost(&frame));
            queues.add_first(frame);
        }
        drop(queues);
        self.filled.notify_one();
    }

    /// Adds to the bulk queue; false if there is no room for the frame. What comes after the close is dropped without a
    /// word: the receiver will ask for it.
    pub(crate) fn push_bulk(&self, frame: Bytes) -> bool {
        let mut queues = self.queues.lock();
        if queues.close.is_some() {
            return true;
        }
        if !queues.bulk_share.take(frame.len()) {
            return false;
        }
        let was_empty = queues.is_empty();
        queues.bulk.push_back(frame);
        drop(queues);
        if was_empty {
            self.filled.notify_one();
        }
        true
    }

    /// Closes the connection after what waits in its first queue, and after `last`. The first reason stands.
    pub(crate) fn close(&self, close: Close, last: Option<Bytes>) {
        let mut queues = self.queues.lock();
        if queues.close.is_some() {
            return;
        }
        self.start_closing(&mut queues, close);
        if let Some(frame) = last {
            queues.add_first(frame);
        }
    }

    fn start_closing(&self, queues: &mut Queues, close: Close) {
        queues.close = Some(close);
        queues.bulk = VecDeque::new();
        queues.bulk_share.clear();
        if !close.keeps_queue() {
            queues.first = VecDeque::new();
            queues.first_bytes = 0;
        }
        self.filled.notify_one();
        self.closing.notify_one();
    }

    /// Why the connection is being closed, if it is.
    pub(crate) fn close_reason(&self) -> Option<Close> {
        self.queues.lock().close
    }

    /// Takes what is to be sent next.
    pub(crate) fn pop(&self) -> Option<Next> {
        let mut queues = self.queues.lock();
        if let Some(frame) = queues.first.pop_front() {
            queues.first_bytes = queues.first_bytes.saturating_sub(cost(&frame));
            queues.allowance = queues.allowance.saturating_sub(cost(&frame));
            give_back(&mut queues.first);
            return Some(Next::First(frame));
        }
        if let Some(close) = queues.close {
            return Some(Next::Close(close));
        }
        let frame = queues.bulk.pop_front()?;
        queues.bulk_share.give(frame.len());
        give_back(&mut queues.bulk);
        Some(Next::Bulk(frame))
    }

    /// Waits until [`Outbox::pop`] may have something. For one task only.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Waits until the connection is to be closed. For one task only.
    pub(crate) async fn closing(&self) {
        self.closing.notified().await;
    }
}

impl Queues {
    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.bulk.is_empty()
    }

    fn add_first(&mut self, frame: Bytes) {
        self.first_bytes = self.first_bytes.saturating_add(cost(&frame));
        self.first.push_back(frame);
    }
}

fn cost(frame: &Bytes) -> usize {
    frame.len().saturating_add(FRAME_OVERHEAD_BYTES)
}

fn give_back(queue: &mut VecDeque<Bytes>) {
    if queue.is_empty() && queue.capacity() > KEPT_CAPACITY {
        *queue = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(limit: usize) -> (Outbox, Arc<Budget>) {
        let budget = Arc::new(Budget::new(limit));
        (Outbox::new(&budget, &Arc::new(Counters::default())), budget)
    }

    fn frame(byte: u8, length: usize) -> Bytes {
        vec![byte; length].into()
    }

    #[test]
    fn the_first_queue_comes_before_each_bulk_frame() {
        let (outbox, _) = outbox(usize::MAX);
        outbox.push_bulk(frame(1, 10));
        outbox.push_bulk(frame(2, 10));
        outbox.push(frame(3, 10));
        assert_eq!(outbox.pop(), Some(Next::First(frame(3, 10))));
        assert_eq!(outbox.pop(), Some(Next::Bulk(frame(1, 10))));
        outbox.push(frame(4, 10));
        assert_eq!(outbox.pop(), Some(Next::First(frame(4, 10))));
        assert_eq!(outbox.pop(), Some(Next::Bulk(frame(2, 10))));
        assert_eq!(outbox.pop(), None);
    }

    #[test]
    fn a_full_first_queue_closes_and_frees() {
        let (outbox, budget) = outbox(usize::MAX);
        outbox.push_bulk(frame(1, 1000));
        for _ in 0..FIRST_QUEUE_BYTES / (1000 + FRAME_OVERHEAD_BYTES) {
            outbox.push(frame(1, 1000));
        }
        assert_eq!(outbox.close_reason(), None);
        outbox.push(frame(1, 1000));
        assert_eq!(outbox.pop(), Some(Next::Close(Close::TooSlow)));
        assert_eq!(budget.used(), 0);
        assert_eq!(outbox.counters.snapshot().too_slow_total, 1);
        outbox.push(frame(1, 1));
        assert!(outbox.push_bulk(frame(1, 1)));
        outbox.close(Close::Replaced, None);
        assert_eq!(
            outbox.pop(),
            Some(Next::Close(Close::TooSlow)),
            "the first reason stands"
        );
    }

    #[test]
    fn a_full_bulk_queue_refuses() {
        let (outbox, budget) = outbox(usize::MAX);
        let taken = (0..100).filter(|_| outbox.push_bulk(frame(1, 65_600))).count();
        assert_eq!(taken, BULK_QUEUE_BYTES / (65_600 + FRAME_OVERHEAD_BYTES));
        assert!(budget.used() <= BULK_QUEUE_BYTES);
        outbox.pop();
        assert!(outbox.push_bulk(frame(1, 65_600)));
        assert_eq!(outbox.close_reason(), None);
        drop(outbox);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn empty_frames_cost_something_too() {
        let (outbox, _) = outbox(usize::MAX);
        let taken = (0..1_000_000).take_while(|_| outbox.push_bulk(Bytes::new())).count();
        assert_eq!(taken, BULK_QUEUE_BYTES / FRAME_OVERHEAD_BYTES);
    }

    #[test]
    fn the_common_budget_bounds_bulk() {
        let (outbox, _) = outbox(100_000);
        assert!(outbox.push_bulk(frame(1, 65_536)));
        assert!(!outbox.push_bulk(frame(1, 65_536)));
    }

    #[test]
    fn what_is_sent_again_has_room_beyond_the_limit() {
        let (outbox, _) = outbox(usize::MAX);
        outbox.push_again((0..16).map(|_| frame(1, 60_000)));
        for _ in 0..200 {
            outbox.push(frame(2, 1000));
        }
        assert_eq!(outbox.close_reason(), None);
        for _ in 0..216 {
            assert!(matches!(outbox.pop(), Some(Next::First(_))));
        }
        assert_eq!(outbox.pop(), None);
        for _ in 0..300 {
            outbox.push(frame(2, 1000));
        }
        assert_eq!(outbox.close_reason(), Some(Close::TooSlow), "the allowance is used up");
    }

    #[test]
    fn a_close_comes_after_what_waits_and_the_last_word() {
        let (outbox, _) = outbox(usize::MAX);
        outbox.push(frame(1, 1));
        outbox.push_bulk(frame(2, 1));
        outbox.close(Close::Expired, Some(frame(3, 1)));
        assert_eq!(outbox.pop(), Some(Next::First(frame(1, 1))));
        assert_eq!(outbox.pop(), Some(Next::First(frame(3, 1))));
        assert_eq!(outbox.pop(), Some(Next::Close(Close::Expired)));
    }

    #[test]
    fn a_replaced_connection_gets_the_last_word_only() {
        let (outbox, _) = outbox(usize::MAX);
        outbox.push(frame(1, 1));
        outbox.close(Close::Replaced, Some(frame(3, 1)));
        assert_eq!(outbox.pop(), Some(Next::First(frame(3, 1))));
        assert_eq!(outbox.pop(), Some(Next::Close(Close::Replaced)));
    }
}
