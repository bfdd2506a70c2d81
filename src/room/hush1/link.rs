//! The connection to the relay: entering, coming back, its errors and its silence.

use zeroize::Zeroizing;

use super::{
    device::InstanceId,
    duo::Duo,
    event::{Bye, Event},
    machine::{Entrance, Room},
};
use crate::{
    error::{Error, Result},
    frame::{
        client::decode_room_relayed, error_code, peek_bulk_from, Bin, Create, ErrorFrame, Frame, Join, Leave, Pong,
        Posted, RelayId, RoomClosed, RoomJoined, BULK_PEEK_BYTES, MAX_FRAME_BYTES,
    },
    room::{
        file::BulkIn,
        output::{Output, RoomEvent},
    },
    share_code::Protocol,
};

/// Without a frame for this long the connection counts as dead: two pings and a half.
const SILENCE_MS: u64 = 50_000;
const RETRY_MS: u64 = 1000;
const MAX_ROUTES: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No socket.
    Down,
    /// Create or Join is sent.
    Entering,
    Open,
    Closed,
}

/// Where the connection is, and what is needed to come back.
pub(super) struct Link {
    state: State,
    entrance: Entrance,
    /// Whether we were in the room before: then it may be made anew, should the relay have lost it.
    entered: bool,
    expires_at: u64,
    max_members: u64,
    /// The highest `seq` seen.
    seen: u64,
    last_heard: u64,
}

