//! Hellos and the keys in them, exchanged for others. The relay holds the code, or else it could not read them.

use hushroom::frame::FixedBin;

use crate::{
    insider::{read_hello, FOR_EVERYBODY},
    wire::{event, Code, Instance},
    world::Recorded,
    Insider, World,
};

/// The last hello of a device, to everybody or to one.
fn hello_of(world: &World, code: &Code, device: usize, to_all: bool) -> Recorded {
    let mut posts = world.recorded.iter().rev();
    let found = posts.find(|post| post.sender == device && post.to.is_empty() == to_all && code.kind(&post.body) == 1);
    found.unwrap().clone()
}

/// A room of two, and a third device whose hello the first has not heard: `hello` is what the relay shows instead of it.
fn newcomer_whose_hello_is(change: impl FnOnce(&mut World, &Insider, &Recorded) -> Vec<u8>) -> (World, usize) {
    let (mut world, code) = World::with_room(2);
    let insider = Insider::new(&code);
    // Nothing of the newcomer reaches device 0.
    world.meddle = Some(Box::new(|to, frame| match &frame {
        hushroom::frame::Frame::Posted(posted) if to == 0 && posted.from.0 == "00000003" => vec![],
        _ => vec![frame],
    }));
    let newcomer = world.join(&code);
    world.meddle = None;
    world.forget_events();
    assert!(!world.listed(0).contains_key(&world.id(newcomer)));
    let hello = hello_of(&world, &code, newcomer, true);
    let changed = change(&mut world, &insider, &hello);
    let route = world.route(newcomer);
    world.show(0, &route, &changed);
    (world, newcomer)
}

#[test]
fn a_hello_that_is_passed_on_as_it_is_is_taken() {
    let (mut world, newcomer) = newcomer_whose_hello_is(|_, _, hello| hello.body.clone());
    assert!(world.listed(0).contains_key(&world.id(newcomer)));
    world.pass(2_000);
    world.words_arrive(&[0, 1, newcomer]);
}

#[test]
fn keys_of_the_attacker_in_the_hello_of_another_are_refused() {
    // The bundle alone; the signature of the post is broken by that.
    let with_bundle = |_: &mut World, insider: &Insider, hello: &Recorded| {
        let (header, mut inner) = insider.code.open(&hello.body).unwrap();
        let bundle = read_hello(&inner).unwrap().bundle.0;
        let at = inner.windows(148).position(|window| window == bundle).unwrap();
        inner[at..at + 148].copy_from_slice(&insider.own_bundle());
        insider.code.seal(&header, &inner)
    };
    // The bundle, the device key and the signatures: but the instance is that of the other's key.
    let all_but_the_instance = |_: &mut World, insider: &Insider, hello: &Recorded| {
        let (header, _) = insider.code.open(&hello.body).unwrap();
        let event = event(1, insider.hello_event(insider.own_bundle(), true));
        insider.code.seal(&header, &insider.signed(&header, &event))
    };
    // Everything but the device key, signed by the attacker.
    let signed_by_the_attacker = |_: &mut World, insider: &Insider, hello: &Recorded| {
        let (header, inner) = insider.code.open(&hello.body).unwrap();
        let mut said = read_hello(&inner).unwrap();
        said.bundle = FixedBin(insider.own_bundle());
        insider.code.seal(&header, &insider.signed(&header, &event(1, said)))
    };
    for change in [
        Box::new(with_bundle) as Box<dyn FnOnce(&mut World, &Insider, &Recorded) -> Vec<u8>>,
        Box::new(all_but_the_instance),
        Box::new(signed_by_the_attacker),
    ] {
        let (world, newcomer) = newcomer_whose_hello_is(change);
        assert_eq!(world.errors(0), ["BAD_SIGNATURE"]);
        assert!(!world.listed(0).contains_key(&world.id(newcomer)));
    }
}

#[test]
fn keys_of_another_in_the_hello_of_the_attacker_are_refused() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    let mut insider = Insider::new(&code);
    // Its bundle as it is.
    let (_, inner) = code.open(&hello_of(&world, &code, 1, true).body).unwrap();
    let stolen = read_hello(&inner).unwrap().bundle.0;
    let hello = insider.hello_with(None, stolen, true);
    world.show(0, &insider.route, &hello);
    assert_eq!(world.errors(0), ["BAD_SIGNATURE"]);
    // The receiver's own identity key, and keys that agree on nothing, under the attacker's signature.
    let (_, inner) = code.open(&hello_of(&world, &code, 0, false).body).unwrap();
    let own: [u8; 32] = read_hello(&inner).unwrap().bundle.0[20..52].try_into().unwrap();
    let good = insider.fallback.to_bytes();
    // Above every other identity key, so that the honest side is to start.
    let high = [0xff; 32];
    let mut one = [0; 32];
    one[0] = 1;
    for (identity, pre_key) in [(own, good), (high, [0; 32]), (high, one)] {
        world.forget_events();
        let bundle = insider.bundle(FOR_EVERYBODY, identity, pre_key);
        let hello = insider.hello_with(None, bundle, true);
        world.show(0, &insider.route, &hello);
        assert_eq!(world.errors(0), ["WEAK_KEY"], "{identity:?} {pre_key:?}");
        assert!(!world.listed(0).contains_key(&insider.id()));
    }
    world.words_arrive(&[0, 1]);
    let hello = insider.hello();
    world.show(0, &insider.route, &hello);
    assert!(world.listed(0).contains_key(&insider.id()));
}

