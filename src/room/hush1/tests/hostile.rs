use super::*;

/// Frames for client 1 that carry a post, changed by `change`.
fn meddle(net: &mut Net, mut change: impl FnMut(Posted) -> Vec<Posted> + 'static) {
    net.meddle = Some(Box::new(move |client, frame| match Frame::decode(&frame).unwrap() {
        Frame::Posted(posted) if client == 1 => change(posted)
            .into_iter()
            .map(|posted| Frame::from(posted).encode().unwrap())
            .collect(),
        _ => vec![frame],
    }));
}

/// A room of two in which client 1 holds the sender key of client 0.
fn talking() -> Net {
    let mut net = Net::new(2);
    net.say(0, "first of all");
    net.take_events(0);
    net.take_events(1);
    net
}

#[test]
fn every_flipped_byte_of_a_post_is_noticed() {
    let mut net = talking();
    let length = {
        let recorded = net.recorded.len();
        net.say(0, "x");
        net.recorded.len() - recorded
    };
    net.take_events(1);
    for at in 0..length {
        // Before the next sender key, without which what is whole could only wait.
        if at % 90 == 0 {
            net = talking();
        }
        meddle(&mut net, move |mut posted| {
            if let Some(byte) = posted.body.0.get_mut(at) {
                *byte ^= 1;
            }
            vec![posted]
        });
        net.say(0, "x");
        let texts = net.texts(1).len();
        let errors = net.errors(1);
        assert!(texts + errors.len() >= 1, "byte {at} vanished");
        net.take_events(1);
    }
}

#[test]
fn a_flipped_post_is_an_error_and_then_asked_for_again() {
    let mut net = talking();
    let mut flips = 1;
    meddle(&mut net, move |mut posted| {
        if flips > 0 {
            flips -= 1;
            posted.body.0[40] ^= 1;
        }
        vec![posted]
    });
    net.say(0, "first");
    assert_eq!(net.errors(1), ["DECRYPT_FAILED"]);
    net.say(0, "second");
    net.pass(500);
    let mut texts = net.texts(1);
    texts.sort();
    assert_eq!(texts, ["first", "second"], "the next post shows that one is missing");
}

#[test]
fn repeated_posts_are_refused() {
    let mut net = talking();
    meddle(&mut net, |posted| vec![posted.clone(), posted]);
    net.say(0, "same seq");
    meddle(&mut net, |posted| {
        let again = Posted {
            seq: posted.seq + 1000,
            ..posted.clone()
        };
        vec![posted, again]
    });
    net.say(0, "new seq");
    assert_eq!(net.texts(1), ["same seq", "new seq"]);
    assert_eq!(net.errors(1), ["RELAY_PROTOCOL", "REPLAYED"]);
}

#[test]
fn reordered_posts_are_noticed_and_none_is_lost() {
    let mut net = Net::new(2);
    let mut held: Option<Posted> = None;
    meddle(&mut net, move |posted| match held.take() {
        None => {
            held = Some(posted);
            vec![]
        }
        Some(first) => vec![posted, first],
    });
    net.say(0, "first");
    net.say(0, "second");
    net.meddle = None;
    net.pass(4000);
    let mut texts = net.texts(1);
    texts.sort();
    assert_eq!(texts, ["first", "second"]);
    assert!(net.errors(1).contains(&"RELAY_PROTOCOL"));
}

#[test]
fn a_dropped_post_is_asked_for_and_one_that_never_comes_is_reported() {
    let mut net = Net::new(2);
    meddle(&mut net, |_| vec![]);
    net.say(0, "dropped");
    net.meddle = None;
    net.say(0, "next");
    assert_eq!(net.texts(1), ["next", "dropped"]);
    assert!(net.errors(1).is_empty());
    // Everything of the length of this post is dropped, again and again.
    let padded = net.recorded.len();
    net.say(0, &"y".repeat(5000));
    assert!(net.recorded.len() > padded + 5000);
    meddle(&mut net, |posted| {
        if posted.body.0.len() > 4000 {
            vec![]
        } else {
            vec![posted]
        }
    });
    net.say(0, &"z".repeat(5000));
    net.say(0, "last");
    net.pass(12_000);
    assert_eq!(net.texts(1).last().unwrap(), "last");
    assert!(net.errors(1).contains(&"MESSAGES_LOST"));
}

