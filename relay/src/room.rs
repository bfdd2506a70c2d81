//! A room: its members' places, the order of its posts, and who gets what.
//!
//! Pure state. Its owner locks it, and nothing here waits: what is sent goes into the receivers' outboxes.

use std::sync::Arc;

use bytes::Bytes;
use ctutils::CtEq;
use hushroom::frame::{
    Accepted, Frame, Member, MemberJoined, MemberLeft, Post, Posted, RelayId, RoomClosed, RoomJoined, WindowFrom,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    budget::Budget,
    entry::{Entry, ResumeToken, TokenHash},
    outbox::{Close, Outbox},
    refusal::Refusal,
    ring::{Kept, Ring, Slots},
    rooms::{Entered, Timer},
    seats::{SeatHash, Seats},
    stats::{Counted, Counters},
    wire,
};

/// Names one connection's hold on a place. A connection that was replaced holds a ticket that is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// A room.
#[derive(Debug)]
pub(crate) struct Room {
    id: String,
    token: TokenHash,
    max_members: usize,
    /// Of a room for two.
    seats: Option<Seats>,
    /// Unix seconds; 0 for never.
    expires_at: u64,
    /// The last post's number.
    seq: u64,
    last_ticket: u64,
    /// In the order of entering.
    places: Vec<Place>,
    ring: Ring,
    counters: Arc<Counters>,
    /// Ends the room at `expires_at`.
    expiry: Option<Timer>,
    _permit: OwnedSemaphorePermit,
    _counted: Counted,
}

impl Entered for Room {
    fn id(&self) -> &str {
        &self.id
    }

    /// Held places included.
    fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

#[derive(Debug)]
struct Place {
    id: RelayId,
    slot: u8,
    ticket: Ticket,
    resume: ResumeToken,
    seat: Option<SeatHash>,
    /// The room's `seq` when the place was given out: earlier posts were not for it.
    entered: u64,
    /// The highest `seq` of a post for this place that the ring has forgotten.
    forgotten: u64,
    /// The highest `n` accepted.
    accepted: u32,
    link: Link,
    _counted: Counted,
}

#[derive(Debug)]
enum Link {
    Live(Arc<Outbox>),
    /// The connection dropped; the timer gives the place up. It is never read, only dropped.
    Held(#[allow(dead_code, reason = "kept for its Drop")] Timer),
}

impl Place {
    fn outbox(&self) -> Option<&Outbox> {
        match &self.link {
            Link::Live(outbox) => Some(outbox),
            Link::Held(_) => None,
        }
    }

    fn send(&self, frame: Option<&Bytes>) {
        if let (Some(outbox), Some(frame)) = (self.outbox(), frame) {
            outbox.push(frame.clone());
        }
    }

    /// Closes its connection: a newer one is there.
    fn replace(&self) {
        if let Some(outbox) = self.outbox() {
            outbox.close(Close::Replaced, wire::encode(Refusal::Replaced.frame(None)));
        }
    }

    /// In native rooms names travel sealed, so there is nothing but the id.
    fn member(&self) -> Member {
        Member {
            id: self.id.clone(),
            name: String::new(),
            color: String::new(),
        }
    }
}

impl Room {
    pub(crate) fn new(
        entry: &Entry,
        (max_members, seats): (usize, Option<Seats>),
        expires_at: u64,
        permit: OwnedSemaphorePermit,
        budget: &Arc<Budget>,
        counters: &Arc<Counters>,
    ) -> Self {
        Self {
            id: entry.room_id.clone(),
            token: entry.token,
            max_members,
            seats,
            expires_at,
            seq: 0,
            last_ticket: 0,
            places: Vec::new(),
            ring: Ring::new(Arc::clone(budget)),
            counters: Arc::clone(counters),
            expiry: None,
            _permit: permit,
            _counted: Counted::new(counters, |counters| &counters.rooms),
        }
    }

    pub(crate) fn set_expiry(&mut self, timer: Timer) {
        self.expiry = Some(timer);
    }

