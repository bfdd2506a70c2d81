//! One client's native conversation: every frame it sends, what is done about it, and what it is not allowed.
//!
//! No sockets and no waiting here: answers go into the client's own outbox.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use hushroom::frame::{bulk_from_frame, peek_bulk, BulkHead, ErrorFrame, Frame, Ping, Post, Window};

use crate::{
    clock::unix_millis,
    entry::Entry,
    hub::Hub,
    limits::{Pace, Rate},
    outbox::{Close, Outbox},
    refusal::Refusal,
    registry::Seat,
    wire,
};

/// Everything that is not a post, a window or bulk: pings, pongs, malformed frames, attempts to enter.
pub(crate) const OTHERS_PER_SECOND: u32 = 20;
pub(crate) const OTHERS_BURST: u32 = 200;
/// Least time between two errors about dropped bulk frames or windows: they come in swarms.
const QUIET: Duration = Duration::from_secs(1);

/// A client's conversation with the relay.
#[derive(Debug)]
pub(crate) struct Session {
    hub: Arc<Hub>,
    outbox: Arc<Outbox>,
    address: IpAddr,
    seat: Option<Seat>,
    posts: Rate,
    windows: Rate,
    others: Rate,
    pace: Pace,
    held_up: Option<HeldUp>,
    bulk_refused: Option<Instant>,
    window_refused: Option<Instant>,
    /// When a connection that is in no room is closed.
    enter_until: Instant,
    closing: bool,
}

/// A post was above the rate. Until it comes again those after it are refused as well: were they taken, the relay would
/// take the repeated one, whose `n` is lower, for one that it has sent out already.
#[derive(Debug, Clone, Copy)]
struct HeldUp {
    n: u32,
    retry_at: Instant,
    /// By then whatever was on its way has arrived, and a client that goes on without the post means it.
    until: Instant,
}

impl Session {
    /// `address` is what rates of joining are counted by.
    pub(crate) fn new(hub: Arc<Hub>, outbox: Arc<Outbox>, address: IpAddr) -> Self {
        let now = Instant::now();
        let config = &hub.config;
        Self {
            posts: Rate::per_second(config.posts_per_second, config.posts_burst),
            windows: Rate::per_second(config.windows_per_second, config.windows_burst),
            others: Rate::per_second(OTHERS_PER_SECOND, OTHERS_BURST),
            pace: Pace::new(config.bulk_bytes_per_second, now),
            enter_until: now + config.handshake_seconds.duration(),
            hub,
            outbox,
            address,
            seat: None,
            held_up: None,
            bulk_refused: None,
            window_refused: None,
            closing: false,
        }
    }

    /// Takes one binary message. How long to wait before reading on, if the client sends bulk faster than it may.
    pub(crate) fn receive(&mut self, message: &[u8]) -> Option<Duration> {
        match peek_bulk(message) {
            Ok(Some(head)) => return self.bulk(&head, message),
            Ok(None) => self.decode(message),
            Err(_) => self.invalid("invalid message format"),
        }
        None
    }

    /// Takes note of a message that asks for nothing: a ping or pong of the WebSocket protocol.
    pub(crate) fn other(&mut self) {
        if let Err(wait) = self.others.check() {
            self.violation(Refusal::RateLimited(wait));
        }
    }

    /// Takes a text message, which no client of this protocol sends.
    pub(crate) fn text(&mut self) {
        self.violation(Refusal::Invalid("a frame is a binary message"));
    }

    /// A message above the size limit came; it was not read.
    pub(crate) fn oversize(&mut self) {
        self.close(Close::TooLarge, Refusal::FrameTooLarge);
    }

    /// Asks for a sign of life. Clients in no room need not give one: they have little time anyway.
    pub(crate) fn ping(&mut self) {
        if self.seat.is_some() {
            self.send(Ping { t: unix_millis() });
        }
    }

    /// By when the client has to be in a room; `None` if it is.
    pub(crate) fn enter_until(&self) -> Option<Instant> {
        self.seat.is_none().then_some(self.enter_until)
    }

    /// Whether the conversation is over: nothing more is to be read.
    pub(crate) const fn is_closing(&self) -> bool {
        self.closing
    }

    /// The connection is gone: a place that was not left is kept for a while.
    pub(crate) fn end(&mut self) {
        if let Some(seat) = self.seat.take() {
            seat.hold();
        }
    }

    fn decode(&mut self, message: &[u8]) {
        let Ok(frame) = Frame::decode(message) else {
            return self.invalid("invalid message format");
        };
        match frame {
            Frame::Post(post) => self.post(post),
            Frame::Window(window) => self.window(window),
            Frame::Create(frame) => self.enter(|| Entry::create(frame)),
            Frame::Join(frame) => self.enter(|| Entry::join(&frame)),
            Frame::Leave(_) => self.leave(),
            Frame::Pong(_) | Frame::Other { .. } => self.other(),
            _ => self.invalid("a frame that only a relay sends, or a bulk frame out of order"),
        }
    }

