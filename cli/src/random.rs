//! The system's random source.

use hushroom::{secret::Key, Error, Result};

/// `N` fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::RandomUnavailable)?;
    Ok(bytes)
}

/// A fresh key.
pub(crate) fn key() -> Result<Key> {
    Key::try_fill(|key| getrandom::fill(key).map_err(|_| Error::RandomUnavailable))
}
