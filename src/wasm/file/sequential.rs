//! Files from their first byte to their last.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;

use super::engine::Engine;
use crate::{
    error::{Error, Result},
    file::{Opener, Sealer},
};

/// Seals a new file. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FileSealer {
    /// `None` once the last segment was sealed.
    sealer: Option<Sealer>,
    engine: Engine,
}

#[wasm_bindgen]
impl FileSealer {
    /// What the file starts with.
    ///
    /// # Errors
    /// `CLOSED` behind the last segment.
    pub fn header(&self) -> Result<Uint8Array> {
        let sealer = self.sealer.as_ref().ok_or(Error::Closed)?;
        Ok(Uint8Array::from(sealer.header().encode().as_slice()))
    }

    /// Bytes of plaintext that the next segment takes; 0 behind the last.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.sealer.as_ref().map_or(0, Sealer::capacity)
    }

    /// The engine that was chosen: `webcrypto` or `wasm`.
    #[must_use]
    #[wasm_bindgen(js_name = engineName)]
    pub fn engine_name(&self) -> String {
        self.engine.name().into()
    }

    /// Seals the next segment. All but the last must have [`Self::capacity`] bytes.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a wrong length, `TOO_LARGE`, `CLOSED` behind the last segment.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn seal(&mut self, plaintext: &Uint8Array, last: bool) -> Result<Promise> {
        let length = plaintext.length() as usize;
        let nonce = if last {
            self.sealer.take().ok_or(Error::Closed)?.last_segment(length)?
        } else {
            self.sealer.as_mut().ok_or(Error::Closed)?.next_segment(length)?
        };
        Ok(self.engine.seal(nonce, plaintext))
    }
}

impl FileSealer {
    /// Both must belong to the same header.
    #[must_use]
    pub const fn new(sealer: Sealer, engine: Engine) -> Self {
        Self {
            sealer: Some(sealer),
            engine,
        }
    }
}

/// Opens a file. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FileOpener {
    opener: Opener,
    engine: Engine,
}

#[wasm_bindgen]
impl FileOpener {
    /// Bytes of ciphertext that the next segment has unless it is the last.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.opener.capacity()
    }

    /// The engine that was chosen: `webcrypto` or `wasm`.
    #[must_use]
    #[wasm_bindgen(js_name = engineName)]
    pub fn engine_name(&self) -> String {
        self.engine.name().into()
    }

    /// Opens the next segment. `last` says that nothing follows it.
    ///
    /// # Errors
    /// `DECRYPT_FAILED`, `TRUNCATED`, `TOO_LARGE`; `INVALID_ARGUMENT` when it was cut wrong.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn open(&mut self, segment: &Uint8Array, last: bool) -> Result<Promise> {
        let attempt = self.opener.next_segment(segment.length() as usize, last)?;
        Ok(self.engine.open(attempt, segment))
    }
}

impl FileOpener {
    /// Both must belong to the same header.
    #[must_use]
    pub const fn new(opener: Opener, engine: Engine) -> Self {
        Self { opener, engine }
    }
}
