//! Share codes, the key schedule, the outer layer of posts and events, from `docs/protocol.md` sections 1, 2, 7 and 8.

use aes_gcm::{
    aead::{Aead, KeyInit, Payload},
    Aes256Gcm,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use hushroom::frame::{Bin, FixedBin};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) type Instance = [u8; 16];

/// Text of an id or a key.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

pub(crate) fn from_base64url(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

/// What a holder of the code knows.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) room_id: String,
    pub(crate) key: [u8; 32],
}

impl Code {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = text.strip_prefix("hush1:").unwrap().split(':');
        Self {
            room_id: parts.next().unwrap().to_owned(),
            key: from_base64url(parts.next().unwrap()).try_into().unwrap(),
        }
    }

    pub(crate) fn encode(&self) -> String {
        format!("hush1:{}:{}", self.room_id, base64url(&self.key))
    }

    /// The key of one instance's posts.
    fn post_key(&self, instance: &Instance) -> [u8; 32] {
        self.expand(&[b"post\0", self.room_id.as_bytes(), instance].concat())
    }

    /// What stands in signatures.
    pub(crate) fn tag(&self) -> [u8; 32] {
        self.expand(&[b"signature\0", self.room_id.as_bytes()].concat())
    }

    fn expand(&self, info: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"hushroom/1"), &self.key)
            .expand(info, &mut key)
            .unwrap();
        key
    }

    /// The outer layer around `inner`, whoever `header` says it is from.
    pub(crate) fn seal(&self, header: &Header, inner: &[u8]) -> Vec<u8> {
        let bytes = header.encode();
        let aad = [self.room_id.as_bytes(), &bytes].concat();
        let cipher = Aes256Gcm::new_from_slice(&self.post_key(&header.instance)).unwrap();
        let payload = Payload { msg: inner, aad: &aad };
        let sealed = cipher.encrypt(&nonce(header.counter).into(), payload).unwrap();
        [bytes, sealed].concat()
    }

    /// The header and the inner layer of a body, if it is sealed under this code.
    pub(crate) fn open(&self, body: &[u8]) -> Option<(Header, Vec<u8>)> {
        let (header, length) = Header::decode(body)?;
        let aad = [self.room_id.as_bytes(), &body[..length]].concat();
        let cipher = Aes256Gcm::new_from_slice(&self.post_key(&header.instance)).unwrap();
        let msg = &body[length..];
        let inner = cipher
            .decrypt(&nonce(header.counter).into(), Payload { msg, aad: &aad })
            .ok()?;
        Some((header, inner))
    }

    /// The same inner layer in another place.
    pub(crate) fn move_to(&self, body: &[u8], change: impl FnOnce(&mut Header)) -> Vec<u8> {
        let (mut header, inner) = self.open(body).unwrap();
        change(&mut header);
        self.seal(&header, &inner)
    }

    /// The kind of a post: 1 hello, 2 for everybody, 3 and 4 notes.
    pub(crate) fn kind(&self, body: &[u8]) -> u8 {
        self.open(body).map_or(0, |(_, inner)| inner[0])
    }
}

fn nonce(counter: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) instance: Instance,
    pub(crate) counter: u64,
    pub(crate) recipients: Vec<Instance>,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let count = u8::try_from(self.recipients.len()).unwrap();
        let counter = self.counter.to_be_bytes();
        [&[1], &self.instance[..], &counter, &[count], &self.recipients.concat()].concat()
    }

    /// The header of a body and its length: what a relay can read.
    pub(crate) fn decode(body: &[u8]) -> Option<(Self, usize)> {
        let count = usize::from(*body.get(25)?);
        let length = 26 + 16 * count;
        let header = Self {
            instance: body[1..17].try_into().unwrap(),
            counter: u64::from_be_bytes(body[17..25].try_into().unwrap()),
            recipients: body.get(26..length)?.as_chunks().0.to_vec(),
        };
        (body[0] == 1).then_some((header, length))
    }
}

/// The instance of a device key and a nonce in a room.
pub(crate) fn instance(room_id: &str, device_key: &[u8; 32], nonce: &[u8; 16]) -> Instance {
    let parts = [b"hushroom/1 instance\0", room_id.as_bytes(), device_key, nonce].concat();
    Sha256::digest(parts)[..16].try_into().unwrap()
}

/// The padded payload of a signed post: `BE64(previous) | event | 0x80 | 00 ...`.
pub(crate) fn signed_payload(event: &[u8]) -> Vec<u8> {
    let mut payload = [&u64::MAX.to_be_bytes()[..], event, &[0x80]].concat();
    let length = payload.len();
    let exponent = length.ilog2();
    let unit = 1 << (exponent - exponent.ilog2() - 1);
    payload.resize(length.next_multiple_of(unit).max(32), 0);
    payload
}

/// What stands before the mark `0x80` and its zeros.
pub(crate) fn unpad(bytes: &[u8]) -> &[u8] {
    let mark = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    assert_eq!(bytes[mark], 0x80);
    &bytes[..mark]
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    r#type: u32,
    data: T,
}

/// An event's bytes.
pub(crate) fn event(kind: u32, data: impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(&Envelope { r#type: kind, data }).unwrap()
}

/// The data of an event of this kind.
pub(crate) fn read_event<T: DeserializeOwned>(kind: u32, bytes: &[u8]) -> Option<T> {
    let (found, _) = hushroom::frame::decode_any(bytes).unwrap();
    (found == kind).then(|| rmp_serde::from_slice::<Envelope<T>>(bytes).unwrap().data)
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) key: FixedBin<32>,
    pub(crate) nonce: FixedBin<16>,
    pub(crate) name: String,
    pub(crate) bundle: FixedBin<148>,
    pub(crate) answer: bool,
    pub(crate) have: Vec<Have>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Have {
    pub(crate) instance: FixedBin<16>,
    pub(crate) top: u64,
    pub(crate) seen: Bin,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) at: u64,
}

/// The bytes of a text event.
pub(crate) fn text(text: &str) -> Vec<u8> {
    event(
        2,
        Text {
            text: text.to_owned(),
            at: 0,
        },
    )
}
