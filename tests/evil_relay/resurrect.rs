//! Who has left stays away, whatever the relay shows again.

use hushroom::frame::Frame;

use crate::{insider::Insider, wire::Header, world::Recorded, World};

/// Everything that device 1 posted is shown to device 0 again, and nothing comes of it.
fn show_again(world: &mut World, posts: &[Recorded], gone: &str) {
    for post in posts {
        world.show(0, &post.from, &post.body);
        assert!(!world.listed(0).contains_key(gone), "it is back");
    }
    world.pass(12_000);
    assert!(!world.listed(0).contains_key(gone) && world.texts(0).is_empty());
}

fn posts_of(world: &World, device: usize) -> Vec<Recorded> {
    world
        .recorded
        .iter()
        .filter(|post| post.sender == device)
        .cloned()
        .collect()
}

#[test]
fn an_old_hello_brings_nobody_back() {
    let (mut world, _) = World::with_room(3);
    world.say(1, "farewell");
    let gone = world.id(1);
    world.leave(1);
    assert!(!world.listed(0).contains_key(&gone));
    world.forget_events();
    let posts = posts_of(&world, 1);
    show_again(&mut world, &posts, &gone);
    let errors = world.errors(0);
    assert!(
        errors.contains(&"REPLAYED") && errors.iter().all(|code| ["REPLAYED", "MISDIRECTED"].contains(code)),
        "{errors:?}"
    );
    world.words_arrive(&[0, 2]);
}

#[test]
fn hellos_and_words_that_were_withheld_bring_nobody_back_after_a_farewell() {
    for withheld in [1, 2] {
        let (mut world, code) = World::with_room(3);
        world.forget_events();
        let (kinds, from) = (code.clone(), world.instance(1));
        world.meddle = Some(Box::new(move |to, frame| match &frame {
            Frame::Posted(posted) if to == 0 => {
                let (header, _) = Header::decode(&posted.body.0).unwrap();
                let withhold = header.instance == from && kinds.kind(&posted.body.0) == withheld;
                [frame].into_iter().filter(|_| !withhold).collect()
            }
            _ => vec![frame],
        }));
        let before = world.recorded.len();
        // Coming back makes it say hello again.
        world.disconnect(1);
        world.give_up_place(1);
        world.connect(1);
        world.settle();
        if withheld == 2 {
            world.say(1, "withheld");
        }
        world.pass(2_000);
        let kept = world.recorded[before..]
            .iter()
            .filter(|post| post.sender == 1)
            .cloned()
            .collect::<Vec<_>>();
        assert!(kept.iter().any(|post| code.kind(&post.body) == withheld));
        world.meddle = None;
        let gone = world.id(1);
        world.leave(1);
        assert!(!world.listed(0).contains_key(&gone));
        world.forget_events();
        let kept: Vec<_> = kept
            .into_iter()
            .filter(|post| code.kind(&post.body) == withheld && post.to.is_empty())
            .collect();
        show_again(&mut world, &kept, &gone);
        let errors = world.errors(0);
        assert!(
            !errors.is_empty() && errors.iter().all(|code| *code == "REPLAYED"),
            "{withheld} {errors:?}"
        );
        world.words_arrive(&[0, 2]);
    }
}

#[test]
fn who_was_away_for_too_long_comes_back_by_a_new_hello_only() {
    let (mut world, _) = World::with_room(3);
    let gone = world.id(1);
    world.disconnect(1);
    world.give_up_place(1);
    world.pass(601_000);
    assert!(!world.listed(0).contains_key(&gone));
    world.forget_events();
    let posts = posts_of(&world, 1);
    show_again(&mut world, &posts, &gone);
    assert!(world.errors(0).contains(&"REPLAYED"));
    // The control: it does come back by itself.
    world.connect(1);
    world.settle();
    assert!(world.listed(0).contains_key(&gone));
    world.words_arrive(&[0, 1, 2]);
}

#[test]
fn a_former_member_with_the_code_neither_reads_nor_speaks_as_before() {
    let (mut world, code) = World::with_room(2);
    let mut former = Insider::new(&code);
    former.enter(&mut world);
    for post in former.say("I am here") {
        world.spread(&former, &post);
    }
    world.settle_with(&mut former);
    world.say(0, "while it is here");
    world.settle_with(&mut former);
    assert_eq!(former.heard.last().unwrap().1, "while it is here");
    // It says bye, keeps all its keys, and goes on listening with the relay.
    let header = former.header(None);
    let event = crate::wire::event(5, std::collections::BTreeMap::<String, u8>::new());
    let bye = former.code.seal(&header, &former.signed(&header, &event));
    world.spread(&former, &bye);
    world.settle();
    for device in [0, 1] {
        assert!(!world.listed(device).contains_key(&former.id()));
    }
    world.forget_events();
    former.answers = false;
    former.heard.clear();
    world.words_arrive(&[0, 1]);
    world.settle_with(&mut former);
    let every_post = world.recorded.clone();
    for post in &every_post {
        former.hear(&post.body);
    }
    assert!(
        former
            .heard
            .iter()
            .all(|(_, text)| !text.starts_with("word 3") && !text.starts_with("word 4")),
        "{:?}",
        former.heard
    );
    assert!(
        former.heard.iter().any(|(_, text)| text == "while it is here"),
        "its old keys still work"
    );
    // What it says under its old instance is not shown, and it is not listed, with a hello or without.
    world.forget_events();
    let mut posts = former.say("I never left");
    posts.push(former.hello());
    for post in &posts {
        world.spread(&former, post);
    }
    world.settle();
    world.pass(12_000);
    for device in [0, 1] {
        assert!(!world.listed(device).contains_key(&former.id()) && world.texts(device).is_empty());
        assert!(!world.errors(device).is_empty());
    }
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_farewell_that_is_withheld_leaves_its_sender_listed_and_nothing_else() {
    // Not noticed: that somebody is still there is the relay's word. Nobody speaks as who is gone.
    let (mut world, _) = World::with_room(3);
    let gone = world.id(1);
    world.meddle = Some(Box::new(|_, frame| match &frame {
        Frame::Posted(posted) if posted.seq == 0 => vec![],
        Frame::MemberLeft(_) => vec![],
        _ => vec![frame],
    }));
    world.leave(1);
    world.meddle = None;
    assert!(world.listed(0).contains_key(&gone) && world.listed(2).contains_key(&gone));
    world.forget_events();
    let posts = posts_of(&world, 1);
    for post in &posts {
        world.show(0, &post.from, &post.body);
    }
    assert!(world.texts(0).is_empty() && world.errors(0).contains(&"REPLAYED"));
    world.words_arrive(&[0, 2]);
}
