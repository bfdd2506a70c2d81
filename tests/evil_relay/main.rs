//! A relay that is the attacker, and what its victims notice.
//!
//! Honest rooms talk through a relay that records everything, meddles as a test tells it, and may hold the room's code. What
//! such a holder needs is written here anew, from `docs/protocol.md` and `docs/ratchet.md` alone: see `wire` and `insider`.
//! Each attack ends in a typed outcome (an error event, somebody not listed, nothing shown), and each test shows with the same
//! members that honest words arrive. Over sockets: `tests/e2e/hostile.test.ts`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the checks are tests"
)]

mod bundles;
mod downgrade;
mod insert;
mod insider;
mod key_share;
mod other_voices;
mod recording;
mod relay;
mod replay;
mod resurrect;
mod rollback;
mod split;
mod wire;
mod withhold;
mod world;

use insider::Insider;
use world::World;
