//! What the chat has to remember: who is here, which message and which file has which number.

use std::collections::{BTreeMap, VecDeque};

use hushroom::room::Verification;

/// Messages that can still be answered by their number.
const MAX_MESSAGES: usize = 1000;

/// Somebody in the room.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Counts those who came, and is never given twice.
    pub(super) number: u32,
    /// Cleaned.
    pub(super) name: String,
    /// base64url; empty while unknown.
    pub(super) device_key: String,
    pub(super) standing: Standing,
    pub(super) here: bool,
}

/// How a member's key stands in the contact book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Standing {
    pub(super) verified: bool,
    /// It has taken another's place, and is not accepted.
    pub(super) changed: bool,
}

/// A message that was shown.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) number: u32,
    pub(super) id: String,
    pub(super) from: String,
    /// How it starts, cleaned.
    pub(super) preview: String,
    pub(super) verification: Verification,
    pub(super) own: bool,
}

/// A file that is offered or on its way.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub(super) id: String,
    /// Cleaned.
    pub(super) name: String,
    pub(super) size: Option<u64>,
    pub(super) state: TransferState,
    /// The last tenth of it that was told.
    pub(super) tenth: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferState {
    Offered,
    Receiving,
    Sending,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) members: BTreeMap<String, Member>,
    last_member: u32,
    /// Of those who are about to be told of.
    coming: BTreeMap<String, Standing>,
    /// Where live comparisons stand, by member.
    pub(super) comparisons: BTreeMap<String, &'static str>,
    messages: VecDeque<Message>,
    last_message: u32,
    transfers: BTreeMap<u32, Transfer>,
    last_transfer: u32,
}

impl State {
    /// A member's name, or what stands for it.
    pub(super) fn name(&self, id: &str) -> String {
        let known = self.members.get(id).map(|member| member.name.as_str());
        known.filter(|name| !name.is_empty()).unwrap_or("somebody").to_owned()
    }

    /// Somebody has come.
    pub(super) fn add_member(&mut self, id: &str, name: &str, device_key: &str) -> &Member {
        self.last_member = self.last_member.wrapping_add(1);
        let member = Member {
            number: self.last_member,
            name: crate::text::clean_line(name),
            device_key: device_key.to_owned(),
            standing: self.coming.remove(id).unwrap_or_default(),
            here: true,
        };
        self.members.remove(id);
        self.members.entry(id.to_owned()).or_insert(member)
    }

    pub(super) fn remove_member(&mut self, id: &str) {
        self.coming.remove(id);
        self.comparisons.remove(id);
        self.members.remove(id);
    }

    /// How a member's key stands now; what it was before, if the member is here already.
    pub(super) fn set_standing(&mut self, id: &str, standing: Standing) -> Option<Standing> {
        if let Some(member) = self.members.get_mut(id) {
            return Some(std::mem::replace(&mut member.standing, standing));
        }
        self.coming.insert(id.to_owned(), standing);
        None
    }

    /// Those who are here, in the order they came.
    pub(super) fn by_number(&self) -> Vec<(String, Member)> {
        let members = self.members.iter().map(|(id, member)| (id.clone(), member.clone()));
        let mut members: Vec<_> = members.collect();
        members.sort_by_key(|(_, member)| member.number);
        members
    }

