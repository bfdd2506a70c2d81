//! All native rooms of the relay, and how a connection gets into one.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hushroom::frame::{Accepted, Post, RelayId, Window, WindowFrom};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::{
    budget::Budget,
    clock::unix_millis,
    config::Config,
    entry::Entry,
    outbox::Outbox,
    refusal::Refusal,
    room::{Room, Ticket},
    rooms::{Rooms, Shared},
    stats::Counters,
};

/// The native rooms of a relay.
#[derive(Debug)]
pub(crate) struct Registry {
    rooms: Arc<Rooms<Room>>,
    default_members: usize,
    grace: Duration,
    budget: Arc<Budget>,
    counters: Arc<Counters>,
}

impl Registry {
    /// Each room takes one of `permits`.
    pub(crate) fn new(
        config: &Config,
        permits: &Arc<Semaphore>,
        budget: &Arc<Budget>,
        counters: &Arc<Counters>,
    ) -> Self {
        Self {
            rooms: Rooms::new(permits),
            default_members: config.default_members,
            grace: config.grace_seconds.duration(),
            budget: Arc::clone(budget),
            counters: Arc::clone(counters),
        }
    }

    /// Enters a room, which is made first if it is not there and `entry` says so. The answer is in `outbox` when this returns.
    pub(crate) fn enter(self: &Arc<Self>, entry: &Entry, outbox: &Arc<Outbox>) -> Result<Seat, Refusal> {
        let now = unix_millis();
        let mut rooms = self.rooms.lock();
        let room = match rooms.get(&entry.room_id) {
            Some(room) => Arc::clone(room),
            None => self.make(entry, now)?,
        };
        let (ticket, id) = room.lock().enter(entry, outbox, now)?;
        rooms.entry(entry.room_id.clone()).or_insert_with(|| Arc::clone(&room));
        drop(rooms);
        Ok(Seat {
            registry: Arc::clone(self),
            room,
            ticket,
            id,
        })
    }

    fn make(&self, entry: &Entry, now: u64) -> Result<Shared<Room>, Refusal> {
        let make = entry.make.ok_or(Refusal::RoomNotFound)?;
        let expires_at = make.expires_at(now)?;
        let permit = self.rooms.permit().ok_or(Refusal::TooManyRooms)?;
        let max_members = make.max_members(self.default_members);
        let limits = (max_members, make.seats());
        let room = Room::new(entry, limits, expires_at, permit, &self.budget, &self.counters);
        let room = Arc::new(Mutex::new(room));
        if expires_at != 0 {
            let left = Duration::from_millis(expires_at.saturating_mul(1000).saturating_sub(now));
            let timer = self
                .rooms
                .after(&room, left, |rooms, room| rooms.remove(room, Room::expire));
            room.lock().set_expiry(timer);
        }
        Ok(room)
    }
}

/// A connection's place in a room.
#[derive(Debug)]
pub(crate) struct Seat {
    registry: Arc<Registry>,
    room: Shared<Room>,
    ticket: Ticket,
    id: RelayId,
}

impl Seat {
    /// The member id of this place.
    pub(crate) const fn id(&self) -> &RelayId {
        &self.id
    }

    pub(crate) fn post(&self, post: Post) -> Result<Accepted, Refusal> {
        self.room.lock().post(self.ticket, post, unix_millis())
    }

    pub(crate) fn bulk(&self, to: &[RelayId], frame: &Bytes) -> Result<usize, Refusal> {
        self.room.lock().bulk(self.ticket, to, frame)
    }

    pub(crate) fn window(&self, window: Window) -> Result<(), Refusal> {
        let from = WindowFrom {
            from: self.id.clone(),
            stream: window.stream,
            delivered: window.delivered,
            limit: window.limit,
            rewind: window.rewind,
        };
        self.room.lock().window(self.ticket, &window.to, from)
    }

    /// Leaves for good.
    pub(crate) fn leave(self) {
        self.registry
            .rooms
            .remove_if_empty(&self.room, |room| room.leave(self.ticket));
    }

    /// Keeps the place for the grace time: the connection has dropped.
    pub(crate) fn hold(self) {
        let ticket = self.ticket;
        let timer = self
            .registry
            .rooms
            .after(&self.room, self.registry.grace, move |rooms, room| {
                rooms.remove_if_empty(room, |room| room.leave(ticket));
            });
        self.room.lock().hold(ticket, timer);
    }
}
