//! What does not come: who is told, of what, and when.

use hushroom::frame::{Frame, Posted};

use crate::{wire::Code, world::Recorded, World};

/// Keeps from device `to` the posts of `from` whose kind is in `kinds`, whatever else they are.
fn withhold(world: &mut World, code: &Code, (from, to): (usize, usize), kinds: &'static [u8]) {
    let (code, from) = (code.clone(), world.route(from));
    world.meddle = Some(Box::new(move |device, frame| match &frame {
        Frame::Posted(posted) if device == to && posted.from == from && kinds.contains(&code.kind(&posted.body.0)) => {
            vec![]
        }
        _ => vec![frame],
    }));
}

#[test]
fn a_post_is_asked_for_when_the_next_one_comes() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    withhold(&mut world, &code, (1, 0), &[2]);
    world.say(1, "withheld");
    world.meddle = None;
    world.pass(20_000);
    assert!(
        world.texts(0).is_empty() && world.errors(0).is_empty(),
        "nobody can know yet"
    );
    world.say(1, "next");
    assert_eq!(world.texts(0), ["next", "withheld"]);
    assert!(world.errors(0).is_empty());
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_post_that_never_comes_is_reported_ten_seconds_after_the_next() {
    let (mut world, _) = World::with_room(2);
    world.forget_events();
    world.meddle = Some(Box::new(|to, frame| match &frame {
        Frame::Posted(posted) if to == 0 && posted.body.0.len() > 1_000 => vec![],
        _ => vec![frame],
    }));
    world.say(1, &"withheld ".repeat(200));
    world.say(1, "next");
    world.pass(9_900);
    assert!(world.errors(0).is_empty());
    world.pass(200);
    assert_eq!(world.errors_about(0), [("MESSAGES_LOST", Some(world.id(1)))]);
    assert_eq!(world.texts(0), ["next"]);
    world.meddle = None;
    world.words_arrive(&[0, 1]);
}

/// A member's sender key is withheld, and its words go on as `change` makes them.
fn without_the_sender_key(change: fn(Posted) -> Posted) -> (World, Code) {
    // Not one that is held already.
    let mut world = World::new();
    let code = world.open_room(1);
    world.join(&code);
    let (kinds, from) = (code.clone(), world.route(1));
    world.forget_events();
    world.meddle = Some(Box::new(move |device, frame| match frame {
        Frame::Posted(posted) if device == 0 && posted.from == from => match kinds.kind(&posted.body.0) {
            1 => vec![posted.into()],
            2 => vec![change(posted).into()],
            _ => vec![],
        },
        frame => vec![frame],
    }));
    world.say(1, "sealed under a key that does not come");
    (world, code)
}

