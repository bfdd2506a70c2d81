//! Every statement, every rule of the pins, and invitations: known answers, round trips, and every byte changed.

use super::{
    answer::{check_answer, check_request, sign_answer, sign_request},
    bytes::push8,
    pins::{judge, Pin, Standing},
    *,
};
use crate::{
    error::Error,
    frame::{
        people::{Challenge, Found, Hail, PeopleFrame, MAX_REPLACEMENTS},
        Bin, FixedBin,
    },
    secret::Key,
};

mod foreign;
mod invitations;
mod persons;
mod vectors;

pub(super) const NOW: u64 = 1_790_000_000;
pub(super) const DAY: u64 = 86_400;

pub(super) fn key(byte: u8) -> Key {
    Key::from_slice(&[byte; 32]).unwrap()
}

pub(super) fn identity(byte: u8) -> Identity {
    Identity::from_seed(&key(byte))
}

pub(super) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(super) fn bundle(identity: &Identity, sequence: u64) -> Bundle {
    Bundle {
        user: user("ada"),
        identity: identity.public(),
        pre_key_id: 7,
        pre_key: SecretKey::derive(&key(99)).unwrap().public().unwrap(),
        sequence,
        issued: NOW,
        expires: NOW + 90 * DAY,
        name: "Ada".into(),
    }
}

pub(super) fn link(old: &Identity, new: &Identity, sequence: u64) -> Replacement {
    Replacement {
        user: user("ada"),
        old: old.public(),
        new: new.public(),
        sequence,
        time: NOW,
    }
}

/// An entry whose key went through `seeds`, one replacement at each sequence from 10 on, and a bundle of `sequence`.
pub(super) fn found(seeds: &[u8], sequence: u64) -> Found {
    let identities: Vec<_> = seeds.iter().map(|seed| identity(*seed)).collect();
    let chain = identities
        .windows(2)
        .zip(10..)
        .map(|(pair, sequence)| Bin(link(&pair[0], &pair[1], sequence).sign(&pair[0], &pair[1]).unwrap()));
    let last = identities.last().unwrap();
    Found {
        bundle: Bin(bundle(last, sequence).sign(last).unwrap()),
        chain: chain.collect(),
        one_time: None,
    }
}

pub(super) fn entry(seeds: &[u8], sequence: u64) -> Entry {
    Entry::verify(&user("ada"), &found(seeds, sequence)).unwrap()
}

/// Everything that differs from `bytes` by one bit, is cut short, or has something at its end or twice.
pub(super) fn mutations(bytes: &[u8]) -> Vec<Vec<u8>> {
    let flips = (0..bytes.len()).map(|at| {
        let mut other = bytes.to_vec();
        other[at] ^= 1 << (at % 8);
        other
    });
    let cuts = (0..bytes.len()).map(|end| bytes[..end].to_vec());
    let tails = [vec![0], vec![0x80], bytes.to_vec()].map(|tail| [bytes, &tail].concat());
    flips.chain(cuts).chain(tails).collect()
}

