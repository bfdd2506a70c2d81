//! What a directory says, changed and invented, and sealed invitations: nothing counts that its owner did not sign, whatever
//! the directory itself does.

use hushroom::{
    frame::{
        people::{Found, Invitations, Invite, PeopleFrame, Refused, Signed, Waiting},
        Bin,
    },
    people::{
        answer::{check_answer, sign_answer},
        Entry, Identity, Person, UserId,
    },
    secret::Key,
    Error,
};

use super::{change, Input};

const NOW: u64 = 1_800_000_000;
const CODE: &str = "hush1:fuzzfuzzfuzzfuzzfuzzf:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn key(byte: u8) -> Key {
    Key::take(&mut [byte; 32])
}

/// A directory, and two people that know each other's keys through it.
struct World {
    directory: Identity,
    alice: Person,
    bob: Person,
    bundle: Vec<u8>,
    lookup: Vec<u8>,
    sealed: Vec<u8>,
}

/// Byte 0 chooses what is given to whom.
pub(crate) fn check(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() {
        0 => frame(input.rest()),
        1 => drop(Person::from_state(input.rest()).map(|person| {
            assert!(person.state().is_ok_and(|state| Person::from_state(&state).is_ok()));
        })),
        choice => with_world(choice, input),
    }
}

/// A frame of anybody's: what decodes encodes to the same, and no entry is taken that is not signed.
fn frame(bytes: &[u8]) {
    let Ok(frame) = PeopleFrame::decode(bytes) else {
        return;
    };
    if let Ok(again) = frame.encode() {
        assert_eq!(PeopleFrame::decode(&again).as_ref(), Ok(&frame));
    }
    if let PeopleFrame::Found(found) = &frame {
        assert!(Entry::verify(&user("bob"), found).is_err(), "nobody can forge an entry");
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn world() -> World {
    let directory = Identity::from_seed(&key(1));
    let mut alice = Person::new(user("alice"), key(2), Some(directory.public()));
    let mut bob = Person::new(user("bob"), key(3), Some(directory.public()));
    let own = bob.lookup(&user("bob"), false, [4; 32]).unwrap();
    let nobody = Refused {
        code: "E040".into(),
        msg: String::new(),
        retry_after: None,
    };
    assert_eq!(
        bob.lookup_own(&own, &answer(&directory, &own, nobody), None, NOW),
        Ok(true)
    );
    let publish = bob.publish([5; 32], Some("Bob"), &key(6), NOW).unwrap();
    let Ok(PeopleFrame::Signed(Signed { request, .. })) = PeopleFrame::decode(&publish) else {
        panic!("a signed request")
    };
    let Ok(PeopleFrame::Publish(published)) = PeopleFrame::decode(&request.0) else {
        panic!("a bundle")
    };
    let bundle = published.bundle.0;
    let lookup = alice.lookup(&user("bob"), true, [7; 32]).unwrap();
    let shown = answer(&directory, &lookup, found(bundle.clone()));
    let met = alice.looked_up(&user("bob"), &lookup, &shown, NOW).unwrap();
    let invite = alice.invite(&met, CODE, "come in", (key(8), [9; 32]), NOW).unwrap();
    let Ok(PeopleFrame::Invite(Invite { sealed, .. })) = PeopleFrame::decode(&invite) else {
        panic!("an invitation")
    };
    World {
        directory,
        alice,
        bob,
        bundle,
        lookup,
        sealed: sealed.0,
    }
}

fn found(bundle: Vec<u8>) -> Found {
    Found {
        bundle: Bin(bundle),
        chain: vec![],
        one_time: None,
    }
}

fn answer(directory: &Identity, request: &[u8], result: impl Into<PeopleFrame>) -> Vec<u8> {
    let result = result.into().encode().unwrap();
    PeopleFrame::from(sign_answer(directory, request, NOW, result))
        .encode()
        .unwrap()
}

fn with_world(choice: u8, mut input: Input<'_>) {
    let mut world = world();
    match choice % 4 {
        0 => evil_directory(&mut world, input),
        1 => {
            // On the way, the directory's answer is changed.
            let whole = answer(&world.directory, &world.lookup, found(world.bundle.clone()));
            let changed = change(whole.clone(), &mut input);
            let pinned = Some(world.directory.public());
            let checked = check_answer(&changed, &world.lookup, pinned, NOW);
            let expected = check_answer(&whole, &world.lookup, pinned, NOW).unwrap();
            assert!(
                checked.is_err() || checked == Ok(expected),
                "what the directory did not say"
            );
            let other = world.alice.lookup(&user("bob"), true, [8; 32]).unwrap();
            assert!(
                check_answer(&changed, &other, pinned, NOW).is_err(),
                "an answer to another question"
            );
        }
        2 => {
            let changed = change(world.bundle.clone(), &mut input);
            let entry = Entry::verify(&user("bob"), &found(changed.clone()));
            assert_eq!(entry.is_ok(), changed == world.bundle);
            assert!(Entry::verify(&user("bobby"), &found(changed)).is_err());
        }
        _ => invitation(&mut world, input),
    }
}

/// A directory that signs whatever it likes.
fn evil_directory(world: &mut World, mut input: Input<'_>) {
    let whom = input.byte();
    let result = Bin(input.rest().to_vec());
    let request = world.lookup.clone();
    let signed = sign_answer(&world.directory, &request, NOW, result.0);
    let Ok(said) = PeopleFrame::from(signed).encode() else {
        return;
    };
    let bob = world.bob.identity();
    match whom % 6 {
        0 => {
            if let Ok(met) = world.alice.looked_up(&user("bob"), &request, &said, NOW) {
                assert!(met.identity == bob && met.trusted == bob, "a key that is not bob's");
            }
            assert_eq!(world.alice.pin(&user("bob")).map(|pin| pin.identity), Some(bob));
        }
        1 => drop(world.bob.lookup_own(&request, &said, None, NOW)),
        2 => drop(world.bob.challenge(&request, &said, NOW)),
        3 => drop(world.bob.published(&request, &said, NOW)),
        4 => drop(world.alice.done(&request, &said, NOW)),
        _ => {
            if let Ok(mail) = world.bob.fetched(&request, &said, NOW) {
                assert!(mail.invitations.is_empty(), "nobody can forge an invitation");
            }
        }
    }
    for person in [&world.alice, &world.bob] {
        let state = person.state().unwrap();
        assert_eq!(Person::from_state(&state).unwrap().state().unwrap(), state);
    }
}

/// A sealed invitation that is changed says nothing; one that is whole says what it said, however often it comes.
fn invitation(world: &mut World, mut input: Input<'_>) {
    let copies = 1 + usize::from(input.byte() % 3);
    let changed = change(world.sealed.clone(), &mut input);
    let request = world.bob.fetch([10; 32], 0).unwrap();
    let items = (0..copies).map(|at| Waiting {
        id: at as u64 + 1,
        t: NOW,
        sealed: Bin(changed.clone()),
    });
    let invitations = Invitations {
        items: items.collect(),
        more: false,
    };
    let said = answer(&world.directory, &request, invitations);
    let mail = match world.bob.fetched(&request, &said, NOW) {
        Ok(mail) => mail,
        Err(error) => {
            return assert!(
                matches!(error, Error::InvalidFrame(_) | Error::RelayProtocol(_)),
                "{error}"
            )
        }
    };
    for seen in &mail.invitations {
        assert_eq!(changed, world.sealed, "what was not sealed like that");
        assert!(seen.contents.code.as_str() == CODE && seen.contents.identity == world.alice.identity());
    }
    assert_eq!(mail.invitations.is_empty(), changed != world.sealed);
    assert_eq!(mail.invitations.len() + mail.useless.len(), copies);
}
