//! The key directory: signed public keys by user id, and invitations that wait. `docs/people.md` has the frames.
//!
//! ```text
//! POST /directory  ->  http  ->  Directory::answer  ->  rates, challenges, signatures
//!                                                   ->  users, mailbox: what a request does, in one transaction
//!                                                   ->  store: the database; a thread that commits for all who wait
//! ```
//! Nothing is answered before it is on disk. No line of the log names a user or an address.

mod challenge;
mod http;
mod mailbox;
mod refusal;
mod requests;
mod store;
#[cfg(test)]
mod tests;
mod users;

pub use store::OpenError;

use std::{net::IpAddr, sync::Arc, time::Duration};

use hushroom::{
    people::{Identity, IdentityKey},
    secret::Key,
};

pub(crate) use self::http::routes;
use self::{challenge::Challenges, store::Store};
use crate::{config::Config, limits::KeyedRate, stats::Counters};

/// How often what is over is deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Unix time in seconds.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// A directory. Its methods block: they wait for the disk.
pub(crate) struct Directory {
    identity: Identity,
    key: IdentityKey,
    store: Store,
    challenges: Challenges,
    clock: Clock,
    max_users: u64,
    invitation_seconds: u64,
    requests: KeyedRate<IpAddr>,
    registrations: KeyedRate<IpAddr>,
    invitations: KeyedRate<IpAddr>,
    /// Invitations to, and one-time keys of, one user. Only of those that exist, so it cannot be filled with names.
    attention: KeyedRate<String>,
    counters: Arc<Counters>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Directory(..)")
    }
}

impl Directory {
    /// Opens the directory that `config` names, if it names one; makes its file if there is none.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn open(config: &Config, counters: &Arc<Counters>) -> Result<Option<Arc<Self>>, OpenError> {
        let clock = Box::new(|| crate::clock::unix_millis() / 1000);
        let Some(path) = &config.directory else { return Ok(None) };
        Self::open_at(path, config, counters, clock).map(|directory| Some(Arc::new(directory)))
    }

    fn open_at(
        path: &std::path::Path,
        config: &Config,
        counters: &Arc<Counters>,
        clock: Clock,
    ) -> Result<Self, OpenError> {
        let (store, seed) = Store::open(path, &random_key()?)?;
        let identity = Identity::from_seed(&seed);
        Ok(Self {
            key: identity.public(),
            identity,
            store,
            challenges: Challenges::new(random_key()?),
            clock,
            max_users: config.directory_max_users,
            invitation_seconds: config.invitation_days.saturating_mul(DAY_SECONDS),
            requests: rate(config.directory_requests_per_minute),
            registrations: rate(config.registrations_per_minute),
            invitations: rate(config.invitations_per_minute),
            attention: rate(config.invitations_per_minute),
            counters: Arc::clone(counters),
        })
    }

    fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Deletes what is over: invitations nobody fetched, users who did not come back, spent challenges, quiet addresses.
    pub(crate) fn sweep(&self) {
        let (now, keep) = (self.now(), self.invitation_seconds);
        self.challenges.forget(now);
        self.requests.forget_quiet();
        self.registrations.forget_quiet();
        self.invitations.forget_quiet();
        self.attention.forget_quiet();
        // Again and again, so that no transaction is so large that everybody waits for it.
        while let Ok(count) = self.store.sweep(now, now.saturating_sub(keep)) {
            if count == 0 {
                return;
            }
        }
        tracing::warn!("the directory could not be swept");
    }
}

/// Sweeps for as long as the relay runs.
pub(crate) async fn tend(directory: Arc<Directory>) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        let directory = Arc::clone(&directory);
        let swept = tokio::task::spawn_blocking(move || directory.sweep()).await;
        if swept.is_err() {
            tracing::warn!("the directory could not be swept");
        }
    }
}

fn rate<K: std::hash::Hash + Eq + Clone>(per_minute: u32) -> KeyedRate<K> {
    KeyedRate::per_minute(per_minute, per_minute)
}

fn random_key() -> Result<Key, OpenError> {
    Key::try_fill(|out| {
        rand::TryRng::try_fill_bytes(&mut rand::rngs::SysRng, out).map_err(|_| hushroom::Error::RandomUnavailable)
    })
    .map_err(|_| OpenError::Random)
}
