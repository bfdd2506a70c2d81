//! Files: metadata, chunks, an end, and receivers that say they have it. Nobody asks for them, and they cannot be resumed.

mod metadata;
mod receiving;
mod sending;

pub(super) use receiving::Incoming;
pub(super) use sending::{Job, Outgoing};

use super::machine::Room;
use crate::error::{Error, Result};

impl Room {
    /// Ends a transfer. Of one of ours the others are told; of one to us nobody is: there is no word for it. Nothing happens if it is
    /// over.
    ///
    /// # Errors
    /// None but what cannot be: [`Error::Internal`].
    pub fn end_transfer(&mut self, transfer: &str, _code: &str, now: u64) -> Result<()> {
        self.now = now;
        self.incoming.retain(|incoming| incoming.id != transfer);
        self.cancel_transfer(transfer)
    }

    /// The connection is gone, and with it what was under way.
    pub(super) fn interrupt_transfers(&mut self) {
        self.interrupt_outgoing();
        self.end_incoming(|incoming| !incoming.is_whole(), &Error::TransferStalled);
    }

    pub(super) fn end_transfers_of(&mut self, member: &str) {
        self.end_incoming(
            |incoming| incoming.from == member && !incoming.is_whole(),
            &Error::MemberLeft,
        );
        self.receiver_left(member);
    }

    pub(super) fn end_all_transfers(&mut self) {
        self.end_incoming(|_| true, &Error::Closed);
        self.end_outgoing(&Error::Closed);
    }

    pub(super) fn on_transfer_timer(&mut self, now: u64) {
        self.end_incoming(
            |incoming| incoming.stalled_at().is_some_and(|at| at <= now),
            &Error::TransferStalled,
        );
        self.on_outgoing_timer(now);
    }

    pub(super) fn transfer_deadline(&self, now: u64) -> Option<u64> {
        let incoming = self.incoming.iter().filter_map(Incoming::stalled_at);
        incoming.chain(self.outgoing_deadline(now)).min()
    }
}
