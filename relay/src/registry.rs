//! All rooms of the relay, how a connection gets into one, and the timers that end rooms and held places.
//!
//! Locks are always taken in one order: the registry, then a room, then an outbox. No lock is held over an await. A room
//! is taken out of the registry only while both are locked and it is empty, so nobody can enter a room that is gone.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use hushroom::frame::{Accepted, Post, RelayId, Window, WindowFrom};
use parking_lot::Mutex;

use crate::{
    budget::Budget,
    clock::unix_millis,
    config::Config,
    entry::Entry,
    outbox::Outbox,
    refusal::Refusal,
    room::{Room, Ticket, Timer},
    stats::Counters,
};

type Shared = Arc<Mutex<Room>>;

/// The rooms of a relay.
#[derive(Debug)]
pub(crate) struct Registry {
    rooms: Mutex<HashMap<String, Shared>>,
    max_rooms: usize,
    default_members: usize,
    grace: Duration,
    budget: Arc<Budget>,
    counters: Arc<Counters>,
    /// For timers, which must not keep the registry alive.
    me: Weak<Self>,
}

impl Registry {
    pub(crate) fn new(config: &Config, budget: &Arc<Budget>, counters: &Arc<Counters>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            rooms: Mutex::new(HashMap::new()),
            max_rooms: config.max_rooms,
            default_members: config.default_members,
            grace: config.grace_seconds.duration(),
            budget: Arc::clone(budget),
            counters: Arc::clone(counters),
            me: Weak::clone(me),
        })
    }

    /// Enters a room, which is made first if it is not there and `entry` says so. The answer is in `outbox` when this returns.
    pub(crate) fn enter(self: &Arc<Self>, entry: &Entry, outbox: &Arc<Outbox>) -> Result<Seat, Refusal> {
        let now = unix_millis();
        let mut rooms = self.rooms.lock();
        let room = match rooms.get(&entry.room_id) {
            Some(room) => Arc::clone(room),
            None => self.make(entry, now, rooms.len())?,
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

    fn make(&self, entry: &Entry, now: u64, rooms: usize) -> Result<Shared, Refusal> {
        let make = entry.make.ok_or(Refusal::RoomNotFound)?;
        let expires_at = make.expires_at(now)?;
        if rooms >= self.max_rooms {
            return Err(Refusal::TooManyRooms);
        }
        let max_members = make.max_members(self.default_members);
        let room = Room::new(entry, max_members, expires_at, &self.budget, &self.counters);
        let room = Arc::new(Mutex::new(room));
        if expires_at != 0 {
            let left = Duration::from_millis(expires_at.saturating_mul(1000).saturating_sub(now));
            let timer = self.timer(&room, left, Self::expire);
            room.lock().set_expiry(timer);
        }
        Ok(room)
    }

    /// Calls `then` after `wait`, unless the room or the registry is gone by then or the timer is dropped.
    fn timer(&self, room: &Shared, wait: Duration, then: impl FnOnce(&Self, &Shared) + Send + 'static) -> Timer {
        let (me, room) = (Weak::clone(&self.me), Arc::downgrade(room));
        Timer::new(tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let (Some(me), Some(room)) = (me.upgrade(), room.upgrade()) {
                then(&me, &room);
            }
        }))
    }

    fn expire(&self, room: &Shared) {
        let mut rooms = self.rooms.lock();
        let mut state = room.lock();
        if rooms.get(state.id()).is_some_and(|known| Arc::ptr_eq(known, room)) {
            rooms.remove(state.id());
        }
        state.expire();
    }

    fn give_up(&self, room: &Shared, ticket: Ticket) {
        let mut state = room.lock();
        state.leave(ticket);
        if !state.is_empty() {
            return;
        }
        // The registry comes before a room: let go, and look again once both are locked.
        drop(state);
        let mut rooms = self.rooms.lock();
        let state = room.lock();
        if state.is_empty() && rooms.get(state.id()).is_some_and(|known| Arc::ptr_eq(known, room)) {
            rooms.remove(state.id());
        }
    }
}

/// A connection's place in a room.
#[derive(Debug)]
pub(crate) struct Seat {
    registry: Arc<Registry>,
    room: Shared,
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
        self.registry.give_up(&self.room, self.ticket);
    }

    /// Keeps the place for the grace time: the connection has dropped.
    pub(crate) fn hold(self) {
        let ticket = self.ticket;
        let timer = self
            .registry
            .timer(&self.room, self.registry.grace, move |registry, room| {
                registry.give_up(room, ticket);
            });
        self.room.lock().hold(ticket, timer);
    }
}
