//! One room for every protocol, so that the edges drive one type.

use zeroize::Zeroizing;

use super::{
    arthas,
    cipher::{Opening, Sealing},
    config::Config,
    file::{BulkIn, BulkJob, FileMeta},
    hush1,
    output::Output,
    random::{bytes, key, RandomSource},
    trust::TrustBook,
};
use crate::{
    error::{Error, Result},
    file::Header,
    identity::{Contacts, Identity},
    share_code::{Protocol, ShareCode},
};

/// A room of either protocol, and what the contact book says of those in it.
pub struct Room(Machine, TrustBook);

enum Machine {
    Hush1 {
        room: Box<hush1::Room>,
        random: RandomSource,
        /// Until it has been given out.
        code: Option<ShareCode>,
    },
    Arthas(Box<arthas::Room>),
}

/// Calls the same method on whichever machine it is.
macro_rules! either {
    ($self:expr, $room:ident => $call:expr) => {
        match $self {
            Machine::Hush1 { room: $room, .. } => $call,
            Machine::Arthas($room) => $call,
        }
    };
}

impl Room {
    /// A room that is not connected yet.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for what the protocol cannot do, [`Error::InvalidName`], [`Error::InvalidArgument`] for limits
    /// outside their range, [`Error::InvalidShareCode`], [`Error::RandomUnavailable`].
    pub fn new(config: Config, now: u64) -> Result<Self> {
        let Config {
            code,
            name,
            entrance,
            password,
            partner,
            identity,
            mut random,
        } = config;
        let identity = identity.map_or_else(|| key(&mut random).map(Identity::new), Ok)?;
        if code.protocol == Protocol::Arthas {
            let config = arthas::Config {
                code,
                name,
                entrance,
                password,
                device_seed: identity.arthas_seed()?,
                random,
            };
            let room = arthas::Room::new(config, now)?;
            // Anybody can repeat an announcement, so that our key with somebody else means nothing.
            let trust = TrustBook::new(identity.contacts, None);
            return Ok(Self(Machine::Arthas(Box::new(room)), trust));
        }
        if password.is_some() {
            return Err(Error::Unsupported("a password"));
        }
        let kept = code.copy()?;
        let partner = partner.or_else(|| identity.contacts.partner(&code.room_id));
        let config = hush1::Config {
            code,
            name,
            entrance,
            device_seed: identity.seed,
            partner,
            nonce: bytes(&mut random)?,
            resume: bytes(&mut random)?,
        };
        let room = Box::new(hush1::Room::new(config, now)?);
        let trust = TrustBook::new(identity.contacts, Some(&room.device_key()));
        let machine = Machine::Hush1 {
            room,
            random,
            code: Some(kept),
        };
        Ok(Self(machine, trust))
    }

