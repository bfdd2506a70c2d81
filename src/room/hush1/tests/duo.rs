//! Rooms for two, at honest relays and at others.

use super::*;

const ADA: u8 = 0;
const GRACE: u8 = 1;
const EVE: u8 = 2;

fn for_two() -> ShareCode {
    code().for_two().unwrap()
}

fn create(max_members: u64) -> Entrance {
    Entrance::Create {
        max_members,
        expiry_seconds: 0,
    }
}

fn start(seed: u8, index: u8) -> Start {
    Start {
        code: for_two(),
        entrance: Entrance::Join,
        seed,
        partner: None,
        index,
    }
}

fn device_key(seed: u8) -> [u8; 32] {
    room(seed, Entrance::Join).device.public_key()
}

/// Ada has made a room for two.
fn alone() -> Net {
    let mut net = Net::new(0);
    let ada = Start {
        entrance: create(2),
        ..start(ADA, ADA)
    };
    net.add_room(ada.room());
    net.settle();
    net
}

/// Grace has joined it.
fn pair() -> Net {
    let mut net = alone();
    net.add_room(start(GRACE, GRACE).room());
    net.settle();
    net
}

fn enter(net: &mut Net, start: Start) -> usize {
    let client = net.add_room(start.room());
    net.settle();
    client
}

fn closed(net: &Net, client: usize) -> Option<&'static str> {
    net.clients[client].events.iter().find_map(|event| match event {
        RoomEvent::Closed { code, .. } => Some(*code),
        _ => None,
    })
}

/// Names of those who have been shown as members.
fn met(net: &Net, client: usize) -> Vec<String> {
    let met = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::MemberJoined { name, .. } => Some(name.clone()),
        _ => None,
    });
    met.collect()
}

fn talk(net: &mut Net, (one, other): (usize, usize), text: &str) {
    net.say(one, text);
    net.say(other, text);
    // A relay that names a third delays what is said by so much.
    net.pass(1600);
    for client in [one, other] {
        assert_eq!(net.texts(client).last().map(String::as_str), Some(text), "{client}");
    }
}

/// How many posts went to this place alone.
fn posts_to(net: &Net, route: &RelayId) -> usize {
    let posts = net.sent.iter().filter_map(|frame| match Frame::decode(frame) {
        Ok(Frame::Post(post)) => Some(post.to),
        _ => None,
    });
    posts.filter(|to| to.contains(route)).count()
}

#[test]
fn two_talk_and_the_code_is_dead_for_everybody_else() {
    let mut net = pair();
    talk(&mut net, (0, 1), "hello");
    for client in [0, 1] {
        let two = |event: &RoomEvent| matches!(event, RoomEvent::Opened { max_members: 2, .. });
        assert!(net.clients[client].events.iter().any(two));
        assert!(net.errors(client).is_empty());
    }
    let eve = enter(&mut net, start(EVE, 2));
    assert_eq!(closed(&net, eve), Some("INVITATION_USED"));
    net.disconnect(1);
    let eve = enter(&mut net, start(EVE, 3));
    assert_eq!(closed(&net, eve), Some("INVITATION_USED"), "while the guest is away");
    net.drop_place(1);
    let eve = enter(&mut net, start(EVE, 4));
    assert_eq!(closed(&net, eve), Some("INVITATION_USED"), "when it is given up");
    net.connect(1);
    net.settle();
    talk(&mut net, (0, 1), "again");
    net.room(1).leave();
    net.settle();
    let eve = enter(&mut net, start(EVE, 5));
    assert_eq!(closed(&net, eve), Some("INVITATION_USED"), "after it has left");
    assert_eq!(met(&net, 0), ["member 1"]);
}

#[test]
fn after_a_restart_of_the_relay_both_come_back_and_no_third_does() {
    for order in [[0, 1], [1, 0]] {
        let mut net = pair();
        talk(&mut net, (0, 1), "before");
        net.restart_relay();
        let eve = enter(&mut net, start(EVE, 2));
        assert_eq!(closed(&net, eve), Some("ROOM_NOT_FOUND"));
        net.connect(order[0]);
        net.settle();
        let eve = enter(&mut net, start(EVE, 3));
        assert_eq!(closed(&net, eve), Some("INVITATION_USED"));
        net.connect(order[1]);
        net.settle();
        talk(&mut net, (0, 1), "after");
        assert!(net.errors(0).is_empty() && net.errors(1).is_empty());
    }
}

