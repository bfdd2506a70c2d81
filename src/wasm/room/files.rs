//! The files of a room: what is offered, taken, and sent piece by piece.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

use super::{integer, RoomMachine};
use crate::{
    error::Result,
    room::{BulkIn, BulkJob, FileMeta},
    wasm::{
        file::{promise, EngineKind, IndexedOpener, IndexedSealer},
        wipe::wiped,
    },
};

#[wasm_bindgen]
impl RoomMachine {
    /// Offers a file under a fresh key; the transfer's id.
    ///
    /// # Errors
    /// `TRANSFER_LIMIT`, `INVALID_STATE`, `UNKNOWN_MEMBER`, `TOO_LARGE`, `UNSUPPORTED`, `CLOSED`, `RANDOM_UNAVAILABLE`.
    #[wasm_bindgen(js_name = offerFile)]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would have to be taken apart by hand"
    )]
    pub fn offer_file(
        &mut self,
        name: String,
        mime: String,
        size: Option<f64>,
        replayable: bool,
        to: Vec<String>,
        voice_seconds: Option<u32>,
        now: f64,
    ) -> Result<String> {
        wiped(|| {
            let meta = FileMeta {
                name,
                mime,
                size: size.map(integer),
                replayable,
                to,
                voice_seconds,
            };
            self.0.offer_file(&meta, integer(now))
        })
    }

    /// The cipher of a file we send. It remembers what it let out, so there is one only.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`, `INVALID_STATE` the second time.
    #[wasm_bindgen(unchecked_return_type = "Promise<IndexedSealer>")]
    pub fn sealer(&mut self, transfer: &str) -> Result<Promise> {
        wiped(|| {
            let sealing = self.0.sealing(transfer)?;
            Ok(promise(IndexedSealer::build(sealing, EngineKind::Auto)))
        })
    }

    /// The cipher of a file that comes to us.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`.
    #[wasm_bindgen(unchecked_return_type = "Promise<IndexedOpener>")]
    pub fn opener(&self, transfer: &str) -> Result<Promise> {
        wiped(|| {
            let opening = self.0.opening(transfer)?;
            Ok(promise(IndexedOpener::build(&opening, EngineKind::Auto)))
        })
    }

    /// The next segment to read, seal and send.
    #[wasm_bindgen(js_name = nextBulk)]
    pub fn next_bulk(&mut self, now: f64) -> JsValue {
        self.0
            .next_bulk(integer(now))
            .map_or(JsValue::UNDEFINED, |job| bulk_job(&job))
    }

    /// The head of the frame for a sealed segment; nothing when nobody needs it any more.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    #[wasm_bindgen(js_name = bulkHead)]
    pub fn bulk_head(&mut self, ticket: u32, length: u32) -> Result<Option<Vec<u8>>> {
        self.0.bulk_head(ticket, length as usize)
    }

    /// The segment of `ticket` will not be sent.
    #[wasm_bindgen(js_name = dropJob)]
    pub fn drop_job(&mut self, ticket: u32) {
        self.0.drop_job(ticket);
    }

    /// A stream has its first `segments` segments ready, or, with `ended`, all of its bytes. Returns the first that may be
    /// asked for again.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`, `TOO_LARGE`, `SOURCE_CHANGED`, `INVALID_STATE`.
    #[wasm_bindgen(js_name = sourceReady)]
    pub fn source_ready(&mut self, transfer: &str, segments: u32, ended: Option<f64>, now: f64) -> Result<u32> {
        wiped(|| {
            self.0
                .source_ready(transfer, segments, ended.map(integer), integer(now))
        })
    }

    /// Takes an offered file.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`, `INVALID_STATE`, `TRANSFER_LIMIT`, `CLOSED`.
    #[wasm_bindgen(js_name = acceptFile)]
    pub fn accept_file(&mut self, transfer: &str, now: f64) -> Result<()> {
        wiped(|| self.0.accept_file(transfer, integer(now)))
    }

    /// Refuses an offered file.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`, `INVALID_STATE`, `CLOSED`.
    #[wasm_bindgen(js_name = declineFile)]
    pub fn decline_file(&mut self, transfer: &str, now: f64) -> Result<()> {
        wiped(|| self.0.decline_file(transfer, integer(now)))
    }

    /// Everything before ciphertext offset `end` is in the sink.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`.
    pub fn delivered(&mut self, transfer: &str, end: f64) -> Result<()> {
        self.0.delivered(transfer, integer(end))
    }

    /// The file is whole and its sink closed.
    ///
    /// # Errors
    /// `UNKNOWN_TRANSFER`, `TRUNCATED`.
    #[wasm_bindgen(js_name = finishFile)]
    pub fn finish_file(&mut self, transfer: &str, now: f64) -> Result<()> {
        wiped(|| self.0.finish_file(transfer, integer(now)))
    }

    /// Ends a transfer and tells the other side the reason, an error's code.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    #[wasm_bindgen(js_name = endTransfer)]
    pub fn end_transfer(&mut self, transfer: &str, code: &str, now: f64) -> Result<()> {
        wiped(|| self.0.end_transfer(transfer, code, integer(now)))
    }
}

/// Pieces of files come by thousands a second: what is said of them is a plain array, much faster to make than an object.
pub(super) fn bulk_in(bulk: &BulkIn) -> JsValue {
    let array = Array::of5(
        &bulk.transfer.as_str().into(),
        &bulk.segment.into(),
        &bulk.last.into(),
        &(bulk.end as f64).into(),
        &(bulk.body_start as f64).into(),
    );
    array.push(&(bulk.body_end as f64).into());
    if let Some(iv) = &bulk.iv {
        array.push(&Uint8Array::from(iv.as_slice()).into());
    }
    array.into()
}

fn bulk_job(job: &BulkJob) -> JsValue {
    let array = Array::of5(
        &job.ticket.into(),
        &job.transfer.as_str().into(),
        &job.segment.into(),
        &(job.plaintext_offset as f64).into(),
        &(job.plaintext_length as f64).into(),
    );
    array.push(&job.last.into());
    array.into()
}
