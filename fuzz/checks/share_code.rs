//! Share codes: whatever parses can be written and read again, as a code and as a link.

use hushroom::share_code::{Protocol, ShareCode};

/// `data` is what somebody pasted.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let Ok(code) = ShareCode::parse(text) else { return };
    let written = code.encode();
    let again = ShareCode::parse(&written);
    assert!(again.is_ok_and(|again| again.encode() == written && again.protocol == code.protocol));
    for base in ["https://chat.example.com", "https://chat.example.com/a/b?c=d"] {
        let link = code.link(base);
        let parsed = link.and_then(|link| ShareCode::parse(&link));
        assert!(parsed.is_ok_and(|parsed| parsed.encode() == written));
    }
    assert_eq!(code.protocol == Protocol::Hush1, written.starts_with("hush1:"));
    // The text of a code never has two meanings: what is read as one protocol names it.
    let bare = !text.contains('#') && code.protocol == Protocol::Hush1;
    assert!(!bare || text.trim().starts_with("hush1:"));
}
