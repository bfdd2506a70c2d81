//! Share codes: a room's address and key in one string.
//!
//! ```text
//! arthas = room-id ":" key [ ":" ephemeral [ ":" expires-at ] ]
//! native = "hush1:" arthas
//!        | "hush1:" room-id ":" key ":" ephemeral ":" expires-at ":2"   (a room for two)
//! link   = base "#" native          (native)
//!        | base "/#/join/" arthas   (Arthas)
//! room-id    21 characters of A-Z a-z 0-9 _ -
//! key        43 characters: base64url, unpadded, of the 32-byte room key
//! ephemeral  seconds a message is shown, 0 = for ever
//! expires-at Unix seconds, 0 = never
//! ```
//! The prefix names the protocol, so that no relay can talk a client into an older one. Both numbers are hints: what the
//! relay says when one joins wins.

use zeroize::Zeroizing;

use crate::{
    encoding,
    error::{Error, Result},
    secret::Key,
};

/// Characters of a room id.
pub const ROOM_ID_LENGTH: usize = 21;

const KEY_LENGTH: usize = 43;
const NATIVE_PREFIX: &str = "hush1:";
const ARTHAS_ROUTE: &str = "/join/";
const MAX_DIGITS: usize = 15;
/// Ends the code of a room for two.
const FOR_TWO: &str = "2";
/// Longer input is refused unread: a link has at most a few hundred bytes of address before the code.
const MAX_INPUT_LENGTH: usize = 8192;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The protocol a room speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// The native protocol, `hush1:` codes.
    Hush1,
    /// The protocol of the Arthas chat, codes without a prefix.
    Arthas,
}

impl Protocol {
    /// The protocol of that name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is none.
    pub fn parse(name: &str) -> Result<Self> {
        [Self::Hush1, Self::Arthas]
            .into_iter()
            .find(|protocol| protocol.name() == name)
            .ok_or(Error::InvalidArgument("the protocol is hush1 or arthas"))
    }

    /// The protocol's name on the wire and in JavaScript.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hush1 => "hush1",
            Self::Arthas => "arthas",
        }
    }
}

/// A parsed share code. Holds the room key: boxed, wiped on drop, never printed.
#[derive(Debug)]
pub struct ShareCode {
    /// The protocol of the room.
    pub protocol: Protocol,
    /// The room's public id, [`ROOM_ID_LENGTH`] characters.
    pub room_id: String,
    /// The room key.
    pub key: Key,
    /// Seconds for which a message is shown; 0 for ever. A hint.
    pub ephemeral_seconds: u64,
    /// Unix time in seconds at which the room ends; 0 never. A hint.
    pub expires_at: u64,
    /// 2 for a room for two, whose code lets one more device in, once; else 0. Native codes only. No hint: clients hold to it.
    pub members: u64,
}

