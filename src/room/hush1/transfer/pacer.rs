//! How many bytes may be under way to one receiver.
//!
//! A delay-based window after LEDBAT (RFC 6817): it fills a link but keeps the queue on it short, so that chat posts, which
//! share the link, arrive promptly. Acknowledgements drive it, never timers, which browsers slow down in hidden tabs.

use std::collections::VecDeque;

use super::SEGMENT;

const TARGET_MS: f64 = 60.0;
const SLOW_START_MS: u64 = 45;
const INITIAL_BYTES: u64 = 256 * 1024;
const MIN_BYTES: u64 = 2 * SEGMENT;
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// The lowest round trip is forgotten after one to two of these, so that a changed path is noticed.
const BASE_PERIOD_MS: u64 = 30_000;

pub(super) struct Pacer {
    window: u64,
    slow_start: bool,
    /// Where each frame under way ends, and when it left.
    sent: VecDeque<(u64, u64)>,
    base: u64,
    previous_base: u64,
    base_since: u64,
}

impl Pacer {
    pub(super) const fn new(now: u64) -> Self {
        Self {
            window: INITIAL_BYTES,
            slow_start: true,
            sent: VecDeque::new(),
            base: u64::MAX,
            previous_base: u64::MAX,
            base_since: now,
        }
    }

    /// Bytes that may be under way.
    pub(super) const fn window(&self) -> u64 {
        self.window
    }

    /// A frame that ends at `end` has left.
    pub(super) fn on_sent(&mut self, end: u64, now: u64) {
        self.sent.push_back((end, now));
    }

    /// What was under way is lost.
    pub(super) fn forget(&mut self) {
        self.sent.clear();
    }

    /// Everything before `delivered` has arrived, `acked` bytes more than before.
    pub(super) fn on_ack(&mut self, delivered: u64, acked: u64, now: u64) {
        let mut left = None;
        while self.sent.front().is_some_and(|(end, _)| *end <= delivered) {
            left = self.sent.pop_front().map(|(_, at)| at);
        }
        let Some(left) = left else { return };
        let rtt = now.saturating_sub(left);
        self.update_base(rtt, now);
        let queued = rtt.saturating_sub(self.base.min(self.previous_base));
        self.slow_start &= queued < SLOW_START_MS;
        if self.slow_start {
            self.window = self.window.saturating_add(acked);
        } else {
            let off = ((TARGET_MS - float(queued)) / TARGET_MS).clamp(-1.0, 1.0);
            // Up by at most a segment a round trip; down, as LEDBAT++ has it, by at most half the window.
            let gain = if off < 0.0 {
                0.5
            } else {
                float(SEGMENT) / float(self.window)
            };
            let change = off * gain * float(acked);
            self.window = integer(float(self.window) + change);
        }
        self.window = self.window.clamp(MIN_BYTES, MAX_BYTES);
    }

    fn update_base(&mut self, rtt: u64, now: u64) {
        if now.saturating_sub(self.base_since) >= BASE_PERIOD_MS {
            self.previous_base = self.base;
            self.base = u64::MAX;
            self.base_since = now;
        }
        self.base = self.base.min(rtt);
    }
}

#[allow(clippy::cast_precision_loss, reason = "windows and delays are far below 2^52")]
fn float(value: u64) -> f64 {
    value as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped right after"
)]
fn integer(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link of `rate` bytes per millisecond and `delay` ms each way; runs for `until` ms.
    fn run(rate: u64, delay: u64, until: u64) -> (u64, u64) {
        let mut pacer = Pacer::new(0);
        let (mut cursor, mut delivered, mut free_at, mut worst) = (0, 0, 0, 0);
        let mut under_way = VecDeque::new();
        for now in 0..until {
            while under_way.front().is_some_and(|(_, at)| *at <= now) {
                let (end, _) = under_way.pop_front().unwrap();
                pacer.on_ack(end, end - delivered, now);
                delivered = end;
            }
            while cursor + SEGMENT - delivered <= pacer.window() {
                cursor += SEGMENT;
                pacer.on_sent(cursor, now);
                free_at = now.max(free_at) + SEGMENT / rate;
                under_way.push_back((cursor, free_at + 2 * delay));
                if now > until / 2 {
                    worst = worst.max(free_at - now);
                }
            }
        }
        (delivered, worst)
    }

    #[test]
    fn it_fills_a_link_and_keeps_its_queue_short() {
        for (rate, delay) in [(1250, 25), (2500, 25), (25_000, 25), (25_000, 2)] {
            let (delivered, queue) = run(rate, delay, 20_000);
            assert!(
                delivered > rate * 20_000 * 85 / 100,
                "{rate} B/ms, {delay} ms: {delivered}"
            );
            assert!(queue < 200, "{rate} B/ms, {delay} ms: queue of {queue} ms");
        }
    }

    #[test]
    fn the_window_stays_within_its_bounds() {
        let mut pacer = Pacer::new(0);
        for step in 1..2000 {
            pacer.on_sent(step * SEGMENT, step);
            pacer.on_ack(step * SEGMENT, SEGMENT, step);
        }
        assert_eq!(pacer.window(), MAX_BYTES);
        for step in 2000..4000 {
            pacer.on_sent(step * SEGMENT, step);
            pacer.on_ack(step * SEGMENT, SEGMENT, step + 5000);
        }
        assert_eq!(pacer.window(), MIN_BYTES);
    }
}
