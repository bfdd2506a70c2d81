//! What the ratchet does for a room, and what nobody gets around.

use std::collections::BTreeMap;

use super::{
    super::{
        event::{Bye, Event, Text},
        inner,
        keys::RoomKeys,
        post::{self, Header},
    },
    *,
};
use crate::ratchet::{Outer, Ratchet};

/// A post as an attacker sees it that kept everything and has the room's code.
struct Recorded {
    header: Header,
    header_bytes: Vec<u8>,
    inner: Vec<u8>,
    body: Vec<u8>,
}

/// Every post that was ever sent, its outer layer off.
fn recorded(net: &Net) -> Vec<Recorded> {
    let code = code();
    let keys = RoomKeys::new(code.room_id, &code.key).unwrap();
    let bodies = net.sent.iter().filter_map(|frame| match Frame::decode(frame).unwrap() {
        Frame::Post(post) => Some(post.body.0),
        _ => None,
    });
    bodies
        .map(|body| {
            let (header, header_bytes, ciphertext) = Header::decode(&body).unwrap();
            let key = keys.post(header.instance).unwrap();
            let inner = post::open(&keys, &key, header.counter, header_bytes, ciphertext).unwrap();
            Recorded {
                header_bytes: header_bytes.to_vec(),
                inner: inner.to_vec(),
                header,
                body: body.clone(),
            }
        })
        .collect()
}

fn posted(net: &Net, body: Vec<u8>) -> Vec<u8> {
    let seq = net.relay.seq + 1000;
    let (t, from) = (0, net.relay.places[0].id.clone());
    let body = body.into();
    Frame::from(Posted { seq, t, from, body }).encode().unwrap()
}

fn give(net: &mut Net, client: usize, frame: &[u8]) {
    let now = net.now;
    net.room(client).on_frame(frame, frame.len(), now);
    net.settle();
}

fn offer_to(net: &mut Net, client: usize, to: Vec<String>) -> String {
    let now = net.now;
    let meta = FileMeta {
        name: "plan of the bank.pdf".into(),
        mime: "application/pdf".into(),
        size: Some(100_000),
        replayable: true,
        to,
        voice_seconds: None,
    };
    let secrets = ([91; 16], Key::from_slice(&[92; 32]).unwrap(), [93; 40]);
    let id = net.room(client).offer_file(&meta, secrets, now).unwrap();
    net.settle();
    id
}

#[test]
fn a_recording_and_the_code_open_nothing_but_hellos() {
    let mut net = Net::new(3);
    let id = net.say(0, "the text that was said");
    let now = net.now;
    net.room(1).react(&id, "\u{1f980}", false, now).unwrap();
    net.room(1).set_typing(true).unwrap();
    net.settle();
    for to in [vec![], vec![net.id(1)]] {
        let id = offer_to(&mut net, 0, to);
        net.room(1).accept_file(&id, now).unwrap();
        net.settle();
    }
    net.room(2).leave();
    net.settle();
    net.say(1, "the text that was said last");
    assert!(net.errors(0).is_empty() && net.errors(1).is_empty());

    // The attacker comes in with the code, and is given every post.
    let spy = net.add(9);
    let posts = recorded(&net);
    let texts = ["said", "\u{1f980}", "bank", "application/pdf"];
    let keys = [[91; 16], [92; 16], [93; 16]];
    let (mut hellos, mut ratcheted) = (0, 0);
    for post in &posts {
        match post.inner[0] {
            inner::SIGNED => {
                let event = inner::Unverified::parse(&post.inner).unwrap().peek().unwrap();
                assert!(matches!(Event::decode(event), Ok(Event::Hello(_) | Event::Bye(_))));
                hellos += 1;
            }
            2..=4 => {
                let seen = |needle: &[u8]| post.inner.windows(needle.len()).any(|window| window == needle);
                assert!(!texts.iter().any(|text| seen(text.as_bytes())) && !keys.iter().any(|key| seen(key)));
                ratcheted += 1;
            }
            kind => panic!("a post of kind {kind}"),
        }
    }
    assert!(hellos >= 4 && ratcheted >= 12, "{hellos} {ratcheted}");
    net.take_events(spy);
    for post in posts.iter().filter(|post| post.inner[0] != inner::SIGNED) {
        let frame = posted(&net, post.body.clone());
        let now = net.now;
        net.room(spy).on_frame(&frame, frame.len(), now);
        net.relay.seq += 1;
        let outer = Outer {
            header: &post.header_bytes,
            counter: post.header.counter,
        };
        let ratchet: &mut Ratchet = &mut net.room(spy).ratchet;
        let opened = ratchet.open(post.header.instance, outer, &post.inner, now);
        let shown = opened.map(|opened| opened.release(ratchet).unwrap());
        let shown = matches!(
            shown,
            Ok(crate::ratchet::Opened::Said(_) | crate::ratchet::Opened::SaidToUs(_) | crate::ratchet::Opened::Keys)
        );
        assert!(!shown);
    }
    net.settle();
    let shown = |event: &RoomEvent| {
        matches!(
            event,
            RoomEvent::Message { .. }
                | RoomEvent::Reaction { .. }
                | RoomEvent::FileOffer { .. }
                | RoomEvent::Typing { .. }
        )
    };
    assert!(!net.take_events(spy).iter().any(shown));
}

