//! Files we send.

use super::{associated_data, commitment, parse_transfer, reason_of, total_of, transfer_name};
use crate::{
    error::{Error, Result},
    file::ROOM_SEGMENT_SIZE_BYTES,
    frame::{bulk_frame_head, FixedBin, RelayId, WindowFrom, MAX_MEMBERS},
    room::{
        file::{BulkJob, FileMeta},
        hush1::{
            device::InstanceId,
            event::{FileCancel, FileEnd, FileOffer, SecretBin},
            machine::Room,
            transfer::{Incoming, Job, Outgoing, Receiver, ReceiverState, TransferId, SEGMENT},
        },
        name::{clean_file_name, clean_mime},
        output::RoomEvent,
    },
    secret::Key,
    sorted::SortedMap,
};

/// Most files that we send at once.
const MAX_OUTGOING: usize = 16;
/// Most segments that are being read and sealed at once.
const MAX_JOBS: usize = 64;

impl Room {
    /// Offers a file. `id`, `key` and `header` (salt and nonce prefix behind the byte 0x28) are fresh and random. Returns the
    /// transfer's id.
    ///
    /// # Errors
    /// [`Error::TransferLimit`], [`Error::InvalidState`] when nobody is there to get it, [`Error::UnknownMember`],
    /// [`Error::TooLarge`], [`Error::InvalidArgument`], [`Error::Closed`].
    pub fn offer_file(
        &mut self,
        meta: &FileMeta,
        (id, key, header): ([u8; 16], Key, [u8; 40]),
        now: u64,
    ) -> Result<String> {
        self.ensure_usable()?;
        if self.outgoing.len() >= MAX_OUTGOING {
            return Err(Error::TransferLimit { limit: MAX_OUTGOING });
        }
        if meta.replayable && meta.size.is_none() {
            return Err(Error::InvalidArgument("a source that can be read again has a size"));
        }
        let (to, recipients) = self.receivers(&meta.to)?;
        let total = meta.size.map(total_of).transpose()?;
        let stream = self.next_stream;
        self.next_stream = stream.checked_add(1).ok_or(Error::InvalidState("too many transfers"))?;
        let offer = FileOffer {
            id: FixedBin(id),
            stream,
            name: clean_file_name(&meta.name),
            mime: clean_mime(&meta.mime),
            size: meta.size,
            segment: ROOM_SEGMENT_SIZE_BYTES,
            header: FixedBin(header),
            key: SecretBin::new(&key),
            commitment: commitment(&key, &id)?,
            voice: meta.voice_seconds,
        };
        self.post(&offer.into(), recipients, now)?;
        self.outgoing.insert(
            id,
            Outgoing::new((id, stream), key, header, total, meta.replayable, &to, now),
        );
        Ok(transfer_name(&id))
    }

    /// Whom a file goes to: everybody now here, and no list in the post; or those that are named, in both.
    pub(super) fn receivers(&self, to: &[String]) -> Result<(Vec<InstanceId>, Vec<InstanceId>)> {
        let everybody: Vec<InstanceId> = self.peers.keys().copied().collect();
        if to.is_empty() {
            if everybody.is_empty() {
                return Err(Error::InvalidState("nobody is here to get the file"));
            }
            return Ok((everybody, vec![]));
        }
        if to.len() > MAX_MEMBERS {
            return Err(Error::InvalidArgument("too many receivers"));
        }
        let named: Vec<InstanceId> = to.iter().map(|id| InstanceId::parse(id)).collect::<Result<_>>()?;
        if named.iter().any(|instance| !everybody.contains(instance)) {
            return Err(Error::UnknownMember);
        }
        Ok((named.clone(), named))
    }

    /// Key, header and associated data of a file we send, for the cipher at the edge, which remembers what it let out: given
    /// once.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] the second time.
    pub fn sealing_secrets(&mut self, transfer: &str) -> Result<(&Key, [u8; 40], Vec<u8>)> {
        let id = parse_transfer(transfer)?;
        let outgoing = self.outgoing.get_mut(&id).ok_or(Error::UnknownTransfer)?;
        if core::mem::replace(&mut outgoing.sealing, true) {
            return Err(Error::InvalidState("sealed by another already"));
        }
        Ok((
            &outgoing.key,
            outgoing.header,
            associated_data(self.keys.room_id(), &id),
        ))
    }

