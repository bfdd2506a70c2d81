//! Who we are, and whom we know: a device's key and its contacts, and how two people check each other's.
//!
//! ```text
//! state   = 0x01 | seed(32) | contacts | person | check(8)
//! check   = SHA-256("hushroom/1 identity" | 0x00 | all before it)[0..8]      against broken stores, not against people
//! contacts = BE16(n) | n x known | BE16(n) | n x pin | BE16(n) | n x partner      each list oldest first
//! known   = key(32) | verified (0x00 or 0x01) | BE64(met at) | len8(name)
//! pin     = place(16) | count (1 to 8) | count x key(32)                         the newest accepted key last
//! partner = place(16) | key(32)
//! place   = SHA-256("hushroom/1 pin" | 0x00 | len8(room id) | folded name)[0..16]
//!           of a partner: SHA-256("hushroom/1 partner" | 0x00 | len8(room id))[0..16]
//! ```
//! `person` is empty, or what a user of a directory keeps (`docs/people.md`). The state holds secrets; the contacts are
//! none, but tell whom somebody has met.

mod contacts;
mod emoji;
mod fold;
pub mod safety_number;
pub mod sas;
mod state;

#[cfg(test)]
mod tests;

pub use contacts::{Contacts, KnownDevice, Met, Trust, MAX_ACCEPTED_KEYS, MAX_KNOWN, MAX_PARTNERS, MAX_PINS};
pub use emoji::EMOJI;
pub use state::Identity;
pub(crate) use state::BROKEN;
