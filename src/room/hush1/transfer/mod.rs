//! Files on their way: what was sent, what arrived, what may be sent next. All offsets count ciphertext bytes.

mod incoming;
mod outgoing;
mod pacer;

pub(super) use incoming::{Arrival, Incoming, IncomingState};
pub(super) use outgoing::{Job, Outgoing, Receiver, ReceiverState};

use crate::file::ROOM_SEGMENT_SIZE_BYTES;

/// A transfer's id, the same for every member.
pub(super) type TransferId = [u8; 16];

/// Ciphertext bytes of one segment, and of the body of one bulk frame.
pub(super) const SEGMENT: u64 = ROOM_SEGMENT_SIZE_BYTES as u64;

/// Length of the cell at `offset` of a ciphertext of `total` bytes.
pub(super) fn cell_length(offset: u64, total: Option<u64>) -> u64 {
    total.map_or(SEGMENT, |total| total.saturating_sub(offset).min(SEGMENT))
}
