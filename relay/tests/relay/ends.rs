//! How rooms and connections end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hushroom::frame::{Create, Frame, Leave, Pong, RoomClosed};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{create, eventually, join, post, relay, room_id, until, Client};

fn millis(count: u64) -> hushroom_relay::Seconds {
    Duration::from_millis(count).into()
}

#[tokio::test]
async fn a_room_ends_when_it_expires() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut a = Client::connect(relay.address()).await;
    let made = a
        .enter_with(Create {
            expiry: 1,
            ..create(&room, 1)
        })
        .await;
    assert!(
        (now + 1..=now + 3).contains(&made.expires_at),
        "{} at {now}",
        made.expires_at
    );
    let mut b = Client::connect(relay.address()).await;
    assert_eq!(b.enter_with(join(&room, 2, 0)).await.expires_at, made.expires_at);
    a.next().await;
    for client in [&mut a, &mut b] {
        let expired = RoomClosed {
            reason: "expired".into(),
        };
        assert_eq!(client.next().await, expired.into());
        assert_eq!(client.close_code().await, 4010);
    }
    until(&relay, |stats| {
        (stats.rooms, stats.members, stats.connections) == (0, 0, 0)
    })
    .await;
    let mut c = Client::connect(relay.address()).await;
    c.send(join(&room, 3, 0)).await;
    assert_eq!(c.next_error().await, "E001");
    c.send(Create {
        expires_at: made.expires_at,
        ..create(&room, 3)
    })
    .await;
    assert_eq!(c.next_error().await, "E007");
    let later = made.expires_at + 100;
    let again = c
        .enter_with(Create {
            expires_at: later,
            ..create(&room, 3)
        })
        .await;
    assert_eq!(again.expires_at, later);
}

#[tokio::test]
async fn pings_come_and_a_pong_keeps_the_connection() {
    let relay = relay(|config| (config.ping_seconds, config.idle_seconds) = (millis(100), millis(1000))).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    for _ in 0..15 {
        match a.next().await {
            Frame::Ping(ping) => a.send(Pong { t: ping.t }).await,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn without_a_sign_of_life_the_connection_ends() {
    let relay = relay(|config| (config.ping_seconds, config.idle_seconds) = (millis(100), millis(350))).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    let mut pings = 0;
    let code = loop {
        match a.next_message().await {
            Some(Ok(Message::Binary(_))) => pings += 1,
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4008);
    assert!((1..=4).contains(&pings), "{pings}");
    assert_eq!(relay.stats().members, 1, "the place is held");
}

#[tokio::test]
async fn who_enters_no_room_is_closed() {
    let relay = relay(|config| config.handshake_seconds = millis(200)).await;
    let mut a = Client::connect(relay.address()).await;
    assert_eq!(a.close_code().await, 4008);
    // Neither a wrong frame nor silence after an attempt makes it last.
    let mut b = Client::connect(relay.address()).await;
    b.send(Pong { t: 1 }).await;
    b.send(join(&room_id(), 1, 0)).await;
    assert_eq!(b.next_error().await, "E001");
    assert_eq!(b.close_code().await, 4008);
}

#[tokio::test]
async fn who_talks_but_takes_nothing_is_dropped() {
    let relay = relay(|config| config.idle_seconds = millis(400)).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let mut deaf = Client::connect_narrow(relay.address()).await;
    deaf.enter_with(create(&room, 2)).await;
    a.next().await;
    for n in 1..=12 {
        a.post(post(n, &[0; 16_000])).await;
    }
    // Both keep talking; only one of them reads.
    let (a, deaf) = (Mutex::new(a), Mutex::new(deaf));
    eventually(async || {
        a.lock().await.send(Pong { t: 0 }).await;
        // Fails once the relay has given up.
        let _ = deaf.lock().await.try_send(Message::Ping(vec![].into())).await;
        relay.stats().connections == 1
    })
    .await;
    a.lock().await.send(Leave {}).await;
}

#[tokio::test]
async fn a_stopping_relay_tells_everybody_to_come_back() {
    let relay = relay(|_| {}).await;
    let address = relay.address();
    let room = room_id();
    let (mut a, _) = Client::enter(address, &room, 1).await;
    let mut b = Client::connect(address).await;
    let stop = tokio::spawn(relay.stop());
    for client in [&mut a, &mut b] {
        assert_eq!(client.close_code().await, 1001);
    }
    tokio::time::timeout(Duration::from_secs(4), stop)
        .await
        .unwrap()
        .unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_client_that_does_not_answer_cannot_keep_the_relay_from_stopping() {
    let relay = relay(|_| {}).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    let started = std::time::Instant::now();
    relay.stop().await;
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert_eq!(a.close_code().await, 1001);
}
