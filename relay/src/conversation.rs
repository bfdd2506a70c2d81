//! What one client speaks: a connection has one protocol, that of the first frame which only one of the two has.
//!
//! A Create or Join with a `proto` is native, one without is Arthas'; 0x40 to 0x42 are native, 0x03 to 0x0C Arthas'. Until
//! then, mistakes are handled as in native conversations. Arthas' clients may wait for their user before they enter a room: a
//! connection that has said nothing is asked for a sign of life, and one that gives it the way they do is left in peace.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use hushroom::frame::{decode_any, Ping, Value};

use crate::{arthas, clock::unix_millis, hub::Hub, outbox::Outbox, session::Session, wire};

/// After what time a connection that has said nothing is asked for a sign of life.
const FIRST_PING: Duration = Duration::from_secs(5);

/// A client's conversation with the relay, in whichever protocol.
#[derive(Debug)]
pub(crate) struct Conversation {
    hub: Arc<Hub>,
    outbox: Arc<Outbox>,
    address: IpAddr,
    speaks: Speaks,
    /// As long as it is not known what the client speaks.
    first_ping: Option<FirstPing>,
}

#[derive(Debug)]
enum Speaks {
    Native(Box<Session>),
    Arthas(Box<arthas::Session>),
}

#[derive(Debug, Clone, Copy)]
enum FirstPing {
    Due(Instant),
    /// With this time in it.
    Sent(u64),
}

impl Conversation {
    /// `address` is what rates of joining are counted by.
    pub(crate) fn new(hub: Arc<Hub>, outbox: Arc<Outbox>, address: IpAddr) -> Self {
        let session = Box::new(Session::new(Arc::clone(&hub), Arc::clone(&outbox), address));
        let first_ping = FirstPing::Due(Instant::now() + FIRST_PING);
        Self {
            first_ping: hub.config.arthas.then_some(first_ping),
            hub,
            outbox,
            address,
            speaks: Speaks::Native(session),
        }
    }

    /// Takes one binary message. How long to wait before [`Conversation::resume`] is asked whether to read on.
    pub(crate) fn receive(&mut self, message: &[u8]) -> Option<Duration> {
        self.listen(message);
        match &mut self.speaks {
            Speaks::Native(session) => session.receive(message),
            Speaks::Arthas(session) => session.receive(message),
        }
    }

    /// Finds out from a frame what the client speaks, if that is not known.
    fn listen(&mut self, message: &[u8]) {
        let Some(first_ping) = self.first_ping else { return };
        let Ok((kind, data)) = decode_any(message) else { return };
        let is_arthas = match (kind, &data) {
            (0x01 | 0x02, Value::Map(fields)) => !fields.iter().any(|(name, _)| name == "proto"),
            (0x01..=0x05 | 0x07..=0x0C, _) => true,
            (0x06, Value::Map(fields)) if is_answer(first_ping, fields) => true,
            (0x40..=0x42, _) => false,
            _ => return,
        };
        self.first_ping = None;
        if is_arthas {
            let (hub, outbox) = (Arc::clone(&self.hub), Arc::clone(&self.outbox));
            self.speaks = Speaks::Arthas(Box::new(arthas::Session::new(hub, outbox, self.address)));
        }
    }

    /// Whether to wait longer before reading on, and how long.
    pub(crate) fn resume(&mut self) -> Option<Duration> {
        match &mut self.speaks {
            Speaks::Arthas(session) => session.resume(),
            Speaks::Native(_) => None,
        }
    }

    /// Takes note of a message that asks for nothing: a ping or pong of the WebSocket protocol.
    pub(crate) fn other(&mut self) {
        match &mut self.speaks {
            Speaks::Native(session) => session.other(),
            Speaks::Arthas(session) => session.other(),
        }
    }

    /// Takes a text message. It holds no frame: no map in MessagePack is UTF-8. To Arthas it is a malformed frame.
    pub(crate) fn text(&mut self) {
        match &mut self.speaks {
            Speaks::Native(session) => session.text(),
            Speaks::Arthas(session) => session.malformed(),
        }
    }

    /// A message above the size limit came; it was not read.
    pub(crate) fn oversize(&mut self) {
        match &mut self.speaks {
            Speaks::Native(session) => session.oversize(),
            Speaks::Arthas(session) => session.oversize(),
        }
    }

    /// When to call [`Conversation::first_ping`]; `None` if there is no need.
    pub(crate) const fn first_ping_at(&self) -> Option<Instant> {
        match self.first_ping {
            Some(FirstPing::Due(at)) => Some(at),
            _ => None,
        }
    }

    /// Asks a client that has said nothing for a sign of life.
    pub(crate) fn first_ping(&mut self) {
        if self.first_ping.is_none() {
            return;
        }
        let t = unix_millis();
        self.first_ping = Some(FirstPing::Sent(t));
        if let Some(frame) = wire::encode(Ping { t }) {
            self.outbox.push(frame);
        }
    }

    /// Asks for a sign of life.
    pub(crate) fn ping(&mut self) {
        match &mut self.speaks {
            Speaks::Native(session) => session.ping(),
            Speaks::Arthas(session) => session.ping(),
        }
    }

    /// By when the client has to be in a room; `None` if it is.
    pub(crate) fn enter_until(&self) -> Option<Instant> {
        match &self.speaks {
            Speaks::Native(session) => session.enter_until(),
            Speaks::Arthas(session) => session.enter_until(),
        }
    }

    /// Whether the conversation is over: nothing more is to be read.
    pub(crate) const fn is_closing(&self) -> bool {
        match &self.speaks {
            Speaks::Native(session) => session.is_closing(),
            Speaks::Arthas(session) => session.is_closing(),
        }
    }

    /// Whether the client is known to speak Arthas.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const fn is_arthas(&self) -> bool {
        matches!(self.speaks, Speaks::Arthas(_))
    }

    /// The connection is gone.
    pub(crate) fn end(&mut self) {
        match &mut self.speaks {
            Speaks::Native(session) => session.end(),
            Speaks::Arthas(session) => session.end(),
        }
    }
}

/// Whether a pong answers the first ping, as no client does that is about to make or join a native room.
fn is_answer(first_ping: FirstPing, pong: &[(String, Value)]) -> bool {
    let FirstPing::Sent(sent) = first_ping else {
        return false;
    };
    pong.iter()
        .any(|(name, value)| name == "t" && *value == Value::Uint(sent))
}