#[test]
fn nobody_is_talked_down_to_the_signed_form() {
    let mut net = Net::new(2);
    net.say(0, "ratcheted");
    let room = net.room(0);
    let event = Event::from(Text {
        text: "signed, by the member itself".into(),
        reply: None,
        at: 0,
        part: None,
        of: None,
        first: None,
    });
    let event = event.encode().unwrap();
    let sealed = room.seal_body(&[], |room, outer| {
        Ok(inner::seal(&room.keys, &room.device, outer.header, None, &event).to_vec())
    });
    let frame = posted(&net, sealed.unwrap().body);
    give(&mut net, 1, &frame);
    assert_eq!(net.texts(1), ["ratcheted"]);
    assert_eq!(net.errors(1), ["INVALID_FRAME"]);
}

#[test]
fn nobody_says_goodbye_for_another() {
    let mut net = Net::new(3);
    let victim = net.clients[0].room.device.instance;
    let header = Header {
        instance: victim,
        counter: 700,
        recipients: vec![],
    };
    let header = header.encode().unwrap();
    let liar = &net.clients[2].room;
    let event = Event::from(Bye {}).encode().unwrap();
    let signed = inner::seal(&liar.keys, &liar.device, &header, None, &event);
    let body = post::seal(&liar.keys, &liar.keys.post(victim).unwrap(), 700, &header, &signed).unwrap();
    let frame = posted(&net, body);
    give(&mut net, 1, &frame);
    assert_eq!(net.errors(1), ["BAD_SIGNATURE"]);
    net.relay.seq += 1000;
    net.say(0, "still here");
    assert_eq!(net.texts(1), ["still here"]);
}

#[test]
fn a_goodbye_counts_once() {
    let mut net = Net::new(2);
    net.room(1).leave();
    net.settle();
    let own = net.clients[1].room.device.instance;
    let bye = recorded(&net).pop().unwrap();
    assert_eq!((bye.header.instance, bye.inner[0]), (own, inner::SIGNED));
    net.take_events(0);
    // Neither for who has left, nor for the same device in a new place.
    let again = net.add(8);
    let frame = posted(&net, bye.body);
    give(&mut net, 0, &frame);
    net.relay.seq += 1000;
    net.say(again, "here");
    assert_eq!(net.texts(0), ["here"]);
    assert!(net.errors(0).is_empty());
}

#[test]
fn a_member_that_seals_under_the_name_of_another_is_not_heard() {
    let mut net = Net::new(3);
    net.say(0, "mine");
    net.say(2, "mine too");
    // Client 2 takes what it said itself and puts it under the instance of client 0.
    let victim = net.clients[0].room.device.instance;
    let own = net.clients[2].room.device.instance;
    let posts = recorded(&net);
    let last = posts.iter().rev().find(|post| post.header.instance == own).unwrap();
    let header = Header {
        instance: victim,
        counter: 700,
        recipients: vec![],
    };
    let header = header.encode().unwrap();
    let keys = &net.clients[2].room.keys;
    let body = post::seal(keys, &keys.post(victim).unwrap(), 700, &header, &last.inner).unwrap();
    let frame = posted(&net, body);
    give(&mut net, 1, &frame);
    assert_eq!(net.errors(1), ["DECRYPT_FAILED"]);
    assert_eq!(net.texts(1), ["mine", "mine too"]);
}

/// Keeps posts to one member, which carry keys, from client 1.
pub(super) fn withhold_keys(net: &mut Net) {
    net.meddle = Some(Box::new(|client, frame| match Frame::decode(&frame).unwrap() {
        Frame::Posted(posted) if client == 1 => {
            let code = code();
            let keys = RoomKeys::new(code.room_id, &code.key).unwrap();
            let (header, header_bytes, ciphertext) = Header::decode(&posted.body.0).unwrap();
            let key = keys.post(header.instance).unwrap();
            let inner = post::open(&keys, &key, header.counter, header_bytes, ciphertext).unwrap();
            if matches!(inner[0], 3 | 4) {
                vec![]
            } else {
                vec![frame]
            }
        }
        _ => vec![frame],
    }));
}

