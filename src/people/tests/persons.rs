//! A person, against a directory that says what the test wants it to say.

use super::{found, identity, invitations::CODE, key, user, DAY, NOW};
use crate::{
    error::Error,
    frame::{
        people::{refusal_code, Challenge, Done, Found, Invitations, PeopleFrame, Refused, Waiting},
        Bin, FixedBin,
    },
    people::{answer::sign_answer, pins::Standing, Person, Sender},
    secret::Key,
};

fn person(name: &str, seed: u8) -> Person {
    Person::new(user(name), key(seed), None)
}

fn answer(request: &[u8], frame: impl Into<PeopleFrame>) -> Vec<u8> {
    let result = frame.into().encode().unwrap();
    PeopleFrame::from(sign_answer(&identity(200), request, NOW, result))
        .encode()
        .unwrap()
}

fn refused(code: &str) -> Refused {
    Refused {
        code: code.into(),
        msg: String::new(),
        retry_after: None,
    }
}

/// The request inside a signed one.
fn inside(request: &[u8]) -> PeopleFrame {
    let PeopleFrame::Signed(signed) = PeopleFrame::decode(request).unwrap() else {
        panic!("not signed")
    };
    PeopleFrame::decode(&signed.request.0).unwrap()
}

/// Registers; what the directory then has.
fn register(person: &mut Person, now: u64) -> Found {
    let own = person.user().clone();
    let lookup = person.lookup(&own, false, [1; 32]).unwrap();
    let nobody = answer(&lookup, refused(refusal_code::UNKNOWN_USER));
    assert!(person.lookup_own(&lookup, &nobody, Some("Somebody"), now).unwrap());
    let publish = person.publish([0; 32], Some("Somebody"), &key(90), now).unwrap();
    person
        .published(&publish, &answer(&publish, Done::default()), now)
        .unwrap();
    let PeopleFrame::Publish(published) = inside(&publish) else {
        panic!("not a bundle")
    };
    assert!(published.replacement.is_none());
    let add = person.add_keys([0; 32], &[key(91), key(92)], now).unwrap();
    let PeopleFrame::AddKeys(mut keys) = inside(&add) else {
        panic!("not keys")
    };
    Found {
        bundle: published.bundle,
        chain: vec![],
        one_time: Some(keys.keys.swap_remove(0)),
    }
}

fn look_up(from: &mut Person, name: &str, found: &Found) -> crate::Result<crate::people::Acquaintance> {
    let request = from.lookup(&user(name), true, [2; 32]).unwrap();
    let answer = answer(&request, found.clone());
    from.looked_up(&user(name), &request, &answer, NOW)
}

fn deliver(to: &mut Person, invite: &[u8], now: u64) -> crate::people::Mail {
    let PeopleFrame::Invite(invite) = PeopleFrame::decode(invite).unwrap() else {
        panic!("no invitation")
    };
    let fetch = to.fetch([0; 32], 0).unwrap();
    let mail = Invitations {
        items: vec![Waiting {
            id: 7,
            t: NOW,
            sealed: invite.sealed,
        }],
        more: false,
    };
    let result = PeopleFrame::from(mail).encode().unwrap();
    let answer = PeopleFrame::from(sign_answer(&identity(200), &fetch, now, result))
        .encode()
        .unwrap();
    to.fetched(&fetch, &answer, now).unwrap()
}

#[test]
fn an_invitation_reaches_who_was_offline_once() {
    let (mut ada, mut grace) = (person("ada", 1), person("grace", 2));
    register(&mut ada, NOW);
    let entry = register(&mut grace, NOW);
    let to = look_up(&mut ada, "grace", &entry).unwrap();
    assert_eq!(
        (to.standing, to.identity, to.name.as_str()),
        (Standing::New, grace.identity(), "Somebody")
    );
    let invite = ada.invite(&to, CODE, "come", (key(50), [3; 32]), NOW).unwrap();

    // Grace comes back from what she stored.
    let mut grace = Person::from_state(&grace.state().unwrap()).unwrap();
    let mail = deliver(&mut grace, &invite, NOW + DAY);
    let [invitation] = mail.invitations.as_slice() else {
        panic!("{mail:?}")
    };
    assert_eq!(
        (invitation.contents.code.as_str(), invitation.contents.text.as_str()),
        (CODE, "come")
    );
    assert_eq!(
        (&invitation.contents.sender, invitation.sender),
        (&user("ada"), Sender::Unconfirmed)
    );
    assert_eq!(invitation.contents.identity, ada.identity());
    let receipt = invitation.receipt;
    let secret = grace.state().unwrap();
    let request = grace.acknowledge([0; 32], &[&receipt], NOW + DAY).unwrap();
    assert!(matches!(inside(&request), PeopleFrame::Acknowledge(acknowledge) if acknowledge.ids == [7]));
    assert!(
        secret.len() > grace.state().unwrap().len(),
        "the one-time secret is gone"
    );
    let again = deliver(&mut grace, &invite, NOW + DAY);
    assert_eq!((again.invitations.len(), again.useless.len()), (0, 1));
}