    /// Lets a connection in, as a new member or back to the place it had. `now` is in Unix milliseconds.
    pub(crate) fn enter(
        &mut self,
        entry: &Entry,
        outbox: &Arc<Outbox>,
        now: u64,
    ) -> Result<(Ticket, RelayId), Refusal> {
        if self.expires_at != 0 && now / 1000 >= self.expires_at {
            return Err(Refusal::RoomExpired);
        }
        if !self.token.ct_eq(&entry.token).to_bool() {
            return Err(Refusal::AdmissionDenied);
        }
        let seat = match &mut self.seats {
            Some(seats) => {
                seats.take(entry.seat)?;
                entry.seat
            }
            None => None,
        };
        // In a room for two a place belongs to its seat.
        let old = self
            .places
            .iter()
            .position(|place| place.seat == seat && place.resume.ct_eq(&entry.resume).to_bool());
        if let Some(index) = old {
            let place = self.places.remove(index);
            if let Some(resumed) = self.resume(place, entry.seen, outbox) {
                return Ok(resumed);
            }
        }
        if seat.is_some() {
            self.vacate(seat);
        }
        self.admit(entry.resume, seat, outbox)
    }

    /// Gives up the place that the holder of a seat had under another resume token.
    fn vacate(&mut self, seat: Option<SeatHash>) {
        while let Some(index) = self.places.iter().position(|place| place.seat == seat) {
            let place = self.places.remove(index);
            place.replace();
            self.announce_leaving(place);
        }
    }

    /// Gives `place` to a new connection; `None`, and the place is given up, if posts that it has not seen are gone.
    fn resume(&mut self, mut place: Place, seen: u64, outbox: &Arc<Outbox>) -> Option<(Ticket, RelayId)> {
        place.replace();
        let seen_here = seen.max(place.entered);
        // A client cannot have seen more than there was: it means another room, before the relay was started anew.
        if place.forgotten > seen_here || seen > self.seq {
            self.announce_leaving(place);
            return None;
        }
        let (ticket, id, slot, accepted) = (self.next_ticket(), place.id.clone(), place.slot, place.accepted);
        place.ticket = ticket;
        place.link = Link::Live(Arc::clone(outbox));
        self.places.push(place);
        self.greet(outbox, true, accepted);
        outbox.push_again(self.ring.after(seen_here, slot));
        self.counters.resumed_total.add(1);
        Some((ticket, id))
    }

    fn admit(
        &mut self,
        resume: ResumeToken,
        seat: Option<SeatHash>,
        outbox: &Arc<Outbox>,
    ) -> Result<(Ticket, RelayId), Refusal> {
        if self.places.len() >= self.max_members {
            return Err(Refusal::RoomFull);
        }
        let (id, slot) = (self.unused_id(), self.unused_slot().ok_or(Refusal::RoomFull)?);
        let place = Place {
            id: id.clone(),
            slot,
            ticket: self.next_ticket(),
            resume,
            seat,
            entered: self.seq,
            forgotten: 0,
            accepted: 0,
            link: Link::Live(Arc::clone(outbox)),
            _counted: Counted::new(&self.counters, |counters| &counters.members),
        };
        let ticket = place.ticket;
        let joined = wire::encode(MemberJoined(place.member()));
        self.places.iter().for_each(|other| other.send(joined.as_ref()));
        self.places.push(place);
        self.greet(outbox, false, 0);
        Ok((ticket, id))
    }

    /// Tells the last place in the list that it is in.
    fn greet(&self, outbox: &Outbox, resumed: bool, accepted: u32) {
        let joined = RoomJoined {
            room_id: self.id.clone(),
            members: self.places.iter().map(Place::member).collect(),
            expires_at: self.expires_at,
            max_members: u64::try_from(self.max_members).unwrap_or(u64::MAX),
            resumed,
            accepted,
        };
        if let Some(frame) = wire::encode(joined) {
            outbox.push(frame);
        }
    }

    fn next_ticket(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        Ticket(self.last_ticket)
    }

    fn unused_id(&self) -> RelayId {
        loop {
            let id = RelayId(format!("{:08x}", rand::random::<u32>()));
            if self.places.iter().all(|place| place.id != id) {
                return id;
            }
        }
    }

    fn unused_slot(&self) -> Option<u8> {
        let mut used = Slots::default();
        self.places.iter().for_each(|place| used.insert(place.slot));
        used.first_free()
    }

    /// Keeps the place of a connection that dropped, until `timer` gives it up.
    pub(crate) fn hold(&mut self, ticket: Ticket, timer: Timer) {
        if let Some(place) = self.places.iter_mut().find(|place| place.ticket == ticket) {
            place.link = Link::Held(timer);
        }
    }

