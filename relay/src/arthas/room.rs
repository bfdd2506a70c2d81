//! An Arthas room: its members, what they say to each other, and its end. Its files are in [`super::files`].
//!
//! Pure state. Its owner locks it, and nothing here waits: what is sent goes into the receivers' outboxes.

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use hushroom::frame::{
    arthas::{
        MemberTyping, RelayMessage, RelayReaction, RoomCreated, RoomJoined, Typing, EXPIRED, EXPIRY_WARNING,
        SYSTEM_SENDER,
    },
    Member as PublicMember, MemberJoined, MemberLeft, RelayId, RoomClosed, MAX_MEMBERS,
};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    color::color,
    encode, encode_own,
    files::Files,
    listing::{Listed, Listing},
    password::Password,
};
use crate::{
    outbox::Outbox,
    refusal::Refusal,
    rooms::{Entered, Timer},
    stats::{Counted, Counters},
};

/// Names a connection's place in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// A message or reaction, sealed: two texts that the relay does not look into.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) iv: String,
    pub(super) ciphertext: String,
}

/// What a room is made with.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) id: String,
    pub(super) password: Password,
    /// Seconds; told to everybody who joins, and nothing else.
    pub(super) ephemeral: u64,
    /// Unix seconds; 0 for never.
    pub(super) expires_at: u64,
    pub(super) listing: Option<Listing>,
}

/// An Arthas room.
#[derive(Debug)]
pub(super) struct Room {
    terms: Terms,
    last_ticket: u64,
    /// In the order of entering.
    pub(super) members: Vec<Member>,
    pub(super) last_tag: u64,
    pub(super) counters: Arc<Counters>,
    /// It has expired. It is remembered for a while, to tell those who come too late.
    has_ended: bool,
    timers: Vec<Timer>,
    counted: Option<Counts>,
}

/// What makes a room count. Given back when the room is forgotten, though connections in no hurry may still refer to it.
#[derive(Debug)]
struct Counts {
    _permit: OwnedSemaphorePermit,
    _counted: [Counted; 2],
}

/// Somebody in a room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) ticket: Ticket,
    pub(super) id: RelayId,
    pub(super) name: String,
    color: String,
    pub(super) outbox: Arc<Outbox>,
    pub(super) files: Files,
    _counted: Counted,
}

impl Member {
    fn public(&self) -> PublicMember {
        PublicMember {
            id: self.id.clone(),
            name: self.name.clone(),
            color: self.color.clone(),
        }
    }
}

impl Entered for Room {
    fn id(&self) -> &str {
        &self.terms.id
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty() && !self.has_ended
    }
}

impl Room {
    /// `permit` is one of those that limit how many rooms there are.
    pub(super) fn new(terms: Terms, permit: OwnedSemaphorePermit, counters: &Arc<Counters>) -> Self {
        Self {
            terms,
            last_ticket: 0,
            members: Vec::new(),
            last_tag: 0,
            counters: Arc::clone(counters),
            has_ended: false,
            timers: Vec::new(),
            counted: Some(Counts {
                _permit: permit,
                _counted: [
                    Counted::new(counters, |counters| &counters.rooms),
                    Counted::new(counters, |counters| &counters.arthas_rooms),
                ],
            }),
        }
    }

    /// The room has been forgotten, and does not count any more.
    pub(super) fn stop_counting(&mut self) {
        self.counted = None;
    }

    /// Timers that live as long as the room.
    pub(super) fn keep(&mut self, timers: impl IntoIterator<Item = Timer>) {
        self.timers.extend(timers);
    }

    /// Lets the maker of the room in.
    pub(super) fn open(&mut self, name: String, outbox: &Arc<Outbox>) -> Ticket {
        outbox.push(encode_own(RoomCreated {
            room_id: self.terms.id.clone(),
            expires_at: self.terms.expires_at,
        }));
        self.admit(name, outbox)
    }

    /// Lets somebody else in. `now` is in Unix milliseconds.
    pub(super) fn enter(
        &mut self,
        name: String,
        password: &str,
        address: IpAddr,
        outbox: &Arc<Outbox>,
        now: u64,
    ) -> Result<Ticket, Refusal> {
        if self.has_ended || self.terms.expires_at != 0 && now / 1000 >= self.terms.expires_at {
            return Err(Refusal::RoomExpired);
        }
        self.terms.password.check(password, address, Instant::now())?;
        if self.members.len() >= MAX_MEMBERS {
            return Err(Refusal::RoomFull);
        }
        Ok(self.admit(name, outbox))
    }

    /// Who enters is the last in the list: that is how clients learn their ids.
    fn admit(&mut self, name: String, outbox: &Arc<Outbox>) -> Ticket {
        // What waits is of a room that has ended: its client must not take it for something of this one.
        outbox.drop_bulk();
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let (ticket, id) = (Ticket(self.last_ticket), self.unused_id());
        let member = Member {
            ticket,
            color: color(&id.0),
            id,
            name,
            outbox: Arc::clone(outbox),
            files: Files::default(),
            _counted: Counted::new(&self.counters, |counters| &counters.members),
        };
        self.tell_all(&encode_own(MemberJoined(member.public())));
        self.members.push(member);
        outbox.push(encode_own(RoomJoined {
            room_id: self.terms.id.clone(),
            members: self.members.iter().map(Member::public).collect(),
            has_password: self.terms.password.is_set(),
            ephemeral: self.terms.ephemeral,
            expires_at: self.terms.expires_at,
            receipts: true,
        }));
        ticket
    }

