//! Notes: what two members tell each other over their Olm session.
//!
//! ```text
//! inner     = 0x03 | Olm message            or  0x04 | Olm pre-key message (while the other side has not answered)
//! plaintext = type(1) | BE16(round) | binding(16) | content
//! type      = 0x01 turn:    nothing; gives the other side a fresh ratchet key
//!             0x02 share:   BE16(generation) | Megolm session key(229)
//!             0x03 event:   BE16(back) | event | 0x80 | 00 ...
//!             0x04 history: instance(16) | BE16(generation) | exported Megolm session(165)
//! ```
//! `round` counts how often the pair was started anew. `back`: see [`super::group`].

use zeroize::Zeroizing;

use super::{
    context::{Binding, Outer, Party},
    padding,
};
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

const MALFORMED: Error = Error::InvalidFrame("not a note");
const TURN: u8 = 1;
const SHARE: u8 = 2;
const EVENT: u8 = 3;
const HISTORY: u8 = 4;

/// Length of a Megolm session key, with its signature.
pub(super) const SESSION_KEY_BYTES: usize = 229;
/// Length of an exported Megolm session.
pub(super) const EXPORTED_KEY_BYTES: usize = 165;

/// What a note says.
pub(super) enum Content {
    Turn,
    Share {
        generation: u16,
        key: Zeroizing<Vec<u8>>,
    },
    Event {
        back: u16,
        event: Zeroizing<Vec<u8>>,
    },
    History {
        of: InstanceId,
        generation: u16,
        key: Zeroizing<Vec<u8>>,
    },
}

impl Content {
    const fn kind(&self) -> u8 {
        match self {
            Self::Turn => TURN,
            Self::Share { .. } => SHARE,
            Self::Event { .. } => EVENT,
            Self::History { .. } => HISTORY,
        }
    }

    /// The plaintext of a note from the first of `parties` to the second.
    pub(super) fn encode(
        &self,
        room_id: &str,
        parties: [&Party; 2],
        round: u16,
        outer: Outer<'_>,
    ) -> Zeroizing<Vec<u8>> {
        let binding = Binding::pair(room_id, parties, self.kind(), round, outer);
        let mut bytes = Zeroizing::new(Vec::with_capacity(512));
        bytes.push(self.kind());
        bytes.extend_from_slice(&round.to_be_bytes());
        bytes.extend_from_slice(binding.as_bytes());
        match self {
            Self::Turn => {}
            Self::Share { generation, key } => {
                bytes.extend_from_slice(&generation.to_be_bytes());
                bytes.extend_from_slice(key);
            }
            Self::Event { back, event } => {
                bytes.reserve(event.len().saturating_mul(9).saturating_div(8));
                bytes.extend_from_slice(&back.to_be_bytes());
                bytes.extend_from_slice(event);
                padding::pad(&mut bytes);
            }
            Self::History { of, generation, key } => {
                bytes.extend_from_slice(&of.0);
                bytes.extend_from_slice(&generation.to_be_bytes());
                bytes.extend_from_slice(key);
            }
        }
        bytes
    }

    /// What [`Self::encode`] wrote, and its round.
    ///
    /// # Errors
    /// [`Error::Misdirected`] when it was written for another place, [`Error::InvalidFrame`] for other bytes.
    pub(super) fn decode(
        plaintext: &[u8],
        room_id: &str,
        parties: [&Party; 2],
        outer: Outer<'_>,
    ) -> Result<(Self, u16)> {
        let unpadded = match plaintext.first() {
            Some(&EVENT) => padding::unpad(plaintext)?,
            _ => plaintext,
        };
        let (&[kind], rest) = unpadded.split_first_chunk().ok_or(MALFORMED)?;
        let (round, rest) = take_u16(rest)?;
        let content = Binding::pair(room_id, parties, kind, round, outer).strip(rest)?;
        let content = match kind {
            TURN if content.is_empty() => Self::Turn,
            SHARE => {
                let (generation, key) = take_u16(content)?;
                Self::Share {
                    generation,
                    key: exactly(key, SESSION_KEY_BYTES)?,
                }
            }
            EVENT => {
                let (back, event) = take_u16(content)?;
                Self::Event {
                    back,
                    event: Zeroizing::new(event.to_vec()),
                }
            }
            HISTORY => {
                let (of, rest) = content.split_first_chunk().ok_or(MALFORMED)?;
                let (generation, key) = take_u16(rest)?;
                Self::History {
                    of: InstanceId(*of),
                    generation,
                    key: exactly(key, EXPORTED_KEY_BYTES)?,
                }
            }
            _ => return Err(MALFORMED),
        };
        Ok((content, round))
    }
}

fn take_u16(bytes: &[u8]) -> Result<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
    Ok((u16::from_be_bytes(*number), rest))
}

fn exactly(bytes: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>> {
    if bytes.len() == length {
        Ok(Zeroizing::new(bytes.to_vec()))
    } else {
        Err(MALFORMED)
    }
}
