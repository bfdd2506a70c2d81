//! The vectors made with Google's Tink: `tests/vectors/tink/README.md`.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    tests::{open, open_range, seal},
    *,
};

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    ikm_hex: String,
    ciphertext_segment_size: u32,
    derived_key_size: usize,
    hkdf_hash: String,
    tests: Vec<Positive>,
    #[serde(default)]
    negatives: Vec<Negative>,
}

impl Group {
    /// Whether these are the parameters of our format: another key length or hash is another format.
    fn is_ours(&self) -> bool {
        self.derived_key_size == 32 && self.hkdf_hash == "SHA256"
    }

    fn size(&self) -> SegmentSize {
        SegmentSize::of_tink(self.ciphertext_segment_size).unwrap()
    }
}

#[derive(Deserialize)]
struct Positive {
    aad_hex: String,
    plaintext_len: usize,
    plaintext_seed: String,
    plaintext_sha256: String,
    header_hex: String,
    ciphertext_len: usize,
    ciphertext_sha256: String,
    ciphertext_hex: Option<String>,
}

#[derive(Deserialize)]
struct Negative {
    case: String,
    result: String,
    aad_hex: String,
    ciphertext_hex: String,
}

fn groups() -> Vec<Group> {
    let text = include_str!("../../tests/vectors/tink/aes_gcm_hkdf_streaming.json");
    serde_json::from_str::<Vectors>(text).unwrap().groups
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn plaintext(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..u32::try_from(length.div_ceil(32)).unwrap())
        .flat_map(|i| sha256(&[seed.as_bytes(), &i.to_be_bytes()].concat()))
        .collect();
    bytes.truncate(length);
    bytes
}

#[test]
fn positives() {
    let (mut exact, mut foreign) = (0, 0);
    for group in groups() {
        let (key, size) = (hex(&group.ikm_hex), group.size());
        for test in &group.tests {
            let (associated_data, expected) = (hex(&test.aad_hex), plaintext(&test.plaintext_seed, test.plaintext_len));
            assert_eq!(sha256(&expected), hex(&test.plaintext_sha256));
            if !group.is_ours() {
                let file = hex(test.ciphertext_hex.as_ref().unwrap());
                let error = open(&key, &associated_data, size, &file).unwrap_err();
                assert_eq!(error.code(), "DECRYPT_FAILED", "{}", group.name);
                foreign += 1;
                continue;
            }
            let header = Header::parse(&hex(&test.header_hex)).unwrap();
            let file = seal(&key, header, &associated_data, size, &expected);
            assert_eq!(file.len(), test.ciphertext_len);
            assert_eq!(sha256(&file), hex(&test.ciphertext_sha256), "{}", group.name);
            if let Some(text) = &test.ciphertext_hex {
                assert_eq!(file, hex(text));
            }
            assert_eq!(open(&key, &associated_data, size, &file).unwrap(), expected);
            let length = expected.len() as u64;
            let (part, _) = open_range(&key, &associated_data, size, &file, &(length / 3..length)).unwrap();
            assert_eq!(part, expected[expected.len() / 3..]);
            exact += 1;
        }
    }
    assert_eq!((exact, foreign), (61, 8));
}

#[test]
fn negatives() {
    let mut ran = 0;
    for group in groups() {
        let (key, size) = (hex(&group.ikm_hex), group.size());
        for test in &group.negatives {
            let opened = open(&key, &hex(&test.aad_hex), size, &hex(&test.ciphertext_hex));
            match test.result.as_str() {
                "acceptable" => assert_eq!(opened.unwrap(), plaintext("y", 72)),
                _ => assert_eq!(opened.unwrap_err().code(), code(&test.case), "{}", test.case),
            }
            ran += 1;
        }
    }
    assert_eq!(ran, 28);
}

/// What each case is refused with: only those that end where a segment ends are known to be truncated.
fn code(case: &str) -> &'static str {
    match case {
        "empty_file"
        | "header_truncated"
        | "header_only"
        | "header_plus_15"
        | "truncate_to_tag_minus_1_in_last"
        | "truncate_at_segment_boundary_last_dropped"
        | "truncate_to_first_segment"
        | "final_segment_not_flagged_last" => "TRUNCATED",
        _ => "DECRYPT_FAILED",
    }
}
