//! Files in the room: offers and answers, which are sealed events, and bulk frames with their windows.

mod receiving;
mod sending;

use super::{
    device::InstanceId,
    event::FileCancel,
    machine::Room,
    transfer::{ReceiverState, TransferId},
};
use crate::{
    encoding,
    error::{Error, Result},
    file::{encrypted_size, ROOM_SEGMENT_SIZE_BYTES},
    frame::FixedBin,
    kdf::KeySchedule,
    room::output::RoomEvent,
    secret::Key,
};

const COMMITMENT_LABEL: &str = "file commitment";
const AAD_LABEL: &[u8] = b"hushroom/1 file\0";

/// Why a transfer was cancelled, on the wire.
fn reason_of(code: &str) -> u8 {
    match code {
        "SOURCE_CHANGED" => 1,
        "SOURCE_FAILED" => 2,
        "SINK_FAILED" | "SINK_TOO_LARGE" => 3,
        "DECRYPT_FAILED" | "TRUNCATED" => 4,
        "TRANSFER_STALLED" => 5,
        _ => 0,
    }
}

fn error_of(reason: u8) -> Error {
    match reason {
        1 => Error::SourceChanged,
        4 => Error::DecryptFailed,
        5 => Error::TransferStalled,
        _ => Error::TransferCancelled,
    }
}

fn transfer_name(id: &TransferId) -> String {
    encoding::encode(id)
}

fn parse_transfer(id: &str) -> Result<TransferId> {
    let bytes = encoding::decode(id).ok_or(Error::UnknownTransfer)?;
    bytes.try_into().map_err(|_| Error::UnknownTransfer)
}

/// Ciphertext bytes of a file of `size` bytes.
fn total_of(size: u64) -> Result<u64> {
    encrypted_size(size, ROOM_SEGMENT_SIZE_BYTES)
}

impl Room {
    /// Ends a transfer of ours, or one to us, and tells the other side why: `code` is that of an error. Nothing happens if it is
    /// over.
    ///
    /// # Errors
    /// What posting can fail with.
    pub fn end_transfer(&mut self, transfer: &str, code: &str, now: u64) -> Result<()> {
        let Ok(id) = parse_transfer(transfer) else {
            return Ok(());
        };
        let cancel = FileCancel {
            id: FixedBin(id),
            reason: reason_of(code),
        }
        .into();
        let recipients = if let Some(outgoing) = self.outgoing.remove(&id) {
            outgoing
                .receivers
                .keys()
                .copied()
                .filter(|instance| self.peers.contains_key(instance))
                .collect()
        } else if let Some(incoming) = self.incoming.remove(&id) {
            self.share_credit()?;
            vec![incoming.from]
        } else {
            vec![]
        };
        if !recipients.is_empty() && !self.is_closed() {
            self.post(&cancel, recipients, now)?;
        }
        Ok(())
    }

    pub(in crate::room::hush1) fn on_file_cancel(&mut self, from: InstanceId, id: TransferId, reason: u8) {
        if self.incoming.get(&id).is_some_and(|incoming| incoming.from == from) {
            self.incoming.remove(&id);
            self.incoming_ended(&id, &error_of(reason));
        } else {
            self.set_receiver(&id, from, |receiver| receiver.fail(error_of(reason)));
        }
    }

    /// The connection is new: what was under way is lost, in both directions.
    pub(in crate::room::hush1) fn restart_transfers(&mut self, now: u64) -> Result<()> {
        self.jobs.clear();
        self.on_bulk_lost(now);
        let ids: Vec<TransferId> = self.running().map(|incoming| incoming.id).collect();
        for id in ids {
            if let Some(incoming) = self.incoming.get_mut(&id) {
                incoming.interrupted();
            }
            self.send_window(id, true)?;
        }
        Ok(())
    }

    /// A member came back: tell it where its files to us are, and send ours from where it said.
    pub(in crate::room::hush1) fn restart_transfers_with(&mut self, member: InstanceId) -> Result<()> {
        for outgoing in self.outgoing.values_mut() {
            outgoing.rewind(member);
        }
        let theirs = self.running().filter(|incoming| incoming.from == member);
        let ids: Vec<TransferId> = theirs.map(|incoming| incoming.id).collect();
        for id in ids {
            if let Some(incoming) = self.incoming.get_mut(&id) {
                incoming.interrupted();
            }
            self.send_window(id, true)?;
        }
        Ok(())
    }

    pub(in crate::room::hush1) fn end_transfers_of(&mut self, member: InstanceId) {
        let theirs = self.incoming.values().filter(|incoming| incoming.from == member);
        let ids: Vec<TransferId> = theirs.map(|incoming| incoming.id).collect();
        for id in ids {
            self.incoming.remove(&id);
            self.incoming_ended(&id, &Error::MemberLeft);
        }
        let ids: Vec<TransferId> = self.outgoing.keys().copied().collect();
        for id in ids {
            self.set_receiver(&id, member, |receiver| receiver.state = ReceiverState::Left);
        }
    }

    pub(in crate::room::hush1) fn end_all_transfers(&mut self) {
        for id in core::mem::take(&mut self.incoming).into_keys() {
            self.incoming_ended(&id, &Error::Closed);
        }
        for id in core::mem::take(&mut self.outgoing).into_keys() {
            let (code, message) = (Some(Error::Closed.code()), Error::Closed.to_string());
            self.event(RoomEvent::OutgoingEnded {
                id: transfer_name(&id),
                code,
                message,
            });
        }
        self.jobs.clear();
    }
}

fn associated_data(room_id: &str, id: &TransferId) -> Vec<u8> {
    [AAD_LABEL, room_id.as_bytes(), id].concat()
}

fn commitment(key: &Key, id: &TransferId) -> Result<FixedBin<32>> {
    let commitment = KeySchedule::extract(key).expand::<32>(COMMITMENT_LABEL, &[id])?;
    Ok(FixedBin(*commitment.expose()))
}
