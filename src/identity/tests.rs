//! Contacts and the state: what is remembered, what goes first, and what is refused.

use proptest::prelude::*;

use super::{
    contacts::{Contacts, Met, Trust, MAX_ACCEPTED_KEYS, MAX_KNOWN, MAX_PARTNERS, MAX_PINS},
    fold::fold,
    Identity,
};
use crate::{
    people::{Person, UserId},
    secret::Key,
};

const ROOM: &str = "V1StGXR8_Z5jdHi6B-myT";
const OTHER_ROOM: &str = "W1StGXR8_Z5jdHi6B-myT";
const NOW: u64 = 1_790_000_000;

fn key(index: u16) -> [u8; 32] {
    let mut key = [7; 32];
    key[..2].copy_from_slice(&index.to_be_bytes());
    key
}

fn meet(contacts: &mut Contacts, room: &str, name: &str, index: u16) -> Trust {
    contacts.meet(room, name, &key(index), NOW).trust
}

#[test]
fn the_first_key_of_a_name_is_accepted_and_another_one_is_not() {
    let mut contacts = Contacts::default();
    assert_eq!(meet(&mut contacts, ROOM, "Ada", 1), Trust::New);
    assert_eq!(meet(&mut contacts, ROOM, "Ada", 1), Trust::Known);
    assert_eq!(
        meet(&mut contacts, OTHER_ROOM, "Ada L.", 1),
        Trust::Known,
        "from elsewhere"
    );
    let changed = Met {
        trust: Trust::Changed,
        previous: Some(key(1)),
    };
    assert_eq!(contacts.meet(ROOM, "Ada", &key(2), NOW), changed);
    assert_eq!(
        contacts.meet(ROOM, "Ada", &key(2), NOW),
        changed,
        "asking again accepts nothing"
    );
    assert!(
        contacts.known().iter().all(|device| device.key == key(1)),
        "nor remembers"
    );
    assert_eq!(
        meet(&mut contacts, OTHER_ROOM, "Ada", 2),
        Trust::New,
        "pins are a room's"
    );
    contacts.acknowledge(ROOM, "Ada", &key(2), NOW);
    assert_eq!(meet(&mut contacts, ROOM, "Ada", 2), Trust::Known);
    assert_eq!(
        meet(&mut contacts, ROOM, "Ada", 1),
        Trust::Known,
        "the former stays accepted"
    );
    assert_eq!(
        contacts.judge(ROOM, "Ada", &key(3)).previous,
        Some(key(2)),
        "the newest"
    );
    contacts.acknowledge(ROOM, "Ada", &key(1), NOW);
    assert_eq!(contacts.judge(ROOM, "Ada", &key(3)).previous, Some(key(1)));
}

#[test]
fn a_verified_key_is_one_under_every_name() {
    let mut contacts = Contacts::default();
    meet(&mut contacts, ROOM, "Ada", 1);
    meet(&mut contacts, ROOM, "Grace", 2);
    contacts.verify(&key(2), true, NOW);
    assert_eq!(meet(&mut contacts, ROOM, "Grace", 2), Trust::Verified);
    assert_eq!(
        meet(&mut contacts, ROOM, "Ada", 2),
        Trust::Verified,
        "in another's place, too"
    );
    assert_eq!(meet(&mut contacts, ROOM, "Ada", 1), Trust::Known);
    contacts.verify(&key(2), false, NOW);
    assert_eq!(
        meet(&mut contacts, ROOM, "Ada", 2),
        Trust::Known,
        "accepted while it was"
    );
    // Verified without having been met, as after a comparison in a directory.
    contacts.verify(&key(9), true, NOW);
    assert_eq!(contacts.known().last().unwrap().name, "");
    assert_eq!(meet(&mut contacts, ROOM, "New", 9), Trust::Verified);
    assert_eq!(contacts.known().last().unwrap().name, "New");
    contacts.verify(&key(10), false, NOW);
    assert!(contacts.known().iter().all(|device| device.key != key(10)));
}

#[test]
fn what_is_forgotten_is_new_again() {
    let mut contacts = Contacts::default();
    meet(&mut contacts, ROOM, "Ada", 1);
    contacts.verify(&key(1), true, NOW);
    contacts.set_partner(ROOM, &key(1));
    contacts.forget(&key(1));
    assert!(contacts.known().is_empty() && contacts.partner(ROOM).is_none());
    assert_eq!(
        meet(&mut contacts, ROOM, "Ada", 2),
        Trust::New,
        "nor is its name pinned"
    );
    contacts.forget(&key(3));
    assert_eq!(meet(&mut contacts, ROOM, "Ada", 2), Trust::Known);
}

