//! What we say: texts, reactions, typing, and our key.

use super::{
    machine::Room,
    pacing::{Post, Say},
    payload::{self, Reaction, Reply, MAX_EMOJI_BYTES, MAX_TEXT_BYTES},
};
use crate::{
    encoding,
    error::{Error, Result},
    frame::{
        arthas::{SendMessage, SendReaction, Typing},
        Accepted,
    },
    room::RoomEvent,
};

/// How long newcomers are waited for, so that one announcement is for all.
const COALESCE_MS: u64 = 300;
/// Least time between two announcements.
const ANNOUNCE_MS: u64 = 3_000;
/// Most reactions remembered.
const MAX_REACTIONS: usize = 2000;

impl Room {
    /// Says something to everybody. Returns the message's id.
    ///
    /// # Errors
    /// [`Error::TextTooLong`], [`Error::InvalidArgument`] for an empty text, or a `reply_to` that is none of the last 1,000
    /// messages; [`Error::RateLimited`] when 64 wait already, [`Error::Closed`].
    pub fn send_text(&mut self, text: &str, reply_to: Option<&str>, sent_at: u64, now: u64) -> Result<String> {
        if text.is_empty() {
            return Err(Error::InvalidArgument("an empty text"));
        }
        // Escaped it may take six times as much, in base64url a third more.
        let escaped = text
            .chars()
            .filter(|c| c.is_control() || matches!(c, '"' | '\\'))
            .count();
        let actual = text.len().saturating_add(escaped.saturating_mul(5));
        if actual > MAX_TEXT_BYTES {
            return Err(Error::TextTooLong {
                limit: MAX_TEXT_BYTES,
                actual,
            });
        }
        if reply_to.is_some_and(|id| self.messages.target(id).is_none() && !self.queue.holds(id)) {
            return Err(Error::InvalidArgument("not the id of a message"));
        }
        let say = Say::Text {
            text: text.to_owned(),
            reply_to: reply_to.map(str::to_owned),
            sent_at,
        };
        self.post(say, now)
    }

    /// Sets our reaction to a message, or takes it back. Returns the id of the post, which `accepted` will name. Another emoji
    /// of ours on the message is taken back first.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a message that is none of the last 1,000, or an emoji that is empty or above 32 bytes;
    /// [`Error::RateLimited`], [`Error::Closed`].
    pub fn react(&mut self, message_id: &str, emoji: &str, remove: bool, now: u64) -> Result<String> {
        if emoji.is_empty() || emoji.len() > MAX_EMOJI_BYTES {
            return Err(Error::InvalidArgument("an emoji has 1 to 32 bytes"));
        }
        if self.messages.target(message_id).is_none() && !self.queue.holds(message_id) {
            return Err(Error::InvalidArgument("not the id of a message"));
        }
        let own = self.self_id.clone();
        let say = |emoji: String, remove| Say::React {
            message: message_id.to_owned(),
            emoji,
            remove,
        };
        if let Some(before) = self.exchange_reaction(message_id, &own, emoji, remove) {
            self.post(say(before.clone(), true), now)?;
            self.event(RoomEvent::Reaction {
                message_id: message_id.to_owned(),
                from: own,
                emoji: before,
                remove: true,
            });
        }
        self.post(say(emoji.to_owned(), remove), now)
    }

    /// Remembers who has which emoji on a message. Returns another emoji that is taken back by it.
    pub(super) fn exchange_reaction(&mut self, message: &str, from: &str, emoji: &str, remove: bool) -> Option<String> {
        let place = (message.to_owned(), from.to_owned());
        let at = self.reactions.iter().position(|(known, _)| *known == place);
        let before = at.and_then(|at| self.reactions.remove(at)).map(|(_, emoji)| emoji);
        match before {
            Some(before) if remove => {
                if before != emoji {
                    self.reactions.push_back((place, before));
                }
                None
            }
            None if remove => None,
            before => {
                self.reactions.push_back((place, emoji.to_owned()));
                if self.reactions.len() > MAX_REACTIONS {
                    self.reactions.pop_front();
                }
                before.filter(|before| before != emoji)
            }
        }
    }

