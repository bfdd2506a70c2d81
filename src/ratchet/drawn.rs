//! Forgetting what keys were drawn from.
//!
//! vodozemac draws from `rand`'s generator of the thread, which keeps one seed for 64 KiB and the block it drew last: a
//! thief of the memory could draw every key since then once more, and open what was to be unreadable by now. So it gets a
//! fresh seed after each step that may have drawn, and a fresh block, of which nothing has been used.

use rand::Rng;

use crate::error::{Error, Result};

/// To be called after whatever makes keys, on the same thread.
///
/// # Errors
/// [`Error::RandomUnavailable`].
pub(super) fn forget() -> Result<()> {
    let mut rng = rand::rng();
    rng.reseed().map_err(|_| Error::RandomUnavailable)?;
    // The block is written over when the next one is drawn.
    rng.next_u32();
    Ok(())
}
