//! What the public list says about a room. Not its key: the list is for finding a room, its maker hands out the code.

use std::collections::VecDeque;

use hushroom::frame::arthas::CreateRoom;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::refusal::Refusal;

const MAX_TITLE_CHARS: usize = 50;
const MAX_DESCRIPTION_CHARS: usize = 200;
const MAX_TAGS: usize = 5;
const MAX_TAG_CHARS: usize = 20;
/// Minutes over which a room's activity is counted.
const MINUTES: u64 = 5;

/// The words a maker found for a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tags: Vec<String>,
}

impl Words {
    /// Cleans and checks. A key that came along is not looked at.
    pub(super) fn new(frame: &CreateRoom) -> Result<Self, Refusal> {
        let (title, description) = (clean(&frame.title), clean(&frame.description));
        if !(1..=MAX_TITLE_CHARS).contains(&title.chars().count()) {
            return Err(Refusal::InvalidListing("a title has 1 to 50 characters"));
        }
        if description.chars().count() > MAX_DESCRIPTION_CHARS {
            return Err(Refusal::InvalidListing("a description has at most 200 characters"));
        }
        let tags: Vec<_> = frame.tags.iter().map(|tag| clean(tag)).collect();
        if tags.len() > MAX_TAGS || !tags.iter().all(|tag| is_tag(tag)) {
            return Err(Refusal::InvalidListing(
                "a room has at most 5 tags of 1 to 20 letters, digits and hyphens",
            ));
        }
        Ok(Self {
            title,
            description,
            tags,
        })
    }
}

fn is_tag(tag: &str) -> bool {
    (1..=MAX_TAG_CHARS).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Without HTML tags, control characters and those that turn the direction of text.
fn clean(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        match tag.split_once('>') {
            Some((_, after)) => rest = after,
            None => (plain, rest) = (plain + "<", tag),
        }
    }
    plain.push_str(rest);
    plain.retain(|letter| {
        !letter.is_control()
            && !matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    plain.trim().to_owned()
}

/// A room's place in the list.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) words: Words,
    /// Unix seconds.
    pub(super) created_at: u64,
    pub(super) activity: Activity,
    pub(super) _permit: OwnedSemaphorePermit,
}

/// An entry of the list, as the API writes it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    pub(super) room_id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tags: Vec<String>,
    pub(super) member_count: usize,
    pub(super) has_password: bool,
    /// Unix seconds.
    pub(super) created_at: u64,
    /// Unix seconds; 0 for never.
    pub(super) expires_at: u64,
    #[serde(rename = "messageCount5min")]
    pub(super) message_count: u64,
}

/// Messages of the last minutes, by the minute.
#[derive(Debug, Default)]
pub(super) struct Activity(VecDeque<(u64, u64)>);

impl Activity {
    /// Counts a message at `now`, in Unix milliseconds.
    pub(super) fn count(&mut self, now: u64) {
        let minute = now / 60_000;
        match self.0.back_mut() {
            Some((last, count)) if *last >= minute => *count += 1,
            _ => self.0.push_back((minute, 1)),
        }
        let since = since(now);
        while self.0.front().is_some_and(|(minute, _)| *minute < since) {
            self.0.pop_front();
        }
    }

    pub(super) fn recent(&self, now: u64) -> u64 {
        let since = since(now);
        self.0
            .iter()
            .filter(|(minute, _)| *minute >= since)
            .map(|(_, count)| count)
            .sum()
    }
}

/// The first minute that counts.
const fn since(now: u64) -> u64 {
    (now / 60_000).saturating_sub(MINUTES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(title: &str, description: &str, tags: &[&str]) -> Result<Words, Refusal> {
        Words::new(&CreateRoom {
            title: title.to_owned(),
            description: description.to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..CreateRoom::default()
        })
    }

    #[test]
    fn words_have_limits() {
        for (title, description, tags, good) in [
            ("x", "", &[][..], true),
            ("", "", &[], false),
            ("<b></b>", "", &[], false),
            ("\u{7}\u{202e}", "", &[], false),
            (
                &"é".repeat(50),
                &"é".repeat(200),
                &["a", "B", "c-3", "4", "12345678901234567890"],
                true,
            ),
            (&"é".repeat(51), "", &[], false),
            ("x", &"é".repeat(201), &[], false),
            ("x", "", &["1", "2", "3", "4", "5", "6"], false),
            ("x", "", &[""], false),
            ("x", "", &["é"], false),
            ("x", "", &["a b"], false),
            ("x", "", &["123456789012345678901"], false),
        ] {
            let words = words(title, description, tags);
            assert_eq!(words.is_ok(), good, "{title:?} {description:?} {tags:?}");
            if let Err(refusal) = words {
                assert_eq!(refusal.code(), "E011");
            }
        }
    }

    #[test]
    fn words_are_cleaned() {
        for (text, cleaned) in [
            (" <b>bold</b> &amp; 1 < 2 ", "bold &amp; 1 < 2"),
            ("<script>x</script>", "x"),
            ("a\0b\nc\u{1b}[31md", "abc[31md"),
            ("a<b", "a<b"),
            ("<<a>", ""),
            ("\u{202e}evil\u{2066}", "evil"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn activity_is_that_of_five_minutes() {
        const MINUTE: u64 = 60_000;
        let mut activity = Activity::default();
        for minute in 100..110 {
            activity.count(minute * MINUTE);
            activity.count(minute * MINUTE + 1);
        }
        assert_eq!(activity.0.len(), 5);
        assert_eq!(activity.recent(109 * MINUTE), 10);
        assert_eq!(activity.recent(111 * MINUTE), 6);
        assert_eq!(activity.recent(120 * MINUTE), 0);
    }
}
