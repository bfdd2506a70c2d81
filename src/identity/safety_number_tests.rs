use super::*;

const ALICE: &str = "06863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868";
const BOB: &str = "f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b";
/// From libsignal's tests.
const DISPLAYED: &str = "300354477692869396892869876765458257569162576843440918079131";

fn key(hex: &str) -> [u8; 32] {
    let bytes: Vec<u8> = (0..32)
        .map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

fn both() -> (SafetyNumber, SafetyNumber) {
    let (alice, bob) = (key(ALICE), key(BOB));
    let alice = Identity {
        id: b"+14152222222",
        key: &alice,
    };
    let bob = Identity {
        id: b"+14153333333",
        key: &bob,
    };
    (
        SafetyNumber::new(alice, bob).unwrap(),
        SafetyNumber::new(bob, alice).unwrap(),
    )
}

#[test]
fn it_is_the_number_that_signal_publishes() {
    let (alice, bob) = both();
    assert_eq!(alice.digits(), DISPLAYED);
    assert_eq!(bob.digits(), DISPLAYED);
}

/// Signal's own payload for these two, version 1, as its tests publish it.
#[test]
fn the_scannable_payload_is_the_one_that_signal_publishes() {
    let (alice, bob) = both();
    let (own, other) = (
        "1e301a0353dce3dbe7684cb8336e85136cdc0ee96219494ada305d62a7bd61df",
        "d62cbf73a11592015b6b9f1682ac306fea3aaf3885b84d12bca631e9d4fb3a4d",
    );
    let payload = [
        &[0x08, 1, 0x12, 34, 0x0a, 32][..],
        &key(own),
        &[0x1a, 34, 0x0a, 32],
        &key(other),
    ]
    .concat();
    assert_eq!(alice.scannable(), payload);
    assert_eq!(alice.scannable().len(), 74);
    assert_eq!(bob.compare(&payload), Ok(Scan::Match));
}

#[test]
fn scans_tell_a_match_from_a_mismatch_and_from_nonsense() {
    let (alice, bob) = both();
    assert_eq!(alice.compare(&bob.scannable()), Ok(Scan::Match));
    // Our own code back: the halves are the wrong way round.
    assert_eq!(alice.compare(&alice.scannable()), Ok(Scan::Mismatch));
    let mut other = bob.scannable();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(alice.compare(&other), Ok(Scan::Mismatch));
    let mut version = bob.scannable();
    version[1] = 2;
    assert_eq!(alice.compare(&version), Ok(Scan::OtherVersion(2)));
    let whole = bob.scannable();
    for length in 0..whole.len() {
        assert_eq!(alice.compare(&whole[..length]).unwrap_err().code(), "INVALID_MESSAGE");
        assert_eq!(
            SafetyNumber::parse(&whole[..length]).unwrap_err().code(),
            "INVALID_MESSAGE"
        );
    }
    assert_eq!(SafetyNumber::parse(&whole), Ok(bob));
    assert_eq!(SafetyNumber::parse(&version).unwrap_err().code(), "INVALID_MESSAGE");
    assert!(alice.compare(&[whole.as_slice(), &[0]].concat()).is_err());
    assert!(alice.compare(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
}

#[test]
fn every_key_and_id_counts() {
    let (a, b, c) = ([1; 32], [2; 32], [3; 32]);
    let number = |id, key, other| {
        let own = Identity { id, key };
        let other = Identity {
            id: b"other",
            key: other,
        };
        SafetyNumber::new(own, other).unwrap().digits()
    };
    let first = number(b"id", &a, &b);
    assert!(first.len() == 60 && first.bytes().all(|digit| digit.is_ascii_digit()));
    assert_ne!(first, number(b"id", &a, &c));
    assert_ne!(first, number(b"id", &c, &b));
    assert_ne!(first, number(b"ie", &a, &b));
    let empty = Identity { id: b"", key: &a };
    assert_eq!(SafetyNumber::new(empty, empty).unwrap_err().code(), "INVALID_ARGUMENT");
}

#[test]
fn a_rooms_number_covers_everybody_in_any_order() {
    let keys: Vec<[u8; 32]> = (0..50).map(|k| [k; 32]).collect();
    let mut members: Vec<Identity<'_>> = keys.iter().map(|key| Identity { id: b"id", key }).collect();
    let number = room_number(&members).unwrap();
    assert_eq!(number.len(), 60);
    members.reverse();
    assert_eq!(room_number(&members).unwrap(), number);
    members.push(members[7]);
    assert_eq!(room_number(&members).unwrap(), number);
    members.truncate(49);
    assert_ne!(room_number(&members).unwrap(), number);
    // Where one id ends and the next begins cannot be shifted.
    let (a, b) = ([1; 32], [2; 32]);
    let pair =
        |first, second| room_number(&[Identity { id: first, key: &a }, Identity { id: second, key: &b }]).unwrap();
    assert_ne!(pair(b"ab", b"c"), pair(b"a", b"bc"));
}
