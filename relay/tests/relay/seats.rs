//! Rooms for two.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use hushroom::frame::{Create, FixedBin, Frame, Join, Leave, MemberJoined, MemberLeft};
use hushroom_relay::Relay;
use sha2::{Digest, Sha256};

use crate::support::{create, join, post, relay, room_id, until, Client};

fn hash(seat: u8) -> FixedBin<32> {
    FixedBin(Sha256::digest([seat; 32]).into())
}

/// The holder of `seat` makes the room, and knows of the seats `known`.
fn make(room: &str, seat: u8, known: &[u8]) -> Create {
    Create {
        max_members: 2,
        seat: Some(vec![seat; 32].into()),
        seats: known.iter().map(|seat| hash(*seat)).collect(),
        ..create(room, seat)
    }
}

fn take(room: &str, seat: u8, resume: u8) -> Join {
    Join {
        seat: Some(vec![seat; 32].into()),
        ..join(room, resume, 0)
    }
}

/// Seats 1 and 2 are taken and present.
async fn pair(relay: &Relay) -> (String, Client, Client) {
    let room = room_id();
    let mut a = Client::connect(relay.address()).await;
    let made = a.enter_with(make(&room, 1, &[1])).await;
    assert_eq!((made.members.len(), made.max_members), (1, 2));
    let mut b = Client::connect(relay.address()).await;
    assert_eq!(b.enter_with(take(&room, 2, 2)).await.members.len(), 2);
    assert!(matches!(a.next().await, Frame::MemberJoined(_)));
    (room, a, b)
}

/// However a third asks.
async fn refuses_thirds(address: SocketAddr, room: &str) {
    let mut c = Client::connect(address).await;
    for frame in [
        Frame::from(take(room, 3, 3)),
        // With the resume tokens of the others, which are not the seats.
        take(room, 3, 1).into(),
        take(room, 3, 2).into(),
        make(room, 3, &[]).into(),
        make(room, 3, &[1]).into(),
        join(room, 3, 0).into(),
        create(room, 3).into(),
    ] {
        c.send(frame).await;
        assert_eq!(c.next_error().await, "E026");
    }
    c.send(Join {
        auth: vec![9; 32].into(),
        ..take(room, 3, 3)
    })
    .await;
    assert_eq!(c.next_error().await, "E020", "who has no code learns nothing");
}

#[tokio::test]
async fn the_code_of_a_room_for_two_is_dead_after_its_first_use() {
    let relay = relay(|config| config.grace_seconds = Duration::from_millis(300).into()).await;
    let (room, mut a, b) = pair(&relay).await;
    refuses_thirds(relay.address(), &room).await;
    drop(b);
    until(&relay, |stats| stats.connections == 1).await;
    refuses_thirds(relay.address(), &room).await;
    assert!(matches!(a.next().await, Frame::MemberLeft(_)), "its place is given up");
    refuses_thirds(relay.address(), &room).await;
    let mut b = Client::connect(relay.address()).await;
    assert!(!b.enter_with(take(&room, 2, 20)).await.resumed);
    b.send(Leave {}).await;
    assert_eq!(b.close_code().await, 1000);
    refuses_thirds(relay.address(), &room).await;
    let mut b = Client::connect(relay.address()).await;
    assert_eq!(
        b.enter_with(take(&room, 2, 21)).await.members.len(),
        2,
        "a seat is for ever"
    );
    for _ in 0..3 {
        assert!(matches!(a.next().await, Frame::MemberJoined(_) | Frame::MemberLeft(_)));
    }
    a.send(Leave {}).await;
    assert_eq!(a.close_code().await, 1000);
    refuses_thirds(relay.address(), &room).await;
    assert!(matches!(b.next().await, Frame::MemberLeft(_)));
    b.send(Leave {}).await;
    assert_eq!(b.close_code().await, 1000);
    until(&relay, |stats| stats.rooms == 0).await;
    let mut c = Client::connect(relay.address()).await;
    c.send(take(&room, 3, 3)).await;
    assert_eq!(c.next_error().await, "E001");
}

#[tokio::test]
async fn of_two_who_come_in_the_same_moment_one_gets_in() {
    let relay = relay(|_| {}).await;
    for _ in 0..10 {
        let room = room_id();
        let mut a = Client::connect(relay.address()).await;
        a.enter_with(make(&room, 1, &[1])).await;
        let knocks = (2..10).map(|seat| {
            let room = room.clone();
            let address = relay.address();
            async move {
                let mut client = Client::connect(address).await;
                client.send(take(&room, seat, seat)).await;
                let answer = client.next().await;
                // The place must not be given up before all are through.
                (client, answer)
            }
        });
        let answers = join_all(knocks).await;
        let inside = answers
            .iter()
            .filter(|(_, answer)| matches!(answer, Frame::RoomJoined(_)));
        assert_eq!(inside.count(), 1);
        let refused = answers
            .iter()
            .filter(|(_, answer)| matches!(answer, Frame::ErrorFrame(error) if error.code == "E026"));
        assert_eq!(refused.count(), 7);
    }
}

