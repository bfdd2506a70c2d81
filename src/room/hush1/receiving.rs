//! Opening posts: both layers, the replay window, then the event itself.

use super::{
    device::InstanceId,
    event::{Event, MessageRef, Reaction, Text, Typing},
    inner::{self, Unverified},
    machine::Room,
    post::{self, Header},
    posting::Item,
};
use crate::{
    error::{Error, Result},
    frame::{Posted, RelayId},
    ratchet::{Opened, Outer},
    room::output::{RoomEvent, Verification},
};

const OTHER_SIGNED: Error = Error::InvalidFrame("a signed post other than a hello or a bye");

impl Room {
    /// A post from the relay. What is wrong with it becomes an error event; the room goes on.
    pub(super) fn on_posted(&mut self, posted: Posted, now: u64) {
        let known = |room: &Self, instance| room.peers.contains_key(&instance).then_some(instance);
        let sender = Header::decode(&posted.body.0)
            .ok()
            .and_then(|(header, ..)| known(self, header.instance));
        let result = self.open_post(posted, now);
        self.check(result, sender);
    }

    fn open_post(&mut self, posted: Posted, now: u64) -> Result<()> {
        let (header, header_bytes, ciphertext) = Header::decode(&posted.body.0)?;
        let instance = header.instance;
        if instance == self.device.instance {
            return Err(Error::Replayed);
        }
        if !header.is_for(self.device.instance) {
            return Err(Error::Misdirected);
        }
        let peer = self.peers.get(&instance);
        if let Some(peer) = peer.filter(|peer| peer.window.has(header.counter)) {
            return if header.counter < peer.repeats_below {
                Ok(())
            } else {
                Err(Error::Replayed)
            };
        }
        let post_key = match peer {
            Some(peer) => post::open(&self.keys, &peer.post_key, header.counter, header_bytes, ciphertext),
            None => post::open(
                &self.keys,
                &self.keys.post(instance)?,
                header.counter,
                header_bytes,
                ciphertext,
            ),
        };
        let inner = post_key?;
        if inner.first() == Some(&inner::SIGNED) {
            return self.open_signed((&header, header_bytes), &inner, posted.from, now);
        }
        if self.peers.contains_key(&instance) {
            let opened = self.open_ratcheted((&header, header_bytes), &inner, &posted, now);
            let answered = self.run_ratchet();
            opened.and(answered)?;
            self.flush(now)
        } else {
            self.on_unknown(instance, posted, now)
        }
    }

    /// Hellos and byes are signed, as nothing else may be: else whoever holds the code could keep a room from the ratchet.
    fn open_signed(
        &mut self,
        (header, header_bytes): (&Header, &[u8]),
        inner: &[u8],
        from: RelayId,
        now: u64,
    ) -> Result<()> {
        let unverified = Unverified::parse(inner)?;
        let event = Event::decode(unverified.peek()?);
        if let Ok(Event::Hello(hello)) = event {
            return self.on_hello((header, header_bytes), &unverified, hello, from, now);
        }
        let is_bye = matches!(event, Ok(Event::Bye(_)));
        let Some(peer) = self.peers.get_mut(&header.instance) else {
            // Who left before we knew it is no matter of ours.
            return is_bye.then_some(()).ok_or(OTHER_SIGNED);
        };
        unverified.verify(&self.keys, &peer.key, header_bytes)?;
        if !is_bye {
            return Err(OTHER_SIGNED);
        }
        let last = unverified
            .previous()?
            .filter(|last| *last >= peer.first && !peer.window.has(*last));
        if let Some(last) = last {
            self.remember_gap((header.instance, last), true, false, now);
        }
        self.on_bye(header.instance);
        self.run_ratchet()?;
        self.flush(now)
    }

    fn open_ratcheted(
        &mut self,
        (header, header_bytes): (&Header, &[u8]),
        inner: &[u8],
        posted: &Posted,
        now: u64,
    ) -> Result<()> {
        let (instance, counter) = (header.instance, header.counter);
        let outer = Outer {
            header: header_bytes,
            counter,
        };
        let peer = self.peers.get_mut(&instance).ok_or(Error::UnknownMember)?;
        let opened = match self.ratchet.open(instance, outer, inner, now) {
            // It was said before its sender knew of us.
            Err(Error::MessagesLost(_)) if counter < peer.first => {
                peer.window.mark(counter);
                return Ok(());
            }
            // Nothing is stored, so nothing has to be stored first.
            opened => opened?
                .release(&self.ratchet)
                .map_err(|_| Error::Internal("a state to store")),
        };
        let mut to_us = false;
        let said = match opened? {
            Opened::NeedKey { .. } => {
                // A relay can call anything transient, so the key is asked for in any case.
                if counter >= peer.first {
                    self.note_gap((instance, counter), posted.seq != 0, true, now);
                }
                self.pending.push(instance, posted.clone(), now);
                return Ok(());
            }
            Opened::Keys => {
                peer.window.mark(counter);
                self.retry_pending(instance, now);
                return Ok(());
            }
            Opened::Nothing => {
                peer.window.mark(counter);
                return Ok(());
            }
            Opened::Said(said) => said,
            Opened::SaidToUs(said) => {
                to_us = true;
                said
            }
        };
        peer.window.mark(counter);
        let missing = said
            .previous
            .filter(|previous| *previous >= peer.first && !peer.window.has(*previous));
        if let Some(previous) = missing {
            self.note_gap((instance, previous), true, false, now);
        }
        let event = Event::decode(&said.event)?;
        if matches!(event, Event::Compare(_)) && !to_us {
            return Err(Error::Misdirected);
        }
        self.on_event(MessageRef::new(instance, counter), event, posted.t, now)
    }