#[test]
fn a_third_who_makes_the_room_again_is_refused_by_both() {
    for lies in [false, true] {
        let mut net = pair();
        net.restart_relay();
        net.lies = lies;
        let squatter = Start {
            entrance: create(2),
            ..start(EVE, EVE)
        };
        let eve = enter(&mut net, squatter);
        net.connect(0);
        net.settle();
        net.connect(1);
        net.settle();
        net.say(eve, "let me in");
        if lies {
            talk(&mut net, (0, 1), "we know each other");
            assert!(net.errors(1).contains(&"INVITATION_USED"));
        } else {
            // It has taken one of the two seats: that keeps somebody out, and gets nobody in.
            assert_eq!(closed(&net, 1), Some("INVITATION_USED"));
            net.say(0, "is anybody there?");
        }
        assert!(net.errors(0).contains(&"INVITATION_USED"));
        assert!(net.texts(eve).is_empty());
        assert_eq!(met(&net, 0), ["member 1"]);
        assert_eq!(met(&net, 1), ["member 0"]);
    }
}

#[test]
fn a_third_whom_the_relay_lets_in_gets_no_key_and_no_answer() {
    let mut net = pair();
    net.lies = true;
    let eve = enter(&mut net, start(EVE, EVE));
    let route = net.route_of(eve);
    talk(&mut net, (0, 1), "among us");
    net.say(eve, "and me");
    net.room(eve).set_typing(true).unwrap();
    net.pass(15_000);
    assert_eq!(posts_to(&net, &route), 0, "nothing is addressed to it");
    assert!(met(&net, eve).is_empty() && net.texts(eve).is_empty());
    for (client, friend) in [(0, "member 1"), (1, "member 0")] {
        assert_eq!(net.texts(client), ["among us"]);
        assert_eq!(met(&net, client), [friend]);
        let errors = net.errors(client);
        assert!(!errors.is_empty() && errors.iter().all(|code| *code == "INVITATION_USED"));
        let shown = format!("{:?}", net.clients[client].events);
        assert!(!shown.contains("member 2") && !shown.contains(&net.id(eve)));
    }
}

#[test]
fn who_is_let_in_while_the_partner_is_away_gets_nothing_either() {
    let mut net = pair();
    net.disconnect(1);
    net.drop_place(1);
    net.lies = true;
    let eve = enter(&mut net, start(EVE, EVE));
    let route = net.route_of(eve);
    net.say(eve, "it is me");
    net.say(0, "for Grace");
    net.pass(12_000);
    assert_eq!(posts_to(&net, &route), 0);
    assert!(net.texts(eve).is_empty());
    net.connect(1);
    net.settle();
    net.pass(1000);
    assert_eq!(net.texts(1), ["for Grace"], "what was said waits for the partner");
    assert_eq!((met(&net, 0).len(), met(&net, 1).len()), (1, 1));
}

#[test]
fn the_partner_that_is_known_is_the_only_one() {
    let mut net = alone();
    net.lies = true;
    net.disconnect(0);
    net.drop_place(0);
    // Ada has come back after a reload, and Eve is faster than Grace.
    let ada = enter(
        &mut net,
        Start {
            partner: Some(device_key(GRACE)),
            ..start(ADA, 10)
        },
    );
    enter(&mut net, start(EVE, EVE));
    assert_eq!(net.errors(ada), ["INVITATION_USED"]);
    let grace = enter(
        &mut net,
        Start {
            partner: Some(device_key(ADA)),
            ..start(GRACE, GRACE)
        },
    );
    talk(&mut net, (ada, grace), "it is you");
    assert_eq!(met(&net, ada), ["member 1"]);
    assert_eq!(met(&net, grace), ["member 10"]);
}

#[test]
fn a_device_that_starts_anew_takes_its_seat_and_another_does_not() {
    let mut net = pair();
    let stranger = enter(&mut net, start(EVE, 5));
    assert_eq!(
        closed(&net, stranger),
        Some("INVITATION_USED"),
        "a reload without the identity"
    );
    for (index, seed, left, other) in [(10, GRACE, 1, 0), (11, ADA, 0, 3)] {
        let again = enter(&mut net, start(seed, index));
        assert_eq!(closed(&net, left), Some("INVALID_STATE"), "the older start is over");
        talk(&mut net, (again, other), "back");
        let gone = RoomEvent::MemberLeft { id: net.id(left) };
        assert!(net.clients[other].events.contains(&gone));
    }
}