#[test]
fn truncated_and_extended_posts_are_refused() {
    for change in [-1isize, -30, 1] {
        let mut net = talking();
        meddle(&mut net, move |mut posted| {
            let length = posted.body.0.len().saturating_add_signed(change);
            posted.body.0.resize(length, 0);
            vec![posted]
        });
        net.say(0, "x");
        assert!(net.texts(1).is_empty());
        assert_eq!(net.errors(1), ["DECRYPT_FAILED"], "{change}");
    }
}

#[test]
fn nonsense_frames_are_errors_and_the_room_goes_on() {
    let mut net = Net::new(2);
    let now = net.now;
    let left = Frame::from(MemberLeft {
        id: RelayId("zz".into()),
    })
    .encode()
    .unwrap();
    let create = net.recorded[..60].to_vec();
    let joined = RoomJoined {
        room_id: "other".into(),
        members: vec![],
        expires_at: 0,
        max_members: 0,
        resumed: false,
        accepted: 0,
    };
    let joined = Frame::from(joined).encode().unwrap();
    let huge = vec![0; crate::frame::MAX_FRAME_BYTES + 1];
    for frame in [&b""[..], b"\xc1", b"\x80", &create, &joined, &left, &huge] {
        net.room(1).on_frame(frame, frame.len(), now);
    }
    net.settle();
    let errors = net.errors(1);
    assert_eq!(
        errors.iter().filter(|code| **code == "INVALID_FRAME").count(),
        4,
        "{errors:?}"
    );
    assert!(errors.contains(&"RELAY_PROTOCOL") && errors.contains(&"FRAME_TOO_LARGE"));
    net.say(0, "still here");
    assert_eq!(net.texts(1), ["still here"]);
}

#[test]
fn nobody_can_speak_as_another() {
    let mut net = Net::new(3);
    // Client 2 holds the room's key and forges a post of client 0's instance.
    let victim = net.clients[0].room.device.instance;
    let counter = 500;
    let forger = &net.clients[2].room;
    let header = super::super::post::Header {
        instance: victim,
        counter,
        recipients: vec![],
    }
    .encode()
    .unwrap();
    let event = super::super::event::Event::from(super::super::event::Text {
        text: "forged".into(),
        reply: None,
        at: 0,
        part: None,
        of: None,
        first: None,
    });
    let inner = super::super::inner::seal(&forger.keys, &forger.device, &header, None, &event.encode().unwrap());
    let key = forger.keys.post(victim).unwrap();
    let body = super::super::post::seal(&forger.keys, &key, counter, &header, &inner).unwrap();
    let posted = Posted {
        seq: 100,
        t: 0,
        from: RelayId("00000001".into()),
        body: body.into(),
    };
    let bytes = Frame::from(posted).encode().unwrap();
    let now = net.now;
    net.room(1).on_frame(&bytes, bytes.len(), now);
    net.settle();
    assert_eq!(net.errors(1), ["BAD_SIGNATURE"]);
    assert!(net.texts(1).is_empty());
}

#[test]
fn a_hello_cannot_claim_another_instance() {
    let mut net = Net::new(3);
    let victim = InstanceId([7; 16]);
    let forger = &mut net.clients[2].room;
    let header = super::super::post::Header {
        instance: victim,
        counter: 0,
        recipients: vec![],
    }
    .encode()
    .unwrap();
    let event = super::super::event::Event::from(forger.hello(None, false, false).unwrap())
        .encode()
        .unwrap();
    let inner = super::super::inner::seal(&forger.keys, &forger.device, &header, None, &event);
    let key = forger.keys.post(victim).unwrap();
    let body = super::super::post::seal(&forger.keys, &key, 0, &header, &inner).unwrap();
    let bytes = Frame::from(Posted {
        seq: 100,
        t: 0,
        from: RelayId("x".into()),
        body: body.into(),
    })
    .encode()
    .unwrap();
    let now = net.now;
    net.room(1).on_frame(&bytes, bytes.len(), now);
    net.settle();
    assert_eq!(net.errors(1), ["BAD_SIGNATURE"]);
}

