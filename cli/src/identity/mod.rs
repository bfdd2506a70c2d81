//! Who we are: a device's key and its contacts, in a file or for as long as a room lasts.
//!
//! The file holds the bytes of the core's [`hushroom::identity`], those that `fileStore` of the npm package keeps. It is read,
//! changed and written as one step, under a lock that all processes of this program take. The lock is a file beside it, named
//! like it with `.lock` at the end: the identity itself is replaced by each change. (The npm package takes no lock: programs
//! of both may use one file, but not at the same time.)

mod file;
mod keeper;
mod show;

pub(crate) use file::{IdentityFile, Turn};
pub(crate) use keeper::{open, Keeper};
pub(crate) use show::show;

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
