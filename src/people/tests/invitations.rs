//! Invitations.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{identity, key, mutations, user, NOW};
use crate::{
    error::{Error, Result},
    frame::people::MAX_SEALED_BYTES,
    people::{
        invitation::{open, seal, Contents, Header, KeyKind, Recipient},
        IdentityKey, SecretKey,
    },
};

pub(super) const CODE: &str = "hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn contents(text: &str) -> Contents {
    Contents {
        sender: user("ada"),
        identity: identity(1).public(),
        time: NOW,
        code: Zeroizing::new(CODE.into()),
        text: Zeroizing::new(text.into()),
    }
}

fn owner() -> IdentityKey {
    identity(2).public()
}

fn secret() -> SecretKey {
    SecretKey::derive(&key(3)).unwrap()
}

const HEADER: Header = Header {
    kind: KeyKind::OneTime,
    id: 9,
};

fn sealed(contents: &Contents, random: u8) -> Result<Vec<u8>> {
    let to = Recipient {
        user: &user("grace"),
        identity: owner(),
        key: secret().public().unwrap(),
    };
    seal(contents, &identity(1), &to, HEADER, key(random))
}

#[test]
fn an_invitation_opens_for_its_recipient_alone() {
    let bytes = sealed(&contents("come in"), 5).unwrap();
    assert_eq!(Header::parse(&bytes).unwrap(), HEADER);
    assert_eq!(
        open(&bytes, &user("grace"), owner(), &secret()).unwrap(),
        contents("come in")
    );
    let refused = Err(Error::DecryptFailed);
    assert_eq!(open(&bytes, &user("eve"), owner(), &secret()), refused);
    assert_eq!(open(&bytes, &user("grace"), identity(4).public(), &secret()), refused);
    assert_eq!(
        open(&bytes, &user("grace"), owner(), &SecretKey::derive(&key(4)).unwrap()),
        refused
    );
    for (_, other) in mutations(&bytes)
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at % 7 == 0 || *at < 64)
    {
        assert_eq!(open(&other, &user("grace"), owner(), &secret()), refused);
    }
    let found = bytes.windows(3).any(|window| window == b"ada");
    assert!(!found, "the sender is sealed");
}

#[test]
fn who_is_invited_cannot_pass_the_senders_signature_on() {
    // Grace opens it, and seals the very same content to Eve: the signature inside is over Grace's name, her key and `enc`.
    let first = sealed(&contents("for grace"), 5).unwrap();
    let (header, rest) = first.split_at(6);
    let (enc, ciphertext) = rest.split_first_chunk::<32>().unwrap();
    let info = |name: &str, key: [u8; 32]| {
        let mut info = b"hushroom/1 people invitation\0".to_vec();
        info.push(u8::try_from(name.len()).unwrap());
        info.extend_from_slice(name.as_bytes());
        info.extend_from_slice(&owner().0);
        info.extend_from_slice(&key);
        info
    };
    let own = secret().public().unwrap().0;
    let content = super::super::hpke::open(&secret(), enc, &info("grace", own), header, ciphertext).unwrap();
    let eve = SecretKey::derive(&key(66)).unwrap();
    for (name, to) in [("eve", &eve), ("grace", &secret())] {
        let public = to.public().unwrap();
        let again = super::super::hpke::seal(&public, &info(name, public.0), header, key(7), |_| Ok(content.clone()));
        let (enc, ciphertext) = again.unwrap();
        let forwarded = [header, &enc, &ciphertext].concat();
        assert_eq!(
            open(&forwarded, &user(name), owner(), to),
            Err(Error::DecryptFailed),
            "{name}"
        );
    }
}

#[test]
fn lengths_say_little() {
    let lengths = [0, 1, 500, 700, 1_800, 2_000].map(|length| sealed(&contents(&"x".repeat(length)), 5).unwrap().len());
    assert_eq!(lengths, [1_078, 1_078, 1_078, 1_078, 2_102, 4_150]);
    assert!(lengths.iter().all(|length| *length <= MAX_SEALED_BYTES));
}

#[test]
fn what_is_no_invitation_is_not_sealed() {
    let too_long = sealed(&contents(&"x".repeat(2_001)), 5);
    assert_eq!(too_long.unwrap_err().code(), "TEXT_TOO_LONG");
    let mut no_code = contents("");
    no_code.code = Zeroizing::new("nonsense".into());
    assert_eq!(sealed(&no_code, 5).unwrap_err().code(), "INVALID_SHARE_CODE");
    let mut other = contents("");
    other.identity = owner();
    assert_eq!(sealed(&other, 5).unwrap_err().code(), "INVALID_ARGUMENT");
    assert_eq!(format!("{:?}", contents("secret")), "Contents(..)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_comes_back(text in "\\PC{0,300}", random: u8) {
        prop_assume!(text.len() <= 2_000);
        let opened = open(&sealed(&contents(&text), random).unwrap(), &user("grace"), owner(), &secret()).unwrap();
        prop_assert_eq!(opened.text.as_str(), text.as_str());
    }

    #[test]
    fn nonsense_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(open(&bytes, &user("grace"), owner(), &secret()), Err(Error::DecryptFailed));
    }
}
