//! Files whose pieces are sealed and opened in any order: those of rooms.

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
    error::{Error, Result},
    file::{self, Nonce, SegmentKey, SegmentSize, NONCE_BYTES, TAG_BYTES},
    room::{arthas::ChunkSealer, Opening, Sealing},
};

/// Seals any piece of a file a room sends. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct IndexedSealer {
    sealer: Kind,
    engine: Engine,
}

#[derive(Debug)]
enum Kind {
    /// Any segment, and again.
    Segments(Rc<RefCell<file::IndexedSealer>>),
    /// Each chunk once.
    Chunks(RefCell<ChunkSealer>),
}

#[wasm_bindgen]
impl IndexedSealer {
    /// What the file starts with; nothing where files have no header.
    #[must_use]
    pub fn header(&self) -> Uint8Array {
        match &self.sealer {
            Kind::Segments(sealer) => Uint8Array::from(sealer.borrow().header().encode().as_slice()),
            Kind::Chunks(_) => Uint8Array::new_with_length(0),
        }
    }

    /// Seals piece `index`. The promise gives it out only if no other was ever given out for that index.
    ///
    /// # Errors
    /// `SOURCE_CHANGED`, from the promise or at once; `INVALID_ARGUMENT` for a length the piece cannot have, `TOO_LARGE`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn seal(&self, index: u32, last: bool, plaintext: &Uint8Array) -> Result<Promise> {
        let length = plaintext.length() as usize;
        let sealer = match &self.sealer {
            Kind::Chunks(sealer) => {
                let nonce = sealer.borrow_mut().nonce(index, length)?;
                return Ok(self.engine.seal(nonce, plaintext));
            }
            Kind::Segments(sealer) => Rc::clone(sealer),
        };
        let nonce = sealer.borrow().nonce(index, last, length)?;
        let sealing = self.engine.seal(nonce, plaintext);
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
    /// The sealer of a file, so that the key need not pass through JavaScript. Of two for one file, neither would know what the
    /// other released: there must be one only.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the engine cannot be had.
    pub fn build(sealing: Sealing<'_>, kind: EngineKind) -> impl Future<Output = Result<Self>> + use<> {
        let (key, sealer) = wiped(|| match sealing {
            Sealing::Segments {
                key,
                header,
                associated_data,
            } => (
                SegmentKey::derive(key, &header, &associated_data),
                Kind::Segments(Rc::new(RefCell::new(file::IndexedSealer::new(
                    header,
                    SegmentSize::ROOM,
                )))),
            ),
            Sealing::Chunks { key, sealer } => (SegmentKey::whole(key), Kind::Chunks(RefCell::new(sealer))),
        });
        let engine = key.map(|key| Engine::build(kind, key, Direction::Seal));
        async move {
            Ok(Self {
                engine: engine?.await?,
                sealer,
            })
        }
    }
}

/// Opens any piece of a file that comes to a room. The engine's key is wiped, or given up, with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct IndexedOpener {
    /// None where each piece brings its own IV.
    segments: Option<file::IndexedOpener>,
    engine: Engine,
}

#[wasm_bindgen]
impl IndexedOpener {
    /// Opens piece `index`. `last` says that nothing follows it; `iv` is what the room gave with it, if it did.
    ///
    /// # Errors
    /// `DECRYPT_FAILED`, `TRUNCATED`, `TOO_LARGE`; `INVALID_ARGUMENT` for a length the piece cannot have, or a missing IV.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn open(&self, index: u32, last: bool, piece: &Uint8Array, iv: Option<Vec<u8>>) -> Result<Promise> {
        let attempt = if let Some(segments) = &self.segments {
            segments.attempt(index, last, piece.length() as usize)?
        } else {
            let iv = iv.and_then(|iv| <[u8; NONCE_BYTES]>::try_from(iv).ok());
            Nonce::from_random(iv.ok_or(Error::InvalidArgument("a chunk without its IV"))?).into()
        };
        Ok(self.engine.open(attempt, piece))
    }
}

impl IndexedOpener {
    /// The opener of a file.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the engine cannot be had.
    pub fn build(opening: &Opening<'_>, kind: EngineKind) -> impl Future<Output = Result<Self>> + use<> {
        let (key, segments) = wiped(|| match opening {
            Opening::Segments {
                key,
                header,
                associated_data,
            } => (
                SegmentKey::derive(key, header, associated_data),
                Some(file::IndexedOpener::new(header.clone(), SegmentSize::ROOM)),
            ),
            Opening::Chunks { key } => (SegmentKey::whole(key), None),
        });
        let engine = key.map(|key| Engine::build(kind, key, Direction::Open));
        async move {
            Ok(Self {
                engine: engine?.await?,
                segments,
            })
        }
    }
}
