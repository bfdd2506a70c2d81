//! The vectors that JavaScript reads as well: `tests/vectors/arthas.json`.

use serde_json::Value as JsonValue;

use super::*;
use crate::{
    encoding,
    frame::{arthas::ArthasFrame, Value},
    message,
    room::arthas::{
        canonical::{canonical, Form},
        json::Json,
        payload::{parse_typing, Payload},
        signing::{announced_key, Signed, Signing},
    },
};

fn vectors() -> JsonValue {
    serde_json::from_str(include_str!("../../../../tests/vectors/arthas.json")).unwrap()
}

fn text<'a>(value: &'a JsonValue, path: &str) -> &'a str {
    value.pointer(path).unwrap().as_str().unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

fn map(text: &str) -> crate::room::arthas::json::Map {
    match Json::parse(text).unwrap() {
        Json::Map(map) => map,
        other => panic!("{other:?}"),
    }
}

#[test]
fn canonical_json_in_both_forms() {
    for vector in vectors()["canonical"].as_array().unwrap() {
        let map = map(text(vector, "/json"));
        assert_eq!(
            canonical(&map, Form::Js).as_bytes(),
            hex(text(vector, "/jsHex")),
            "{vector}"
        );
        assert_eq!(
            canonical(&map, Form::Go).as_bytes(),
            hex(text(vector, "/goHex")),
            "{vector}"
        );
    }
}

#[test]
fn announcement_and_signed_text() {
    let vectors = vectors();
    let seed = Key::from_slice(&hex(text(&vectors, "/ed25519/seedHex"))).unwrap();
    let signing = Signing::new(&seed);
    assert_eq!(signing.public_key(), text(&vectors, "/ed25519/publicKey"));
    let announcement = map(text(&vectors, "/announcement"));
    assert!(signing.announcement() == announcement);
    let key = announced_key(&announcement).unwrap();
    assert_eq!(key.to_base64url(), signing.public_key());

    let payload = text(&vectors, "/text/payload");
    assert!(Signed::of(map(payload)).unwrap().is_by(&key));
    let mut ours = map(r#"{"text":"Hello"}"#);
    signing.sign(&mut ours);
    assert!(ours == map(payload));
}

#[test]
fn sealed_text_and_typing() {
    let vectors = vectors();
    let key = Key::from_slice(&hex(text(&vectors, "/keyHex"))).unwrap();
    let iv: [u8; 12] = hex(text(&vectors, "/ivHex")).try_into().unwrap();
    for kind in ["text", "typing"] {
        let (payload, ciphertext) = (
            text(&vectors, &format!("/{kind}/payload")),
            text(&vectors, &format!("/{kind}/ciphertext")),
        );
        let sealed = message::seal(&key, &iv, payload.as_bytes()).unwrap();
        assert_eq!(
            (sealed.iv.as_str(), sealed.ciphertext.as_str()),
            (text(&vectors, "/iv"), ciphertext)
        );
        let cipher = crate::room::arthas::sealing::RoomCipher::new(&key).unwrap();
        assert_eq!(
            encoding::encode(&cipher.seal(iv, payload.as_bytes().to_vec()).unwrap()),
            ciphertext
        );
        let opened = cipher.open(iv, encoding::decode(ciphertext).unwrap()).unwrap();
        assert_eq!(*opened, payload.as_bytes());
    }
    let Payload::Text {
        text: said,
        signed: Some(_),
        reply: None,
    } = Payload::parse(text(&vectors, "/text/payload").as_bytes()).unwrap()
    else {
        panic!("not a text");
    };
    assert_eq!(said, "Hello");
    assert_eq!(parse_typing(text(&vectors, "/typing/payload").as_bytes()), Ok(true));
}

#[test]
fn frames_of_both_encoders() {
    for vector in vectors()["frames"].as_array().unwrap() {
        let frame = ArthasFrame::decode(&hex(text(vector, "/hex"))).unwrap();
        assert_eq!(u64::from(frame.kind()), vector["type"].as_u64().unwrap());
        let bytes = frame.encode().unwrap();
        let again: Value = rmp_serde::from_slice(&bytes).unwrap();
        let json = serde_json::to_value(&again).unwrap();
        assert_eq!(json["data"], vector["data"], "{vector}");
    }
}

#[test]
fn share_codes() {
    for vector in vectors()["shareCodes"].as_array().unwrap() {
        let code = ShareCode::parse(text(vector, "/code")).unwrap();
        assert_eq!(code.ephemeral_seconds, vector["ephemeralSeconds"].as_u64().unwrap());
        assert_eq!(code.expires_at, vector["expiresAt"].as_u64().unwrap());
        assert_eq!(*code.link("https://chat.example.com").unwrap(), text(vector, "/link"));
    }
}
