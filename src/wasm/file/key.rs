//! File keys, and what follows from the sizes.

use core::future::Future;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use super::{
    super::{random, wipe::wiped},
    engine::{promise, Direction, Engine, EngineKind},
    range::FileRangeOpener,
    sequential::{FileOpener, FileSealer},
};
use crate::{
    error::{Error, Result},
    file::{self, Header, Opener, RangeOpener, Sealer, SegmentKey, SegmentSize, HEADER_BYTES},
    secret::Key,
};

/// The largest integer up to which JavaScript's numbers are exact.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A fresh key of 32 bytes, which belongs to the caller.
///
/// # Errors
/// `RANDOM_UNAVAILABLE`.
#[wasm_bindgen(js_name = generateFileKey)]
pub fn generate_file_key() -> Result<Uint8Array> {
    wiped(|| Ok(Uint8Array::from(random::key()?.expose().as_slice())))
}

/// Bytes of the file that holds `plaintext` bytes, a whole number.
///
/// # Errors
/// `INVALID_SEGMENT_SIZE`, `TOO_LARGE`.
#[wasm_bindgen(js_name = encryptedSize)]
pub fn encrypted_size(plaintext: f64, segment_size: u32) -> Result<f64> {
    file::encrypted_size(whole(plaintext)?, segment_size).map(|size| size as f64)
}

/// Bytes of plaintext in a file of `encrypted` bytes, a whole number.
///
/// # Errors
/// `INVALID_SEGMENT_SIZE`, `TRUNCATED` when no file has that length, `TOO_LARGE`.
#[wasm_bindgen(js_name = decryptedSize)]
pub fn decrypted_size(encrypted: f64, segment_size: u32) -> Result<f64> {
    file::decrypted_size(whole(encrypted)?, segment_size).map(|size| size as f64)
}

/// A size or position from JavaScript.
pub(super) fn whole(number: f64) -> Result<u64> {
    if number.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&number) {
        Ok(number as u64)
    } else {
        Err(Error::InvalidArgument("not a whole number"))
    }
}

/// A file key and whatever else both sides must agree on. The key is wiped with `free()`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FileKey {
    key: Key,
    associated_data: Vec<u8>,
    size: SegmentSize,
    engine: EngineKind,
}

#[wasm_bindgen]
impl FileKey {
    /// # Errors
    /// `INVALID_KEY`, `INVALID_SEGMENT_SIZE`; `INVALID_ARGUMENT` for an engine that does not exist.
    #[wasm_bindgen(constructor)]
    pub fn new(key: Vec<u8>, associated_data: Vec<u8>, segment_size: u32, engine: &str) -> Result<FileKey> {
        wiped(|| {
            Ok(Self {
                key: Key::from_slice(&Zeroizing::new(key))?,
                associated_data,
                size: SegmentSize::new(segment_size)?,
                engine: EngineKind::parse(engine)?,
            })
        })
    }

    /// A sealer for a new file, with a random header.
    ///
    /// # Errors
    /// `RANDOM_UNAVAILABLE`; `INVALID_ARGUMENT` when the engine cannot be had.
    #[wasm_bindgen(unchecked_return_type = "Promise<FileSealer>")]
    pub fn sealer(&self) -> Result<Promise> {
        let header = Header::from_random(&random::bytes()?);
        let engine = self.engine(&header, Direction::Seal)?;
        let sealer = Sealer::new(header, self.size);
        Ok(promise(async move { Ok(FileSealer::new(sealer, engine.await?)) }))
    }

    /// An opener for the file that starts with `header`.
    ///
    /// # Errors
    /// `TRUNCATED`, `DECRYPT_FAILED` for what is no header; `INVALID_ARGUMENT` when the engine cannot be had.
    #[wasm_bindgen(unchecked_return_type = "Promise<FileOpener>")]
    pub fn opener(&self, header: &Uint8Array) -> Result<Promise> {
        let header = parse(header)?;
        let engine = self.engine(&header, Direction::Open)?;
        let opener = Opener::new(header, self.size);
        Ok(promise(async move { Ok(FileOpener::new(opener, engine.await?)) }))
    }

    /// An opener for parts of the file of `encrypted_size` bytes that starts with `header`.
    ///
    /// # Errors
    /// As [`Self::opener`]; `TRUNCATED` when no file has that length, `TOO_LARGE`.
    #[wasm_bindgen(js_name = rangeOpener, unchecked_return_type = "Promise<FileRangeOpener>")]
    pub fn range_opener(&self, header: &Uint8Array, encrypted_size: f64) -> Result<Promise> {
        let header = parse(header)?;
        let engine = self.engine(&header, Direction::Open)?;
        let opener = RangeOpener::new(header, self.size, whole(encrypted_size)?)?;
        Ok(promise(async move { Ok(FileRangeOpener::new(opener, engine.await?)) }))
    }
}

impl FileKey {
    fn engine(&self, header: &Header, direction: Direction) -> Result<impl Future<Output = Result<Engine>> + use<>> {
        let key = wiped(|| SegmentKey::derive(&self.key, header, &self.associated_data))?;
        Ok(Engine::build(self.engine, key, direction))
    }
}

/// Takes no more than a header is long, whatever it was given.
fn parse(bytes: &Uint8Array) -> Result<Header> {
    Header::parse(&bytes.subarray(0, HEADER_BYTES as u32).to_vec())
}
