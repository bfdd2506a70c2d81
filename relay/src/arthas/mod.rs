//! Arthas rooms, for clients of that system: what its own relay does, on the same socket as native rooms.
//!
//! A `session` handles what a client sends and checks it in Arthas' order; the rooms are in the `registry`; a `room` has its
//! members and messages, and in `files` the transfers. A room that its maker wants to be found is in the public list
//! (`listing`, served by `directory`), without its key.
//!
//! Different from Arthas' relay: a receiver that does not read holds nobody up, nothing is dropped without a word, passwords
//! are compared in constant time and may not be tried without end, and a transfer belongs to the member that began it.

mod color;
mod directory;
mod files;
mod listing;
mod password;
mod registry;
mod room;
mod session;

pub(crate) use directory::routes;
pub(crate) use registry::Registry;
pub(crate) use session::Session;

use bytes::Bytes;
use hushroom::frame::arthas::{ArthasFrame, MAX_ARTHAS_FRAME_BYTES};

use crate::refusal::Refusal;

/// Longest id of a transfer, and longest initialization vector in either form, in bytes: room enough, and bounded.
const MAX_SHORT_BYTES: usize = 64;

/// Encodes a frame that holds what a client sent.
///
/// A relayed frame is longer than the one that came. Above the limit, Arthas' clients close their connections.
fn encode(frame: impl Into<ArthasFrame>) -> Result<Bytes, Refusal> {
    let mut frame = frame
        .into()
        .encode()
        .map_err(|_| Refusal::Invalid("message too large"))?;
    if frame.len() > MAX_ARTHAS_FRAME_BYTES {
        return Err(Refusal::Invalid("message too large"));
    }
    // Queues count bytes: what is kept must not be larger than that.
    frame.shrink_to_fit();
    Ok(frame.into())
}

/// Encodes a frame of our own making, which is small.
fn encode_own(frame: impl Into<ArthasFrame>) -> Bytes {
    encode(frame).unwrap_or_else(|refusal| {
        tracing::error!(code = refusal.code(), "a frame cannot be encoded");
        Bytes::new()
    })
}