#[test]
fn a_post_for_somebody_else_is_refused_and_our_own_never_comes_back() {
    let mut net = Net::new(3);
    let other = net.clients[2].room.device.instance;
    let body = net.room(0).seal_hello(Some(other), false, false).unwrap();
    let bytes = Frame::from(Posted {
        seq: 100,
        t: 0,
        from: RelayId("00000001".into()),
        body: body.into(),
    });
    let bytes = bytes.encode().unwrap();
    for client in [1, 0] {
        let now = net.now;
        net.room(client).on_frame(&bytes, bytes.len(), now);
        net.settle();
    }
    assert_eq!(net.errors(1), ["MISDIRECTED"]);
    assert_eq!(net.errors(0), ["REPLAYED"]);
}

#[test]
fn an_old_hello_does_not_bring_back_who_left() {
    let mut net = Net::new(2);
    let hello = {
        let newcomer = net.add(5);
        net.disconnect(newcomer);
        net.drop_place(newcomer);
        net.room(newcomer).seal_hello(None, true, false).unwrap()
    };
    let now = net.now;
    for seq in [101, 102] {
        let frame = Posted {
            seq,
            t: 0,
            from: RelayId("00000009".into()),
            body: hello.clone().into(),
        };
        let bytes = Frame::from(frame).encode().unwrap();
        net.room(0).on_frame(&bytes, bytes.len(), now);
        let gone = net.clients[2].room.device.instance;
        net.room(0).remove_peer(gone);
        net.settle();
    }
    assert_eq!(net.errors(0), ["REPLAYED"]);
}

#[test]
fn strangers_with_another_key_are_not_heard() {
    let mut net = Net::new(1);
    let mut config_code = code();
    config_code.key = Key::from_slice(&[8; 32]).unwrap();
    let config = Config {
        code: config_code,
        name: "eve".into(),
        entrance: Entrance::Join,
        device_seed: Key::from_slice(&[3; 32]).unwrap(),
        partner: None,
        nonce: [3; 16],
        resume: [3; 16],
    };
    let mut eve = Room::new(config, 0).unwrap();
    let body = eve.seal_hello(None, true, false).unwrap();
    let bytes = Frame::from(Posted {
        seq: 9,
        t: 0,
        from: RelayId("x".into()),
        body: body.into(),
    })
    .encode()
    .unwrap();
    let now = net.now;
    net.room(0).on_frame(&bytes, bytes.len(), now);
    net.settle();
    assert_eq!(net.errors(0), ["DECRYPT_FAILED"]);
    assert_ne!(eve.admission.expose(), net.clients[0].room.admission.expose());
}

/// Keeps the relay's answers to client 0 back, as long as `test` says so.
fn keep_answers_back(net: &mut Net, mut test: impl FnMut() -> bool + 'static) {
    net.meddle = Some(Box::new(move |client, frame| {
        let answer = matches!(Frame::decode(&frame).unwrap(), Frame::Accepted(_));
        if client == 0 && answer && test() {
            vec![]
        } else {
            vec![frame]
        }
    }));
}

fn accepted(net: &Net, client: usize) -> Vec<String> {
    let events = net.clients[client].events.iter();
    let ids = events.filter_map(|event| match event {
        RoomEvent::Accepted { id, .. } => Some(id.clone()),
        _ => None,
    });
    ids.collect()
}

#[test]
fn a_post_that_is_passed_over_goes_out_again() {
    let mut net = Net::new(2);
    let mut kept_back = 0;
    keep_answers_back(&mut net, move || {
        kept_back += 1;
        kept_back <= 2
    });
    let mut said = vec![];
    for text in ["one", "two", "three"] {
        said.push(net.say(0, text));
    }
    let mut heard = accepted(&net, 0);
    heard.sort();
    assert_eq!(heard, said);
    assert_eq!(net.errors(0), ["RELAY_PROTOCOL"]);
    assert_eq!(
        net.texts(1),
        ["one", "two", "three"],
        "the relay had them: the repeats are dropped"
    );
}

