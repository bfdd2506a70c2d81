//! A room that we are in, or on the way into.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant, SystemTime},
};

use hushroom::{
    room::{FileMeta, Output, Room, RoomEvent},
    Error,
};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{
    incoming::{Incoming, Stored, Target},
    outgoing::{Outgoing, Read, Source},
    socket::{Socket, SocketEvent},
    trust::Acquaintances,
};
use crate::{
    clock::at,
    failure::{Failure, Result},
    random,
};

/// Waits between attempts to come back: doubling, with jitter so that a restarted relay is not stormed.
const FIRST_RETRY: Duration = Duration::from_millis(200);
const MAX_RETRY: Duration = Duration::from_secs(15);

/// What happens in a session.
#[derive(Debug)]
pub(crate) enum Event {
    /// In the room.
    Room(RoomEvent),
    /// The connection is lost, and is tried again.
    Reconnecting,
    /// Plaintext bytes of a transfer to us that are saved.
    Progress { id: String, bytes: u64 },
    /// A transfer to us is over.
    Received { id: String, result: Result<Saved> },
    /// A transfer of ours cannot go on.
    SendFailed { id: String, failure: Failure },
    /// What was learned or decided about a member is kept.
    Kept,
    /// What was to be remembered of a member cannot be kept.
    NotKept { failure: Failure },
}

/// A file that came to us.
#[derive(Debug)]
pub(crate) struct Saved {
    /// Where it is; nowhere for a stream.
    pub(crate) path: Option<std::path::PathBuf>,
    pub(crate) bytes: u64,
}

/// One room, and everything that moves in it.
pub(crate) struct Session {
    pub(super) room: Room,
    code: Option<Zeroizing<String>>,
    url: String,
    pub(super) socket: Option<Socket>,
    retry_at: Option<tokio::time::Instant>,
    attempts: u32,
    entered: bool,
    over: bool,
    started: Instant,
    pub(super) events: VecDeque<Event>,
    pub(super) outgoing: HashMap<String, Outgoing>,
    pub(super) incoming: HashMap<String, Incoming>,
    stored: (mpsc::UnboundedSender<Stored>, mpsc::UnboundedReceiver<Stored>),
    reads: (mpsc::Sender<Read>, mpsc::Receiver<Read>),
    pub(super) acquaintances: Acquaintances,
}

impl Session {
    /// Starts to connect `room`.
    pub(super) fn new(mut room: Room, acquaintances: Acquaintances, url: String, started: Instant) -> Self {
        Self {
            code: room.code(),
            room,
            socket: Some(Socket::open(url.clone())),
            url,
            retry_at: None,
            attempts: 0,
            entered: false,
            over: false,
            started,
            events: VecDeque::new(),
            outgoing: HashMap::new(),
            incoming: HashMap::new(),
            stored: mpsc::unbounded_channel(),
            reads: mpsc::channel(4),
            acquaintances,
        }
    }

    /// The room's share code, once it is known.
    pub(crate) fn code(&mut self) -> Option<&str> {
        if self.code.is_none() {
            self.code = self.room.code();
        }
        self.code.as_deref().map(String::as_str)
    }

    /// The machine, for what only asks.
    pub(crate) const fn room(&self) -> &Room {
        &self.room
    }

    /// Whether [`Self::next`] has nothing more to say.
    pub(crate) const fn is_over(&self) -> bool {
        self.over
    }

    /// The next thing that happens. May be dropped before it resolves, and nothing is lost.
    ///
    /// # Errors
    /// [`Failure::Connect`] when the relay cannot be reached in the first place; [`Failure::Room`] when the room is over.
    pub(crate) async fn next(&mut self) -> Result<Event> {
        loop {
            self.drain();
            if let Some(event) = self.events.pop_front() {
                return self.look_at(event);
            }
            if self.over {
                return Err(Error::Closed.into());
            }
            self.wait().await?;
        }
    }

    /// Says something; the message's id.
    pub(crate) fn send_text(&mut self, text: &str, reply_to: Option<&str>) -> Result<String> {
        let sent_at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let sent_at = sent_at.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
        let now = self.now();
        Ok(self.room.send_text(text, reply_to, sent_at, now)?)
    }

    /// Reacts to a message.
    pub(crate) fn react(&mut self, message: &str, emoji: &str) -> Result<String> {
        let now = self.now();
        Ok(self.room.react(message, emoji, false, now)?)
    }

    /// Shows others whether we are typing.
    pub(crate) fn set_typing(&mut self, on: bool) {
        // Nobody misses it.
        let _ = self.room.set_typing(on);
    }

    /// Offers a file to everybody here; the transfer's id.
    pub(crate) fn send_file(&mut self, name: String, source: Source) -> Result<String> {
        let meta = FileMeta {
            name,
            size: source.size(),
            replayable: source.is_replayable(),
            ..FileMeta::default()
        };
        let now = self.now();
        let id = self.room.offer_file(&meta, now)?;
        self.outgoing.insert(id.clone(), Outgoing::new(source));
        Ok(id)
    }

    /// Takes an offered file of `size` bytes into `target`.
    pub(crate) fn accept(&mut self, id: &str, target: Target) -> Result<()> {
        let mut incoming = match self.incoming.remove(id) {
            Some(incoming) => incoming,
            None => Incoming::new(&self.room, id)?,
        };
        let now = self.now();
        let stored = self.stored.0.clone();
        if let Err(failure) = incoming.store(id, target, stored) {
            // Kept: what has come already does not come again.
            self.incoming.insert(id.to_owned(), incoming);
            return Err(failure);
        }
        self.room.accept_file(id, now)?;
        self.incoming.insert(id.to_owned(), incoming);
        Ok(())
    }