#[test]
fn a_sender_key_that_never_comes_is_reported_and_the_pair_heals() {
    let (mut world, _) = without_the_sender_key(|posted| posted);
    world.pass(9_900);
    assert!(world.errors(0).is_empty());
    world.pass(200);
    let about = world.errors_about(0);
    let (lost, broken) = (
        ("MESSAGES_LOST", Some(world.id(1))),
        ("SESSION_BROKEN", Some(world.id(1))),
    );
    assert!(
        about.len() == 2 && about.contains(&lost) && about.contains(&broken),
        "{about:?}"
    );
    assert!(world.texts(0).is_empty());
    world.meddle = None;
    world.pass(10_000);
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_sender_key_that_comes_late_loses_nothing() {
    let (mut world, _) = without_the_sender_key(|posted| posted);
    world.pass(5_000);
    world.meddle = None;
    world.pass(5_000);
    assert_eq!(world.texts(0), ["sealed under a key that does not come"]);
    assert!(world.errors(0).is_empty());
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_relay_that_calls_words_transient_cannot_hide_that_their_key_is_missing() {
    let (mut world, _) = without_the_sender_key(|posted| Posted { seq: 0, ..posted });
    world.pass(11_000);
    assert!(
        world.errors_about(0).contains(&("SESSION_BROKEN", Some(world.id(1)))),
        "{:?}",
        world.errors(0)
    );
    assert!(world.texts(0).is_empty());
    world.meddle = None;
    world.pass(10_000);
    world.words_arrive(&[0, 1]);
}

#[test]
fn typing_whose_key_is_late_is_no_loss() {
    let (mut world, code) = World::with_room(1);
    world.join(&code);
    world.forget_events();
    let (kinds, mut first) = (code, true);
    // The first time, the key gets lost.
    world.meddle = Some(Box::new(move |device, frame| match &frame {
        Frame::Posted(posted) if device == 0 && kinds.kind(&posted.body.0) >= 3 && core::mem::take(&mut first) => {
            vec![]
        }
        _ => vec![frame],
    }));
    world.devices[1].room.set_typing(true).unwrap();
    world.settle();
    world.pass(15_000);
    assert!(world.errors(0).is_empty(), "{:?}", world.errors(0));
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_newcomer_whose_hello_is_withheld_is_not_listed_and_told_of_when_it_speaks() {
    let (mut world, code) = World::with_room(2);
    world.meddle = Some(Box::new({
        let code = code.clone();
        move |device, frame| match &frame {
            Frame::Posted(posted) if device == 0 && posted.from.0 == "00000003" && code.kind(&posted.body.0) == 1 => {
                vec![]
            }
            _ => vec![frame],
        }
    }));
    let newcomer = world.join(&code);
    world.forget_events();
    assert!(!world.listed(0).contains_key(&world.id(newcomer)));
    // It knows of device 0 no more than device 0 of it.
    world.pass(2_000);
    world.say(newcomer, "do you hear me?");
    world.pass(9_000);
    assert!(world.errors(0).is_empty());
    world.pass(2_000);
    assert_eq!(
        world.errors_about(0),
        [("MESSAGES_LOST", None)],
        "nothing proves whose they are"
    );
    assert!(world.texts(0).is_empty() && !world.listed(0).contains_key(&world.id(newcomer)));
    assert_eq!(world.texts(1), ["do you hear me?"]);
    world.meddle = None;
    world.say(newcomer, "now?");
    world.pass(10_000);
    assert!(world.listed(0).contains_key(&world.id(newcomer)));
    world.words_arrive(&[0, 1, newcomer]);
}

#[test]
fn last_words_that_are_withheld_are_reported_when_their_sender_leaves() {
    let (mut world, code) = World::with_room(3);
    world.forget_events();
    let leaver = world.id(1);
    withhold(&mut world, &code, (1, 0), &[2]);
    world.say(1, "my last words");
    world.meddle = None;
    world.leave(1);
    world.pass(12_000);
    assert!(!world.listed(0).contains_key(&leaver));
    assert_eq!(world.errors_about(0), [("MESSAGES_LOST", Some(leaver))]);
    assert!(world.errors(2).is_empty() && world.texts(2) == ["my last words"]);
    world.forget_events();
    world.words_arrive(&[0, 2]);
}

#[test]
fn last_words_whose_key_is_withheld_are_reported_when_their_sender_leaves() {
    let (mut world, _) = without_the_sender_key(|posted| posted);
    world.leave(1);
    world.pass(12_000);
    // Its bye, which is only signed, says what came before it.
    assert!(world.errors(0).contains(&"MESSAGES_LOST"), "{:?}", world.errors(0));
    assert!(world.texts(0).is_empty());
}

#[test]
fn an_answer_that_the_relay_withholds_ends_the_connection_after_a_minute() {
    let (mut world, _) = World::with_room(2);
    world.forget_events();
    world.meddle = Some(Box::new(|to, frame| match &frame {
        Frame::Accepted(_) if to == 0 => vec![],
        _ => vec![frame],
    }));
    world.say(0, "is anybody there?");
    world.pass(59_000);
    assert!(world.errors(0).is_empty());
    world.pass(2_000);
    assert_eq!(world.errors(0), ["RELAY_PROTOCOL"]);
    world.meddle = None;
    world.disconnect(0);
    world.connect(0);
    world.settle();
    assert_eq!(world.texts(1), ["is anybody there?"]);
    world.words_arrive(&[0, 1]);
}

#[test]
fn what_a_relay_says_to_have_taken_and_has_not_is_asked_for_by_its_receiver() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    withhold(&mut world, &code, (0, 1), &[2, 3, 4]);
    world.say(0, "taken, the relay says");
    let accepted = |event: &&hushroom::room::RoomEvent| matches!(event, hushroom::room::RoomEvent::Accepted { .. });
    assert_eq!(
        world.devices[0].events.iter().filter(accepted).count(),
        1,
        "the sender cannot know"
    );
    world.meddle = None;
    world.say(0, "next");
    assert_eq!(world.texts(1), ["next", "taken, the relay says"]);
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_reaction_and_a_note_that_are_withheld_are_noticed_too() {
    let (mut world, code) = World::with_room(2);
    let id = world.say(0, "a message");
    world.forget_events();
    withhold(&mut world, &code, (1, 0), &[2]);
    let now = world.now;
    world.devices[1].room.react(&id, "\u{1f980}", false, now).unwrap();
    world.settle();
    world.meddle = None;
    world.devices[1].room.set_typing(true).unwrap();
    world.settle();
    let reacted = |event: &&hushroom::room::RoomEvent| matches!(event, hushroom::room::RoomEvent::Reaction { .. });
    assert_eq!(world.devices[0].events.iter().filter(reacted).count(), 1);
    let posts: Vec<&Recorded> = world.recorded.iter().filter(|post| post.transient).collect();
    assert_eq!(posts.len(), 1, "typing told of it");
    world.words_arrive(&[0, 1]);
}

#[test]
fn an_offer_to_one_that_is_withheld_is_missed_by_nobody_until_the_next_hello() {
    // Not noticed at first: posts to one member are in no count but their own session's.
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    withhold(&mut world, &code, (0, 1), &[3, 4]);
    let (now, to) = (world.now, vec![world.id(1)]);
    let meta = hushroom::room::FileMeta {
        name: "plan.pdf".into(),
        mime: "application/pdf".into(),
        size: Some(1_000),
        replayable: true,
        to,
        voice_seconds: None,
    };
    world.devices[0].room.offer_file(&meta, now).unwrap();
    world.pass(20_000);
    let offered = |world: &World| {
        let offer = |event: &&hushroom::room::RoomEvent| matches!(event, hushroom::room::RoomEvent::FileOffer { .. });
        world.devices[1].events.iter().filter(offer).count()
    };
    assert!(offered(&world) == 0 && world.errors(1).is_empty());
    world.meddle = None;
    world.disconnect(0);
    world.give_up_place(0);
    world.connect(0);
    world.settle();
    assert_eq!(offered(&world), 1);
    world.words_arrive(&[0, 1]);
}
