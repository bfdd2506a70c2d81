use super::*;

#[test]
fn members_learn_of_each_other_by_their_sealed_hellos() {
    let mut net = Net::new(3);
    for client in 0..3 {
        let ids: Vec<String> = (0..3)
            .filter(|other| *other != client)
            .map(|other| net.id(other))
            .collect();
        let mut joined: Vec<(String, String)> = net
            .take_events(client)
            .into_iter()
            .filter_map(|event| match event {
                RoomEvent::MemberJoined { id, name, .. } => Some((id, name)),
                _ => None,
            })
            .collect();
        joined.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(joined.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), ids);
        assert!(joined.iter().all(|(_, name)| name.starts_with("member ")));
        assert!(net.errors(client).is_empty());
    }
}

#[test]
fn a_message_reaches_everybody_else_once_and_is_accepted() {
    let mut net = Net::new(3);
    let id = net.say(0, "hello");
    for client in 1..3 {
        assert_eq!(net.texts(client), ["hello"]);
    }
    assert!(net.texts(0).is_empty());
    let accepted = RoomEvent::Accepted {
        id: id.clone(),
        received_at: net.now,
    };
    assert!(net.clients[0].events.contains(&accepted));
    let now = net.now;
    let answer = net.room(1).send_text("hi", Some(&id), now, now).unwrap();
    net.settle();
    let events = net.take_events(2);
    let found = events.iter().any(|event| {
        matches!(event, RoomEvent::Message { id: of, reply_to, from, .. }
        if *of == answer && reply_to.as_ref() == Some(&id) && *from == net.id(1))
    });
    assert!(found, "{events:?}");
}

#[test]
fn reactions_and_typing_arrive() {
    let mut net = Net::new(2);
    let id = net.say(0, "look");
    let now = net.now;
    net.room(1).react(&id, "\u{1f44d}", false, now).unwrap();
    net.room(1).set_typing(true).unwrap();
    net.settle();
    let from = net.id(1);
    let events = net.take_events(0);
    let emoji = "\u{1f44d}".to_owned();
    assert!(events.contains(&RoomEvent::Reaction {
        message_id: id,
        from: from.clone(),
        emoji,
        remove: false
    }));
    assert!(events.contains(&RoomEvent::Typing { from, on: true }));
}

#[test]
fn who_leaves_is_gone_for_everybody() {
    let mut net = Net::new(2);
    net.room(0).leave();
    net.settle();
    let left = net.id(0);
    assert!(net.take_events(1).contains(&RoomEvent::MemberLeft { id: left }));
    let closed = |event: &RoomEvent| matches!(event, RoomEvent::Closed { code: "CLOSED", .. });
    assert!(net.take_events(0).iter().any(closed));
    assert_eq!(net.room(0).send_text("x", None, 0, 0).unwrap_err().code(), "CLOSED");
    net.room(0).leave();
}

#[test]
fn who_leaves_before_it_has_met_anybody_is_gone_for_everybody_too() {
    let mut net = Net::new(2);
    // It is heard and hears nothing: no session can be.
    net.meddle = Some(Box::new(|client, frame| {
        let post = matches!(Frame::decode(&frame).unwrap(), Frame::Posted(_));
        if post && client == 2 {
            vec![]
        } else {
            vec![frame]
        }
    }));
    let late = net.add(7);
    let id = net.id(late);
    net.room(late).leave();
    net.settle();
    for client in [0, 1] {
        assert!(net
            .take_events(client)
            .contains(&RoomEvent::MemberLeft { id: id.clone() }));
        assert!(net.errors(client).is_empty());
    }
}

#[test]
fn a_member_that_was_never_met_may_leave_unheard() {
    let mut net = Net::new(2);
    let stranger = net.id(1);
    net.meddle = Some(Box::new(|client, frame| {
        let post = matches!(Frame::decode(&frame).unwrap(), Frame::Posted(posted) if posted.from.0 == "00000002");
        if post && client == 2 {
            vec![]
        } else {
            vec![frame]
        }
    }));
    let late = net.add(7);
    net.meddle = None;
    net.room(1).leave();
    net.settle();
    assert!(net.errors(late).is_empty());
    let events = net.take_events(late);
    assert!(!events
        .iter()
        .any(|event| matches!(event, RoomEvent::MemberJoined { id, .. } if *id == stranger)));
}

#[test]
fn a_late_member_reads_from_its_coming_on() {
    let mut net = Net::new(2);
    net.say(0, "before");
    let late = net.add(7);
    net.say(1, "after");
    assert_eq!(net.texts(late), ["after"]);
    assert!(net.errors(late).is_empty());
}

#[test]
fn posts_that_cross_with_the_first_hellos_are_neither_lost_nor_called_replays() {
    let mut net = Net::new(1);
    net.add_quietly(1);
    // Client 1 is in the room, but client 0 has not heard its hello yet.
    net.step_client(1);
    net.step_client(1);
    let now = net.now;
    for text in ["one", "two", "three"] {
        net.room(0).send_text(text, None, now, now).unwrap();
        net.step_client(0);
        net.step_client(1);
    }
    net.settle();
    // Client 0 said the first before it knew of anybody: nobody else ever had the key.
    assert_eq!(net.texts(1), ["two", "three"]);
    assert!(
        net.errors(0).is_empty() && net.errors(1).is_empty(),
        "{:?} {:?}",
        net.errors(0),
        net.errors(1)
    );
}

