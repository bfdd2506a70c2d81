//! Sealed events: what members tell each other. The same envelope and the same strictness as frames.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::device::InstanceId;
use crate::{
    frame::{
        envelope_enum,
        strict::{list, text},
        Bin, FixedBin, MAX_MEMBERS,
    },
    ratchet::BUNDLE_BYTES,
    room::name::{MAX_FILE_NAME_BYTES, MAX_MIME_BYTES, MAX_NAME_BYTES},
    secret::Key,
};

/// Longest text of one post, in UTF-8 bytes.
pub const MAX_TEXT_BYTES: usize = 60_000;
/// Most parts of a longer text.
pub(super) const MAX_PARTS: u32 = 18;
/// Longest emoji of a reaction, in UTF-8 bytes.
pub const MAX_EMOJI_BYTES: usize = 32;
/// Instances of which a hello reports what it holds: members, and some that are away.
pub(super) const MAX_HAVE: usize = 2 * MAX_MEMBERS;

envelope_enum! {
    /// An event, or one of a kind this version does not know.
    pub(super) enum Event {
        Hello = 1,
        Text = 2,
        Reaction = 3,
        Typing = 4,
        Bye = 5,
        Lost = 6,
        Compare = 7,
        FileOffer = 16,
        FileAccept = 17,
        FileDecline = 18,
        FileCancel = 19,
        FileDone = 20,
        FileEnd = 21,
    }
}

/// A message, by the post that carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct MessageRef {
    pub(super) instance: FixedBin<16>,
    pub(super) counter: u64,
}

impl MessageRef {
    pub(super) fn new(instance: InstanceId, counter: u64) -> Self {
        Self {
            instance: instance.into(),
            counter,
        }
    }

    /// Reads the form of [`core::fmt::Display`].
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (instance, counter) = text.split_once('.')?;
        let instance = InstanceId::parse(instance).ok()?;
        Some(Self::new(instance, counter.parse().ok()?))
    }
}

impl core::fmt::Display for MessageRef {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", InstanceId(self.instance.0), self.counter)
    }
}

/// Who the sender is, and what it holds of everybody's posts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) key: FixedBin<32>,
    pub(super) nonce: FixedBin<16>,
    #[serde(deserialize_with = "text::<MAX_NAME_BYTES, _>")]
    pub(super) name: String,
    /// The keys of this instance: see [`crate::ratchet`].
    pub(super) bundle: FixedBin<BUNDLE_BYTES>,
    /// Whether a hello is wanted back.
    pub(super) answer: bool,
    /// The hash of the sender's seat, in a room for two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seat: Option<FixedBin<32>>,
    #[serde(deserialize_with = "list::<MAX_HAVE, _, _>")]
    pub(super) have: Vec<Have>,
}

/// What is held of one instance's posts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Have {
    pub(super) instance: FixedBin<16>,
    /// The highest counter.
    pub(super) top: u64,
    /// Bit k of byte k/8, lowest first: counter `top - 1 - k` is held.
    pub(super) seen: Bin,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Text {
    #[serde(deserialize_with = "text::<MAX_TEXT_BYTES, _>")]
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<MessageRef>,
    /// The sender's clock, Unix milliseconds.
    pub(super) at: u64,
    /// Which part of a longer text it is, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<u32>,
    /// How many parts that has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<u32>,
    /// The counter of the post of part 0, in all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<u64>,
}

/// An emoji for a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Reaction {
    pub(super) to: MessageRef,
    #[serde(deserialize_with = "text::<MAX_EMOJI_BYTES, _>")]
    pub(super) emoji: String,
    pub(super) remove: bool,
}

/// The sender is typing, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Typing {
    pub(super) on: bool,
}

/// The sender leaves for good.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Bye {}

/// The receiver lacks posts that the sender no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Lost {
    pub(super) count: u32,
}

/// A step of a live comparison, for one member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Compare {
    /// See [`crate::identity::sas`], which bounds it.
    pub(super) message: Bin,
}

/// A file, and everything that is needed to read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FileOffer {
    pub(super) id: FixedBin<16>,
    pub(super) stream: u32,
    #[serde(deserialize_with = "text::<MAX_FILE_NAME_BYTES, _>")]
    pub(super) name: String,
    #[serde(deserialize_with = "text::<MAX_MIME_BYTES, _>")]
    pub(super) mime: String,
    /// Bytes of plaintext; absent when it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// Bytes of one ciphertext segment.
    pub(super) segment: u32,
    pub(super) header: FixedBin<40>,
    pub(super) key: SecretBin,
    pub(super) commitment: FixedBin<32>,
    /// Length in seconds, of a voice message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) voice: Option<u32>,
}

/// Key bytes within an event: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SecretBin(FixedBin<32>);

impl SecretBin {
    pub(super) fn new(key: &Key) -> Self {
        Self(FixedBin(*key.expose()))
    }

    pub(super) fn take(mut self) -> Key {
        Key::take(&mut self.0 .0)
    }
}

impl Drop for SecretBin {
    fn drop(&mut self) {
        self.0 .0.zeroize();
    }
}

impl core::fmt::Debug for SecretBin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretBin(..)")
    }
}

/// The receiver wants the file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct FileAccept {
    pub(super) id: FixedBin<16>,
}

/// The receiver does not want the file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct FileDecline {
    pub(super) id: FixedBin<16>,
}

/// Either side ends the transfer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct FileCancel {
    pub(super) id: FixedBin<16>,
    /// See `docs/protocol.md` section 8.
    pub(super) reason: u8,
}

/// Everything has arrived and is verified.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct FileDone {
    pub(super) id: FixedBin<16>,
}

/// The length of a file that was not known when it was offered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct FileEnd {
    pub(super) id: FixedBin<16>,
    pub(super) size: u64,
}
