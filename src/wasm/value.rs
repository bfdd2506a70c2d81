//! Values for JavaScript and from it: maps are plain objects, bytes are `Uint8Array`s, integers are numbers.
//!
//! Not by `serde-wasm-bindgen`, whose errors alone bring the printing of floating-point numbers with them.

use js_sys::{Array, Number, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::object::set;
use crate::frame::{Value, MAX_DEPTH};

/// The largest integer up to which JavaScript has them all.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// `None` for an integer that JavaScript cannot hold.
pub(super) fn to_js(value: &Value) -> Option<JsValue> {
    Some(match value {
        Value::Nil => JsValue::NULL,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => {
            integer(value.unsigned_abs())?;
            (*value as f64).into()
        }
        Value::Uint(value) => integer(*value)?.into(),
        Value::Float(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Bin(value) => Uint8Array::from(value.as_slice()).into(),
        Value::List(items) => {
            let array = Array::new();
            for item in items {
                array.push(&to_js(item)?);
            }
            array.into()
        }
        Value::Map(entries) => {
            let object = Object::new();
            for (key, value) in entries {
                set(&object, key, &to_js(value)?);
            }
            object.into()
        }
    })
}

fn integer(value: u64) -> Option<f64> {
    (value <= MAX_SAFE_INTEGER).then_some(value as f64)
}

/// `None` for what MessagePack does not have, and below [`MAX_DEPTH`] levels.
pub(super) fn from_js(value: &JsValue) -> Option<Value> {
    read(value, 1)
}

fn read(value: &JsValue, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let inner = depth.saturating_add(1);
    if value.is_null() || value.is_undefined() {
        return Some(Value::Nil);
    }
    if let Some(value) = value.as_bool() {
        return Some(Value::Bool(value));
    }
    if let Some(number) = value.as_f64() {
        let whole = Number::is_safe_integer(value);
        return Some(if whole {
            signed(number as i64)
        } else {
            Value::Float(number)
        });
    }
    if let Some(text) = value.as_string() {
        return Some(Value::Text(text));
    }
    if value.is_bigint() {
        let unsigned = || u64::try_from(value.clone()).map(Value::Uint).ok();
        return i64::try_from(value.clone()).map_or_else(|_| unsigned(), |value| Some(signed(value)));
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Some(Value::Bin(bytes.to_vec()));
    }
    if Array::is_array(value) {
        let items = value.unchecked_ref::<Array>();
        let items = (0..items.length()).map(|index| read(&items.get(index), inner));
        return items.collect::<Option<_>>().map(Value::List);
    }
    if !value.is_object() {
        return None;
    }
    let entries = Object::entries(value.unchecked_ref());
    let entries = (0..entries.length()).map(|index| {
        let entry: Array = entries.get(index).unchecked_into();
        Some((entry.get(0).as_string()?, read(&entry.get(1), inner)?))
    });
    entries.collect::<Option<_>>().map(Value::Map)
}

fn signed(value: i64) -> Value {
    u64::try_from(value).map_or(Value::Int(value), Value::Uint)
}
