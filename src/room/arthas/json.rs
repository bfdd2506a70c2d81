//! JSON as JavaScript reads it, for payloads whose signature covers fields that nobody here knows.
//!
//! Not `serde_json`: strings are UTF-16, because JavaScript signs lone surrogates too, and everything that is read must be
//! written again in exactly the form it was signed in ([`super::canonical`]).

use super::number;
use crate::sorted::SortedMap;

/// Deepest nesting of lists and objects.
const MAX_DEPTH: usize = 16;

/// A string: UTF-16 code units, any at all. Sorts as JavaScript sorts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Text(pub(super) Vec<u16>);

/// The members of an object, in JavaScript's order.
pub(super) type Map = SortedMap<Text, Json>;

/// Any value.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(Text),
    List(Vec<Json>),
    Map(Map),
}

impl Text {
    /// What people see: lone surrogates become U+FFFD.
    pub(super) fn to_lossy(&self) -> String {
        String::from_utf16_lossy(&self.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Json {
    /// Reads exactly one value, as `JSON.parse` does. `None` for anything else, and above 16 levels.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text };
        let value = parser.value(0)?;
        parser.space();
        parser.rest.is_empty().then_some(value)
    }

    pub(super) fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number from 0 to 2^53.
    pub(super) fn as_count(&self) -> Option<u64> {
        const MAX: f64 = 9_007_199_254_740_992.0;
        match self {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, and within bounds"
            )]
            Self::Number(number) if number.fract() == 0.0 && (0.0..=MAX).contains(number) => Some(*number as u64),
            _ => None,
        }
    }
}

/// An object of these members.
pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Map {
    members.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

/// Member `key`, if it is a string.
pub(super) fn text_of(map: &Map, key: &str) -> Option<String> {
    map.get(&key.into())?.as_text().map(Text::to_lossy)
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        Some(next)
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.space();
        match self.rest.chars().next()? {
            'n' => self.take("null").map(|()| Json::Null),
            't' => self.take("true").map(|()| Json::Bool(true)),
            'f' => self.take("false").map(|()| Json::Bool(false)),
            '"' => self.text().map(Json::Text),
            '[' | '{' if depth >= MAX_DEPTH => None,
            '[' => self.list(depth),
            '{' => self.map(depth),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        self.take("[")?;
        let mut items = Vec::new();
        self.space();
        if self.take("]").is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth.saturating_add(1))?);
            self.space();
            match self.next()? {
                ',' => {}
                ']' => return Some(Json::List(items)),
                _ => return None,
            }
        }
    }

    /// Of a key that comes twice the last counts.
    fn map(&mut self, depth: usize) -> Option<Json> {
        self.take("{")?;
        let mut entries = Vec::new();
        self.space();
        if self.take("}").is_some() {
            return Some(Json::Map(Map::new()));
        }
        loop {
            self.space();
            let key = self.text()?;
            self.space();
            self.take(":")?;
            entries.push((key, self.value(depth.saturating_add(1))?));
            self.space();
            match self.next()? {
                ',' => {}
                '}' => return Some(Json::Map(entries.into_iter().collect())),
                _ => return None,
            }
        }
    }

    fn text(&mut self) -> Option<Text> {
        self.take("\"")?;
        let mut units = Vec::new();
        loop {
            match self.next()? {
                '"' => return Some(Text(units)),
                '\\' => units.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.next()? {
            '"' => u16::from(b'"'),
            '\\' => u16::from(b'\\'),
            '/' => u16::from(b'/'),
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => (0..4).try_fold(0_u16, |unit, _| {
                let digit = self.next()?.to_digit(16)?;
                Some(unit << 4 | u16::try_from(digit).ok()?)
            })?,
            _ => return None,
        })
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let any = rest.len() < self.rest.len();
        self.rest = rest;
        any.then_some(())
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.rest;
        let _sign = self.take("-");
        if self.take("0").is_none() {
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        if self.take("e").or_else(|| self.take("E")).is_some() {
            let _sign = self.take("+").or_else(|| self.take("-"));
            self.digits()?;
        }
        let length = start.len().saturating_sub(self.rest.len());
        number::parse(start.get(..length)?).map(Json::Number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"",
            "[1]x",
            "{\"a\"}",
            "\u{a0}1",
            "--1",
            "\u{feff}{}",
            "'a'",
        ] {
            assert!(Json::parse(text).is_none(), "{text:?}");
        }
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Json::parse(&deep(16)).is_some());
        assert!(Json::parse(&deep(17)).is_none());
        assert!(Json::parse(&"[".repeat(100_000)).is_none());
    }

    #[test]
    fn lone_surrogates_are_kept() {
        let json = Json::parse(r#""a\ud800\u0041""#).unwrap();
        assert_eq!(json, Json::Text(Text(vec![0x61, 0xd800, 0x41])));
        assert_eq!(json.as_text().unwrap().to_lossy(), "a\u{fffd}A");
        assert_eq!(Json::parse(r#""\ud83d\ude00""#).unwrap(), Json::from("\u{1f600}"));
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        let json = Json::parse(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(json.as_map().unwrap().get(&"a".into()).unwrap().as_count(), Some(2));
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        for (text, count) in [
            ("1.0", Some(1)),
            ("1e2", Some(100)),
            ("-1", None),
            ("0.5", None),
            ("1e300", None),
            ("-0", Some(0)),
        ] {
            assert_eq!(Json::parse(text).unwrap().as_count(), count, "{text}");
        }
    }

    /// What the well-known crate makes of it.
    fn from_serde(value: &serde_json::Value) -> Json {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(value) => Json::Bool(*value),
            serde_json::Value::Number(number) => Json::Number(number.as_f64().unwrap()),
            serde_json::Value::String(text) => text.as_str().into(),
            serde_json::Value::Array(items) => Json::List(items.iter().map(from_serde).collect()),
            serde_json::Value::Object(map) => Json::Map(
                map.iter()
                    .map(|(key, value)| (key.as_str().into(), from_serde(value)))
                    .collect(),
            ),
        }
    }

    pub(in crate::room::arthas) fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i32>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
            #[test]
            fn what_others_write_is_read_as_they_read_it(value in any_json(), pretty: bool) {
                let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
    // Not what the crate itself reads again: it is not exact in the last digit.
                prop_assert_eq!(Json::parse(&text), Some(from_serde(&value)));
            }

            #[test]
            fn what_others_refuse_is_refused(text in "[\\[\\]{}\",:0-9a-z\\\\ .+-]{0,24}") {
                prop_assert_eq!(
                    Json::parse(&text).is_some(),
                    serde_json::from_str::<serde_json::Value>(&text).is_ok()
                );
            }
        }
}
