//! How a file of ours ends: who says that it has it, who leaves, and what is given up.

use super::{Outgoing, Stage, ACK_MS, SETTLE_MS};
use crate::{
    error::{Error, Result},
    frame::arthas::{RelayFileAck, SendFileCancel, SendFileComplete},
    room::{arthas::machine::Room, RoomEvent},
};

impl Room {
    pub(in crate::room::arthas) fn on_file_ack(&mut self, ack: &RelayFileAck) {
        let of = |outgoing: &Outgoing| outgoing.id == ack.transfer_id && matches!(outgoing.stage, Stage::Sent { .. });
        let Some(at) = self.outgoing.iter().position(of) else {
            return;
        };
        self.set_receiver(at, &ack.receiver_id.0, "done");
        self.check_outcome(at);
    }

    pub(in crate::room::arthas) fn receiver_left(&mut self, member: &str) {
        for at in (0..self.outgoing.len()).rev() {
            self.set_receiver(at, member, "left");
            self.check_outcome(at);
        }
    }

    fn set_receiver(&mut self, at: usize, member: &str, state: &'static str) {
        let Some(outgoing) = self.outgoing.get_mut(at) else {
            return;
        };
        let running = |receiver: &&mut (String, &str)| receiver.0 == member && receiver.1 == "running";
        let Some((_, known)) = outgoing.receivers.iter_mut().find(running) else {
            return;
        };
        *known = state;
        let (id, delivered) = (outgoing.id.clone(), outgoing.delivered());
        self.event(RoomEvent::Receiver {
            id,
            member: member.to_owned(),
            state,
            delivered,
        });
    }

    pub(super) fn tell_receivers(&mut self, at: usize) {
        let Some(outgoing) = self.outgoing.get(at) else {
            return;
        };
        let (id, delivered) = (outgoing.id.clone(), outgoing.delivered());
        for (member, state) in outgoing.receivers.clone() {
            if state == "running" {
                self.event(RoomEvent::Receiver {
                    id: id.clone(),
                    member,
                    state,
                    delivered,
                });
            }
        }
    }

    /// A transfer is over when nobody is left who may still say that it has the file.
    fn check_outcome(&mut self, at: usize) {
        let Some(outgoing) = self
            .outgoing
            .get(at)
            .filter(|outgoing| outgoing.stage != Stage::Waiting)
        else {
            return;
        };
        if outgoing.has_state("running") {
            return;
        }
        if outgoing.has_state("done") {
            self.finish_outgoing(at, None);
        } else {
            self.cancel_at(at, &Error::MemberLeft);
        }
    }

    pub(super) fn finish_outgoing(&mut self, at: usize, error: Option<&Error>) {
        let Some(outgoing) = self.outgoing.remove(at) else {
            return;
        };
        self.jobs.retain(|job| job.transfer != outgoing.id);
        self.event(RoomEvent::OutgoingEnded {
            id: outgoing.id,
            code: error.map(Error::code),
            message: error.map(ToString::to_string).unwrap_or_default(),
        });
    }

    /// Ends a transfer, and tells its receivers if it was under way.
    pub(super) fn cancel_at(&mut self, at: usize, error: &Error) {
        let told = self.outgoing.get(at).filter(|outgoing| outgoing.is_active());
        if let Some(id) = told.map(|outgoing| outgoing.id.clone()).filter(|_| self.link.is_open()) {
            let sent = self.send(SendFileCancel { transfer_id: id });
            self.check(sent, None);
        }
        self.finish_outgoing(at, Some(error));
    }

    /// By wish of the application, which needs no event.
    pub(in crate::room::arthas) fn cancel_transfer(&mut self, transfer: &str) -> Result<()> {
        let Some(at) = self.outgoing.iter().position(|outgoing| outgoing.id == transfer) else {
            return Ok(());
        };
        let Some(outgoing) = self.outgoing.remove(at) else {
            return Ok(());
        };
        self.jobs.retain(|job| job.transfer != outgoing.id);
        if outgoing.is_active() && self.link.is_open() {
            self.send(SendFileCancel {
                transfer_id: outgoing.id,
            })?;
        }
        self.start_next(self.now)
    }

    /// We leave. The relay does not tell the others that our file ends with it.
    pub(in crate::room::arthas) fn cancel_transfers(&mut self) {
        while let Some(at) = self.outgoing.iter().position(Outgoing::is_active) {
            self.cancel_at(at, &Error::Closed);
        }
    }

    /// The relay refuses something that may have been of the transfer under way, if there is one.
    pub(in crate::room::arthas) fn fail_active_transfer(&mut self, error: &Error) -> bool {
        let active = self.outgoing.iter().position(Outgoing::is_active);
        if let Some(at) = active {
            self.cancel_at(at, error);
        }
        active.is_some()
    }

    /// The connection is gone: what was under way cannot be resumed, and nobody can say any more that it has the rest.
    pub(in crate::room::arthas) fn interrupt_outgoing(&mut self) {
        while let Some(at) = self
            .outgoing
            .iter()
            .position(|outgoing| outgoing.stage != Stage::Waiting)
        {
            self.give_up(at);
        }
    }

    pub(in crate::room::arthas) fn end_outgoing(&mut self, error: &Error) {
        while !self.outgoing.is_empty() {
            self.finish_outgoing(0, Some(error));
        }
    }

    /// Nobody else will say that it has the file. Those who did are enough.
    fn give_up(&mut self, at: usize) {
        let some = self.outgoing.get(at).is_some_and(|outgoing| outgoing.has_state("done"));
        self.finish_outgoing(at, if some { None } else { Some(&Error::TransferStalled) });
    }

    pub(in crate::room::arthas) fn on_outgoing_timer(&mut self, now: u64) {
        if !self.link.is_open() {
            return;
        }
        for at in (0..self.outgoing.len()).rev() {
            let Some(outgoing) = self.outgoing.get_mut(at) else {
                continue;
            };
            match outgoing.stage {
                Stage::Ending { from } if from <= now => {
                    outgoing.stage = Stage::Sent { at: now };
                    let transfer_id = outgoing.id.clone();
                    let sent = self.send(SendFileComplete { transfer_id });
                    self.check(sent, None);
                }
                Stage::Sent { at: sent } if sent.saturating_add(ACK_MS) <= now => self.give_up(at),
                _ => {}
            }
        }
        let started = self.start_next(now);
        self.check(started, None);
    }

    pub(in crate::room::arthas) fn outgoing_deadline(&self, now: u64) -> Option<u64> {
        if !self.link.is_open() {
            return None;
        }
        let waiting = self
            .outgoing
            .iter()
            .any(|outgoing| outgoing.stage == Stage::Waiting && outgoing.chunking.is_some());
        let times = self.outgoing.iter().filter_map(|outgoing| match outgoing.stage {
            Stage::Waiting => None,
            // What comes then is asked for; once that time has come nothing is waited for.
            Stage::Chunks { from } => Some(from).filter(|from| *from > now),
            Stage::Ending { from } => Some(from),
            Stage::Sent { at } if waiting && outgoing.holds_slot(now) => Some(at.saturating_add(SETTLE_MS)),
            Stage::Sent { at } => Some(at.saturating_add(ACK_MS)),
        });
        let free = !self.outgoing.iter().any(|outgoing| outgoing.holds_slot(now));
        let from = if self.members.is_empty() {
            self.link.expects_others_until().max(now)
        } else {
            now
        };
        times.chain((waiting && free).then_some(from)).min()
    }
}
