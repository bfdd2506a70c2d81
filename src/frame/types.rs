//! The data of each frame. One definition for relay, clients and JavaScript.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::strict::{list, text, Bin, FixedBin};

/// Most members a room can have.
pub const MAX_MEMBERS: usize = 50;
/// Longest member id in bytes. Ours have 8 characters; a client must not rely on it.
pub const MAX_MEMBER_ID_BYTES: usize = 64;
/// Length of an admission token in bytes.
pub const ADMISSION_TOKEN_BYTES: usize = 32;
/// Length of a resume token in bytes.
pub const RESUME_TOKEN_BYTES: usize = 16;
/// Length of a seat, and of its hash, in bytes.
pub const SEAT_BYTES: usize = 32;
/// Seats of a room for two.
pub const SEATS: usize = 2;
/// Most seconds between a room's making and its end: 7 days.
pub const MAX_EXPIRY_SECONDS: u64 = 604_800;

/// A member id as the relay gives it out, for routing only: it says nothing about who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelayId(#[serde(deserialize_with = "text::<MAX_MEMBER_ID_BYTES, _>")] pub String);

impl fmt::Display for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Data of `Create` (0x01): make the room, or join it if it is there and `auth` is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    /// The room's protocol: `"hush1"`.
    #[serde(deserialize_with = "text::<16, _>")]
    pub proto: String,
    /// The room id, made by the client.
    #[serde(deserialize_with = "text::<64, _>")]
    pub room_id: String,
    /// The admission token, 32 bytes. The relay keeps its SHA-256 only.
    pub auth: Bin,
    /// Client-made token, 16 random bytes, by which a dropped connection gets its place back.
    pub resume: Bin,
    /// The highest `seq` seen in this room, 0 for none: where a resumed connection continues.
    #[serde(default)]
    pub seen: u64,
    /// Most members, 2 to 50; 0 for the relay's default.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub max_members: u64,
    /// Seconds until the room ends; 0 for never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expiry: u64,
    /// Unix seconds at which the room ends, where a member makes it again after the relay lost it; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expires_at: u64,
    /// In rooms for two: the secret by which the relay knows the device. The relay keeps its SHA-256 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Bin>,
    /// In rooms for two: the hashes of the seats that are known, for a relay that has lost the room.
    #[serde(
        default,
        deserialize_with = "list::<SEATS, _, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub seats: Vec<FixedBin<SEAT_BYTES>>,
}

/// Data of `Join` (0x02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Join {
    /// The room's protocol: `"hush1"`.
    #[serde(deserialize_with = "text::<16, _>")]
    pub proto: String,
    /// The room id.
    #[serde(deserialize_with = "text::<64, _>")]
    pub room_id: String,
    /// The admission token, 32 bytes.
    pub auth: Bin,
    /// As in [`Create::resume`].
    pub resume: Bin,
    /// As in [`Create::seen`].
    #[serde(default)]
    pub seen: u64,
    /// As in [`Create::seat`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Bin>,
}

/// Data of `Leave` (0x04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Leave {}

/// Data of `Pong` (0x06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The `t` of the ping that is answered.
    pub t: u64,
}

/// A member as the relay knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The relay's id of this member.
    pub id: RelayId,
    /// Empty in native rooms, where names travel sealed.
    #[serde(default, deserialize_with = "text::<256, _>")]
    pub name: String,
    /// A colour `#rrggbb` derived from the id; empty in native rooms.
    #[serde(default, deserialize_with = "text::<16, _>")]
    pub color: String,
}

/// Data of `RoomJoined` (0x11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomJoined {
    /// The room id.
    #[serde(deserialize_with = "text::<64, _>")]
    pub room_id: String,
    /// Everybody in the room; who receives this frame is the last.
    #[serde(deserialize_with = "list::<MAX_MEMBERS, _, _>")]
    pub members: Vec<Member>,
    /// Unix seconds at which the room ends; 0 never.
    #[serde(default)]
    pub expires_at: u64,
    /// Most members this room may have.
    #[serde(default)]
    pub max_members: u64,
    /// Whether this connection got its old place back: same id, every post after `seen` follows.
    #[serde(default)]
    pub resumed: bool,
    /// The highest `n` the relay has accepted from this place.
    #[serde(default)]
    pub accepted: u32,
}

/// Data of `MemberJoined` (0x12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberJoined(pub Member);

/// Data of `MemberLeft` (0x13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLeft {
    /// Who left.
    pub id: RelayId,
}

/// Data of `RoomClosed` (0x16).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoomClosed {
    /// `"expired"`, or empty.
    #[serde(
        default,
        deserialize_with = "text::<64, _>",
        skip_serializing_if = "String::is_empty"
    )]
    pub reason: String,
}

