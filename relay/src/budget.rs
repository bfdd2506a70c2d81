//! Bytes that may be held: a limit of one queue's own and one for the whole relay.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    Arc,
};

/// What a queued frame costs beyond its own bytes: its handle, its reference count and the allocator's share. Without it a
/// queue of empty frames would cost many times what it is allowed.
pub(crate) const FRAME_OVERHEAD_BYTES: usize = 64;

/// The bytes that all queues of the relay may hold together.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            used: AtomicUsize::new(0),
        }
    }

    /// Bytes taken at this moment.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .is_ok()
    }

    fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one queue holds of a [`Budget`]; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    limit: usize,
    bytes: usize,
}

impl Share {
    /// A share of nothing yet that may grow to `limit` bytes.
    pub(crate) const fn new(budget: Arc<Budget>, limit: usize) -> Self {
        Self {
            budget,
            limit,
            bytes: 0,
        }
    }

    /// Takes what a frame of `length` bytes costs, if both limits allow it.
    pub(crate) fn take(&mut self, length: usize) -> bool {
        let cost = length.saturating_add(FRAME_OVERHEAD_BYTES);
        let fits = self.bytes.checked_add(cost).is_some_and(|sum| sum <= self.limit);
        if fits && self.budget.take(cost) {
            self.bytes += cost;
            return true;
        }
        false
    }

    /// What is taken now, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives back what a frame of `length` bytes cost.
    pub(crate) fn give(&mut self, length: usize) {
        let cost = length.saturating_add(FRAME_OVERHEAD_BYTES).min(self.bytes);
        self.bytes -= cost;
        self.budget.give(cost);
    }

    /// Gives everything back.
    pub(crate) fn clear(&mut self) {
        self.budget.give(std::mem::take(&mut self.bytes));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_hold_and_everything_comes_back() {
        let budget = Arc::new(Budget::new(1000));
        let mut one = Share::new(Arc::clone(&budget), 500);
        let mut two = Share::new(Arc::clone(&budget), 10_000);
        assert!(one.take(400));
        assert!(!one.take(100), "above its own limit");
        assert!(two.take(400));
        assert!(!two.take(100), "above the common limit");
        assert_eq!(budget.used(), 928);
        one.give(400);
        assert_eq!(budget.used(), 464);
        assert!(two.take(100));
        drop(two);
        assert_eq!(budget.used(), 0);
        assert!(!one.take(usize::MAX));
    }
}