impl ShareCode {
    /// A fresh code. `random` is one random byte for each character of the room id, and the key.
    #[must_use]
    pub fn generate(protocol: Protocol, random: (&[u8; ROOM_ID_LENGTH], Key)) -> Self {
        let (id, key) = random;
        let room_id = id
            .iter()
            .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)).copied().map(char::from))
            .collect();
        Self {
            protocol,
            room_id,
            key,
            ephemeral_seconds: 0,
            expires_at: 0,
            members: 0,
        }
    }

    /// Makes it the code of a room for two.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an Arthas code.
    pub fn for_two(mut self) -> Result<Self> {
        if self.protocol == Protocol::Arthas {
            return Err(Error::Unsupported("a limit of members"));
        }
        self.members = 2;
        Ok(self)
    }

    /// Parses a code, or a whole link with a code in its fragment. Surrounding white space is ignored.
    ///
    /// # Errors
    /// [`Error::InvalidShareCode`] with what is wrong. The text itself never is in the error.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_INPUT_LENGTH {
            return Err(Error::InvalidShareCode("too long"));
        }
        let text = text.trim();
        let code = match text.split_once('#') {
            Some((_, fragment)) => percent_decode(fragment.strip_prefix(ARTHAS_ROUTE).unwrap_or(fragment))?,
            None if text.contains("://") => return Err(Error::InvalidShareCode("the link has no code after '#'")),
            None => Zeroizing::new(text.to_owned()),
        };
        match code.strip_prefix(NATIVE_PREFIX) {
            Some(rest) => Self::parse_segments(Protocol::Hush1, rest),
            None => Self::parse_segments(Protocol::Arthas, &code),
        }
    }

    fn parse_segments(protocol: Protocol, text: &str) -> Result<Self> {
        let mut segments = text.split(':');
        let room_id = segments.next().unwrap_or_default();
        let key = segments
            .next()
            .ok_or(Error::InvalidShareCode("no ':' between room id and key"))?;
        let ephemeral_seconds = segments.next().map_or(Ok(0), number)?;
        let expires_at = segments.next().map_or(Ok(0), number)?;
        let members = match (protocol, segments.next()) {
            (_, None) => 0,
            (Protocol::Hush1, Some(FOR_TWO)) => 2,
            (Protocol::Hush1, Some(_)) => return Err(Error::InvalidShareCode("the fifth part is 2")),
            (Protocol::Arthas, Some(_)) => return Err(Error::InvalidShareCode("more than four parts")),
        };
        if segments.next().is_some() {
            return Err(Error::InvalidShareCode("more than five parts"));
        }
        check_room_id(room_id)?;
        Ok(Self {
            protocol,
            room_id: room_id.to_owned(),
            key: parse_key(protocol, key)?,
            ephemeral_seconds,
            expires_at,
            members,
        })
    }

    /// The same code once more, key and all.
    #[cfg(feature = "room")]
    pub(crate) fn copy(&self) -> Result<Self> {
        Ok(Self {
            protocol: self.protocol,
            room_id: self.room_id.clone(),
            key: Key::from_slice(self.key.expose())?,
            ephemeral_seconds: self.ephemeral_seconds,
            expires_at: self.expires_at,
            members: self.members,
        })
    }

    /// The code as text. It holds the key: wiped on drop.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<String> {
        let prefix = match self.protocol {
            Protocol::Hush1 => NATIVE_PREFIX,
            Protocol::Arthas => "",
        };
        let key = Zeroizing::new(encoding::encode(self.key.expose()));
        let mut code = Zeroizing::new(String::with_capacity(128));
        for part in [prefix, &self.room_id, ":", &key] {
            code.push_str(part);
        }
        let numbers = [self.ephemeral_seconds, self.expires_at, self.members];
        let used = numbers
            .iter()
            .rposition(|number| *number > 0)
            .map_or(0, |at| at.saturating_add(1));
        for number in numbers.iter().take(used) {
            code.push(':');
            code.push_str(&number.to_string());
        }
        code
    }

    /// A link that carries the code in its fragment, which browsers never send to a server.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] unless `base` is an `http:`, `https:` or extension address without a fragment.
    pub fn link(&self, base: &str) -> Result<Zeroizing<String>> {
        let base = base.trim();
        let scheme_ok = base.split_once("://").is_some_and(|(scheme, rest)| {
            !rest.is_empty() && !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        if !scheme_ok || base.chars().any(|c| c == '#' || c.is_whitespace() || c.is_control()) {
            return Err(Error::InvalidArgument("a link base is an address without a fragment"));
        }
        let (base, separator) = match self.protocol {
            Protocol::Hush1 => (base, "#"),
            Protocol::Arthas => (base.trim_end_matches('/'), "/#/join/"),
        };
        let code = self.encode();
        let mut link = Zeroizing::new(String::with_capacity(base.len().saturating_add(160)));
        for part in [base, separator, &code] {
            link.push_str(part);
        }
        Ok(link)
    }
}

/// Checks that `room_id` has the form of one.
///
/// # Errors
/// [`Error::InvalidShareCode`].
pub fn check_room_id(room_id: &str) -> Result<()> {
    if room_id.len() == ROOM_ID_LENGTH && room_id.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Ok(());
    }
    Err(Error::InvalidShareCode("a room id is 21 characters of A-Z a-z 0-9 _ -"))
}

fn parse_key(protocol: Protocol, text: &str) -> Result<Key> {
    const WRONG: Error = Error::InvalidShareCode("a key is 43 characters of base64url");
    if text.len() != KEY_LENGTH || !text.is_ascii() {
        return Err(WRONG);
    }
    let mut text = Zeroizing::new(text.to_owned());
    if protocol == Protocol::Arthas {
        // Its decoders ignore the two spare bits of the last character, so codes with them set are in use.
        let last = text.pop().ok_or(WRONG)?;
        let value = ALPHABET.iter().position(|&c| char::from(c) == last).ok_or(WRONG)?;
        text.push(char::from(*ALPHABET.get(value & 0b11_1100).ok_or(WRONG)?));
    }
    let bytes = Zeroizing::new(encoding::decode(&text).ok_or(WRONG)?);
    Key::from_slice(&bytes)
}

fn number(text: &str) -> Result<u64> {
    const WRONG: Error = Error::InvalidShareCode("a number has 1 to 15 digits");
    if text.is_empty() || text.len() > MAX_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(WRONG);
    }
    text.parse().map_err(|_| WRONG)
}

