//! Frames of the key directory: one goes in with a request, one comes out. See `docs/people.md`.
//!
//! ```text
//! 0x60..0x63  to the directory:            Hail, Lookup, Invite, Signed
//! 0x64..0x68  inside Signed:               Publish, AddKeys, Fetch, Acknowledge, Remove
//! 0x69        to the client:               Answer
//! 0x6A..0x6E  inside Answer:               Challenge, Found, Done, Invitations, Refused
//! ```
//! What is signed travels as `bin` and is verified as it came: nobody encodes a value again to check a signature.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{
    strict::{list, text},
    Bin, FixedBin,
};

/// Most replacements of a user's identity key.
pub const MAX_REPLACEMENTS: usize = 32;
/// Most one-time keys of a user that a directory keeps, and most of them in one frame.
pub const MAX_ONE_TIME_KEYS: usize = 100;
/// Most invitations that wait for one user, and most of them in one frame.
pub const MAX_INVITATIONS: usize = 100;
/// Largest sealed invitation, in bytes.
pub const MAX_SEALED_BYTES: usize = 16 * 1024;
/// Longest user id, in bytes.
pub const MAX_USER_ID_BYTES: usize = 64;

envelope_enum! {
    /// A frame of the directory.
    pub enum PeopleFrame {
        /// Asks for a challenge.
        Hail = 0x60,
        /// Asks for a user's entry.
        Lookup = 0x61,
        /// Leaves a sealed invitation.
        Invite = 0x62,
        /// A request of a user who proves to be that user.
        Signed = 0x63,
        /// Makes or renews an entry.
        Publish = 0x64,
        /// Adds one-time keys.
        AddKeys = 0x65,
        /// Asks for invitations.
        Fetch = 0x66,
        /// Invitations that need not be kept.
        Acknowledge = 0x67,
        /// Removes the user.
        Remove = 0x68,
        /// What the directory answers, whatever was asked.
        Answer = 0x69,
        /// Random bytes to sign a request with.
        Challenge = 0x6A,
        /// A user's entry.
        Found = 0x6B,
        /// It is done, and on disk.
        Done = 0x6C,
        /// Invitations.
        Invitations = 0x6D,
        /// It is not done.
        Refused = 0x6E,
    }
}

/// A user id as it came: [`crate::people::UserId`] checks it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserName(#[serde(deserialize_with = "text::<MAX_USER_ID_BYTES, _>")] pub String);

/// Says nothing of who it is, so that no log does.
impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserName(..)")
    }
}

/// Data of `Hail` (0x60).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hail {
    /// Fresh and random: the answer is signed over it.
    pub nonce: FixedBin<32>,
    /// Who is going to sign.
    pub user: UserName,
}

/// Data of `Lookup` (0x61).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lookup {
    /// As in [`Hail::nonce`].
    pub nonce: FixedBin<32>,
    /// Who is looked up.
    pub user: UserName,
    /// Whether to hand out a one-time key, which nobody else then gets.
    #[serde(default)]
    pub one_time: bool,
}

/// Data of `Invite` (0x62).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// As in [`Hail::nonce`].
    pub nonce: FixedBin<32>,
    /// Who is invited.
    pub to: UserName,
    /// The sealed invitation, at most [`MAX_SEALED_BYTES`].
    pub sealed: Bin,
}

/// Data of `Signed` (0x63).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// From the directory, not used before.
    pub challenge: FixedBin<32>,
    /// Whose request it is.
    pub user: UserName,
    /// A frame of type 0x64 to 0x68.
    pub request: Bin,
    /// The user's, over challenge and request.
    pub signature: FixedBin<64>,
}

/// Data of `Publish` (0x64).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// A signed bundle.
    pub bundle: Bin,
    /// The signed replacement, if the bundle has another identity key than the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Bin>,
}

/// Data of `AddKeys` (0x65).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddKeys {
    /// Signed one-time keys, with rising ids.
    #[serde(deserialize_with = "list::<MAX_ONE_TIME_KEYS, _, _>")]
    pub keys: Vec<Bin>,
}

/// Data of `Fetch` (0x66).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fetch {
    /// The highest id that is held already; 0 for none.
    #[serde(default)]
    pub after: u64,
}

/// Data of `Acknowledge` (0x67).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledge {
    /// Ids of invitations.
    #[serde(deserialize_with = "list::<MAX_INVITATIONS, _, _>")]
    pub ids: Vec<u64>,
}

/// Data of `Remove` (0x68).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Remove {}

/// Data of `Answer` (0x69).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The directory's Ed25519 key.
    pub key: FixedBin<32>,
    /// The directory's clock, Unix seconds.
    pub t: u64,
    /// A frame of type 0x6A to 0x6E.
    pub result: Bin,
    /// The directory's, over request, time and result.
    pub signature: FixedBin<64>,
}

/// Data of `Challenge` (0x6A).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// To be signed within a minute.
    pub challenge: FixedBin<32>,
}

/// Data of `Found` (0x6B).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The user's bundle.
    pub bundle: Bin,
    /// Every replacement of the identity key, oldest first.
    #[serde(default, deserialize_with = "list::<MAX_REPLACEMENTS, _, _>")]
    pub chain: Vec<Bin>,
    /// A one-time key that nobody else gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time: Option<Bin>,
}

/// Data of `Done` (0x6C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {
    /// One-time keys that are left; 0 where that is nobody's business but the user's.
    #[serde(default)]
    pub keys: u32,
    /// Invitations that wait; 0 where that is nobody's business but the user's.
    #[serde(default)]
    pub waiting: u32,
}

/// One invitation of [`Invitations`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Rises with each invitation the directory takes.
    pub id: u64,
    /// When it came, Unix seconds.
    pub t: u64,
    /// As in [`Invite::sealed`].
    pub sealed: Bin,
}

/// Data of `Invitations` (0x6D).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Invitations {
    /// In the order they came.
    #[serde(deserialize_with = "list::<MAX_INVITATIONS, _, _>")]
    pub items: Vec<Waiting>,
    /// Whether there are others after these.
    #[serde(default)]
    pub more: bool,
}

/// Data of `Refused` (0x6E).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// One of [`refusal_code`].
    #[serde(deserialize_with = "text::<16, _>")]
    pub code: String,
    /// For people.
    #[serde(default, deserialize_with = "text::<256, _>")]
    pub msg: String,
    /// Milliseconds after which trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// The codes of [`Refused`]. E004 and E005 mean what they mean in rooms.
pub mod refusal_code {
    /// Too many of something in too short a time.
    pub const RATE_LIMITED: &str = "E004";
    /// A frame or statement that is malformed or does not verify.
    pub const INVALID: &str = "E005";
    /// No such user.
    pub const UNKNOWN_USER: &str = "E040";
    /// The user id belongs to another key.
    pub const TAKEN: &str = "E041";
    /// The sequence is not above the last one.
    pub const STALE: &str = "E042";
    /// The challenge is over, or the signature is not the user's.
    pub const NOT_SIGNED: &str = "E043";
    /// The user has as many invitations as may wait.
    pub const MAILBOX_FULL: &str = "E044";
    /// The directory has as many users as it may have.
    pub const DIRECTORY_FULL: &str = "E045";
}