    /// A post of somebody in the room whose hello has not come: keep it, and ask.
    fn on_unknown(&mut self, instance: InstanceId, posted: Posted, now: u64) -> Result<()> {
        if self.is_third(instance) {
            return Err(Error::InvitationUsed);
        }
        let (header, ..) = Header::decode(&posted.body.0)?;
        if self
            .departed_window(instance)
            .is_some_and(|window| window.has(header.counter))
        {
            return Err(Error::Replayed);
        }
        self.learn_route(&posted.from, instance);
        self.pending.push(instance, posted, now);
        if self.pending.ask(instance, now) {
            self.queue.push(Item::Hello {
                to: Some(instance),
                answer: true,
            });
            self.flush(now)?;
        }
        Ok(())
    }

    fn on_event(&mut self, message: MessageRef, event: Event, received_at: u64, now: u64) -> Result<()> {
        let instance = InstanceId(message.instance.0);
        let from = instance.to_string();
        match event {
            Event::Text(Text {
                text,
                reply,
                at,
                part: None,
                of: None,
                first: None,
            }) => self.show_text(message, (text, reply, at), received_at, now),
            Event::Text(part) => self.on_text_part(message, part, received_at, now)?,
            Event::Reaction(Reaction { to, emoji, remove }) if !emoji.is_empty() => {
                self.event(RoomEvent::Reaction {
                    message_id: to.to_string(),
                    from,
                    emoji,
                    remove,
                });
            }
            Event::Typing(Typing { on }) => self.event(RoomEvent::Typing { from, on }),
            Event::Lost(lost) => self.report(&Error::MessagesLost(lost.count), Some(instance)),
            Event::Compare(compare) => self.on_comparison(instance, &compare.message.0, now)?,
            Event::FileOffer(offer) => self.on_file_offer(instance, offer)?,
            Event::FileAccept(accept) => self.on_file_accept(instance, accept.id.0, now)?,
            Event::FileDecline(decline) => self.on_file_decline(instance, decline.id.0),
            Event::FileCancel(cancel) => self.on_file_cancel(instance, cancel.id.0, cancel.reason),
            Event::FileDone(done) => self.on_file_done(instance, done.id.0),
            Event::FileEnd(end) => self.on_file_end(instance, end.id.0, end.size)?,
            // Hellos and byes are signed, or they are none.
            Event::Reaction(_) | Event::Hello(_) | Event::Bye(_) | Event::Other { .. } => {}
        }
        Ok(())
    }

    /// Shows what somebody has said.
    pub(super) fn show_text(
        &mut self,
        message: MessageRef,
        (text, reply, sent_at): (String, Option<MessageRef>, u64),
        received_at: u64,
        now: u64,
    ) {
        self.ephemeral.track(message.to_string(), now);
        self.event(RoomEvent::Message {
            id: message.to_string(),
            from: InstanceId(message.instance.0).to_string(),
            text,
            reply_to: reply.map(|reply| reply.to_string()),
            quote: None,
            // What is not said under a member's own key does not get here.
            verification: Verification::Verified,
            sent_at,
            received_at,
        });
    }

    /// Says something to everybody, at most [`super::MAX_LONG_TEXT_BYTES`]. Returns the message's id.
    ///
    /// # Errors
    /// [`Error::TextTooLong`], [`Error::InvalidArgument`] for an empty text or a malformed `reply_to`, [`Error::Closed`],
    /// [`Error::InvalidState`] when too much waits for the relay.
    pub fn send_text(&mut self, text: &str, reply_to: Option<&str>, sent_at: u64, now: u64) -> Result<String> {
        self.ensure_usable()?;
        if text.is_empty() {
            return Err(Error::InvalidArgument("an empty text"));
        }
        if text.len() > super::MAX_LONG_TEXT_BYTES {
            return Err(Error::TextTooLong {
                limit: super::MAX_LONG_TEXT_BYTES,
                actual: text.len(),
            });
        }
        let reply = reply_to.map(parse_message).transpose()?;
        let counter = if text.len() > super::MAX_TEXT_BYTES {
            self.post_long(text, reply, sent_at, now)?
        } else {
            let event = Text {
                text: text.to_owned(),
                reply,
                at: sent_at,
                part: None,
                of: None,
                first: None,
            };
            self.post(&event.into(), vec![], now)?
        };
        let id = MessageRef::new(self.device.instance, counter).to_string();
        self.ephemeral.expect_own(&id);
        Ok(id)
    }

    /// Adds a reaction of ours to a message, or takes it back. Returns the id of the post, which `accepted` will name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a malformed id or an emoji that is empty or above [`super::MAX_EMOJI_BYTES`],
    /// [`Error::Closed`], [`Error::InvalidState`].
    pub fn react(&mut self, message_id: &str, emoji: &str, remove: bool, now: u64) -> Result<String> {
        self.ensure_usable()?;
        if emoji.is_empty() || emoji.len() > super::MAX_EMOJI_BYTES {
            return Err(Error::InvalidArgument("an emoji has 1 to 32 bytes"));
        }
        let event = Reaction {
            to: parse_message(message_id)?,
            emoji: emoji.to_owned(),
            remove,
        }
        .into();
        let counter = self.post(&event, vec![], now)?;
        Ok(MessageRef::new(self.device.instance, counter).to_string())
    }

    /// Tells those who are here that we started or stopped typing.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn set_typing(&mut self, on: bool) -> Result<()> {
        self.ensure_usable()?;
        // It must not overtake the parts of a long text, which would seem to be missing.
        if self.paced_until().is_some_and(|until| until > self.clock) {
            return Ok(());
        }
        self.post_transient(&Typing { on }.into())
    }
}

fn parse_message(id: &str) -> Result<MessageRef> {
    MessageRef::parse(id).ok_or(Error::InvalidArgument("not the id of a message"))
}