#[test]
fn names_that_look_alike_to_everybody_are_one() {
    for (one, other) in [
        ("Ada", "ADA"),
        ("Ada", "\u{ff21}\u{ff44}\u{ff41}"),
        ("Ada", "A\u{200d}da"),
        ("Ada", "Ada\u{fe0f}"),
        ("Ada L", "Ada\u{a0}L"),
        ("\u{c9}va", "\u{e9}va"),
    ] {
        assert_eq!(fold(one), fold(other), "{one:?} {other:?}");
        let mut contacts = Contacts::default();
        meet(&mut contacts, ROOM, one, 1);
        assert_eq!(meet(&mut contacts, ROOM, other, 2), Trust::Changed);
    }
    // What would take the tables of Unicode is not claimed.
    for (one, other) in [
        ("Ada", "\u{410}da"),
        ("\u{e9}", "e\u{301}"),
        ("Ada", "Ada1"),
        ("Ada", "Adal"),
    ] {
        assert_ne!(fold(one), fold(other));
    }
}

#[test]
fn a_book_that_is_full_forgets_the_oldest_that_is_not_verified() {
    let mut contacts = Contacts::default();
    for index in 0..=MAX_KNOWN as u16 {
        meet(&mut contacts, ROOM, &format!("name {index}"), index);
        if index == 0 {
            contacts.verify(&key(0), true, NOW);
        }
    }
    assert_eq!((contacts.known().len(), MAX_KNOWN), (MAX_KNOWN, MAX_PINS));
    assert_eq!(contacts.judge(ROOM, "name 0", &key(0)).trust, Trust::Verified);
    assert_eq!(contacts.judge(ROOM, "name 0", &key(9)).trust, Trust::Changed);
    assert_eq!(
        contacts.judge(ROOM, "name 1", &key(9_000)).trust,
        Trust::New,
        "fallen off"
    );
    assert_eq!(contacts.judge(ROOM, "name 2", &key(9_000)).trust, Trust::Changed);
    // Who is met again is not the oldest any more.
    meet(&mut contacts, ROOM, "name 2", 2);
    meet(&mut contacts, ROOM, "one more", 9_001);
    assert_eq!(contacts.judge(ROOM, "name 2", &key(9_000)).trust, Trust::Changed);
    assert_eq!(contacts.judge(ROOM, "name 3", &key(9_000)).trust, Trust::New);
    let bytes = contacts.encode().unwrap();
    assert_eq!(Contacts::decode(&bytes).unwrap(), contacts, "full books are readable");

    let mut contacts = Contacts::default();
    for index in 0..=MAX_ACCEPTED_KEYS as u16 {
        contacts.acknowledge(ROOM, "Ada", &key(index), NOW);
    }
    assert_eq!(contacts.judge(ROOM, "Ada", &key(0)).trust, Trust::Changed, "nine keys");
    assert_eq!(contacts.judge(ROOM, "Ada", &key(1)).trust, Trust::Known);

    let mut contacts = Contacts::default();
    for index in 0..=MAX_PARTNERS as u16 {
        contacts.set_partner(&format!("{index:021}"), &key(index));
    }
    assert_eq!(contacts.partner(&format!("{:021}", 0)), None);
    assert_eq!(contacts.partner(&format!("{:021}", 1)), Some(key(1)));
}

#[test]
fn only_what_is_different_is_a_change() {
    let mut contacts = Contacts::default();
    contacts.meet(ROOM, "Ada", &key(1), NOW);
    contacts.set_partner(ROOM, &key(1));
    contacts.verify(&key(1), true, NOW);
    assert!(contacts.changed());
    let stored = contacts.encode().unwrap();
    let mut contacts = Contacts::decode(&stored).unwrap();
    assert!(!contacts.changed());
    contacts.meet(ROOM, "Ada", &key(1), NOW + 9);
    contacts.meet(ROOM, "Ada", &key(2), NOW + 9);
    contacts.set_partner(ROOM, &key(1));
    contacts.verify(&key(1), true, NOW);
    contacts.forget(&key(5));
    assert!(!contacts.changed());
    assert_eq!(contacts.encode().unwrap(), stored);
    contacts.meet(ROOM, "ada", &key(1), NOW);
    assert!(contacts.changed(), "it writes its name otherwise now");
    assert_eq!(contacts.known()[0].met_at, NOW, "when it was met first");
}

