//! Files that come to us.

use super::{associated_data, commitment, parse_transfer, total_of, transfer_name};
use crate::{
    error::{Error, Result},
    file::ROOM_SEGMENT_SIZE_BYTES,
    frame::{BulkFromHead, FixedBin, Window},
    room::{
        file::{BulkIn, MAX_VOICE_SECONDS},
        hush1::{
            device::InstanceId,
            event::{FileAccept, FileDecline, FileDone, FileOffer},
            machine::Room,
            transfer::{Arrival, Incoming, IncomingState, TransferId, SEGMENT},
        },
        name::{clean_file_name, clean_mime},
        output::RoomEvent,
    },
    secret::Key,
    sorted::sort_by_key,
};

/// Most files that we take at once.
const MAX_RUNNING: usize = 8;
/// Most offers that wait for an answer of ours.
const MAX_OFFERS: usize = 128;
/// Bytes that may be under way to us, over all transfers: below what a relay queues for one member.
const CREDIT_BYTES: u64 = 28 * SEGMENT;

impl Room {
    /// Key, header and associated data of a file that comes to us.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`].
    pub fn opening_secrets(&self, transfer: &str) -> Result<(&Key, [u8; 40], Vec<u8>)> {
        let id = parse_transfer(transfer)?;
        let incoming = self.incoming.get(&id).ok_or(Error::UnknownTransfer)?;
        Ok((
            &incoming.key,
            incoming.header,
            associated_data(self.keys.room_id(), &id),
        ))
    }

    /// Takes an offered file.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] when it was answered, [`Error::TransferLimit`], [`Error::Closed`].
    pub fn accept_file(&mut self, transfer: &str, now: u64) -> Result<()> {
        self.ensure_usable()?;
        let id = parse_transfer(transfer)?;
        if self.running().count() >= MAX_RUNNING {
            return Err(Error::TransferLimit { limit: MAX_RUNNING });
        }
        let incoming = self.incoming.get_mut(&id).ok_or(Error::UnknownTransfer)?;
        if incoming.state != IncomingState::Offered {
            return Err(Error::InvalidState("answered already"));
        }
        incoming.start(now);
        let from = incoming.from;
        self.post(&FileAccept { id: FixedBin(id) }.into(), vec![from], now)?;
        self.share_credit()?;
        self.send_window(id, false)
    }

    /// Refuses an offered file.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`], [`Error::InvalidState`] when it was accepted, [`Error::Closed`].
    pub fn decline_file(&mut self, transfer: &str, now: u64) -> Result<()> {
        self.ensure_usable()?;
        let id = parse_transfer(transfer)?;
        let incoming = self.incoming.get(&id).ok_or(Error::UnknownTransfer)?;
        if incoming.state != IncomingState::Offered {
            return Err(Error::InvalidState("accepted already"));
        }
        let from = incoming.from;
        self.incoming.remove(&id);
        self.post(&FileDecline { id: FixedBin(id) }.into(), vec![from], now)
            .map(|_| ())
    }

    /// Everything before ciphertext offset `end` is in the sink.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`] when it is over.
    pub fn delivered(&mut self, transfer: &str, end: u64) -> Result<()> {
        let id = parse_transfer(transfer)?;
        let incoming = self.incoming.get_mut(&id).ok_or(Error::UnknownTransfer)?;
        let acknowledge = incoming.on_delivered(end);
        self.share_credit()?;
        if acknowledge {
            self.send_window(id, false)?;
        }
        Ok(())
    }

    /// All of the file is in the sink, and the sink is closed.
    ///
    /// # Errors
    /// [`Error::UnknownTransfer`]; [`Error::Truncated`] when not everything has come.
    pub fn finish_file(&mut self, transfer: &str, now: u64) -> Result<()> {
        let id = parse_transfer(transfer)?;
        let incoming = self.incoming.get(&id).ok_or(Error::UnknownTransfer)?;
        if !incoming.is_complete() {
            return Err(Error::Truncated);
        }
        let from = incoming.from;
        self.incoming.remove(&id);
        self.post(&FileDone { id: FixedBin(id) }.into(), vec![from], now)?;
        self.share_credit()
    }

    pub(super) fn running(&self) -> impl Iterator<Item = &Incoming> {
        self.incoming
            .values()
            .filter(|incoming| incoming.state == IncomingState::Running)
    }

    /// Divides the credit over the running transfers. What was promised once is not taken back.
    pub(super) fn share_credit(&mut self) -> Result<()> {
        let count = self.running().count();
        // One segment stays free for each transfer that may yet start: a stalled one starves nobody.
        let reserve = SEGMENT.saturating_mul((MAX_RUNNING.saturating_sub(count)) as u64);
        let count = (count as u64).max(1);
        let granted = self.running().map(Incoming::outstanding).sum::<u64>();
        let mut free = CREDIT_BYTES.saturating_sub(reserve).saturating_sub(granted);
        let mut running: Vec<&mut Incoming> = self
            .incoming
            .values_mut()
            .filter(|incoming| incoming.state == IncomingState::Running)
            .collect();
        sort_by_key(&mut running, |incoming| incoming.outstanding());
        let mut grown = vec![];
        for incoming in running {
            let before = incoming.outstanding();
            let credit = (CREDIT_BYTES / count).min(before.saturating_add(free));
            if incoming.grant(credit) && before < 2 * SEGMENT {
                grown.push(incoming.id);
            }
            free = free.saturating_sub(incoming.outstanding().saturating_sub(before));
        }
        grown.into_iter().try_for_each(|id| self.send_window(id, false))
    }

