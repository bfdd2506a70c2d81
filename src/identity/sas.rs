//! Live comparison: two people see the same seven pictures, or somebody stands between them.
//!
//! Short authentication strings as Matrix has them (the Matrix specification, "Short Authentication String verification"), by
//! [`vodozemac::sas`]. Seven pictures are 42 bits, far too few to compare anything that an attacker can compute in advance.
//! What makes them enough is the order: the answering side commits to its fresh key before it sees the other's, so whoever
//! stands between has one guess in 2^42 for each try, and a wrong one is seen.
//!
//! ```text
//! start  = 0x01 | id(16)                         A -> B
//! accept = 0x02 | id(16) | commitment(32)        B -> A
//! key    = 0x03 | id(16) | key(32)               A -> B, then B -> A: both show the pictures
//! mac    = 0x04 | id(16) | mac(32)               each way, once its user has said that they are the same
//! cancel = 0x05 | id(16) | reason(1)             either way, at any time
//!
//! commitment = SHA-256("hushroom/1 sas commitment" | 00 | transcript | B's key)
//! transcript = room id | id | A's instance(16) | A's device key(32) | B's instance(16) | B's device key(32)
//! info       = "hushroom/1 sas" | sep | hex(transcript) | sep | hex(A's key) | sep | hex(B's key)
//! pictures   = Matrix' emoji of HKDF-SHA256(X25519 secret, info)
//! mac        = HMAC-SHA256(HKDF-SHA256(X25519 secret, "hushroom/1 sas mac" | sep | "a" or "b" | sep | info),
//!                          hex(device key of its sender))                                sep is "|"; "a" in A's own mac
//! ```
//! The messages go from one device to the other as events; nothing here relies on their being sealed. A comparison ends
//! after whatever goes wrong; another starts with a new id. Time limits are the room's.
//!
//! The generator that the key comes from is not given a fresh seed here, as the ratchet does with it: the key encrypts nothing.
//! Who steals the memory later and draws it again could make codes that nobody takes once the comparison is over; while it
//! runs, that memory holds the key itself.

use ctutils::CtEq;
use sha2::{Digest, Sha256};
use vodozemac::{
    sas::{EstablishedSas, Mac, Sas as Ephemeral},
    Curve25519PublicKey,
};

use super::emoji::EMOJI;
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

const COMMITMENT_LABEL: &[u8] = b"hushroom/1 sas commitment\0";
const MALFORMED: Error = Error::InvalidFrame("not a message of a comparison");
/// The kind of message that begins a comparison.
pub(crate) const START: u8 = 1;
const ACCEPT: u8 = 2;
const KEY: u8 = 3;
const MAC: u8 = 4;
const CANCEL: u8 = 5;

/// One of the two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Its instance in this room.
    pub instance: InstanceId,
    /// Its Ed25519 public key: what is being verified.
    pub key: [u8; 32],
}

/// Why a comparison ended without success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// One of the users said that the pictures differ.
    PicturesDiffer,
    /// The other side's key is not the one it committed to: an attack, or a broken client.
    WrongCommitment,
    /// The other side's code over its device key is wrong: it is not the device we talk to.
    WrongCode,
    /// A message that does not belong there.
    Unexpected,
    /// A user gave up.
    GivenUp,
}

impl Reason {
    const fn number(self) -> u8 {
        match self {
            Self::GivenUp => 0,
            Self::PicturesDiffer => 1,
            Self::WrongCommitment => 2,
            Self::WrongCode => 3,
            Self::Unexpected => 4,
        }
    }

    const fn of(number: u8) -> Self {
        match number {
            1 => Self::PicturesDiffer,
            2 => Self::WrongCommitment,
            3 => Self::WrongCode,
            4 => Self::Unexpected,
            _ => Self::GivenUp,
        }
    }
}

/// Where a comparison stands after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The other side's turn.
    Waiting,
    /// Show [`Comparison::pictures`] and ask whether both see the same.
    Compare,
    /// The other device is the one whose key we have.
    Verified,
    /// It is over.
    Ended(Reason),
}

enum State {
    /// A has asked.
    Started(Ephemeral),
    /// B has committed.
    Committed(Ephemeral),
    /// A has shown its key and waits for the committed one.
    Shown(Ephemeral, [u8; 32]),
    /// Both keys are there.
    Comparing {
        sas: Box<EstablishedSas>,
        we_confirmed: bool,
        they_confirmed: bool,
    },
    Over(Progress),
}

/// A comparison between our device and another. Each call gives what to send and where it stands.
pub struct Comparison {
    id: [u8; 16],
    transcript: Vec<u8>,
    other: Device,
    own: Device,
    we_started: bool,
    state: State,
}

