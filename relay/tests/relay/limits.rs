//! What the relay does not put up with.

use hushroom::frame::{Frame, Leave, Post, RoomJoined, Value, Window, MAX_FRAME_BYTES};
use rand::{rngs::StdRng, Rng, RngExt, SeedableRng};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{bulk, create, eventually, join, post, relay, room_id, until, Client};

#[tokio::test]
async fn a_frame_above_the_limit_closes() {
    let relay = relay(|_| {}).await;
    for length in [MAX_FRAME_BYTES + 1, 2 * MAX_FRAME_BYTES, 1 << 20] {
        let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
        // Where the relay has closed before all of it is sent, sending fails; the answer is there all the same.
        let _ = a.try_send(Message::Binary(vec![0; length].into())).await;
        assert_eq!(a.next_error().await, "E022", "{length} bytes");
        assert!(
            matches!(a.next_message().await, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1009)
        );
    }
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    a.send_bytes(vec![0; MAX_FRAME_BYTES]).await;
    assert_eq!(a.next_error().await, "E005", "exactly the limit is read");
}

#[tokio::test]
async fn a_text_message_closes() {
    let relay = relay(|_| {}).await;
    let mut a = Client::connect(relay.address()).await;
    a.try_send(Message::Text("{}".into())).await.unwrap();
    assert_eq!(a.next_error().await, "E005");
    assert_eq!(a.close_code().await, 4000);
}

#[tokio::test]
async fn malformed_frames_are_refused_and_too_many_of_them_close() {
    let relay = relay(|_| {}).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    let from_a_relay = RoomJoined {
        room_id: "x".into(),
        members: vec![],
        expires_at: 0,
        max_members: 0,
        resumed: false,
        accepted: 0,
    };
    // `data` before `type`: right for every frame but this one.
    let out_of_order = b"\x82\xa4data\x84\xa2to\x91\xa1a\xa6stream\x01\xa6offset\x00\xa4body\xc4\x00\xa4type\x41";
    let to_nobody = b"\x82\xa4type\x41\xa4data\x84\xa2to\x90\xa6stream\x01\xa6offset\x00\xa4body\xc4\x00";
    for bytes in [
        vec![],
        vec![0xc1],
        Frame::from(from_a_relay).encode().unwrap(),
        out_of_order.to_vec(),
        to_nobody.to_vec(),
        b"\x82\xa4type\x40\xa4data\x80".to_vec(),
    ] {
        a.send_bytes(bytes).await;
        assert_eq!(a.next_error().await, "E005");
    }
    // Types of applications and of times to come are nobody's fault.
    for kind in [0x7e, 0x80, 0xff] {
        a.send(Frame::Other {
            kind,
            data: Value::Map(vec![]),
        })
        .await;
    }
    assert_eq!(a.post(post(1, b"x")).await.seq, 1);
    for _ in 0..400 {
        if a.try_send(Message::Binary(vec![0xc1].into())).await.is_err() {
            break;
        }
    }
    let code = loop {
        match a.next_message().await {
            Some(Ok(Message::Binary(_))) => {}
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4000);
}

#[tokio::test]
async fn joining_has_a_rate_for_each_address() {
    let relay = relay(|config| (config.joins_per_minute, config.joins_burst) = (1, 3)).await;
    let mut a = Client::connect(relay.address()).await;
    // What is malformed does not count; what is refused does.
    a.send(join("short", 1, 0)).await;
    assert_eq!(a.next_error().await, "E005");
    for _ in 0..3 {
        a.send(join(&room_id(), 1, 0)).await;
        assert_eq!(a.next_error().await, "E001");
    }
    let mut b = Client::connect(relay.address()).await;
    b.send(create(&room_id(), 1)).await;
    let Frame::ErrorFrame(error) = b.next().await else {
        panic!()
    };
    assert_eq!((error.code.as_str(), error.n), ("E004", None));
    assert!(
        matches!(error.retry_after, Some(30_000..=61_000)),
        "{:?}",
        error.retry_after
    );
}

#[tokio::test]
async fn windows_have_a_rate_of_their_own() {
    let relay = relay(|config| (config.windows_per_second, config.windows_burst) = (1, 2)).await;
    let room = room_id();
    let (mut a, id_a) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, _) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    for limit in 1..=4 {
        b.send(Window {
            to: id_a.clone(),
            stream: 1,
            delivered: 0,
            limit,
            rewind: false,
        })
        .await;
    }
    let Frame::ErrorFrame(error) = b.next().await else {
        panic!()
    };
    assert_eq!((error.code.as_str(), error.n), ("E004", None));
    for limit in 1..=2 {
        assert!(matches!(a.next().await, Frame::WindowFrom(window) if window.limit == limit));
    }
    assert_eq!(
        b.post(post(1, b"x")).await.seq,
        1,
        "told once, and posts have another rate"
    );
    a.next_posted().await;
}

