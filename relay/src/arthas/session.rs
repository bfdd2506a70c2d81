//! One client's conversation in Arthas: what it sends, checked in the order of Arthas' relay, and what is done about it.
//!
//! No sockets and no waiting here: answers go into the client's own outbox.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use hushroom::frame::{
    arthas::{ArthasFrame, MAX_ARTHAS_FRAME_BYTES, MAX_NAME_CHARS, PASSWORD_LENGTH},
    decode_any, Accepted, Ping, Value,
};

use super::{encode_own, registry::Seat, room::Sealed, MAX_SHORT_BYTES};
use crate::{
    clock::unix_millis,
    hub::Hub,
    limits::{Pace, Rate, Window},
    outbox::{Close, Outbox},
    refusal::Refusal,
    session::{OTHERS_BURST, OTHERS_PER_SECOND},
};

/// Messages that a connection may send within [`MESSAGES_SPAN`].
const MESSAGES: usize = 10;
const MESSAGES_SPAN: Duration = Duration::from_secs(10);
/// How long a sealed statement about typing may be, in bytes.
const MAX_TYPING_BYTES: usize = 256;
/// How long a sender of a file is held up at a time while a receiver has much waiting.
const HOLD_UP: Duration = Duration::from_millis(5);
/// How long it is held up in all for one file. Then a receiver that is slower still loses the file.
const LONGEST_HOLD_UP: Duration = Duration::from_secs(30);

/// A client's conversation with the relay.
#[derive(Debug)]
pub(crate) struct Session {
    hub: Arc<Hub>,
    outbox: Arc<Outbox>,
    address: IpAddr,
    seat: Option<Seat>,
    messages: Window,
    /// Reactions, typing and the beginnings of files.
    events: Rate,
    /// Everything else but chunks.
    others: Rate,
    pace: Pace,
    /// How long the sender may still be held up for the file it is sending.
    patience: Duration,
    /// When a connection that is in no room is closed.
    lobby_until: Instant,
    closing: bool,
}

impl Session {
    /// `address` is what rates of joining are counted by.
    pub(crate) fn new(hub: Arc<Hub>, outbox: Arc<Outbox>, address: IpAddr) -> Self {
        let now = Instant::now();
        let config = &hub.config;
        Self {
            messages: Window::new(MESSAGES, MESSAGES_SPAN),
            events: Rate::per_second(config.posts_per_second, config.posts_burst),
            others: Rate::per_second(OTHERS_PER_SECOND, OTHERS_BURST),
            pace: Pace::new(config.bulk_bytes_per_second, now),
            patience: LONGEST_HOLD_UP,
            lobby_until: now + config.lobby_seconds.duration(),
            hub,
            outbox,
            address,
            seat: None,
            closing: false,
        }
    }

    /// Takes one message. How long to wait before [`Session::resume`] is asked whether to read on.
    pub(crate) fn receive(&mut self, message: &[u8]) -> Option<Duration> {
        if message.len() > MAX_ARTHAS_FRAME_BYTES {
            self.oversize();
            return None;
        }
        let Ok((kind, data)) = decode_any(message) else {
            self.malformed();
            return None;
        };
        // These have rates of their own, or come after a frame that has one.
        let is_other = !matches!(kind, 0x03 | 0x05 | 0x07..=0x0B);
        if is_other && self.count_other().is_err() {
            return None;
        }
        let mut wait = None;
        let mut n = None;
        let done = match kind {
            0x01 => self.create(data),
            0x02 => self.join(data),
            0x03 => self.message(data, &mut n),
            0x04 => {
                // Of a room that has ended as well: nothing of it comes after this.
                self.outbox.drop_bulk();
                self.forget_room();
                Ok(())
            }
            0x05 => self.typing(data),
            0x07 => self.reaction(data, &mut n),
            0x08 => self.begin_file(data),
            0x09 => self.chunk(data).map(|()| wait = self.hold_up(message.len())),
            0x0A => self.complete(data),
            0x0B => self.cancel(data),
            0x0C => self.acknowledge(data),
            // 0x06 is a pong, of which it is enough that it came. The rest is for others, or of another time.
            _ => Ok(()),
        };
        if let Err(refusal) = done {
            if refusal == Refusal::RoomGone {
                self.forget_room();
            }
            if is_other || self.count_other().is_ok() {
                self.refuse(refusal, n);
            }
        }
        wait
    }

    /// Whether to wait longer for a receiver of the file that is being sent, and how long.
    pub(crate) fn resume(&mut self) -> Option<Duration> {
        let is_behind = !self.closing && self.seat.as_ref().is_some_and(Seat::is_behind);
        if !is_behind {
            return None;
        }
        self.patience = self.patience.checked_sub(HOLD_UP)?;
        Some(HOLD_UP)
    }