#[test]
fn user_ids_are_a_small_set() {
    for good in ["ada", "a.b_c-1", "00", &"x".repeat(64)] {
        assert_eq!(UserId::parse(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "a",
        "Ada",
        "ada ",
        "\u{e9}a",
        "a/b",
        "a\0b",
        "\u{430}da",
        &"x".repeat(65),
    ] {
        assert_eq!(UserId::parse(bad).unwrap_err().code(), "INVALID_ARGUMENT", "{bad:?}");
    }
    assert_eq!(format!("{:?}", user("ada")), "UserId(..)");
}

#[test]
fn statements_come_back_and_no_byte_of_them_can_be_changed() {
    let (ada, next) = (identity(1), identity(2));
    let signed = bundle(&ada, 3).sign(&ada).unwrap();
    assert_eq!(Bundle::verify(&signed).unwrap(), bundle(&ada, 3));
    let replaced = link(&ada, &next, 4).sign(&ada, &next).unwrap();
    assert_eq!(Replacement::verify(&replaced).unwrap(), link(&ada, &next, 4));
    let one_time = OneTimeKey {
        id: 5,
        key: PublicKey([8; 32]),
    };
    let once = one_time.sign(&user("ada"), &ada).unwrap();
    assert_eq!(
        OneTimeKey::verify(&once, &user("ada"), &ada.public()).unwrap(),
        one_time
    );
    for other in mutations(&signed) {
        assert_eq!(Bundle::verify(&other), Err(Error::DirectoryProof));
    }
    for other in mutations(&replaced) {
        assert_eq!(Replacement::verify(&other), Err(Error::DirectoryProof));
    }
    for other in mutations(&once) {
        assert_eq!(
            OneTimeKey::verify(&other, &user("ada"), &ada.public()),
            Err(Error::DirectoryProof)
        );
    }
    for (name, key) in [("eve", &ada), ("ada", &next)] {
        assert!(
            OneTimeKey::verify(&once, &user(name), &key.public()).is_err(),
            "a key is one user's"
        );
    }
}

#[test]
fn senseless_bundles_are_neither_signed_nor_read() {
    let ada = identity(1);
    let long = Bundle {
        expires: NOW + 90 * DAY + 1,
        ..bundle(&ada, 1)
    };
    let backward = Bundle {
        expires: NOW,
        ..bundle(&ada, 1)
    };
    assert!(long.sign(&ada).is_err() && backward.sign(&ada).is_err());
    assert!(bundle(&ada, 1).sign(&identity(2)).is_err(), "another identity");
    let valid = bundle(&ada, 1);
    assert_eq!(
        valid.check_time(NOW - DAY - 1),
        Err(Error::BundleExpired),
        "from the future"
    );
    assert!(valid.check_time(NOW - DAY).is_ok() && valid.check_time(NOW + 90 * DAY - 1).is_ok());
    assert_eq!(valid.check_time(NOW + 90 * DAY), Err(Error::BundleExpired));
}

#[test]
fn a_weak_identity_key_signs_nothing() {
    // The neutral element: any message has a "signature" under it in a verification that is not strict.
    let mut weak = [0; 32];
    weak[0] = 1;
    let mut signed = vec![1];
    push8(&mut signed, b"ada").unwrap();
    signed.extend_from_slice(&weak);
    signed.extend_from_slice(&[0; 4 + 32 + 8]);
    signed.extend_from_slice(&NOW.to_be_bytes());
    signed.extend_from_slice(&(NOW + DAY).to_be_bytes());
    signed.push(0);
    signed.extend_from_slice(&weak);
    signed.extend_from_slice(&[0; 32]);
    assert_eq!(Bundle::verify(&signed), Err(Error::DirectoryProof));
}

#[test]
fn a_chain_has_no_gap_no_fork_and_no_stranger() {
    assert_eq!(entry(&[1, 2, 3], 20).chain.len(), 2);
    let check = |found: &Found| Entry::verify(&user("ada"), found).map(|_| ());
    let good = found(&[1, 2, 3], 20);
    let with = |chain: Vec<Bin>| Found { chain, ..good.clone() };
    let [first, second] = [0, 1].map(|at| good.chain[at].clone());
    let refused = Err(Error::DirectoryProof);
    assert_eq!(
        check(&with(vec![first.clone()])),
        refused,
        "does not reach the bundle's key"
    );
    assert_eq!(
        check(&with(vec![second.clone(), first.clone()])),
        refused,
        "in another order"
    );
    assert_eq!(
        check(&with(vec![first.clone(), second.clone(), second.clone()])),
        refused,
        "twice"
    );
    assert!(
        check(&with(vec![second])).is_ok(),
        "a shorter history is one: pins decide what it proves"
    );
    assert_eq!(check(&found(&[1, 2, 1], 20)), refused, "back to an old key");
    assert_eq!(
        check(&found(&[1, 2], 9)),
        refused,
        "a bundle from before the replacement"
    );
    assert_eq!(
        Entry::verify(&user("eve"), &good).map(|_| ()),
        refused,
        "somebody else's"
    );
    let mut strange = link(&identity(2), &identity(3), 11);
    strange.user = user("eve");
    let strange = Bin(strange.sign(&identity(2), &identity(3)).unwrap());
    assert_eq!(check(&with(vec![first, strange])), refused, "a link of another user");
    let many: Vec<u8> = (1..=34).collect();
    assert_eq!(many.len() - 1, MAX_REPLACEMENTS + 1);
    assert_eq!(check(&found(&many, 100)), refused);
    assert!(check(&found(&many[..33], 100)).is_ok());
}

#[test]
fn a_replacement_needs_both_keys() {
    let (ada, eve) = (identity(1), identity(66));
    assert!(link(&ada, &eve, 10).sign(&eve, &eve).is_err());
    assert!(link(&ada, &ada, 10).sign(&ada, &ada).is_err());
    let signed = link(&ada, &eve, 10).sign(&ada, &eve).unwrap();
    let (body, signatures) = signed.split_last_chunk::<128>().unwrap();
    let swapped = [body, &signatures[64..], &signatures[..64]].concat();
    assert!(Replacement::verify(&swapped).is_err());
    let half = [body, &signatures[64..], &signatures[64..]].concat();
    assert!(Replacement::verify(&half).is_err(), "the new key alone");
}

fn pinned(entry: &Entry) -> Pin {
    judge(None, entry, NOW).unwrap().1
}

#[test]
fn a_pinned_key_stays_unless_its_owner_says_otherwise() {
    let pin = pinned(&entry(&[1], 5));
    assert_eq!(judge(Some(&pin), &entry(&[1], 5), NOW).unwrap(), (Standing::Same, pin));
    assert_eq!(judge(Some(&pin), &entry(&[1], 6), NOW).unwrap().0, Standing::Same);
    assert_eq!(judge(Some(&pin), &entry(&[66], 6), NOW), Err(Error::KeyUnproven));
    assert_eq!(
        judge(Some(&pin), &entry(&[65, 66], 20), NOW),
        Err(Error::KeyUnproven),
        "a chain of others"
    );
    let (standing, changed) = judge(Some(&pin), &entry(&[1, 2], 10), NOW).unwrap();
    assert_eq!(
        (standing, changed.identity, changed.changed),
        (Standing::Changed, pin.identity, Some(identity(2).public()))
    );
    assert_eq!(
        judge(Some(&pin), &entry(&[0, 1, 2], 11), NOW).unwrap().0,
        Standing::Changed
    );
    // Nobody acknowledges it: it stays that way, also over another change.
    assert_eq!(
        judge(Some(&changed), &entry(&[1, 2], 11), NOW).unwrap().0,
        Standing::Changed
    );
    let (standing, again) = judge(Some(&changed), &entry(&[1, 2, 3], 12), NOW).unwrap();
    assert_eq!(
        (standing, again.changed),
        (Standing::Changed, Some(identity(3).public()))
    );
    assert_eq!(
        judge(Some(&changed), &entry(&[1], 12), NOW),
        Err(Error::KeyUnproven),
        "the change is taken back"
    );
    let mut acknowledged = changed;
    assert_eq!(acknowledged.acknowledge(identity(3).public()), Err(Error::KeyUnproven));
    assert_eq!(acknowledged.acknowledge(identity(1).public()), Err(Error::KeyUnproven));
    acknowledged.acknowledge(identity(2).public()).unwrap();
    assert_eq!(
        judge(Some(&acknowledged), &entry(&[1, 2], 13), NOW).unwrap().0,
        Standing::Same
    );
}

#[test]
fn nothing_goes_back() {
    let pin = pinned(&entry(&[1], 11));
    assert_eq!(
        judge(Some(&pin), &entry(&[1], 10), NOW),
        Err(Error::DirectoryRolledBack)
    );
    let mut other = bundle(&identity(1), 11);
    other.name = "Eve".into();
    let found = Found {
        bundle: Bin(other.sign(&identity(1)).unwrap()),
        chain: vec![],
        one_time: None,
    };
    let other = Entry::verify(&user("ada"), &found).unwrap();
    assert_eq!(
        judge(Some(&pin), &other, NOW),
        Err(Error::DirectoryRolledBack),
        "two of one sequence"
    );
    assert_eq!(
        judge(Some(&pin), &entry(&[1, 66], 20), NOW),
        Err(Error::KeyUnproven),
        "who has an old key forks off at sequence 10, before the last bundle that was seen"
    );
    assert_eq!(
        judge(Some(&pin), &entry(&[1], 12), NOW + 90 * DAY),
        Err(Error::BundleExpired)
    );
    let expired = judge(None, &entry(&[1], 12), NOW + 90 * DAY).unwrap_err();
    assert_eq!(expired.code(), "BUNDLE_EXPIRED");
}

#[test]
fn an_answer_fits_one_question() {
    let directory = identity(200);
    let ask = |nonce, name| {
        let hail = Hail {
            nonce: FixedBin([nonce; 32]),
            user: user(name).to_name(),
        };
        PeopleFrame::from(hail).encode().unwrap()
    };
    let said = PeopleFrame::from(Challenge {
        challenge: FixedBin([9; 32]),
    });
    let request = ask(1, "ada");
    let answer = PeopleFrame::from(sign_answer(&directory, &request, NOW, said.encode().unwrap()));
    let bytes = answer.encode().unwrap();
    let pinned = Some(directory.public());
    let check = |request: &[u8], pinned, now| check_answer(&bytes, request, pinned, now).map(|(frame, _)| frame);
    assert_eq!(check(&request, None, NOW).unwrap(), said);
    assert_eq!(check(&request, pinned, NOW + DAY).unwrap(), said);
    assert_eq!(
        check(&ask(2, "ada"), pinned, NOW),
        Err(Error::DirectoryProof),
        "another nonce"
    );
    assert_eq!(
        check(&ask(1, "eve"), pinned, NOW),
        Err(Error::DirectoryProof),
        "another user"
    );
    assert_eq!(
        check(&request, Some(identity(201).public()), NOW),
        Err(Error::DirectoryProof)
    );
    for now in [NOW + DAY + 1, NOW - DAY - 1] {
        assert_eq!(check(&request, pinned, now), Err(Error::DirectoryProof), "another day");
    }
    for other in mutations(&bytes) {
        assert!(check_answer(&other, &request, pinned, NOW).is_err());
    }
    assert!(
        check_answer(&request, &request, pinned, NOW).is_err(),
        "a request is no answer"
    );
}

#[test]
fn a_request_is_for_one_directory_one_challenge_and_one_user() {
    let (ada, directory) = (identity(1), identity(200).public());
    let request = PeopleFrame::from(crate::frame::people::Remove {}).encode().unwrap();
    let signed = sign_request(&ada, directory, [5; 32], &user("ada"), request).unwrap();
    let check =
        |signed: &_, directory, name: &str, key: &Identity| check_request(signed, directory, &user(name), key.public());
    assert!(check(&signed, directory, "ada", &ada).is_ok());
    assert!(check(&signed, identity(201).public(), "ada", &ada).is_err());
    assert!(check(&signed, directory, "eve", &ada).is_err());
    assert!(check(&signed, directory, "ada", &identity(2)).is_err());
    let mut other = signed.clone();
    other.challenge.0[0] ^= 1;
    assert!(check(&other, directory, "ada", &ada).is_err());
    other = signed.clone();
    other.request.0.push(0);
    assert!(check(&other, directory, "ada", &ada).is_err());
    other = signed;
    other.signature.0[63] ^= 1;
    assert!(check(&other, directory, "ada", &ada).is_err());
}

#[test]
fn a_signature_of_one_kind_is_none_of_another() {
    // A one-time key's signature covers user, identity and key; so could a bundle's, if the labels were the same.
    let ada = identity(1);
    let label = |label| ada.sign(label, &[b"x"]);
    use signing::Label::{Answer, Bundle, OneTimeKey, Replacement, Request, Sender};
    let all = [Answer, Bundle, OneTimeKey, Replacement, Request, Sender];
    for one in all {
        for other in all {
            let verified = ada.public().verify(one, &[b"x"], &label(other)).is_ok();
            assert_eq!(verified, one == other);
        }
    }
}