#[test]
fn a_state_is_read_as_it_was_written_and_no_other() {
    let mut identity = Identity::new(Key::from_slice(&[5; 32]).unwrap());
    meet(&mut identity.contacts, ROOM, "Ada", 1);
    meet(&mut identity.contacts, ROOM, &"\u{e9}".repeat(40), 2);
    identity.contacts.set_partner(ROOM, &key(1));
    let state = identity.state().unwrap();
    let read = Identity::load(&state).unwrap();
    assert_eq!(read.contacts, identity.contacts);
    assert_eq!(read.device_key(), identity.device_key());
    assert_eq!(*read.state().unwrap(), *state);
    assert!(read.contacts.known().iter().all(|device| device.name.len() <= 64));

    let refused = |bytes: &[u8]| Identity::load(bytes).map(|_| ()).unwrap_err().code();
    for end in 0..state.len() {
        assert_eq!(refused(&state[..end]), "INVALID_IDENTITY");
    }
    for at in 0..state.len() {
        let mut other = state.to_vec();
        other[at] ^= 1 << (at % 8);
        assert_eq!(refused(&other), "INVALID_IDENTITY", "byte {at}");
    }
    assert_eq!(refused(&[state.as_slice(), &[0]].concat()), "INVALID_IDENTITY");
    let mut newer = state.to_vec();
    newer[0] = 2;
    assert!(Identity::load(&newer)
        .unwrap_err()
        .to_string()
        .contains("newer version"));
    assert_eq!(format!("{identity:?}"), "Identity(..)");
}

#[test]
fn the_state_is_laid_out_as_documented() {
    let mut identity = Identity::new(Key::from_slice(&[5; 32]).unwrap());
    assert_eq!(identity.state().unwrap().len(), 1 + 32 + 6 + 8);
    identity.contacts.meet(ROOM, "Ada", &key(1), NOW);
    let state = identity.state().unwrap();
    let known = [&key(1)[..], &[0], &NOW.to_be_bytes(), &[3], b"Ada"].concat();
    assert_eq!(state[..33], [&[1][..], &[5; 32]].concat());
    assert_eq!(state[33..35], [0, 1]);
    assert_eq!(state[35..35 + known.len()], known);
    let pin = &state[35 + known.len()..];
    use sha2::{Digest, Sha256};
    let place = Sha256::digest([b"hushroom/1 pin\0\x15", ROOM.as_bytes(), b"ada"].concat());
    assert_eq!(pin[..2], [0, 1]);
    assert_eq!(pin[2..18], place[..16]);
    assert_eq!(pin[18], 1);
    assert_eq!(pin[19..51], key(1));
    assert_eq!(pin[51..53], [0, 0]);
    let (body, check) = state.split_last_chunk::<8>().unwrap();
    let digest = Sha256::digest([b"hushroom/1 identity\0", body].concat());
    assert_eq!(check[..], digest[..8]);
}

#[test]
fn a_person_and_a_device_are_one_identity() {
    let mut identity = Identity::new(Key::from_slice(&[5; 32]).unwrap());
    meet(&mut identity.contacts, ROOM, "Grace", 2);
    let (device_key, contacts) = (identity.device_key(), identity.contacts.clone());
    assert!(identity.user().is_none());
    assert_eq!(
        Person::from_state(&identity.state().unwrap()).unwrap_err().code(),
        "INVALID_STATE"
    );
    let person = Person::register(identity, UserId::parse("ada").unwrap(), None).unwrap();
    assert_eq!(person.identity().0, device_key);
    let state = person.state().unwrap();
    let mut identity = Identity::load(&state).unwrap();
    assert_eq!((identity.device_key(), &identity.contacts), (device_key, &contacts));
    assert_eq!(identity.user().unwrap().as_str(), "ada");
    // A room changes the contacts, and the user stays.
    identity.contacts.verify(&key(2), true, NOW);
    let mut person = Person::from_state(&identity.state().unwrap()).unwrap();
    assert_eq!(person.user().as_str(), "ada");
    let taken = Person::register(Identity::load(&state).unwrap(), UserId::parse("eve").unwrap(), None);
    assert_eq!(taken.unwrap_err().code(), "INVALID_STATE");
    // A replaced key is the device's, too.
    person.replace_identity(Key::from_slice(&[6; 32]).unwrap()).unwrap();
    let identity = Identity::load(&person.state().unwrap()).unwrap();
    assert_eq!(identity.device_key(), person.identity().0);
    assert_ne!(identity.device_key(), device_key);
    assert!(identity.contacts.known()[0].verified);
}

#[test]
fn arthas_rooms_get_a_key_of_their_own() {
    let identity = Identity::new(Key::from_slice(&[5; 32]).unwrap());
    let seed = identity.arthas_seed().unwrap();
    assert_eq!(seed.expose(), identity.arthas_seed().unwrap().expose());
    assert_ne!(seed.expose(), identity.seed.expose());
    assert_ne!(Identity::new(seed).device_key(), identity.device_key());
}

proptest! {
    #[test]
    fn no_bytes_make_a_book_panic(bytes: Vec<u8>) {
        if let Ok(contacts) = Contacts::decode(&bytes) {
            prop_assert_eq!(&contacts.encode().unwrap(), &bytes);
        }
        prop_assert!(Identity::load(&bytes).is_err());
    }

    #[test]
    fn folding_is_done_once(name: String) {
        let folded = fold(&name);
        prop_assert_eq!(fold(&folded), folded);
    }
}
