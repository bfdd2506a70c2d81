//! What an outbox holds, for tests that watch its bounds.

use super::{cost, Outbox, BULK_QUEUE_BYTES, FIRST_QUEUE_BYTES};

/// The costs of an outbox's queues in bytes: what is counted, what it comes to, and the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Of the first queue, as counted.
    pub first_counted: usize,
    /// Of the first queue, added up.
    pub first: usize,
    /// Most of the first queue, beside what `again` allows and a last frame before the close.
    pub first_limit: usize,
    /// What the posts sent again add to that limit.
    pub again: usize,
    /// Of the bulk queue, as counted.
    pub bulk_counted: usize,
    /// Of the bulk queue, added up.
    pub bulk: usize,
    /// Most of the bulk queue.
    pub bulk_limit: usize,
}

impl Outbox {
    /// What is in the queues now.
    pub(crate) fn held(&self) -> Held {
        let queues = self.queues.lock();
        Held {
            first_counted: queues.first_bytes,
            first: queues.first.iter().map(cost).sum(),
            first_limit: FIRST_QUEUE_BYTES,
            again: queues.allowance,
            bulk_counted: queues.bulk_share.bytes(),
            bulk: queues.bulk.iter().map(|bulk| cost(&bulk.frame)).sum(),
            bulk_limit: BULK_QUEUE_BYTES,
        }
    }
}
