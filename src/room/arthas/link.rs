//! The connection to the relay: entering, coming back, its errors and its silence.

mod refusals;

use std::collections::VecDeque;

use super::{machine::Room, pacing::Budget};
use crate::{
    error::{Error, Result},
    frame::{
        arthas::{ArthasFrame, CreateRoom, JoinRoom, LeaveRoom, RoomJoined, EXPIRED},
        client::decode_relayed,
        peek_chunk, Member, Pong, RoomClosed, MAX_MEMBERS,
    },
    room::{BulkIn, Entrance, Output, RoomEvent},
    share_code::check_room_id,
};

/// Without a frame for this long the connection counts as dead. A relay pings every 25 seconds.
const SILENCE_MS: u64 = 60_000;
/// How long others may take to come back after us.
const RETURN_MS: u64 = 30_000;
/// How long to wait before asking again to be let in, after the relay refused that.
const RETRY_MS: u64 = 5_000;
/// Frames that may come before the relay has let us in: others can speak before it says so to us.
const MAX_EARLY: usize = 64;
const MAX_EARLY_BYTES: usize = 256 * 1024;
/// Our own former ids that are remembered.
const MAX_OWN_IDS: usize = 64;

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
    /// Of the room we make, the relay says it.
    room_id: Option<String>,
    entered: bool,
    /// When we last came back.
    returned: Option<u64>,
    expires_at: u64,
    /// What the relay called us, the last name last.
    own_ids: VecDeque<String>,
    /// Whether the relay answers each post.
    receipts: bool,
    /// The relay's clock minus ours, in milliseconds: the largest seen, which had the least delay.
    offset: Option<i64>,
    last_heard: u64,
    early: Vec<Vec<u8>>,
    early_bytes: usize,
}

