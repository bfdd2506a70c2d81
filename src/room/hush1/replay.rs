//! Which counters of an instance were seen.

const WORDS: usize = 16;
/// Counters below the highest one that are told apart; older ones count as seen.
pub(super) const WINDOW: u64 = 64 * WORDS as u64;

/// A sliding window over counters (as in RFC 6479, with a plain shift).
#[derive(Clone, Default)]
pub(super) struct ReplayWindow {
    /// One more than the highest counter seen; 0 for none.
    next: u64,
    /// Bit k: counter `next - 1 - k` was seen.
    seen: [u64; WORDS],
    /// Nothing more is to come: every counter counts as seen.
    closed: bool,
}

impl ReplayWindow {
    /// What another device says it has seen: the form of [`Self::top`] and [`Self::bitmap`].
    pub(super) fn from_parts(top: u64, bitmap: &[u8]) -> Option<Self> {
        let mut window = Self {
            next: top.checked_add(1)?,
            ..Self::default()
        };
        window.set(0);
        for (index, byte) in bitmap.iter().enumerate() {
            for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
                window.set(
                    u64::try_from(index)
                        .ok()?
                        .checked_mul(8)?
                        .checked_add(bit)?
                        .checked_add(1)?,
                );
            }
        }
        Some(window)
    }

    /// The highest counter seen.
    pub(super) fn top(&self) -> Option<u64> {
        self.next.checked_sub(1)
    }

    /// Bit k of byte k/8, lowest first: counter `top - 1 - k` was seen. Without trailing zeros.
    pub(super) fn bitmap(&self) -> Vec<u8> {
        let bits = (1..WINDOW).map(|k| self.get(k)).collect::<Vec<_>>();
        let mut bytes = bits
            .chunks(8)
            .map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
            .collect::<Vec<u8>>();
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        bytes
    }

    /// Whether `counter` was seen, or is too old to tell.
    pub(super) fn has(&self, counter: u64) -> bool {
        if self.closed {
            return true;
        }
        match self.next.checked_sub(1).and_then(|top| top.checked_sub(counter)) {
            Some(age) => age >= WINDOW || self.get(age),
            None => false,
        }
    }

    /// Remembers `counter`.
    pub(super) fn mark(&mut self, counter: u64) {
        let next = counter.saturating_add(1);
        if next > self.next {
            let shift = next.saturating_sub(self.next);
            let old = core::mem::take(&mut self.seen);
            let previous = Self {
                next: self.next,
                seen: old,
                closed: false,
            };
            self.next = next;
            for age in 0..WINDOW.saturating_sub(shift) {
                if previous.get(age) {
                    self.set(age.saturating_add(shift));
                }
            }
        }
        self.set(self.next.saturating_sub(next));
    }

    /// From now on every counter counts as seen.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    fn get(&self, age: u64) -> bool {
        let word = usize::try_from(age / 64).ok().and_then(|word| self.seen.get(word));
        word.is_some_and(|word| word >> (age % 64) & 1 == 1)
    }

    fn set(&mut self, age: u64) {
        if let Some(word) = usize::try_from(age / 64).ok().and_then(|word| self.seen.get_mut(word)) {
            *word |= 1 << (age % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_set(counters in prop::collection::vec(0u64..3000, 0..200)) {
            let (mut window, mut set) = (ReplayWindow::default(), BTreeSet::new());
            for counter in counters {
                let top = set.last().copied().unwrap_or(0);
                let known = set.contains(&counter) || (!set.is_empty() && counter + WINDOW <= top);
                prop_assert_eq!(window.has(counter), known);
                if !known {
                    window.mark(counter);
                    set.insert(counter);
                }
            }
            if let Some(top) = window.top() {
                let copy = ReplayWindow::from_parts(top, &window.bitmap()).unwrap();
                prop_assert!((0..3000).all(|counter| copy.has(counter) == window.has(counter)));
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_do_not_overflow() {
        let mut window = ReplayWindow::default();
        window.mark(u64::MAX - 1);
        assert!(window.has(u64::MAX - 1) && window.has(0) && !window.has(u64::MAX));
        assert!(ReplayWindow::from_parts(u64::MAX, &[]).is_none());
        window.close();
        assert!(window.has(u64::MAX));
    }
}