#[tokio::test]
async fn an_address_has_a_number_of_connections() {
    let relay = relay(|config| config.max_connections_per_ip = 2).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    let _b = Client::connect(relay.address()).await;
    assert_eq!(crate::http::upgrade_status(relay.address(), "").await, 429);
    a.send(Leave {}).await;
    assert_eq!(a.close_code().await, 1000);
    until(&relay, |stats| stats.connections == 1).await;
    // The count falls a moment after the connection is gone.
    eventually(async || crate::http::upgrade_status(relay.address(), "").await == 101).await;
}

#[tokio::test]
async fn the_relay_has_a_number_of_connections() {
    let relay = relay(|config| config.max_connections = 1).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    let connects = async || {
        let stream = tokio::net::TcpStream::connect(relay.address()).await.unwrap();
        let address = format!("ws://{}/ws", relay.address());
        tokio_tungstenite::client_async(address, stream).await.is_ok()
    };
    assert!(!connects().await);
    a.send(Leave {}).await;
    assert_eq!(a.close_code().await, 1000);
    drop(a);
    eventually(connects).await;
}

/// A message of noise: random bytes, or a good frame with some bytes changed, cut or added.
fn noise(random: &mut StdRng, room: &str) -> Vec<u8> {
    let frames: [Frame; 7] = [
        create(room, 1).into(),
        join(room, 1, 3).into(),
        post(random.random(), b"some text").into(),
        Post {
            transient: true,
            ..post(random.random(), b"")
        }
        .into(),
        bulk(&[&hushroom::frame::RelayId("0a0a0a0a".into())], 9, 300).into(),
        Window {
            to: hushroom::frame::RelayId("0a0a0a0a".into()),
            stream: 0,
            delivered: 1,
            limit: 2,
            rewind: true,
        }
        .into(),
        Leave {}.into(),
    ];
    let mut bytes = match random.random_range(0..8) {
        7 => {
            let mut bytes = vec![0; random.random_range(0..200)];
            random.fill_bytes(&mut bytes);
            bytes
        }
        index => frames[index].encode().unwrap(),
    };
    for _ in 0..random.random_range(0..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.random()),
            _ => bytes[at] = random.random(),
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_never_hurts_the_relay() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..60 {
        let mut noisy = Client::connect(relay.address()).await;
        for _ in 0..60 {
            let message = match random.random_range(0..40) {
                0 => Message::Text("noise".into()),
                1 => Message::Ping(vec![1; 20].into()),
                _ => Message::Binary(noise(&mut random, &room).into()),
            };
            if noisy.try_send(message).await.is_err() {
                break;
            }
        }
    }
    assert_eq!(a.post(post(1, b"still here")).await.seq, 1);
    until(&relay, |stats| stats.connections == 1).await;
}

#[tokio::test]
async fn bytes_that_are_no_websocket_never_hurt_the_relay() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let relay = relay(|_| {}).await;
    let mut random = StdRng::seed_from_u64(8);
    for round in 0..40 {
        let mut stream = tokio::net::TcpStream::connect(relay.address()).await.unwrap();
        if round % 2 == 0 {
            let head = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
        }
        let mut bytes = vec![0; random.random_range(1..2000)];
        random.fill_bytes(&mut bytes);
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    }
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    assert_eq!(a.post(post(1, b"still here")).await.seq, 1);
    until(&relay, |stats| stats.connections == 1).await;
}
