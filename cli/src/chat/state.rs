//! What the chat has to remember: who is here, which message and which file has which number.

use std::collections::{BTreeMap, VecDeque};

use hushroom::room::Verification;

/// Messages that can still be answered by their number.
const MAX_MESSAGES: usize = 1000;

/// Somebody in the room.
#[derive(Debug, Clone)]
pub(super) struct Member {
    /// Cleaned.
    pub(super) name: String,
    /// base64url; empty while unknown.
    pub(super) device_key: String,
    pub(super) key_changed: bool,
    pub(super) here: bool,
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
