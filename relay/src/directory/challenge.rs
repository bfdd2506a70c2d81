//! Challenges: random values that users sign, each good for one request within a minute.
//!
//! ```text
//! challenge = BE64(time) | random(8) | HMAC-SHA256(key of this process, user id | time | random)[0..16]
//! ```
//! Handing one out costs no memory, so nobody can fill it. Only those that were used, with a valid signature, are remembered.

use std::{collections::BTreeMap, fmt};

use ctutils::CtEq;
use hmac::{Hmac, KeyInit, Mac};
use hushroom::secret::Key;
use parking_lot::Mutex;
use sha2::Sha256;

/// How long a challenge holds.
const LIFE_SECONDS: u64 = 60;

pub(super) struct Challenges {
    key: Key,
    /// Used ones, and when they were made.
    used: Mutex<BTreeMap<[u8; 32], u64>>,
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges(..)")
    }
}

impl Challenges {
    /// `key`: random, of this process only, so that a restart ends all challenges.
    pub(super) const fn new(key: Key) -> Self {
        Self {
            key,
            used: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn make(&self, user: &str, now: u64) -> [u8; 32] {
        self.seal(user, now, rand::random())
    }

    /// Whether `challenge` was made for `user` and holds. It can still be used then: see [`Self::spend`].
    pub(super) fn holds(&self, challenge: &[u8; 32], user: &str, now: u64) -> bool {
        let Some((time, random)) = challenge.split_first_chunk::<8>() else {
            return false;
        };
        let Some(random) = random.first_chunk::<8>() else {
            return false;
        };
        let time = u64::from_be_bytes(*time);
        let expected = self.seal(user, time, *random);
        let fresh = time <= now && now - time < LIFE_SECONDS;
        expected.ct_eq(challenge).to_bool() && fresh
    }

    /// Uses a challenge up. Whether it was there to be used.
    pub(super) fn spend(&self, challenge: &[u8; 32], now: u64) -> bool {
        self.used.lock().insert(*challenge, now).is_none()
    }

    /// Forgets those that no longer hold anyway.
    pub(super) fn forget(&self, now: u64) {
        self.used
            .lock()
            .retain(|_, used| now.saturating_sub(*used) <= LIFE_SECONDS);
    }

    fn seal(&self, user: &str, time: u64, random: [u8; 8]) -> [u8; 32] {
        let mut challenge = [0; 32];
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose()) else {
            return challenge;
        };
        for part in [user.as_bytes(), &time.to_be_bytes(), &random] {
            mac.update(part);
        }
        let tag = mac.finalize().into_bytes();
        let fields = time.to_be_bytes().into_iter().chain(random).chain(tag);
        challenge.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_one_users_and_holds_a_minute_once() {
        let challenges = Challenges::new(Key::from_slice(&[1; 32]).unwrap());
        let challenge = challenges.make("ada", 1000);
        assert!(challenges.holds(&challenge, "ada", 1000) && challenges.holds(&challenge, "ada", 1059));
        assert!(!challenges.holds(&challenge, "ada", 1060) && !challenges.holds(&challenge, "ada", 999));
        assert!(!challenges.holds(&challenge, "eve", 1000));
        for index in 0..32 {
            let mut other = challenge;
            other[index] ^= 1;
            assert!(!challenges.holds(&other, "ada", 1000), "{index}");
        }
        assert!(challenges.spend(&challenge, 1000) && !challenges.spend(&challenge, 1001));
        challenges.forget(1050);
        assert!(!challenges.spend(&challenge, 1050));
        let restarted = Challenges::new(Key::from_slice(&[2; 32]).unwrap());
        assert!(!restarted.holds(&challenge, "ada", 1000));
    }
}
