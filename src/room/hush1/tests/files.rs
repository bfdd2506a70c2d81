use super::*;

const SEGMENT: u64 = 65_536;

fn meta(size: Option<u64>, to: Vec<String>) -> FileMeta {
    FileMeta {
        voice_seconds: None,
        name: "../a\u{202e}b.txt".into(),
        mime: "text/plain".into(),
        size,
        replayable: size.is_some(),
        to,
    }
}

fn secrets(index: u8) -> ([u8; 16], Key, [u8; 40]) {
    ([index; 16], Key::from_slice(&[index; 32]).unwrap(), [index; 40])
}

fn offer(net: &mut Net, client: usize, size: u64) -> String {
    let now = net.now;
    let id = net
        .room(client)
        .offer_file(&meta(Some(size), vec![]), secrets(77), now)
        .unwrap();
    net.settle();
    id
}

fn accept(net: &mut Net, client: usize, id: &str) {
    let now = net.now;
    net.room(client).accept_file(id, now).unwrap();
}

fn segments(size: u64) -> Vec<u32> {
    let count = 1 + size.saturating_sub(SEGMENT - 56).div_ceil(SEGMENT - 16);
    (0..u32::try_from(count).unwrap()).collect()
}

fn ended(net: &Net, client: usize) -> Vec<Option<&'static str>> {
    let ended = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::OutgoingEnded { code, .. } => Some(*code),
        RoomEvent::IncomingEnded { code, .. } => Some(Some(*code)),
        _ => None,
    });
    ended.collect()
}

#[test]
fn a_file_of_any_size_arrives_in_order_and_once() {
    for size in [
        0,
        1,
        SEGMENT - 57,
        SEGMENT - 56,
        SEGMENT - 55,
        40 * SEGMENT,
        100 * SEGMENT + 7,
    ] {
        let mut net = Net::new(2);
        let id = offer(&mut net, 0, size);
        let events = net.take_events(1);
        let found = events.iter().any(|event| {
            matches!(event, RoomEvent::FileOffer { name, size: Some(of), .. }
            if name == "ab.txt" && *of == size)
        });
        assert!(found, "{events:?}");
        assert!(
            net.clients[1].segments.is_empty(),
            "nothing moves before it is accepted"
        );
        accept(&mut net, 1, &id);
        net.settle();
        assert_eq!(net.clients[1].segments[&id], segments(size));
        assert_eq!(ended(&net, 0), [None]);
        assert!(net.errors(0).is_empty() && net.errors(1).is_empty());
    }
}

#[test]
fn a_stream_of_unknown_length_arrives() {
    let mut net = Net::new(2);
    let now = net.now;
    let id = net.room(0).offer_file(&meta(None, vec![]), secrets(1), now).unwrap();
    net.settle();
    accept(&mut net, 1, &id);
    net.settle();
    assert!(net.clients[1].segments.is_empty());
    for ready in 1..=50 {
        let floor = net.room(0).source_ready(&id, ready, None, now).unwrap();
        assert!(floor < ready);
        net.settle();
    }
    let size = 50 * SEGMENT;
    net.room(0).source_ready(&id, 51, Some(size), now).unwrap();
    net.settle();
    assert_eq!(net.clients[1].segments[&id], segments(size));
    assert!(net.clients[1].events.contains(&RoomEvent::IncomingSize { id, size }));
    assert_eq!(ended(&net, 0), [None]);
}

#[test]
fn several_receivers_share_and_a_stalled_one_holds_up_nobody() {
    let mut net = Net::new(3);
    let size = 300 * SEGMENT;
    let id = offer(&mut net, 0, size);
    net.clients[2].stalled = true;
    accept(&mut net, 1, &id);
    accept(&mut net, 2, &id);
    net.settle();
    net.pass(1500);
    assert_eq!(
        net.clients[1].segments[&id],
        segments(size),
        "the other one is finished"
    );
    assert!(!net.clients[2].segments.contains_key(&id));
    net.pass(15_000);
    let stalled = net.clients[0]
        .events
        .iter()
        .any(|event| matches!(event, RoomEvent::Receiver { state: "stalled", member, .. } if *member == net.id(2)));
    assert!(stalled);
    net.clients[2].stalled = false;
    net.settle();
    assert_eq!(net.clients[2].segments[&id], segments(size));
    assert_eq!(ended(&net, 0), [None]);
}

