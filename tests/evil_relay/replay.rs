//! What was said once, shown again: later, to others, in another order, in another room.

use hushroom::frame::{Frame, Posted};

use crate::{world::Recorded, Insider, World};

/// What a recording of words, reactions and typing looks like.
fn talk(world: &mut World, devices: &[usize]) -> Vec<Recorded> {
    let now = world.now;
    for device in devices {
        let id = world.say(*device, &format!("said by {device}"));
        let other = devices[(devices.iter().position(|known| known == device).unwrap() + 1) % devices.len()];
        world.devices[other].room.react(&id, "\u{1f980}", false, now).unwrap();
        world.devices[other].room.set_typing(true).unwrap();
        world.settle();
    }
    world.recorded.clone()
}

/// Whether anything was shown since events were last forgotten.
fn nothing_shown(world: &World, device: usize) -> bool {
    use hushroom::room::RoomEvent::{FileOffer, MemberJoined, MemberLeft, MemberPresence, Message, Reaction, Typing};
    let shown = |event: &&hushroom::room::RoomEvent| {
        matches!(
            event,
            Message { .. } | Reaction { .. } | Typing { .. } | FileOffer { .. }
        )
    };
    let moved = |event: &&hushroom::room::RoomEvent| {
        matches!(event, MemberJoined { .. } | MemberLeft { .. } | MemberPresence { .. })
    };
    let events = &world.devices[device].events;
    events.iter().filter(shown).count() == 0 && events.iter().filter(moved).count() == world.listed(device).len()
}