    /// Gives a place up and tells the others.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        if let Some(index) = self.places.iter().position(|place| place.ticket == ticket) {
            let place = self.places.remove(index);
            self.announce_leaving(place);
        }
    }

    /// For a place that is in the list no more.
    fn announce_leaving(&self, place: Place) {
        let left = wire::encode(MemberLeft { id: place.id });
        self.places.iter().for_each(|other| other.send(left.as_ref()));
    }

    /// Ends the room for everybody.
    pub(crate) fn expire(&mut self) {
        let closed = wire::encode(RoomClosed {
            reason: "expired".to_owned(),
        });
        for place in self.places.drain(..) {
            if let Some(outbox) = place.outbox() {
                outbox.close(Close::Expired, closed.clone());
            }
        }
    }

    /// Sends a post out. `now` is in Unix milliseconds.
    pub(crate) fn post(&mut self, ticket: Ticket, post: Post, now: u64) -> Result<Accepted, Refusal> {
        let sender = self.find(ticket).ok_or(Refusal::NotInRoom)?;
        let (n, from) = (post.n, sender.id.clone());
        let repeated = Accepted { n, seq: 0, t: now };
        if n <= sender.accepted {
            return Ok(repeated);
        }
        let to = self.slots(ticket, &post.to);
        let seq = if post.transient { 0 } else { self.seq.saturating_add(1) };
        let posted = Posted {
            seq,
            t: now,
            from,
            body: post.body,
        };
        // The only thing that can go wrong: a body so large that the envelope of what is sent out does not fit.
        let frame = Frame::from(posted).encode().map_err(|_| Refusal::FrameTooLarge)?;
        let frame = Bytes::from(frame);
        self.seq = self.seq.max(seq);
        let mut receivers = 0_usize;
        for place in &mut self.places {
            if place.ticket == ticket {
                place.accepted = n;
            } else if to.contains(place.slot) {
                receivers = receivers.saturating_add(1);
                place.send(Some(&frame));
            }
        }
        self.counters.posts_total.add(1);
        self.counters.posted_total.add(receivers);
        if !post.transient && !to.is_empty() {
            self.keep(Kept { seq, to, frame });
        }
        Ok(Accepted { n, seq, t: now })
    }

    fn keep(&mut self, post: Kept) {
        let places = &mut self.places;
        self.ring.keep(post, |forgotten| {
            // A slot that was given out again is no harm: `entered` of its new place is above this `seq`.
            for place in places.iter_mut().filter(|place| forgotten.to.contains(place.slot)) {
                place.forgotten = forgotten.seq;
            }
        });
    }

    /// Sends a bulk frame out; to how many of its receivers it could not go because their queue is full.
    pub(crate) fn bulk(&self, ticket: Ticket, to: &[RelayId], frame: &Bytes) -> Result<usize, Refusal> {
        self.find(ticket).ok_or(Refusal::NotInRoom)?;
        let to = self.slots(ticket, to);
        let refused = self
            .places
            .iter()
            .filter(|place| to.contains(place.slot))
            .filter_map(Place::outbox)
            .filter(|outbox| !outbox.push_bulk(frame.clone()))
            .count();
        Ok(refused)
    }

    /// Sends a window to the sender of the file.
    pub(crate) fn window(&self, ticket: Ticket, to: &RelayId, window: WindowFrom) -> Result<(), Refusal> {
        self.find(ticket).ok_or(Refusal::NotInRoom)?;
        if let Some(place) = self
            .places
            .iter()
            .find(|place| place.id == *to && place.ticket != ticket)
        {
            place.send(wire::encode(window).as_ref());
        }
        Ok(())
    }

    fn find(&self, ticket: Ticket) -> Option<&Place> {
        self.places.iter().find(|place| place.ticket == ticket)
    }

    /// The places named in `to`, all if it names none; never the sender's own. Unknown ids are skipped.
    fn slots(&self, sender: Ticket, to: &[RelayId]) -> Slots {
        let mut slots = Slots::default();
        for place in &self.places {
            if place.ticket != sender && (to.is_empty() || to.contains(&place.id)) {
                slots.insert(place.slot);
            }
        }
        slots
    }
}