#[test]
fn an_invitation_to_the_pre_key_is_not_shown_again_either() {
    let (mut ada, mut grace) = (person("ada", 1), person("grace", 2));
    register(&mut ada, NOW);
    let mut entry = register(&mut grace, NOW);
    entry.one_time = None;
    let to = look_up(&mut ada, "grace", &entry).unwrap();
    let invite = ada.invite(&to, CODE, "", (key(50), [3; 32]), NOW).unwrap();
    let receipt = deliver(&mut grace, &invite, NOW).invitations[0].receipt;
    grace.acknowledge([0; 32], &[&receipt], NOW).unwrap();
    let mut grace = Person::from_state(&grace.state().unwrap()).unwrap();
    assert!(deliver(&mut grace, &invite, NOW).invitations.is_empty());
    assert_eq!(
        grace.acknowledge([0; 32], &[b"nonsense"], NOW).unwrap_err().code(),
        "INVALID_ARGUMENT"
    );
}

#[test]
fn old_and_early_invitations_are_none() {
    let (mut ada, mut grace) = (person("ada", 1), person("grace", 2));
    register(&mut ada, NOW);
    let entry = register(&mut grace, NOW);
    let to = look_up(&mut ada, "grace", &entry).unwrap();
    let invite = ada.invite(&to, CODE, "", (key(50), [3; 32]), NOW).unwrap();
    assert_eq!(deliver(&mut grace, &invite, NOW + 15 * DAY).invitations.len(), 1);
    assert_eq!(deliver(&mut grace, &invite, NOW + 15 * DAY + 1).useless.len(), 1);
    assert_eq!(deliver(&mut grace, &invite, NOW - DAY - 1).useless.len(), 1);
}

#[test]
fn a_pre_key_lasts_as_long_as_its_invitations() {
    let (mut ada, mut grace) = (person("ada", 1), person("grace", 2));
    register(&mut ada, NOW);
    let mut entry = register(&mut grace, NOW);
    entry.one_time = None;
    let to = look_up(&mut ada, "grace", &entry).unwrap();
    let invite = ada.invite(&to, CODE, "", (key(50), [3; 32]), NOW).unwrap();
    grace.publish([0; 32], None, &key(93), NOW).unwrap();
    grace.add_keys([0; 32], &[], NOW + 15 * DAY - 1).unwrap();
    assert_eq!(deliver(&mut grace, &invite, NOW + DAY).invitations.len(), 1);
    grace.add_keys([0; 32], &[], NOW + 15 * DAY).unwrap();
    assert_eq!(
        deliver(&mut grace, &invite, NOW + DAY).useless.len(),
        1,
        "its secret is gone"
    );
}

#[test]
fn a_changed_key_holds_up_invitations_until_it_is_acknowledged() {
    let mut grace = person("grace", 50);
    register(&mut grace, NOW);
    assert_eq!(
        look_up(&mut grace, "ada", &found(&[1], 5)).unwrap().standing,
        Standing::New
    );
    assert_eq!(look_up(&mut grace, "ada", &found(&[66], 6)), Err(Error::KeyUnproven));
    let changed = look_up(&mut grace, "ada", &found(&[1, 2], 10)).unwrap();
    assert_eq!(
        (changed.standing, changed.trusted),
        (Standing::Changed, identity(1).public())
    );
    let invite = |grace: &Person, to: &_| grace.invite(to, CODE, "", (key(51), [3; 32]), NOW).map(|_| ());
    assert_eq!(invite(&grace, &changed), Err(Error::KeyChanged));
    let mut grace = Person::from_state(&grace.state().unwrap()).unwrap();
    assert_eq!(
        grace.acknowledge_key(&user("ada"), identity(3).public()),
        Err(Error::KeyUnproven)
    );
    assert_eq!(
        grace.acknowledge_key(&user("eve"), identity(3).public()),
        Err(Error::UnknownUser)
    );
    grace.acknowledge_key(&user("ada"), identity(2).public()).unwrap();
    let to = look_up(&mut grace, "ada", &found(&[1, 2], 10)).unwrap();
    assert_eq!((to.standing, invite(&grace, &to)), (Standing::Same, Ok(())));
    assert_eq!(
        look_up(&mut grace, "ada", &found(&[1, 2], 9)),
        Err(Error::DirectoryProof)
    );
    assert_eq!(look_up(&mut grace, "ada", &found(&[1], 9)), Err(Error::KeyUnproven));
}