#[test]
fn a_relay_that_never_answers_a_post_is_left() {
    let mut net = Net::new(2);
    keep_answers_back(&mut net, || true);
    let said = net.say(0, "is anybody there?");
    net.pass(40_000);
    // Other signs of life do not count.
    net.say(1, "I am");
    net.pass(15_000);
    assert!(net.errors(0).is_empty());
    net.pass(5_000);
    assert_eq!(net.errors(0), ["RELAY_PROTOCOL"]);
    net.meddle = None;
    net.disconnect(0);
    net.connect(0);
    net.settle();
    assert_eq!(accepted(&net, 0), [said]);
}

#[test]
fn a_relay_that_pings_and_never_lets_us_in_is_silent() {
    let mut room = room(0, Entrance::Join);
    room.on_connected(0).unwrap();
    let ping = Frame::from(crate::frame::Ping { t: 0 }).encode().unwrap();
    for now in (0..50_000).step_by(1000) {
        room.on_frame(&ping, ping.len(), now);
        room.on_timer(now);
    }
    let outputs = |room: &mut Room| core::iter::from_fn(|| room.poll()).collect::<Vec<_>>();
    assert!(!outputs(&mut room)
        .iter()
        .any(|output| matches!(output, Output::Reconnect { .. })));
    room.on_timer(50_000);
    assert!(matches!(outputs(&mut room)[..], [Output::Reconnect { .. }]));
}

#[test]
fn the_timer_rests_while_there_is_no_connection() {
    let mut net = Net::new(2);
    keep_answers_back(&mut net, || true);
    net.say(0, "refused");
    let now = net.now;
    // Whichever of them is the text: others before it carry keys.
    for n in 1..9 {
        let refusal = crate::frame::ErrorFrame {
            code: crate::frame::error_code::RATE_LIMITED.into(),
            msg: String::new(),
            n: Some(n),
            retry_after: Some(100),
        };
        let bytes = Frame::from(refusal).encode().unwrap();
        net.room(0).on_frame(&bytes, bytes.len(), now);
    }
    assert_eq!(net.room(0).deadline(now), Some(now + 100));
    net.disconnect(0);
    net.now += 100;
    let now = net.now;
    net.room(0).on_timer(now);
    assert!(net.room(0).deadline(now).is_none_or(|at| at > now));
}

/// How a room that waits to be let in ends when it gets `frame`.
fn entering(frame: &[u8]) -> &'static str {
    let mut room = room(0, Entrance::Join);
    room.on_connected(0).unwrap();
    room.on_frame(frame, frame.len(), 1);
    let mut outputs = core::iter::from_fn(|| room.poll());
    let closed = outputs.find_map(|output| match output {
        Output::Event(RoomEvent::Closed { code, .. }) => Some(code),
        _ => None,
    });
    closed.unwrap()
}

#[test]
fn whoever_does_not_let_us_in_is_told_from_a_relay_at_once() {
    let refusal = |code: &str| {
        let frame = crate::frame::ErrorFrame {
            code: code.into(),
            msg: String::new(),
            n: None,
            retry_after: Some(5000),
        };
        Frame::from(frame).encode().unwrap()
    };
    let elsewhere = crate::frame::RoomJoined {
        room_id: "x".repeat(21),
        members: vec![],
        expires_at: 0,
        max_members: 2,
        resumed: false,
        accepted: 0,
    };
    assert_eq!(entering(b"GET / HTTP/1.1"), "INVALID_FRAME");
    assert_eq!(entering(&vec![0x82; 200_000]), "FRAME_TOO_LARGE");
    assert_eq!(entering(&Frame::from(elsewhere).encode().unwrap()), "RELAY_PROTOCOL");
    assert_eq!(entering(&refusal("E004")), "RATE_LIMITED");
    assert_eq!(entering(&refusal("E005")), "RELAY_REFUSED");
}
