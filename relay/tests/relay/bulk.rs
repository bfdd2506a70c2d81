//! File data and windows: where they go, what overtakes what, and what a slow receiver does to others.

use std::time::Instant;

use hushroom::frame::{BulkFrom, Frame, RelayId, Window, WindowFrom};

use crate::support::{bulk, post, relay, room_id, Client};

const CELL: usize = 65_536;
const BULK_QUEUE_BYTES: u64 = 2 * 1024 * 1024;

#[tokio::test]
async fn bulk_and_windows_go_where_they_are_sent() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, id_a) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let (mut c, id_c) = Client::enter(relay.address(), &room, 3).await;
    a.next().await;
    b.next().await;
    let nobody = RelayId("nobody".into());
    a.send(bulk(&[&id_b, &nobody, &id_a], 0, CELL)).await;
    a.send(bulk(&[&id_b, &id_c, &id_c], 1 << 40, CELL + 40)).await;
    let expected = |offset, length| {
        Frame::from(BulkFrom {
            from: id_a.clone(),
            stream: 1,
            offset,
            body: vec![7; length].into(),
        })
    };
    assert_eq!(b.next().await, expected(0, CELL));
    assert_eq!(b.next().await, expected(1 << 40, CELL + 40));
    assert_eq!(c.next().await, expected(1 << 40, CELL + 40));

    let window = |to: &RelayId, rewind| Window {
        to: to.clone(),
        stream: 1,
        delivered: 65_536,
        limit: 1 << 41,
        rewind,
    };
    b.send(window(&id_a, true)).await;
    b.send(window(&nobody, false)).await;
    c.send(window(&id_a, false)).await;
    let mut windows = [a.next().await, a.next().await].map(|frame| match frame {
        Frame::WindowFrom(window) => window,
        other => panic!("{other:?}"),
    });
    windows.sort_by_key(|window| !window.rewind);
    let expected = |from, rewind| WindowFrom {
        from,
        stream: 1,
        delivered: 65_536,
        limit: 1 << 41,
        rewind,
    };
    assert_eq!(windows, [expected(id_b, true), expected(id_c, false)]);
    c.expect_nothing_before_post_of(&mut a, 1).await;
}

#[tokio::test]
async fn text_overtakes_file_data_that_waits() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let mut b = Client::connect_narrow(relay.address()).await;
    let id_b = b
        .enter_with(crate::support::create(&room, 2))
        .await
        .members
        .last()
        .unwrap()
        .id
        .clone();
    a.next().await;
    const FRAMES: u64 = 25;
    for index in 0..FRAMES {
        a.send(bulk(&[&id_b], index * 65_536, CELL)).await;
    }
    a.post(post(1, b"text")).await;
    let mut before = None;
    let mut frames = 0;
    while frames < FRAMES || before.is_none() {
        match b.next().await {
            Frame::BulkFrom(bulk) => {
                assert_eq!(bulk.offset, frames * 65_536);
                frames += 1;
            }
            Frame::Posted(_) => before = Some(frames),
            other => panic!("{other:?}"),
        }
    }
    // What is in the sockets' own buffers cannot be overtaken: a few frames.
    assert!(before.unwrap() < 10, "{before:?} of {FRAMES} frames came first");
}

#[tokio::test]
async fn a_receiver_that_never_reads_holds_nobody_up() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (mut fast, id_fast) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let mut slow = Client::connect_narrow(relay.address()).await;
    let id_slow = slow
        .enter_with(crate::support::create(&room, 3))
        .await
        .members
        .last()
        .unwrap()
        .id
        .clone();
    a.next().await;
    fast.next().await;
    let started = Instant::now();
    const FRAMES: u64 = 120;
    for index in 0..FRAMES {
        a.send(bulk(&[&id_slow, &id_fast], index * 65_536, CELL)).await;
        let Frame::BulkFrom(bulk) = fast.next().await else {
            panic!()
        };
        assert_eq!(bulk.offset, index * 65_536);
        assert!(relay.stats().buffered_bytes <= BULK_QUEUE_BYTES);
    }
    let stats = relay.stats();
    assert!(stats.bulk_dropped_total > FRAMES / 2, "{stats:?}");
    assert!(stats.buffered_bytes > BULK_QUEUE_BYTES - 2 * 65_700, "{stats:?}");

    // The sender was told, but not for each frame.
    a.send(post(1, b"x")).await;
    let mut told = 0;
    loop {
        match a.next().await {
            Frame::ErrorFrame(error) if error.code == "E023" => told += 1,
            Frame::Accepted(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(told >= 1 && told <= 1 + started.elapsed().as_secs(), "{told}");
    fast.next_posted().await;

    // The slow one gets the text and what was kept for it, without a gap inside.
    let mut expected = 0;
    let mut text = false;
    while !text || relay.stats().buffered_bytes > 100_000 {
        match slow.next().await {
            Frame::BulkFrom(bulk) => {
                assert_eq!(bulk.offset, expected);
                expected += 65_536;
            }
            Frame::Posted(_) => text = true,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn all_bulk_queues_together_are_bounded() {
    let relay = relay(|config| config.max_buffered_bytes = 1 << 20).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let mut slow = Vec::new();
    for resume in 2..6 {
        let mut client = Client::connect_narrow(relay.address()).await;
        let joined = client.enter_with(crate::support::create(&room, resume)).await;
        a.next().await;
        slow.push((client, joined.members.last().unwrap().id.clone()));
    }
    let to: Vec<&RelayId> = slow.iter().map(|(_, id)| id).collect();
    for index in 0..40 {
        a.send(bulk(&to, index * 65_536, CELL)).await;
        assert!(relay.stats().buffered_bytes <= 1 << 20);
    }
    a.send(post(1, b"x")).await;
    assert_eq!(a.next_error().await, "E023");
    drop(slow);
    crate::support::until(&relay, |stats| stats.connections == 1 && stats.buffered_bytes < 1000).await;
}

#[tokio::test]
async fn a_fast_sender_of_bulk_is_slowed_down() {
    let relay = relay(|config| config.bulk_bytes_per_second = 1 << 20).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let started = Instant::now();
    let send = async {
        for index in 0..16 {
            a.send(bulk(&[&id_b], index * 65_536, CELL)).await;
        }
    };
    let receive = async {
        for index in 0..16 {
            let Frame::BulkFrom(bulk) = b.next().await else {
                panic!()
            };
            assert_eq!(bulk.offset, index * 65_536);
        }
    };
    tokio::join!(send, receive);
    // A mebibyte, less a burst of a quarter of it, at a mebibyte a second.
    assert!(started.elapsed().as_millis() > 500, "{:?}", started.elapsed());
}