    /// Takes a message that is no frame.
    pub(crate) fn malformed(&mut self) {
        if self.count_other().is_ok() {
            self.refuse(Refusal::Invalid("invalid message format"), None);
        }
    }

    /// Takes note of a message that asks for nothing: a ping or pong of the WebSocket protocol.
    pub(crate) fn other(&mut self) {
        let _ = self.count_other();
    }

    /// A message above the size limit came.
    pub(crate) fn oversize(&mut self) {
        self.close(Close::TooLarge, Refusal::FrameTooLarge);
    }

    /// Asks for a sign of life, in the two ways in which Arthas' clients expect it, and ends a file that has come to a stop.
    pub(crate) fn ping(&mut self) {
        self.outbox.push(encode_own(Ping { t: unix_millis() }));
        self.outbox.ping();
        if matches!(live(self.seat.as_ref()), Err(Refusal::RoomGone)) {
            self.forget_room();
        }
        let longest = self.hub.config.file_seconds.duration();
        if self.seat.as_ref().is_some_and(|seat| seat.cancel_stale(longest)) {
            self.refuse(Refusal::Invalid("transfer timed out"), None);
        }
    }

    /// By when the client has to be in a room; `None` if it is.
    pub(crate) fn enter_until(&self) -> Option<Instant> {
        self.seat.is_none().then_some(self.lobby_until)
    }

    /// Whether the conversation is over: nothing more is to be read.
    pub(crate) const fn is_closing(&self) -> bool {
        self.closing
    }

    /// The connection is gone: nobody can come back to a place in an Arthas room.
    pub(crate) fn end(&mut self) {
        if let Some(seat) = self.seat.take() {
            seat.leave();
        }
    }

    fn create(&mut self, data: Value) -> Result<(), Refusal> {
        self.check_no_room()?;
        let Some(ArthasFrame::CreateRoom(frame)) = read(0x01, data) else {
            return Err(Refusal::Invalid("invalid create room data"));
        };
        check_name(&frame.name)?;
        if !frame.password.is_empty() && frame.password.len() != PASSWORD_LENGTH {
            return Err(Refusal::Invalid("invalid password format"));
        }
        self.check_rate_of_joining()?;
        let (seat, unlisted) = self.hub.arthas.create(frame, &self.outbox)?;
        self.seat = Some(seat);
        unlisted.map_or(Ok(()), Err)
    }

    fn join(&mut self, data: Value) -> Result<(), Refusal> {
        self.check_no_room()?;
        let Some(ArthasFrame::JoinRoom(frame)) = read(0x02, data) else {
            return Err(Refusal::Invalid("invalid join room data"));
        };
        check_name(&frame.name)?;
        self.check_rate_of_joining()?;
        self.seat = Some(self.hub.arthas.join(frame, self.address, &self.outbox)?);
        Ok(())
    }

    fn check_no_room(&mut self) -> Result<(), Refusal> {
        match &self.seat {
            Some(seat) if seat.check().is_ok() => Err(Refusal::Invalid("already in a room")),
            _ => {
                self.forget_room();
                Ok(())
            }
        }
    }

    fn check_rate_of_joining(&self) -> Result<(), Refusal> {
        self.hub.joins.check(&self.address).map_err(Refusal::RateLimited)
    }

    /// Leaves the room, if there is one, and gives the client time to enter another.
    fn forget_room(&mut self) {
        self.end();
        self.lobby_until = Instant::now() + self.hub.config.lobby_seconds.duration();
    }

