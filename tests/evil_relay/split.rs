//! One room in two views. What members can notice, and what they cannot: that is asserted too.

use hushroom::frame::Frame;

use crate::{wire, Insider, World};

#[test]
fn two_views_of_a_room_have_two_numbers() {
    let (mut world, code) = World::with_room(2);
    for device in 0..2 {
        world.devices[device].view = 7;
    }
    world.say(0, "in the first view");
    let others = [world.join(&code), world.join(&code)];
    assert_eq!(world.room_number(0), world.room_number(1));
    assert_eq!(world.room_number(others[0]), world.room_number(others[1]));
    // Whoever compares the room's number sees it. Nothing else tells: each view is a room that works.
    assert_ne!(world.room_number(0), world.room_number(others[0]));
    assert!(!world.listed(0).contains_key(&world.id(others[0])));
    for device in 0..4 {
        assert!(world.errors(device).is_empty());
    }
    world.words_arrive(&[0, 1]);
    world.words_arrive(&others);
    // When the relay joins the views again, all meet; what was said before was not for those who were not there.
    for device in [0, 1] {
        world.devices[device].view = world.devices[others[0]].view;
        world.disconnect(device);
        world.devices[device].route = None;
        world.connect(device);
        world.settle();
    }
    let number = world.room_number(0);
    for device in 0..4 {
        assert_eq!(world.room_number(device), number);
        assert!(world.errors(device).is_empty(), "{:?}", world.errors(device));
    }
    assert!(!world.texts(others[0]).contains(&"in the first view".into()));
    world.words_arrive(&[0, 1, 2, 3]);
}

#[test]
fn words_that_only_some_were_shown_are_reported_by_the_others() {
    let (mut world, _) = World::with_room(3);
    world.forget_events();
    world.meddle = Some(Box::new(|to, frame| match &frame {
        Frame::Posted(posted) if to == 2 && posted.body.0.len() > 1_000 => vec![],
        _ => vec![frame],
    }));
    world.say(0, &"not for device 2 ".repeat(100));
    world.say(0, "for all");
    world.pass(11_000);
    assert_eq!(world.texts(1).len(), 2);
    assert_eq!(world.texts(2), ["for all"]);
    assert_eq!(world.errors_about(2), [("MESSAGES_LOST", Some(world.id(0)))]);
    assert!(world.errors(1).is_empty());
    world.meddle = None;
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn a_member_who_is_shown_nothing_any_more_is_told_nothing() {
    // All that is left to notice is that nobody says anything. The words come when the relay lets them.
    let (mut world, _) = World::with_room(3);
    world.forget_events();
    world.meddle = Some(Box::new(|to, frame| match &frame {
        Frame::Posted(_) if to == 2 => vec![],
        _ => vec![frame],
    }));
    for at in 0..3 {
        world.say(0, &format!("number {at}"));
    }
    world.pass(120_000);
    assert!(world.texts(2).is_empty() && world.errors(2).is_empty());
    assert_eq!(world.texts(1).len(), 3);
    world.meddle = None;
    world.say(0, "number 3");
    let mut texts = world.texts(2);
    texts.sort();
    assert_eq!(texts, ["number 0", "number 1", "number 2", "number 3"]);
    assert!(world.errors(2).is_empty());
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn a_member_who_works_with_the_relay_can_say_two_things_under_one_id() {
    // Not noticed: one counter, two posts. It says so under its own name only.
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    for post in insider.say("hello") {
        world.spread(&insider, &post);
    }
    world.settle_with(&mut insider);
    world.forget_events();
    let header = insider.header(None);
    for (device, said) in [(0, "yes"), (1, "no")] {
        let post = insider.group(&header, &wire::text(said));
        world.show(device, &insider.route, &post);
    }
    assert_eq!(world.shown(0), [(insider.id(), "yes".to_owned())]);
    assert_eq!(world.shown(1), [(insider.id(), "no".to_owned())]);
    assert!(world.errors(0).is_empty() && world.errors(1).is_empty());
    // Both to one: the second is refused.
    let again = insider.group(&header, &wire::text("maybe"));
    world.show(0, &insider.route, &again);
    assert_eq!(world.errors_about(0), [("REPLAYED", Some(insider.id()))]);
    world.words_arrive(&[0, 1]);
}
