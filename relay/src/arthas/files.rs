//! Files in an Arthas room: pushed to everybody who was there when they began, one at a time from each member.
//!
//! All frames of a file wait in the bulk queues, in their order. A receiver whose queue is full loses the file, and is told:
//! what waits for it is taken back, so that who has stopped reading costs next to nothing.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hushroom::frame::{
    arthas::{
        RelayFileAck, RelayFileCancel, RelayFileChunk, RelayFileComplete, RelayFileMeta, SendFileChunk, SendFileMeta,
    },
    RelayId,
};

use super::{
    encode, encode_own,
    room::{Member, Room, Ticket},
};
use crate::refusal::Refusal;

/// Most chunks of a file: 5 MiB in pieces of 64 KiB.
const MAX_CHUNKS: u32 = 80;
/// Most bytes of a chunk: 64 KiB and the tag.
const MAX_CHUNK_BYTES: usize = 65_536 + 16;
/// How many finished files of a member can still be acknowledged.
const REMEMBERED: usize = 16;

/// A member's files.
#[derive(Debug, Default)]
pub(super) struct Files {
    active: Option<Transfer>,
    /// Those that are not yet acknowledged by all receivers, the oldest first.
    finished: VecDeque<Finished>,
}

#[derive(Debug)]
struct Transfer {
    id: String,
    /// What its frames are marked with in the queues.
    tag: u64,
    /// Who gets it: everybody who was there when it began, until one cannot keep up.
    to: Vec<Ticket>,
    chunks: u32,
    moved: Instant,
}

#[derive(Debug)]
struct Finished {
    id: String,
    /// Whose acknowledgement has not come.
    to: Vec<Ticket>,
}

impl Files {
    fn uses(&self, id: &str) -> bool {
        self.active.as_ref().is_some_and(|transfer| transfer.id == id)
            || self.finished.iter().any(|finished| finished.id == id)
    }

    /// Takes note of an acknowledgement; false if none was expected.
    fn acknowledge(&mut self, id: &str, by: Ticket) -> bool {
        if let Some(active) = self.active.as_ref().filter(|transfer| transfer.id == id) {
            return active.to.contains(&by);
        }
        let Some(finished) = self.finished.iter_mut().find(|finished| finished.id == id) else {
            return false;
        };
        let before = finished.to.len();
        finished.to.retain(|ticket| *ticket != by);
        let expected = finished.to.len() < before;
        self.finished.retain(|finished| !finished.to.is_empty());
        expected
    }

    fn finish(&mut self, transfer: Transfer) {
        self.finished.retain(|finished| finished.id != transfer.id);
        if transfer.to.is_empty() {
            return;
        }
        if self.finished.len() >= REMEMBERED {
            self.finished.pop_front();
        }
        self.finished.push_back(Finished {
            id: transfer.id,
            to: transfer.to,
        });
    }
}

impl Room {
    /// Whether a member may begin a file.
    pub(super) fn may_begin(&self, ticket: Ticket) -> Result<(), Refusal> {
        match self.find(ticket)?.files.active {
            None => Ok(()),
            Some(_) => Err(Refusal::Invalid("already has active transfer")),
        }
    }

    /// Begins a file. `t` is in Unix milliseconds.
    pub(super) fn begin_file(
        &mut self,
        ticket: Ticket,
        meta: SendFileMeta,
        t: u64,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.may_begin(ticket)?;
        let others = || self.members.iter().filter(|member| member.ticket != ticket);
        // Else one member's frames could end up in another's file.
        if others().any(|member| member.files.uses(&meta.transfer_id)) {
            return Err(Refusal::Invalid("transfer id in use"));
        }
        let to = others().map(|member| member.ticket).collect();
        let sender = self.find(ticket)?;
        let frame = encode(RelayFileMeta {
            sender_id: sender.id.clone(),
            sender_name: sender.name.clone(),
            transfer_id: meta.transfer_id.clone(),
            iv: meta.iv,
            ciphertext: meta.ciphertext,
            t,
        })?;
        self.last_tag = self.last_tag.wrapping_add(1).max(1);
        let mut transfer = Transfer {
            id: meta.transfer_id,
            tag: self.last_tag,
            to,
            chunks: 0,
            moved: now,
        };
        self.send_file(ticket, &mut transfer, &frame)?;
        self.counters.arthas_files_total.add(1);
        self.put(ticket, transfer);
        Ok(())
    }

    pub(super) fn chunk(&mut self, ticket: Ticket, chunk: SendFileChunk, now: Instant) -> Result<(), Refusal> {
        let mut transfer = self.take(ticket, &chunk.transfer_id)?;
        let sent = self.send_chunk(ticket, &mut transfer, chunk, now);
        self.put(ticket, transfer);
        sent
    }

    fn send_chunk(
        &mut self,
        ticket: Ticket,
        transfer: &mut Transfer,
        chunk: SendFileChunk,
        now: Instant,
    ) -> Result<(), Refusal> {
        let is_index = u32::try_from(chunk.index).is_ok_and(|index| index < MAX_CHUNKS);
        if !is_index || transfer.chunks >= MAX_CHUNKS || chunk.data.0.len() > MAX_CHUNK_BYTES {
            return Err(Refusal::Invalid("a file has at most 80 chunks of 64 KiB"));
        }
        let length = chunk.data.0.len();
        let frame = encode(RelayFileChunk {
            sender_id: self.find(ticket)?.id.clone(),
            transfer_id: chunk.transfer_id,
            index: chunk.index,
            iv: chunk.iv,
            data: chunk.data,
        })?;
        transfer.chunks += 1;
        transfer.moved = now;
        self.counters.arthas_file_bytes_total.add(length);
        self.send_file(ticket, transfer, &frame)
    }

