//! Our own sender key: one Megolm session, and who has it.

use vodozemac::megolm::{GroupSession, SessionConfig};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
    sorted::SortedSet,
};

/// Posts under one sender key.
pub const MAX_POSTS_PER_KEY: u32 = 100;
/// How long one sender key is used, in milliseconds.
pub const MAX_KEY_AGE_MS: u64 = 24 * 3_600_000;

/// A sender key in use. Never stored: see the [module](super).
pub(super) struct Outbound {
    pub(super) session: GroupSession,
    pub(super) generation: u16,
    made_at: u64,
    holders: SortedSet<InstanceId>,
    /// Somebody who has it is gone.
    stale: bool,
}

impl Outbound {
    /// The key after `previous`.
    ///
    /// # Errors
    /// [`Error::InvalidState`] after 65,536 of them.
    pub(super) fn new(previous: Option<&Self>, now: u64) -> Result<Self> {
        let generation = match previous {
            None => Some(0),
            Some(previous) => previous.generation.checked_add(1),
        };
        Ok(Self {
            session: GroupSession::new(SessionConfig::version_1()),
            generation: generation.ok_or(Error::InvalidState("too many sender keys"))?,
            made_at: now,
            holders: SortedSet::new(),
            stale: false,
        })
    }

    pub(super) fn is_due(&self, now: u64) -> bool {
        self.stale
            || self.session.message_index() >= MAX_POSTS_PER_KEY
            || now.saturating_sub(self.made_at) >= MAX_KEY_AGE_MS
    }

    /// Notes that `instance` is given the key; whether that is new.
    pub(super) fn give(&mut self, instance: InstanceId) -> bool {
        self.holders.insert(instance)
    }

    /// `instance` is to get the key again.
    pub(super) fn give_again(&mut self, instance: InstanceId) {
        self.holders.remove(&instance);
    }

    /// `instance` is gone: if it has the key, there must be another.
    pub(super) fn exclude(&mut self, instance: InstanceId) {
        self.stale |= self.holders.contains(&instance);
    }

    /// The key from the present index on.
    pub(super) fn key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.session.session_key().to_bytes())
    }

    #[cfg(test)]
    pub(super) fn steal(&self) -> Self {
        Self {
            session: GroupSession::from_pickle(self.session.pickle()),
            holders: self.holders.clone(),
            ..*self
        }
    }
}
