//! Files whose segments are sealed and opened in any order: those of rooms.

use core::future::Future;
use std::{cell::RefCell, rc::Rc};

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{prelude::wasm_bindgen, JsCast};
use wasm_bindgen_futures::{future_to_promise, JsFuture};

use super::{
    super::wipe::wiped,
    engine::{Direction, Engine, EngineKind},
};
use crate::{
    error::Result,
    file::{self, Header, SegmentKey, SegmentSize, TAG_BYTES},
    secret::Key,
};

/// Seals any segment of a file, and again. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct IndexedSealer {
    sealer: Rc<RefCell<file::IndexedSealer>>,
    engine: Engine,
}

#[wasm_bindgen]
impl IndexedSealer {
    /// What the file starts with.
    #[must_use]
    pub fn header(&self) -> Uint8Array {
        Uint8Array::from(self.sealer.borrow().header().encode().as_slice())
    }

    /// Seals segment `index`. The promise gives it out only if no other was ever given out for that index.
    ///
    /// # Errors
    /// `SOURCE_CHANGED` from the promise; `INVALID_ARGUMENT` for a length the segment cannot have, `TOO_LARGE`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn seal(&self, index: u32, last: bool, plaintext: &Uint8Array) -> Result<Promise> {
        let nonce = self.sealer.borrow().nonce(index, last, plaintext.length() as usize)?;
        let (sealing, sealer) = (self.engine.seal(nonce, plaintext), Rc::clone(&self.sealer));
        Ok(future_to_promise(async move {
            let segment: Uint8Array = JsFuture::from(sealing).await?.unchecked_into();
            let length = segment.length();
            let tag = segment
                .subarray(length.saturating_sub(TAG_BYTES as u32), length)
                .to_vec();
            sealer.borrow_mut().release(index, last, &tag)?;
            Ok(segment.into())
        }))
    }
}

impl IndexedSealer {
    /// The sealer of a new file, so that the key need not pass through JavaScript. Of two for one file, neither would know
    /// what the other released: there must be one only.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the engine cannot be had.
    pub fn build(
        key: &Key,
        header: Header,
        associated_data: &[u8],
        size: SegmentSize,
        kind: EngineKind,
    ) -> impl Future<Output = Result<Self>> + use<> {
        let engine = engine(key, &header, associated_data, kind, Direction::Seal);
        async move {
            Ok(Self {
                engine: engine?.await?,
                sealer: Rc::new(RefCell::new(file::IndexedSealer::new(header, size))),
            })
        }
    }
}

/// Opens any segment of a file. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct IndexedOpener {
    opener: file::IndexedOpener,
    engine: Engine,
}

#[wasm_bindgen]
impl IndexedOpener {
    /// Opens segment `index`. `last` says that nothing follows it.
    ///
    /// # Errors
    /// `DECRYPT_FAILED`, `TRUNCATED`, `TOO_LARGE`; `INVALID_ARGUMENT` for a length the segment cannot have.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn open(&self, index: u32, last: bool, segment: &Uint8Array) -> Result<Promise> {
        let attempt = self.opener.attempt(index, last, segment.length() as usize)?;
        Ok(self.engine.open(attempt, segment))
    }
}

impl IndexedOpener {
    /// The opener of a file that starts with `header`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the engine cannot be had.
    pub fn build(
        key: &Key,
        header: Header,
        associated_data: &[u8],
        size: SegmentSize,
        kind: EngineKind,
    ) -> impl Future<Output = Result<Self>> + use<> {
        let engine = engine(key, &header, associated_data, kind, Direction::Open);
        async move {
            Ok(Self {
                engine: engine?.await?,
                opener: file::IndexedOpener::new(header, size),
            })
        }
    }
}

fn engine(
    key: &Key,
    header: &Header,
    associated_data: &[u8],
    kind: EngineKind,
    direction: Direction,
) -> Result<impl Future<Output = Result<Engine>> + use<>> {
    let key = wiped(|| SegmentKey::derive(key, header, associated_data))?;
    Ok(Engine::build(kind, key, direction))
}