    /// A member by number, or by a name that no other one has.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn find_member(&self, text: &str) -> Result<(String, &Member), String> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        // Who is called like a number has one as well.
        let by_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let folded = text.to_lowercase();
        let mut found = self.members.iter().filter(|(_, member)| match by_number {
            true => digits.parse() == Ok(member.number),
            false => member.name.to_lowercase() == folded,
        });
        match (found.next(), found.next()) {
            (Some((id, member)), None) => Ok((id.clone(), member)),
            (None, _) => Err("there is no such member; /members lists who is here".to_owned()),
            _ => Err("several members are called that: take the number that /members shows".to_owned()),
        }
    }

    /// Numbers a message.
    pub(super) fn add_message(&mut self, id: &str, from: &str, text: &str, verification: Option<Verification>) -> u32 {
        self.last_message = self.last_message.wrapping_add(1);
        self.messages.push_back(Message {
            number: self.last_message,
            id: id.to_owned(),
            from: from.to_owned(),
            preview: preview(text),
            verification: verification.unwrap_or(Verification::Verified),
            own: verification.is_none(),
        });
        if self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.last_message
    }

    /// The message of that number, or the last one from somebody else.
    pub(super) fn message(&self, number: Option<u32>) -> Option<&Message> {
        self.messages
            .iter()
            .rev()
            .find(|message| number.map_or(!message.own, |number| message.number == number))
    }

    pub(super) fn message_by_id(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.iter_mut().rev().find(|message| message.id == id)
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// Forgets a message; its number, if it was known.
    pub(super) fn remove_message(&mut self, id: &str) -> Option<u32> {
        let at = self.messages.iter().position(|message| message.id == id)?;
        self.messages.remove(at).map(|message| message.number)
    }

    /// Numbers a file.
    pub(super) fn add_transfer(&mut self, id: &str, name: &str, size: Option<u64>, state: TransferState) -> u32 {
        self.last_transfer = self.last_transfer.wrapping_add(1);
        let transfer = Transfer {
            id: id.to_owned(),
            name: name.to_owned(),
            size,
            state,
            tenth: 0,
        };
        self.transfers.insert(self.last_transfer, transfer);
        self.last_transfer
    }

    /// The file of that number, or the last one for which `wanted` holds.
    pub(super) fn transfer(
        &self,
        number: Option<u32>,
        wanted: impl Fn(TransferState) -> bool,
    ) -> Option<(u32, &Transfer)> {
        let mut found = self.transfers.iter().rev();
        found
            .find(|(known, transfer)| number.is_none_or(|number| **known == number) && wanted(transfer.state))
            .map(|(number, transfer)| (*number, transfer))
    }

    pub(super) fn transfer_by_id(&mut self, id: &str) -> Option<(u32, &mut Transfer)> {
        let mut found = self.transfers.iter_mut();
        found
            .find(|(_, transfer)| transfer.id == id)
            .map(|(number, transfer)| (*number, transfer))
    }

    /// A file that is over.
    pub(super) fn remove_transfer(&mut self, id: &str) -> Option<(u32, Transfer)> {
        let number = *self.transfers.iter().find(|(_, transfer)| transfer.id == id)?.0;
        self.transfers.remove(&number).map(|transfer| (number, transfer))
    }

    pub(super) fn is_sending(&self) -> bool {
        self.transfers
            .values()
            .any(|transfer| transfer.state == TransferState::Sending)
    }
}

fn preview(text: &str) -> String {
    const LENGTH: usize = 60;
    let line = crate::text::clean_line(text);
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name_or_number_and_never_by_chance() {
        let mut state = State::default();
        for (id, name) in [
            ("a", "Ada"),
            ("b", "Grace"),
            ("c", "grace"),
            ("d", "1"),
            ("e", "Ada yes"),
        ] {
            state.add_member(id, name, "");
        }
        let found = |text: &str| state.find_member(text).map(|(id, _)| id).ok();
        for (text, id) in [
            ("Ada", "a"),
            ("ada", "a"),
            ("1", "a"),
            ("#1", "a"),
            ("2", "b"),
            ("3", "c"),
            ("4", "d"),
            ("Ada yes", "e"),
        ] {
            assert_eq!(found(text).as_deref(), Some(id), "{text}");
        }
        for text in ["Grace", "GRACE", "0", "6", "", "#", "somebody", "99999999999"] {
            assert_eq!(found(text), None, "{text}");
        }
        // A number is not given again.
        state.remove_member("a");
        state.add_member("a", "Ada", "");
        assert!(state.find_member("1").is_err());
        assert_eq!(state.find_member("Ada").unwrap().1.number, 6);
    }
}