impl Link {
    pub(super) const fn new(entrance: Entrance, now: u64) -> Self {
        Self {
            state: State::Down,
            entrance,
            entered: false,
            expires_at: 0,
            max_members: 0,
            seen: 0,
            last_heard: now,
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(super) const fn has_entered(&self) -> bool {
        self.entered
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}

impl Room {
    /// The socket is open: ask to be let in.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn on_connected(&mut self, now: u64) -> Result<()> {
        self.ensure_usable()?;
        self.set_clock(now);
        self.link.state = State::Entering;
        self.link.last_heard = now;
        let auth = Bin(self.admission.expose().to_vec());
        let (proto, room_id) = (Protocol::Hush1.name().to_owned(), self.keys.room_id().to_owned());
        let (resume, seen) = (Bin(self.resume.to_vec()), self.link.seen);
        let seat = self.duo.as_ref().map(Duo::seat);
        let seats = self.duo.as_ref().map(Duo::seats).unwrap_or_default();
        match self.link.entrance {
            Entrance::Join if !self.link.entered => self.send(Join {
                proto,
                room_id,
                auth,
                resume,
                seen,
                seat,
            }),
            Entrance::Create {
                max_members,
                expiry_seconds,
            } if !self.link.entered => self.send(Create {
                proto,
                room_id,
                auth,
                resume,
                seen,
                max_members,
                expiry: expiry_seconds,
                expires_at: 0,
                seat,
                seats,
            }),
            _ => {
                let (max_members, expires_at) = (self.link.max_members, self.link.expires_at);
                self.send(Create {
                    proto,
                    room_id,
                    auth,
                    resume,
                    seen,
                    max_members,
                    expiry: 0,
                    expires_at,
                    seat,
                    seats,
                })
            }
        }
    }

    /// The socket is gone. Everything is kept for the next one.
    pub fn on_disconnected(&mut self) {
        if !self.is_closed() {
            self.link.state = State::Down;
        }
    }

    /// A frame from the relay, or the first [`BULK_PEEK_BYTES`] of a bulk frame of `total` bytes.
    ///
    /// Returns what to do with the rest of a bulk frame, if it is a piece of a file we take. What is wrong with a frame
    /// becomes an error event.
    pub fn on_frame(&mut self, bytes: &[u8], total: usize, now: u64) -> Option<BulkIn> {
        if self.is_closed() || self.link.state == State::Down {
            return None;
        }
        self.set_clock(now);
        // A relay that pings and never lets us in is silent too.
        if self.link.is_open() {
            self.link.last_heard = now;
        }
        match self.dispatch(bytes, total, now) {
            Ok(bulk) => bulk,
            // Whatever this is, it is not the way in.
            Err(error) if !self.link.entered => {
                self.close_with(&error);
                None
            }
            Err(error) => {
                self.report(&error, None);
                None
            }
        }
    }

    /// How much of a received frame of `total` bytes [`Self::on_frame`] needs: all of it, unless it is a bulk frame.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::InvalidFrame`].
    pub fn needed(prefix: &[u8], total: usize) -> Result<usize> {
        let bulk = peek_bulk_from(prefix, total)?;
        Ok(if bulk.is_some() {
            prefix.len().min(BULK_PEEK_BYTES)
        } else {
            total
        })
    }

    fn dispatch(&mut self, bytes: &[u8], total: usize, now: u64) -> Result<Option<BulkIn>> {
        if total > MAX_FRAME_BYTES {
            return Err(Error::FrameTooLarge {
                limit: MAX_FRAME_BYTES,
                actual: total,
            });
        }
        let prefix = bytes.get(..bytes.len().min(BULK_PEEK_BYTES)).unwrap_or_default();
        if let Some(head) = peek_bulk_from(prefix, total)? {
            return if self.link.is_open() {
                self.on_bulk(&head, now)
            } else {
                Ok(None)
            };
        }
        match decode_room_relayed(bytes)? {
            Frame::Ping(ping) => self.send(Pong { t: ping.t })?,
            Frame::ErrorFrame(error) => self.on_error_frame(&error, now)?,
            Frame::RoomClosed(RoomClosed { reason }) => {
                let expired = reason == "expired";
                self.close_with(&if expired {
                    Error::RoomExpired
                } else {
                    Error::RoomNotFound
                });
            }
            Frame::RoomJoined(joined) if self.link.state == State::Entering => self.on_joined(joined, now)?,
            Frame::Other { .. } => {}
            frame if self.link.is_open() => self.on_room_frame(frame, now)?,
            _ => return Err(Error::RelayProtocol("a frame before the room was entered")),
        }
        Ok(None)
    }

    fn on_room_frame(&mut self, frame: Frame, now: u64) -> Result<()> {
        match frame {
            Frame::Posted(posted) => self.on_posted_in_order(posted, now),
            Frame::Accepted(accepted) => {
                if let Some((item, passed_over)) = self.queue.accept(accepted.n, now) {
                    self.settle(item, accepted.t, now);
                    if passed_over {
                        self.report(&Error::RelayProtocol("a post was passed over"), None);
                    }
                }
                self.flush(now)
            }
            // Who it is, its sealed hello will say.
            Frame::MemberJoined(joined) => {
                self.expect(&joined.0.id);
                Ok(())
            }
            Frame::MemberLeft(left) => {
                self.expected.remove(&left.id);
                self.on_route_gone(&left.id, now);
                self.run_ratchet()?;
                self.flush(now)
            }
            Frame::WindowFrom(window) => self.on_window(&window, now),
            Frame::BulkFrom(_) => Err(Error::InvalidFrame("a bulk frame is not in canonical order")),
            _ => Err(Error::RelayProtocol("a frame that relays do not send")),
        }
    }

    fn on_posted_in_order(&mut self, posted: Posted, now: u64) -> Result<()> {
        if posted.seq != 0 {
            if posted.seq <= self.link.seen {
                return Err(Error::RelayProtocol("a seq that does not rise"));
            }
            self.link.seen = posted.seq;
        }
        self.on_posted(posted, now);
        Ok(())
    }

    fn on_joined(&mut self, joined: RoomJoined, now: u64) -> Result<()> {
        if joined.room_id != self.keys.room_id() || joined.members.is_empty() {
            return Err(Error::RelayProtocol("another room than the one asked for"));
        }
        self.link.state = State::Open;
        self.link.last_heard = now;
        self.link.entered = true;
        self.link.expires_at = joined.expires_at;
        // What the code says of two counts, whatever the relay says.
        self.link.max_members = self.duo.as_ref().map_or(joined.max_members, |_| 2);
        self.event(RoomEvent::Opened {
            expires_at: joined.expires_at,
            max_members: self.link.max_members,
            ephemeral_seconds: self.ephemeral.seconds(),
            has_password: false,
        });
        if joined.resumed {
            let gone: Vec<RelayId> = self
                .routes
                .keys()
                .filter(|route| !joined.members.iter().any(|member| member.id == **route))
                .cloned()
                .collect();
            for route in gone {
                self.on_route_gone(&route, now);
            }
            for item in self.queue.resumed(joined.accepted) {
                self.settle(item, 0, now);
            }
        } else {
            self.link.seen = 0;
            let members: Vec<InstanceId> = self.peers.keys().copied().collect();
            for instance in members {
                self.set_away(instance, now);
            }
            self.routes.clear();
            self.queue.entered();
        }
        // We are the last that the relay names.
        self.expected.clear();
        let others = joined
            .members
            .split_last()
            .map(|(_, others)| others)
            .unwrap_or_default();
        others.iter().for_each(|member| self.expect(&member.id));
        self.run_ratchet()?;
        self.flush(now)?;
        self.restart_transfers(now)
    }

    fn on_error_frame(&mut self, frame: &ErrorFrame, now: u64) -> Result<()> {
        let entering = self.link.state == State::Entering;
        match frame.code.as_str() {
            // Whoever waits to get in for the first time decides itself whether to try again.
            error_code::RATE_LIMITED if entering && !self.link.entered => self.close_with(&Error::RateLimited),
            error_code::RATE_LIMITED if entering => {
                let after_ms = frame.retry_after.unwrap_or(RETRY_MS).clamp(RETRY_MS, 60_000);
                self.report(&Error::RateLimited, None);
                self.output(Output::Reconnect { after_ms });
            }
            error_code::RATE_LIMITED => {
                if let Some(n) = frame.n {
                    self.queue.refuse(n, frame.retry_after, now);
                }
            }
            error_code::BULK_OVERFLOW => self.on_bulk_lost(now),
            error_code::ROOM_NOT_FOUND if entering => self.close_with(&Error::RoomNotFound),
            error_code::ROOM_FULL if entering => self.close_with(&Error::RoomFull),
            error_code::INVITATION_USED if entering => self.close_with(&Error::InvitationUsed),
            error_code::ROOM_EXPIRED => self.close_with(&Error::RoomExpired),
            error_code::ADMISSION_DENIED if entering => self.close_with(&Error::AdmissionDenied),
            error_code::TOO_MANY_ROOMS if entering => self.close_with(&Error::RelayLimit("rooms")),
            error_code::UNSUPPORTED_PROTOCOL if entering => self.close_with(&Error::RelayLimit("protocols")),
            // In a room for two our device has entered once more, elsewhere: were we to come back, it would have to go.
            error_code::REPLACED if self.duo.is_some() && self.link.is_open() => {
                self.close_with(&Error::InvalidState("this device has entered the room elsewhere"));
            }
            // A newer socket of ours has our place: this one says so before it closes.
            error_code::REPLACED => {}
            _ if entering => self.close_with(&Error::RelayRefused),
            _ => return Err(Error::RelayRefused),
        }
        Ok(())
    }

    /// Leaves for good. The frames it leaves in the queue are still to be sent. May be called twice.
    pub fn leave(&mut self) {
        if self.is_closed() {
            return;
        }
        if self.link.is_open() {
            let farewell = self
                .post_deferred(true)
                .and_then(|()| self.say_bye())
                .and_then(|()| self.send(Leave {}));
            self.check(farewell, None);
        }
        self.close_with(&Error::Closed);
    }

    /// Signed, like a hello: who has just come or just come back has no session with everybody yet, and must not stay among the
    /// members of those.
    fn say_bye(&mut self) -> Result<()> {
        let event = Zeroizing::new(Event::from(Bye {}).encode()?);
        let bye = self.seal_body(&[], |room, outer| room.sign(outer, &event))?;
        self.send_transient(bye.body)
    }

    fn close_with(&mut self, error: &Error) {
        self.link.state = State::Closed;
        self.end_all_transfers();
        self.end_all_comparisons();
        self.event(RoomEvent::Closed {
            code: error.code(),
            message: error.to_string(),
        });
        self.output(Output::Disconnect);
    }

    /// What the passing of time brings. To be called at [`Self::deadline`] at the latest; more often does no harm.
    pub fn on_timer(&mut self, now: u64) {
        if self.is_closed() {
            return;
        }
        self.set_clock(now);
        self.ratchet.on_timer(now);
        self.on_peer_timer(now);
        self.on_transfer_timer(now);
        self.on_comparison_timer(now);
        self.on_text_timer(now);
        while let Some(id) = self.ephemeral.pop_due(now) {
            self.event(RoomEvent::MessageExpired { id });
        }
        let flushed = self.flush(now);
        self.check(flushed, None);
        let connected = matches!(self.link.state, State::Entering | State::Open);
        let silent = connected && now.saturating_sub(self.link.last_heard) >= SILENCE_MS;
        let unanswered = self.link.is_open() && self.queue.answer_by().is_some_and(|by| by <= now);
        if unanswered {
            self.report(&Error::RelayProtocol("no answer to a post"), None);
        }
        if silent || unanswered {
            self.link.state = State::Down;
            self.output(Output::Reconnect { after_ms: 0 });
        }
    }

    /// When [`Self::on_timer`] wants to be called, in the same time as `now`.
    #[must_use]
    pub fn deadline(&self, now: u64) -> Option<u64> {
        if self.is_closed() {
            return None;
        }
        let connected = matches!(self.link.state, State::Entering | State::Open);
        let silence = connected.then(|| self.link.last_heard.saturating_add(SILENCE_MS));
        // What waits for the relay waits longer while there is none.
        let open = self.link.is_open();
        let times = [
            silence,
            self.queue.hold_until().filter(|_| open),
            self.queue.answer_by().filter(|_| open),
            self.peer_deadline(),
            self.ratchet.deadline(),
            self.deferred_deadline(),
            self.transfer_deadline(now),
            self.comparison_deadline(),
            self.text_deadline(),
            self.paced_until().filter(|_| open),
            self.ephemeral.deadline(),
        ];
        times.into_iter().flatten().min()
    }

    /// Whether a route may be learnt from a post whose sender is not known yet.
    pub(super) fn learn_route(&mut self, route: &RelayId, instance: InstanceId) {
        if self.routes.len() < MAX_ROUTES {
            self.routes.get_or_insert_with(route.clone(), || instance);
        }
    }
}