#[test]
fn a_directory_cannot_swap_its_key_or_answer_something_else() {
    let mut ada = person("ada", 1);
    let hail = ada.hail([1; 32]).unwrap();
    let challenge = Challenge {
        challenge: FixedBin([4; 32]),
    };
    assert_eq!(
        ada.challenge(&hail, &answer(&hail, challenge.clone()), NOW).unwrap(),
        [4; 32]
    );
    assert_eq!(ada.directory(), Some(identity(200).public()));
    let result = PeopleFrame::from(challenge).encode().unwrap();
    let other = PeopleFrame::from(sign_answer(&identity(201), &hail, NOW, result))
        .encode()
        .unwrap();
    assert_eq!(ada.challenge(&hail, &other, NOW), Err(Error::DirectoryProof));
    let wrong = answer(&hail, Done::default());
    assert_eq!(ada.challenge(&hail, &wrong, NOW).unwrap_err().code(), "RELAY_PROTOCOL");
    for (code, error) in [
        (refusal_code::RATE_LIMITED, "RATE_LIMITED"),
        (refusal_code::INVALID, "RELAY_REFUSED"),
        (refusal_code::UNKNOWN_USER, "UNKNOWN_USER"),
        (refusal_code::TAKEN, "USER_TAKEN"),
        (refusal_code::STALE, "INVALID_STATE"),
        (refusal_code::NOT_SIGNED, "RELAY_REFUSED"),
        (refusal_code::MAILBOX_FULL, "RELAY_LIMIT"),
        (refusal_code::DIRECTORY_FULL, "RELAY_LIMIT"),
        ("E999", "RELAY_REFUSED"),
    ] {
        assert_eq!(
            ada.done(&hail, &answer(&hail, refused(code)), NOW).unwrap_err().code(),
            error,
            "{code}"
        );
    }
}

#[test]
fn a_replaced_identity_is_proven_and_survives_a_lost_answer() {
    let mut ada = person("ada", 1);
    let entry = register(&mut ada, NOW);
    let first = ada.identity();
    ada.replace_identity(key(2)).unwrap();
    assert_eq!(ada.replace_identity(key(3)).unwrap_err().code(), "INVALID_STATE");
    // The process dies before it could publish.
    let mut ada = Person::from_state(&ada.state().unwrap()).unwrap();
    assert_ne!(ada.identity(), first);
    assert_eq!(
        ada.publish([0; 32], None, &key(94), NOW).unwrap_err().code(),
        "INVALID_STATE"
    );
    let own = |ada: &mut Person, entry: &Found| {
        let lookup = ada.lookup(&user("ada"), false, [1; 32]).unwrap();
        let answer = answer(&lookup, entry.clone());
        ada.lookup_own(&lookup, &answer, None, NOW)
    };
    assert!(own(&mut ada, &entry).unwrap());
    let publish = ada.publish([0; 32], None, &key(94), NOW).unwrap();
    let PeopleFrame::Publish(published) = inside(&publish) else {
        panic!("no bundle")
    };
    let entry = Found {
        bundle: published.bundle,
        chain: vec![published.replacement.unwrap()],
        one_time: None,
    };
    // The directory has it, but its answer never came.
    let mut ada = Person::from_state(&ada.state().unwrap()).unwrap();
    assert!(!own(&mut ada, &entry).unwrap(), "there is nothing to publish");
    ada.replace_identity(key(3)).unwrap();
    assert_eq!(own(&mut ada, &found(&[66], 3)), Err(Error::UserTaken));
}

#[test]
fn a_restored_state_publishes_above_what_was_published() {
    let mut ada = person("ada", 1);
    register(&mut ada, NOW);
    let old = ada.state().unwrap();
    let publish = ada.publish([0; 32], None, &key(94), NOW).unwrap();
    let PeopleFrame::Publish(newest) = inside(&publish) else {
        panic!("no bundle")
    };
    let entry = Found {
        bundle: newest.bundle.clone(),
        chain: vec![],
        one_time: None,
    };
    let mut ada = Person::from_state(&old).unwrap();
    let lookup = ada.lookup(&user("ada"), false, [1; 32]).unwrap();
    let answer = answer(&lookup, entry);
    assert!(ada.lookup_own(&lookup, &answer, None, NOW).unwrap());
    let publish = ada.publish([0; 32], None, &key(95), NOW).unwrap();
    let PeopleFrame::Publish(again) = inside(&publish) else {
        panic!("no bundle")
    };
    let sequence = |bytes: &Bin| crate::people::Bundle::verify(&bytes.0).unwrap().sequence;
    assert!(sequence(&again.bundle) > sequence(&newest.bundle));
}

#[test]
fn nothing_secret_is_printed_and_broken_states_are_refused() {
    let ada = person("ada", 1);
    assert_eq!(format!("{ada:?}"), "Person(..)");
    assert_eq!(
        format!(
            "{:?} {:?}",
            identity(1),
            crate::people::SecretKey::derive(&key(1)).unwrap()
        ),
        "Identity(..) SecretKey(..)"
    );
    let state = ada.state().unwrap();
    for end in 0..state.len() {
        assert!(Person::from_state(&state[..end]).is_err());
    }
    assert!(Person::from_state(&state).is_ok());
    let keys: Vec<Key> = (0..100).map(key).collect();
    let mut many = person("ada", 1);
    register(&mut many, NOW);
    for _ in 0..12 {
        many.add_keys([0; 32], &keys, NOW).unwrap();
    }
    assert!(many.state().unwrap().len() < 200_000, "secrets are bounded");
}
