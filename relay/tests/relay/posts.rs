//! Posts: who gets them, in what order, and how often.

use hushroom::frame::{Bin, Frame, Post, RelayId, MAX_FRAME_BYTES};

use crate::support::{create, post, relay, room_id, Client};

#[tokio::test]
async fn everybody_else_gets_a_post_once_and_in_order() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, id_a) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let (mut c, _) = Client::enter(relay.address(), &room, 3).await;
    a.next().await;
    b.next().await;
    for n in 1..=20 {
        let accepted = a.post(post(n, &n.to_be_bytes())).await;
        assert_eq!((accepted.n, accepted.seq), (n, u64::from(n)));
        assert!(accepted.t > 1_600_000_000_000);
    }
    b.send(post(1, b"b")).await;
    for n in 1..=20_u32 {
        for other in [&mut b, &mut c] {
            let posted = other.next_posted().await;
            assert_eq!((posted.seq, &posted.from), (u64::from(n), &id_a));
            assert_eq!(posted.body, Bin::from(n.to_be_bytes().to_vec()));
        }
    }
    assert!(matches!(b.next().await, Frame::Accepted(accepted) if accepted.n == 1 && accepted.seq == 21));
    for other in [&mut a, &mut c] {
        let posted = other.next_posted().await;
        assert_eq!((posted.seq, posted.from), (21, id_b.clone()), "one count for the room");
    }
}

#[tokio::test]
async fn a_post_can_have_addressees() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, id_a) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, id_b) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let (mut c, id_c) = Client::enter(relay.address(), &room, 3).await;
    a.next().await;
    b.next().await;
    let to_c = Post {
        to: vec![id_c.clone(), id_c.clone(), RelayId("nobody".into()), id_a.clone()],
        ..post(1, b"for c")
    };
    assert_eq!(a.post(to_c).await.seq, 1);
    let to_b = Post {
        to: vec![id_b],
        ..post(2, b"for b")
    };
    assert_eq!(a.post(to_b).await.seq, 2);
    let to_nobody = Post {
        to: vec![id_a],
        ..post(3, b"for nobody")
    };
    assert_eq!(a.post(to_nobody).await.seq, 3);
    let posted = c.next_posted().await;
    assert_eq!((posted.seq, posted.body), (1, b"for c".to_vec().into()));
    assert_eq!(b.next_posted().await.seq, 2);
    c.expect_nothing_before_post_of(&mut b, 1).await;
}

#[tokio::test]
async fn a_repeated_post_is_accepted_but_not_sent_again() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, _) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    assert_eq!(a.post(post(5, b"x")).await.seq, 1);
    for n in [5, 4, 1, 0] {
        let accepted = a.post(post(n, b"again")).await;
        assert_eq!((accepted.n, accepted.seq), (n, 0));
    }
    assert_eq!(b.next_posted().await.seq, 1);
    b.expect_nothing_before_post_of(&mut a, 100).await;
}

#[tokio::test]
async fn a_transient_post_has_no_number() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, _) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    let typing = Post {
        transient: true,
        ..post(1, b"typing")
    };
    assert_eq!(a.post(typing).await.seq, 0);
    assert_eq!(a.post(post(2, b"text")).await.seq, 1);
    let posted = b.next_posted().await;
    assert_eq!((posted.seq, posted.body), (0, b"typing".to_vec().into()));
    assert_eq!(b.next_posted().await.seq, 1);
}

#[tokio::test]
async fn above_the_rate_posts_are_refused_and_none_is_lost_or_out_of_order() {
    let relay = relay(|config| (config.posts_per_second, config.posts_burst) = (20, 3)).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let (mut b, _) = Client::enter(relay.address(), &room, 2).await;
    a.next().await;
    for n in 1..=6 {
        a.send(post(n, &n.to_be_bytes())).await;
    }
    for n in 1..=3 {
        assert!(matches!(a.next().await, Frame::Accepted(accepted) if accepted.n == n));
    }
    for n in 4..=6 {
        let Frame::ErrorFrame(error) = a.next().await else {
            panic!("n = {n}")
        };
        assert_eq!((error.code.as_str(), error.n), ("E004", Some(n)));
        assert!(matches!(error.retry_after, Some(1..=60)), "{:?}", error.retry_after);
    }
    // The rate would allow a later one by now and then, but the first that was refused has to come first.
    for n in 4..=6 {
        loop {
            a.send(post(n, &n.to_be_bytes())).await;
            match a.next().await {
                Frame::Accepted(accepted) => {
                    assert_eq!((accepted.n, accepted.seq), (n, u64::from(n)));
                    break;
                }
                Frame::ErrorFrame(error) => assert_eq!(error.n, Some(n)),
                other => panic!("{other:?}"),
            }
            if n < 6 {
                a.send(post(n + 1, b"too early")).await;
                let Frame::ErrorFrame(error) = a.next().await else {
                    panic!("n = {n}")
                };
                assert_eq!(error.n, Some(n + 1));
            }
        }
    }
    for n in 1..=6_u32 {
        let posted = b.next_posted().await;
        assert_eq!(
            (posted.seq, posted.body),
            (u64::from(n), n.to_be_bytes().to_vec().into())
        );
    }
}

#[tokio::test]
async fn a_refused_transient_post_holds_nothing_up() {
    let relay = relay(|config| (config.posts_per_second, config.posts_burst) = (20, 1)).await;
    let (mut a, _) = Client::enter(relay.address(), &room_id(), 1).await;
    assert_eq!(a.post(post(1, b"x")).await.seq, 1);
    let typing = Post {
        transient: true,
        ..post(2, b"typing")
    };
    a.send(typing).await;
    assert_eq!(a.next_error().await, "E004");
    loop {
        a.send(post(3, b"x")).await;
        match a.next().await {
            Frame::Accepted(accepted) => break assert_eq!(accepted.seq, 2),
            Frame::ErrorFrame(error) => assert_eq!(error.n, Some(3)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(relay.stats().posts_total, 2);
}

#[tokio::test]
async fn the_largest_post_passes_and_a_larger_one_is_refused() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    let mut b = Client::connect(relay.address()).await;
    b.enter_with(create(&room, 2)).await;
    a.next().await;
    let body = vec![9; MAX_FRAME_BYTES - 100];
    assert_eq!(a.post(post(1, &body)).await.seq, 1);
    assert_eq!(b.next_posted().await.body, Bin::from(body));
    // It comes in, but what would go out is a few bytes longer.
    a.send(post(2, &vec![9; MAX_FRAME_BYTES - 40])).await;
    assert_eq!(a.next_error().await, "E022");
    assert_eq!(a.close_code().await, 1009);
}
