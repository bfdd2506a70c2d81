//! What others say.

use super::{
    machine::Room,
    members::Announced,
    payload::{self, Payload, Reaction},
    sealing::{decode_ciphertext, decode_iv, Iv},
};
use zeroize::Zeroizing;

use crate::{
    error::Result,
    frame::{
        arthas::{MemberTyping, RelayMessage, SYSTEM_SENDER},
        Member,
    },
    room::{device_key::DeviceKey, RoomEvent},
};

impl Room {
    /// Opens what was sealed under the room's key. `None` for what was opened before: it came again, from whomever.
    pub(super) fn open_new(&mut self, iv: Iv, ciphertext: Vec<u8>) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if self.seen.has(&iv) {
            return Ok(None);
        }
        let plaintext = self.cipher.open(iv, ciphertext)?;
        self.seen.insert(iv);
        Ok(Some(plaintext))
    }

    fn open_texts(&mut self, iv: &str, ciphertext: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        self.open_new(decode_iv(iv)?, decode_ciphertext(ciphertext)?)
    }

    pub(super) fn on_message(&mut self, message: RelayMessage, now: u64) {
        // It says that the room is about to end, which is known from the start.
        if message.sender_id.0 == SYSTEM_SENDER {
            return;
        }
        let from = message.sender_id.0.clone();
        let result = self.open_message(message, now);
        self.check(result, Some(&from));
    }

    fn open_message(&mut self, message: RelayMessage, now: u64) -> Result<()> {
        let Some(plaintext) = self.open_texts(&message.iv, &message.ciphertext)? else {
            return Ok(());
        };
        self.link.learn_time(message.t, now);
        let sender = message.sender_id.0.clone();
        self.meet(&Member {
            id: message.sender_id,
            name: message.sender_name,
            color: String::new(),
        })?;
        let (text, reply, signed) = match Payload::parse(&plaintext)? {
            Payload::Key { key, signed } => {
                self.on_key(&sender, key, signed);
                return Ok(());
            }
            Payload::Text { text, reply, signed } => (text, reply, signed),
        };
        let name = self.members.get(&sender).map(|member| member.name.clone());
        let id = self.messages.add(&sender, &name.unwrap_or_default(), message.t, &text);
        let verification = self.members.verify(&sender, &id, signed, now);
        self.members.set_typing(&sender, false, now);
        self.ephemeral.track(id.clone(), now);
        let (reply_to, quote) = match reply {
            Some(reply) => (Some(self.resolve(&reply.stable_id)), Some(reply.quote)),
            None => (None, None),
        };
        self.event(RoomEvent::Message {
            id,
            from: sender,
            text,
            reply_to,
            quote,
            verification,
            sent_at: message.t,
            received_at: message.t,
        });
        Ok(())
    }

    /// The message that others call `stable_id`; what is not known keeps that name.
    fn resolve(&mut self, stable_id: &str) -> String {
        let link = &self.link;
        self.messages
            .resolve(stable_id, |sender| link.is_own(sender))
            .unwrap_or_else(|| stable_id.to_owned())
    }

    fn on_key(&mut self, from: &str, key: DeviceKey, signed: bool) {
        match self.members.announce(from, key.clone(), signed) {
            Announced::First => self.tell_key(from, &key, false),
            Announced::Changed => self.tell_key(from, &key, true),
            // Somebody on a new connection, whose old one the relay still believes in; or somebody who repeats what it heard.
            // Its messages stay unverified until the other one is gone.
            Announced::Taken | Announced::Known => {}
        }
    }

    /// A member has that key now. What waited for it can be looked at.
    pub(super) fn tell_key(&mut self, id: &str, key: &DeviceKey, changed: bool) {
        self.event(RoomEvent::MemberKey {
            id: id.to_owned(),
            device_key: key.to_base64url(),
            changed,
        });
        let from = id;
        for (id, verification) in self.members.recheck(from) {
            let from = from.to_owned();
            self.event(RoomEvent::MessageVerified { id, from, verification });
        }
    }

    pub(super) fn on_reaction(&mut self, message: RelayMessage, now: u64) {
        let from = message.sender_id.0.clone();
        let result = self.open_reaction(message, now);
        self.check(result, Some(&from));
    }

    fn open_reaction(&mut self, message: RelayMessage, now: u64) -> Result<()> {
        let Some(plaintext) = self.open_texts(&message.iv, &message.ciphertext)? else {
            return Ok(());
        };
        self.link.learn_time(message.t, now);
        let from = message.sender_id.0.clone();
        self.meet(&Member {
            id: message.sender_id,
            name: message.sender_name,
            color: String::new(),
        })?;
        let Reaction {
            stable_id,
            emoji,
            remove,
        } = Reaction::parse(&plaintext)?;
        let message_id = self.resolve(&stable_id);
        if let Some(before) = self.exchange_reaction(&message_id, &from, &emoji, remove) {
            self.event(RoomEvent::Reaction {
                message_id: message_id.clone(),
                from: from.clone(),
                emoji: before,
                remove: true,
            });
        }
        self.event(RoomEvent::Reaction {
            message_id,
            from,
            emoji,
            remove,
        });
        Ok(())
    }

    pub(super) fn on_typing(&mut self, typing: MemberTyping, now: u64) {
        let from = typing.id.0.clone();
        let result = self.open_typing(&typing, now);
        self.check(result, Some(&from));
    }

    /// Plain or sealed. Arthas' own relay makes "no" of whatever is sealed.
    fn open_typing(&mut self, typing: &MemberTyping, now: u64) -> Result<()> {
        let on = if typing.iv.is_empty() {
            typing.typing.unwrap_or(false)
        } else {
            match self.open_texts(&typing.iv, &typing.ciphertext)? {
                Some(plaintext) => payload::parse_typing(&plaintext)?,
                None => return Ok(()),
            }
        };
        if self.members.set_typing(&typing.id.0, on, now) {
            let from = typing.id.0.clone();
            self.event(RoomEvent::Typing { from, on });
        }
        Ok(())
    }
}
