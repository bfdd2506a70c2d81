//! One member's words presented as another's, by a member.

use crate::{
    wire::{self, Header},
    Insider, World,
};

/// A room of two and an insider that all know and that has everybody's sender key.
fn with_insider() -> (World, Insider) {
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    world.words_arrive(&[0, 1]);
    world.settle_with(&mut insider);
    for post in insider.say("good morning") {
        world.spread(&insider, &post);
    }
    world.settle_with(&mut insider);
    for device in [0, 1] {
        assert!(world.shown(device).contains(&(insider.id(), "good morning".into())));
    }
    world.forget_events();
    (world, insider)
}

#[test]
fn words_of_another_under_the_attackers_instance_are_refused() {
    let (mut world, mut insider) = with_insider();
    world.say(1, "said by one");
    let said = world.recorded.last().unwrap().body.clone();
    let header = insider.header(None);
    let moved = insider.code.move_to(&said, |old| *old = header);
    world.show(0, &insider.route, &moved);
    assert_eq!(world.errors_about(0), [("DECRYPT_FAILED", Some(insider.id()))]);
    assert_eq!(world.shown(0), [(world.id(1), "said by one".to_owned())]);
    world.words_arrive(&[0, 1]);
}

#[test]
fn words_of_another_are_refused_even_under_its_sender_key_given_out_as_the_attackers_own() {
    let (mut world, mut insider) = with_insider();
    world.say(1, "said by one");
    let said = world.recorded.last().unwrap().body.clone();
    let (generation, key) = {
        let keys = &insider.known[&world.instance(1)].keys;
        let (generation, (key, _)) = keys.last_key_value().unwrap();
        (*generation, key.clone())
    };
    // As a new generation of the attacker's; the words name the one they were said under.
    let claimed = generation + 7;
    let to = world.instance(0);
    let share = insider.note(to, 2, &[&claimed.to_be_bytes()[..], &key].concat());
    world.show(0, &insider.route, &share);
    assert!(world.errors(0).is_empty(), "any member may say what its key is");
    for named in [generation, claimed] {
        world.forget_events();
        let (_, mut inner) = insider.code.open(&said).unwrap();
        inner[1..3].copy_from_slice(&named.to_be_bytes());
        let header = insider.header(None);
        world.show(0, &insider.route, &insider.code.seal(&header, &inner));
        let refused = if named == claimed {
            "MISDIRECTED"
        } else {
            "DECRYPT_FAILED"
        };
        assert_eq!(world.errors_about(0), [(refused, Some(insider.id()))], "{named}");
        assert!(world.shown(0).is_empty());
    }
    world.words_arrive(&[0, 1]);
}

#[test]
fn the_attackers_words_under_the_instance_of_another_are_refused() {
    let (mut world, mut insider) = with_insider();
    let victim = Header {
        instance: world.instance(1),
        counter: 800,
        recipients: vec![],
    };
    let route = world.route(1);
    // Under the attacker's sender key, under the victim's own generation number, signed, and as a hello.
    let words = insider.group(&victim, &wire::text("forged"));
    world.show(0, &route, &words);
    insider.generation = *insider.known[&victim.instance].keys.last_key_value().unwrap().0;
    let words = insider.group(&victim, &wire::text("forged"));
    world.show(0, &route, &words);
    for event in [
        wire::text("forged"),
        wire::event(1, insider.hello_event(insider.own_bundle(), false)),
    ] {
        world.show(0, &route, &insider.code.seal(&victim, &insider.signed(&victim, &event)));
    }
    assert_eq!(
        world.errors(0),
        ["DECRYPT_FAILED", "DECRYPT_FAILED", "BAD_SIGNATURE", "BAD_SIGNATURE"]
    );
    assert!(world.shown(0).is_empty());
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_note_that_a_member_got_is_no_note_to_another() {
    let (mut world, insider) = with_insider();
    let (from, to) = (world.instance(1), world.instance(0));
    let code = insider.code.clone();
    let for_insider: Vec<Vec<u8>> = {
        let notes = world
            .recorded
            .iter()
            .filter(|post| post.sender == 1 && code.kind(&post.body) >= 3);
        notes
            .filter(|post| post.to == [insider.route.clone()])
            .map(|post| post.body.clone())
            .collect()
    };
    assert!(!for_insider.is_empty());
    let route = world.route(1);
    for (at, note) in for_insider.iter().enumerate() {
        let moved = code.move_to(note, |header| {
            header.counter = 900 + at as u64;
            header.recipients = vec![to];
        });
        world.show(0, &route, &moved);
    }
    let errors = world.errors_about(0);
    assert!(errors.iter().all(|(_, about)| *about == Some(wire::base64url(&from))));
    assert!(errors.contains(&("DECRYPT_FAILED", Some(world.id(1)))), "{errors:?}");
    assert!(world.shown(0).is_empty());
    // It costs a new start of the pair, which is said.
    assert_eq!(errors.iter().filter(|(code, _)| *code == "SESSION_BROKEN").count(), 1);
    world.pass(10_000);
    world.words_arrive(&[0, 1]);
}

#[test]
fn history_of_another_that_a_member_makes_up_is_refused() {
    let (mut world, mut insider) = with_insider();
    let (to, of) = (world.instance(0), world.instance(1));
    let generation = *insider.known[&of].keys.last_key_value().unwrap().0;
    let mut own = vodozemac::megolm::InboundGroupSession::new(
        &insider.megolm.session_key(),
        vodozemac::megolm::SessionConfig::version_1(),
    );
    let made_up = own.export_at(own.first_known_index()).unwrap().to_bytes();
    for (named, refused) in [(generation, "MISDIRECTED"), (generation + 1, "UNKNOWN_MEMBER")] {
        world.forget_events();
        let note = insider.note(to, 4, &[&of[..], &named.to_be_bytes(), &made_up].concat());
        world.show(0, &insider.route, &note);
        assert_eq!(world.errors_about(0), [(refused, Some(insider.id()))]);
    }
    world.words_arrive(&[0, 1]);
}