#[test]
fn a_key_that_was_lost_is_asked_for() {
    let mut net = Net::new(2);
    withhold_keys(&mut net);
    let now = net.now;
    net.room(0).send_text("one", None, now, now).unwrap();
    net.step_client(0);
    net.meddle = None;
    net.settle();
    net.pass(3000);
    net.say(0, "two");
    assert_eq!(net.texts(1), ["one", "two"]);
    assert!(net.errors(1).is_empty(), "{:?}", net.errors(1));
}

#[test]
fn a_key_that_never_comes_is_said_and_the_pair_heals() {
    let mut net = Net::new(2);
    withhold_keys(&mut net);
    net.say(0, "lost");
    net.pass(9_000);
    assert!(net.texts(1).is_empty() && net.errors(1).is_empty());
    net.pass(2_000);
    assert!(net.errors(1).contains(&"MESSAGES_LOST") && net.errors(1).contains(&"SESSION_BROKEN"));
    net.meddle = None;
    net.say(0, "after");
    net.pass(12_000);
    net.say(0, "healed");
    assert_eq!(net.texts(1).last().unwrap(), "healed");
    net.take_events(1);
    net.say(0, "for good");
    assert_eq!(net.texts(1), ["for good"]);
    assert!(net.errors(1).is_empty());
}

/// The generations of sender keys that a client has posted under.
fn generations(net: &Net, client: usize) -> Vec<u8> {
    let own = net.clients[client].room.device.instance;
    let posts = recorded(net).into_iter();
    let mut used: Vec<u8> = posts
        .filter(|post| post.header.instance == own && post.inner[0] == 2)
        .map(|post| post.inner[2])
        .collect();
    used.dedup();
    used
}

#[test]
fn a_sender_key_serves_for_a_hundred_posts_a_day_and_as_long_as_nobody_leaves() {
    let mut net = Net::new(3);
    for _ in 0..101 {
        net.say(0, "x");
    }
    assert_eq!(generations(&net, 0), [0, 1]);
    net.now += 24 * 3_600_000;
    for client in 0..3 {
        net.clients[client].room.set_clock(net.now);
    }
    net.say(0, "x");
    assert_eq!(generations(&net, 0), [0, 1, 2]);
    net.room(2).leave();
    net.settle();
    net.say(0, "x");
    net.say(0, "x");
    assert_eq!(generations(&net, 0), [0, 1, 2, 3]);
    assert_eq!(net.texts(1).len(), 104);
    assert!(net.errors(1).is_empty());
}

#[test]
fn who_left_reads_nothing_that_is_said_later() {
    let mut net = Net::new(3);
    net.say(0, "before");
    let leaver = net.clients[2].room.device.instance;
    net.room(2).leave();
    net.settle();
    net.say(0, "after");
    let posts = recorded(&net);
    let last = posts.iter().rev().find(|post| post.inner[0] == 2).unwrap();
    let outer = Outer {
        header: &last.header_bytes,
        counter: last.header.counter,
    };
    let ratchet = &mut net.room(2).ratchet;
    let opened = ratchet.open(last.header.instance, outer, &last.inner, 0).unwrap();
    let opened = opened.release(ratchet).unwrap();
    assert!(matches!(opened, crate::ratchet::Opened::NeedKey { generation: 1 }));
    let keys_after = posts
        .iter()
        .filter(|post| post.header.counter + 2 > last.header.counter && post.header.recipients == [leaver]);
    assert_eq!(
        keys_after
            .filter(|post| post.header.instance == last.header.instance)
            .count(),
        0
    );
}

#[test]
fn a_device_that_is_stolen_today_opens_nothing_from_before_the_last_sender_key() {
    let mut net = Net::new(2);
    for _ in 0..101 {
        net.say(0, "said before");
        net.say(1, "answered before");
    }
    net.pass(601_000);
    // The relay of these tests does not ping.
    for client in 0..2 {
        net.disconnect(client);
        net.connect(client);
    }
    net.settle();
    let before = recorded(&net).len();
    // It was given the present key, and is robbed before it has read what is said under it now.
    net.meddle = Some(Box::new(|_, frame| match Frame::decode(&frame).unwrap() {
        Frame::Posted(_) => vec![],
        _ => vec![frame],
    }));
    net.say(0, "said now");
    let mut stolen = net.clients[1].room.ratchet.steal();
    let opened: Vec<bool> = recorded(&net)
        .iter()
        .map(|post| {
            let outer = Outer {
                header: &post.header_bytes,
                counter: post.header.counter,
            };
            let opened = stolen.open(post.header.instance, outer, &post.inner, 0);
            let opened = opened.map(|opened| opened.release(&stolen).unwrap());
            matches!(
                opened,
                Ok(crate::ratchet::Opened::Said(_) | crate::ratchet::Opened::SaidToUs(_))
            )
        })
        .collect();
    assert!(!opened[..before].contains(&true));
    assert!(opened[before..].contains(&true), "the thief can use what it took");
}