    fn unused_id(&self) -> RelayId {
        loop {
            let id = RelayId(format!("{:08x}", rand::random::<u32>()));
            if self.members.iter().all(|member| member.id != id) {
                return id;
            }
        }
    }

    /// Sends a message out. `now` is in Unix milliseconds.
    pub(super) fn message(&mut self, ticket: Ticket, sealed: Sealed, now: u64) -> Result<(), Refusal> {
        let message = self.relayed(ticket, sealed, now)?;
        self.tell_others(ticket, &encode(message)?);
        self.counters.arthas_messages_total.add(1);
        if let Some(listing) = &mut self.terms.listing {
            listing.activity.count(now);
        }
        Ok(())
    }

    /// Sends a reaction out. `now` is in Unix milliseconds.
    pub(super) fn reaction(&self, ticket: Ticket, sealed: Sealed, now: u64) -> Result<(), Refusal> {
        let reaction = RelayReaction(self.relayed(ticket, sealed, now)?);
        self.tell_others(ticket, &encode(reaction)?);
        self.counters.arthas_messages_total.add(1);
        Ok(())
    }

    fn relayed(&self, ticket: Ticket, sealed: Sealed, now: u64) -> Result<RelayMessage, Refusal> {
        let sender = self.find(ticket)?;
        Ok(RelayMessage {
            sender_id: sender.id.clone(),
            sender_name: sender.name.clone(),
            iv: sealed.iv,
            ciphertext: sealed.ciphertext,
            t: now,
        })
    }

    /// Passes on whether somebody is typing, in the form in which it came.
    pub(super) fn typing(&self, ticket: Ticket, typing: Typing) -> Result<(), Refusal> {
        let is_sealed = !typing.iv.is_empty() && !typing.ciphertext.is_empty();
        let mut passed_on = MemberTyping {
            id: self.find(ticket)?.id.clone(),
            typing: typing.typing,
            iv: String::new(),
            ciphertext: String::new(),
        };
        if is_sealed {
            (passed_on.iv, passed_on.ciphertext) = (typing.iv, typing.ciphertext);
        } else {
            passed_on.typing = Some(typing.typing.unwrap_or(false));
        }
        self.tell_others(ticket, &encode(passed_on)?);
        Ok(())
    }

    /// Takes a member out, cancels its file and tells the others, after the files it has finished.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.cancel_file_of(ticket);
        let Some(index) = self.members.iter().position(|member| member.ticket == ticket) else {
            return;
        };
        let member = self.members.remove(index);
        member.outbox.drop_bulk();
        let left = encode_own(MemberLeft { id: member.id });
        for other in &self.members {
            other.outbox.push_behind(left.clone());
        }
    }

    /// Tells everybody that the room ends soon. `now` is in Unix milliseconds.
    pub(super) fn warn(&self, now: u64) {
        self.tell_all(&encode_own(RelayMessage {
            sender_id: RelayId(SYSTEM_SENDER.to_owned()),
            sender_name: "System".to_owned(),
            iv: String::new(),
            ciphertext: EXPIRY_WARNING.to_owned(),
            t: now / 1000 * 1000,
        }));
    }

    /// Ends the room. Its members' connections stay open.
    pub(super) fn expire(&mut self) {
        self.has_ended = true;
        self.terms.listing = None;
        let tickets: Vec<_> = self.members.iter().map(|member| member.ticket).collect();
        for ticket in tickets {
            self.cancel_file_of(ticket);
        }
        let closed = encode_own(RoomClosed {
            reason: EXPIRED.to_owned(),
        });
        for member in self.members.drain(..) {
            member.outbox.push_behind(closed.clone());
        }
    }

    /// What the public list says, if the room is in it. `now` is in Unix milliseconds.
    pub(super) fn listed(&self, now: u64) -> Option<Listed> {
        let listing = self.terms.listing.as_ref()?;
        Some(Listed {
            room_id: self.terms.id.clone(),
            title: listing.words.title.clone(),
            description: listing.words.description.clone(),
            tags: listing.words.tags.clone(),
            member_count: self.members.len(),
            has_password: self.terms.password.is_set(),
            created_at: listing.created_at,
            expires_at: self.terms.expires_at,
            message_count: listing.activity.recent(now),
        })
    }

    pub(super) fn find(&self, ticket: Ticket) -> Result<&Member, Refusal> {
        self.members
            .iter()
            .find(|member| member.ticket == ticket)
            .ok_or(Refusal::RoomGone)
    }

    fn tell_all(&self, frame: &Bytes) {
        self.members.iter().for_each(|member| member.outbox.push(frame.clone()));
    }

    fn tell_others(&self, sender: Ticket, frame: &Bytes) {
        self.members
            .iter()
            .filter(|member| member.ticket != sender)
            .for_each(|member| member.outbox.push(frame.clone()));
    }
}
