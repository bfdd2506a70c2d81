//! Whose keys are in the room: those who come are met, and what is decided about them is kept.

use std::collections::HashMap;

use hushroom::{
    identity::{
        safety_number::{room_number, Identity as Named, SafetyNumber},
        Contacts,
    },
    people::IdentityKey,
    room::{Room, RoomEvent},
    share_code::Protocol,
    Error,
};

use super::session::{Event, Session};
use crate::{
    failure::{Failure, Result},
    identity::{unix_now, Keeper},
};

/// Those who are here, and where what is known of them is kept.
pub(super) struct Acquaintances {
    keeper: Keeper,
    members: HashMap<String, Acquaintance>,
    /// The room is for two, so that its other member is remembered.
    for_two: bool,
}

/// A member, as it calls itself.
struct Acquaintance {
    name: String,
    /// base64url; empty while unknown.
    key: String,
}

impl Acquaintances {
    pub(super) fn new(keeper: Keeper, for_two: bool) -> Self {
        Self {
            keeper,
            members: HashMap::new(),
            for_two,
        }
    }

    /// The contacts after the next change.
    pub(super) async fn next(&mut self) -> Result<Contacts> {
        self.keeper.next().await
    }

    pub(super) async fn close(self) {
        self.keeper.close().await;
    }

    /// Remembers whoever comes with a key.
    pub(super) fn look_at(&mut self, room: &Room, event: &RoomEvent) {
        let met = match event {
            RoomEvent::MemberJoined { id, name, device_key } => {
                let member = Acquaintance {
                    name: name.clone(),
                    key: device_key.clone(),
                };
                self.members.insert(id.clone(), member);
                id
            }
            RoomEvent::MemberKey { id, device_key, .. } => {
                if let Some(member) = self.members.get_mut(id) {
                    member.key.clone_from(device_key);
                }
                id
            }
            RoomEvent::MemberLeft { id } => {
                self.members.remove(id);
                return;
            }
            _ => return,
        };
        let Some((member, key)) = self
            .members
            .get(met)
            .and_then(|member| Some((member, parse(&member.key)?)))
        else {
            return;
        };
        // Ourselves in another terminal. In Arthas rooms anybody can come with anybody's key.
        if room.protocol() == Protocol::Hush1 && member.key == room.device_key() {
            return;
        }
        let Some(room_id) = room.room_id().map(str::to_owned) else {
            return;
        };
        let (name, for_two, now) = (member.name.clone(), self.for_two, unix_now());
        self.keeper.change(move |contacts| {
            contacts.meet(&room_id, &name, &key, now);
            if for_two {
                contacts.set_partner(&room_id, &key);
            }
        });
    }

    fn key_of(&self, member: &str) -> Result<(&Acquaintance, [u8; 32])> {
        let known = self.members.get(member).ok_or(Error::UnknownMember)?;
        let key = parse(&known.key).ok_or_else(|| Failure::Usage("that member's key is not known yet".to_owned()))?;
        Ok((known, key))
    }
}

impl Session {
    /// Marks a member's key as compared, or takes that back. Events tell when it is kept.
    pub(crate) fn verify(&mut self, member: &str, verified: bool) -> Result<()> {
        let (_, key) = self.acquaintances.key_of(member)?;
        let now = unix_now();
        self.acquaintances
            .keeper
            .change(move |contacts| contacts.verify(&key, verified, now));
        Ok(())
    }

    /// Accepts the key with which a member has come in place of another. Events tell when that is kept.
    pub(crate) fn acknowledge_key(&mut self, member: &str) -> Result<()> {
        let (known, key) = self.acquaintances.key_of(member)?;
        let (name, now) = (known.name.clone(), unix_now());
        let room_id = self.room.room_id().map(str::to_owned);
        let room_id = room_id.ok_or(Error::InvalidState("the room is not entered yet"))?;
        self.acquaintances
            .keeper
            .change(move |contacts| contacts.acknowledge(&room_id, &name, &key, now));
        Ok(())
    }

    /// The 60 digits that both sides must see: of us and a member.
    pub(crate) fn safety_number(&self, member: &str) -> Result<String> {
        let (known, key) = self.acquaintances.key_of(member)?;
        let own_text = self.room.device_key();
        let own = own_key(&own_text)?;
        if own == key {
            return Err(Failure::Usage("that member has our own key".to_owned()));
        }
        let number = SafetyNumber::new(named(&own_text, &own), named(&known.key, &key))?;
        Ok(number.digits())
    }

    /// The 60 digits that everybody in the room must see.
    ///
    /// # Errors
    /// [`Failure::Usage`] while somebody's key is not known (Arthas rooms): a number that leaves somebody out says nothing of the room.
    pub(crate) fn room_number(&self) -> Result<String> {
        let own_text = self.room.device_key();
        let own = own_key(&own_text)?;
        let keys = self.acquaintances.members.values();
        let keys = keys.map(|member| Some((member.key.as_str(), parse(&member.key)?)));
        let keys: Option<Vec<_>> = keys.collect();
        let keys = keys.ok_or_else(|| Failure::Usage("the key of a member is not known yet".to_owned()))?;
        let everybody = keys.iter().map(|(text, key)| named(text, key));
        let everybody: Vec<_> = std::iter::once(named(&own_text, &own)).chain(everybody).collect();
        Ok(room_number(&everybody)?)
    }

    /// Asks a member to compare pictures, or agrees to what it asked.
    pub(crate) fn compare(&mut self, member: &str) -> Result<()> {
        let now = self.now();
        Ok(self.room.compare(member, now)?)
    }

    /// Says whether the pictures are the same.
    pub(crate) fn compare_confirm(&mut self, member: &str, same: bool) -> Result<()> {
        let now = self.now();
        Ok(self.room.compare_confirm(member, same, now)?)
    }

    /// Gives a comparison up, or declines it.
    pub(crate) fn compare_cancel(&mut self, member: &str) -> Result<()> {
        let now = self.now();
        Ok(self.room.compare_cancel(member, now)?)
    }

    /// Whether something was decided that is not kept yet.
    pub(crate) const fn is_keeping(&self) -> bool {
        self.acquaintances.keeper.is_busy()
    }

    pub(super) fn on_kept(&mut self, kept: Result<Contacts>) {
        let event = match kept {
            Ok(contacts) => {
                self.room.set_contacts(contacts);
                Event::Kept
            }
            Err(failure) => Event::NotKept { failure },
        };
        self.events.push_back(event);
    }
}

/// Somebody by the text of its key, which means the same to both sides and in every room.
const fn named<'a>(text: &'a str, key: &'a [u8; 32]) -> Named<'a> {
    Named {
        id: text.as_bytes(),
        key,
    }
}

fn own_key(text: &str) -> Result<[u8; 32]> {
    Ok(parse(text).ok_or(Error::Internal("our own key"))?)
}

fn parse(key: &str) -> Option<[u8; 32]> {
    IdentityKey::from_base64url(key).ok().map(|key| key.0)
}