#[test]
fn one_declines_and_the_other_takes_it() {
    let mut net = Net::new(3);
    let id = offer(&mut net, 0, 5 * SEGMENT);
    let now = net.now;
    net.room(1).decline_file(&id, now).unwrap();
    accept(&mut net, 2, &id);
    net.settle();
    assert_eq!(ended(&net, 0), [None]);
    let id = {
        let now = net.now;
        let to = vec![net.id(1)];
        let id = net.room(0).offer_file(&meta(Some(1), to), secrets(2), now).unwrap();
        net.settle();
        id
    };
    let offered = |net: &Net, client: usize| {
        net.clients[client]
            .events
            .iter()
            .any(|event| matches!(event, RoomEvent::FileOffer { id: of, .. } if *of == id))
    };
    assert!(
        offered(&net, 1) && !offered(&net, 2),
        "an offer to one is not for the other"
    );
    net.room(1).decline_file(&id, now).unwrap();
    net.settle();
    assert_eq!(ended(&net, 0), [None, Some("TRANSFER_DECLINED")]);
}

#[test]
fn either_side_can_cancel() {
    for side in [0, 1] {
        let mut net = Net::new(2);
        let id = offer(&mut net, 0, 500 * SEGMENT);
        accept(&mut net, 1, &id);
        for _ in 0..10 {
            net.step();
        }
        let now = net.now;
        net.room(side).end_transfer(&id, "", now).unwrap();
        net.settle();
        assert_eq!(ended(&net, 1 - side), [Some("TRANSFER_CANCELLED")]);
        assert!(net.room(0).next_bulk(now).is_none());
        assert!(net.clients[1].segments[&id].len() < 500);
    }
}

#[test]
fn a_relay_that_dies_in_the_middle_costs_nothing() {
    for dead in [20, 37, 60] {
        let mut net = Net::new(3);
        let size = 200 * SEGMENT;
        let id = offer(&mut net, 0, size);
        accept(&mut net, 1, &id);
        accept(&mut net, 2, &id);
        for _ in 0..dead {
            net.step();
        }
        assert!(net.clients[1].segments[&id].len() < 200);
        net.restart_relay();
        net.settle();
        for client in [1, 0, 2] {
            net.connect(client);
            net.settle();
        }
        net.pass(1000);
        for client in [1, 2] {
            assert_eq!(net.clients[client].segments[&id], segments(size));
        }
        assert_eq!(ended(&net, 0), [None]);
        assert!((0..3).all(|client| net.errors(client).is_empty()));
    }
}

#[test]
fn either_side_may_drop_out_and_come_back() {
    for (side, resumed) in [(0, true), (1, true), (0, false), (1, false)] {
        let mut net = Net::new(2);
        let size = 200 * SEGMENT;
        let id = offer(&mut net, 0, size);
        accept(&mut net, 1, &id);
        for _ in 0..30 {
            net.step();
        }
        assert!(net.clients[1].segments[&id].len() < 200);
        net.disconnect(side);
        if !resumed {
            net.drop_place(side);
        }
        net.settle();
        net.connect(side);
        net.settle();
        assert_eq!(net.clients[1].segments[&id], segments(size), "{side} {resumed}");
        assert_eq!(ended(&net, 0), [None]);
    }
}

#[test]
fn lost_bulk_frames_are_sent_again() {
    let mut net = Net::new(2);
    let size = 100 * SEGMENT;
    let id = offer(&mut net, 0, size);
    let mut count = 0;
    net.meddle = Some(Box::new(move |_, frame| {
        count += usize::from(frame.len() > 60_000);
        if frame.len() > 60_000 && count % 7 == 3 {
            vec![]
        } else {
            vec![frame]
        }
    }));
    accept(&mut net, 1, &id);
    net.settle();
    let received = net.clients[1].segments[&id].clone();
    assert!(
        received.iter().zip(segments(size)).all(|(one, other)| *one == other),
        "in order: {received:?}"
    );
    // A loss at the very end shows only to who waits for it: the relay reports it, or the connection breaks.
    net.meddle = None;
    net.disconnect(0);
    net.connect(0);
    net.settle();
    assert_eq!(net.clients[1].segments[&id], segments(size));
}