    /// Says again where the files are of which nothing has come for a while.
    pub(super) fn remind_senders(&mut self, now: u64) -> Result<()> {
        let due = |incoming: &&mut Incoming| incoming.remind_at().is_some_and(|at| at <= now);
        let mut ids = vec![];
        for incoming in self.incoming.values_mut().filter(due) {
            incoming.heard(now);
            ids.push(incoming.id);
        }
        ids.into_iter().try_for_each(|id| self.send_window(id, false))
    }

    pub(super) fn send_window(&mut self, id: TransferId, rewind: bool) -> Result<()> {
        let open = self.link.is_open();
        let Some(incoming) = self.incoming.get_mut(&id) else {
            return Ok(());
        };
        let Some(to) = self.peers.get(&incoming.from).and_then(|peer| peer.route.clone()) else {
            return Ok(());
        };
        if !open {
            return Ok(());
        }
        let (delivered, limit) = incoming.window();
        let stream = incoming.stream;
        self.send(Window {
            to,
            stream,
            delivered,
            limit,
            rewind,
        })
    }

    pub(in crate::room::hush1) fn on_bulk(&mut self, head: &BulkFromHead, now: u64) -> Result<Option<BulkIn>> {
        let from = self.routes.get(&head.from).copied();
        let found = self
            .running()
            .find(|incoming| Some(incoming.from) == from && incoming.stream == head.stream);
        // The end of a transfer and its last frames cross on the way.
        let Some(id) = found.map(|incoming| incoming.id) else {
            return Ok(None);
        };
        let Some(incoming) = self.incoming.get_mut(&id) else {
            return Ok(None);
        };
        incoming.heard(now);
        let length = u64::try_from(head.body_length).map_err(|_| Error::Internal("length"))?;
        match incoming.on_bulk(head.offset, length) {
            Arrival::Take { last } => {
                let segment = head.offset / SEGMENT;
                return Ok(Some(BulkIn {
                    transfer: transfer_name(&id),
                    segment: u32::try_from(segment).map_err(|_| Error::DecryptFailed)?,
                    last,
                    end: head.offset.saturating_add(length),
                    body_start: head.body_start,
                    body_end: head.body_start.saturating_add(head.body_length),
                    iv: None,
                }));
            }
            Arrival::Repeated => self.send_window(id, false)?,
            Arrival::Gap { ask: true } => self.send_window(id, true)?,
            Arrival::Gap { ask: false } => {}
            Arrival::Foul => {
                let name = transfer_name(&id);
                self.end_transfer(&name, Error::DecryptFailed.code(), now)?;
                self.incoming_ended(&id, &Error::DecryptFailed);
            }
        }
        Ok(None)
    }

    pub(in crate::room::hush1) fn on_file_offer(&mut self, from: InstanceId, offer: FileOffer) -> Result<()> {
        let id = offer.id.0;
        if offer.segment != ROOM_SEGMENT_SIZE_BYTES
            || self.incoming.contains_key(&id)
            || self.outgoing.contains_key(&id)
        {
            return Err(Error::InvalidFrame("an offer that cannot be taken"));
        }
        if self.incoming.len() >= MAX_OFFERS {
            return Err(Error::TransferLimit { limit: MAX_OFFERS });
        }
        let total = offer.size.map(total_of).transpose()?;
        let (header, stream, proof) = (offer.header.0, offer.stream, offer.commitment);
        let event = RoomEvent::FileOffer {
            id: transfer_name(&id),
            from: from.to_string(),
            name: clean_file_name(&offer.name),
            mime: clean_mime(&offer.mime),
            size: offer.size,
            voice_seconds: offer.voice.map(|seconds| seconds.clamp(1, MAX_VOICE_SECONDS)),
            thumbnail: None,
        };
        let key = offer.key.take();
        let expected = commitment(&key, &id)?;
        let equal: bool = ctutils::CtEq::ct_eq(expected.0.as_slice(), proof.0.as_slice()).into();
        if !equal {
            return Err(Error::DecryptFailed);
        }
        self.incoming
            .insert(id, Incoming::new((id, stream), from, key, header, total));
        self.event(event);
        Ok(())
    }

    pub(in crate::room::hush1) fn on_file_end(&mut self, from: InstanceId, id: TransferId, size: u64) -> Result<()> {
        let total = total_of(size)?;
        let Some(incoming) = self.incoming.get_mut(&id).filter(|incoming| incoming.from == from) else {
            return Ok(());
        };
        if incoming.total.is_some_and(|known| known != total) {
            return Err(Error::InvalidFrame("a size that changed"));
        }
        incoming.total = Some(total);
        self.event(RoomEvent::IncomingSize {
            id: transfer_name(&id),
            size,
        });
        Ok(())
    }

    pub(super) fn incoming_ended(&mut self, id: &TransferId, error: &Error) {
        self.event(RoomEvent::IncomingEnded {
            id: transfer_name(id),
            code: error.code(),
            message: error.to_string(),
        });
    }
}
