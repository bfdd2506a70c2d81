//! The password of a room: compared in constant time, and not to be guessed by trying.

use std::{
    collections::VecDeque,
    net::IpAddr,
    time::{Duration, Instant},
};

use ctutils::CtEq;
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// The time over which wrong attempts are counted.
const SPAN: Duration = Duration::from_secs(60);
/// Wrong attempts that one address has in that time.
const PER_ADDRESS: usize = 10;
/// Wrong attempts that all addresses have together. Guessing from many addresses then keeps others out as well, for as long
/// as it goes on; without this limit it would succeed.
const PER_ROOM: usize = 120;

/// What a room remembers of its password, and who got it wrong.
#[derive(Debug)]
pub(super) struct Password {
    /// SHA-256 of what clients send: all hashes have one length, so that comparing takes one time.
    hash: [u8; 32],
    is_set: bool,
    /// At most [`PER_ROOM`] entries.
    wrong: VecDeque<(Instant, IpAddr)>,
}

impl Password {
    /// `sent` is what the maker of the room sent; empty for none.
    pub(super) fn new(sent: &str) -> Self {
        Self {
            hash: Sha256::digest(sent).into(),
            is_set: !sent.is_empty(),
            wrong: VecDeque::new(),
        }
    }

    pub(super) const fn is_set(&self) -> bool {
        self.is_set
    }

    /// Compares what a client sent. Above the limits it is not even compared.
    pub(super) fn check(&mut self, sent: &str, address: IpAddr, now: Instant) -> Result<(), Refusal> {
        self.wrong
            .retain(|(when, _)| now.saturating_duration_since(*when) < SPAN);
        if self.is_set {
            let mine = self.wrong.iter().filter(|(_, from)| *from == address);
            // The first of as many as are allowed: once it is forgotten, there is one more attempt.
            let first = nth_last(mine, PER_ADDRESS).or_else(|| nth_last(self.wrong.iter(), PER_ROOM));
            if let Some((when, _)) = first {
                return Err(Refusal::RateLimited((*when + SPAN).saturating_duration_since(now)));
            }
        }
        let hash: [u8; 32] = Sha256::digest(sent).into();
        if self.hash.ct_eq(&hash).to_bool() {
            return Ok(());
        }
        if self.is_set {
            self.wrong.push_back((now, address));
        }
        Err(Refusal::WrongPassword)
    }
}

/// The `nth` last item, counted from 1.
fn nth_last<T>(items: impl DoubleEndedIterator<Item = T>, nth: usize) -> Option<T> {
    items.rev().nth(nth.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "20d2fe5e369db54ec7090639a9dc30ec4d608604936239d39e2de07fda09eb0b";

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn only_the_password_opens() {
        let now = Instant::now();
        let mut password = Password::new(RIGHT);
        assert!(password.is_set());
        assert_eq!(password.check(RIGHT, address(1), now), Ok(()));
        for wrong in ["", "x", &RIGHT[1..], &RIGHT.to_uppercase()] {
            assert_eq!(password.check(wrong, address(1), now), Err(Refusal::WrongPassword));
        }
        let mut none = Password::new("");
        assert!(!none.is_set());
        assert_eq!(none.check("", address(1), now), Ok(()));
        for _ in 0..1000 {
            assert_eq!(none.check(RIGHT, address(1), now), Err(Refusal::WrongPassword));
        }
        assert!(none.wrong.is_empty());
    }

    #[test]
    fn an_address_has_ten_attempts_a_minute() {
        let start = Instant::now();
        let mut password = Password::new(RIGHT);
        for second in 0..10 {
            let now = start + Duration::from_secs(second);
            assert_eq!(password.check("x", address(1), now), Err(Refusal::WrongPassword));
        }
        let later = start + Duration::from_secs(10);
        let wait = Refusal::RateLimited(Duration::from_secs(50));
        assert_eq!(
            password.check(RIGHT, address(1), later),
            Err(wait),
            "the right one neither"
        );
        assert_eq!(password.check(RIGHT, address(2), later), Ok(()));
        assert_eq!(password.check(RIGHT, address(1), start + SPAN), Ok(()));
    }

    #[test]
    fn a_room_has_a_limit_too() {
        let now = Instant::now();
        let mut password = Password::new(RIGHT);
        for attempt in 0..PER_ROOM {
            let from = address(u8::try_from(attempt).unwrap());
            assert_eq!(password.check("x", from, now), Err(Refusal::WrongPassword));
        }
        assert_eq!(password.check("x", address(200), now), Err(Refusal::RateLimited(SPAN)));
        assert_eq!(password.wrong.len(), PER_ROOM);
        assert_eq!(password.check(RIGHT, address(200), now + SPAN), Ok(()));
    }
}