#[test]
fn a_counter_never_seals_two_posts_and_repeats_are_the_same_bytes() {
    let mut net = Net::new(3);
    for round in 0..6 {
        net.meddle = Some(Box::new(
            move |client, frame| {
                if client == round % 3 {
                    vec![]
                } else {
                    vec![frame]
                }
            },
        ));
        net.say(round % 3, "lost on the way");
        net.say((round + 1) % 3, "and this");
        net.meddle = None;
        net.restart_relay();
        let now = net.now;
        net.room(1).send_text("nobody is there", None, now, now).unwrap();
        for client in [2, 0, 1] {
            net.connect(client);
            net.settle();
        }
        net.pass(4000);
    }
    let mut bodies: BTreeMap<(InstanceId, u64), Vec<u8>> = BTreeMap::new();
    let mut repeated = 0;
    for post in recorded(&net) {
        let known = bodies
            .entry((post.header.instance, post.header.counter))
            .or_insert_with(|| post.body.clone());
        repeated += usize::from(*known == post.body);
        assert_eq!(*known, post.body);
    }
    assert!(repeated > bodies.len(), "something was repeated");
    for client in 0..3 {
        assert!(net.errors(client).is_empty(), "{client} {:?}", net.errors(client));
    }
    let texts: Vec<usize> = (0..3).map(|client| net.texts(client).len()).collect();
    assert_eq!(texts, [14, 8, 14]);
}

#[test]
fn an_offer_to_one_goes_through_its_session_even_before_there_is_one() {
    let mut net = Net::new(1);
    net.add_quietly(1);
    for _ in 0..50 {
        if !net.clients[0].room.peers.is_empty() {
            break;
        }
        net.step();
    }
    let to = vec![net.id(1)];
    let id = offer_to(&mut net, 0, to);
    let offered = |event: &RoomEvent| matches!(event, RoomEvent::FileOffer { id: of, .. } if *of == id);
    assert!(net.clients[1].events.iter().any(offered));
    let own = net.clients[0].room.device.instance;
    assert!(recorded(&net)
        .iter()
        .filter(|post| post.header.instance == own)
        .all(|post| post.inner[0] != 2));
    assert!(net.errors(0).is_empty() && net.errors(1).is_empty());
}

#[test]
fn what_is_said_on_entering_waits_for_those_who_are_there() {
    let mut net = Net::new(3);
    net.add_quietly(3);
    let joined = |net: &Net| net.clients[3].room.link.is_open();
    while !joined(&net) {
        assert!(net.step());
    }
    assert!(net.clients[3].room.peers.is_empty());
    let now = net.now;
    net.room(3).send_text("hello, all", None, now, now).unwrap();
    net.room(3).set_typing(true).unwrap();
    net.settle();
    for client in 0..3 {
        assert_eq!(net.texts(client), ["hello, all"]);
        let typing = |event: &RoomEvent| matches!(event, RoomEvent::Typing { on: true, .. });
        assert!(net.clients[client].events.iter().any(typing));
        assert!(net.errors(client).is_empty(), "{:?}", net.errors(client));
    }
}

#[test]
fn members_that_a_relay_makes_up_delay_what_is_said_and_no_more() {
    let mut net = Net::new(2);
    let member = Member {
        id: RelayId("made up".into()),
        name: String::new(),
        color: String::new(),
    };
    let frame = Frame::from(MemberJoined(member)).encode().unwrap();
    give(&mut net, 0, &frame);
    net.say(0, "is this thing on?");
    assert!(net.texts(1).is_empty());
    let now = net.now;
    assert_eq!(net.room(0).deadline(now), Some(now + 1500));
    net.pass(1500);
    assert_eq!(net.texts(1), ["is this thing on?"]);
}

#[test]
fn a_text_costs_what_it_is_said_to_cost() {
    let mut net = Net::new(2);
    net.say(0, "first");
    net.say(0, &"x".repeat(150));
    let posts = recorded(&net);
    let last = posts.iter().rev().find(|post| post.inner[0] == 2).unwrap();
    assert!(last.body.len() <= 350, "{}", last.body.len());
}
