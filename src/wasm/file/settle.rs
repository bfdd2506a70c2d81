//! What comes of a call of WebCrypto: a promise of bytes, or of an error of ours.
//!
//! Not futures: these closures exist once, where a future would make and drop its own for every segment, at a third of the
//! cost of a call.

use std::thread::LocalKey;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{
    closure::Closure,
    prelude::{wasm_bindgen, JsValue},
    JsCast,
};

use crate::error::Error;

type Map = Closure<dyn FnMut(JsValue) -> JsValue>;

thread_local! {
    static BYTES: Map = Closure::new(|buffer: JsValue| Uint8Array::new(&buffer).into());
    /// Encryption has no reason to fail but that the platform is out of something.
    pub(super) static NOT_ENCRYPTED: Map = rejection(Error::Internal("WebCrypto did not encrypt"));
    /// Why decryption failed is nobody's business.
    pub(super) static NOT_DECRYPTED: Map = rejection(Error::DecryptFailed);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Promise)]
    type Call;

    #[wasm_bindgen(method)]
    fn then(this: &Call, resolved: &Map, rejected: &Map) -> Promise;
}

/// The bytes of the buffer that `begun` resolves to, or the rejection `otherwise`.
pub(super) fn bytes_or(otherwise: &'static LocalKey<Map>, begun: core::result::Result<Promise, JsValue>) -> Promise {
    let call: Call = begun.unwrap_or_else(|error| Promise::reject(&error)).unchecked_into();
    BYTES.with(|bytes| otherwise.with(|otherwise| call.then(bytes, otherwise)))
}

/// A handler that rejects with `error`, whatever it is given.
fn rejection(error: Error) -> Map {
    Closure::new(move |_| Promise::reject(&error.clone().into()).into())
}
