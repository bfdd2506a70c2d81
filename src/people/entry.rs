//! What a directory has of a user: a bundle, and the chain of replacements that leads to its identity key.

use super::{
    bundle::{self, Bundle},
    bytes::MALFORMED,
    replacement::Replacement,
    signing::IdentityKey,
    user_id::UserId,
};
use crate::{
    error::Result,
    frame::people::{Found, MAX_REPLACEMENTS},
};

/// An entry that proves itself: every signature in it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The user's keys.
    pub bundle: Bundle,
    /// How the user's first key became this one, oldest first.
    pub chain: Vec<Replacement>,
    /// Tells two bundles of one sequence apart.
    pub(super) hash: [u8; 32],
}

impl Entry {
    /// Checks everything about the entry of `user` but its time.
    ///
    /// # Errors
    /// [`crate::Error::DirectoryProof`].
    pub fn verify(user: &UserId, found: &Found) -> Result<Self> {
        if found.chain.len() > MAX_REPLACEMENTS {
            return Err(MALFORMED);
        }
        let chain = found
            .chain
            .iter()
            .map(|bytes| Replacement::verify(&bytes.0))
            .collect::<Result<Vec<_>>>()?;
        let entry = Self {
            bundle: Bundle::verify(&found.bundle.0)?,
            chain,
            hash: bundle::hash(&found.bundle.0),
        };
        if entry.bundle.user == *user && entry.chain_holds(user) {
            Ok(entry)
        } else {
            Err(MALFORMED)
        }
    }

    /// Whether the chain is one: the same user all along, no gap, no key twice, and rising sequences.
    fn chain_holds(&self, user: &UserId) -> bool {
        let mut seen: Vec<IdentityKey> = Vec::new();
        let mut sequence = None;
        for link in &self.chain {
            let follows = seen.last().is_none_or(|key| *key == link.old);
            if link.user != *user || !follows || seen.contains(&link.new) || sequence >= Some(link.sequence) {
                return false;
            }
            if seen.is_empty() {
                seen.push(link.old);
            }
            seen.push(link.new);
            sequence = Some(link.sequence);
        }
        seen.last().is_none_or(|key| *key == self.bundle.identity) && sequence <= Some(self.bundle.sequence)
    }
}
