//! Files for JavaScript.
//!
//! Nonces, counters and keys stay on this side. JavaScript passes the bytes of a segment as a `Uint8Array` and gets a
//! promise of the result. With WebCrypto those bytes never enter the memory of this module; with the Rust engine they pass
//! through it and are wiped behind.
//!
//! Every method does its part at once and returns: what is left to do holds no borrow of its object, so several segments
//! may be under way, and an object may be freed while they are. The bytes of an argument have been taken when a method
//! returns; the caller may overwrite them.

mod engine;
#[cfg(feature = "room")]
mod indexed;
mod key;
mod range;
mod sequential;
mod settle;
mod web_crypto;

#[cfg(feature = "room")]
pub(super) use engine::promise;
pub use engine::{Direction, Engine, EngineKind};
#[cfg(feature = "room")]
pub use indexed::{IndexedOpener, IndexedSealer};
pub use key::{decrypted_size, encrypted_size, generate_file_key, FileKey};
pub use range::FileRangeOpener;
pub use sequential::{FileOpener, FileSealer};
