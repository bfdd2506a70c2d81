//! The platform's secure random source.

use crate::{
    error::{Error, Result},
    secret::Key,
};

/// Fills `out` with random bytes.
///
/// # Errors
/// [`Error::RandomUnavailable`].
pub(crate) fn fill(out: &mut [u8]) -> Result<()> {
    getrandom::fill(out).map_err(|_| Error::RandomUnavailable)
}

/// `N` random bytes that are not secret.
///
/// # Errors
/// [`Error::RandomUnavailable`].
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut out = [0; N];
    fill(&mut out)?;
    Ok(out)
}

/// A fresh key.
///
/// # Errors
/// [`Error::RandomUnavailable`].
pub(crate) fn key() -> Result<Key> {
    Key::try_fill(|out| fill(out))
}
