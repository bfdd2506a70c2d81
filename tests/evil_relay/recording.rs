//! Everything was recorded; later the code becomes known.

use hushroom::room::FileMeta;

use crate::{
    insider::{is_bye, read_hello},
    wire::Code,
    Insider, World,
};

const SECRETS: [&str; 4] = [
    "the lighthouse at nine",
    "\u{1f9ed}\u{1f980}",
    "plan of the bank.pdf",
    "application/x-plan",
];

/// A room in which all of [`SECRETS`] is said.
fn conversation() -> (World, Code) {
    let (mut world, code) = World::with_room(3);
    let now = world.now;
    let id = world.say(0, SECRETS[0]);
    world.devices[1].room.react(&id, SECRETS[1], false, now).unwrap();
    world.devices[2].room.set_typing(true).unwrap();
    world.settle();
    for to in [vec![], vec![world.id(1)]] {
        let meta = FileMeta {
            name: SECRETS[2].into(),
            mime: SECRETS[3].into(),
            size: Some(100_000),
            replayable: true,
            to,
            voice_seconds: None,
        };
        world.devices[0].room.offer_file(&meta, now).unwrap();
        world.settle();
    }
    world.leave(2);
    world.say(1, SECRETS[0]);
    (world, code)
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[test]
fn a_recording_and_the_code_open_hellos_and_byes_and_nothing_else() {
    let (mut world, code) = conversation();
    // Without the code, not even those.
    for frame in &world.frames {
        assert!(!SECRETS.iter().any(|secret| holds(frame, secret)) && !holds(frame, "device "));
    }
    let mut stranger = code.clone();
    stranger.key[31] ^= 1;
    assert!(world.recorded.iter().all(|post| stranger.open(&post.body).is_none()));
    // With it: names and public keys.
    let (mut names, mut sealed) = (std::collections::BTreeSet::new(), 0);
    for post in &world.recorded {
        let (_, inner) = code.open(&post.body).expect("the code opens every outer layer");
        match read_hello(&inner) {
            Some(hello) => drop(names.insert(hello.name)),
            None if is_bye(&inner) => {}
            None => {
                assert!((2..=4).contains(&inner[0]));
                assert!(!SECRETS.iter().any(|secret| holds(&inner, secret)));
                sealed += 1;
            }
        }
    }
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["device 0", "device 1", "device 2"]
    );
    assert!(sealed > 20, "{sealed}");
    // And a client of its own, which hears all of it anew, opens none of it.
    let mut thief = Insider::new(&code);
    thief.answers = false;
    for post in &world.recorded.clone() {
        thief.hear(&post.body);
    }
    assert!(thief.heard.is_empty() && thief.known.values().all(|known| known.keys.is_empty()));
    world.words_arrive(&[0, 1]);
}

#[test]
fn who_comes_in_with_the_code_and_asks_for_everything_gets_nothing_of_before() {
    let (mut world, code) = conversation();
    let recording = world.recorded.clone();
    let mut thief = Insider::new(&code);
    thief.enter(&mut world);
    // It says that it has seen nothing, and asks for answers.
    let hello = thief.hello();
    world.spread(&thief, &hello);
    world.settle_with(&mut thief);
    for post in &recording {
        thief.hear(&post.body);
    }
    assert!(thief.heard.is_empty());
    // The control: from then on it reads, and is listed.
    world.say(0, "from now on");
    world.settle_with(&mut thief);
    assert_eq!(thief.heard, [(world.instance(0), "from now on".to_owned())]);
    assert!(world.listed(0).contains_key(&thief.id()) && world.listed(1).contains_key(&thief.id()));
    // The keys it was given now open none of the recording.
    for post in &recording {
        thief.hear(&post.body);
    }
    assert_eq!(thief.heard.len(), 1);
}

#[test]
fn an_honest_newcomer_who_is_shown_the_recording_shows_nothing_of_it() {
    let (mut world, code) = conversation();
    let recording = world.recorded.clone();
    let newcomer = world.join(&code);
    world.forget_events();
    for post in &recording {
        world.show(newcomer, &post.from, &post.body);
    }
    world.pass(12_000);
    assert!(world.texts(newcomer).is_empty());
    let offered = |event: &&hushroom::room::RoomEvent| {
        use hushroom::room::RoomEvent::{FileOffer, Message, Reaction, Typing};
        matches!(
            event,
            Message { .. } | Reaction { .. } | Typing { .. } | FileOffer { .. }
        )
    };
    assert_eq!(world.devices[newcomer].events.iter().filter(offered).count(), 0);
    world.words_arrive(&[0, 1, newcomer]);
}