/// Data of `Error` (0x17). Which codes there are: [`error_code`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorFrame {
    /// One of [`error_code`].
    #[serde(deserialize_with = "text::<16, _>")]
    pub code: String,
    /// For people.
    #[serde(default, deserialize_with = "text::<256, _>")]
    pub msg: String,
    /// The `n` of the post that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// Milliseconds after which trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// The codes of [`ErrorFrame`]. E001 to E007 mean what they mean in Arthas.
pub mod error_code {
    /// No such room.
    pub const ROOM_NOT_FOUND: &str = "E001";
    /// The room is full.
    pub const ROOM_FULL: &str = "E002";
    /// Not in a room.
    pub const NOT_IN_ROOM: &str = "E003";
    /// Too many of something in too short a time.
    pub const RATE_LIMITED: &str = "E004";
    /// A frame that is malformed or not allowed now.
    pub const INVALID_MESSAGE: &str = "E005";
    /// The room has expired.
    pub const ROOM_EXPIRED: &str = "E007";
    /// The admission token is not this room's.
    pub const ADMISSION_DENIED: &str = "E020";
    /// The relay has as many rooms as it may have.
    pub const TOO_MANY_ROOMS: &str = "E021";
    /// A frame above the size limit; the connection closes.
    pub const FRAME_TOO_LARGE: &str = "E022";
    /// A bulk frame was dropped: the receiver's queue is full, so its credit was not respected.
    pub const BULK_OVERFLOW: &str = "E023";
    /// The relay does not speak this protocol.
    pub const UNSUPPORTED_PROTOCOL: &str = "E024";
    /// Another connection has taken this place over with its resume token.
    pub const REPLACED: &str = "E025";
    /// The room is for two, and both seats are taken.
    pub const INVITATION_USED: &str = "E026";
}

/// Data of `Ping` (0x18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The relay's clock, Unix milliseconds.
    pub t: u64,
}

/// Data of `Post` (0x40).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The sender's own count, rising by any amount; a repeated `n` is accepted again but not sent out again.
    pub n: u32,
    /// The receivers; absent for everybody else in the room.
    #[serde(
        default,
        deserialize_with = "list::<MAX_MEMBERS, _, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub to: Vec<RelayId>,
    /// Whether the post may be forgotten at once (typing): not kept for those who are away, no `seq`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub transient: bool,
    /// The sealed post.
    pub body: Bin,
}

/// Data of `Bulk` (0x41). `body` is the last entry of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    /// The receivers, at least one.
    #[serde(deserialize_with = "list::<MAX_MEMBERS, _, _>")]
    pub to: Vec<RelayId>,
    /// The sender's number for this transfer.
    pub stream: u32,
    /// Where `body` belongs in the file's ciphertext, in bytes.
    pub offset: u64,
    /// A piece of the ciphertext.
    pub body: Bin,
}

/// Data of `Window` (0x42): acknowledgement, credit and resume record in one. All offsets count ciphertext bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The sender of the file.
    pub to: RelayId,
    /// The sender's number for the transfer.
    pub stream: u32,
    /// Every byte before this one has been delivered to the receiver's sink.
    pub delivered: u64,
    /// The sender may send bytes before this one.
    pub limit: u64,
    /// Whether the sender has to go back to `delivered`: what was sent beyond it is lost.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rewind: bool,
}

/// Data of `Posted` (0x50).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The relay's count of posts in this room, from 1; 0 for a transient post.
    pub seq: u64,
    /// The relay's clock, Unix milliseconds.
    pub t: u64,
    /// The sender.
    pub from: RelayId,
    /// The sealed post.
    pub body: Bin,
}

/// Data of `BulkFrom` (0x51). `body` is the last entry of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFrom {
    /// The sender.
    pub from: RelayId,
    /// As in [`Bulk::stream`].
    pub stream: u32,
    /// As in [`Bulk::offset`].
    pub offset: u64,
    /// As in [`Bulk::body`].
    pub body: Bin,
}

/// Data of `WindowFrom` (0x52).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowFrom {
    /// The receiver whose window this is.
    pub from: RelayId,
    /// As in [`Window::stream`].
    pub stream: u32,
    /// As in [`Window::delivered`].
    pub delivered: u64,
    /// As in [`Window::limit`].
    pub limit: u64,
    /// As in [`Window::rewind`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub rewind: bool,
}

/// Data of `Accepted` (0x53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The `n` of the post.
    pub n: u32,
    /// The post's `seq`; 0 for a transient one.
    pub seq: u64,
    /// The relay's clock, Unix milliseconds.
    pub t: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(value: &bool) -> bool {
    !*value
}
