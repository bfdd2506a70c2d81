//! What waits to be sent to one connection.
//!
//! Two queues, bounded in bytes: the *first* for everything but file data, and *bulk*. The first is always emptied before
//! one frame of bulk is sent, so text overtakes files. Whoever fills a queue never waits: a full first queue closes the
//! connection (a native place can be resumed, and posts are kept in the room's ring), and a full bulk queue refuses the frame.
//!
//! The frames of a file in an Arthas room, where no receiver asks for what it missed, carry the transfer's tag: what waits of
//! a transfer that is cancelled can be taken back.
//!
//! The lock of an outbox is the last one anybody takes: nothing else is locked and nothing awaited while it is held.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

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
/// A bulk queue above this is behind: whoever fills it is asked to wait.
const BULK_BEHIND_BYTES: usize = BULK_QUEUE_BYTES / 2;
/// A receiver that took no bulk for this long is stalled, and nobody waits for it.
const STALLED_AFTER: Duration = Duration::from_millis(750);
/// The tag of bulk that belongs to no transfer.
const UNTAGGED: u64 = 0;
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
    /// A ping of the WebSocket protocol.
    Ping,
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
    bulk: VecDeque<Bulk>,
    bulk_share: Share,
    /// When the writer last took bulk, or got something to do.
    bulk_moved: Option<Instant>,
    /// The writer has sent everything and waits.
    is_idle: bool,
    ping: bool,
    close: Option<Close>,
}

#[derive(Debug)]
struct Bulk {
    tag: u64,
    frame: Bytes,
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
                bulk_moved: None,
                is_idle: false,
                ping: false,
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
        self.push_file(UNTAGGED, frame)
    }

    /// [`Outbox::push_bulk`] for a frame of the transfer `tag`.
    pub(crate) fn push_file(&self, tag: u64, frame: Bytes) -> bool {
        let mut queues = self.queues.lock();
        if queues.close.is_some() {
            return true;
        }
        if !queues.bulk_share.take(frame.len()) {
            return false;
        }
        let was_empty = queues.is_empty();
        // Not just when the queue is empty: that of a stalled receiver is so, too, when its file was taken back.
        if std::mem::take(&mut queues.is_idle) {
            queues.bulk_moved = Some(Instant::now());
        }
        queues.bulk.push_back(Bulk { tag, frame });
        drop(queues);
        if was_empty {
            self.filled.notify_one();
        }
        true
    }

    /// Adds a frame that must not overtake the files before it: to the bulk queue, or to the first if there is no bulk or no
    /// room for it.
    pub(crate) fn push_behind(&self, frame: Bytes) {
        let waiting = !self.queues.lock().bulk.is_empty();
        if !(waiting && self.push_bulk(frame.clone())) {
            self.push(frame);
        }
    }

    /// Takes back what waits of the transfer `tag`.
    pub(crate) fn drop_file(&self, tag: u64) {
        let mut queues = self.queues.lock();
        let Queues { bulk, bulk_share, .. } = &mut *queues;
        bulk.retain(|bulk| {
            if bulk.tag == tag {
                bulk_share.give(bulk.frame.len());
            }
            bulk.tag != tag
        });
        give_back(bulk);
    }

    /// Takes back all bulk: who has left a room has no use for its files.
    pub(crate) fn drop_bulk(&self) {
        let mut queues = self.queues.lock();
        queues.bulk = VecDeque::new();
        queues.bulk_share.clear();
    }

    /// Whether there is much bulk that is being taken, so that waiting helps.
    pub(crate) fn is_behind(&self, now: Instant) -> bool {
        let queues = self.queues.lock();
        queues.bulk_share.bytes() > BULK_BEHIND_BYTES
            && queues
                .bulk_moved
                .is_some_and(|moved| now.saturating_duration_since(moved) < STALLED_AFTER)
    }

    /// Asks for a sign of life below the frames.
    pub(crate) fn ping(&self) {
        self.queues.lock().ping = true;
        self.filled.notify_one();
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
        queues.is_idle = false;
        if let Some(frame) = queues.first.pop_front() {
            queues.first_bytes = queues.first_bytes.saturating_sub(cost(&frame));
            queues.allowance = queues.allowance.saturating_sub(cost(&frame));
            give_back(&mut queues.first);
            return Some(Next::First(frame));
        }
        if let Some(close) = queues.close {
            return Some(Next::Close(close));
        }
        if std::mem::take(&mut queues.ping) {
            return Some(Next::Ping);
        }
        queues.is_idle = queues.bulk.is_empty();
        let Bulk { frame, .. } = queues.bulk.pop_front()?;
        queues.bulk_share.give(frame.len());
        queues.bulk_moved = Some(Instant::now());
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

fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() && queue.capacity() > KEPT_CAPACITY {
        *queue = VecDeque::new();
    }
}

#[cfg(any(test, feature = "fuzzing"))]
mod held;
#[cfg(any(test, feature = "fuzzing"))]
pub use held::Held;

#[cfg(test)]
mod tests;
