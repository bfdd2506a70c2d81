//! What all connections of one relay share.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    arthas,
    budget::Budget,
    config::Config,
    limits::KeyedRate,
    registry::Registry,
    stats::{Counters, Stats},
};

/// The shared state of a relay.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) config: Config,
    pub(crate) registry: Arc<Registry>,
    pub(crate) arthas: Arc<arthas::Registry>,
    pub(crate) joins: KeyedRate<IpAddr>,
    /// Looks into the list of public rooms.
    pub(crate) listings: KeyedRate<IpAddr>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) budget: Arc<Budget>,
    /// Cancelled when the relay is to stop.
    pub(crate) stop: CancellationToken,
    /// Everything that has to end before the relay has stopped.
    pub(crate) tasks: TaskTracker,
    /// Open WebSocket connections by address.
    connections: Mutex<HashMap<IpAddr, usize>>,
}

impl Hub {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        let counters = Arc::new(Counters::default());
        let budget = Arc::new(Budget::new(config.max_buffered_bytes));
        let permits = Arc::new(Semaphore::new(config.max_rooms.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self {
            registry: Arc::new(Registry::new(&config, &permits, &budget, &counters)),
            arthas: Arc::new(arthas::Registry::new(&config, &permits, &counters)),
            listings: KeyedRate::per_minute(config.listings_per_minute, config.listings_per_minute),
            joins: KeyedRate::per_minute(config.joins_per_minute, config.joins_burst),
            counters,
            budget,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            connections: Mutex::new(HashMap::new()),
            config,
        })
    }

    /// Counts a connection from `address` for as long as the result lives; `None` if there are too many.
    pub(crate) fn count_connection(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionCount> {
        let mut connections = self.connections.lock();
        let count = connections.entry(address).or_default();
        if *count >= self.config.max_connections_per_ip {
            return None;
        }
        *count += 1;
        Some(ConnectionCount {
            hub: Arc::clone(self),
            address,
        })
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            buffered_bytes: u64::try_from(self.budget.used()).unwrap_or(u64::MAX),
            ..self.counters.snapshot()
        }
    }
}

/// One counted connection.
#[derive(Debug)]
pub(crate) struct ConnectionCount {
    hub: Arc<Hub>,
    address: IpAddr,
}

impl Drop for ConnectionCount {
    fn drop(&mut self) {
        let mut connections = self.hub.connections.lock();
        if let Some(count) = connections.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.address);
            }
        }
    }
}
