//! The inner layer with forward secrecy: Olm between pairs, a Megolm sender key for each instance.
//!
//! Built from `vodozemac` and nothing of our own: the double ratchet and the sender keys of Matrix (the Olm and Megolm
//! specifications). A [`Ratchet`] is sans-IO like the rest: bytes and the time go in, bytes, [`Action`]s and [`Opened`]
//! come out. Only its randomness is vodozemac's own, which takes no source from its caller.
//!
//! ```text
//! inner = 0x01 | signed post       hello with a bundle; nothing else from somebody whose bundle is known
//!       | 0x02 | BE16(generation) | Megolm message         [group]
//!       | 0x03 | Olm message                               [note]
//!       | 0x04 | Olm pre-key message                       [note]
//! ```
//! - `bundle`: Curve25519 keys of an instance, signed by its device. `pair`: who starts, and how a pair heals.
//! - `outbound`: one sender key for each instance, given over Olm to each member before the first post it is to read, from
//!   its present index on: who joins later reads from then on. A new one when somebody who has it is gone, after 100 posts
//!   and after 24 hours. Members who say nothing never make one.
//! - `inbound`: each message opens once, and what was opened without a gap can never be opened again.
//! - `context`: what every message is bound to. `store`: what is kept, and in which order things may leave.
//!
//! # Why posts carry no device signature
//! The chain is: device key signs the bundle (room, instance, identity key); Olm's agreement authenticates the identity key
//! of the note that shares a sender key, and its binding names both parties; the Ed25519 key of the Megolm session signs each
//! message, and the binding inside names room, device, generation and the whole outer header. So nobody but the device's
//! holder makes a message that opens. A second signature of 64 bytes would prove the same, and make it provable to outsiders.
//!
//! # What is never restored
//! Whatever encrypts. An instance is new at each start, and so are its account, Olm sessions and sender key. Megolm and Olm
//! derive key and IV from the ratchet's state: a state that came back (crash, cloned store, old backup) would encrypt two
//! messages under one key. There is no such state. See `store`.
//!
//! # What it costs
//! A post with 200 bytes of event is 373 bytes on the wire: Post frame 26, outer header 26 and tag 16, kind 1, generation 2, Megolm
//! 78 (64 signature, 8 MAC, 6 framing), ciphertext 224 (event 200, binding 16, back 2, mark 1, CBC 1, padding 4). A sender key for
//! one member is 402 bytes, for 49 members 19.7 kB; 508 and 24.9 kB if none of them had ever answered. `tests/budget.rs` has the
//! figures. Below 350 it does not get with these layers: even without binding, padding and event framing it would be 355.
//!
//! # How the room uses it
//! 1. **Start.** [`Ratchet::new`] beside `Device::new`. Rooms keep nothing yet: every start is a new instance. With a store:
//!    [`Ratchet::restore`]; then, before anything of [`AfterStore`] is shown, `seal_state` → the store → `stored`; many posts
//!    may share one write.
//! 2. **Hello.** `Hello` gets `bundle: bin 148`: [`Ratchet::bundle`] with `Item::Hello { to }`, signed by `Device::sign`. In
//!    `on_hello`, once the signature and the instance are right: [`Ratchet::on_bundle`]. A hello stays a signed post (0x01): it
//!    is what the other kinds are built on. It is read with the room's key, so nothing secret belongs into it but the name.
//! 3. **Sending.** In `Room::post` and `post_transient`: [`Ratchet::prepare`]; then empty [`Ratchet::poll`]: each
//!    [`Action::Post`] becomes a post of its own to one recipient, kept in the outbox, with the next counter:
//!    `header → seal_note → post::seal`. Then the event: everybody or several recipients: [`Ratchet::seal`]; exactly one: [`Ratchet::seal_to`]
//!    (if [`Ratchet::can_reach`], else it waits). `previous` goes into the call instead of the signed payload. An event to
//!    everybody waits, at most 1.5 s after the last came and 3 s in all, for members that the relay has named and that cannot
//!    be reached yet: they could not read it.
//! 4. **Receiving.** `open_post` after the outer layer: kind 0x01 goes the old way, and then only *hello* is accepted; 0x02 to
//!    0x04 go to [`Ratchet::open`]. The counter is marked as seen after `Ok` that is not [`Opened::NeedKey`]. `NeedKey` goes into
//!    `Pending` (its bounds hold), with the hello it asks for: the answer's `have` makes the sender repeat the share.
//!    [`Opened::Keys`] gives the sender's pending posts again. Once a post has waited as long as a gap may: [`Ratchet::key_overdue`],
//!    and [`crate::Error::MessagesLost`].
//! 5. **Healing.** [`Action::Report`]: a hello to that instance (`answer: false`) whose bundle is [`Ratchet::again`].
//!    [`Action::Broken`] becomes an error event, `SESSION_BROKEN`; of [`Action::Healed`] nothing is said.
//! 6. **Leaving.** `remove_peer` calls [`Ratchet::remove`]. The next post of each member makes a new sender key.
//! 7. **Repeating.** The outbox repeats byte for byte, so it needs nothing from here; Olm and Megolm drop what they had. A post
//!    to everybody made before a member was known is not for it, as today.
//! 8. **Typing** uses up an index like any post. To keep rotations rare it is best sent at most every 5 s.
//!
//! A room whose relay answers for both forms is not needed: the kind byte is inside the outer layer, and a client of this
//! version refuses signed posts other than hellos and byes, so nobody is talked down.

mod bundle;
mod context;
mod drawn;
mod group;
mod inbound;
mod limit;
mod machine;
mod note;
mod outbound;
mod padding;
mod pair;
mod receiving;
mod sending;
mod store;

#[cfg(test)]
mod tests;

pub use bundle::BUNDLE_BYTES;
pub use context::Outer;
pub use group::Said;
pub use machine::{Action, Config, Note, Ratchet};
pub use outbound::{MAX_KEY_AGE_MS, MAX_POSTS_PER_KEY};
pub use receiving::Opened;
pub use store::{AfterStore, SealedState, MAX_STATE_BYTES};

/// The first byte of an inner layer.
mod kind {
    pub(super) const GROUP: u8 = 2;
    pub(super) const PAIR: u8 = 3;
    pub(super) const PAIR_START: u8 = 4;
}
