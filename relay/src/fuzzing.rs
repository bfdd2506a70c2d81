//! The relay without its sockets, for the checks in `fuzz/checks`: what a connection's task does, a step at a time, on a clock
//! that goes when it is told to. Not part of the crate's interface.
//!
//! The clock is that of timers: the ends of rooms and of held places. Rates go by the machine's own.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};

pub use crate::outbox::Held;
use crate::{
    conversation::Conversation,
    hub::Hub,
    outbox::{Next, Outbox},
    Config, Stats,
};

/// A relay.
#[derive(Debug)]
pub struct Bench {
    runtime: Runtime,
    hub: Arc<Hub>,
}

impl Bench {
    /// A relay without rooms.
    ///
    /// # Errors
    /// The runtime's, where the system refuses it.
    pub fn new(config: Config) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        Ok(Self {
            runtime,
            hub: Hub::new(config),
        })
    }

    /// A client from one of 256 addresses.
    #[must_use]
    pub fn connect(&self, address: u8) -> Client {
        let hub = Arc::clone(&self.hub);
        let outbox = Arc::new(Outbox::new(&hub.budget, &hub.counters));
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, address));
        Client {
            conversation: Conversation::new(hub, Arc::clone(&outbox), address),
            outbox,
        }
    }

    /// Does something for which there have to be timers: anything with a [`Client`].
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.enter();
        what()
    }

    /// Lets time pass, and whatever is due happen.
    pub fn pass(&self, time: Duration) {
        self.runtime.block_on(async {
            // A timer counts from when its task first runs.
            tokio::task::yield_now().await;
            tokio::time::sleep(time).await;
            tokio::task::yield_now().await;
        });
    }

    /// The relay's numbers.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.hub.stats()
    }

    /// How many rooms are in the public list.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.hub.arthas.count_listed()
    }
}

/// What a client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A frame of the first queue.
    First(Bytes),
    /// A frame of the bulk queue.
    Bulk(Bytes),
    /// A ping of the WebSocket protocol.
    Ping,
    /// The end, with the WebSocket close code.
    Close(u16),
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    conversation: Conversation,
    outbox: Arc<Outbox>,
}

impl Client {
    /// A binary message comes in; how long the relay then waits before it reads on.
    pub fn receive(&mut self, message: &[u8]) -> Option<Duration> {
        self.conversation.receive(message)
    }

    /// Whether to wait longer, and how long.
    pub fn resume(&mut self) -> Option<Duration> {
        self.conversation.resume()
    }

    /// A text message comes in.
    pub fn text(&mut self) {
        self.conversation.text();
    }

    /// A ping or pong of the WebSocket protocol comes in.
    pub fn other(&mut self) {
        self.conversation.other();
    }

    /// A message above the size limit comes in.
    pub fn oversize(&mut self) {
        self.conversation.oversize();
    }

    /// It is time to ask for a sign of life, and for the first one if that is due at all.
    pub fn ping(&mut self) {
        self.conversation.ping();
        if self.conversation.first_ping_at().is_some() {
            self.conversation.first_ping();
        }
    }

    /// Whether the relay reads no more from this connection.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.conversation.is_closing() || self.outbox.close_reason().is_some()
    }

    /// Whether the relay has it in a room. One that has ended is noticed at the next [`Client::ping`].
    #[must_use]
    pub fn is_in_room(&self) -> bool {
        self.conversation.enter_until().is_none()
    }

    /// Whether the relay takes it for a client of Arthas.
    #[must_use]
    pub fn is_arthas(&self) -> bool {
        self.conversation.is_arthas()
    }

    /// The connection is gone, or about to be.
    pub fn end(&mut self) {
        self.conversation.end();
    }

    /// Takes what is sent next.
    pub fn take(&mut self) -> Option<Sent> {
        Some(match self.outbox.pop()? {
            Next::First(frame) => Sent::First(frame),
            Next::Bulk(frame) => Sent::Bulk(frame),
            Next::Ping => Sent::Ping,
            Next::Close(close) => Sent::Close(close.code()),
        })
    }

    /// What waits to be sent.
    #[must_use]
    pub fn held(&self) -> Held {
        self.outbox.held()
    }
}

#[cfg(test)]
mod tests;
