//! The relay as its clients see it: every rule of section 6 of the protocol, over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

mod arthas;
mod arthas_checks;
mod arthas_ends;
mod arthas_files;
mod arthas_list;
mod bulk;
mod ends;
mod http;
mod limits;
mod posts;
mod resume;
mod rooms;
mod seats;
#[path = "../support/mod.rs"]
mod support;
