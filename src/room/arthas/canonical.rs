//! Canonical JSON: what signatures are made over.
//!
//! Arthas has two forms of it, and a signature may be over either. That of its web client, in which we sign, writes strings
//! and numbers as `JSON.stringify` does and sorts keys by UTF-16 code units. That of its command line client quotes strings
//! as Go does, prints numbers without an exponent and sorts keys by UTF-8 bytes.

use core::fmt::Write;

use super::{
    json::{Json, Map, Text},
    number,
};
use crate::sorted::in_order;

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Of the web client.
    Js,
    /// Of the command line client.
    Go,
}

/// The canonical form of `map`.
pub(super) fn canonical(map: &Map, form: Form) -> String {
    let mut out = String::new();
    write_map(map, form, &mut out);
    out
}

fn write_value(value: &Json, form: Form, out: &mut String) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => write_number(*number, form, out),
        Json::Text(text) => write_text(text, form, out),
        Json::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                write_value(item, form, out);
            }
            out.push(']');
        }
        Json::Map(map) => write_map(map, form, out),
    }
}

fn write_map(map: &Map, form: Form, out: &mut String) {
    let mut entries: Vec<(&Text, &Json)> = map.iter().collect();
    if form == Form::Go {
        let keys = entries
            .iter()
            .enumerate()
            .map(|(index, (key, _))| (key.to_lossy(), index));
        let order = in_order(keys);
        entries = order
            .iter()
            .filter_map(|(_, index)| entries.get(*index).copied())
            .collect();
    }
    out.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        separate(index, out);
        write_text(key, form, out);
        out.push(':');
        write_value(value, form, out);
    }
    out.push('}');
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn write_number(number: f64, form: Form, out: &mut String) {
    if !number.is_finite() {
        return out.push_str("null");
    }
    out.push_str(&match form {
        Form::Go => number::to_go(number),
        Form::Js => number::to_js(number),
    });
}