#[test]
fn bad_arguments_are_refused_and_nothing_is_sent() {
    let mut net = Net::new(2);
    let sent = net.recorded.len();
    let now = net.now;
    let room = net.room(0);
    let long = "x".repeat(MAX_LONG_TEXT_BYTES + 1);
    assert_eq!(room.send_text(&long, None, 0, now).unwrap_err().code(), "TEXT_TOO_LONG");
    for error in [
        room.send_text("", None, 0, now).unwrap_err(),
        room.send_text("x", Some("nonsense"), 0, now).unwrap_err(),
        room.react("nonsense", "x", false, now).unwrap_err(),
        room.react("nonsense", "", false, now).unwrap_err(),
    ] {
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
    net.settle();
    assert_eq!(net.recorded.len(), sent);
    net.say(0, &"x".repeat(MAX_TEXT_BYTES));
    assert_eq!(net.texts(1)[0].len(), MAX_TEXT_BYTES);
}

#[test]
fn the_relay_sees_no_text_name_or_key() {
    let mut net = Net::new(2);
    net.say(0, "the plaintext marker");
    let seen = |needle: &[u8]| net.recorded.windows(needle.len()).any(|window| window == needle);
    assert!(seen(b"roomId"), "the search finds what is there");
    for secret in [
        &b"the plaintext marker"[..],
        b"member 0",
        &[9; 32],
        &[1; 32],
        b"AAECAwQFBgcICQoLDA0ODxAREhMU",
    ] {
        assert!(!seen(secret));
    }
    assert!(!seen(net.clients[0].room.device_key().as_bytes()));
}

#[test]
fn a_refused_room_is_closed_with_its_reason() {
    for (code, expected) in [
        ("E001", "ROOM_NOT_FOUND"),
        ("E002", "ROOM_FULL"),
        ("E007", "ROOM_EXPIRED"),
        ("E020", "ADMISSION_DENIED"),
        ("E021", "RELAY_LIMIT"),
        ("E024", "RELAY_LIMIT"),
        ("E005", "RELAY_REFUSED"),
        ("E999", "RELAY_REFUSED"),
    ] {
        let mut room = room(1, Entrance::Join);
        room.on_connected(0).unwrap();
        let error = ErrorFrame {
            code: code.into(),
            msg: String::new(),
            n: None,
            retry_after: None,
        };
        let bytes = Frame::from(error).encode().unwrap();
        room.on_frame(&bytes, bytes.len(), 0);
        let outputs: Vec<Output> = core::iter::from_fn(|| room.poll()).collect();
        let closed = outputs
            .iter()
            .any(|output| matches!(output, Output::Event(RoomEvent::Closed { code, .. }) if *code == expected));
        assert!(closed, "{code}: {outputs:?}");
        assert!(matches!(outputs.last(), Some(Output::Disconnect)));
    }
}

#[test]
fn a_rate_limit_delays_posts_and_loses_none() {
    let mut net = Net::new(2);
    net.refuse_posts = 3;
    let now = net.now;
    for text in ["a", "b", "c", "d", "e"] {
        net.room(0).send_text(text, None, now, now).unwrap();
    }
    net.settle();
    assert!(net.texts(1).is_empty(), "the first was refused, and so all after it");
    net.pass(2000);
    let accepted = net
        .take_events(0)
        .iter()
        .filter(|event| matches!(event, RoomEvent::Accepted { .. }))
        .count();
    assert_eq!(accepted, 5);
    assert_eq!(net.texts(1), ["a", "b", "c", "d", "e"]);
    assert!(net.errors(0).is_empty() && net.errors(1).is_empty());
}

#[test]
fn a_silent_relay_is_left() {
    let mut net = Net::new(1);
    let room = net.room(0);
    room.on_timer(50_000);
    assert!(room.poll().is_none());
    let deadline = room.deadline(50_000).unwrap();
    room.on_timer(deadline);
    assert!(matches!(room.poll(), Some(Output::Reconnect { .. })));
}

#[test]
fn messages_vanish_where_the_code_says_so() {
    let mut net = Net::new(2);
    for client in 0..2 {
        net.room(client).ephemeral = crate::room::ephemeral::Ephemeral::new(10);
    }
    let id = net.say(0, "hello");
    let now = net.now;
    net.room(1).react(&id, "x", false, now).unwrap();
    net.pass(9_900);
    let expired = RoomEvent::MessageExpired { id };
    assert!((0..2).all(|client| !net.clients[client].events.contains(&expired)));
    let now = net.now;
    assert_eq!(net.room(1).deadline(now), Some(now + 100));
    net.pass(100);
    for client in 0..2 {
        let gone = net
            .take_events(client)
            .into_iter()
            .filter(|event| matches!(event, RoomEvent::MessageExpired { .. }));
        assert_eq!(
            gone.collect::<Vec<_>>(),
            core::slice::from_ref(&expired),
            "and no reaction"
        );
    }
}

#[test]
fn the_code_sets_how_long_messages_stay() {
    let mut code = code();
    code.ephemeral_seconds = 30;
    let config = Config {
        code,
        name: "Ada".into(),
        entrance: Entrance::Join,
        device_seed: Key::from_slice(&[1; 32]).unwrap(),
        partner: None,
        nonce: [1; 16],
        resume: [1; 16],
    };
    assert_eq!(Room::new(config, 0).unwrap().ephemeral.seconds(), 30);
}
