//! The two ciphers behind every segment, with one behaviour.

use core::future::Future;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::{super::wipe::wiped, web_crypto::WebCrypto};
use crate::{
    error::{Error, Result},
    file::{Attempt, Nonce, SegmentCipher, SegmentKey, TAG_BYTES},
};

/// Which cipher to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// WebCrypto where it can be had, else Rust.
    Auto,
    /// WebCrypto: ten times as fast, but only in secure contexts.
    WebCrypto,
    /// The cipher of this module.
    Wasm,
}

impl EngineKind {
    /// Reads the name that the TypeScript layer uses.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "webcrypto" => Ok(Self::WebCrypto),
            "wasm" => Ok(Self::Wasm),
            _ => Err(Error::InvalidArgument("no such engine")),
        }
    }
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Only to seal.
    Seal,
    /// Only to open.
    Open,
}

/// The cipher of one file. A key in the memory of this module is wiped on drop.
#[derive(Debug)]
pub struct Engine(Cipher);

#[derive(Debug)]
enum Cipher {
    WebCrypto(WebCrypto),
    Wasm(SegmentCipher),
}

impl Engine {
    /// The engine for segments under `key`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when WebCrypto is asked for and cannot be had.
    pub fn build(
        kind: EngineKind,
        key: SegmentKey,
        direction: Direction,
    ) -> impl Future<Output = Result<Self>> + use<> {
        // The import has begun when this function returns; what is left is to wait for it.
        let import = (kind != EngineKind::Wasm).then(|| WebCrypto::import(&key, direction));
        async move {
            if let Some(import) = import {
                match import.await {
                    Ok(web_crypto) => return Ok(Self(Cipher::WebCrypto(web_crypto))),
                    Err(error) if kind == EngineKind::WebCrypto => return Err(error),
                    // Half a WebCrypto, as test environments have it, is none.
                    Err(_) => {}
                }
            }
            Ok(Self(Cipher::Wasm(wiped(|| SegmentCipher::new(&key)))))
        }
    }

    /// The name that the TypeScript layer uses.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.0 {
            Cipher::WebCrypto(_) => "webcrypto",
            Cipher::Wasm(_) => "wasm",
        }
    }

    /// The promise of the segment that `plaintext` becomes.
    pub(super) fn seal(&self, nonce: Nonce, plaintext: &Uint8Array) -> Promise {
        match &self.0 {
            Cipher::WebCrypto(web_crypto) => web_crypto.seal(nonce, plaintext),
            Cipher::Wasm(cipher) => in_place(plaintext, |buffer| cipher.seal(nonce, buffer)),
        }
    }

    /// The promise of the plaintext of `segment`.
    pub(super) fn open(&self, attempt: Attempt, segment: &Uint8Array) -> Promise {
        match &self.0 {
            Cipher::WebCrypto(web_crypto) => web_crypto.open(attempt, segment),
            Cipher::Wasm(cipher) => in_place(segment, |buffer| cipher.open(attempt, buffer)),
        }
    }
}

/// The promise of what `work` comes to.
pub(in crate::wasm) fn promise<T: Into<JsValue>>(work: impl Future<Output = Result<T>> + 'static) -> Promise {
    future_to_promise(async move { Ok(work.await?.into()) })
}

/// Bytes pass through the memory of this module, which the allocator and [`wiped`] clean.
fn in_place(bytes: &Uint8Array, work: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Promise {
    let result = wiped(|| {
        let length = bytes.length() as usize;
        // With room for the tag, so that it is not moved.
        let mut buffer = vec![0; length.saturating_add(TAG_BYTES)];
        buffer.truncate(length);
        bytes.copy_to(&mut buffer);
        work(&mut buffer).map(|()| Uint8Array::from(buffer.as_slice()))
    });
    match result {
        Ok(bytes) => Promise::resolve(&JsValue::from(bytes)),
        Err(error) => Promise::reject(&error.into()),
    }
}
