//! The files of a session: pieces that go out and come in, and what becomes of them.

use std::collections::hash_map::Entry;

use hushroom::{room::BulkIn, share_code::Protocol, Error};

use super::{
    incoming::{Incoming, Stored},
    outgoing::Read,
    session::{Event, Session},
};
use crate::failure::{Failure, Result};

/// What may wait in the socket before no more of a file is put there: what is said in the meantime waits behind it.
const MAX_QUEUED_BYTES: usize = 256 * 1024;

impl Session {
    /// Sends one piece of a file, if there is one and the socket has room.
    pub(super) fn send_piece(&mut self) -> bool {
        let Some(socket) = &self.socket else { return false };
        if socket.queued_bytes() >= MAX_QUEUED_BYTES {
            return false;
        }
        let now = self.now();
        let Some(job) = self.room.next_bulk(now) else {
            return false;
        };
        let Some(outgoing) = self.outgoing.get_mut(&job.transfer) else {
            self.room.drop_job(job.ticket);
            return true;
        };
        let frame = outgoing.seal(&mut self.room, &job).and_then(|body| {
            let head = self.room.bulk_head(job.ticket, body.len())?;
            Ok(head.map(|mut frame| {
                frame.extend_from_slice(&body);
                frame
            }))
        });
        match frame {
            Ok(Some(frame)) => socket.send(frame),
            Ok(None) => {}
            Err(failure) => {
                self.room.drop_job(job.ticket);
                self.outgoing_failed(&job.transfer, failure);
            }
        }
        true
    }

    pub(super) fn on_bulk(&mut self, bulk: &BulkIn, frame: &[u8]) -> Result<()> {
        let incoming = match self.incoming.entry(bulk.transfer.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            // Files of Arthas rooms come unasked.
            Entry::Vacant(new) => new.insert(Incoming::new(&self.room, &bulk.transfer)?),
        };
        incoming.on_bulk(bulk, frame)?;
        if self.is_pushed() {
            self.room.delivered(&bulk.transfer, bulk.end)?;
        }
        Ok(())
    }

    /// Whether files come before they are accepted, and what has come counts as delivered.
    fn is_pushed(&self) -> bool {
        self.room.protocol() == Protocol::Arthas
    }

    /// A piece of a stream is read.
    pub(super) fn on_read(&mut self, read: Read) {
        let id = read.transfer.clone();
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        match outgoing.on_read(&mut self.room, read) {
            Ok(()) => self.source_ready(&id),
            Err(failure) => self.outgoing_failed(&id, failure),
        }
    }

    pub(super) fn source_ready(&mut self, id: &str) {
        let now = self.now();
        let Some(outgoing) = self.outgoing.get_mut(id).filter(|outgoing| outgoing.is_stream()) else {
            return;
        };
        let (pieces, ended) = outgoing.ready();
        match self.room.source_ready(id, pieces, ended, now) {
            Ok(floor) => outgoing.forget_before(floor),
            // It is over.
            Err(Error::UnknownTransfer) => {}
            Err(error) => self.outgoing_failed(id, error.into()),
        }
    }

    /// A piece is saved, or the whole file.
    pub(super) fn on_stored(&mut self, stored: Stored) {
        let now = self.now();
        match stored {
            Stored::Piece { id, end, bytes } => {
                if self.incoming.contains_key(&id) && (self.is_pushed() || self.room.delivered(&id, end).is_ok()) {
                    self.events.push_back(Event::Progress { id, bytes });
                }
            }
            Stored::Whole { id, saved } => {
                if self.incoming.remove(&id).is_some() {
                    let result = self.room.finish_file(&id, now).map(|()| saved).map_err(Failure::from);
                    self.events.push_back(Event::Received { id, result });
                }
            }
            Stored::Failed { id, failure } => self.incoming_failed(&id, failure),
        }
    }

    pub(super) fn incoming_failed(&mut self, id: &str, failure: Failure) {
        if self.incoming.remove(id).is_none() {
            return;
        }
        let code = if matches!(failure, Failure::Io { .. }) {
            "SINK_FAILED"
        } else {
            failure.code()
        };
        self.end_transfer(id, code);
        let id = id.to_owned();
        self.events.push_back(Event::Received {
            id,
            result: Err(failure),
        });
    }

    fn outgoing_failed(&mut self, id: &str, failure: Failure) {
        let code = if matches!(failure, Failure::Io { .. }) {
            "SOURCE_FAILED"
        } else {
            failure.code()
        };
        self.end_transfer(id, code);
        let id = id.to_owned();
        self.events.push_back(Event::SendFailed { id, failure });
    }

    pub(super) fn end_transfer(&mut self, id: &str, code: &str) {
        self.outgoing.remove(id);
        self.incoming.remove(id);
        let now = self.now();
        // It fails only where nothing can be sent any more.
        let _ = self.room.end_transfer(id, code, now);
    }
}
