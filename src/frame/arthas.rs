//! The frames of Arthas rooms, as its own relay and clients write them. `docs/protocol.md` has the rules around them.
//!
//! What a client sends is read leniently, as Arthas' relay does: a field that is absent or of another type has its empty
//! value, and it is for the relay to refuse that. What a relay sends is read strictly.
//!
//! Two additions of ours, in places that Arthas ignores: a client may number a message or reaction (`n`), and a relay that
//! says `receipts` in its [`RoomJoined`] answers each numbered one with [`Accepted`], and names `n` when it refuses it.

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    strict::{list, text, Bin},
    Accepted, ErrorFrame, Member, MemberJoined, MemberLeft, Ping, Pong, RelayId, RoomClosed, Value, MAX_MEMBERS,
};

/// Largest frame that Arthas' relay and its command line client accept, in bytes. Above it they close the connection.
pub const MAX_ARTHAS_FRAME_BYTES: usize = 102_400;
/// Most characters (code points) of a member's name.
pub const MAX_NAME_CHARS: usize = 20;
/// Characters of a password as it is sent: SHA-256 in lower-case hexadecimal.
pub const PASSWORD_LENGTH: usize = 64;
/// Id of the sender of a relay's own messages.
pub const SYSTEM_SENDER: &str = "system";
/// "Ciphertext" of the message by which a relay says that the room ends within five minutes.
pub const EXPIRY_WARNING: &str = "__SYSTEM_EXPIRY_WARNING__";
/// The `reason` of [`RoomClosed`].
pub const EXPIRED: &str = "expired";

/// Longest base64url text in a frame: what is left of the largest frame.
const MAX_TEXT: usize = MAX_ARTHAS_FRAME_BYTES;
const MAX_ID: usize = 64;

/// The codes of [`ErrorFrame`] that only Arthas rooms have, beside those of [`error_code`](super::error_code).
pub mod error_code {
    /// The password is not the room's.
    pub const WRONG_PASSWORD: &str = "E006";
    /// The list of public rooms is full; the room was made all the same.
    pub const LISTING_FULL: &str = "E010";
    /// The room cannot be listed as asked; it was made all the same.
    pub const INVALID_LISTING: &str = "E011";
}

/// Data of `CreateRoom` (0x01).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateRoom {
    /// 1 to 20 code points.
    #[serde(deserialize_with = "lax_text")]
    pub name: String,
    /// Empty, or SHA-256 of the password in hexadecimal.
    #[serde(deserialize_with = "lax_text")]
    pub password: String,
    /// Seconds for which a message is shown; 0 for ever.
    #[serde(deserialize_with = "lax_integer")]
    pub ephemeral: i64,
    /// Seconds until the room ends; 0 for never.
    #[serde(deserialize_with = "lax_integer")]
    pub expiry: i64,
    /// Whether the room is to be listed.
    #[serde(deserialize_with = "lax_bool", skip_serializing_if = "core::ops::Not::not")]
    pub public: bool,
    /// For the list: 1 to 50 code points.
    #[serde(deserialize_with = "lax_text", skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// For the list: up to 200 code points.
    #[serde(deserialize_with = "lax_text", skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// For the list: at most 5.
    #[serde(deserialize_with = "lax_texts", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// For the list, in Arthas: the room's key. Never sent by us, and never kept by our relay.
    #[serde(deserialize_with = "lax_text", skip_serializing_if = "String::is_empty")]
    pub key_encoded: String,
}

/// Data of `JoinRoom` (0x02).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JoinRoom {
    /// The room id.
    #[serde(deserialize_with = "lax_text")]
    pub room_id: String,
    /// As in [`CreateRoom::name`].
    #[serde(deserialize_with = "lax_text")]
    pub name: String,
    /// As in [`CreateRoom::password`].
    #[serde(deserialize_with = "lax_text")]
    pub password: String,
}

/// Data of `SendMessage` (0x03).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SendMessage {
    /// 12 bytes, base64url.
    #[serde(deserialize_with = "lax_text")]
    pub iv: String,
    /// base64url.
    #[serde(deserialize_with = "lax_text")]
    pub ciphertext: String,
    /// Ours: asks for a receipt.
    #[serde(deserialize_with = "lax_count", skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
}

/// Data of `LeaveRoom` (0x04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeaveRoom {}