    /// The protocol this room speaks.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        match self.0 {
            Machine::Hush1 { .. } => Protocol::Hush1,
            Machine::Arthas(_) => Protocol::Arthas,
        }
    }

    /// The share code. Of an Arthas room it is known from the first [`RoomEvent::Opened`](super::RoomEvent::Opened) on. That of a
    /// native room is given once, and the key in it wiped: ask before connecting, and keep it.
    pub fn code(&mut self) -> Option<Zeroizing<String>> {
        match &mut self.0 {
            Machine::Hush1 { code, .. } => code.take().map(|code| code.encode()),
            Machine::Arthas(room) => room.code(),
        }
    }

    /// The room's id, by which contacts are kept. Of an Arthas room that is made, once it is entered.
    #[must_use]
    pub fn room_id(&self) -> Option<&str> {
        either!(&self.0, room => room.room_id())
    }

    /// The contact book as it is stored now: to be handed in after every change, ours or that of another window or room. Tells
    /// by events who stands differently.
    pub fn set_contacts(&mut self, contacts: Contacts) {
        if let Some(room_id) = either!(&self.0, room => room.room_id()) {
            self.1.set_contacts(contacts, room_id);
        }
    }

    /// Our own member id. It stays the same for the life of this object.
    #[must_use]
    pub fn self_id(&self) -> String {
        either!(&self.0, room => room.self_id())
    }

    /// Our device's public key, base64url.
    #[must_use]
    pub fn device_key(&self) -> String {
        either!(&self.0, room => room.device_key())
    }

    /// Our name, cleaned.
    #[must_use]
    pub fn name(&self) -> &str {
        either!(&self.0, room => room.name())
    }

    /// The next thing to do, oldest first. To be asked after every other call until it has nothing.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(told) = self.1.poll() {
            return Some(told);
        }
        let output = either!(&mut self.0, room => room.poll())?;
        self.1.look_at(output, either!(&self.0, room => room.room_id()))
    }

    /// The socket is open: asks to be let in.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn on_connected(&mut self, now: u64) -> Result<()> {
        either!(&mut self.0, room => room.on_connected(now))
    }

    /// The socket is gone.
    pub fn on_disconnected(&mut self) {
        either!(&mut self.0, room => room.on_disconnected());
    }

    /// How many bytes from the start of a received frame of `total` bytes [`Self::on_frame`] needs, of which `prefix` is the
    /// start.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`], [`Error::InvalidFrame`].
    pub fn needed(&self, prefix: &[u8], total: usize) -> Result<usize> {
        match self.0 {
            Machine::Hush1 { .. } => hush1::Room::needed(prefix, total),
            Machine::Arthas(_) => Ok(total),
        }
    }

    /// A frame from the relay: all of its `total` bytes, or as many as [`Self::needed`] says. Returns what to do with a piece
    /// of a file.
    pub fn on_frame(&mut self, bytes: &[u8], total: usize, now: u64) -> Option<BulkIn> {
        match &mut self.0 {
            Machine::Hush1 { room, .. } => room.on_frame(bytes, total, now),
            Machine::Arthas(room) => room.on_frame(bytes, now),
        }
    }

    /// What the passing of time brings. To be called at [`Self::deadline`] at the latest; more often does no harm.
    pub fn on_timer(&mut self, now: u64) {
        either!(&mut self.0, room => room.on_timer(now));
    }

    /// When [`Self::on_timer`] wants to be called.
    #[must_use]
    pub fn deadline(&self, now: u64) -> Option<u64> {
        either!(&self.0, room => room.deadline(now))
    }

    /// Says something to everybody; the message's id, which `Accepted` or `Rejected` will name. `sent_at` is our clock, Unix
    /// milliseconds.
    ///
    /// # Errors
    /// [`Error::TextTooLong`], [`Error::InvalidArgument`] for an empty text or a malformed id, [`Error::Closed`];
    /// [`Error::InvalidState`] (native) or [`Error::RateLimited`] (Arthas) when too much waits for the relay.
    pub fn send_text(&mut self, text: &str, reply_to: Option<&str>, sent_at: u64, now: u64) -> Result<String> {
        either!(&mut self.0, room => room.send_text(text, reply_to, sent_at, now))
    }

    /// Adds a reaction of ours to a message, or takes it back; the id that `Accepted` will name. In Arthas everybody has one
    /// emoji for a message: another one takes the first back, which an event says.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a malformed id or an emoji that is empty or too long, [`Error::Closed`],
    /// [`Error::InvalidState`], [`Error::RateLimited`].
    pub fn react(&mut self, message_id: &str, emoji: &str, remove: bool, now: u64) -> Result<String> {
        either!(&mut self.0, room => room.react(message_id, emoji, remove, now))
    }

    /// Tells those who are here that we started or stopped typing.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn set_typing(&mut self, on: bool) -> Result<()> {
        either!(&mut self.0, room => room.set_typing(on))
    }

    /// Asks a member to compare pictures, or agrees if it has asked. What comes of it [`RoomEvent::Comparison`](super::RoomEvent::Comparison) tells.
    ///
    /// # Errors
    /// [`Error::Unsupported`] in Arthas rooms, [`Error::UnknownMember`], [`Error::Closed`], [`Error::InvalidState`],
    /// [`Error::RandomUnavailable`].
    pub fn compare(&mut self, member: &str, now: u64) -> Result<()> {
        let (room, random) = self.comparing()?;
        room.compare(member, bytes(random)?, now)
    }

    /// Agrees to compare with a member who has asked.
    ///
    /// # Errors
    /// As [`Self::compare`]; [`Error::InvalidState`] also when it has not asked.
    pub fn compare_accept(&mut self, member: &str, now: u64) -> Result<()> {
        self.comparing()?.0.compare_accept(member, now)
    }

    /// What our user says of the pictures.
    ///
    /// # Errors
    /// As [`Self::compare`]; [`Error::InvalidState`] also when there are none, and the second time.
    pub fn compare_confirm(&mut self, member: &str, same: bool, now: u64) -> Result<()> {
        self.comparing()?.0.compare_confirm(member, same, now)
    }

    /// Gives a comparison up, or declines it. Nothing happens if there is none.
    ///
    /// # Errors
    /// As [`Self::compare`].
    pub fn compare_cancel(&mut self, member: &str, now: u64) -> Result<()> {
        self.comparing()?.0.compare_cancel(member, now)
    }

    fn comparing(&mut self) -> Result<(&mut hush1::Room, &mut RandomSource)> {
        match &mut self.0 {
            Machine::Hush1 { room, random, .. } => Ok((room, random)),
            Machine::Arthas(_) => Err(Error::Unsupported("a comparison")),
        }
    }

    /// Offers a file (native), or begins to send it (Arthas); the transfer's id. In Arthas a file whose size is not known yet
    /// waits for [`Self::source_ready`] to tell it.
    ///
    /// # Errors
    /// [`Error::TransferLimit`], [`Error::InvalidState`] when nobody is there to get it, [`Error::UnknownMember`],
    /// [`Error::TooLarge`], [`Error::Unsupported`], [`Error::InvalidArgument`], [`Error::Closed`],
    /// [`Error::RandomUnavailable`].
    pub fn offer_file(&mut self, meta: &FileMeta, now: u64) -> Result<String> {
        match &mut self.0 {
            Machine::Hush1 { room, random, .. } => {
                let header = Header::from_random(&bytes(random)?);
                room.offer_file(meta, (bytes(random)?, key(random)?, header.encode()), now)
            }
            Machine::Arthas(room) => room.offer_file(meta, now),
        }
    }

    /// What the pieces of a file we send are sealed with: given once, because what seals them remembers what it let out.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] the second time.
    pub fn sealing(&mut self, transfer: &str) -> Result<Sealing<'_>> {
        match &mut self.0 {
            Machine::Hush1 { room, .. } => {
                let (key, header, associated_data) = room.sealing_secrets(transfer)?;
                Ok(Sealing::Segments {
                    key,
                    header: Header::parse(&header)?,
                    associated_data,
                })
            }
            Machine::Arthas(room) => room.sealing(transfer),
        }
    }

    /// What the pieces of a file that comes to us are opened with.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`].
    pub fn opening(&self, transfer: &str) -> Result<Opening<'_>> {
        match &self.0 {
            Machine::Hush1 { room, .. } => {
                let (key, header, associated_data) = room.opening_secrets(transfer)?;
                Ok(Opening::Segments {
                    key,
                    header: Header::parse(&header)?,
                    associated_data,
                })
            }
            Machine::Arthas(room) => room.opening(transfer),
        }
    }

    /// The next piece to read and seal, if one may be sent. Whoever asks makes sure that the socket's own buffer stays small:
    /// Arthas has no other brake.
    pub fn next_bulk(&mut self, now: u64) -> Option<BulkJob> {
        either!(&mut self.0, room => room.next_bulk(now))
    }

    /// The start of the frame for a sealed piece of `length` bytes, which the caller appends and sends at once; `None` when
    /// nobody needs it any more.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another length than the piece's.
    pub fn bulk_head(&mut self, ticket: u32, length: usize) -> Result<Option<Vec<u8>>> {
        either!(&mut self.0, room => room.bulk_head(ticket, length))
    }

    /// The piece of `ticket` will not be sent.
    pub fn drop_job(&mut self, ticket: u32) {
        either!(&mut self.0, room => room.drop_job(ticket));
    }

    /// A source that cannot be read again has its first `segments` pieces ready; `ended` is the size of all it has. Returns the
    /// index of the first piece that may be asked for again.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::TooLarge`], [`Error::SourceChanged`], [`Error::InvalidState`].
    pub fn source_ready(&mut self, transfer: &str, segments: u32, ended: Option<u64>, now: u64) -> Result<u32> {
        either!(&mut self.0, room => room.source_ready(transfer, segments, ended, now))
    }

    /// Takes an offered file.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] when it was answered, [`Error::TransferLimit`], [`Error::Closed`].
    pub fn accept_file(&mut self, transfer: &str, now: u64) -> Result<()> {
        either!(&mut self.0, room => room.accept_file(transfer, now))
    }

    /// Refuses an offered file.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] when it was accepted, [`Error::Closed`].
    pub fn decline_file(&mut self, transfer: &str, now: u64) -> Result<()> {
        either!(&mut self.0, room => room.decline_file(transfer, now))
    }

    /// Native: everything before `end` is in the sink. Arthas: the chunk that ends at `end` has been opened.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`] when it is over.
    pub fn delivered(&mut self, transfer: &str, end: u64) -> Result<()> {
        either!(&mut self.0, room => room.delivered(transfer, end))
    }

    /// All of the file is in the sink, and the sink is closed.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`]; [`Error::Truncated`] when not everything has come.
    pub fn finish_file(&mut self, transfer: &str, now: u64) -> Result<()> {
        either!(&mut self.0, room => room.finish_file(transfer, now))
    }

    /// Ends a transfer of ours, or one to us, and tells the other side as far as the protocol can: `code` is that of an error.
    /// Nothing happens if it is over.
    ///
    /// # Errors
    /// [`Error::InvalidState`].
    pub fn end_transfer(&mut self, transfer: &str, code: &str, now: u64) -> Result<()> {
        either!(&mut self.0, room => room.end_transfer(transfer, code, now))
    }

    /// Leaves for good. The frames it leaves in the queue are still to be sent. May be called twice.
    pub fn leave(&mut self) {
        either!(&mut self.0, room => room.leave());
    }
}

impl core::fmt::Debug for Room {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Room").field(&self.0).finish()
    }
}

impl core::fmt::Debug for Machine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Hush1 { .. } => "hush1",
            Self::Arthas(_) => "arthas",
        })
    }
}

#[cfg(test)]
mod tests;