    /// Refuses an offered file.
    pub(crate) fn decline(&mut self, id: &str) -> Result<()> {
        let now = self.now();
        self.room.decline_file(id, now)?;
        self.incoming.remove(id);
        Ok(())
    }

    /// Ends a transfer, in either direction. Nothing happens if it is over.
    pub(crate) fn cancel(&mut self, id: &str) {
        self.end_transfer(id, Error::TransferCancelled.code());
    }

    /// Leaves for good, once everything that was said is sent, and what was learned is kept.
    pub(crate) async fn leave(mut self) {
        self.room.leave();
        self.drain();
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
        self.acquaintances.close().await;
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits for one thing, and gives it to the machine.
    async fn wait(&mut self) -> Result<()> {
        let now = self.now();
        let deadline = self
            .room
            .deadline(now)
            .map(|at| self.started + Duration::from_millis(at));
        let retry_at = self.retry_at;
        let reads_wanted = self.outgoing.values().any(Outgoing::wants_more);
        tokio::select! {
            event = next_of(&mut self.socket) => {
                if let Some(event) = event {
                    self.on_socket(event)?;
                }
            }
            () = at(deadline.map(tokio::time::Instant::from_std)) => {
                let now = self.now();
                self.room.on_timer(now);
            }
            () = at(retry_at) => {
                self.retry_at = None;
                self.socket = Some(Socket::open(self.url.clone()));
            }
            Some(stored) = self.stored.1.recv() => self.on_stored(stored),
            Some(read) = self.reads.1.recv(), if reads_wanted => self.on_read(read),
            kept = self.acquaintances.next() => self.on_kept(kept),
        }
        Ok(())
    }

    fn on_socket(&mut self, event: SocketEvent) -> Result<()> {
        let now = self.now();
        match event {
            SocketEvent::Open => self.room.on_connected(now)?,
            SocketEvent::Frame(frame) => {
                if let Some(bulk) = self.room.on_frame(&frame, frame.len(), now) {
                    if let Err(failure) = self.on_bulk(&bulk, &frame) {
                        self.incoming_failed(&bulk.transfer, failure);
                    }
                }
            }
            SocketEvent::Closed(reason) => {
                self.room.on_disconnected();
                if !self.entered {
                    return Err(Failure::Connect(crate::text::clean_line(&reason)));
                }
                self.reconnect(0);
            }
        }
        Ok(())
    }

    fn reconnect(&mut self, after_ms: u64) {
        self.socket = None;
        if self.retry_at.is_none() {
            self.events.push_back(Event::Reconnecting);
        }
        let backoff = FIRST_RETRY.saturating_mul(1 << self.attempts.min(10)).min(MAX_RETRY);
        self.attempts = self.attempts.saturating_add(1);
        // From half of it to all of it.
        let random = random::bytes::<2>().map_or(0, u16::from_le_bytes);
        let jittered = backoff / 2 + (backoff / 2).mul_f64(f64::from(random) / f64::from(u16::MAX));
        let wait = jittered.max(Duration::from_millis(after_ms));
        self.retry_at = Some(tokio::time::Instant::now() + wait);
    }

    /// Does what the machine wants done, and sends what it has of files as far as the socket takes it.
    fn drain(&mut self) {
        loop {
            while let Some(output) = self.room.poll() {
                match output {
                    Output::Send(frame) => {
                        if let Some(socket) = &self.socket {
                            socket.send(frame);
                        }
                    }
                    Output::Event(event) => self.events.push_back(Event::Room(event)),
                    Output::Reconnect { after_ms } => self.reconnect(after_ms),
                    Output::Disconnect => self.over = true,
                }
            }
            if !self.send_piece() {
                return;
            }
        }
    }

    /// What an event means for the session itself.
    fn look_at(&mut self, event: Event) -> Result<Event> {
        if let Event::Room(event) = &event {
            self.acquaintances.look_at(&self.room, event);
        }
        match &event {
            Event::Room(RoomEvent::Opened { .. }) => {
                self.entered = true;
                self.attempts = 0;
            }
            Event::Room(RoomEvent::Closed { code, message }) => {
                self.over = true;
                return Err(Failure::Room {
                    code,
                    message: message.clone(),
                });
            }
            Event::Room(RoomEvent::Receiver { id, state, .. }) => {
                if let Some(outgoing) = self.outgoing.get_mut(id) {
                    // Whoever takes it starts it; progress frees what is kept of a stream.
                    let started = !matches!(*state, "offered" | "declined" | "left" | "failed")
                        && outgoing.start(id, &self.reads.0);
                    if started || outgoing.is_stream() {
                        self.source_ready(&id.clone());
                    }
                }
            }
            Event::Room(RoomEvent::OutgoingEnded { id, .. }) => {
                self.outgoing.remove(id);
            }
            Event::Room(RoomEvent::Comparison {
                member,
                state: "verified",
                ..
            }) => {
                if let Err(failure) = self.verify(&member.clone(), true) {
                    self.events.push_back(Event::NotKept { failure });
                }
            }
            Event::Room(RoomEvent::IncomingEnded { id, code, message }) if self.incoming.remove(id).is_some() => {
                let failure = Failure::Transfer {
                    code,
                    message: message.clone(),
                };
                let id = id.clone();
                return Ok(Event::Received {
                    id,
                    result: Err(failure),
                });
            }
            _ => {}
        }
        Ok(event)
    }
}

async fn next_of(socket: &mut Option<Socket>) -> Option<SocketEvent> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
