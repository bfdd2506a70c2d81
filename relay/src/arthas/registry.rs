//! All Arthas rooms of the relay, and how a connection gets into one.

use std::{
    net::IpAddr,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use hushroom::frame::{
    arthas::{CreateRoom, JoinRoom, SendFileChunk, SendFileMeta, Typing},
    MAX_EXPIRY_SECONDS,
};
use parking_lot::Mutex;
use rand::seq::IndexedRandom;
use tokio::sync::Semaphore;

use super::{
    listing::{Listed, Listing, Words},
    password::Password,
    room::{Room, Sealed, Terms, Ticket},
};
use crate::{
    clock::unix_millis,
    config::Config,
    outbox::Outbox,
    refusal::Refusal,
    rooms::{Rooms, Shared, Timer},
    stats::Counters,
};

const ROOM_ID_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ROOM_ID_CHARS: usize = 21;
/// How long before its end a room is told of it; half of its time if it has less than twice this.
const WARNING: Duration = Duration::from_secs(300);

/// The Arthas rooms of a relay.
#[derive(Debug)]
pub(crate) struct Registry {
    rooms: Arc<Rooms<Room>>,
    /// Those that their makers wanted to be listed.
    public: Mutex<Vec<Weak<Mutex<Room>>>>,
    public_permits: Arc<Semaphore>,
    /// How long a room is remembered after its end.
    remember: Duration,
    counters: Arc<Counters>,
}

impl Registry {
    /// Each room takes one of `permits`.
    pub(crate) fn new(config: &Config, permits: &Arc<Semaphore>, counters: &Arc<Counters>) -> Self {
        Self {
            rooms: Rooms::new(permits),
            public: Mutex::new(Vec::new()),
            public_permits: Arc::new(Semaphore::new(config.max_public_rooms.min(Semaphore::MAX_PERMITS))),
            remember: config.expired_seconds.duration(),
            counters: Arc::clone(counters),
        }
    }

    /// Makes a room with its maker in it. The answers are in `outbox` when this returns; the second result says why the room
    /// is not listed, if it was to be.
    pub(super) fn create(
        self: &Arc<Self>,
        frame: CreateRoom,
        outbox: &Arc<Outbox>,
    ) -> Result<(Seat, Option<Refusal>), Refusal> {
        let permit = self.rooms.permit().ok_or(Refusal::TooManyRooms)?;
        let now = unix_millis();
        let (listing, unlisted) = match self.listing(&frame, now) {
            Ok(listing) => (listing, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let is_public = listing.is_some();
        let mut rooms = self.rooms.lock();
        let id = loop {
            let id = room_id();
            if !rooms.contains_key(&id) {
                break id;
            }
        };
        let room = Room::new(
            Terms {
                id: id.clone(),
                password: Password::new(&frame.password),
                ephemeral: u64::try_from(frame.ephemeral).unwrap_or(0),
                expires_at: expires_at(frame.expiry, now),
                listing,
            },
            permit,
            &self.counters,
        );
        let room = Arc::new(Mutex::new(room));
        let ticket = {
            let mut state = room.lock();
            state.keep(self.timers(&room, expires_at(frame.expiry, now), now));
            state.open(frame.name, outbox)
        };
        rooms.insert(id, Arc::clone(&room));
        drop(rooms);
        if is_public {
            let mut public = self.public.lock();
            public.retain(|room| room.strong_count() > 0);
            public.push(Arc::downgrade(&room));
        }
        let seat = Seat {
            registry: Arc::clone(self),
            room,
            ticket,
        };
        Ok((seat, unlisted))
    }

    fn listing(&self, frame: &CreateRoom, now: u64) -> Result<Option<Listing>, Refusal> {
        if !frame.public {
            return Ok(None);
        }
        let words = Words::new(frame)?;
        let permit = Arc::clone(&self.public_permits).try_acquire_owned();
        Ok(Some(Listing {
            words,
            created_at: now / 1000,
            activity: Default::default(),
            _permit: permit.map_err(|_| Refusal::ListingFull)?,
        }))
    }

    fn timers(&self, room: &Shared<Room>, expires_at: u64, now: u64) -> Vec<Timer> {
        if expires_at == 0 {
            return Vec::new();
        }
        let left = Duration::from_millis(expires_at.saturating_mul(1000).saturating_sub(now));
        let warning = left.saturating_sub(WARNING.min(left / 2));
        vec![
            self.rooms
                .after(room, warning, |_, room| room.lock().warn(unix_millis())),
            self.rooms.after(room, left, |_, room| room.lock().expire()),
            self.rooms.after(room, left + self.remember, |rooms, room| {
                rooms.remove(room, Room::stop_counting)
            }),
        ]
    }

    /// Joins a room. The answer is in `outbox` when this returns.
    pub(super) fn join(
        self: &Arc<Self>,
        frame: JoinRoom,
        address: IpAddr,
        outbox: &Arc<Outbox>,
    ) -> Result<Seat, Refusal> {
        let rooms = self.rooms.lock();
        let room = Arc::clone(rooms.get(&frame.room_id).ok_or(Refusal::RoomNotFound)?);
        let entered = room
            .lock()
            .enter(frame.name, &frame.password, address, outbox, unix_millis());
        drop(rooms);
        if entered == Err(Refusal::WrongPassword) {
            self.counters.wrong_passwords_total.add(1);
        }
        Ok(Seat {
            registry: Arc::clone(self),
            ticket: entered?,
            room,
        })
    }

    /// How many rooms are public.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn count_listed(&self) -> usize {
        self.listed(unix_millis()).len()
    }

    /// The public rooms at `now`, in Unix milliseconds, in no order.
    pub(super) fn listed(&self, now: u64) -> Vec<Listed> {
        let rooms: Vec<_> = self.public.lock().iter().filter_map(Weak::upgrade).collect();
        rooms.iter().filter_map(|room| room.lock().listed(now)).collect()
    }
}

/// A `NanoID`: 126 bits.
fn room_id() -> String {
    let mut random = rand::rng();
    let letters = (0..ROOM_ID_CHARS).filter_map(|_| ROOM_ID_ALPHABET.choose(&mut random));
    letters.map(|letter| char::from(*letter)).collect()
}

/// When a room ends that lasts `seconds`, in Unix seconds; 0 for never. `now` is in Unix milliseconds.
fn expires_at(seconds: i64, now: u64) -> u64 {
    match u64::try_from(seconds) {
        Ok(0) | Err(_) => 0,
        // Rounded up, so that a room never ends before its time.
        Ok(seconds) => now.div_ceil(1000).saturating_add(seconds.min(MAX_EXPIRY_SECONDS)),
    }
}

/// A connection's place in a room. It does not outlive a room that expires: then everything is [`Refusal::RoomGone`].
#[derive(Debug)]
pub(super) struct Seat {
    registry: Arc<Registry>,
    room: Shared<Room>,
    ticket: Ticket,
}

impl Seat {
    /// Whether the room is still there.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.room.lock().find(self.ticket).map(|_| ())
    }

    /// `now` is in Unix milliseconds.
    pub(super) fn message(&self, sealed: Sealed, now: u64) -> Result<(), Refusal> {
        self.room.lock().message(self.ticket, sealed, now)
    }

    /// `now` is in Unix milliseconds.
    pub(super) fn reaction(&self, sealed: Sealed, now: u64) -> Result<(), Refusal> {
        self.room.lock().reaction(self.ticket, sealed, now)
    }

    pub(super) fn typing(&self, typing: Typing) -> Result<(), Refusal> {
        self.room.lock().typing(self.ticket, typing)
    }

    pub(super) fn may_begin(&self) -> Result<(), Refusal> {
        self.room.lock().may_begin(self.ticket)
    }

    pub(super) fn begin_file(&self, meta: SendFileMeta) -> Result<(), Refusal> {
        self.room
            .lock()
            .begin_file(self.ticket, meta, unix_millis(), Instant::now())
    }

    pub(super) fn chunk(&self, chunk: SendFileChunk) -> Result<(), Refusal> {
        self.room.lock().chunk(self.ticket, chunk, Instant::now())
    }

    pub(super) fn complete(&self, id: &str) -> Result<(), Refusal> {
        self.room.lock().complete(self.ticket, id)
    }

    pub(super) fn cancel(&self, id: &str) -> Result<(), Refusal> {
        self.room.lock().cancel(self.ticket, id)
    }

    pub(super) fn acknowledge(&self, id: &str) -> Result<(), Refusal> {
        self.room.lock().acknowledge(self.ticket, id)
    }

    /// As [`Room::cancel_stale`].
    pub(super) fn cancel_stale(&self, longest: Duration) -> bool {
        self.room.lock().cancel_stale(self.ticket, longest, Instant::now())
    }

    /// As [`Room::is_behind`].
    pub(super) fn is_behind(&self) -> bool {
        self.room.lock().is_behind(self.ticket, Instant::now())
    }

    /// Leaves, whether by choice or because the connection is gone.
    pub(super) fn leave(self) {
        self.registry
            .rooms
            .remove_if_empty(&self.room, |room| room.leave(self.ticket));
    }
}

#[cfg(test)]
mod tests {
    use hushroom::share_code::check_room_id;

    use super::*;

    #[test]
    fn room_ids_are_those_of_share_codes() {
        let (one, two) = (room_id(), room_id());
        assert_ne!(one, two);
        for id in [one, two] {
            assert_eq!(check_room_id(&id), Ok(()), "{id}");
        }
    }

    #[test]
    fn an_expiry_is_brought_within_bounds() {
        const NOW: u64 = 1_000_500;
        assert_eq!(expires_at(0, NOW), 0);
        assert_eq!(expires_at(-5, NOW), 0);
        assert_eq!(expires_at(60, NOW), 1061);
        assert_eq!(expires_at(604_800, NOW), 1001 + 604_800);
        assert_eq!(expires_at(604_801, NOW), 1001 + 604_800);
        assert_eq!(expires_at(i64::MAX, NOW), 1001 + 604_800);
    }
}