fn write_text(text: &Text, form: Form, out: &mut String) {
    out.push('"');
    for unit in char::decode_utf16(text.0.iter().copied()) {
        match (unit, form) {
            (Ok('"'), _) => out.push_str("\\\""),
            (Ok('\\'), _) => out.push_str("\\\\"),
            (Ok(c), Form::Js) => write_js_char(c, out),
            (Err(lone), Form::Js) => {
                let _ = write!(out, "\\u{:04x}", lone.unpaired_surrogate());
            }
            (Ok(c), Form::Go) => write_go_char(c, out),
            // What Go's decoder makes of it.
            (Err(_), Form::Go) => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out.push('"');
}

fn write_js_char(c: char, out: &mut String) {
    match c {
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\u{1f}' => {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        _ => out.push(c),
    }
}

/// Go's `strconv.Quote`.
fn write_go_char(c: char, out: &mut String) {
    let code = u32::from(c);
    let _ = match c {
        '\u{7}' => out.write_str("\\a"),
        '\u{8}' => out.write_str("\\b"),
        '\u{c}' => out.write_str("\\f"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\u{b}' => out.write_str("\\v"),
        '\0'..='\u{1f}' | '\u{7f}' => write!(out, "\\x{code:02x}"),
        _ if is_printable(c) => out.write_char(c),
        '\u{10000}'.. => write!(out, "\\U{code:08x}"),
        _ => write!(out, "\\u{code:04x}"),
    };
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space. The standard library escapes everything else when it
/// prints a string, and nothing but that: behind another character, so that combining marks are not escaped as well.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = *b"a\0\0\0\0";
    let (_, tail) = buffer.split_at_mut(1);
    let length = c.encode_utf8(tail).len().saturating_add(1);
    let text = buffer.get(..length).and_then(|bytes| core::str::from_utf8(bytes).ok());
    text.is_some_and(|text| !text.escape_debug().any(|c| c == '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (String, String) {
        let json = Json::parse(text).unwrap();
        let map = json.as_map().unwrap();
        (canonical(map, Form::Js), canonical(map, Form::Go))
    }

    #[test]
    fn numbers_are_written_as_each_language_does() {
        for (number, js, go) in [
            ("1.0", "1", "1"),
            ("-0", "0", "-0"),
            ("0.1", "0.1", "0.1"),
            ("1e20", "100000000000000000000", "100000000000000000000"),
            ("1e21", "1e+21", "1000000000000000000000"),
            ("1.5e300", "1.5e+300", &format!("15{}", "0".repeat(299))),
            ("1e-6", "0.000001", "0.000001"),
            ("1e-7", "1e-7", "0.0000001"),
            ("-1.25e-9", "-1.25e-9", "-0.00000000125"),
            ("9007199254740993", "9007199254740992", "9007199254740992"),
            ("1e999", "null", "null"),
        ] {
            let (by_js, by_go) = both(&format!(r#"{{"a":{number}}}"#));
            assert_eq!(by_js, format!(r#"{{"a":{js}}}"#));
            assert_eq!(by_go, format!(r#"{{"a":{go}}}"#));
        }
    }

    #[test]
    fn strings_are_escaped_as_each_language_does() {
        for (text, js, go) in [
            (r#"\""#, r#"\""#, r#"\""#),
            (r"\/\\", r"/\\", r"/\\"),
            (r"\u0000\u001f\u007f", "\\u0000\\u001f\u{7f}", r"\x00\x1f\x7f"),
            (r"\b\f\n\r\t\u000b\u0007", r"\b\f\n\r\t\u000b\u0007", r"\b\f\n\r\t\v\a"),
            (
                "\u{a0}\u{2028}\u{feff}",
                "\u{a0}\u{2028}\u{feff}",
                r"\u00a0\u2028\ufeff",
            ),
            ("\u{e0067}", "\u{e0067}", r"\U000e0067"),
            (
                "e\u{301}\u{1f600}\u{fffd}",
                "e\u{301}\u{1f600}\u{fffd}",
                "e\u{301}\u{1f600}\u{fffd}",
            ),
            (r"\ud800x", r"\ud800x", "\u{fffd}x"),
            ("<>&", "<>&", "<>&"),
        ] {
            let (by_js, by_go) = both(&format!(r#"{{"a":"{text}"}}"#));
            assert_eq!(by_js, format!(r#"{{"a":"{js}"}}"#), "{text:?}");
            assert_eq!(by_go, format!(r#"{{"a":"{go}"}}"#), "{text:?}");
        }
    }

    /// U+FF61 is above every surrogate in UTF-8, and above them in UTF-16 as well; U+1F600 is below it there.
    #[test]
    fn keys_are_sorted_as_each_language_does() {
        let (js, go) = both("{\"\u{ff61}\":1,\"\u{1f600}\":2,\"b\":[{\"d\":null,\"c\":true}],\"a\":false}");
        assert_eq!(
            js,
            "{\"a\":false,\"b\":[{\"c\":true,\"d\":null}],\"\u{1f600}\":2,\"\u{ff61}\":1}"
        );
        assert_eq!(
            go,
            "{\"a\":false,\"b\":[{\"c\":true,\"d\":null}],\"\u{ff61}\":1,\"\u{1f600}\":2}"
        );
    }

    mod properties {
        use proptest::prelude::*;

        use super::super::*;

        proptest! {
            #[test]
            fn reading_the_js_form_gives_the_same_again(units in prop::collection::vec(any::<u16>(), 0..20), number: f64) {
                let map = Map::from_iter([(Text(units.clone()), Json::List(vec![Json::Text(Text(units)), Json::Number(number + 0.0)]))]);
                let text = canonical(&map, Form::Js);
                let again = Json::parse(&text).unwrap();
                prop_assert_eq!(canonical(again.as_map().unwrap(), Form::Js), text);
                if number.is_finite() {
                    prop_assert_eq!(again, Json::Map(map));
                }
            }

            #[test]
            fn the_go_form_has_nothing_that_does_not_print(text: String) {
                let map = Map::from_iter([("a".into(), text.as_str().into())]);
                let go = canonical(&map, Form::Go);
                prop_assert!(go.chars().all(is_printable), "{:?}", go);
            }
        }
    }
}
