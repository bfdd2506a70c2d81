//! Where the randomness of rooms comes from.

use crate::{error::Result, secret::Key};

/// The platform's secure random source: fills what it is given, or fails. Rooms have none of their own.
pub type RandomSource = Box<dyn FnMut(&mut [u8]) -> Result<()> + Send>;

pub(super) fn bytes<const N: usize>(random: &mut RandomSource) -> Result<[u8; N]> {
    let mut out = [0; N];
    random(&mut out)?;
    Ok(out)
}

pub(super) fn key(random: &mut RandomSource) -> Result<Key> {
    Key::try_fill(|out| random(out))
}
