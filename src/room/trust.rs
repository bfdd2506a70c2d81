//! Whose keys are in a room, and what their words are worth: the contact book, held against everybody who comes.
//!
//! Stands between the machine of a protocol and its caller. Whoever comes is judged and told by
//! [`RoomEvent::MemberTrust`]; a message that is signed by a key which has taken
//! another's place is [`Verification::KeyChanged`] instead of verified, until that key is acknowledged. The book in here is a
//! copy: its owner stores the meetings, and hands in the book whenever it is different.

use std::collections::VecDeque;

use super::output::{Output, RoomEvent, Verification};
use crate::{
    encoding,
    identity::{Contacts, Trust},
};

/// Messages that are remembered in case that their key is acknowledged.
const MAX_DOUBTFUL: usize = 1_000;
/// Members that are judged. More than a room takes.
const MAX_JUDGED: usize = 200;

type DeviceKey = [u8; 32];

/// A member who is here, and has a key.
struct Judged {
    id: String,
    name: String,
    /// The one that counts: see [`RoomEvent::MemberKey`]. None until it has come.
    key: Option<DeviceKey>,
    told: Standing,
}

/// What was told of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Standing {
    verified: bool,
    previous: Option<DeviceKey>,
    changed: bool,
}

/// A message under a changed key.
struct Doubtful {
    id: String,
    from: String,
    name: String,
    key: DeviceKey,
}

/// See the [module](self).
pub(super) struct TrustBook {
    contacts: Contacts,
    own_key: Option<DeviceKey>,
    members: Vec<Judged>,
    doubtful: VecDeque<Doubtful>,
    outputs: VecDeque<Output>,
}

impl TrustBook {
    /// `own_key`: ours, in a protocol where nobody else can come with it.
    pub(super) fn new(contacts: Contacts, own_key: Option<&str>) -> Self {
        Self {
            contacts,
            own_key: own_key.and_then(parse_key),
            members: Vec::new(),
            doubtful: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// What is to be told before anything else.
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The book as it is stored now. Tells whoever stands differently, and which messages count as verified now.
    pub(super) fn set_contacts(&mut self, contacts: Contacts, room_id: &str) {
        self.contacts = contacts;
        for at in 0..self.members.len() {
            self.judge(at, room_id);
        }
        let doubtful = core::mem::take(&mut self.doubtful);
        for message in doubtful {
            if self.standing(&message.name, &message.key, room_id).changed {
                self.doubtful.push_back(message);
            } else {
                self.outputs.push_back(Output::Event(RoomEvent::MessageVerified {
                    id: message.id,
                    from: message.from,
                    verification: Verification::Verified,
                }));
            }
        }
    }

    /// What the machine says, with what is to be told along with it: the first of that, and [`Self::poll`] has the rest.
    pub(super) fn look_at(&mut self, output: Output, room_id: Option<&str>) -> Option<Output> {
        let Some(room_id) = room_id else {
            return Some(output);
        };
        let mut event = match output {
            Output::Event(event) => event,
            other => return Some(other),
        };
        let mut key_of = None;
        match &mut event {
            RoomEvent::MemberJoined { id, name, device_key } => {
                self.members.retain(|member| member.id != *id);
                if self.members.len() >= MAX_JUDGED {
                    self.members.remove(0);
                }
                self.members.push(Judged {
                    id: id.clone(),
                    name: name.clone(),
                    key: parse_key(device_key),
                    told: Standing::default(),
                });
                self.judge(self.members.len().saturating_sub(1), room_id);
            }
            RoomEvent::MemberKey { id, device_key, .. } => {
                key_of = self.members.iter().position(|member| member.id == *id);
                if let Some(member) = key_of.and_then(|at| self.members.get_mut(at)) {
                    member.key = parse_key(device_key);
                }
            }
            RoomEvent::MemberLeft { id } => self.members.retain(|member| member.id != *id),
            RoomEvent::Message {
                id, from, verification, ..
            }
            | RoomEvent::MessageVerified { id, from, verification } => {
                *verification = self.worth(from, id, *verification, room_id)
            }
            _ => {}
        }
        self.outputs.push_back(Output::Event(event));
        if let Some(at) = key_of {
            self.judge(at, room_id);
        }
        self.outputs.pop_front()
    }

    /// Meets a member again, and tells how it stands if that is different.
    fn judge(&mut self, at: usize, room_id: &str) {
        let Some(member) = self.members.get(at) else {
            return;
        };
        let Some(key) = member.key else {
            return;
        };
        let (name, told) = (member.name.clone(), member.told);
        if Some(key) != self.own_key {
            // When that was is for the stored book.
            self.contacts.meet(room_id, &name, &key, 0);
        }
        let standing = self.standing(&name, &key, room_id);
        if standing == told {
            return;
        }
        if let Some(member) = self.members.get_mut(at) {
            member.told = standing;
            self.outputs.push_back(Output::Event(RoomEvent::MemberTrust {
                id: member.id.clone(),
                verified: standing.verified,
                key_changed: standing.changed,
                previous_key: standing.previous.map(|key| encoding::encode(&key)),
            }));
        }
    }

    fn standing(&self, name: &str, key: &DeviceKey, room_id: &str) -> Standing {
        if Some(*key) == self.own_key {
            // This very identity, in another tab.
            return Standing {
                verified: true,
                ..Standing::default()
            };
        }
        let met = self.contacts.judge(room_id, name, key);
        Standing {
            verified: met.trust == Trust::Verified,
            changed: met.trust == Trust::Changed,
            previous: met.previous,
        }
    }

    /// What a signature that holds is worth, under the key that it is of.
    fn worth(&mut self, from: &str, message: &str, verification: Verification, room_id: &str) -> Verification {
        let member = self.members.iter().find(|member| member.id == from);
        let (Verification::Verified, Some((member, key))) = (verification, member.and_then(|it| Some((it, it.key?))))
        else {
            return verification;
        };
        if !self.standing(&member.name, &key, room_id).changed {
            return Verification::Verified;
        }
        if self.doubtful.len() >= MAX_DOUBTFUL {
            self.doubtful.pop_front();
        }
        self.doubtful.push_back(Doubtful {
            id: message.to_owned(),
            from: from.to_owned(),
            name: member.name.clone(),
            key,
        });
        Verification::KeyChanged
    }
}

fn parse_key(text: &str) -> Option<DeviceKey> {
    encoding::decode(text)?.try_into().ok()
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
