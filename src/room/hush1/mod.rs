//! The native room protocol, `hush1`, as a sans-IO machine.
//!
//! A [`Room`] takes what its relay sent and what its user wants, always with the present time in milliseconds (any steady
//! clock), and puts what is to happen into a queue that [`Room::poll`] empties: frames to send and events to show. It holds
//! no socket, no clock and no random source. `docs/protocol.md` sections 7 to 10 have the bytes.
//!
//! Three layers protect a post: [`post`] seals it under the room's key, [`crate::ratchet`] under keys of its sender that no
//! code opens, and [`event`] is what is said. Hellos, which the ratchet is built on, are signed instead ([`inner`]).
//! Bulk frames carry files, sealed under a key of their own ([`crate::file`]); their bytes never come here.

mod comparing;
mod device;
mod duo;
mod event;
mod files;
mod inner;
mod keys;
mod link;
mod long_text;
mod machine;
mod outbox;
mod padding;
mod peers;
mod post;
mod posting;
mod receiving;
mod replay;
mod sessions;
mod transfer;

#[cfg(test)]
mod tests;

pub use device::InstanceId;
pub use event::{MAX_EMOJI_BYTES, MAX_TEXT_BYTES};
pub use long_text::MAX_LONG_TEXT_BYTES;
pub use machine::{Config, Entrance, Room};

pub use super::{
    file::{BulkIn, BulkJob, FileMeta},
    output::{Output, RoomEvent},
};
