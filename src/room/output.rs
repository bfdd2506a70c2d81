//! What comes out of a room, of whatever protocol.

use serde::Serialize;

use crate::{error::Error, frame::Bin};

/// Something for the caller to do.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "few are kept at a time, and most are events")]
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

/// What is known of a message's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// It is that of the member's key.
    Verified,
    /// It is right, but of a key that has taken another's place, which nobody has acknowledged.
    KeyChanged,
    /// The member's key is not known, or it is one that the member has replaced.
    Unknown,
    /// It is wrong.
    Failed,
    /// There is none.
    Unsigned,
}

/// What a reply says of the message it answers, in the words of its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Who wrote that message, cleaned.
    pub sender_name: String,
    /// How it starts.
    pub preview: String,
}

/// One of the seven pictures of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// As a character.
    pub emoji: &'static str,
    /// In English.
    pub name: &'static str,
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
        /// Seconds after which messages vanish; 0 never.
        ephemeral_seconds: u64,
        /// Whether the relay asks for a password.
        has_password: bool,
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
        /// The device's public key, base64url; empty while it is unknown.
        device_key: String,
    },
    /// A member's key became known, or it announced another one than before: messages count as verified under the last one only.
    MemberKey {
        /// The member.
        id: String,
        /// The device's public key, base64url.
        device_key: String,
        /// Whether there was another one before.
        changed: bool,
    },
    /// How a member's key stands in the contact book, when that is other than "neither verified nor changed" or is different
    /// now. Comes before the `MemberJoined` that it is for, and behind a `MemberKey`.
    MemberTrust {
        /// The member.
        id: String,
        /// Whether safety numbers were compared.
        verified: bool,
        /// Whether another key was accepted for the member's name in this room, and nobody has acknowledged this one.
        key_changed: bool,
        /// Then, the key that was accepted last, base64url.
        previous_key: Option<String>,
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
        /// What the sender says it answers. Only protocols that quote have it.
        quote: Option<Quote>,
        /// Whether it is signed by the member.
        verification: Verification,
        /// The sender's clock, Unix milliseconds; the relay's where senders do not say.
        sent_at: u64,
        /// The relay's clock, Unix milliseconds.
        received_at: u64,
    },
    /// A key has come, or was acknowledged, with which a message could be looked at again.
    MessageVerified {
        /// The message.
        id: String,
        /// The member.
        from: String,
        /// What came of it.
        verification: Verification,
    },
    /// The time of a message is over, in a room whose messages vanish.
    MessageExpired {
        /// The message.
        id: String,
    },
    /// The relay has taken a post of ours.
    Accepted {
        /// The message, or the post of a reaction.
        id: String,
        /// The relay's clock, Unix milliseconds; 0 when it is not known.
        received_at: u64,
    },
    /// The relay has refused a post of ours for good.
    Rejected {
        /// The message, or the post of a reaction.
        id: String,
        /// An error's code.
        code: &'static str,
        /// For people.
        message: String,
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
        /// Length in seconds, of a voice message.
        voice_seconds: Option<u32>,
        /// A small PNG, JPEG, GIF or WebP, as far as its first bytes say.
        thumbnail: Option<Bin>,
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
        /// Bytes delivered: of ciphertext in `hush1`, of the file in Arthas.
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
    /// A live comparison with a member has moved on.
    Comparison {
        /// The member.
        member: String,
        /// `requested` (it has asked), `waiting` (for it), `pictures` (to be compared), `confirmed` (by us), `verified` or
        /// `failed`; the last two are its end.
        state: &'static str,
        /// What both must see, as long as they are compared.
        pictures: Option<Box<[Picture; 7]>>,
        /// The same as three numbers of four digits.
        decimals: Option<[u16; 3]>,
        /// Why it has failed: `cancelled`, `mismatch`, `commitment`, `code`, `unexpected` or `left`.
        reason: Option<&'static str>,
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