/// Chat programs escape what they paste, so a fragment may come percent-encoded.
fn percent_decode(text: &str) -> Result<Zeroizing<String>> {
    const WRONG: Error = Error::InvalidShareCode("a broken percent escape");
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        let (high, low) = (digit().ok_or(WRONG)?, digit().ok_or(WRONG)?);
        bytes.push(u8::try_from(high << 4 | low).map_err(|_| WRONG)?);
    }
    core::str::from_utf8(&bytes)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: &str = "V1StGXR8_Z5jdHi6B-myT";
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn reason(text: &str) -> &'static str {
        match ShareCode::parse(text).unwrap_err() {
            Error::InvalidShareCode(reason) => reason,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_form_of_a_code_is_read_and_written_again() {
        for tail in ["", ":30", ":30:1767225600", ":0:1767225600"] {
            for prefix in ["", "hush1:"] {
                let text = format!("{prefix}{ROOM}:{KEY}{tail}");
                let code = ShareCode::parse(&format!("  {text}\n")).unwrap();
                assert_eq!(code.room_id, ROOM);
                assert_eq!(code.key.expose()[..3], [0, 1, 2]);
                assert_eq!(*code.encode(), text);
            }
        }
    }

    #[test]
    fn a_room_for_two_has_a_fifth_part_and_nothing_else_has() {
        for tail in [":0:0:2", ":30:0:2", ":0:1767225600:2", ":30:1767225600:2"] {
            let text = format!("hush1:{ROOM}:{KEY}{tail}");
            let code = ShareCode::parse(&text).unwrap();
            assert_eq!((code.members, &*code.encode()), (2, &text));
            let again = ShareCode::parse(&code.link("https://e.com/").unwrap()).unwrap();
            assert_eq!((again.members, &*again.copy().unwrap().encode()), (2, &text));
            reason(&format!("{ROOM}:{KEY}{tail}"));
            reason(&format!("{text}:"));
            reason(&format!("{text}:0"));
        }
        assert_eq!(ShareCode::parse(&format!("hush1:{ROOM}:{KEY}:30")).unwrap().members, 0);
        for fifth in ["", "0", "1", "02", "3", "50", "2 2", "two"] {
            reason(&format!("hush1:{ROOM}:{KEY}:0:0:{fifth}"));
        }
        reason(&format!("hush1:{ROOM}:{KEY}:2:"));
    }

    #[test]
    fn a_link_is_accepted_where_a_code_is() {
        for prefix in ["", "hush1:"] {
            let code = ShareCode::parse(&format!("{prefix}{ROOM}:{KEY}:30")).unwrap();
            let link = code.link("https://chat.example.com/").unwrap();
            let again = ShareCode::parse(&link).unwrap();
            assert_eq!(*again.encode(), *code.encode());
            let escaped = link.replace(':', "%3A").replace("https%3A", "https:");
            assert_eq!(*ShareCode::parse(&escaped).unwrap().encode(), *code.encode());
        }
        let arthas = ShareCode::parse(&format!("{ROOM}:{KEY}:30:1767225600")).unwrap();
        assert_eq!(
            *arthas.link("https://chat.example.com").unwrap(),
            format!("https://chat.example.com/#/join/{ROOM}:{KEY}:30:1767225600")
        );
    }

    #[test]
    fn malformed_codes_are_refused() {
        for text in [
            "",
            ":",
            ROOM,
            "hush1:",
            "hush2:x",
            "https://example.com/",
            "https://example.com/#",
            &format!("{ROOM}:{KEY}="),
            &format!("{ROOM}:{}", &KEY[1..]),
            &format!("{}:{KEY}", &ROOM[1..]),
            &format!("{ROOM}:{KEY}:"),
            &format!("{ROOM}:{KEY}:-1"),
            &format!("{ROOM}:{KEY}:+1"),
            &format!("{ROOM}:{KEY}:1:2:3"),
            &format!("{ROOM}:{KEY}:1234567890123456"),
            &format!("{ROOM} :{KEY}"),
            &format!("hush2:{ROOM}:{KEY}"),
            &format!("HUSH1:{ROOM}:{KEY}"),
            &format!("https://e.com/#{ROOM}:{KEY}%4"),
            &format!("https://e.com/#{ROOM}:{KEY}%ff"),
            &format!("{ROOM}:{}\u{e9}", &KEY[..41]),
            &"x".repeat(10_000),
        ] {
            assert!(!reason(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn spare_bits_are_read_from_arthas_only() {
        let loose = KEY.replace("Hh8", "Hh9");
        let code = ShareCode::parse(&format!("{ROOM}:{loose}")).unwrap();
        assert_eq!(*code.encode(), format!("{ROOM}:{KEY}"));
        reason(&format!("hush1:{ROOM}:{loose}"));
    }

    #[test]
    fn a_link_needs_a_plain_base() {
        let code = ShareCode::parse(&format!("hush1:{ROOM}:{KEY}")).unwrap();
        for base in [
            "",
            "example.com",
            "https://",
            "https://e.com/#x",
            "https://e.com/a b",
            "java script://x",
        ] {
            assert_eq!(code.link(base).unwrap_err().code(), "INVALID_ARGUMENT", "{base:?}");
        }
    }

    proptest! {
        #[test]
        fn any_generated_code_round_trips(id: [u8; ROOM_ID_LENGTH], key: [u8; 32], native: bool, two: bool, ephemeral in 0u64..1_000_000, expires in 0u64..999_999_999_999_999) {
            let protocol = if native { Protocol::Hush1 } else { Protocol::Arthas };
            let mut code = ShareCode::generate(protocol, (&id, Key::from_slice(&key).unwrap()));
            code.ephemeral_seconds = ephemeral;
            code.expires_at = expires;
            code.members = if native && two { 2 } else { 0 };
            let again = ShareCode::parse(&code.encode()).unwrap();
            prop_assert_eq!(&*again.encode(), &*code.encode());
            prop_assert_eq!(again.key.expose(), &key);
            prop_assert_eq!((again.protocol, again.members), (protocol, code.members));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text: String) {
            let _ = ShareCode::parse(&text);
        }
    }
}