#[test]
fn a_code_without_its_last_part_gets_nobody_in() {
    let hidden = |index| Start {
        code: code(),
        ..start(EVE, index)
    };
    let mut net = pair();
    let eve = enter(&mut net, hidden(2));
    assert_eq!(closed(&net, eve), Some("INVITATION_USED"));
    let mut net = alone();
    net.lies = true;
    let eve = enter(&mut net, hidden(2));
    assert_eq!(net.errors(0), ["INVALID_FRAME"]);
    assert!(met(&net, 0).is_empty() && net.texts(eve).is_empty());
    // It has not used the invitation.
    let grace = enter(&mut net, start(GRACE, GRACE));
    talk(&mut net, (0, grace), "for two");
}

#[test]
fn the_code_says_whether_a_room_is_for_two() {
    for (members, max_members) in [(0, 2), (2, 0), (2, 3)] {
        let mut code = code();
        code.members = members;
        let config = Config {
            code,
            name: "x".into(),
            entrance: create(max_members),
            device_seed: Key::from_slice(&[1; 32]).unwrap(),
            partner: None,
            nonce: [1; 16],
            resume: [1; 16],
        };
        assert_eq!(Room::new(config, 0).unwrap_err().code(), "INVALID_ARGUMENT");
    }
    let frames: Vec<Frame> = pair().sent.iter().map(|frame| Frame::decode(frame).unwrap()).collect();
    let Some(Frame::Create(create)) = frames.first() else {
        panic!("{frames:?}")
    };
    assert_eq!((create.max_members, create.seats.len()), (2, 1));
    let seat = create.seat.clone().unwrap().0;
    assert_eq!(create.seats[0].0[..], Sha256::digest(&seat)[..]);
    let ordinary = Net::new(2).sent;
    assert!(ordinary
        .iter()
        .all(|frame| !frame.windows(4).any(|part| part == b"seat")));
}

/// The seat tells the relay nothing of the device, and is another one in another room.
#[test]
fn seats_differ_from_room_to_room() {
    let seat = |room_id: &str| {
        let mut code = for_two();
        code.room_id = room_id.to_owned();
        let room = Start {
            code,
            ..start(ADA, ADA)
        }
        .room();
        room.duo.unwrap().seat().0
    };
    let (one, two) = (seat(&"A".repeat(21)), seat(&"B".repeat(21)));
    assert_ne!(one, two);
    assert_eq!(one, seat(&"A".repeat(21)));
    assert_ne!(one, device_key(ADA));
}

#[test]
fn frames_under_another_connection_change_nothing_of_who_speaks() {
    let mut net = pair();
    net.lies = true;
    let eve = enter(&mut net, start(EVE, EVE));
    let (route_eve, route_grace) = (net.route_of(eve), net.route_of(1));
    // What Grace sends comes as if from Eve's place, and the other way round.
    net.meddle = Some(Box::new(move |_, frame| {
        let Ok(Frame::Posted(mut posted)) = Frame::decode(&frame) else {
            return vec![frame];
        };
        if posted.from == route_grace {
            posted.from = route_eve.clone();
        } else if posted.from == route_eve {
            posted.from = route_grace.clone();
        }
        vec![Frame::from(posted).encode().unwrap()]
    }));
    net.say(1, "I am Grace");
    net.say(eve, "I am Grace too");
    net.say(0, "hello Grace");
    net.pass(2000);
    assert_eq!(net.texts(0), ["I am Grace"]);
    assert_eq!(met(&net, 0), ["member 1"]);
    assert!(net.texts(eve).is_empty() && met(&net, eve).is_empty());
    let froms = net.clients[0].events.iter().filter_map(|event| match event {
        RoomEvent::Message { from, .. } => Some(from.clone()),
        _ => None,
    });
    assert_eq!(froms.collect::<Vec<_>>(), [net.id(1)]);
}

#[test]
fn our_own_device_is_no_partner() {
    let mut net = alone();
    net.lies = true;
    let tab = enter(&mut net, start(ADA, 7));
    assert_eq!(net.errors(0), ["WEAK_KEY"]);
    let grace = enter(&mut net, start(GRACE, GRACE));
    talk(&mut net, (0, grace), "not alone");
    assert!(!met(&net, 0).contains(&"member 7".to_owned()) && !met(&net, tab).contains(&"member 0".to_owned()));
}