/// Data of `Typing` (0x05): plain, or sealed as web client and extension send it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Typing {
    /// Whether the sender is typing; `None` in the sealed form.
    #[serde(deserialize_with = "lax_option", skip_serializing_if = "Option::is_none")]
    pub typing: Option<bool>,
    /// As in [`SendMessage::iv`]; empty in the plain form.
    #[serde(deserialize_with = "lax_text", skip_serializing_if = "String::is_empty")]
    pub iv: String,
    /// As in [`SendMessage::ciphertext`]; empty in the plain form.
    #[serde(deserialize_with = "lax_text", skip_serializing_if = "String::is_empty")]
    pub ciphertext: String,
}

/// Data of `SendReaction` (0x07).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SendReaction {
    /// As in [`SendMessage::iv`].
    #[serde(deserialize_with = "lax_text")]
    pub iv: String,
    /// As in [`SendMessage::ciphertext`].
    #[serde(deserialize_with = "lax_text")]
    pub ciphertext: String,
    /// As in [`SendMessage::n`].
    #[serde(deserialize_with = "lax_count", skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
}

/// Data of `SendFileMeta` (0x08).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SendFileMeta {
    /// The transfer's id, made by the sender.
    #[serde(deserialize_with = "lax_text")]
    pub transfer_id: String,
    /// 12 bytes, base64url: a `str`, though the ciphertext is a `bin`.
    #[serde(deserialize_with = "lax_text")]
    pub iv: String,
    /// The sealed metadata.
    #[serde(deserialize_with = "lax_bin")]
    pub ciphertext: Bin,
}

/// Data of `SendFileChunk` (0x09). `data` is the last entry of the map where we write it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SendFileChunk {
    /// The transfer's id.
    #[serde(deserialize_with = "lax_text")]
    pub transfer_id: String,
    /// The chunk's index, from 0.
    #[serde(deserialize_with = "lax_integer")]
    pub index: i64,
    /// 12 bytes.
    #[serde(deserialize_with = "lax_bin")]
    pub iv: Bin,
    /// Ciphertext and tag.
    #[serde(deserialize_with = "lax_bin")]
    pub data: Bin,
}

/// Declares the data of a frame of which only the transfer's id is known.
macro_rules! about_a_transfer {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// The transfer's id.
            #[serde(deserialize_with = "lax_text")]
            pub transfer_id: String,
        }
    )+};
}

about_a_transfer! {
    /// Data of `SendFileComplete` (0x0A).
    SendFileComplete,
    /// Data of `SendFileCancel` (0x0B).
    SendFileCancel,
    /// Data of `SendFileAck` (0x0C).
    SendFileAck,
}

/// Data of `RoomCreated` (0x10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomCreated {
    /// The room id, made by the relay.
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub room_id: String,
    /// Unix seconds at which the room ends; 0 never.
    #[serde(default)]
    pub expires_at: u64,
}

/// Data of `RoomJoined` (0x11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomJoined {
    /// The room id.
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub room_id: String,
    /// Everybody in the room; who receives this frame is the last.
    #[serde(deserialize_with = "list::<MAX_MEMBERS, _, _>")]
    pub members: Vec<Member>,
    /// Whether the room has a password.
    #[serde(default)]
    pub has_password: bool,
    /// Seconds for which a message is shown; 0 for ever.
    #[serde(default)]
    pub ephemeral: u64,
    /// Unix seconds at which the room ends; 0 never.
    #[serde(default)]
    pub expires_at: u64,
    /// Ours: whether numbered messages are answered with [`Accepted`].
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub receipts: bool,
}

/// Data of `RelayMessage` (0x14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayMessage {
    /// The sender's id.
    pub sender_id: RelayId,
    /// The sender's name.
    #[serde(default, deserialize_with = "text::<256, _>")]
    pub sender_name: String,
    /// As in [`SendMessage::iv`].
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub iv: String,
    /// As in [`SendMessage::ciphertext`].
    #[serde(deserialize_with = "text::<MAX_TEXT, _>")]
    pub ciphertext: String,
    /// The relay's clock, Unix milliseconds.
    pub t: u64,
}

/// Data of `MemberTyping` (0x15): plain or sealed, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberTyping {
    /// Who is typing.
    pub id: RelayId,
    /// As in [`Typing::typing`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing: Option<bool>,
    /// As in [`Typing::iv`].
    #[serde(
        default,
        deserialize_with = "text::<MAX_ID, _>",
        skip_serializing_if = "String::is_empty"
    )]
    pub iv: String,
    /// As in [`Typing::ciphertext`].
    #[serde(
        default,
        deserialize_with = "text::<256, _>",
        skip_serializing_if = "String::is_empty"
    )]
    pub ciphertext: String,
}

