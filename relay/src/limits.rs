//! Rates: how often an address or a connection may do something, and how a fast sender of file data is slowed down.

use std::{
    collections::VecDeque,
    hash::Hash,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use governor::{
    clock::{Clock, DefaultClock},
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter,
};
use hushroom::frame::MAX_FRAME_BYTES;

/// A rate for one connection. Without a quota everything passes.
#[derive(Debug)]
pub(crate) struct Rate(Option<DefaultDirectRateLimiter>);

impl Rate {
    /// `per_second` after a burst of `burst`; 0 for no limit.
    pub(crate) fn per_second(per_second: u32, burst: u32) -> Self {
        Self(quota(per_second, burst, Quota::per_second).map(RateLimiter::direct))
    }

    /// Counts one; if that is too many, after what time to try again.
    pub(crate) fn check(&self) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter
            .check()
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }
}

/// A rate for each key.
#[derive(Debug)]
pub(crate) struct KeyedRate<K: Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

impl<K: Hash + Eq + Clone> KeyedRate<K> {
    /// `per_minute` after a burst of `burst`; 0 for no limit.
    pub(crate) fn per_minute(per_minute: u32, burst: u32) -> Self {
        Self(quota(per_minute, burst, Quota::per_minute).map(RateLimiter::keyed))
    }

    /// Counts one for `key`; if that is too many, after what time to try again.
    pub(crate) fn check(&self, key: &K) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter
            .check_key(key)
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// Forgets keys that have been quiet for long enough to have their whole burst back.
    pub(crate) fn forget_quiet(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// An exact limit: so many in any span of time. What is refused does not count.
#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    span: Duration,
    times: VecDeque<Instant>,
}

impl Window {
    pub(crate) const fn new(limit: usize, span: Duration) -> Self {
        Self {
            limit,
            span,
            times: VecDeque::new(),
        }
    }

    /// If one more at `now` is too many, after what time to try again.
    pub(crate) fn check(&mut self, now: Instant) -> Result<(), Duration> {
        let span = self.span;
        let is_over = |time: &Instant| now.saturating_duration_since(*time) >= span;
        while self.times.front().is_some_and(is_over) {
            self.times.pop_front();
        }
        match self.times.front() {
            Some(first) if self.times.len() >= self.limit => Err((*first + span).saturating_duration_since(now)),
            _ => Ok(()),
        }
    }

    /// Counts one.
    pub(crate) fn count(&mut self, now: Instant) {
        self.times.push_back(now);
    }
}

fn quota(rate: u32, burst: u32, make: fn(NonZeroU32) -> Quota) -> Option<Quota> {
    let rate = NonZeroU32::new(rate)?;
    Some(make(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

/// Spreads bytes out to a rate by telling how long to wait before reading on: TCP then slows the sender itself, and no
/// frame is lost. The slowest pace is one full frame in about a second, so that the waits stay short.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes_per_second: u32,
    /// When everything counted so far would have passed at the rate.
    through: Instant,
}

impl Pace {
    /// 0 for no limit.
    pub(crate) fn new(bytes_per_second: u32, now: Instant) -> Self {
        let slowest = if bytes_per_second == 0 { 0 } else { 1 << 16 };
        Self {
            bytes_per_second: bytes_per_second.max(slowest),
            through: now,
        }
    }

    /// Counts `bytes`. How long to wait, if the sender is ahead of its rate by more than a burst of a quarter of a second
    /// or of two large frames.
    pub(crate) fn count(&mut self, bytes: usize, now: Instant) -> Option<Duration> {
        if self.bytes_per_second == 0 {
            return None;
        }
        let rate = f64::from(self.bytes_per_second);
        let seconds = |bytes| Duration::from_secs_f64(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / rate);
        self.through = self.through.max(now) + seconds(bytes);
        let burst = Duration::from_millis(250).max(seconds(2 * MAX_FRAME_BYTES));
        self.through
            .checked_duration_since(now + burst)
            .filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_burst_and_a_wait() {
        let rate = Rate::per_second(20, 3);
        for _ in 0..3 {
            assert_eq!(rate.check(), Ok(()));
        }
        let wait = rate.check().unwrap_err();
        assert!(wait <= Duration::from_millis(50) && !wait.is_zero(), "{wait:?}");
        let free = Rate::per_second(0, 0);
        assert!((0..10_000).all(|_| free.check().is_ok()));
    }

    #[test]
    fn keys_do_not_share_a_rate() {
        let rate = KeyedRate::per_minute(1, 1);
        assert_eq!(rate.check(&1), Ok(()));
        assert!(rate.check(&1).is_err());
        assert_eq!(rate.check(&2), Ok(()));
        rate.forget_quiet();
        assert!(rate.check(&1).is_err(), "forgetting the quiet ones lets no one off");
    }

    #[test]
    fn a_window_slides_and_refusals_do_not_count() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut window = Window::new(3, Duration::from_secs(10));
        for second in [0, 4, 8] {
            assert_eq!(window.check(at(second)), Ok(()));
            window.count(at(second));
        }
        assert_eq!(window.check(at(9)), Err(Duration::from_secs(1)));
        assert_eq!(window.check(at(10)), Ok(()));
        window.count(at(10));
        assert_eq!(window.check(at(10)), Err(Duration::from_secs(4)));
        assert_eq!(window.check(at(100)), Ok(()));
        assert!(window.times.is_empty());
    }

    #[test]
    fn a_pace_holds_on_average() {
        let start = Instant::now();
        let mut pace = Pace::new(1 << 20, start);
        let mut now = start;
        for _ in 0..160 {
            now += pace.count(65_536, now).unwrap_or_default();
        }
        let took = now - start;
        assert!(
            took > Duration::from_secs(9) && took < Duration::from_secs(11),
            "10 MiB took {took:?}"
        );
        assert_eq!(Pace::new(0, start).count(usize::MAX, start), None);
    }
}