#[test]
fn repeated_and_foul_bulk_frames_do_no_harm_or_end_the_transfer() {
    let mut net = Net::new(2);
    let size = 50 * SEGMENT;
    let id = offer(&mut net, 0, size);
    net.meddle = Some(Box::new(|_, frame| {
        if frame.len() > 60_000 {
            vec![frame.clone(), frame]
        } else {
            vec![frame]
        }
    }));
    accept(&mut net, 1, &id);
    net.settle();
    assert_eq!(net.clients[1].segments[&id], segments(size));
    let id = {
        let now = net.now;
        net.room(0)
            .offer_file(&meta(Some(size), vec![]), secrets(3), now)
            .unwrap()
    };
    net.settle();
    net.meddle = Some(Box::new(|_, frame| match Frame::decode(&frame).unwrap() {
        Frame::BulkFrom(mut bulk) => {
            bulk.body.0.pop();
            vec![Frame::from(bulk).encode().unwrap()]
        }
        _ => vec![frame],
    }));
    accept(&mut net, 1, &id);
    net.settle();
    assert_eq!(ended(&net, 1), [Some("DECRYPT_FAILED")]);
    assert_eq!(ended(&net, 0), [None, Some("DECRYPT_FAILED")]);
}

#[test]
fn the_credit_of_all_transfers_together_stays_below_what_a_relay_queues() {
    let mut net = Net::new(2);
    net.clients[1].stalled = true;
    let mut ids = vec![];
    for index in 0..8 {
        let now = net.now;
        ids.push(
            net.room(0)
                .offer_file(&meta(Some(100 * SEGMENT), vec![]), secrets(index), now)
                .unwrap(),
        );
    }
    net.settle();
    let bulk = std::rc::Rc::new(std::cell::Cell::new(0usize));
    let counted = bulk.clone();
    net.meddle = Some(Box::new(move |client, frame| {
        if client == 1 && frame.len() > 60_000 {
            counted.set(counted.get() + frame.len());
        }
        vec![frame]
    }));
    for id in &ids {
        accept(&mut net, 1, id);
        net.settle();
    }
    assert!(
        bulk.get() > 600 * 1024 && bulk.get() < 2 * 1024 * 1024,
        "{} bytes",
        bulk.get()
    );
    net.clients[1].stalled = false;
    net.settle();
    for id in &ids {
        assert_eq!(net.clients[1].segments[id], segments(100 * SEGMENT));
    }
}

#[test]
fn limits_and_wrong_ids_are_typed_errors() {
    let mut net = Net::new(2);
    let now = net.now;
    for index in 0..16 {
        net.room(0)
            .offer_file(&meta(Some(1), vec![]), secrets(index), now)
            .unwrap();
    }
    let refused = net
        .room(0)
        .offer_file(&meta(Some(1), vec![]), secrets(99), now)
        .unwrap_err();
    assert_eq!(refused.code(), "TRANSFER_LIMIT");
    let mut net = Net::new(2);
    let room = net.room(0);
    let unknown = room
        .offer_file(&meta(Some(1), vec!["x".into()]), secrets(1), now)
        .unwrap_err();
    assert_eq!(unknown.code(), "UNKNOWN_MEMBER");
    let huge = room
        .offer_file(&meta(Some(u64::MAX), vec![]), secrets(1), now)
        .unwrap_err();
    assert_eq!(huge.code(), "TOO_LARGE");
    for result in [
        room.accept_file("x", now),
        room.decline_file("x", now),
        room.delivered("x", 1),
        room.finish_file("x", now),
    ] {
        assert_eq!(result.unwrap_err().code(), "UNKNOWN_TRANSFER");
    }
    let mut alone = Net::new(1);
    let nobody = alone
        .room(0)
        .offer_file(&meta(Some(1), vec![]), secrets(1), now)
        .unwrap_err();
    assert_eq!(nobody.code(), "INVALID_STATE");
}

