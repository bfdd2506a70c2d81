//! How Arthas rooms and connections end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hushroom::frame::{
    arthas::{ArthasFrame, CreateRoom, RelayFileCancel, RelayMessage, SYSTEM_SENDER},
    Pong, RoomClosed,
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    arthas::{create_room, join_room, message, meta},
    eventually, relay, until, Client,
};

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn an_expiring_room_warns_closes_and_is_remembered() {
    let relay = relay(|config| config.expired_seconds = Duration::from_millis(700).into()).await;
    let mut a = Client::connect(relay.address()).await;
    let (created, joined) = a
        .make(CreateRoom {
            expiry: 2,
            ..create_room("A")
        })
        .await;
    assert_eq!(created.expires_at, joined.expires_at);
    assert!((2..=3).contains(&created.expires_at.saturating_sub(unix_seconds())));
    let room = created.room_id;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    b.say(meta("t")).await;
    assert!(matches!(a.hear().await, ArthasFrame::RelayFileMeta(_)));

    let warning = a.hear_message().await;
    assert!(
        (1000..=2000).contains(&(created.expires_at * 1000 - warning.t)),
        "{}",
        warning.t
    );
    assert_eq!(warning.t % 1000, 0);
    let expected = RelayMessage {
        sender_id: hushroom::frame::RelayId(SYSTEM_SENDER.into()),
        sender_name: "System".into(),
        iv: String::new(),
        ciphertext: "__SYSTEM_EXPIRY_WARNING__".into(),
        t: warning.t,
    };
    assert_eq!(warning, expected);
    assert_eq!(b.hear_message().await, expected);

    let ArthasFrame::RelayFileCancel(RelayFileCancel(cancelled)) = a.hear().await else {
        panic!()
    };
    assert_eq!((cancelled.sender_id.0, cancelled.transfer_id.as_str()), (id_b, "t"));
    for client in [&mut a, &mut b] {
        assert_eq!(
            client.hear().await,
            RoomClosed {
                reason: "expired".into()
            }
            .into()
        );
    }
    assert!(unix_seconds() >= created.expires_at);
    // The connections are still there, in no room.
    a.say(message("x")).await;
    let error = a.hear_error().await;
    assert_eq!(
        (error.code.as_str(), error.msg.as_str()),
        ("E003", "room no longer exists")
    );
    a.say(message("x")).await;
    assert_eq!(a.hear_error().await.msg, "not in a room");
    a.say(join_room(&room, "A")).await;
    let error = a.hear_error().await;
    assert_eq!((error.code.as_str(), error.msg.as_str()), ("E007", "room expired"));
    assert_eq!(relay.stats().members, 0);
    until(&relay, |stats| stats.rooms == 0).await;
    // Straight from an expired room into another.
    b.make(create_room("B")).await;
    a.say(join_room(&room, "A")).await;
    assert_eq!(a.hear_error().await.code, "E001");
}

#[tokio::test]
async fn an_expiry_is_brought_within_bounds() {
    let relay = relay(|_| {}).await;
    let mut a = Client::connect(relay.address()).await;
    for (expiry, lasts) in [
        (0, 0),
        (-1, 0),
        (i64::MIN, 0),
        (604_800, 604_800),
        (604_801, 604_800),
        (i64::MAX, 604_800),
    ] {
        let (created, _) = a
            .make(CreateRoom {
                expiry,
                ..create_room("A")
            })
            .await;
        match lasts {
            0 => assert_eq!(created.expires_at, 0),
            _ => assert!(created.expires_at.abs_diff(unix_seconds() + lasts) <= 2),
        }
        a.leave_room().await;
    }
}

#[tokio::test]
async fn pings_come_in_both_forms_in_a_room_and_outside() {
    let relay = relay(|config| {
        config.ping_seconds = Duration::from_millis(100).into();
        config.handshake_seconds = Duration::from_millis(300).into();
        config.idle_seconds = Duration::from_secs(1).into();
    })
    .await;
    let (mut a, _) = Client::host(relay.address()).await;
    a.leave_room().await;
    let (mut frames, mut pings) = (0, 0);
    // Longer than a connection may be silent, or be in no room if it has not spoken.
    while frames < 15 || pings < 15 {
        match a.next_message().await.unwrap().unwrap() {
            Message::Binary(bytes) => {
                let ArthasFrame::Ping(ping) = ArthasFrame::decode(&bytes).unwrap() else {
                    panic!()
                };
                a.say(Pong { t: ping.t }).await;
                frames += 1;
            }
            Message::Ping(_) => pings += 1,
            other => panic!("{other:?}"),
        }
    }
    a.make(create_room("A")).await;
}

#[tokio::test]
async fn outside_a_room_time_is_limited() {
    let relay = relay(|config| config.lobby_seconds = Duration::from_millis(300).into()).await;
    let (mut a, _) = Client::host(relay.address()).await;
    a.leave_room().await;
    assert_eq!(a.close_code().await, 4008);
}

#[tokio::test]
async fn a_client_that_waits_for_its_user_is_asked_and_may_wait() {
    let relay = relay(|config| config.handshake_seconds = Duration::from_secs(6).into()).await;
    let mut quiet = Client::connect(relay.address()).await;
    let mut waiting = Client::connect(relay.address()).await;
    let ArthasFrame::Ping(ping) = waiting.hear().await else {
        panic!()
    };
    waiting.say(Pong { t: ping.t }).await;
    assert!(matches!(quiet.hear().await, ArthasFrame::Ping(_)));
    assert_eq!(quiet.close_code().await, 4008);
    waiting.make(create_room("A")).await;
}

#[tokio::test]
async fn a_flood_of_messages_nobody_reads_closes_the_one_that_does_not_read() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let mut b = Client::connect_narrow(relay.address()).await;
    b.join(join_room(&room, "B")).await;
    a.hear().await;
    // Reactions, because messages have a rate. What the kernel holds has to be filled as well.
    let reaction = hushroom::frame::arthas::SendReaction {
        iv: "iv".into(),
        ciphertext: "r".repeat(100_000),
        n: None,
    };
    eventually(async || relay.stats().members == 2).await;
    while relay.stats().too_slow_total == 0 {
        a.say(reaction.clone()).await;
    }
    assert!(matches!(a.hear().await, ArthasFrame::MemberLeft(_)));
    until(&relay, |stats| stats.members == 1).await;
}

#[tokio::test]
async fn a_stopping_relay_tells_its_clients() {
    let relay = relay(|_| {}).await;
    let (mut a, _) = Client::host(relay.address()).await;
    let stop = tokio::spawn(relay.stop());
    assert_eq!(a.close_code().await, 1001);
    stop.await.unwrap();
}
