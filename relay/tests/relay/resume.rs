//! Places of dropped connections.

use std::time::Duration;

use hushroom::frame::{Create, Frame, Join, MemberLeft, Post, RelayId};
use hushroom_relay::Relay;

use crate::support::{create, join, post, relay, room_id, until, Client};

/// A room of two, whose second member (resume token 2) has just dropped.
async fn room_with_a_held_place(relay: &Relay) -> (String, Client, RelayId) {
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    drop(b);
    until(relay, |stats| stats.connections == 1).await;
    (room, a, id_b)
}

#[tokio::test]
async fn a_dropped_connection_gets_its_place_and_every_post_back() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, id_a) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let (mut c, id_c) = Client::enter(relay.address(), &room, 3).await;
    a.next().await;
    b.next().await;
    a.post(post(1, b"1")).await;
    assert_eq!(b.next_posted().await.seq, 1);
    b.post(post(40, b"2")).await;
    a.next().await;
    a.post(post(2, b"3")).await;
    drop(b);
    until(&relay, |stats| stats.connections == 2).await;
    a.post(Post {
        to: vec![id_c.clone()],
        ..post(3, b"4, not for b")
    })
    .await;
    a.post(Post {
        transient: true,
        ..post(4, b"typing")
    })
    .await;
    a.post(Post {
        to: vec![id_b.clone()],
        ..post(5, b"5, for b")
    })
    .await;
    a.post(post(6, b"6")).await;

    let mut b = Client::connect(relay.address()).await;
    let joined = b.enter_with(join(&room, 2, 1)).await;
    assert_eq!((joined.resumed, joined.accepted), (true, 40));
    let members: Vec<_> = joined.members.into_iter().map(|member| member.id).collect();
    assert_eq!(members, [id_a, id_c, id_b.clone()], "who enters is last");
    let mut seqs = Vec::new();
    for _ in 0..3 {
        seqs.push(b.next_posted().await.seq);
    }
    assert_eq!(seqs, [3, 5, 6]);
    assert_eq!(b.post(post(40, b"2")).await.seq, 0, "was accepted before");
    assert_eq!(b.post(post(41, b"7")).await.seq, 7);

    // The others noticed nothing but the posts.
    for (client, expected) in [(&mut c, &[1, 2, 3, 4, 0, 6, 7][..]), (&mut a, &[7])] {
        for seq in expected {
            assert_eq!(client.next_posted().await.seq, *seq);
        }
    }
    assert_eq!(relay.stats().resumed_total, 1);
}

#[tokio::test]
async fn a_place_can_be_taken_over_from_a_connection_that_seems_alive() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (mut old, id) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    a.post(post(1, b"x")).await;
    old.next_posted().await;
    let mut new = Client::connect(relay.address()).await;
    let joined = new.enter_with(create(&room, 2)).await;
    assert!(joined.resumed);
    assert_eq!(joined.members.last().unwrap().id, id);
    assert_eq!(new.next_posted().await.seq, 1, "it said that it has seen nothing");
    assert_eq!(old.next_error().await, "E025");
    assert_eq!(old.close_code().await, 4011);
    until(&relay, |stats| stats.connections == 2).await;
    // The end of the old connection must not touch the place.
    a.post(post(2, b"y")).await;
    assert_eq!(new.next_posted().await.seq, 2);
    new.expect_nothing_before_post_of(&mut a, 3).await;
    assert_eq!(relay.stats().members, 2);
}

#[tokio::test]
async fn posts_from_before_a_member_came_are_not_for_it() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (gone, _) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    a.post(post(1, b"early")).await;
    let (b, _) = Client::enter(relay.address(), &room, 3).await;
    a.next().await;
    a.post(post(2, b"late")).await;
    drop(b);
    let mut b = Client::connect(relay.address()).await;
    assert!(b.enter_with(join(&room, 3, 0)).await.resumed);
    assert_eq!(b.next_posted().await.seq, 2);
    drop(gone);
}

#[tokio::test]
async fn after_the_grace_time_the_others_are_told() {
    let relay = relay(|config| config.grace_seconds = Duration::from_millis(100).into()).await;
    let (room, mut a, id_b) = room_with_a_held_place(&relay).await;
    assert_eq!(a.next().await, MemberLeft { id: id_b.clone() }.into());
    let mut b = Client::connect(relay.address()).await;
    let joined = b.enter_with(join(&room, 2, 0)).await;
    assert!(!joined.resumed);
    assert_ne!(joined.members.last().unwrap().id, id_b);
    a.next().await;
    drop((a, b));
    until(&relay, |stats| (stats.rooms, stats.members) == (0, 0)).await;
}

