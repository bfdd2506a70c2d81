//! # The relay of hushroom
//!
//! Rooms of ciphertext over WebSockets, as section 6 of `docs/protocol.md` specifies them. The relay never looks into a
//! body, keeps nothing on disk, and writes neither room nor member ids nor addresses into its log.
//!
//! One task serves a connection (`connection`), which is a `conversation` in one of two protocols. Native ones are handled by
//! their `session`, native rooms are in the `registry`, and what happens inside one is in `room`. Those of Arthas have the same
//! three in `arthas`. What a client is to be told waits in its `outbox`, whatever it speaks.

// The checks that are shared with the fuzz targets know the crate by its name.
#[cfg(test)]
extern crate self as hushroom_relay;

mod arthas;
mod assets;
mod budget;
mod clock;
mod config;
mod connection;
mod conversation;
mod directory;
mod entry;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod hub;
mod limits;
mod outbox;
pub mod program;
mod refusal;
mod registry;
mod ring;
mod room;
mod rooms;
mod seats;
mod server;
mod session;
mod stats;
mod visitor;
mod wire;

pub use config::{Config, Seconds};
pub use directory::OpenError;
pub use server::{Relay, StartError};
pub use stats::Stats;