    fn enter(&mut self, entry: impl FnOnce() -> Result<Entry, Refusal>) {
        self.other();
        match self.try_enter(entry) {
            Ok(seat) => self.seat = Some(seat),
            Err(refusal) => self.refuse(refusal, None),
        }
        self.enter_until = Instant::now() + self.hub.config.handshake_seconds.duration();
    }

    fn try_enter(&self, entry: impl FnOnce() -> Result<Entry, Refusal>) -> Result<Seat, Refusal> {
        if self.seat.is_some() {
            return Err(Refusal::Invalid("in a room already"));
        }
        let entry = entry()?;
        self.hub.joins.check(&self.address).map_err(Refusal::RateLimited)?;
        self.hub.registry.enter(&entry, &self.outbox)
    }

    fn leave(&mut self) {
        match self.seat.take() {
            Some(seat) => {
                seat.leave();
                self.closing = true;
                self.outbox.close(Close::Left, None);
            }
            None => self.refuse(Refusal::NotInRoom, None),
        }
    }

    fn post(&mut self, post: Post) {
        let n = post.n;
        match self.try_post(post) {
            Ok(()) => {}
            Err(refusal @ Refusal::FrameTooLarge) => self.close(Close::TooLarge, refusal),
            Err(refusal) => self.refuse(refusal, Some(n)),
        }
    }

    fn try_post(&mut self, post: Post) -> Result<(), Refusal> {
        if self.seat.is_none() {
            self.other();
        }
        let seat = self.seat.as_ref().ok_or(Refusal::NotInRoom)?;
        let now = Instant::now();
        if let Some(held_up) = self.held_up {
            if post.n > held_up.n && now < held_up.until {
                return Err(Refusal::RateLimited(held_up.retry_at.saturating_duration_since(now)));
            }
        }
        if let Err(wait) = self.posts.check() {
            // Nobody sends a transient post a second time.
            if !post.transient {
                self.held_up = Some(HeldUp {
                    n: post.n,
                    retry_at: now + wait,
                    until: now + wait + self.hub.config.grace_seconds.duration(),
                });
            }
            return Err(Refusal::RateLimited(wait));
        }
        self.held_up = None;
        let accepted = seat.post(post)?;
        self.send(accepted);
        Ok(())
    }

    fn window(&mut self, window: Window) {
        let Some(seat) = &self.seat else {
            self.other();
            return self.refuse(Refusal::NotInRoom, None);
        };
        if let Err(wait) = self.windows.check() {
            if is_due(&mut self.window_refused) {
                self.refuse(Refusal::RateLimited(wait), None);
            }
            return;
        }
        if let Err(refusal) = seat.window(window) {
            self.refuse(refusal, None);
        }
    }

    fn bulk(&mut self, head: &BulkHead, message: &[u8]) -> Option<Duration> {
        let Some(seat) = &self.seat else {
            self.other();
            self.refuse(Refusal::NotInRoom, None);
            return None;
        };
        let body = message.get(head.body_start..).unwrap_or_default();
        let Ok(frame) = bulk_from_frame(seat.id(), head.stream, head.offset, body) else {
            self.oversize();
            return None;
        };
        self.hub.counters.bulk_frames_total.add(1);
        self.hub.counters.bulk_bytes_total.add(body.len());
        match seat.bulk(&head.to, &frame.into()) {
            Ok(0) => {}
            Ok(dropped) => {
                self.hub.counters.bulk_dropped_total.add(dropped);
                if is_due(&mut self.bulk_refused) {
                    self.refuse(Refusal::BulkOverflow, None);
                }
            }
            Err(refusal) => self.refuse(refusal, None),
        }
        self.pace.count(message.len(), Instant::now())
    }

    fn invalid(&mut self, what: &'static str) {
        self.other();
        self.refuse(Refusal::Invalid(what), None);
    }

    fn violation(&mut self, refusal: Refusal) {
        self.close(Close::Violation, refusal);
    }

    fn close(&mut self, close: Close, refusal: Refusal) {
        self.closing = true;
        self.hub.counters.refused_total.add(1);
        self.outbox.close(close, wire::encode(refusal.frame(None)));
    }

    fn refuse(&self, refusal: Refusal, n: Option<u32>) {
        self.hub.counters.refused_total.add(1);
        let frame: ErrorFrame = refusal.frame(n);
        self.send(frame);
    }

    fn send(&self, frame: impl Into<Frame>) {
        if let Some(frame) = wire::encode(frame) {
            self.outbox.push(frame);
        }
    }
}

/// Whether to speak again, and takes note that it was done.
fn is_due(last: &mut Option<Instant>) -> bool {
    let now = Instant::now();
    if last.is_some_and(|last| now.saturating_duration_since(last) < QUIET) {
        return false;
    }
    *last = Some(now);
    true
}
