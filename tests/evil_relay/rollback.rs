//! A member is led back to an earlier state: old places, old numbers, old frames, an old start of a device.

use hushroom::frame::{Frame, RoomJoined};

use crate::{world::Recorded, World};

/// Device 0 comes back, and the relay's answer is what `change` makes of it.
fn come_back(world: &mut World, mut change: impl FnMut(RoomJoined) -> RoomJoined + 'static) {
    world.meddle = Some(Box::new(move |to, frame| match frame {
        Frame::RoomJoined(joined) if to == 0 => vec![change(joined).into()],
        frame => vec![frame],
    }));
    world.disconnect(0);
    world.connect(0);
    world.settle();
    world.meddle = None;
    world.pass(5_000);
}

fn talking() -> World {
    let (mut world, _) = World::with_room(2);
    world.say(0, "one");
    world.say(1, "two");
    world.forget_events();
    world
}

#[test]
fn a_place_that_is_resumed_honestly_loses_and_repeats_nothing() {
    let mut world = talking();
    world.disconnect(0);
    world.say(1, "meanwhile");
    come_back(&mut world, |joined| joined);
    assert_eq!(world.texts(0), ["meanwhile"]);
    assert!(world.errors(0).is_empty() && world.errors(1).is_empty());
    world.words_arrive(&[0, 1]);
}

#[test]
fn an_old_place_resumed_makes_nobody_say_or_show_anything_twice() {
    // As if the relay had taken less than it said: nothing of the first is left to be posted again.
    for accepted in [0, 1, 2] {
        let mut world = talking();
        let before = world.recorded.len();
        come_back(&mut world, move |joined| RoomJoined {
            resumed: true,
            accepted,
            ..joined
        });
        assert!(world.texts(1).is_empty() && world.texts(0).is_empty());
        for post in &world.recorded[before..] {
            let again = world.recorded[..before].iter().any(|old| old.body == post.body);
            let counter = |post: &Recorded| crate::wire::Header::decode(&post.body).unwrap().0.counter;
            let used = world.recorded[..before]
                .iter()
                .any(|old| old.sender == post.sender && counter(old) == counter(post));
            assert!(again || !used, "two posts of one counter");
        }
    }
}

#[test]
fn numbers_that_an_old_place_has_used_are_told_of_when_they_block_it() {
    // The relay says that it has taken every number there is.
    let mut world = talking();
    come_back(&mut world, |joined| RoomJoined {
        resumed: true,
        accepted: u32::MAX,
        ..joined
    });
    let now = world.now;
    let said = world.devices[0].room.send_text("no number is left", None, now, now);
    world.settle();
    assert!(
        said.is_err() || world.errors(0).contains(&"INVALID_STATE"),
        "{:?}",
        world.errors(0)
    );
    // A new place has all of them again.
    come_back(&mut world, |joined| RoomJoined {
        resumed: false,
        accepted: 0,
        ..joined
    });
    world.forget_events();
    world.words_arrive(&[1]);
    assert!(!world.texts(0).is_empty());
}

#[test]
fn old_frames_after_a_new_start_of_the_relay_show_nothing() {
    for resumed in [true, false] {
        let mut world = talking();
        let old = world.recorded.clone();
        come_back(&mut world, move |joined| RoomJoined { resumed, ..joined });
        world.forget_events();
        let other = world.route(1);
        for post in old.iter().filter(|post| post.sender == 1) {
            world.show(0, &other, &post.body);
        }
        world.pass(12_000);
        assert!(world.texts(0).is_empty());
        let errors = world.errors(0);
        assert!(
            errors.iter().all(|code| ["REPLAYED", "MISDIRECTED"].contains(code)),
            "{errors:?}"
        );
        assert_eq!(world.listed(0).len(), 1);
    }
}

#[test]
fn a_room_that_the_relay_answers_for_under_another_id_is_refused() {
    let mut world = talking();
    come_back(&mut world, |joined| RoomJoined {
        room_id: "x".repeat(21),
        ..joined
    });
    assert_eq!(world.errors(0), ["RELAY_PROTOCOL"]);
    assert!(world.texts(0).is_empty());
}

#[test]
fn an_old_start_of_a_device_is_not_its_present_one() {
    // The device leaves and starts again: another instance. To who knew the old one, it stays gone.
    let mut world = World::new();
    let code = world.open_room(2);
    let old = world.join_as(&code, 500);
    world.words_arrive(&[0, 1, old]);
    let (old_id, key) = (world.id(old), world.devices[old].room.device_key());
    let old_posts: Vec<Recorded> = world
        .recorded
        .iter()
        .filter(|post| post.sender == old)
        .cloned()
        .collect();
    world.leave(old);
    // The random source of these tests would give the same nonce again, so the new start takes another seed's.
    let new = world.join(&code);
    world.forget_events();
    for post in &old_posts {
        world.show(0, &post.from, &post.body);
    }
    world.pass(12_000);
    assert!(!world.listed(0).contains_key(&old_id) && world.texts(0).is_empty());
    assert!(world.errors(0).contains(&"REPLAYED"));
    // A newcomer can be shown the old hello: it lists somebody who is not there, and who says nothing. What it is shown of the
    // old posts it cannot open, and is told so.
    let newcomer = world.join(&code);
    world.forget_events();
    for post in old_posts.iter().filter(|post| post.to.is_empty()) {
        world.show(newcomer, &post.from, &post.body);
    }
    world.pass(12_000);
    assert_eq!(world.listed(newcomer).get(&old_id), Some(&key));
    assert!(world.texts(newcomer).is_empty());
    let told = world.errors_about(newcomer);
    assert!(told.contains(&("MESSAGES_LOST", Some(old_id))), "{told:?}");
    world.words_arrive(&[0, 1, new, newcomer]);
}
