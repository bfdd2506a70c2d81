//! What is remembered of others, so that a directory cannot show another key, or an older one, unnoticed.

use super::{entry::Entry, signing::IdentityKey};
use crate::error::{Error, Result};

/// What is trusted of one user: trust on first use, then nothing without proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// The key that is trusted.
    pub identity: IdentityKey,
    /// A key that has taken its place with proof, and waits to be acknowledged.
    pub changed: Option<IdentityKey>,
    /// The highest sequence seen.
    pub sequence: u64,
    /// SHA-256 of the bundle that had it.
    pub hash: [u8; 32],
}

/// How an entry compares with what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was known; the key is pinned now.
    New,
    /// The key is the one that is trusted.
    Same,
    /// Another key, and the owner of the trusted one has signed that it takes its place.
    Changed,
}

/// Compares an entry with what is known of its user. Gives what is to be remembered from now on.
///
/// # Errors
/// [`Error::KeyUnproven`], [`Error::DirectoryRolledBack`], [`Error::BundleExpired`]. What is remembered stays as it is then.
pub fn judge(pin: Option<&Pin>, entry: &Entry, now: u64) -> Result<(Standing, Pin)> {
    let (bundle, hash) = (&entry.bundle, entry.hash);
    let fresh = Pin {
        identity: bundle.identity,
        changed: None,
        sequence: bundle.sequence,
        hash,
    };
    let Some(pin) = pin else {
        bundle.check_time(now)?;
        return Ok((Standing::New, fresh));
    };
    let last = pin.changed.unwrap_or(pin.identity);
    // A replacement from before the last bundle seen is a fork: somebody has an old key.
    let proven = |link: &super::Replacement| link.old == last && link.sequence > pin.sequence;
    if bundle.identity != last && !entry.chain.iter().any(proven) {
        // Going back to the key that was trusted before a change is no better than any other key.
        return Err(Error::KeyUnproven);
    }
    if bundle.sequence < pin.sequence || (bundle.sequence == pin.sequence && hash != pin.hash) {
        return Err(Error::DirectoryRolledBack);
    }
    bundle.check_time(now)?;
    if bundle.identity == pin.identity {
        return Ok((Standing::Same, fresh));
    }
    let changed = Pin {
        identity: pin.identity,
        changed: Some(bundle.identity),
        ..fresh
    };
    Ok((Standing::Changed, changed))
}

impl Pin {
    /// Trusts the key that has taken the old one's place.
    ///
    /// # Errors
    /// [`Error::KeyUnproven`] when `key` is not that one: it may have changed again since it was shown.
    pub fn acknowledge(&mut self, key: IdentityKey) -> Result<()> {
        if self.changed != Some(key) {
            return Err(Error::KeyUnproven);
        }
        (self.identity, self.changed) = (key, None);
        Ok(())
    }
}
