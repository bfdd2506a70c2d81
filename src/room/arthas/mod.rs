//! The protocol of Arthas rooms, as a sans-IO machine. `docs/protocol.md` has the rules.
//!
//! Everything is sealed under the one key of the share code, which is used as it is; what is said of members, order and time is
//! the relay's word. Of the protocol's faults those that a client alone can avoid are avoided: what comes twice is dropped, what
//! belongs into another kind of frame is refused, the first key of a member stays the one that counts, and the chunks of our own
//! files cannot be exchanged.

mod canonical;
mod chat;
mod chunks;
mod files;
mod hearing;
mod json;
mod link;
mod machine;
mod members;
mod messages;
mod number;
mod pacing;
mod payload;
mod sealing;
mod signing;

#[cfg(test)]
mod tests;

pub use chunks::{ChunkSealer, CHUNK_BYTES, MAX_FILE_BYTES};
pub use machine::{Config, Room};
pub use payload::MAX_TEXT_BYTES;