    /// Tells those who are here that we started or stopped typing.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn set_typing(&mut self, on: bool) -> Result<()> {
        self.ensure_usable()?;
        if !self.link.is_open() || self.members.is_empty() {
            return Ok(());
        }
        let (iv, ciphertext) = self.seal(payload::typing(on).to_vec())?;
        self.send(Typing {
            typing: None,
            iv: encoding::encode(&iv),
            ciphertext: encoding::encode(&ciphertext),
        })
    }

    fn post(&mut self, say: Say, now: u64) -> Result<String> {
        self.ensure_usable()?;
        if self.queue.is_full() {
            return Err(Error::RateLimited);
        }
        self.posts = self.posts.saturating_add(1);
        let order = self.posts;
        let id = self.post_id(order);
        if matches!(say, Say::Text { .. }) {
            self.ephemeral.expect_own(&id);
        }
        self.queue.push(Post {
            id: id.clone(),
            order,
            say,
            sealed: None,
        });
        self.flush(now)?;
        Ok(id)
    }

    /// Sends what waits, as far as the relay takes it; then our key, if newcomers need it.
    pub(super) fn flush(&mut self, now: u64) -> Result<()> {
        self.now = now;
        if !self.link.is_open() {
            return Ok(());
        }
        while let Some(post) = self.queue.pop(&self.budget, now) {
            self.send_post(post, now)?;
        }
        if self.announcement_due().is_some_and(|at| at <= now) {
            self.announce(now)?;
        }
        Ok(())
    }

    /// When there is something to send.
    pub(super) fn flush_deadline(&self) -> Option<u64> {
        let posts = self.queue.ready_at(&self.budget);
        [posts, self.announcement_due()].into_iter().flatten().min()
    }

    /// When to announce our key: messages go first.
    fn announcement_due(&self) -> Option<u64> {
        let wanted = self.announce_at.filter(|_| !self.queue.has_waiting())?;
        Some(wanted.max(self.budget.announcement_at()))
    }

    fn send_post(&mut self, mut post: Post, now: u64) -> Result<()> {
        let (iv, ciphertext) = match post.sealed.take() {
            Some(sealed) => sealed,
            None => {
                let Some(plaintext) = self.plaintext(&post.say) else {
                    // The message it is about has vanished in the meantime.
                    self.settle(&post, 0, now);
                    return Ok(());
                };
                self.seal(plaintext)?
            }
        };
        post.sealed = Some((iv, ciphertext.clone()));
        let (iv, ciphertext) = (encoding::encode(&iv), encoding::encode(&ciphertext));
        let is_message = matches!(post.say, Say::Text { .. });
        if let Say::Text { text, sent_at, .. } = &post.say {
            let guess = self.link.relay_time(now).unwrap_or(*sent_at);
            let own = self.link.own_id();
            self.messages.add_own(&post.id, &own, guess, text);
            self.budget.spend(now);
        }
        let (n, settled) = if self.link.receipts() {
            (Some(self.queue.expect(post, now)), None)
        } else {
            (None, Some(post))
        };
        if is_message {
            self.send(SendMessage { iv, ciphertext, n })?;
        } else {
            self.send(SendReaction { iv, ciphertext, n })?;
        }
        if let Some(post) = settled {
            self.settle(&post, 0, now);
        }
        Ok(())
    }

    /// What a post says, in bytes; nothing if what it is about is not there any more.
    fn plaintext(&self, say: &Say) -> Option<Vec<u8>> {
        match say {
            Say::Text { text, reply_to, .. } => {
                // A reply to what has vanished is still a message.
                let target = reply_to.as_ref().and_then(|id| self.messages.target(id));
                let reply = target.map(|target| {
                    let name = target.name.unwrap_or_else(|| self.name.clone());
                    Reply::new(target.stable_id, name, &target.preview)
                });
                Some(payload::message(text, reply.as_ref(), &self.signing))
            }
            Say::React { message, emoji, remove } => {
                let target = self.messages.target(message)?;
                let reaction = Reaction {
                    stable_id: target.stable_id,
                    emoji: emoji.clone(),
                    remove: *remove,
                };
                Some(reaction.encode())
            }
        }
    }

    /// The relay has a post of ours, or will not say.
    fn settle(&mut self, post: &Post, received_at: u64, now: u64) {
        self.ephemeral.track_own(&post.id, now);
        self.event(RoomEvent::Accepted {
            id: post.id.clone(),
            received_at,
        });
    }

    pub(super) fn on_accepted(&mut self, accepted: Accepted, now: u64) -> Result<()> {
        self.link.learn_time(accepted.t, now);
        if let Some(post) = self.queue.settle(accepted.n, now) {
            if matches!(post.say, Say::Text { .. }) {
                self.messages.set_time(&post.id, accepted.t);
            }
            self.settle(&post, accepted.t, now);
        }
        self.flush(now)
    }

    /// Newcomers need our key. Soon, so that many of them get it at once.
    pub(super) fn announce_soon(&mut self, now: u64) {
        let soon = now.saturating_add(COALESCE_MS);
        let again = self.announced_at.map_or(0, |at| at.saturating_add(ANNOUNCE_MS));
        self.announce_at.get_or_insert(soon.max(again));
    }

    /// Tells everybody our key.
    pub(super) fn announce(&mut self, now: u64) -> Result<()> {
        self.announce_at = None;
        self.announced_at = (!self.members.is_empty()).then_some(now);
        let (iv, ciphertext) = self.seal(payload::announcement(&self.signing))?;
        self.budget.spend(now);
        self.send(SendMessage {
            iv: encoding::encode(&iv),
            ciphertext: encoding::encode(&ciphertext),
            n: None,
        })
    }
}
