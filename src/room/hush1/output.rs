//! What comes out of a room.

use serde::Serialize;

use crate::error::Error;

/// Something for the caller to do.
#[derive(Debug)]
pub enum Output {
    /// Send this frame over the socket, in this order.
    Send(Vec<u8>),
    /// Tell the user.
    Event(RoomEvent),
    /// Close the socket and connect again after this many milliseconds (and some jitter).
    Reconnect {
        /// Milliseconds to wait at least.
        after_ms: u64,
    },
    /// Close the socket; the room is over.
    Disconnect,
}

/// A piece of a file that has come in and is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkIn {
    /// The transfer's id.
    pub transfer: String,
    /// Index of the segment in its file.
    pub segment: u32,
    /// Whether it is the file's last.
    pub last: bool,
    /// Where in the ciphertext it ends: what to give to [`Room::delivered`](super::Room::delivered) once it is in the sink.
    pub end: u64,
    /// Where in the frame it starts; it reaches to the frame's end.
    pub body_start: usize,
}

/// What happens in a room. Members, messages and transfers are named by their ids as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum RoomEvent {
    /// We are in the room, for the first time or again.
    Opened {
        /// Unix seconds at which the room ends; 0 never.
        expires_at: u64,
        /// Most members.
        max_members: u64,
    },
    /// The room is over for us.
    Closed {
        /// An error's code; `CLOSED` after our own leaving.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Somebody is here.
    MemberJoined {
        /// The member.
        id: String,
        /// As that member chose it, cleaned.
        name: String,
        /// The device's public key, base64url.
        device_key: String,
    },
    /// Somebody is gone for good.
    MemberLeft {
        /// The member.
        id: String,
    },
    /// Somebody's connection is lost, or back.
    MemberPresence {
        /// The member.
        id: String,
        /// Whether it is connected.
        here: bool,
    },
    /// A message from somebody else.
    Message {
        /// The message.
        id: String,
        /// The member.
        from: String,
        /// The text.
        text: String,
        /// The message that it answers.
        reply_to: Option<String>,
        /// The sender's clock, Unix milliseconds.
        sent_at: u64,
        /// The relay's clock, Unix milliseconds.
        received_at: u64,
    },
    /// The relay has taken a post of ours.
    Accepted {
        /// The message, or the post of a reaction.
        id: String,
        /// The relay's clock, Unix milliseconds; 0 when it is not known.
        received_at: u64,
    },
    /// A reaction from somebody else.
    Reaction {
        /// The message it is for.
        message_id: String,
        /// The member.
        from: String,
        /// The emoji.
        emoji: String,
        /// Whether it is taken back.
        remove: bool,
    },
    /// Somebody started or stopped typing.
    Typing {
        /// The member.
        from: String,
        /// Whether it is typing.
        on: bool,
    },
    /// Somebody offers a file.
    FileOffer {
        /// The transfer.
        id: String,
        /// The member.
        from: String,
        /// A file name, cleaned.
        name: String,
        /// A MIME type.
        mime: String,
        /// In bytes, if known.
        size: Option<u64>,
    },
    /// A transfer to us ended from the other side, before or after we accepted.
    IncomingEnded {
        /// The transfer.
        id: String,
        /// An error's code.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// The sender says how large a file is, which it did not know when it offered it.
    IncomingSize {
        /// The transfer.
        id: String,
        /// In bytes.
        size: u64,
    },
    /// One receiver of our file has moved on.
    Receiver {
        /// The transfer.
        id: String,
        /// The member.
        member: String,
        /// `offered`, `running`, `stalled`, `done`, `declined`, `failed` or `left`.
        state: &'static str,
        /// Ciphertext bytes delivered.
        delivered: u64,
    },
    /// Our file is with everybody who took it, or with nobody.
    OutgoingEnded {
        /// The transfer.
        id: String,
        /// An error's code; none when at least one receiver has the file.
        code: Option<&'static str>,
        /// For people.
        message: String,
    },
    /// Something was refused or lost, and the room goes on.
    Error {
        /// An error's code.
        code: &'static str,
        /// For people.
        message: String,
        /// The member it concerns, as far as that is proved.
        from: Option<String>,
    },
}

impl RoomEvent {
    pub(super) fn error(error: &Error, from: Option<String>) -> Self {
        Self::Error {
            code: error.code(),
            message: error.to_string(),
            from,
        }
    }
}
