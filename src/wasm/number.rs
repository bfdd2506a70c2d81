//! Numbers as JavaScript reads and writes them, by JavaScript: what the standard library brings for it, tables of powers
//! mostly, would be a tenth of the wasm file.

use js_sys::Number;

/// A number of JSON.
pub(crate) fn parse(text: &str) -> f64 {
    Number::parse_float(text)
}

/// A number that is finite, as `JSON.stringify` writes it.
pub(crate) fn write(number: f64) -> String {
    // A radix of 10 is allowed.
    Number::from(number)
        .to_string_with_radix(10)
        .map(String::from)
        .unwrap_or_default()
}