    /// The member has sent all of its file.
    pub(super) fn complete(&mut self, ticket: Ticket, id: &str) -> Result<(), Refusal> {
        let mut transfer = self.take(ticket, id)?;
        let frame = encode_own(about(&self.find(ticket)?.id, id));
        let sent = self.send_file(ticket, &mut transfer, &frame);
        if let Some(member) = self.find_mut(ticket) {
            member.files.finish(transfer);
        }
        sent
    }

    /// The member will not send the rest of its file.
    pub(super) fn cancel(&mut self, ticket: Ticket, id: &str) -> Result<(), Refusal> {
        let transfer = self.take(ticket, id)?;
        self.take_back(ticket, &transfer);
        Ok(())
    }

    /// Takes back the file that the member is sending, if there is one.
    pub(super) fn cancel_file_of(&mut self, ticket: Ticket) {
        if let Some(transfer) = self.find_mut(ticket).and_then(|member| member.files.active.take()) {
            self.take_back(ticket, &transfer);
        }
    }

    /// Takes back the member's file if it has made no progress for `longest`; whether it had to.
    pub(super) fn cancel_stale(&mut self, ticket: Ticket, longest: Duration, now: Instant) -> bool {
        let is_stale = self.find(ticket).is_ok_and(|member| {
            let active = member.files.active.as_ref();
            active.is_some_and(|transfer| now.saturating_duration_since(transfer.moved) >= longest)
        });
        if is_stale {
            self.cancel_file_of(ticket);
        }
        is_stale
    }

    /// Passes an acknowledgement on to the file's sender. One that nobody waits for is no harm and no news.
    pub(super) fn acknowledge(&mut self, ticket: Ticket, id: &str) -> Result<(), Refusal> {
        let ack = RelayFileAck {
            receiver_id: self.find(ticket)?.id.clone(),
            transfer_id: id.to_owned(),
        };
        let sender = self
            .members
            .iter_mut()
            .find(|member| member.ticket != ticket && member.files.uses(id));
        if let Some(sender) = sender {
            if sender.files.acknowledge(id, ticket) {
                sender.outbox.push(encode_own(ack));
            }
        }
        Ok(())
    }

    /// Whether a receiver of the member's file has much waiting and is taking it.
    pub(super) fn is_behind(&self, ticket: Ticket, now: Instant) -> bool {
        let Some(transfer) = self.find(ticket).ok().and_then(|member| member.files.active.as_ref()) else {
            return false;
        };
        self.receivers(transfer).any(|member| member.outbox.is_behind(now))
    }

    /// Sends a frame of a file to those who get it; a receiver without room for it loses the file.
    fn send_file(&self, sender: Ticket, transfer: &mut Transfer, frame: &Bytes) -> Result<(), Refusal> {
        let mut lost = Vec::new();
        for member in self.receivers(transfer) {
            if !member.outbox.push_file(transfer.tag, frame.clone()) {
                lost.push(member.ticket);
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let cancelled = encode_own(RelayFileCancel(about(&self.find(sender)?.id, &transfer.id)));
        let reason = encode_own(Refusal::FileOverflow.frame(None));
        for member in self.members.iter().filter(|member| lost.contains(&member.ticket)) {
            member.outbox.drop_file(transfer.tag);
            member.outbox.push(cancelled.clone());
            member.outbox.push(reason.clone());
        }
        self.counters.arthas_files_cut_total.add(lost.len());
        transfer.to.retain(|ticket| !lost.contains(ticket));
        Ok(())
    }

    fn take_back(&self, sender: Ticket, transfer: &Transfer) {
        let Ok(sender) = self.find(sender) else { return };
        let cancelled = encode_own(RelayFileCancel(about(&sender.id, &transfer.id)));
        for member in self.receivers(transfer) {
            member.outbox.drop_file(transfer.tag);
            member.outbox.push(cancelled.clone());
        }
    }

    fn receivers<'a>(&'a self, transfer: &'a Transfer) -> impl Iterator<Item = &'a Member> {
        self.members
            .iter()
            .filter(|member| transfer.to.contains(&member.ticket))
    }

    /// Takes the member's active transfer out of its place, if it is the one named.
    fn take(&mut self, ticket: Ticket, id: &str) -> Result<Transfer, Refusal> {
        let member = self.find_mut(ticket).ok_or(Refusal::RoomGone)?;
        let transfer = member.files.active.take_if(|transfer| transfer.id == id);
        transfer.ok_or(Refusal::Invalid("transfer id mismatch"))
    }

    fn put(&mut self, ticket: Ticket, transfer: Transfer) {
        if let Some(member) = self.find_mut(ticket) {
            member.files.active = Some(transfer);
        }
    }

    fn find_mut(&mut self, ticket: Ticket) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.ticket == ticket)
    }
}

fn about(sender: &RelayId, transfer: &str) -> RelayFileComplete {
    RelayFileComplete {
        sender_id: sender.clone(),
        transfer_id: transfer.to_owned(),
    }
}
