//! Numbers as JavaScript reads and writes them. In JavaScript it does so itself: see [`crate::wasm::number`].

/// A number of JSON, the nearest there is.
pub(super) fn parse(text: &str) -> Option<f64> {
    #[cfg(target_arch = "wasm32")]
    return Some(crate::wasm::number::parse(text));
    #[cfg(not(target_arch = "wasm32"))]
    text.parse().ok()
}

/// A finite number, in the shortest digits that read back as the same one. (ECMA-262 6.1.6.1.20)
pub(super) fn to_js(number: f64) -> String {
    #[cfg(target_arch = "wasm32")]
    return crate::wasm::number::write(number);
    #[cfg(not(target_arch = "wasm32"))]
    in_rust(number)
}

/// Rust prints the same digits, and differs in when it uses an exponent.
#[cfg(not(target_arch = "wasm32"))]
fn in_rust(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}e{sign}{exponent}")
}

/// The same without an exponent, and with the sign of -0: Go's `strconv.FormatFloat(x, 'f', -1, 64)`.
pub(super) fn to_go(number: f64) -> String {
    let text = to_js(number.abs());
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return [sign, &text].concat();
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (down, places) = match exponent.strip_prefix('-') {
        Some(places) => (true, places),
        None => (false, exponent.trim_start_matches('+')),
    };
    let places: usize = places.parse().unwrap_or(0);
    // One digit stands before the point. Those behind it are at most 16, and an exponent upwards is at least 21.
    if down {
        [sign, "0.", &"0".repeat(places.saturating_sub(1)), whole, fraction].concat()
    } else {
        [
            sign,
            whole,
            fraction,
            &"0".repeat(places.saturating_sub(fraction.len())),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn go_prints_as_rust_does(number in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
            prop_assert_eq!(to_go(number), number.to_string());
        }
    }
}