#[test]
fn an_offer_whose_key_is_not_the_committed_one_is_refused() {
    let mut net = Net::new(2);
    let now = net.now;
    let key = Key::from_slice(&[1; 32]).unwrap();
    let offer = super::super::event::FileOffer {
        voice: None,
        id: crate::frame::FixedBin([1; 16]),
        stream: 1,
        name: "x".into(),
        mime: "a/b".into(),
        size: Some(1),
        segment: 65_536,
        header: crate::frame::FixedBin([0; 40]),
        key: super::super::event::SecretBin::new(&key),
        commitment: crate::frame::FixedBin([0; 32]),
    };
    net.room(0).post(&offer.into(), vec![], now).unwrap();
    net.settle();
    assert_eq!(net.errors(1), ["DECRYPT_FAILED"]);
    assert!(!format!("{:?}", net.room(0)).contains('1'));
}

#[test]
fn a_member_that_leaves_ends_its_transfers() {
    for leaver in [0, 1] {
        let mut net = Net::new(2);
        let id = offer(&mut net, 0, 500 * SEGMENT);
        accept(&mut net, 1, &id);
        for _ in 0..10 {
            net.step();
        }
        net.room(leaver).leave();
        net.settle();
        assert_eq!(ended(&net, 1 - leaver), [Some("MEMBER_LEFT")]);
        assert_eq!(ended(&net, leaver), [Some("CLOSED")]);
    }
}

#[test]
fn a_lost_end_is_sent_again() {
    let mut net = Net::new(2);
    let size = 300_000;
    let last = segments(size).len() as u64 - 1;
    let mut lost = false;
    net.meddle = Some(Box::new(move |_, frame| match Frame::decode(&frame).unwrap() {
        Frame::BulkFrom(bulk) if bulk.offset == last * 65_536 && !lost => {
            lost = true;
            vec![]
        }
        _ => vec![frame],
    }));
    let id = offer(&mut net, 0, size);
    accept(&mut net, 1, &id);
    net.settle();
    assert!(ended(&net, 0).is_empty());
    net.pass(17_000);
    assert_eq!(ended(&net, 0), [None]);
    assert_eq!(net.clients[1].segments[&id], segments(size));
}

#[test]
fn a_lost_window_is_said_again() {
    let mut net = Net::new(2);
    let size = 300_000;
    let mut lost = 0;
    net.meddle = Some(Box::new(move |_, frame| match Frame::decode(&frame).unwrap() {
        // Accepting says two: the credit it brings, and where the file is.
        Frame::WindowFrom(_) if lost < 2 => {
            lost += 1;
            vec![]
        }
        _ => vec![frame],
    }));
    let id = offer(&mut net, 0, size);
    accept(&mut net, 1, &id);
    net.settle();
    assert!(!net.clients[1].segments.contains_key(&id));
    net.pass(11_000);
    assert_eq!(ended(&net, 0), [None]);
    assert_eq!(net.clients[1].segments[&id], segments(size));
}

#[test]
fn a_receiver_that_takes_nothing_is_given_up() {
    let mut net = Net::new(2);
    let id = net
        .room(0)
        .offer_file(
            &FileMeta {
                replayable: false,
                ..meta(Some(3_000_000), vec![])
            },
            secrets(1),
            0,
        )
        .unwrap();
    let now = net.now;
    net.room(0).source_ready(&id, 20, None, now).unwrap();
    net.settle();
    net.clients[1].stalled = true;
    accept(&mut net, 1, &id);
    net.settle();
    net.pass(29_000);
    assert!(ended(&net, 0).is_empty());
    net.pass(2_000);
    assert_eq!(ended(&net, 0), [Some("TRANSFER_STALLED")]);
}

#[test]
fn the_length_of_a_voice_message_is_in_the_offer() {
    for seconds in [None, Some(7)] {
        let mut net = Net::new(2);
        let now = net.now;
        let meta = FileMeta {
            voice_seconds: seconds,
            ..meta(Some(100), vec![])
        };
        net.room(0).offer_file(&meta, secrets(1), now).unwrap();
        net.settle();
        assert!(net.take_events(1).iter().any(
            |event| matches!(event, RoomEvent::FileOffer { voice_seconds, thumbnail: None, .. } if *voice_seconds == seconds)
        ));
    }
}
