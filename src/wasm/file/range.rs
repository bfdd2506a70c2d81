//! Parts of files.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen_futures::{future_to_promise, JsFuture};

use super::{engine::Engine, key::whole};
use crate::{error::Result, file::RangeOpener, wasm::object::object};

/// Opens parts of a file, its last segment first. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FileRangeOpener {
    opener: Rc<RefCell<RangeOpener>>,
    engine: Engine,
}

#[wasm_bindgen]
impl FileRangeOpener {
    /// Where the last segment lies.
    #[wasm_bindgen(unchecked_return_type = "FileCell")]
    pub fn last(&self) -> JsValue {
        let cell = self.opener.borrow().last();
        object(&[
            ("index", cell.index.into()),
            ("offset", integer(cell.offset)),
            ("length", cell.length.into()),
        ])
    }

    /// Opens the last segment and, if that succeeds, unlocks the others.
    ///
    /// # Errors
    /// `DECRYPT_FAILED`, `TRUNCATED`; `INVALID_ARGUMENT` when it has too many bytes.
    #[wasm_bindgen(js_name = openLast, unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn open_last(&self, segment: &Uint8Array) -> Result<Promise> {
        let index = self.opener.borrow().last().index;
        let attempt = self.opener.borrow().attempt(index, segment.length() as usize)?;
        let (opening, opener) = (self.engine.open(attempt, segment), Rc::clone(&self.opener));
        Ok(future_to_promise(async move {
            let plaintext = JsFuture::from(opening).await?;
            opener.borrow_mut().verified();
            Ok(plaintext)
        }))
    }

    /// The first of the segments that hold the plaintext from `start` to before `end`, and the one behind them.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` when that does not lie within the plaintext; `INVALID_STATE` before the last segment has opened.
    #[wasm_bindgen(unchecked_return_type = "{ readonly from: number; readonly to: number }")]
    pub fn segments(&self, start: f64, end: f64) -> Result<JsValue> {
        let segments = self.opener.borrow().segments(&(whole(start)?..whole(end)?))?;
        Ok(object(&[("from", segments.start.into()), ("to", segments.end.into())]))
    }

    /// Where segment `index` lies, which part of its plaintext lies from `start` to before `end`, and where in there.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when there is no such segment; `INVALID_STATE` before the last segment has opened.
    #[wasm_bindgen(unchecked_return_type = "FileCell & FilePart")]
    pub fn cell(&self, index: u32, start: f64, end: f64) -> Result<JsValue> {
        let opener = self.opener.borrow();
        let cell = opener.cell(index)?;
        let part = opener.part(index, &(whole(start)?..whole(end)?));
        Ok(object(&[
            ("index", cell.index.into()),
            ("offset", integer(cell.offset)),
            ("length", cell.length.into()),
            ("from", part.of_segment.start.into()),
            ("to", part.of_segment.end.into()),
            ("at", integer(part.at)),
        ]))
    }

    /// Opens segment `index`.
    ///
    /// # Errors
    /// `DECRYPT_FAILED`, `TRUNCATED`, `INVALID_ARGUMENT`; `INVALID_STATE` before the last segment has opened.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn open(&self, index: u32, segment: &Uint8Array) -> Result<Promise> {
        let attempt = self.opener.borrow().attempt(index, segment.length() as usize)?;
        Ok(self.engine.open(attempt, segment))
    }
}

impl FileRangeOpener {
    /// Both must belong to the same header.
    #[must_use]
    pub fn new(opener: RangeOpener, engine: Engine) -> Self {
        Self {
            opener: Rc::new(RefCell::new(opener)),
            engine,
        }
    }
}

#[wasm_bindgen(typescript_custom_section)]
const FILE_CELL: &str = "
/** Where the ciphertext of one segment lies in its file, in bytes. */
export interface FileCell {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** Which part of a segment's plaintext belongs to a range, and where in it. */
export interface FilePart {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}
";

/// Below 2^52 in every file, so it is exact.
fn integer(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}
