//! MessagePack frames: what travels between a client and its relay.
//!
//! ```text
//! frame = { "type": uint, "data": map }        one WebSocket binary message
//!
//! 0x01..0x1E  rooms; the numbers and shared fields are those of Arthas
//! 0x40..0x42  native, client to relay:  Post, Bulk, Window
//! 0x50..0x53  native, relay to client:  Posted, BulkFrom, WindowFrom, Accepted
//! 0x80..0xFF  free for applications: any map as data, see [`Value`]
//! ```
//! Decoding is strict at the edge. Before anything is allocated a frame is scanned: at most [`MAX_FRAME_BYTES`] bytes,
//! [`MAX_DEPTH`] levels and [`MAX_ITEMS`] items, no extension types, nothing after the value. `str` and `bin` are
//! different types, no key comes twice. Unknown keys are ignored; unknown types decode to [`Frame::Other`] for the caller to skip.

mod bulk;
#[cfg(feature = "room")]
mod chunk;
#[cfg(feature = "room")]
pub(crate) mod client;
mod scan;
pub(crate) mod strict;
mod types;
mod value;
mod value_de;
mod value_read;
mod write;

use serde::Serialize;

pub use bulk::{bulk_frame_head, bulk_from_frame, peek_bulk, peek_bulk_from, BulkFromHead, BulkHead, BULK_PEEK_BYTES};
#[cfg(feature = "room")]
pub use chunk::{chunk_frame_head, peek_chunk, ChunkHead};
pub use strict::{Bin, FixedBin};
pub use types::*;
pub use value::Value;
pub use value_de::Mismatch;
pub(crate) use value_read::read_value;
pub(crate) use write::to_vec;

use crate::error::{Error, Result};

/// Largest frame either side accepts, in bytes: a 64 KiB segment and room for its envelope, with slack for Arthas.
pub const MAX_FRAME_BYTES: usize = 128 * 1024;
/// Deepest nesting of maps and arrays in a frame.
pub const MAX_DEPTH: usize = 8;
/// Most values (keys counted too) in a frame.
pub const MAX_ITEMS: usize = 4096;
/// First of the frame types that applications may use for themselves.
pub const FIRST_APPLICATION_TYPE: u32 = 0x80;
/// Last of the frame types that applications may use for themselves.
pub const LAST_APPLICATION_TYPE: u32 = 0xFF;

/// Declares an enum of messages that travel as `{"type": uint, "data": map}`: its numbers, its encoding, its decoding.
macro_rules! envelope_enum {
    ($(#[$enum_doc:meta])* $vis:vis enum $enum:ident { $($(#[$doc:meta])* $name:ident = $kind:literal,)+ }) => {
        $(#[$enum_doc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis enum $enum {
            $($(#[$doc])* $name($name),)+
            /// A type this version does not know.
            Other {
                /// The message's type.
                kind: u32,
                /// The message's data.
                data: $crate::frame::Value,
            },
        }

        impl $enum {
            /// The number of this message's type.
            #[must_use]
            $vis const fn kind(&self) -> u32 {
                match self {
                    $(Self::$name(_) => $kind,)+
                    Self::Other { kind, .. } => *kind,
                }
            }

            /// Reads the data of a message of type `kind`.
            ///
            /// # Errors
            /// [`Mismatch`](crate::frame::Mismatch) when it does not fit.
            $vis fn deserialize_data(
                kind: u32,
                data: $crate::frame::Value,
            ) -> core::result::Result<Self, $crate::frame::Mismatch> {
                match kind {
                    $($kind => <$name as serde::Deserialize>::deserialize(&data).map(Self::$name),)+
                    _ => Ok(Self::Other { kind, data }),
                }
            }

            /// Encodes with named fields and the shortest integers.
            ///
            /// # Errors
            /// [`Error::FrameTooLarge`](crate::Error::FrameTooLarge) above the limit.
            $vis fn encode(&self) -> $crate::Result<Vec<u8>> {
                $crate::frame::encode_envelope(self)
            }

            /// Decodes exactly one message.
            ///
            /// # Errors
            /// [`Error::FrameTooLarge`](crate::Error::FrameTooLarge) before anything is read;
            /// [`Error::InvalidFrame`](crate::Error::InvalidFrame) for anything that is not exactly one message.
            $vis fn decode(bytes: &[u8]) -> $crate::Result<Self> {
                let (kind, data) = $crate::frame::open_envelope(bytes)?;
                let data = $crate::frame::read_value(data)?;
                Self::deserialize_data(kind, data)
                    .map_err(|_| $crate::Error::InvalidFrame("fields missing or of the wrong type"))
            }
        }

        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> core::result::Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", &self.kind())?;
                match self {
                    $(Self::$name(data) => map.serialize_entry("data", data)?,)+
                    Self::Other { data, .. } => map.serialize_entry("data", data)?,
                }
                map.end()
            }
        }

        $(impl From<$name> for $enum {
            fn from(data: $name) -> Self {
                Self::$name(data)
            }
        })+
    };
}
pub(crate) use envelope_enum;

pub mod arthas;
pub mod people;

envelope_enum! {
    /// A frame of a known type, or one (of an application, say) whose data nobody has looked at yet.
    pub enum Frame {
    /// Make a room, or join it if the holder of its admission token has made it already.
    Create = 0x01,
    /// Join a room that exists.
    Join = 0x02,
    /// Leave the room for good.
    Leave = 0x04,
    /// Answer to [`Ping`].
    Pong = 0x06,
    /// The room was entered.
    RoomJoined = 0x11,
    /// Somebody else entered.
    MemberJoined = 0x12,
    /// Somebody else is gone for good.
    MemberLeft = 0x13,
    /// The room has ended.
    RoomClosed = 0x16,
    /// The relay refuses something.
    ErrorFrame = 0x17,
    /// The relay asks whether we are there.
    Ping = 0x18,
    /// A sealed post to all or some members.
    Post = 0x40,
    /// A piece of a file's ciphertext.
    Bulk = 0x41,
    /// A receiver's acknowledgement and credit.
    Window = 0x42,
    /// A post from another member.
    Posted = 0x50,
    /// A piece of a file from another member.
    BulkFrom = 0x51,
    /// Acknowledgement and credit from a receiver.
    WindowFrom = 0x52,
    /// The relay has taken our post.
    Accepted = 0x53,
    }
}

/// Reads a message of any type whose data may be anything; [`Value::Nil`] if it has none. For a relay, which has to say what is
/// wrong with it. `deserialize_data` of [`Frame`] or [`arthas::ArthasFrame`] then reads the data as what it should be.
///
/// # Errors
/// [`Error::FrameTooLarge`] before anything is read; [`Error::InvalidFrame`] for anything but one map with a type.
pub fn decode_any(bytes: &[u8]) -> Result<(u32, Value)> {
    let outline = scan::outline(bytes)?;
    let data = outline.data.map_or(Ok(Value::Nil), read_value)?;
    Ok((outline.kind, data))
}

pub(crate) fn encode_envelope(message: &impl Serialize) -> Result<Vec<u8>> {
    let bytes = to_vec(message).map_err(|_| Error::InvalidFrame("not encodable"))?;
    // What we send must be something that we would accept.
    scan::envelope(&bytes)?;
    Ok(bytes)
}

pub(crate) fn open_envelope(bytes: &[u8]) -> Result<(u32, &[u8])> {
    scan::envelope(bytes).map(|envelope| (envelope.kind, envelope.data))
}

#[cfg(test)]
mod tests;