#[tokio::test]
async fn where_the_ring_does_not_reach_back_one_enters_anew() {
    let relay = relay(|_| {}).await;
    let (room, mut a, id_b) = room_with_a_held_place(&relay).await;
    for n in 1..=1025 {
        a.post(post(n, b"x")).await;
    }
    let mut b = Client::connect(relay.address()).await;
    let joined = b.enter_with(join(&room, 2, 0)).await;
    assert_eq!((joined.resumed, joined.accepted, joined.members.len()), (false, 0, 2));
    let id = joined.members.last().unwrap().id.clone();
    assert_eq!(a.next().await, MemberLeft { id: id_b }.into());
    assert!(matches!(a.next().await, Frame::MemberJoined(joined) if joined.0.id == id));
    b.expect_nothing_before_post_of(&mut a, 2000).await;
}

#[tokio::test]
async fn a_full_ring_still_reaches_back_to_its_oldest() {
    let relay = relay(|_| {}).await;
    let (room, mut a, id_b) = room_with_a_held_place(&relay).await;
    // Posts for others take room in the ring too, but losing them is no loss for this place.
    let (_c, id_c) = Client::enter(relay.address(), &room, 3).await;
    a.next().await;
    for n in 1..=500 {
        a.post(Post {
            to: vec![id_c.clone()],
            ..post(n, b"x")
        })
        .await;
    }
    for n in 501..=1524 {
        a.post(Post {
            to: vec![id_b.clone()],
            ..post(n, b"x")
        })
        .await;
    }
    let mut b = Client::connect(relay.address()).await;
    assert!(b.enter_with(join(&room, 2, 0)).await.resumed);
    for seq in 501..=1524 {
        assert_eq!(b.next_posted().await.seq, seq);
    }
}

#[tokio::test]
async fn who_has_seen_more_than_there_was_comes_from_another_time() {
    let relay = relay(|_| {}).await;
    let (room, mut a, _) = room_with_a_held_place(&relay).await;
    a.post(post(1, b"x")).await;
    let mut b = Client::connect(relay.address()).await;
    assert!(!b.enter_with(join(&room, 2, 500)).await.resumed);
}

#[tokio::test]
async fn a_held_place_counts_and_is_not_given_to_others() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let mut a = Client::connect(relay.address()).await;
    a.enter_with(Create {
        max_members: 2,
        ..create(&room, 1)
    })
    .await;
    let (b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    drop(b);
    until(&relay, |stats| stats.connections == 1).await;
    let mut c = Client::connect(relay.address()).await;
    c.send(join(&room, 3, 0)).await;
    assert_eq!(c.next_error().await, "E002");
    c.send(Join {
        auth: vec![9; 32].into(),
        ..join(&room, 2, 0)
    })
    .await;
    assert_eq!(c.next_error().await, "E020", "the resume token alone is not enough");
    let joined = c.enter_with(join(&room, 2, 0)).await;
    assert!(joined.resumed);
    assert_eq!(joined.members.last().unwrap().id, id_b);
}

#[tokio::test]
async fn a_room_lives_on_in_its_held_places() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    a.post(post(3, b"x")).await;
    drop(a);
    until(&relay, |stats| stats.connections == 0).await;
    assert_eq!((relay.stats().rooms, relay.stats().members), (1, 1));
    let mut a = Client::connect(relay.address()).await;
    let joined = a.enter_with(join(&room, 1, 0)).await;
    assert_eq!((joined.resumed, joined.accepted), (true, 3));
}

#[tokio::test]
async fn who_is_too_slow_for_text_is_closed_and_loses_nothing() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let mut slow = Client::connect_narrow(relay.address()).await;
    slow.enter_with(create(&room, 2)).await;
    a.next().await;
    const POSTS: u32 = 60;
    for n in 1..=POSTS {
        a.post(post(n, &vec![u8::try_from(n).unwrap(); 16_000])).await;
    }
    assert_eq!(relay.stats().too_slow_total, 1);
    let mut seen = 0;
    let code = loop {
        match slow.next_message().await {
            Some(Ok(message)) if message.is_binary() => {
                let Ok(Frame::Posted(posted)) = Frame::decode(&message.into_data()) else {
                    panic!()
                };
                assert_eq!(posted.seq, seen + 1);
                seen = posted.seq;
            }
            Some(Ok(tokio_tungstenite::tungstenite::Message::Close(Some(frame)))) => break u16::from(frame.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4009);
    assert!(seen < u64::from(POSTS));
    let mut again = Client::connect(relay.address()).await;
    let joined = again.enter_with(join(&room, 2, seen)).await;
    assert!(joined.resumed);
    for seq in seen + 1..=u64::from(POSTS) {
        let posted = again.next_posted().await;
        assert_eq!(posted.seq, seq);
        assert_eq!(posted.body.0, vec![u8::try_from(seq).unwrap(); 16_000]);
    }
    again.expect_nothing_before_post_of(&mut a, 1000).await;
}