#[test]
fn a_bundle_for_another_or_for_no_round_is_refused() {
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    let (here, there): (Instance, Instance) = (world.instance(0), world.instance(1));
    let keys = (insider.identity.to_bytes(), insider.fallback.to_bytes());
    for (purpose, error) in [
        ((1, there, 0), "MISDIRECTED"),
        ((2, there, 1), "MISDIRECTED"),
        ((2, here, 0), "INVALID_FRAME"),
        ((1, here, 1), "INVALID_FRAME"),
        ((0, here, 0), "INVALID_FRAME"),
        ((3, here, 1), "INVALID_FRAME"),
    ] {
        world.forget_events();
        let bundle = insider.bundle(purpose, keys.0, keys.1);
        let hello = insider.hello_with(None, bundle, true);
        world.show(0, &insider.route, &hello);
        assert_eq!(world.errors(0), [error], "{purpose:?}");
        assert!(!world.listed(0).contains_key(&insider.id()), "{purpose:?}");
    }
    // A hello that an honest device addressed to somebody else.
    world.forget_events();
    let third = world.join(&code);
    let answer = hello_of(&world, &code, 1, false);
    assert_eq!(answer.to, [world.route(third)]);
    world.show(0, &answer.from, &answer.body);
    assert_eq!(world.errors(0), ["MISDIRECTED"]);
    world.words_arrive(&[0, 1, third]);
    let bundle = insider.bundle((1, here, 0), keys.0, keys.1);
    let hello = insider.hello_with(Some(here), bundle, true);
    world.show(0, &insider.route, &hello);
    assert!(world.listed(0).contains_key(&insider.id()), "the right recipient");
}

#[test]
fn the_keys_of_an_instance_never_change() {
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    world.forget_events();
    let other = vodozemac::olm::Account::new().curve25519_key().to_bytes();
    let bundle = insider.bundle(FOR_EVERYBODY, other, insider.fallback.to_bytes());
    let hello = insider.hello_with(None, bundle, true);
    world.spread(&insider, &hello);
    world.settle_with(&mut insider);
    for device in [0, 1] {
        assert_eq!(world.errors_about(device), [("MISDIRECTED", Some(insider.id()))]);
    }
    for post in insider.say("still under the first keys") {
        world.spread(&insider, &post);
    }
    world.settle_with(&mut insider);
    assert_eq!(world.texts(0), ["still under the first keys"]);
    world.words_arrive(&[0, 1]);
}

#[test]
fn an_old_bundle_that_comes_late_costs_no_message_in_silence() {
    // A hello that was withheld comes half an hour later, when its pre-key is long forgotten.
    let (mut world, code) = World::with_room(2);
    world.meddle = Some(Box::new(|to, frame| match &frame {
        hushroom::frame::Frame::Posted(posted) if to == 0 && posted.from.0 == "00000003" => vec![],
        _ => vec![frame],
    }));
    let late = world.join(&code);
    world.meddle = None;
    let old = hello_of(&world, &code, late, true);
    world.pass(1_900_000);
    world.forget_events();
    world.show(0, &old.from, &old.body);
    world.say(0, "under old keys");
    world.pass(30_000);
    let told = !world.errors(late).is_empty();
    assert!(
        told || world.texts(late) == ["under old keys"],
        "{:?}",
        world.errors(late)
    );
    world.pass(30_000);
    world.words_arrive(&[0, 1, late]);
}

#[test]
fn an_old_bundle_is_not_taken_twice() {
    let (mut world, code) = World::with_room(3);
    world.forget_events();
    let (listed, events) = (world.listed(0), world.devices[0].events.len());
    // Another hello of the same member came later, so these are dropped as late repeats; of the last one it is said.
    let hellos: Vec<Recorded> = {
        let heard = |post: &&Recorded| post.to.is_empty() || post.to.contains(&world.route(0));
        let hellos = world
            .recorded
            .iter()
            .filter(|post| post.sender == 1 && code.kind(&post.body) == 1);
        hellos.filter(heard).cloned().collect()
    };
    for old in &hellos {
        world.show(0, &old.from, &old.body);
    }
    assert_eq!(world.errors_about(0), [("REPLAYED", Some(world.id(1)))]);
    assert!(world.listed(0) == listed && world.devices[0].events.len() == events + 1);
    world.words_arrive(&[0, 1, 2]);
}
