//! The engine of the platform.

use core::future::Future;

use js_sys::{global, Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{future_to_promise, JsFuture};
use web_sys::{AesGcmParams, CryptoKey, SubtleCrypto};

use super::{engine::Direction, settle};
use crate::{
    error::{Error, Result},
    file::{Attempt, Nonce, SegmentKey},
};

const ABSENT: Error = Error::InvalidArgument("this platform has no WebCrypto here");

/// A key that WebCrypto holds and does not give back.
#[derive(Debug)]
pub(super) struct WebCrypto {
    subtle: SubtleCrypto,
    key: CryptoKey,
}

impl WebCrypto {
    /// Begins to import `key`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no WebCrypto, or one that does not work.
    pub(super) fn import(key: &SegmentKey, direction: Direction) -> impl Future<Output = Result<Self>> + use<> {
        let raw = Uint8Array::from(key.expose().as_slice());
        let begun = begin_import(&raw, direction);
        async move {
            let imported = match begun {
                Ok((subtle, promise)) => JsFuture::from(promise)
                    .await
                    .map(|key| (subtle, key))
                    .map_err(|_| ABSENT),
                Err(error) => Err(error),
            };
            // Not earlier: nothing says when an implementation has its copy, but when it is done it has.
            raw.fill(0, 0, raw.length());
            let (subtle, key) = imported?;
            Ok(Self {
                subtle,
                key: key.unchecked_into(),
            })
        }
    }

    /// The promise of the segment that `plaintext` becomes.
    pub(super) fn seal(&self, nonce: Nonce, plaintext: &Uint8Array) -> Promise {
        let begun = self
            .subtle
            .encrypt_with_object_and_js_u8_array(&parameters(nonce), &self.key, plaintext);
        settle::bytes_or(&settle::NOT_ENCRYPTED, begun)
    }

    /// The promise of the plaintext of `segment`.
    pub(super) fn open(&self, attempt: Attempt, segment: &Uint8Array) -> Promise {
        let opening = decrypt(&self.subtle, &self.key, attempt.nonce, segment);
        let Some(nonce) = attempt.if_truncated else {
            return opening;
        };
        // A copy, because the caller may overwrite the segment at once. Only the last of a file needs one.
        let (segment, subtle, key) = (
            segment.slice(0, segment.length()),
            self.subtle.clone(),
            self.key.clone(),
        );
        future_to_promise(async move {
            let opened = JsFuture::from(opening).await;
            if opened.is_err() && JsFuture::from(decrypt(&subtle, &key, nonce, &segment)).await.is_ok() {
                return Err(Error::Truncated.into());
            }
            opened
        })
    }
}

/// The platform's WebCrypto. Looked up in the global object of whatever kind: workers have no `window`.
fn subtle() -> Option<SubtleCrypto> {
    let crypto = Reflect::get(&global(), &"crypto".into()).ok()?;
    let subtle = Reflect::get(&crypto, &"subtle".into()).ok()?;
    subtle.is_object().then(|| subtle.unchecked_into())
}

fn begin_import(raw: &Uint8Array, direction: Direction) -> Result<(SubtleCrypto, Promise)> {
    let subtle = subtle().ok_or(ABSENT)?;
    let usage = match direction {
        Direction::Seal => "encrypt",
        Direction::Open => "decrypt",
    };
    let promise = subtle
        .import_key_with_str("raw", raw, "AES-GCM", false, &Array::of1(&usage.into()))
        .map_err(|_| ABSENT)?;
    Ok((subtle, promise))
}

fn decrypt(subtle: &SubtleCrypto, key: &CryptoKey, nonce: Nonce, segment: &Uint8Array) -> Promise {
    let begun = subtle.decrypt_with_object_and_js_u8_array(&parameters(nonce), key, segment);
    settle::bytes_or(&settle::NOT_DECRYPTED, begun)
}

/// New for each call: were they used again, an implementation that looks at them late would use a nonce twice.
fn parameters(nonce: Nonce) -> AesGcmParams {
    AesGcmParams::new_with_u8_array("AES-GCM", &Uint8Array::from(nonce.into_bytes().as_slice()))
}
