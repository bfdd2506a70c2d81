//! # The relay of hushroom
//!
//! Rooms of ciphertext over WebSockets, as section 6 of `docs/protocol.md` specifies them. The relay never looks into a
//! body, keeps nothing on disk, and writes neither room nor member ids nor addresses into its log.
//!
//! One task serves a connection (`connection`), what a client says is handled by its `session`, and what it is to be told
//! waits in its `outbox`. All rooms are in the `registry`; what happens inside one is in `room`.

mod assets;
mod budget;
mod clock;
mod config;
mod connection;
mod directory;
mod entry;
mod http;
mod hub;
mod limits;
mod outbox;
mod refusal;
mod registry;
mod ring;
mod room;
mod server;
mod session;
mod stats;
mod visitor;
mod wire;

pub use config::{Config, Seconds};
pub use directory::OpenError;
pub use server::{Relay, StartError};
pub use stats::Stats;
