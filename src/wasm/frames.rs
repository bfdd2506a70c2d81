//! Frames for JavaScript: maps are plain objects, bytes are `Uint8Array`s.
//!
//! The data of a frame is converted as what it is, a map, whatever the frame's type: this serves every protocol that
//! uses the envelope, Arthas' too, whose frames share numbers with ours but not all fields. Rooms read typed frames.

use js_sys::Object;
use serde::Serialize;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

use super::{
    object::set,
    value::{from_js, to_js},
};
use crate::{
    error::{Error, Result},
    frame::{self, Value},
};

#[derive(Serialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: u32,
    data: Value,
}

/// Encodes a frame. `data` nests no deeper than a frame may: the TypeScript layer has seen to that.
///
/// # Errors
/// `INVALID_FRAME`, `FRAME_TOO_LARGE`.
#[wasm_bindgen(js_name = encodeFrame)]
pub fn encode_frame(kind: u32, data: JsValue) -> Result<Vec<u8>> {
    let data = from_js(&data).ok_or(Error::InvalidFrame("not encodable"))?;
    refuse_prototypes(&data)?;
    frame::encode_envelope(&Frame { kind, data })
}

/// Decodes exactly one frame to `{ type, data }`.
///
/// # Errors
/// `FRAME_TOO_LARGE`, `INVALID_FRAME`; the latter also for what JavaScript cannot hold: integers beyond 2^53 - 1, and a
/// key that would set an object's prototype.
#[wasm_bindgen(js_name = decodeFrame)]
pub fn decode_frame(bytes: &[u8]) -> Result<JsValue> {
    let (kind, data) = frame::open_envelope(bytes)?;
    let data = frame::read_value(data)?;
    refuse_prototypes(&data)?;
    let data = to_js(&data).ok_or(Error::InvalidFrame("an integer beyond 2^53 - 1"))?;
    let frame = Object::new();
    set(&frame, "type", &kind.into());
    set(&frame, "data", &data);
    Ok(frame.into())
}

fn refuse_prototypes(value: &Value) -> Result<()> {
    match value {
        Value::List(items) => items.iter().try_for_each(refuse_prototypes),
        Value::Map(entries) => entries.iter().try_for_each(|(key, value)| match key.as_str() {
            "__proto__" => Err(Error::InvalidFrame("the key __proto__")),
            _ => refuse_prototypes(value),
        }),
        _ => Ok(()),
    }
}