    /// The next segment to read and seal, if one may be sent.
    pub fn next_bulk(&mut self, now: u64) -> Option<BulkJob> {
        if !self.link.is_open() || self.jobs.len() >= MAX_JOBS {
            return None;
        }
        let peers = &self.peers;
        let reachable = |instance| peers.get(&instance).is_some_and(|peer| peer.route.is_some());
        let ids: Vec<TransferId> = self.outgoing.keys().copied().collect();
        let start = self.turn.checked_rem(ids.len())?;
        let outgoing = &mut self.outgoing;
        let job = ids
            .iter()
            .cycle()
            .skip(start)
            .take(ids.len())
            .find_map(|id| outgoing.get_mut(id)?.next_job(now, reachable))?;
        self.turn = self.turn.wrapping_add(1);
        let ticket = self.next_job;
        self.next_job = ticket.wrapping_add(1);
        let described = describe(ticket, &job);
        self.jobs.insert(ticket, job);
        described
    }

    /// The head of the bulk frame for a sealed segment of `length` bytes, which the caller appends and sends at once; `None`
    /// when nobody needs it any more.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a length other than the segment's.
    pub fn bulk_head(&mut self, ticket: u32, length: usize) -> Result<Option<Vec<u8>>> {
        let Some(job) = self.jobs.remove(&ticket) else {
            return Ok(None);
        };
        let Some(outgoing) = self.outgoing.get(&job.transfer) else {
            return Ok(None);
        };
        if u64::try_from(length) != Ok(job.length) {
            return Err(Error::InvalidArgument("a sealed segment of another length"));
        }
        let routes: Vec<RelayId> = outgoing
            .receivers_of(&job)
            .iter()
            .filter_map(|instance| self.peers.get(instance)?.route.clone())
            .collect();
        if routes.is_empty() || !self.link.is_open() {
            return Ok(None);
        }
        bulk_frame_head(&routes, outgoing.stream, job.offset, length).map(Some)
    }

    /// The segment of `ticket` will not be sent.
    pub fn drop_job(&mut self, ticket: u32) {
        self.jobs.remove(&ticket);
    }

    /// A source that cannot be read again has its first `segments` segments ready; `ended` is the size of all it has. Returns the
    /// index of the first segment that may be asked for again.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::TooLarge`], [`Error::InvalidState`].
    pub fn source_ready(&mut self, transfer: &str, segments: u32, ended: Option<u64>, now: u64) -> Result<u32> {
        let id = parse_transfer(transfer)?;
        let outgoing = self.outgoing.get_mut(&id).ok_or(Error::UnknownTransfer)?;
        outgoing.source_ready(u64::from(segments).saturating_mul(SEGMENT));
        if let Some(size) = ended {
            let total = total_of(size)?;
            let announced = outgoing.total.is_some();
            if outgoing.total.is_some_and(|known| known != total) {
                return Err(Error::SourceChanged);
            }
            outgoing.total = Some(total);
            outgoing.source_ready(total);
            if !announced {
                let recipients: Vec<InstanceId> = outgoing.receivers.keys().copied().collect();
                let counter = self.post(&FileEnd { id: FixedBin(id), size }.into(), recipients, now)?;
                self.announce_total(id, counter);
            }
        }
        let floor = self.outgoing.get_mut(&id).map_or(0, |outgoing| {
            let needed = outgoing.needed_from().unwrap_or(0);
            outgoing.floor = outgoing.floor.max(needed / SEGMENT * SEGMENT);
            outgoing.floor / SEGMENT
        });
        u32::try_from(floor).map_err(|_| Error::Internal("segment index"))
    }

    pub(in crate::room::hush1) fn on_window(&mut self, window: &WindowFrom, now: u64) -> Result<()> {
        let Some(from) = self.routes.get(&window.from).copied() else {
            return Ok(());
        };
        let found = self
            .outgoing
            .values_mut()
            .find(|outgoing| outgoing.stream == window.stream);
        let Some(outgoing) = found else { return Ok(()) };
        outgoing.on_window(from, (window.delivered, window.limit, window.rewind), now)?;
        let id = outgoing.id;
        self.tell_receiver(&id, from);
        Ok(())
    }