#[tokio::test]
async fn a_connection_that_drops_gets_its_place_back() {
    let relay = relay(|_| {}).await;
    let (room, mut a, b) = pair(&relay).await;
    drop(b);
    until(&relay, |stats| stats.connections == 1).await;
    a.post(post(1, b"meanwhile")).await;
    let mut b = Client::connect(relay.address()).await;
    assert!(b.enter_with(take(&room, 2, 2)).await.resumed);
    assert_eq!(b.next_posted().await.body.0, b"meanwhile");
    // As members come back: with Create, and with all they know.
    drop(b);
    until(&relay, |stats| stats.connections == 1).await;
    let mut b = Client::connect(relay.address()).await;
    let again = Create {
        seen: 1,
        ..make(&room, 2, &[2, 1])
    };
    assert!(b.enter_with(again).await.resumed);
    b.expect_nothing_before_post_of(&mut a, 2).await;
}

#[tokio::test]
async fn a_device_that_starts_anew_takes_the_place_of_its_older_start() {
    let relay = relay(|_| {}).await;
    let (room, mut a, mut b) = pair(&relay).await;
    let mut again = Client::connect(relay.address()).await;
    let joined = again.enter_with(take(&room, 2, 22)).await;
    assert_eq!((joined.members.len(), joined.resumed), (2, false));
    assert_eq!(b.next_error().await, "E025");
    assert_eq!(b.close_code().await, 4011);
    let Frame::MemberLeft(MemberLeft { id: old }) = a.next().await else {
        panic!()
    };
    let Frame::MemberJoined(MemberJoined(new)) = a.next().await else {
        panic!()
    };
    assert_ne!(old, new.id);
    a.post(post(1, b"x")).await;
    assert_eq!(again.next_posted().await.body.0, b"x");
    // The maker's seat is no other.
    drop(a);
    until(&relay, |stats| stats.connections == 1).await;
    let mut a = Client::connect(relay.address()).await;
    assert_eq!(a.enter_with(take(&room, 1, 11)).await.members.len(), 2);
    assert!(matches!(again.next().await, Frame::MemberLeft(_)));
    refuses_thirds(relay.address(), &room).await;
}

#[tokio::test]
async fn a_resume_token_gives_nobody_the_place_of_another_seat() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let mut a = Client::connect(relay.address()).await;
    a.enter_with(make(&room, 1, &[1])).await;
    let mut b = Client::connect(relay.address()).await;
    let joined = b.enter_with(take(&room, 2, 1)).await;
    assert_eq!((joined.members.len(), joined.resumed), (2, false));
    assert!(matches!(a.next().await, Frame::MemberJoined(_)));
}

#[tokio::test]
async fn a_relay_that_has_lost_the_room_gives_both_their_seats_back() {
    for (first, second) in [(1, 2), (2, 1)] {
        let relay = relay(|_| {}).await;
        let room = room_id();
        let mut c = Client::connect(relay.address()).await;
        c.send(take(&room, 3, 3)).await;
        assert_eq!(c.next_error().await, "E001");
        let mut a = Client::connect(relay.address()).await;
        a.enter_with(make(&room, first, &[first, second])).await;
        refuses_thirds(relay.address(), &room).await;
        let mut b = Client::connect(relay.address()).await;
        assert_eq!(
            b.enter_with(make(&room, second, &[first, second])).await.members.len(),
            2
        );
        refuses_thirds(relay.address(), &room).await;
    }
}

#[tokio::test]
async fn malformed_seats_are_refused() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let mut a = Client::connect(relay.address()).await;
    let three = Create {
        seats: vec![hash(1), hash(2), hash(3)],
        ..make(&room, 1, &[])
    };
    for frame in [
        Frame::from(Create {
            max_members: 3,
            ..make(&room, 1, &[])
        }),
        Create {
            max_members: 0,
            ..make(&room, 1, &[])
        }
        .into(),
        Create {
            seat: Some(vec![1; 31].into()),
            ..make(&room, 1, &[])
        }
        .into(),
        make(&room, 1, &[2, 3]).into(),
        three.into(),
        Join {
            seat: Some(vec![1; 33].into()),
            ..join(&room, 1, 0)
        }
        .into(),
    ] {
        a.send(frame).await;
        assert_eq!(a.next_error().await, "E005");
    }
    a.enter_with(make(&room, 1, &[])).await;
    let mut b = Client::connect(relay.address()).await;
    for frame in [Frame::from(join(&room, 2, 0)), create(&room, 2).into()] {
        b.send(frame).await;
        assert_eq!(b.next_error().await, "E005", "a code without its last part");
    }
    // That has not used it.
    assert_eq!(b.enter_with(take(&room, 2, 2)).await.members.len(), 2);
}

#[tokio::test]
async fn rooms_that_were_made_without_seats_know_none() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (_a, _) = Client::enter(relay.address(), &room, 1).await;
    let mut b = Client::connect(relay.address()).await;
    assert_eq!(b.enter_with(take(&room, 2, 2)).await.max_members, 50);
    let mut c = Client::connect(relay.address()).await;
    assert_eq!(c.enter_with(make(&room, 3, &[1])).await.members.len(), 3);
}