impl Link {
    pub(super) const fn new(entrance: Entrance, room_id: Option<String>, now: u64) -> Self {
        Self {
            state: State::Down,
            entrance,
            room_id,
            entered: false,
            returned: None,
            expires_at: 0,
            own_ids: VecDeque::new(),
            receipts: false,
            offset: None,
            last_heard: now,
            early: Vec::new(),
            early_bytes: 0,
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    pub(super) fn entered_room(&self) -> Option<&str> {
        self.room_id.as_deref().filter(|_| self.entered)
    }

    pub(super) const fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// Until when others may still be on their way back, after a relay that lost everybody.
    pub(super) fn expects_others_until(&self) -> u64 {
        self.returned.map_or(0, |at| at.saturating_add(RETURN_MS))
    }

    pub(super) const fn receipts(&self) -> bool {
        self.receipts
    }

    /// Whether the relay called us that, now or on an earlier connection.
    pub(super) fn is_own(&self, id: &str) -> bool {
        self.own_ids.iter().any(|own| own == id)
    }

    pub(super) fn own_id(&self) -> String {
        self.own_ids.back().cloned().unwrap_or_default()
    }

    /// The relay's clock showed `t` just before `now`.
    pub(super) fn learn_time(&mut self, t: u64, now: u64) {
        let (Ok(t), Ok(now)) = (i64::try_from(t), i64::try_from(now)) else {
            return;
        };
        let offset = t.saturating_sub(now);
        self.offset = Some(self.offset.map_or(offset, |known| known.max(offset)));
    }

    /// What the relay's clock shows, as far as we know.
    pub(super) fn relay_time(&self, now: u64) -> Option<u64> {
        now.checked_add_signed(self.offset?)
    }
}

impl Room {
    /// The socket is open: ask to be let in.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn on_connected(&mut self, now: u64) -> Result<()> {
        self.ensure_usable()?;
        self.now = now;
        self.link.state = State::Entering;
        self.link.last_heard = now;
        self.link.early.clear();
        self.link.early_bytes = 0;
        self.link.offset = None;
        let (name, password) = (self.name.clone(), self.password.as_str().to_owned());
        match (self.link.entrance, self.link.room_id.clone()) {
            (_, Some(room_id)) => self.send(JoinRoom {
                room_id,
                name,
                password,
            }),
            (Entrance::Create { expiry_seconds, .. }, None) => {
                let ephemeral = i64::try_from(self.ephemeral.seconds()).unwrap_or(0);
                self.send(CreateRoom {
                    name,
                    password,
                    ephemeral,
                    expiry: i64::try_from(expiry_seconds).unwrap_or(0),
                    ..CreateRoom::default()
                })
            }
            (Entrance::Join, None) => Err(Error::Internal("no room id")),
        }
    }

    /// The socket is gone. What the relay had not answered is sent again on the next one, but for files: those cannot be
    /// resumed.
    pub fn on_disconnected(&mut self) {
        if matches!(self.link.state, State::Entering | State::Open) {
            self.link.state = State::Down;
            self.interrupt_transfers();
        }
    }

    /// A frame from the relay. Returns what to do with a piece of a file. What is wrong with a frame becomes an error event.
    pub fn on_frame(&mut self, bytes: &[u8], now: u64) -> Option<BulkIn> {
        if matches!(self.link.state, State::Closed | State::Down) {
            return None;
        }
        self.now = now;
        // A relay that pings and never lets us in is silent too.
        if self.link.is_open() {
            self.link.last_heard = now;
        }
        match self.dispatch(bytes, now) {
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

    fn dispatch(&mut self, bytes: &[u8], now: u64) -> Result<Option<BulkIn>> {
        if let Some(chunk) = peek_chunk(bytes)? {
            return Ok(if self.link.is_open() {
                self.on_chunk(&chunk, now)
            } else {
                None
            });
        }
        match decode_relayed(bytes)? {
            ArthasFrame::Ping(ping) => {
                self.link.learn_time(ping.t, now);
                self.send(Pong { t: ping.t })?;
            }
            ArthasFrame::ErrorFrame(error) => self.on_error_frame(&error, now)?,
            ArthasFrame::RoomClosed(RoomClosed { reason }) => {
                let expired = reason == EXPIRED;
                self.close_with(&if expired {
                    Error::RoomExpired
                } else {
                    Error::RoomNotFound
                });
            }
            // All it says comes again.
            ArthasFrame::RoomCreated(_) | ArthasFrame::Other { .. } => {}
            ArthasFrame::RoomJoined(joined) if self.link.state == State::Entering => self.on_joined(joined, now)?,
            frame if self.link.is_open() => self.on_room_frame(frame, now)?,
            // Others may speak to us before we are told that we are in.
            _ => self.keep_early(bytes),
        }
        Ok(None)
    }

    fn keep_early(&mut self, bytes: &[u8]) {
        let total = self.link.early_bytes.saturating_add(bytes.len());
        if self.link.early.len() < MAX_EARLY && total <= MAX_EARLY_BYTES {
            self.link.early_bytes = total;
            self.link.early.push(bytes.to_vec());
        }
    }

    fn on_room_frame(&mut self, frame: ArthasFrame, now: u64) -> Result<()> {
        match frame {
            ArthasFrame::MemberJoined(joined) => {
                if self.add_member(&joined.0) {
                    self.announce_soon(now);
                }
            }
            ArthasFrame::MemberLeft(left) => self.remove_member(&left.id.0),
            ArthasFrame::RelayMessage(message) => self.on_message(message, now),
            ArthasFrame::MemberTyping(typing) => self.on_typing(typing, now),
            ArthasFrame::RelayReaction(reaction) => self.on_reaction(reaction.0, now),
            ArthasFrame::RelayFileMeta(meta) => self.on_file_meta(meta, now),
            ArthasFrame::RelayFileComplete(complete) => self.on_file_complete(&complete)?,
            ArthasFrame::RelayFileCancel(cancel) => self.on_file_cancel(&cancel.0),
            ArthasFrame::RelayFileAck(ack) => self.on_file_ack(&ack),
            ArthasFrame::Accepted(accepted) => self.on_accepted(accepted, now)?,
            _ => return Err(Error::RelayProtocol("a frame that relays do not send")),
        }
        Ok(())
    }

    fn on_joined(&mut self, joined: RoomJoined, now: u64) -> Result<()> {
        check_room_id(&joined.room_id).map_err(|_| Error::RelayProtocol("not a room id"))?;
        if self.link.room_id.as_ref().is_some_and(|asked| *asked != joined.room_id) {
            return Err(Error::RelayProtocol("another room than the one asked for"));
        }
        let Some((own, others)) = joined.members.split_last() else {
            return Err(Error::RelayProtocol("a room without us"));
        };
        self.link.state = State::Open;
        self.link.last_heard = now;
        self.link.returned = self.link.entered.then_some(now);
        self.link.entered = true;
        self.link.room_id = Some(joined.room_id);
        self.link.expires_at = joined.expires_at;
        self.link.receipts = joined.receipts;
        self.link.own_ids.retain(|id| *id != own.id.0);
        self.link.own_ids.push_back(own.id.0.clone());
        if self.link.own_ids.len() > MAX_OWN_IDS {
            self.link.own_ids.pop_front();
        }
        self.ephemeral.set_seconds(joined.ephemeral);
        self.event(RoomEvent::Opened {
            expires_at: joined.expires_at,
            max_members: MAX_MEMBERS as u64,
            ephemeral_seconds: joined.ephemeral,
            has_password: joined.has_password,
        });
        let listed = |id: &str| others.iter().any(|member| member.id.0 == id);
        let gone: Vec<String> = self.members.ids().filter(|id| !listed(id)).cloned().collect();
        gone.iter().for_each(|id| self.remove_member(id));
        for member in others {
            self.add_member(member);
        }
        // The relay counts for each connection.
        self.budget = Budget::default();
        self.queue.restart();
        self.announce(now)?;
        for early in core::mem::take(&mut self.link.early) {
            self.on_frame(&early, now);
        }
        self.flush(now)
    }

    /// Whether that is somebody new, and not ourselves on a connection that the relay still believes in.
    fn add_member(&mut self, member: &Member) -> bool {
        let id = &member.id.0;
        if self.link.is_own(id) {
            return false;
        }
        let Some(name) = self.members.add(id, &member.name) else {
            return false;
        };
        self.event(RoomEvent::MemberJoined {
            id: id.clone(),
            name,
            device_key: String::new(),
        });
        true
    }

    fn remove_member(&mut self, id: &str) {
        let (known, heir) = self.members.remove(id);
        if !known {
            return;
        }
        self.end_transfers_of(id);
        self.event(RoomEvent::MemberLeft { id: id.to_owned() });
        if let Some((heir, key)) = heir {
            self.tell_key(&heir, &key, false);
        }
    }

    /// Somebody speaks whom the relay has not listed: two who join at once may be hidden from each other.
    pub(super) fn meet(&mut self, member: &Member) -> Result<()> {
        if self.members.get(&member.id.0).is_none() && !self.add_member(member) {
            return Err(Error::RelayProtocol("too many members"));
        }
        Ok(())
    }

    /// Leaves for good. The frames it leaves in the queue are still to be sent. May be called twice.
    pub fn leave(&mut self) {
        if self.link.is_closed() {
            return;
        }
        if self.link.is_open() {
            // The relay forgets to tell others of it.
            self.cancel_transfers();
            let farewell = self.send(LeaveRoom {});
            self.check(farewell, None);
        }
        self.close_with(&Error::Closed);
    }

    fn close_with(&mut self, error: &Error) {
        self.link.state = State::Closed;
        self.end_all_transfers();
        self.event(RoomEvent::Closed {
            code: error.code(),
            message: error.to_string(),
        });
        self.output(Output::Disconnect);
    }

    /// What the passing of time brings. To be called at [`Self::deadline`] at the latest; more often does no harm.
    pub fn on_timer(&mut self, now: u64) {
        if self.link.is_closed() {
            return;
        }
        self.now = now;
        for from in self.members.on_timer(now) {
            self.event(RoomEvent::Typing { from, on: false });
        }
        while let Some(id) = self.ephemeral.pop_due(now) {
            self.messages.remove(&id);
            self.event(RoomEvent::MessageExpired { id });
        }
        self.on_transfer_timer(now);
        let flushed = self.flush(now);
        self.check(flushed, None);
        let connected = matches!(self.link.state, State::Entering | State::Open);
        let silent = connected && now.saturating_sub(self.link.last_heard) >= SILENCE_MS;
        let unanswered = self.link.is_open() && self.queue.answer_by().is_some_and(|by| by <= now);
        if unanswered {
            self.report(&Error::RelayProtocol("no answer to a message"), None);
        }
        if silent || unanswered {
            self.on_disconnected();
            self.output(Output::Reconnect { after_ms: 0 });
        }
    }

    /// When [`Self::on_timer`] wants to be called, in the same time as `now`.
    #[must_use]
    pub fn deadline(&self, now: u64) -> Option<u64> {
        if self.link.is_closed() {
            return None;
        }
        let connected = matches!(self.link.state, State::Entering | State::Open);
        let open = self.link.is_open();
        let times = [
            connected.then(|| self.link.last_heard.saturating_add(SILENCE_MS)),
            self.queue.answer_by().filter(|_| open),
            self.flush_deadline().filter(|_| open),
            self.members.deadline(),
            self.ephemeral.deadline(),
            self.transfer_deadline(now),
        ];
        times.into_iter().flatten().min()
    }
}
