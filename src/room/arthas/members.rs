//! The other members, as the relay lists them, and the keys they announced.
//!
//! By the relay's id. The last key that a member announced is the one under which its messages count as verified, so that the key
//! that is shown and the key that signs are one; whether it is that of before is for the contact book (`room::trust`). A key that another member holds is not taken until that one is gone: anybody can repeat an announcement.

use std::collections::VecDeque;

use super::signing::Signed;
use crate::room::{device_key::DeviceKey, name::clean_member_name, output::Verification};

/// Messages of one member that wait for its key.
const MAX_WAITING: usize = 20;
/// Bytes of such messages, over all members.
const MAX_WAITING_BYTES: usize = 1024 * 1024;
/// How long they wait.
const WAIT_MS: u64 = 60_000;
/// Without another sign of it, somebody has stopped typing.
const TYPING_MS: u64 = 6_000;
/// Most members; a relay that says more is not believed.
pub(super) const MAX_KNOWN: usize = 100;

/// Another member.
pub(super) struct Member {
    id: String,
    pub(super) name: String,
    /// The key it announced last.
    key: Option<DeviceKey>,
    /// The one before.
    earlier: Option<DeviceKey>,
    /// One it announced while another member held it.
    claimed: Option<DeviceKey>,
    typing_until: Option<u64>,
}

/// What an announcement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announced {
    /// The member has a key now.
    First,
    /// It had another one before.
    Changed,
    /// Nothing is new.
    Known,
    /// It is another member's.
    Taken,
}

/// A message that waits for its sender's key.
struct Waiting {
    sender: String,
    message: String,
    signed: Signed,
    since: u64,
}

/// All of them.
#[derive(Default)]
pub(super) struct Members {
    members: Vec<Member>,
    waiting: VecDeque<Waiting>,
}

impl Members {
    pub(super) fn get(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.members.iter().map(|member| &member.id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a member; its name, cleaned. `None` if it is known, or there is no room for more.
    pub(super) fn add(&mut self, id: &str, name: &str) -> Option<String> {
        if self.get(id).is_some() || self.members.len() >= MAX_KNOWN {
            return None;
        }
        let name = clean_member_name(name).unwrap_or_else(|_| "?".to_owned());
        let member = Member {
            id: id.to_owned(),
            name: name.clone(),
            key: None,
            earlier: None,
            claimed: None,
            typing_until: None,
        };
        self.members.push(member);
        Some(name)
    }

    /// Removes a member. Returns whether it was there, and who now has the key that it held.
    pub(super) fn remove(&mut self, id: &str) -> (bool, Option<(String, DeviceKey)>) {
        let Some(at) = self.members.iter().position(|member| member.id == id) else {
            return (false, None);
        };
        let gone = self.members.remove(at);
        self.waiting.retain(|waiting| waiting.sender != id);
        let heir = gone.key.and_then(|key| {
            let heir = self
                .members
                .iter_mut()
                .find(|member| member.key.is_none() && member.claimed.as_ref() == Some(&key))?;
            heir.claimed = None;
            heir.key = Some(key.clone());
            Some((heir.id.clone(), key))
        });
        (true, heir)
    }

    /// `id` announced `key`. An announcement that its holder did not sign counts only where there is none.
    pub(super) fn announce(&mut self, id: &str, key: DeviceKey, signed: bool) -> Announced {
        let taken = self.members.iter().any(|member| member.id != id && member.holds(&key));
        let Some(member) = self.get_mut(id) else {
            return Announced::Known;
        };
        if member.key.as_ref() == Some(&key) || (!signed && member.key.is_some()) {
            return Announced::Known;
        }
        if taken {
            member.claimed = Some(key);
            return Announced::Taken;
        }
        member.earlier = member.key.replace(key);
        if member.earlier.is_none() {
            Announced::First
        } else {
            Announced::Changed
        }
    }

    /// Looks at a signature; a message whose sender's key is not known waits for it.
    pub(super) fn verify(&mut self, sender: &str, message: &str, signed: Option<Signed>, now: u64) -> Verification {
        let Some(signed) = signed else {
            return Verification::Unsigned;
        };
        let Some(member) = self.get(sender).filter(|member| member.key.is_some()) else {
            self.wait(sender, message, signed, now);
            return Verification::Unknown;
        };
        member.verify(&signed)
    }

    fn wait(&mut self, sender: &str, message: &str, signed: Signed, now: u64) {
        self.waiting.push_back(Waiting {
            sender: sender.to_owned(),
            message: message.to_owned(),
            signed,
            since: now,
        });
        let of_sender = self.waiting.iter().filter(|waiting| waiting.sender == sender).count();
        if of_sender > MAX_WAITING {
            if let Some(oldest) = self.waiting.iter().position(|waiting| waiting.sender == sender) {
                self.waiting.remove(oldest);
            }
        }
        let weight = |waiting: &VecDeque<Waiting>| waiting.iter().map(|waiting| waiting.signed.weight()).sum::<usize>();
        while weight(&self.waiting) > MAX_WAITING_BYTES {
            self.waiting.pop_front();
        }
    }

    /// The messages that waited for the key of `id`, and what is known of them now.
    pub(super) fn recheck(&mut self, id: &str) -> Vec<(String, Verification)> {
        let (of_member, others): (VecDeque<_>, _) = core::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.sender == id);
        self.waiting = others;
        let Some(member) = self.get(id) else {
            return vec![];
        };
        of_member
            .into_iter()
            .map(|waiting| (waiting.message, member.verify(&waiting.signed)))
            .collect()
    }

    /// Whether to tell of it: a repeated "yes" too, since it lasts only so long.
    pub(super) fn set_typing(&mut self, id: &str, on: bool, now: u64) -> bool {
        let Some(member) = self.get_mut(id) else {
            return false;
        };
        let before = member.typing_until.is_some();
        member.typing_until = on.then(|| now.saturating_add(TYPING_MS));
        on || before
    }

    /// Those who have stopped typing without saying so. Forgets what has waited for too long.
    pub(super) fn on_timer(&mut self, now: u64) -> Vec<String> {
        self.waiting
            .retain(|waiting| now.saturating_sub(waiting.since) < WAIT_MS);
        let mut stopped = vec![];
        for member in &mut self.members {
            if member.typing_until.is_some_and(|until| until <= now) {
                member.typing_until = None;
                stopped.push(member.id.clone());
            }
        }
        stopped
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        let waiting = self
            .waiting
            .front()
            .map(|waiting| waiting.since.saturating_add(WAIT_MS));
        let typing = self.members.iter().filter_map(|member| member.typing_until);
        typing.chain(waiting).min()
    }
}

impl Member {
    fn holds(&self, key: &DeviceKey) -> bool {
        self.key.as_ref() == Some(key) || self.earlier.as_ref() == Some(key)
    }

    fn verify(&self, signed: &Signed) -> Verification {
        match (&self.key, &self.earlier) {
            (None, _) => Verification::Unknown,
            (Some(key), _) if signed.is_by(key) => Verification::Verified,
            // Right, but under a key that this member has no more.
            (_, Some(earlier)) if signed.is_by(earlier) => Verification::Unknown,
            _ => Verification::Failed,
        }
    }
}
