//! What is inside messages, reactions and typing frames once they are opened.

use super::{
    canonical::{canonical, Form},
    json::{object, text_of, Json, Map, Text},
    signing::{announced_key, parse_key, Signed, Signing},
};
use crate::{
    error::{Error, Result},
    room::{device_key::DeviceKey, name::clean_member_name, output::Quote},
};

/// Longest text of a message, in UTF-8 bytes.
pub const MAX_TEXT_BYTES: usize = 60_000;
/// Longest emoji of a reaction, in UTF-8 bytes.
pub(super) const MAX_EMOJI_BYTES: usize = 32;
/// Longest reference to a message, in UTF-8 bytes.
const MAX_STABLE_ID_BYTES: usize = 96;
/// UTF-16 units of a message that a reply to it quotes.
const PREVIEW_UNITS: usize = 50;
/// How the agent plugin announces a key, as plain text.
const PLUGIN_KEY: &str = "[PUBLIC_KEY]";
const KEY_CHARS: usize = 43;

/// What a message says.
pub(super) enum Payload {
    Text {
        text: String,
        reply: Option<Reply>,
        signed: Option<Signed>,
    },
    /// A key, and whether its holder signed that.
    Key { key: DeviceKey, signed: bool },
}

/// What a message answers: `sender:t`, and what its sender says of it.
pub(super) struct Reply {
    pub(super) stable_id: String,
    pub(super) quote: Quote,
}

impl Payload {
    /// # Errors
    /// [`Error::Misdirected`] for what belongs into another kind of frame, [`Error::BadSignature`] for a key that is not
    /// its sender's, [`Error::TextTooLong`].
    pub(super) fn parse(plaintext: &[u8]) -> Result<Self> {
        // Bytes of something else: a piece of a file, most likely.
        let plain = core::str::from_utf8(plaintext).map_err(|_| Error::Misdirected)?;
        let Some(Json::Map(map)) = Json::parse(plain) else {
            return Self::legacy(plain);
        };
        if text_of(&map, "type").as_deref() == Some("pubkey") {
            let key = announced_key(&map)?;
            return Ok(Self::Key { key, signed: true });
        }
        let Some(text) = text_of(&map, "text") else {
            // No message of Arthas' looks like this, and the relay can put one thing in the place of another.
            let others = ["typing", "emoji", "totalChunks"];
            if others.iter().any(|key| map.contains_key(&Text::from(*key))) {
                return Err(Error::Misdirected);
            }
            return Self::legacy(plain);
        };
        check_text(&text)?;
        Ok(Self::Text {
            text,
            reply: Reply::parse(&map),
            signed: Signed::of(map),
        })
    }

    /// What is not of the usual form is shown as it is.
    fn legacy(text: &str) -> Result<Self> {
        if let Some(key) = text.strip_prefix(PLUGIN_KEY) {
            if key.len() == KEY_CHARS {
                let key = parse_key(key)?;
                return Ok(Self::Key { key, signed: false });
            }
        }
        check_text(text)?;
        Ok(Self::Text {
            text: text.to_owned(),
            reply: None,
            signed: None,
        })
    }
}

fn check_text(text: &str) -> Result<()> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::TextTooLong {
            limit: MAX_TEXT_BYTES,
            actual: text.len(),
        });
    }
    Ok(())
}

impl Reply {
    pub(super) fn new(stable_id: String, sender_name: String, text: &str) -> Self {
        let quote = Quote {
            sender_name,
            preview: preview(text),
        };
        Self { stable_id, quote }
    }

    fn parse(map: &Map) -> Option<Self> {
        let reply = map.get(&"reply".into())?.as_map()?;
        let stable_id = text_of(reply, "stableId").filter(|id| id.len() <= MAX_STABLE_ID_BYTES)?;
        let name = text_of(reply, "senderName").unwrap_or_default();
        let name = clean_member_name(&name).unwrap_or_default();
        Some(Self::new(
            stable_id,
            name,
            &text_of(reply, "preview").unwrap_or_default(),
        ))
    }
}

/// The start of a text; not longer for being a preview already.
pub(super) fn preview(text: &str) -> String {
    let mut units = 0_usize;
    let end = text.char_indices().find(|(_, c)| {
        units = units.saturating_add(c.len_utf16());
        units > PREVIEW_UNITS
    });
    match end {
        Some((at, _)) if text.get(at..) != Some("\u{2026}") => {
            format!("{}\u{2026}", text.get(..at).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

/// The plaintext of a message of ours, signed.
pub(super) fn message(text: &str, reply: Option<&Reply>, signing: &Signing) -> Vec<u8> {
    let mut payload = object([("text", text.into())]);
    if let Some(reply) = reply {
        let reply = object([
            ("stableId", reply.stable_id.as_str().into()),
            ("senderName", reply.quote.sender_name.as_str().into()),
            ("preview", reply.quote.preview.as_str().into()),
        ]);
        payload.insert("reply".into(), Json::Map(reply));
    }
    signing.sign(&mut payload);
    canonical(&payload, Form::Js).into_bytes()
}

/// The plaintext that tells others our key.
pub(super) fn announcement(signing: &Signing) -> Vec<u8> {
    canonical(&signing.announcement(), Form::Js).into_bytes()
}

/// A reaction.
pub(super) struct Reaction {
    pub(super) stable_id: String,
    pub(super) emoji: String,
    pub(super) remove: bool,
}

impl Reaction {
    pub(super) fn encode(&self) -> Vec<u8> {
        let action = if self.remove { "remove" } else { "add" };
        let payload = object([
            ("stableId", self.stable_id.as_str().into()),
            ("emoji", self.emoji.as_str().into()),
            ("action", action.into()),
        ]);
        canonical(&payload, Form::Js).into_bytes()
    }

    /// # Errors
    /// [`Error::Misdirected`] for anything else.
    pub(super) fn parse(plaintext: &[u8]) -> Result<Self> {
        let map = parse_map(plaintext)?;
        let field = |name: &str, limit: usize| {
            text_of(&map, name)
                .filter(|text| !text.is_empty() && text.len() <= limit)
                .ok_or(Error::Misdirected)
        };
        let action = field("action", 16)?;
        if action != "add" && action != "remove" {
            return Err(Error::Misdirected);
        }
        Ok(Self {
            stable_id: field("stableId", MAX_STABLE_ID_BYTES)?,
            emoji: field("emoji", MAX_EMOJI_BYTES)?,
            remove: action == "remove",
        })
    }
}

/// The plaintext of a typing frame. As long for one value as for the other: length is all that the relay sees.
pub(super) const fn typing(on: bool) -> &'static [u8] {
    if on {
        b"{\"typing\":true }"
    } else {
        b"{\"typing\":false}"
    }
}

/// # Errors
/// [`Error::Misdirected`] for anything else than a typing frame's plaintext.
pub(super) fn parse_typing(plaintext: &[u8]) -> Result<bool> {
    match parse_map(plaintext)?.get(&"typing".into()) {
        Some(Json::Bool(on)) => Ok(*on),
        _ => Err(Error::Misdirected),
    }
}

fn parse_map(plaintext: &[u8]) -> Result<Map> {
    match core::str::from_utf8(plaintext).ok().and_then(Json::parse) {
        Some(Json::Map(map)) => Ok(map),
        _ => Err(Error::Misdirected),
    }
}