/// Data of `RelayReaction` (0x19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelayReaction(pub RelayMessage);

/// Data of `RelayFileMeta` (0x1A).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayFileMeta {
    /// The sender's id.
    pub sender_id: RelayId,
    /// The sender's name.
    #[serde(default, deserialize_with = "text::<256, _>")]
    pub sender_name: String,
    /// As in [`SendFileMeta::transfer_id`].
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub transfer_id: String,
    /// As in [`SendFileMeta::iv`].
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub iv: String,
    /// As in [`SendFileMeta::ciphertext`].
    pub ciphertext: Bin,
    /// The relay's clock, Unix milliseconds.
    pub t: u64,
}

/// Data of `RelayFileChunk` (0x1B).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayFileChunk {
    /// The sender's id.
    pub sender_id: RelayId,
    /// The transfer's id.
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub transfer_id: String,
    /// The chunk's index, from 0. An honest relay repeats whatever the sender wrote.
    pub index: i64,
    /// 12 bytes.
    pub iv: Bin,
    /// Ciphertext and tag.
    pub data: Bin,
}

/// Data of `RelayFileComplete` (0x1C).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayFileComplete {
    /// The sender's id.
    pub sender_id: RelayId,
    /// The transfer's id.
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub transfer_id: String,
}

/// Data of `RelayFileCancel` (0x1D).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelayFileCancel(pub RelayFileComplete);

/// Data of `RelayFileAck` (0x1E), sent to the file's sender only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayFileAck {
    /// Who has the file.
    pub receiver_id: RelayId,
    /// The transfer's id.
    #[serde(deserialize_with = "text::<MAX_ID, _>")]
    pub transfer_id: String,
}

super::envelope_enum! {
    /// A frame of an Arthas room.
    pub enum ArthasFrame {
    /// Make a room.
    CreateRoom = 0x01,
    /// Join a room that exists.
    JoinRoom = 0x02,
    /// Say something to everybody else.
    SendMessage = 0x03,
    /// Leave the room.
    LeaveRoom = 0x04,
    /// Say whether one is typing.
    Typing = 0x05,
    /// Answer to [`Ping`].
    Pong = 0x06,
    /// React to a message.
    SendReaction = 0x07,
    /// Begin to send a file.
    SendFileMeta = 0x08,
    /// Send a piece of it.
    SendFileChunk = 0x09,
    /// All of it was sent.
    SendFileComplete = 0x0A,
    /// The rest of it will not be sent.
    SendFileCancel = 0x0B,
    /// The whole file has arrived.
    SendFileAck = 0x0C,
    /// The room was made; [`RoomJoined`] follows.
    RoomCreated = 0x10,
    /// The room was entered.
    RoomJoined = 0x11,
    /// Somebody else entered.
    MemberJoined = 0x12,
    /// Somebody else is gone.
    MemberLeft = 0x13,
    /// A message from another member, or from the relay itself.
    RelayMessage = 0x14,
    /// Another member started or stopped typing.
    MemberTyping = 0x15,
    /// The room has ended; the connection has not.
    RoomClosed = 0x16,
    /// The relay refuses something.
    ErrorFrame = 0x17,
    /// The relay asks whether we are there.
    Ping = 0x18,
    /// A reaction from another member.
    RelayReaction = 0x19,
    /// Another member begins to send a file.
    RelayFileMeta = 0x1A,
    /// A piece of it.
    RelayFileChunk = 0x1B,
    /// All of it was sent.
    RelayFileComplete = 0x1C,
    /// The rest of it will not come.
    RelayFileCancel = 0x1D,
    /// A receiver has the whole file.
    RelayFileAck = 0x1E,
    /// Ours: the relay has taken a numbered message or reaction. `seq` is 0.
    Accepted = 0x53,
    }
}

fn lax_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Text(text) => text,
        _ => String::new(),
    })
}

fn lax_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let Value::List(items) = Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    Ok(items
        .into_iter()
        .filter_map(|item| match item {
            Value::Text(text) => Some(text),
            _ => None,
        })
        .collect())
}

fn lax_bin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bin, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bin(bytes) => Bin(bytes),
        _ => Bin::default(),
    })
}

fn lax_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(lax_option(deserializer)?.unwrap_or(false))
}

fn lax_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(value) => Some(value),
        _ => None,
    })
}

fn lax_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Int(value) => value,
        Value::Uint(value) => i64::try_from(value).unwrap_or(i64::MAX),
        _ => 0,
    })
}

fn lax_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Uint(value) => u32::try_from(value).ok(),
        _ => None,
    })
}