impl Comparison {
    /// Asks `other` to compare. `id` is 16 fresh random bytes; the key for the comparison comes from vodozemac's own random
    /// source. The bytes are to be sent.
    #[must_use]
    pub fn start(room_id: &str, own: Device, other: Device, id: [u8; 16]) -> (Self, Vec<u8>) {
        let comparison = Self {
            id,
            transcript: transcript(room_id, &id, &own, &other),
            other,
            own,
            we_started: true,
            state: State::Started(Ephemeral::new()),
        };
        let message = comparison.message(START, &[]);
        (comparison, message)
    }

    /// Answers a start from `other`, once our user has agreed to. The bytes are to be sent.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`] when `start` is none.
    pub fn accept(room_id: &str, own: Device, other: Device, start: &[u8]) -> Result<(Self, Vec<u8>)> {
        check_start(start)?;
        let (_, id, _) = parse(start)?;
        let ephemeral = Ephemeral::new();
        let transcript = transcript(room_id, &id, &other, &own);
        let commitment = commitment(&transcript, ephemeral.public_key());
        let comparison = Self {
            id,
            transcript,
            other,
            own,
            we_started: false,
            state: State::Committed(ephemeral),
        };
        let message = comparison.message(ACCEPT, &commitment);
        Ok((comparison, message))
    }

    /// Takes a message of the other device; what to send, if anything, and where it stands.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`] for other bytes or another comparison's: nothing has changed then.
    pub fn receive(&mut self, message: &[u8]) -> Result<(Option<Vec<u8>>, Progress)> {
        let (kind, id, content) = parse(message)?;
        if id != self.id {
            return Err(MALFORMED);
        }
        let content32: Option<[u8; 32]> = content.try_into().ok();
        let unexpected = State::Over(Progress::Ended(Reason::Unexpected));
        let answer = match (core::mem::replace(&mut self.state, unexpected), kind, content32) {
            (State::Over(progress), ..) => {
                self.state = State::Over(progress);
                None
            }
            (_, CANCEL, _) => {
                let &[reason] = content else {
                    return Ok(self.end(Reason::Unexpected));
                };
                self.state = State::Over(Progress::Ended(Reason::of(reason)));
                None
            }
            (State::Started(ephemeral), ACCEPT, Some(commitment)) => {
                let key = ephemeral.public_key();
                self.state = State::Shown(ephemeral, commitment);
                Some(self.message(KEY, key.as_bytes()))
            }
            (State::Committed(ephemeral), KEY, Some(key)) => {
                let own = ephemeral.public_key();
                if !self.agree(ephemeral, key) {
                    return Ok(self.end(Reason::Unexpected));
                }
                Some(self.message(KEY, own.as_bytes()))
            }
            (State::Shown(ephemeral, expected), KEY, Some(key)) => {
                let committed = commitment(&self.transcript, Curve25519PublicKey::from_bytes(key));
                if !committed.as_slice().ct_eq(expected.as_slice()).to_bool() {
                    return Ok(self.end(Reason::WrongCommitment));
                }
                if !self.agree(ephemeral, key) {
                    return Ok(self.end(Reason::Unexpected));
                }
                None
            }
            (State::Comparing { sas, we_confirmed, .. }, MAC, Some(mac)) => {
                let input = hex(&self.other.key);
                let info = self.mac_info(&sas, !self.we_started);
                if sas.verify_mac(&input, &info, &Mac::from_slice(&mac)).is_err() {
                    return Ok(self.end(Reason::WrongCode));
                }
                self.compare(sas, we_confirmed, true);
                None
            }
            _ => return Ok(self.end(Reason::Unexpected)),
        };
        Ok((answer, self.progress()))
    }

    /// What our user says of the pictures; what to send, and where it stands.
    ///
    /// # Errors
    /// [`Error::InvalidState`] before there are pictures, or after the first answer.
    pub fn confirm(&mut self, same: bool) -> Result<(Option<Vec<u8>>, Progress)> {
        const NOW: Error = Error::InvalidState("there is nothing to compare now");
        if !matches!(
            self.state,
            State::Comparing {
                we_confirmed: false,
                ..
            }
        ) {
            return Err(NOW);
        }
        if !same {
            return Ok(self.end(Reason::PicturesDiffer));
        }
        let over = State::Over(Progress::Ended(Reason::Unexpected));
        let State::Comparing {
            sas, they_confirmed, ..
        } = core::mem::replace(&mut self.state, over)
        else {
            return Err(NOW);
        };
        let mac = sas.calculate_mac(&hex(&self.own.key), &self.mac_info(&sas, self.we_started));
        let message = self.message(MAC, mac.as_bytes());
        self.compare(sas, true, they_confirmed);
        Ok((Some(message), self.progress()))
    }

    /// Gives up; what to send.
    pub fn cancel(&mut self) -> Option<Vec<u8>> {
        match self.state {
            State::Over(_) => None,
            _ => self.end(Reason::GivenUp).0,
        }
    }

