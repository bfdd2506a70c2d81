//! A bound on how often something may happen.

/// At most `MOST` times in any `WINDOW_MS`, and not twice within `PAUSE_MS`.
#[derive(Default)]
pub(super) struct Limit {
    times: Vec<u64>,
}

const MOST: usize = 8;
const WINDOW_MS: u64 = 3_600_000;
const PAUSE_MS: u64 = 5_000;

impl Limit {
    /// Whether it may happen now; if so, it counts.
    pub(super) fn allow(&mut self, now: u64) -> bool {
        self.times.retain(|at| now.saturating_sub(*at) < WINDOW_MS);
        let paused = self.times.last().is_none_or(|at| now.saturating_sub(*at) >= PAUSE_MS);
        let allowed = paused && self.times.len() < MOST;
        if allowed {
            self.times.push(now);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_an_hour_and_no_two_within_five_seconds() {
        let mut limit = Limit::default();
        assert!(limit.allow(0) && !limit.allow(4_999));
        assert_eq!((1..100).filter(|k| limit.allow(k * 5_000)).count(), 7);
        assert!(!limit.allow(WINDOW_MS - 1));
        assert!(limit.allow(WINDOW_MS));
    }
}