#[test]
fn everything_again_to_everybody_shows_nothing() {
    let (mut world, _) = World::with_room(3);
    let recording = talk(&mut world, &[0, 1, 2]);
    world.forget_events();
    for post in &recording {
        for device in 0..3 {
            world.show(device, &post.from, &post.body);
        }
    }
    world.pass(12_000);
    for device in 0..3 {
        assert!(nothing_shown(&world, device));
        let errors = world.errors(device);
        assert!(
            errors.iter().all(|code| ["REPLAYED", "MISDIRECTED"].contains(code)),
            "{errors:?}"
        );
        assert!(errors.contains(&"REPLAYED"));
    }
    world.forget_events();
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn everything_again_under_the_route_of_another_is_still_its_senders() {
    let (mut world, _) = World::with_room(3);
    let wrong = world.route(2);
    world.meddle = Some(Box::new(move |to, frame| match frame {
        Frame::Posted(posted) if to == 0 => vec![Posted {
            from: wrong.clone(),
            ..posted
        }
        .into()],
        frame => vec![frame],
    }));
    world.forget_events();
    world.say(1, "mine");
    assert_eq!(world.shown(0), [(world.id(1), "mine".to_owned())]);
    assert!(world.errors(0).is_empty());
    world.meddle = None;
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn a_post_of_our_own_that_comes_back_is_refused() {
    let (mut world, _) = World::with_room(2);
    world.forget_events();
    world.say(0, "mine");
    let own = world.recorded.last().unwrap().clone();
    let other = world.route(1);
    world.show(0, &other, &own.body);
    assert_eq!(world.errors(0), ["REPLAYED"]);
    assert!(world.shown(0).is_empty());
    world.words_arrive(&[0, 1]);
}

#[test]
fn posts_of_one_room_say_nothing_in_another() {
    // The same devices in both rooms.
    let mut world = World::new();
    let (code, other_code) = (world.open_room(1), world.open_room(1));
    let here = [world.join_as(&code, 77), world.join_as(&code, 78)];
    let there = [world.join_as(&other_code, 77), world.join_as(&other_code, 78)];
    let key = |world: &World, device: usize| world.devices[device].room.device_key();
    assert_eq!(key(&world, here[0]), key(&world, there[0]));
    talk(&mut world, &here);
    let recording: Vec<Recorded> = world
        .recorded
        .iter()
        .filter(|post| here.contains(&post.sender))
        .cloned()
        .collect();
    world.forget_events();
    // The relay alone.
    for post in &recording {
        world.show(there[1], &post.from, &post.body);
    }
    assert!(world
        .errors(there[1])
        .iter()
        .all(|code| *code == "DECRYPT_FAILED" || *code == "MISDIRECTED"));
    assert!(world.errors(there[1]).contains(&"DECRYPT_FAILED") && nothing_shown(&world, there[1]));
    // The relay with both codes, under the instance of the same device.
    world.forget_events();
    let listed = world.listed(there[1]);
    let victim = world.instance(there[0]);
    for (counter, post) in recording.iter().enumerate() {
        let (mut header, inner) = code.open(&post.body).unwrap();
        header.instance = victim;
        header.counter = 500 + counter as u64;
        header.recipients.clear();
        world.show(there[1], &post.from, &other_code.seal(&header, &inner));
    }
    world.pass(12_000);
    let errors = world.errors(there[1]);
    let refused = [
        "DECRYPT_FAILED",
        "BAD_SIGNATURE",
        "SESSION_BROKEN",
        "MISDIRECTED",
        "MESSAGES_LOST",
    ];
    assert!(errors.iter().all(|code| refused.contains(code)), "{errors:?}");
    assert!(errors.contains(&"DECRYPT_FAILED") && errors.contains(&"BAD_SIGNATURE"));
    assert!(nothing_shown(&world, there[1]) && world.listed(there[1]) == listed);
    world.pass(12_000);
    world.words_arrive(&there);
    world.words_arrive(&here);
}

#[test]
fn a_note_moved_to_another_counter_is_refused_and_the_pair_lives() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    let notes: Vec<Recorded> = {
        let to_us = |post: &&Recorded| post.sender == 1 && code.kind(&post.body) >= 3;
        world.recorded.iter().filter(to_us).cloned().collect()
    };
    assert!(!notes.is_empty());
    for (at, note) in notes.iter().enumerate() {
        let moved = code.move_to(&note.body, |header| header.counter = 700 + at as u64);
        world.show(0, &note.from, &moved);
    }
    let errors = world.errors(0);
    assert!(
        errors.contains(&"DECRYPT_FAILED") && errors.contains(&"SESSION_BROKEN"),
        "{errors:?}"
    );
    assert!(nothing_shown(&world, 0));
    world.pass(6_000);
    world.words_arrive(&[0, 1]);
}

#[test]
fn words_moved_to_another_counter_are_refused() {
    let (mut world, code) = World::with_room(2);
    world.say(1, "once");
    world.forget_events();
    let said = world.recorded.last().unwrap().clone();
    for counter in [300, 301, u64::MAX - 1] {
        let moved = code.move_to(&said.body, |header| header.counter = counter);
        world.show(0, &said.from, &moved);
    }
    assert_eq!(world.errors(0), ["REPLAYED"; 3]);
    // And before it was opened in its own place.
    world.forget_events();
    world.meddle = Some(Box::new(|to, frame| match frame {
        Frame::Posted(_) if to == 0 => vec![],
        frame => vec![frame],
    }));
    world.say(1, "twice");
    world.meddle = None;
    let said = world.recorded.last().unwrap().clone();
    let here = world.instance(0);
    world.show(0, &said.from, &code.move_to(&said.body, |header| header.counter += 1));
    world.show(
        0,
        &said.from,
        &code.move_to(&said.body, |header| header.recipients.push(here)),
    );
    assert_eq!(world.errors(0), ["MISDIRECTED"; 2]);
    assert!(nothing_shown(&world, 0));
    world.show(0, &said.from, &said.body);
    assert_eq!(world.texts(0), ["twice"]);
    world.words_arrive(&[0, 1]);
}

#[test]
fn any_order_shows_everything_once() {
    let (mut world, _) = World::with_room(3);
    world.forget_events();
    // Device 0 gets what the others say in one heap, the last first.
    world.meddle = Some(Box::new(|to, frame| match frame {
        Frame::Posted(_) if to == 0 => vec![],
        frame => vec![frame],
    }));
    let before = world.recorded.len();
    for round in 0..4 {
        for device in [1, 2] {
            world.say(device, &format!("{round} of {device}"));
        }
    }
    world.meddle = None;
    let heap = world.recorded[before..].to_vec();
    for post in heap.iter().rev() {
        world.show_quietly(0, &post.from, &post.body);
    }
    world.pass(12_000);
    let mut texts = world.texts(0);
    texts.sort();
    let expected: Vec<String> = (0..4)
        .flat_map(|round| [1, 2].map(|device| format!("{round} of {device}")))
        .collect();
    assert_eq!(texts, expected);
    assert!(
        world.errors(0).iter().all(|code| *code == "REPLAYED"),
        "{:?}",
        world.errors(0)
    );
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn a_seq_that_does_not_rise_is_said_and_nothing_is_lost() {
    let (mut world, _) = World::with_room(2);
    world.forget_events();
    let mut held: Option<Frame> = None;
    world.meddle = Some(Box::new(move |to, frame| match (&frame, to) {
        (Frame::Posted(_), 0) => match held.take() {
            None => {
                held = Some(frame);
                vec![]
            }
            Some(first) => vec![frame, first],
        },
        _ => vec![frame],
    }));
    world.say(1, "first");
    let now = world.now;
    world.devices[1].room.send_text("second", None, now, now).unwrap();
    world.collect();
    world.meddle = None;
    world.settle();
    world.pass(5_000);
    let mut texts = world.texts(0);
    texts.sort();
    assert_eq!(texts, ["first", "second"]);
    assert_eq!(world.errors(0), ["RELAY_PROTOCOL"]);
    world.words_arrive(&[0, 1]);
}

#[test]
fn an_insiders_posts_moved_between_members_are_its_own() {
    // What the insider said to one, shown to the other.
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    world.forget_events();
    let (one, other) = (world.instance(0), world.instance(1));
    let note = insider.note(one, 3, &[&[0, 0], &crate::wire::text("for one")[..]].concat());
    world.show(1, &insider.route, &note);
    assert_eq!(world.errors(1), ["MISDIRECTED"]);
    world.show(
        1,
        &insider.route,
        &code.move_to(&note, |header| header.recipients = vec![other]),
    );
    let errors = world.errors(1);
    assert!(
        errors.contains(&"DECRYPT_FAILED") && nothing_shown(&world, 1),
        "{errors:?}"
    );
    world.show(0, &insider.route, &note);
    assert_eq!(world.shown(0), [(insider.id(), "for one".to_owned())]);
    world.words_arrive(&[0, 1]);
}
