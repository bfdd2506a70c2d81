//! Which message is which: Arthas names one by its sender and the relay's time, which a sender is not told of its own.
//!
//! A relay with receipts says that time. With one that gives none it is guessed from the relay's clock, and whatever names a
//! message of ours means the one that is nearest.

use std::collections::VecDeque;

use super::payload::preview;

/// Most messages that can be reacted to and replied to.
const MAX_KNOWN: usize = 1000;
/// How far the guessed time of a message of ours may be from the relay's, in milliseconds.
const MAX_SKEW_MS: u64 = 5_000;

/// A message.
struct Known {
    id: String,
    /// The relay's id of the sender. Ours changes with each connection.
    sender: String,
    /// None for ours.
    name: Option<String>,
    preview: String,
    /// The relay's time.
    t: Option<u64>,
    /// For ours: when we sent it, by the relay's clock as far as we know it.
    guess: u64,
}

/// The last messages, oldest first.
#[derive(Default)]
pub(super) struct Messages {
    known: VecDeque<Known>,
}

/// What is needed to refer to a message.
pub(super) struct Target {
    pub(super) stable_id: String,
    /// None for ours.
    pub(super) name: Option<String>,
    pub(super) preview: String,
}

impl Messages {
    /// A message of somebody else; its id, which is what others call it unless that is taken.
    pub(super) fn add(&mut self, sender: &str, name: &str, t: u64, text: &str) -> String {
        let stable_id = format!("{sender}:{t}");
        let taken = |id: &str| self.known.iter().any(|known| known.id == id);
        let id = (1..)
            .map(|count: usize| match count {
                1 => stable_id.clone(),
                _ => format!("{stable_id}#{count}"),
            })
            .find(|id| !taken(id))
            .unwrap_or(stable_id);
        self.push(Known {
            id: id.clone(),
            sender: sender.to_owned(),
            name: Some(name.to_owned()),
            preview: preview(text),
            t: Some(t),
            guess: t,
        });
        id
    }

    /// A message of ours that is being sent by `sender`; again, after a reconnect.
    pub(super) fn add_own(&mut self, id: &str, sender: &str, guess: u64, text: &str) {
        if let Some(known) = self.known.iter_mut().find(|known| known.id == id) {
            // Others may have it under the first name.
            return known.sender.clone_from(&sender.to_owned());
        }
        self.push(Known {
            id: id.to_owned(),
            sender: sender.to_owned(),
            name: None,
            preview: preview(text),
            t: None,
            guess,
        });
    }

    fn push(&mut self, known: Known) {
        self.known.push_back(known);
        if self.known.len() > MAX_KNOWN {
            self.known.pop_front();
        }
    }

    /// The relay has taken our message.
    pub(super) fn set_time(&mut self, id: &str, t: u64) {
        if let Some(known) = self.known.iter_mut().find(|known| known.id == id) {
            known.t = Some(t);
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.known.retain(|known| known.id != id);
    }

    pub(super) fn target(&self, id: &str) -> Option<Target> {
        let known = self.known.iter().find(|known| known.id == id)?;
        Some(Target {
            stable_id: format!("{}:{}", known.sender, known.t.unwrap_or(known.guess)),
            name: known.name.clone(),
            preview: known.preview.clone(),
        })
    }

    /// The message that others call `stable_id`; `is_own` says which senders were we.
    pub(super) fn resolve(&mut self, stable_id: &str, is_own: impl Fn(&str) -> bool) -> Option<String> {
        let (sender, t) = stable_id.rsplit_once(':')?;
        let t: u64 = t.parse().ok()?;
        let exact = |known: &&Known| known.sender == sender && known.t == Some(t);
        if let Some(known) = self.known.iter().find(exact) {
            return Some(known.id.clone());
        }
        if !is_own(sender) {
            return None;
        }
        let near = self
            .known
            .iter_mut()
            .filter(|known| known.name.is_none() && known.guess.abs_diff(t) <= MAX_SKEW_MS)
            .min_by_key(|known| known.guess.abs_diff(t))?;
        // Now it is known: what others call it does not change.
        if near.t.is_none() {
            near.t = Some(t);
        }
        Some(near.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_messages_are_named_by_the_relay() {
        let mut messages = Messages::default();
        assert_eq!(messages.add("a", "Ada", 5, "one"), "a:5");
        assert_eq!(messages.add("a", "Ada", 5, "two"), "a:5#2");
        assert_eq!(messages.resolve("a:5", |_| false).as_deref(), Some("a:5"));
        for wrong in ["a:6", "b:5", "a", "a:", "a:x", ":", ""] {
            assert_eq!(messages.resolve(wrong, |_| false), None, "{wrong:?}");
        }
        let target = messages.target("a:5#2").unwrap();
        assert_eq!((target.stable_id.as_str(), target.preview.as_str()), ("a:5", "two"));
        messages.remove("a:5");
        assert!(messages.target("a:5").is_none());
    }

    #[test]
    fn ours_are_found_by_their_time_exactly_or_nearly() {
        let mut messages = Messages::default();
        let own = |sender: &str| sender == "me";
        messages.add_own("one", "me", 1_000, "one");
        messages.add_own("two", "me", 3_000, "two");
        assert_eq!(messages.resolve("me:2900", own).as_deref(), Some("two"));
        assert_eq!(messages.target("two").unwrap().stable_id, "me:2900");
        assert_eq!(messages.resolve("me:1200", own).as_deref(), Some("one"));
        assert_eq!(messages.resolve("me:9000", own), None);
        messages.set_time("one", 20_000);
        assert_eq!(messages.resolve("me:20000", own).as_deref(), Some("one"));
        assert_eq!(messages.resolve("other:20000", own), None);
    }

    #[test]
    fn only_the_last_messages_are_known() {
        let mut messages = Messages::default();
        (0..=MAX_KNOWN).for_each(|t| drop(messages.add("a", "", t as u64, "")));
        assert_eq!(messages.resolve("a:0", |_| false), None);
        assert!(messages.resolve("a:1", |_| false).is_some());
    }
}
