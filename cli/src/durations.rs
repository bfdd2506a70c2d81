//! Spans of time as people write them: `45`, `45s`, `5m`, `24h`, `7d`.

/// Longest life of a room: what relays take.
const MAX_EXPIRY_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) u64);

/// Reads a span of time of at most a year.
pub(crate) fn seconds(text: &str) -> Result<Seconds, String> {
    const HELP: &str = "expected a number of seconds, or of s, m, h or d: 45s, 5m, 24h, 7d";
    const YEAR: u64 = 366 * 24 * 60 * 60;
    let (digits, unit) = match text.chars().last() {
        Some('s') => (text.trim_end_matches('s'), 1),
        Some('m') => (text.trim_end_matches('m'), 60),
        Some('h') => (text.trim_end_matches('h'), 60 * 60),
        Some('d') => (text.trim_end_matches('d'), 24 * 60 * 60),
        _ => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(HELP.to_owned());
    }
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    seconds
        .filter(|seconds| *seconds <= YEAR)
        .map(Seconds)
        .ok_or_else(|| HELP.to_owned())
}

/// Reads a room's lifetime.
pub(crate) fn expiry(text: &str) -> Result<Seconds, String> {
    seconds(text).and_then(|span| match span.0 {
        1..=MAX_EXPIRY_SECONDS => Ok(span),
        _ => Err("a room ends within 7d".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, expected) in [
            ("0", 0),
            ("45", 45),
            ("45s", 45),
            ("5m", 300),
            ("24h", 86_400),
            ("7d", 604_800),
        ] {
            assert_eq!(seconds(text), Ok(Seconds(expected)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1",
            "1.5",
            "1w",
            "5ss m",
            "+3",
            "99999999999999999999d",
            "400d",
            "٣",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(expiry("0").is_err() && expiry("8d").is_err() && expiry("7d").is_ok());
    }
}
