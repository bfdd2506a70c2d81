//! Unknown key shares: somebody is made to believe that a key is another's, or that it is used in another room.

use hushroom::frame::Frame;
use vodozemac::Curve25519PublicKey;

use crate::{
    insider::{read_hello, FOR_EVERYBODY},
    Insider, World,
};

#[test]
fn a_device_of_one_room_is_not_brought_into_another() {
    // One device in one room; a holder of both codes takes its hello to the other.
    let mut world = World::new();
    let (code, other) = (world.open_room(2), world.open_room(2));
    world.forget_events();
    let hellos: Vec<_> = {
        let of_one = |post: &&crate::world::Recorded| post.sender == 1 && code.kind(&post.body) == 1;
        world.recorded.iter().filter(of_one).cloned().collect()
    };
    let listed = world.listed(2);
    for hello in &hellos {
        world.show(2, &hello.from, &hello.body);
        let (mut header, inner) = code.open(&hello.body).unwrap();
        header.recipients.clear();
        world.show(2, &hello.from, &other.seal(&header, &inner));
        // Under the instance that its key and nonce have in the other room.
        let said = read_hello(&inner).unwrap();
        header.instance = crate::wire::instance(&other.room_id, &said.key.0, &said.nonce.0);
        world.show(2, &hello.from, &other.seal(&header, &inner));
    }
    let errors = world.errors(2);
    let count = |code: &str| errors.iter().filter(|found| **found == code).count();
    assert_eq!(count("BAD_SIGNATURE"), 2 * hellos.len(), "{errors:?}");
    assert_eq!(
        count("BAD_SIGNATURE") + count("DECRYPT_FAILED") + count("MISDIRECTED"),
        errors.len()
    );
    assert_eq!(world.listed(2), listed);
    world.words_arrive(&[0, 1]);
    world.words_arrive(&[2, 3]);
}

/// An insider whose bundle claims the identity key of device 1, and what device 1 sent it and device 0.
fn claims_the_key_of_another() -> (World, Insider) {
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    let hello = world
        .recorded
        .iter()
        .rev()
        .find(|post| post.sender == 1 && code.kind(&post.body) == 1);
    let (_, inner) = code.open(&hello.unwrap().body).unwrap();
    let claimed: [u8; 32] = read_hello(&inner).unwrap().bundle.0[20..52].try_into().unwrap();
    insider.identity = Curve25519PublicKey::from_bytes(claimed);
    let bundle = insider.bundle(FOR_EVERYBODY, claimed, insider.fallback.to_bytes());
    let hello = insider.hello_with(None, bundle, false);
    world.show(0, &insider.route, &hello);
    world.forget_events();
    (world, insider)
}

#[test]
fn who_claims_the_identity_key_of_another_gets_none_of_its_words() {
    let (mut world, mut insider) = claims_the_key_of_another();
    // It is a member, by its own device key: what it claims says nothing of that.
    let listed = world.listed(0);
    assert!(listed.contains_key(&insider.id()) && listed.contains_key(&world.id(1)));
    assert_ne!(listed[&insider.id()], listed[&world.id(1)]);
    // A third who has the sender key and leaves, so that a note goes out too.
    let third = world.join(&insider.code);
    world.say(1, "for three");
    world.forget_events();
    // All that device 1 sends device 0 from now on comes under the insider's instance first.
    let (code, route, to) = (insider.code.clone(), insider.route.clone(), world.instance(0));
    let held = std::rc::Rc::new(std::cell::RefCell::new(vec![]));
    let holds = held.clone();
    world.meddle = Some(Box::new(move |device, frame| match frame {
        Frame::Posted(posted) if device == 0 => {
            holds.borrow_mut().push(posted);
            vec![]
        }
        frame => vec![frame],
    }));
    world.leave(third);
    world.say(1, "mine alone");
    world.meddle = None;
    let held = held.take();
    assert!(held.iter().any(|posted| code.kind(&posted.body.0) >= 3));
    for posted in &held {
        let header = insider.header(Some(to));
        world.show(0, &route, &code.move_to(&posted.body.0, |old| *old = header));
    }
    assert!(world.shown(0).is_empty());
    let refused = ["MISDIRECTED", "DECRYPT_FAILED", "BAD_SIGNATURE", "SESSION_BROKEN"];
    let errors = world.errors(0);
    assert!(
        errors.contains(&"MISDIRECTED") || errors.contains(&"DECRYPT_FAILED"),
        "{errors:?}"
    );
    assert!(errors.iter().all(|code| refused.contains(code)), "{errors:?}");
    // In their own places they open, as device 1's.
    world.forget_events();
    for posted in &held {
        world.show(0, &posted.from, &posted.body.0);
    }
    world.pass(20_000);
    assert!(world.shown(0).iter().all(|(from, _)| *from == world.id(1)));
    assert!(world.texts(0) == ["mine alone"] || world.errors(0).contains(&"MESSAGES_LOST"));
    world.words_arrive(&[0, 1]);
}

#[test]
fn two_codes_with_one_room_id_cannot_be_bridged() {
    // Who makes both codes seals what one side says for the other, which then would not see that their codes differ.
    let mut world = World::new();
    let code = world.open_room(1);
    let mut twin = code.clone();
    twin.key = [0x77; 32];
    let codes = [code.clone(), twin.clone()];
    world.meddle = Some(Box::new(move |to, frame| match frame {
        Frame::Posted(mut posted) => {
            let (own, other) = (&codes[to], &codes[1 - to]);
            let (header, inner) = other.open(&posted.body.0).unwrap();
            posted.body = own.seal(&header, &inner).into();
            vec![posted.into()]
        }
        frame => vec![frame],
    }));
    let bridged = world.join(&twin);
    world.say(0, "for nobody");
    world.pass(20_000);
    for (device, told) in [(0, "BAD_SIGNATURE"), (bridged, "MESSAGES_LOST")] {
        assert!(world.errors(device).contains(&told), "{:?}", world.errors(device));
        assert!(world.listed(device).is_empty(), "{:?}", world.listed(device));
        assert!(world.texts(device).is_empty(), "{:?}", world.texts(device));
    }
}

#[test]
fn a_room_with_one_code_is_what_that_bridge_would_look_like() {
    // The control of the test above: the same steps, with the same code on both sides.
    let mut world = World::new();
    let code = world.open_room(1);
    let codes = [code.clone(), code.clone()];
    world.meddle = Some(Box::new(move |to, frame| match frame {
        Frame::Posted(mut posted) => {
            let (header, inner) = codes[1 - to].open(&posted.body.0).unwrap();
            posted.body = codes[to].seal(&header, &inner).into();
            vec![posted.into()]
        }
        frame => vec![frame],
    }));
    let other = world.join(&code);
    world.words_arrive(&[0, other]);
    assert_eq!(world.room_number(0), world.room_number(other));
}
