//! People, not only rooms: signed public keys by user id, and sealed invitations to somebody who is offline.
//!
//! ```text
//! bundle      = 0x01 | len8(user id) | identity key(32) | BE32(pre-key id) | pre-key(32) | BE64(sequence) | BE64(issued)
//!               | BE64(expires) | len8(display name) | signature(64)
//! replacement = 0x01 | len8(user id) | old identity key(32) | new identity key(32) | BE64(sequence) | BE64(time)
//!               | signature of the old key(64) | signature of the new key(64)
//! one-time    = 0x01 | BE32(id) | key(32) | signature(64)
//! sealed      = 0x01 | kind(1) | BE32(key id) | enc(32) | HPKE ciphertext
//! ```
//! `docs/people.md` has all of it. A directory keeps an [`Entry`] for each user, and is trusted for nothing but being there: an
//! entry proves itself, [`pins`] notice one that goes back or changes hands, and every [`answer`] is signed over its question.
//!
//! A [`Person`] is a user's whole side: it makes requests, checks answers, and remembers. It holds no socket, no clock and no
//! random source.

pub mod answer;
mod bundle;
pub(crate) mod bytes;
mod entry;
mod hpke;
pub mod invitation;
mod keys;
mod one_time;
mod person;
pub mod pins;
mod replacement;
mod signing;
mod state;
mod user_id;

#[cfg(test)]
mod tests;

pub use bundle::{Bundle, MAX_CLOCK_SKEW_SECONDS, MAX_VALIDITY_SECONDS};
pub use entry::Entry;
pub use hpke::{PublicKey, SecretKey};
pub use invitation::{Contents, MAX_INVITATION_TEXT_BYTES};
pub use one_time::OneTimeKey;
pub use person::{Acquaintance, InvitationSeen, Mail, Person, Sender, INVITATION_SECONDS};
pub use replacement::Replacement;
pub use signing::{Identity, IdentityKey};
pub(crate) use state::Profile;
pub use user_id::UserId;
