//! What a Megolm message holds.
//!
//! ```text
//! inner     = 0x02 | BE16(generation) | Megolm message
//! plaintext = binding(16) | BE16(back) | event | 0x80 | 00 ...
//! ```
//! `generation` counts the sender keys of this instance: a Megolm message does not name its session. `back` is how many
//! counters back the sender's last kept post to everybody lies, 0 for none or further than 65,535: so a receiver notices
//! what a relay withheld.

use vodozemac::megolm::{GroupSession, MegolmMessage};
use zeroize::Zeroizing;

use super::{
    context::{Binding, Outer},
    kind, padding,
};
use crate::error::{Error, Result};

const MALFORMED: Error = Error::InvalidFrame("not a ratcheted post");

/// What somebody said.
pub struct Said {
    /// The counter of the sender's last kept post to everybody, if there is one and it is near.
    pub previous: Option<u64>,
    /// The encoded event.
    pub event: Zeroizing<Vec<u8>>,
}

impl core::fmt::Debug for Said {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Said(..)")
    }
}

/// How far back `previous` lies, for a post of `counter`.
pub(super) fn back(counter: u64, previous: Option<u64>) -> u16 {
    previous
        .and_then(|previous| counter.checked_sub(previous))
        .and_then(|back| u16::try_from(back).ok())
        .unwrap_or(0)
}

/// The inverse of [`back`].
pub(super) fn previous(counter: u64, back: u16) -> Option<u64> {
    counter.checked_sub(u64::from(back)).filter(|_| back != 0)
}

pub(super) fn seal(
    session: &mut GroupSession,
    generation: u16,
    binding: Binding,
    outer: Outer<'_>,
    last: Option<u64>,
    event: &[u8],
) -> Vec<u8> {
    let mut plaintext = Zeroizing::new(Vec::with_capacity(padding::ciphertext_length(
        event.len().saturating_add(18),
    )));
    plaintext.extend_from_slice(binding.as_bytes());
    plaintext.extend_from_slice(&back(outer.counter, last).to_be_bytes());
    plaintext.extend_from_slice(event);
    padding::pad(&mut plaintext);
    let message = session.encrypt(plaintext.as_slice()).to_bytes();
    [&[kind::GROUP], generation.to_be_bytes().as_slice(), &message].concat()
}

/// Splits what follows the kind byte.
pub(super) fn parse(bytes: &[u8]) -> Result<(u16, MegolmMessage)> {
    let (generation, message) = bytes.split_first_chunk().ok_or(MALFORMED)?;
    let message = MegolmMessage::from_bytes(message).map_err(|_| MALFORMED)?;
    Ok((u16::from_be_bytes(*generation), message))
}

/// Reads a plaintext whose signature and code are right.
pub(super) fn read(plaintext: &[u8], binding: Binding, outer: Outer<'_>) -> Result<Said> {
    let content = binding.strip(padding::unpad(plaintext)?)?;
    let (back, event) = content.split_first_chunk().ok_or(MALFORMED)?;
    Ok(Said {
        previous: previous(outer.counter, u16::from_be_bytes(*back)),
        event: Zeroizing::new(event.to_vec()),
    })
}