    pub(in crate::room::hush1) fn on_file_accept(&mut self, from: InstanceId, id: TransferId, now: u64) -> Result<()> {
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            // It was cancelled while the answer was on its way.
            return Ok(());
        };
        let accepted = outgoing.accept(from, now);
        self.tell_receiver(&id, from);
        if accepted == Err(Error::TransferCancelled) {
            let cancel = FileCancel {
                id: FixedBin(id),
                reason: reason_of("SOURCE_FAILED"),
            };
            self.post(&cancel.into(), vec![from], now)?;
            self.check_outcome(&id);
            return Ok(());
        }
        accepted
    }

    pub(in crate::room::hush1) fn on_file_decline(&mut self, from: InstanceId, id: TransferId) {
        self.set_receiver(&id, from, |receiver| receiver.state = ReceiverState::Declined);
    }

    pub(in crate::room::hush1) fn on_file_done(&mut self, from: InstanceId, id: TransferId) {
        let total = self.outgoing.get(&id).and_then(|outgoing| outgoing.total);
        self.set_receiver(&id, from, |receiver| {
            receiver.state = ReceiverState::Done;
            receiver.delivered = total.unwrap_or(receiver.delivered);
        });
    }

    pub(super) fn set_receiver(&mut self, id: &TransferId, member: InstanceId, change: impl FnOnce(&mut Receiver)) {
        let receiver = self
            .outgoing
            .get_mut(id)
            .and_then(|outgoing| outgoing.receivers.get_mut(&member));
        let Some(receiver) = receiver else { return };
        if receiver.state.is_active() || receiver.state == ReceiverState::Offered {
            change(receiver);
            self.tell_receiver(id, member);
            self.check_outcome(id);
        }
    }

    pub(super) fn tell_receiver(&mut self, id: &TransferId, member: InstanceId) {
        let receiver = self
            .outgoing
            .get(id)
            .and_then(|outgoing| outgoing.receivers.get(&member));
        let Some(receiver) = receiver else { return };
        let (state, delivered) = (receiver.state.name(), receiver.delivered);
        self.event(RoomEvent::Receiver {
            id: transfer_name(id),
            member: member.to_string(),
            state,
            delivered,
        });
    }

    pub(super) fn check_outcome(&mut self, id: &TransferId) {
        let Some(outcome) = self.outgoing.get(id).and_then(Outgoing::outcome) else {
            return;
        };
        self.outgoing.remove(id);
        let error = outcome.err();
        self.event(RoomEvent::OutgoingEnded {
            id: transfer_name(id),
            code: error.as_ref().map(Error::code),
            message: error.map(|error| error.to_string()).unwrap_or_default(),
        });
    }

    pub(super) fn announce_total(&mut self, id: TransferId, counter: u64) {
        self.announcements.insert(counter, id);
        // Already taken, where nobody is there to be told.
        let waits = self.deferred.iter().any(|deferred| deferred.counter == counter);
        if !waits && self.outbox.get(counter).is_none_or(|entry| entry.accepted) {
            self.on_total_announced(counter);
        }
    }

    /// The relay has the post that says how large a file is: its last segment may follow.
    pub(in crate::room::hush1) fn on_total_announced(&mut self, counter: u64) {
        let id = self.announcements.remove(&counter);
        if let Some(outgoing) = id.and_then(|id| self.outgoing.get_mut(&id)) {
            outgoing.total_announced = true;
        }
    }

    pub(in crate::room::hush1) fn on_bulk_lost(&mut self, now: u64) {
        self.outgoing.values_mut().for_each(|outgoing| outgoing.rewind_all(now));
    }

    pub(in crate::room::hush1) fn on_transfer_timer(&mut self, now: u64) {
        let reminded = self.remind_senders(now);
        self.check(reminded, None);
        let mut changed: SortedMap<TransferId, Vec<InstanceId>> = SortedMap::new();
        for (id, outgoing) in self.outgoing.iter_mut() {
            if outgoing.on_timer(now) {
                changed.insert(*id, outgoing.receivers.keys().copied().collect());
            }
        }
        for (id, members) in changed {
            members.into_iter().for_each(|member| self.tell_receiver(&id, member));
            self.check_outcome(&id);
        }
    }

    pub(in crate::room::hush1) fn transfer_deadline(&self, now: u64) -> Option<u64> {
        self.outgoing
            .values()
            .filter_map(|outgoing| outgoing.deadline(now))
            .chain(self.incoming.values().filter_map(Incoming::remind_at))
            .min()
    }
}

/// What the caller has to read for a job. Plaintext lies in a file as `docs/protocol.md` section 4 says.
fn describe(ticket: u32, job: &Job) -> Option<BulkJob> {
    const TAG: u64 = 16;
    const HEADER: u64 = 40;
    let segment = job.offset / SEGMENT;
    let overhead = if segment == 0 { HEADER + TAG } else { TAG };
    let start = segment.checked_mul(SEGMENT - TAG)?;
    Some(BulkJob {
        ticket,
        transfer: transfer_name(&job.transfer),
        segment: u32::try_from(segment).ok()?,
        plaintext_offset: start.saturating_sub(HEADER),
        plaintext_length: job.length.checked_sub(overhead)?,
        last: job.last,
    })
}
