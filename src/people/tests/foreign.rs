//! The vectors of another implementation (`tests/vectors/people`, in Python): each of our bytes is as its own, and back.

use serde_json::Value;
use zeroize::Zeroizing;

use super::{bundle, identity, invitations::CODE, key, link, user, NOW};
use crate::{
    frame::{people::PeopleFrame, Bin},
    people::{
        answer::{check_answer, sign_answer, sign_request},
        invitation::{open, seal, Contents, Header, KeyKind, Recipient},
        Bundle, OneTimeKey, PublicKey, Replacement, SecretKey,
    },
};

const VECTORS: &str = include_str!("../../../tests/vectors/people/people.json");

fn vector(name: &str) -> Vec<u8> {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let text = vectors[name].as_str().unwrap().to_owned();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn statements_are_byte_for_byte_those_of_another_implementation() {
    let (ada, new, directory) = (identity(1), identity(2), identity(200));
    assert_eq!(bundle(&ada, 3).sign(&ada).unwrap(), vector("bundle"));
    assert_eq!(Bundle::verify(&vector("bundle")).unwrap(), bundle(&ada, 3));
    assert_eq!(link(&ada, &new, 4).sign(&ada, &new).unwrap(), vector("replacement"));
    assert_eq!(
        Replacement::verify(&vector("replacement")).unwrap(),
        link(&ada, &new, 4)
    );
    let one_time = OneTimeKey {
        id: 5,
        key: PublicKey([8; 32]),
    };
    assert_eq!(one_time.sign(&user("ada"), &ada).unwrap(), vector("oneTime"));
    let answer = sign_answer(&directory, b"a request", NOW, b"a result".to_vec());
    assert_eq!(answer.signature.0.as_slice(), vector("answerSignature"));
    let request = sign_request(&ada, directory.public(), [5; 32], &user("ada"), b"a request".to_vec()).unwrap();
    assert_eq!(request.signature.0.as_slice(), vector("requestSignature"));
    // What is signed has to be a frame as well.
    let bytes = PeopleFrame::from(crate::frame::people::Answer {
        result: Bin(b"a result".to_vec()),
        ..answer
    });
    assert!(check_answer(&bytes.encode().unwrap(), b"a request", None, NOW).is_err());
}

#[test]
fn invitations_are_byte_for_byte_those_of_another_implementation() {
    let secret = SecretKey::derive(&key(3)).unwrap();
    let contents = Contents {
        sender: user("ada"),
        identity: identity(1).public(),
        time: NOW,
        code: Zeroizing::new(CODE.into()),
        text: Zeroizing::new("come in".into()),
    };
    let sealed = vector("sealed");
    let grace = identity(3).public();
    assert_eq!(open(&sealed, &user("grace"), grace, &secret).unwrap(), contents);
    let to = Recipient {
        user: &user("grace"),
        identity: grace,
        key: secret.public().unwrap(),
    };
    let header = Header {
        kind: KeyKind::OneTime,
        id: 9,
    };
    assert_eq!(seal(&contents, &identity(1), &to, header, key(5)).unwrap(), sealed);
}
