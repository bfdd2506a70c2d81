//! The bindings of codes, messages and frames in a real browser: that they convert, and that their errors are errors of
//! JavaScript. What the core does with good and bad input is tested natively, the published API in `tests/js/`.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic"
)]

use hushroom::wasm::{build, codes, frames, messages};
use js_sys::{Array, BigInt, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const CODE: &str = "hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:30:1767225600";
const KEY: [u8; 32] = [7; 32];

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap()
}

fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &(*name).into(), value).unwrap();
    }
    object.into()
}

/// The code of an error, as JavaScript gets it: it must be an `Error` and say what it is.
fn code<T>(result: Result<T, hushroom::Error>) -> String {
    let Err(error) = result else { panic!("accepted") };
    let error = JsValue::from(error);
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(text(&error, "name"), "HushError");
    assert!(!text(&error, "message").is_empty());
    text(&error, "code")
}

#[wasm_bindgen_test]
fn the_build_names_itself() {
    assert_eq!(build(), format!("{} room", env!("CARGO_PKG_VERSION")));
}

#[wasm_bindgen_test]
fn a_share_code_is_a_plain_object() {
    let parsed = codes::parse_share_code(CODE.into()).unwrap();
    assert_eq!(Object::keys(parsed.unchecked_ref::<Object>()).length(), 5);
    assert_eq!(text(&parsed, "protocol"), "hush1");
    assert_eq!(text(&parsed, "roomId"), "V1StGXR8_Z5jdHi6B-myT");
    assert_eq!(get(&parsed, "ephemeralSeconds"), 30);
    assert_eq!(get(&parsed, "expiresAt").as_f64(), Some(1_767_225_600.0));
    let key: Uint8Array = get(&parsed, "key").dyn_into().unwrap();
    assert_eq!(key.to_vec(), (0..32).collect::<Vec<u8>>());
}

#[wasm_bindgen_test]
fn codes_are_made_from_random_bytes_and_linked() {
    let (one, two) = (
        codes::generate_share_code("hush1", 0.0, 0.0, false).unwrap(),
        codes::generate_share_code("arthas", 5.0, 999_999_999_999_999.0, false).unwrap(),
    );
    assert_ne!(one.get(6..27), two.get(..21));
    assert!(two.ends_with(":5:999999999999999"));
    let link = codes::share_link("https://example.com/", one.clone()).unwrap();
    assert_eq!(link, format!("https://example.com/#{one}"));
    assert!(codes::parse_share_code(link).is_ok());
}

#[wasm_bindgen_test]
fn errors_of_codes() {
    assert_eq!(code(codes::parse_share_code("x".into())), "INVALID_SHARE_CODE");
    assert_eq!(
        code(codes::share_link("https://e.com/", "x".into())),
        "INVALID_SHARE_CODE"
    );
    assert_eq!(code(codes::share_link("e.com", CODE.into())), "INVALID_ARGUMENT");
    assert_eq!(
        code(codes::generate_share_code("hush2", 0.0, 0.0, false)),
        "INVALID_ARGUMENT"
    );
}

#[wasm_bindgen_test]
fn messages_round_trip_under_fresh_ivs() {
    for size in [0, 1, 1000, 100_000] {
        let plaintext = vec![3; size];
        let one = messages::seal_message(KEY.into(), plaintext.clone()).unwrap();
        let two = messages::seal_message(KEY.into(), plaintext.clone()).unwrap();
        let (iv, ciphertext) = one.split_at(16);
        assert_ne!(iv, &two[..16]);
        let opened = messages::open_message(KEY.into(), iv, ciphertext).unwrap();
        assert_eq!(opened, plaintext);
    }
}

#[wasm_bindgen_test]
fn errors_of_messages() {
    let sealed = messages::seal_message(KEY.into(), b"hello".to_vec()).unwrap();
    let (iv, ciphertext) = sealed.split_at(16);
    assert_eq!(
        code(messages::open_message(vec![8; 32], iv, ciphertext)),
        "DECRYPT_FAILED"
    );
    assert_eq!(
        code(messages::open_message(KEY.into(), "x", ciphertext)),
        "INVALID_MESSAGE"
    );
    assert_eq!(code(messages::open_message(vec![7; 31], iv, ciphertext)), "INVALID_KEY");
    assert_eq!(code(messages::seal_message(vec![7; 33], vec![])), "INVALID_KEY");
    assert_eq!(
        code(messages::seal_message(KEY.into(), vec![0; (16 << 20) + 1])),
        "TOO_LARGE"
    );
}

#[wasm_bindgen_test]
fn frames_keep_the_kinds_of_their_values() {
    let list = Array::of5(&JsValue::NULL, &true.into(), &0.5.into(), &(-5).into(), &"x".into());
    let bytes = Uint8Array::from([1, 2, 3].as_slice());
    let data = object(&[
        ("list", list.into()),
        ("bytes", bytes.into()),
        ("map", object(&[("large", 9_007_199_254_740_991_f64.into())])),
    ]);
    let frame = frames::decode_frame(&frames::encode_frame(0x80, data).unwrap()).unwrap();
    assert_eq!(get(&frame, "type"), 0x80);
    let data = get(&frame, "data");
    let list: Array = get(&data, "list").dyn_into().unwrap();
    assert!(list.get(0).is_null());
    assert_eq!(list.get(1), true);
    assert_eq!(list.get(2), 0.5);
    assert_eq!(list.get(3), -5);
    assert_eq!(list.get(4), "x");
    let bytes: Uint8Array = get(&data, "bytes").dyn_into().unwrap();
    assert_eq!(bytes.to_vec(), [1, 2, 3]);
    assert_eq!(get(&get(&data, "map"), "large"), 9_007_199_254_740_991_f64);
}

#[wasm_bindgen_test]
fn errors_of_frames() {
    assert_eq!(code(frames::decode_frame(&[0x80])), "INVALID_FRAME");
    assert_eq!(code(frames::decode_frame(&vec![0; 131_073])), "FRAME_TOO_LARGE");
    let body = Uint8Array::new_with_length(131_072);
    assert_eq!(
        code(frames::encode_frame(0x80, object(&[("body", body.into())]))),
        "FRAME_TOO_LARGE"
    );
    let large = object(&[("n", BigInt::from(u64::MAX).into())]);
    let frame = frames::encode_frame(0x80, large).unwrap();
    assert_eq!(code(frames::decode_frame(&frame)), "INVALID_FRAME");
    let function = object(&[("f", js_sys::Function::new_no_args("").into())]);
    assert_eq!(code(frames::encode_frame(0x80, function)), "INVALID_FRAME");
}
