//! Share codes for JavaScript.

use js_sys::{Object, Uint8Array};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use zeroize::Zeroizing;

use super::{object::set, random, wipe::wiped};
use crate::{
    error::Result,
    share_code::{Protocol, ShareCode},
};

/// A fresh share code. The numbers are whole and not negative: the TypeScript layer has seen to that.
///
/// # Errors
/// `INVALID_ARGUMENT` for a protocol that does not exist, `UNSUPPORTED` for an Arthas room for two, `RANDOM_UNAVAILABLE`.
#[wasm_bindgen(js_name = generateShareCode)]
pub fn generate_share_code(protocol: &str, ephemeral_seconds: f64, expires_at: f64, for_two: bool) -> Result<String> {
    wiped(|| {
        let protocol = Protocol::parse(protocol)?;
        let mut code = ShareCode::generate(protocol, (&random::bytes()?, random::key()?));
        code.ephemeral_seconds = ephemeral_seconds as u64;
        code.expires_at = expires_at as u64;
        if for_two {
            code = code.for_two()?;
        }
        Ok(into_string(code.encode()))
    })
}

/// The parts of a share code, as the `ShareCode` of the TypeScript layer.
///
/// # Errors
/// `INVALID_SHARE_CODE`.
#[wasm_bindgen(js_name = parseShareCode)]
pub fn parse_share_code(text: String) -> Result<JsValue> {
    wiped(|| {
        let code = ShareCode::parse(&Zeroizing::new(text))?;
        let object = Object::new();
        for (name, value) in [
            ("protocol", code.protocol.name().into()),
            ("roomId", code.room_id.as_str().into()),
            ("key", Uint8Array::from(code.key.expose().as_slice()).into()),
            ("ephemeralSeconds", number(code.ephemeral_seconds)),
            ("expiresAt", number(code.expires_at)),
        ] {
            set(&object, name, &value);
        }
        if code.members > 0 {
            set(&object, "maxMembers", &number(code.members));
        }
        Ok(object.into())
    })
}

/// A link that carries `code`.
///
/// # Errors
/// `INVALID_SHARE_CODE` and `INVALID_ARGUMENT`.
#[wasm_bindgen(js_name = shareLink)]
pub fn share_link(base: &str, code: String) -> Result<String> {
    wiped(|| ShareCode::parse(&Zeroizing::new(code))?.link(base).map(into_string))
}

/// Both numbers of a code have at most 15 digits, so they are exact.
fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

/// wasm-bindgen takes the string over and frees it once JavaScript has its copy; the allocator wipes it then.
fn into_string(mut text: Zeroizing<String>) -> String {
    core::mem::take(&mut *text)
}
