//! HPKE as RFC 9180 has it, and as its test vectors have it.

use serde_json::Value;

use super::key;
use crate::{
    error::Error,
    people::hpke::{open, seal, PublicKey, SecretKey},
    secret::Key,
};
use zeroize::Zeroizing;

const VECTOR: &str = include_str!("../../../tests/vectors/hpke/x25519_sha256_aes256gcm_base.json");

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn the_vector_of_rfc_9180_comes_out_byte_for_byte() {
    let vector: Value = serde_json::from_str(VECTOR).unwrap();
    let field = |name: &str| hex(&vector[name]);
    let message = &vector["encryptions"][0];
    let (aad, text, ciphertext) = (hex(&message["aad"]), hex(&message["pt"]), hex(&message["ct"]));
    let secret = SecretKey::derive(&Key::from_slice(&field("ikmR")).unwrap()).unwrap();
    // The crate keeps keys as they are used: with the bits of RFC 7748 section 5 set.
    let mut expected = field("skRm");
    expected[0] &= 248;
    expected[31] = expected[31] & 127 | 64;
    assert_eq!(secret.key().expose().as_slice(), expected);
    let public = secret.public().unwrap();
    assert_eq!(public.0.as_slice(), field("pkRm"));
    let random = Key::from_slice(&field("ikmE")).unwrap();
    let sealed = seal(&public, &field("info"), &aad, random, |_| {
        Ok(Zeroizing::new(text.clone()))
    });
    let (enc, sealed) = sealed.unwrap();
    assert_eq!(enc.as_slice(), field("enc"));
    assert_eq!(sealed, ciphertext);
    let opened = open(&secret, &enc, &field("info"), &aad, &ciphertext).unwrap();
    assert_eq!(*opened, text);
}

#[test]
fn keys_of_small_order_are_refused() {
    // The points of small order of Curve25519 and its twist (RFC 7748 section 6.1; D. J. Bernstein, "Curve25519", 2006).
    let order_eight = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ];
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one, order_eight] {
        let sealed = seal(&PublicKey(point), b"", b"", key(1), |_| Ok(Zeroizing::new(vec![0])));
        assert_eq!(sealed.unwrap_err(), Error::WeakKey);
        let opened = open(&SecretKey::derive(&key(2)).unwrap(), &point, b"", b"", &[0; 32]);
        assert_eq!(opened.unwrap_err(), Error::DecryptFailed);
    }
}
