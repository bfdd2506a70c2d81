//! Somebody who is not of the room wants to be in it, or to be taken for in it.

use hushroom::frame::{MemberJoined, RelayId};

use crate::{relay::member, Insider, World};

#[test]
fn without_the_code_nobody_is_inserted() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    let listed = world.listed(0);
    // A member that the relay makes up, with its hello under a key it guesses.
    let mut guessed = code.clone();
    guessed.key = [7; 32];
    let mut outsider = Insider::new(&guessed);
    world.give(0, MemberJoined(member(&outsider.route)));
    let hello = outsider.hello();
    world.show(0, &outsider.route, &hello);
    assert_eq!(world.errors(0), ["DECRYPT_FAILED"]);
    // The hello of a room whose code it holds, here.
    let own_room = world.open_room(1);
    let mut elsewhere = Insider::new(&own_room);
    let hello = elsewhere.hello();
    world.show(0, &elsewhere.route, &hello);
    assert_eq!(world.errors(0), ["DECRYPT_FAILED"; 2]);
    // Words of the outsider's.
    for post in outsider.say("let me in") {
        world.show(0, &outsider.route, &post);
    }
    assert_eq!(world.errors(0), ["DECRYPT_FAILED"; 3]);
    assert_eq!(world.listed(0), listed);
    assert!(world.shown(0).is_empty());
    world.pass(2_000);
    world.words_arrive(&[0, 1]);

    // The same with the code is a member, for all to see.
    let mut insider = Insider::new(&code);
    let hello = insider.hello();
    world.show(0, &insider.route, &hello);
    assert!(world.listed(0).contains_key(&insider.id()));
}

#[test]
fn a_device_inserted_with_the_code_is_listed_changes_the_rooms_number_and_reads_from_then_on() {
    let (mut world, code) = World::with_room(3);
    world.say(0, "before");
    let number = world.room_number(0);
    assert!(world.room_number(1) == number && world.room_number(2) == number);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    for device in 0..3 {
        assert!(world.listed(device).contains_key(&insider.id()));
        assert_ne!(world.room_number(device), number);
    }
    world.say(0, "after");
    world.settle_with(&mut insider);
    assert_eq!(insider.heard, [(world.instance(0), "after".to_owned())]);
    // And is heard, under its own name: what is written here from the documents talks with what we ship.
    for post in insider.say("good morning") {
        world.spread(&insider, &post);
    }
    world.settle_with(&mut insider);
    for device in 0..3 {
        assert!(world.shown(device).contains(&(insider.id(), "good morning".into())));
        assert!(world.errors(device).is_empty(), "{:?}", world.errors(device));
    }
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn who_hides_its_hello_is_not_shown_and_told_of() {
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    let words = insider.say("a voice from nowhere").pop().unwrap();
    let newcomer = world.join(&code);
    world.forget_events();
    // The newcomer gets its words, and no hello.
    world.show(newcomer, &insider.route, &words);
    world.pass(9_000);
    assert!(world.errors(newcomer).is_empty());
    world.pass(2_000);
    assert_eq!(world.errors_about(newcomer), [("MESSAGES_LOST", None)]);
    assert!(world.shown(newcomer).is_empty() && !world.listed(newcomer).contains_key(&insider.id()));
    world.words_arrive(&[0, 1, newcomer]);
}

#[test]
fn members_that_a_relay_keeps_making_up_do_not_keep_anybody_quiet() {
    let (mut world, _) = World::with_room(2);
    world.forget_events();
    let mut waited = 0;
    while world.texts(1).is_empty() {
        world.give(0, MemberJoined(member(&RelayId(format!("made up {waited}")))));
        if waited == 0 {
            world.say(0, "is this thing on?");
        }
        world.pass(500);
        waited += 500;
        assert!(waited <= 5_000, "silenced by members that are not there");
    }
    assert_eq!(world.texts(1), ["is this thing on?"]);
    assert!(world.listed(0).len() == 1 && world.errors(1).is_empty());
    world.pass(2_000);
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_crowd_that_holds_the_code_is_bounded_and_shuts_nobody_up() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    for number in 0..120 {
        let mut insider = Insider::numbered(&code, number);
        let hello = insider.hello();
        world.show(0, &insider.route, &hello);
    }
    assert_eq!(world.listed(0).len(), 100);
    assert_eq!(world.errors(0), ["RELAY_PROTOCOL"; 21]);
    assert!(world.listed(0).contains_key(&world.id(1)));
    world.forget_events();
    // They cannot be reached, which is waited for, as ever, and no longer.
    world.words_arrive(&[0, 1]);
}