    /// The seven pictures and their English names, once both keys are there.
    #[must_use]
    pub fn pictures(&self) -> Option<[(&'static str, &'static str); 7]> {
        let State::Comparing { sas, .. } = &self.state else {
            return None;
        };
        let numbers = sas.bytes(&self.info(sas)).emoji_indices();
        let picture = |number: u8| EMOJI.get(usize::from(number)).copied().unwrap_or_default();
        Some(numbers.map(picture))
    }

    /// Three numbers of four digits, for who cannot see the pictures.
    #[must_use]
    pub fn decimals(&self) -> Option<(u16, u16, u16)> {
        let State::Comparing { sas, .. } = &self.state else {
            return None;
        };
        Some(sas.bytes(&self.info(sas)).decimals())
    }

    /// Which comparison it is.
    pub(crate) const fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// Whether we have asked, and nothing has come back.
    pub(crate) const fn has_only_asked(&self) -> bool {
        matches!(self.state, State::Started(_))
    }

    /// Where it stands.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        match &self.state {
            State::Over(progress) => *progress,
            State::Comparing {
                we_confirmed: false, ..
            } => Progress::Compare,
            _ => Progress::Waiting,
        }
    }

    /// Whether the keys agree on a secret: a low-order point does not.
    fn agree(&mut self, ephemeral: Ephemeral, key: [u8; 32]) -> bool {
        let key = Curve25519PublicKey::from_bytes(key);
        if key == ephemeral.public_key() {
            return false;
        }
        let Ok(sas) = ephemeral.diffie_hellman(key) else {
            return false;
        };
        self.compare(Box::new(sas), false, false);
        true
    }

    fn compare(&mut self, sas: Box<EstablishedSas>, we_confirmed: bool, they_confirmed: bool) {
        self.state = if we_confirmed && they_confirmed {
            State::Over(Progress::Verified)
        } else {
            State::Comparing {
                sas,
                we_confirmed,
                they_confirmed,
            }
        };
    }

    fn end(&mut self, reason: Reason) -> (Option<Vec<u8>>, Progress) {
        let progress = Progress::Ended(reason);
        self.state = State::Over(progress);
        (Some(self.message(CANCEL, &[reason.number()])), progress)
    }

    fn message(&self, kind: u8, content: &[u8]) -> Vec<u8> {
        [&[kind], self.id.as_slice(), content].concat()
    }

    fn info(&self, sas: &EstablishedSas) -> String {
        let (ours, theirs) = (sas.our_public_key().to_bytes(), sas.their_public_key().to_bytes());
        let (a, b) = if self.we_started {
            (ours, theirs)
        } else {
            (theirs, ours)
        };
        format!("hushroom/1 sas|{}|{}|{}", hex(&self.transcript), hex(&a), hex(&b))
    }

    fn mac_info(&self, sas: &EstablishedSas, by_starter: bool) -> String {
        let side = if by_starter { "a" } else { "b" };
        format!("hushroom/1 sas mac|{side}|{}", self.info(sas))
    }
}

impl core::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Comparison(..)")
    }
}

/// The kind of a message, and which comparison it is of.
pub(crate) fn peek(message: &[u8]) -> Result<(u8, [u8; 16])> {
    parse(message).map(|(kind, id, _)| (kind, id))
}

/// Whether this is the start of a comparison, whole and with nothing behind it.
pub(crate) fn check_start(message: &[u8]) -> Result<()> {
    match parse(message)? {
        (START, _, []) => Ok(()),
        _ => Err(MALFORMED),
    }
}

/// The reason, if the message gives a comparison up.
pub(crate) fn cancelled(message: &[u8]) -> Option<Reason> {
    match parse(message) {
        Ok((CANCEL, _, &[reason])) => Some(Reason::of(reason)),
        _ => None,
    }
}

/// What to answer to a start that is not accepted.
pub(crate) fn refuse(start: &[u8], reason: Reason) -> Result<Vec<u8>> {
    let (_, id, _) = parse(start)?;
    Ok([&[CANCEL], id.as_slice(), &[reason.number()]].concat())
}

fn parse(message: &[u8]) -> Result<(u8, [u8; 16], &[u8])> {
    let (&[kind], rest) = message.split_first_chunk().ok_or(MALFORMED)?;
    let (id, content) = rest.split_first_chunk().ok_or(MALFORMED)?;
    if !(START..=CANCEL).contains(&kind) || content.len() > 32 {
        return Err(MALFORMED);
    }
    Ok((kind, *id, content))
}

fn transcript(room_id: &str, id: &[u8; 16], a: &Device, b: &Device) -> Vec<u8> {
    [room_id.as_bytes(), id, &a.instance.0, &a.key, &b.instance.0, &b.key].concat()
}

fn commitment(transcript: &[u8], key: Curve25519PublicKey) -> [u8; 32] {
    Sha256::new()
        .chain_update(COMMITMENT_LABEL)
        .chain_update(transcript)
        .chain_update(key.as_bytes())
        .finalize()
        .into()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| DIGITS.get(usize::from(digit))).collect()
}

#[cfg(test)]
#[path = "sas_tests.rs"]
mod tests;