    fn message(&mut self, data: Value, n: &mut Option<u32>) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::SendMessage(frame)) = read(0x03, data) else {
            return Err(Refusal::Invalid("invalid message data"));
        };
        *n = frame.n;
        let sealed = sealed(frame.iv, frame.ciphertext)?;
        let now = Instant::now();
        self.messages.check(now).map_err(Refusal::RateLimited)?;
        let t = unix_millis();
        seat.message(sealed, t)?;
        self.messages.count(now);
        self.give_receipt(*n, t);
        Ok(())
    }

    fn reaction(&mut self, data: Value, n: &mut Option<u32>) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::SendReaction(frame)) = read(0x07, data) else {
            return Err(Refusal::Invalid("invalid reaction data"));
        };
        *n = frame.n;
        let sealed = sealed(frame.iv, frame.ciphertext)?;
        self.events.check().map_err(Refusal::RateLimited)?;
        let t = unix_millis();
        seat.reaction(sealed, t)?;
        self.give_receipt(*n, t);
        Ok(())
    }

    fn typing(&mut self, data: Value) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::Typing(frame)) = read(0x05, data) else {
            return Err(Refusal::Invalid("invalid typing data"));
        };
        if frame.iv.len() > MAX_SHORT_BYTES || frame.ciphertext.len() > MAX_TYPING_BYTES {
            return Err(Refusal::Invalid("invalid typing data"));
        }
        self.events.check().map_err(Refusal::RateLimited)?;
        seat.typing(frame)
    }

    fn begin_file(&mut self, data: Value) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        seat.may_begin()?;
        let Some(ArthasFrame::SendFileMeta(frame)) = read(0x08, data) else {
            return Err(Refusal::Invalid("invalid file meta data"));
        };
        check_transfer_id(&frame.transfer_id)?;
        if frame.ciphertext.0.is_empty() || frame.iv.is_empty() || frame.iv.len() > MAX_SHORT_BYTES {
            return Err(Refusal::Invalid("invalid file meta data"));
        }
        self.events.check().map_err(Refusal::RateLimited)?;
        seat.begin_file(frame)?;
        self.patience = LONGEST_HOLD_UP;
        Ok(())
    }

    fn chunk(&mut self, data: Value) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::SendFileChunk(frame)) = read(0x09, data) else {
            return Err(Refusal::Invalid("invalid file chunk data"));
        };
        check_transfer_id(&frame.transfer_id)?;
        if frame.data.0.is_empty() || frame.iv.0.is_empty() || frame.iv.0.len() > MAX_SHORT_BYTES {
            return Err(Refusal::Invalid("invalid file chunk data"));
        }
        seat.chunk(frame)
    }

    fn complete(&mut self, data: Value) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::SendFileComplete(frame)) = read(0x0A, data) else {
            return Err(Refusal::Invalid("invalid file complete data"));
        };
        let id = frame.transfer_id;
        check_transfer_id(&id)?;
        seat.complete(&id)
    }

    fn cancel(&mut self, data: Value) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::SendFileCancel(frame)) = read(0x0B, data) else {
            return Err(Refusal::Invalid("invalid file cancel data"));
        };
        let id = frame.transfer_id;
        check_transfer_id(&id)?;
        seat.cancel(&id)
    }

    fn acknowledge(&mut self, data: Value) -> Result<(), Refusal> {
        let seat = live(self.seat.as_ref())?;
        let Some(ArthasFrame::SendFileAck(frame)) = read(0x0C, data) else {
            return Err(Refusal::Invalid("invalid file ack data"));
        };
        let id = frame.transfer_id;
        check_transfer_id(&id)?;
        seat.acknowledge(&id)
    }

    /// Answers a numbered message, with the time that the others saw.
    fn give_receipt(&self, n: Option<u32>, t: u64) {
        if let Some(n) = n {
            self.outbox.push(encode_own(Accepted { n, seq: 0, t }));
        }
    }

    /// How long to wait after a chunk of `length` bytes.
    fn hold_up(&mut self, length: usize) -> Option<Duration> {
        self.pace.count(length, Instant::now()).or_else(|| self.resume())
    }

    /// Counts a frame of which nobody sends many, or a mistake. Above the rate the connection is closed.
    fn count_other(&mut self) -> Result<(), ()> {
        let checked = self.others.check();
        checked.map_err(|wait| self.close(Close::Violation, Refusal::RateLimited(wait)))
    }

    fn close(&mut self, close: Close, refusal: Refusal) {
        self.closing = true;
        self.hub.counters.refused_total.add(1);
        self.outbox.close(close, Some(encode_own(refusal.frame(None))));
    }

    fn refuse(&self, refusal: Refusal, n: Option<u32>) {
        self.hub.counters.refused_total.add(1);
        self.outbox.push(encode_own(refusal.frame(n)));
    }
}

/// The place in a room that is still there.
fn live(seat: Option<&Seat>) -> Result<&Seat, Refusal> {
    let seat = seat.ok_or(Refusal::NotInRoom)?;
    seat.check()?;
    Ok(seat)
}

/// The data of a frame of type `kind`; `None` if it is no map.
fn read(kind: u32, data: Value) -> Option<ArthasFrame> {
    if !matches!(data, Value::Map(_)) {
        return None;
    }
    ArthasFrame::deserialize_data(kind, data).ok()
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
        return Ok(());
    }
    Err(Refusal::Invalid("invalid name"))
}

fn check_transfer_id(id: &str) -> Result<(), Refusal> {
    if (1..=MAX_SHORT_BYTES).contains(&id.len()) {
        return Ok(());
    }
    Err(Refusal::Invalid("invalid transfer id"))
}

/// What a message or a reaction holds. It is not looked into, but an initialization vector has 16 characters.
fn sealed(iv: String, ciphertext: String) -> Result<Sealed, Refusal> {
    if iv.is_empty() || iv.len() > MAX_SHORT_BYTES || ciphertext.is_empty() {
        return Err(Refusal::Invalid("invalid iv or ciphertext"));
    }
    Ok(Sealed { iv, ciphertext })
}
