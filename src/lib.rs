//! # hushroom
//!
//! The core of an end-to-end encryption package: share codes, sealed messages, streaming file encryption, MessagePack
//! frames and (feature `room`) the protocol machine of a room. Everything here is *sans-IO*: bytes and the current time
//! go in, bytes and events come out. Sockets, clocks and random sources live with the caller, so the browser, Node, the
//! command line and the tests all drive the same code.
//!
//! The byte formats are specified in `docs/protocol.md`, the claims and their limits in `docs/security.md`.

pub mod error;
pub mod file;
pub mod frame;
#[cfg(feature = "room")]
pub mod identity;
pub mod kdf;
pub mod message;
#[cfg(feature = "room")]
pub mod people;
#[cfg(feature = "room")]
pub mod ratchet;
#[cfg(feature = "room")]
pub mod room;
pub mod secret;
pub mod share_code;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

mod encoding;
#[cfg_attr(not(feature = "room"), allow(dead_code, reason = "files need little of it"))]
mod sorted;

pub use error::{Error, Result};
