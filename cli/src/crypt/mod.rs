//! `encrypt` and `decrypt`: files and pipes in the Tink format of the core's `file` module.
//!
//! The core owns the format: header, nonces, counters, what is the last segment. Here are reading, writing and the cipher
//! that turns one segment at a time.

mod command;
mod engine;
mod key;
mod output;
mod pump;
mod range;

pub(crate) use command::{decrypt, encrypt};
pub(crate) use output::{remove_unfinished, Output};
pub(crate) use pump::fill;
pub(crate) use range::{parse_range, ByteRange};
