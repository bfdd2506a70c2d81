//! Rooms by their ids, and the timers that end rooms and held places. Native and Arthas rooms each have a map of their own,
//! so that nobody can take an id of the other kind; the number of rooms is bounded over both.
//!
//! Locks are always taken in one order: the map, then a room, then an outbox. No lock is held over an await. A room is
//! taken out of the map only while both are locked, so nobody can enter a room that is gone.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

/// A room that several connections use.
pub(crate) type Shared<R> = Arc<Mutex<R>>;
/// A timer that stops when it is dropped.
pub(crate) type Timer = AbortOnDropHandle<()>;

/// What the map has to know about a room.
pub(crate) trait Entered: Send + 'static {
    /// Its key.
    fn id(&self) -> &str;
    /// Whether nothing keeps it any more.
    fn is_empty(&self) -> bool;
}

/// All rooms of one kind.
#[derive(Debug)]
pub(crate) struct Rooms<R> {
    by_id: Mutex<HashMap<String, Shared<R>>>,
    permits: Arc<Semaphore>,
    /// For timers, which must not keep the rooms alive.
    me: Weak<Self>,
}

impl<R: Entered> Rooms<R> {
    /// No rooms yet. Each takes one of `permits`.
    pub(crate) fn new(permits: &Arc<Semaphore>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            by_id: Mutex::new(HashMap::new()),
            permits: Arc::clone(permits),
            me: Weak::clone(me),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<String, Shared<R>>> {
        self.by_id.lock()
    }

    /// The right to one more room, which the room keeps; `None` if there are too many.
    pub(crate) fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Calls `then` after `wait`, unless the room or the map is gone by then or the timer is dropped.
    pub(crate) fn after(
        &self,
        room: &Shared<R>,
        wait: Duration,
        then: impl FnOnce(&Self, &Shared<R>) + Send + 'static,
    ) -> Timer {
        let (me, room) = (Weak::clone(&self.me), Arc::downgrade(room));
        Timer::new(tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if let (Some(me), Some(room)) = (me.upgrade(), room.upgrade()) {
                then(&me, &room);
            }
        }))
    }

    /// Takes the room out of the map and, while nobody can enter it, does `last` to it.
    pub(crate) fn remove(&self, room: &Shared<R>, last: impl FnOnce(&mut R)) {
        let mut rooms = self.lock();
        let mut state = room.lock();
        forget(&mut rooms, room, &state);
        last(&mut state);
    }

    /// Does `first` to the room, and takes it out of the map if it is empty then.
    pub(crate) fn remove_if_empty(&self, room: &Shared<R>, first: impl FnOnce(&mut R)) {
        let mut state = room.lock();
        first(&mut state);
        if !state.is_empty() {
            return;
        }
        // The map comes before a room: let go, and look again once both are locked.
        drop(state);
        let mut rooms = self.lock();
        let state = room.lock();
        if state.is_empty() {
            forget(&mut rooms, room, &state);
        }
    }
}

fn forget<R: Entered>(rooms: &mut HashMap<String, Shared<R>>, room: &Shared<R>, state: &R) {
    if rooms.get(state.id()).is_some_and(|known| Arc::ptr_eq(known, room)) {
        rooms.remove(state.id());
    }
}
