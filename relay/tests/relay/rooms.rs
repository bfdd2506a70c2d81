//! Entering and leaving.

use hushroom::frame::{Bin, Create, Frame, Join, Leave, Member, MemberJoined, MemberLeft, RelayId};

use crate::support::{create, join, post, relay, room_id, until, Client};

fn ids(members: &[Member]) -> Vec<&RelayId> {
    members.iter().map(|member| &member.id).collect()
}

#[tokio::test]
async fn who_enters_is_last_and_the_others_hear_of_it() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let mut a = Client::connect(relay.address()).await;
    let made = a.enter_with(create(&room, 1)).await;
    assert_eq!((made.members.len(), made.resumed, made.accepted), (1, false, 0));
    assert_eq!(
        (made.room_id.as_str(), made.max_members, made.expires_at),
        (&*room, 50, 0)
    );
    let id_a = &made.members[0].id;
    assert!(id_a.0.len() == 8 && id_a.0.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(
        (made.members[0].name.as_str(), made.members[0].color.as_str()),
        ("", "")
    );

    let mut b = Client::connect(relay.address()).await;
    let joined = b.enter_with(join(&room, 2, 0)).await;
    let id_b = joined.members[1].id.clone();
    assert_eq!(ids(&joined.members), [id_a, &id_b]);
    assert_eq!(a.next().await, MemberJoined(joined.members[1].clone()).into());

    let mut c = Client::connect(relay.address()).await;
    let joined = c.enter_with(create(&room, 3)).await;
    let id_c = joined.members[2].id.clone();
    assert_eq!(ids(&joined.members), [id_a, &id_b, &id_c]);
    for other in [&mut a, &mut b] {
        assert!(matches!(other.next().await, Frame::MemberJoined(MemberJoined(member)) if member.id == id_c));
    }

    b.send(Leave {}).await;
    assert_eq!(b.close_code().await, 1000);
    for other in [&mut a, &mut c] {
        assert_eq!(other.next().await, MemberLeft { id: id_b.clone() }.into());
    }
    assert_eq!(relay.stats().members, 2);
}

#[tokio::test]
async fn a_room_that_is_left_by_all_is_gone() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let (mut a, _) = Client::enter(relay.address(), &room, 1).await;
    assert_eq!((relay.stats().rooms, relay.stats().members), (1, 1));
    a.send(Leave {}).await;
    assert_eq!(a.close_code().await, 1000);
    until(&relay, |stats| {
        (stats.rooms, stats.members, stats.connections) == (0, 0, 0)
    })
    .await;
    let mut b = Client::connect(relay.address()).await;
    b.send(join(&room, 2, 0)).await;
    assert_eq!(b.next_error().await, "E001");
    // The same connection may try again.
    assert_eq!(b.enter_with(create(&room, 2)).await.members.len(), 1);
}

#[tokio::test]
async fn refusals_come_in_the_order_of_the_protocol() {
    let relay = relay(|config| config.max_rooms = 1).await;
    let room = room_id();
    let (_a, _) = Client::enter(relay.address(), &room, 1).await;
    let wrong = |change: fn(&mut Join)| {
        let mut frame = join(&room, 2, 0);
        change(&mut frame);
        frame
    };
    let mut b = Client::connect(relay.address()).await;
    for (frame, code) in [
        (wrong(|join| join.room_id.push('x')), "E005"),
        (wrong(|join| join.room_id.replace_range(..1, "+")), "E005"),
        (wrong(|join| join.auth = Bin(vec![1; 31])), "E005"),
        (wrong(|join| join.resume = Bin(vec![])), "E005"),
        (
            wrong(|join| (join.proto, join.auth) = ("hush2".into(), Bin(vec![1; 31]))),
            "E005",
        ),
        (wrong(|join| join.proto = "hush2".into()), "E024"),
        (wrong(|join| join.proto = String::new()), "E024"),
        (wrong(|join| join.room_id.replace_range(..1, "_")), "E001"),
        (wrong(|join| join.auth = Bin(vec![2; 32])), "E020"),
    ] {
        b.send(frame).await;
        assert_eq!(b.next_error().await, code);
    }
    for (frame, code) in [
        (
            Create {
                auth: Bin(vec![2; 32]),
                ..create(&room, 2)
            },
            "E020",
        ),
        (
            Create {
                max_members: 1,
                ..create(&room, 2)
            },
            "E005",
        ),
        (
            Create {
                max_members: 51,
                ..create(&room, 2)
            },
            "E005",
        ),
        (
            Create {
                expiry: 604_801,
                ..create(&room, 2)
            },
            "E005",
        ),
        (
            Create {
                expires_at: 1,
                ..create(&room_id(), 2)
            },
            "E007",
        ),
        (
            Create {
                expires_at: u64::MAX,
                ..create(&room_id(), 2)
            },
            "E005",
        ),
        (create(&room_id(), 2), "E021"),
    ] {
        b.send(frame).await;
        assert_eq!(b.next_error().await, code);
    }
    // What the room is made with counts only when it is made.
    let joined = b
        .enter_with(Create {
            expires_at: 1,
            max_members: 2,
            ..create(&room, 2)
        })
        .await;
    assert_eq!(
        (joined.members.len(), joined.max_members, joined.expires_at),
        (2, 50, 0)
    );
    b.send(create(&room, 2)).await;
    assert_eq!(b.next_error().await, "E005");
    b.send(join(&room_id(), 2, 0)).await;
    assert_eq!(b.next_error().await, "E005");
}

#[tokio::test]
async fn a_room_has_no_more_members_than_its_maker_said() {
    let relay = relay(|_| {}).await;
    let room = room_id();
    let mut a = Client::connect(relay.address()).await;
    a.enter_with(Create {
        max_members: 2,
        ..create(&room, 1)
    })
    .await;
    let (mut b, _) = Client::enter(relay.address(), &room, 2).await;
    let mut c = Client::connect(relay.address()).await;
    for _ in 0..2 {
        c.send(create(&room, 3)).await;
        assert_eq!(c.next_error().await, "E002");
    }
    b.send(Leave {}).await;
    assert_eq!(b.close_code().await, 1000);
    assert_eq!(c.enter_with(create(&room, 3)).await.members.len(), 2);
}

#[tokio::test]
async fn outside_a_room_nothing_can_be_sent() {
    let relay = relay(|_| {}).await;
    let mut a = Client::connect(relay.address()).await;
    a.send(post(7, b"x")).await;
    let Frame::ErrorFrame(error) = a.next().await else {
        panic!()
    };
    assert_eq!((error.code.as_str(), error.n), ("E003", Some(7)));
    a.send(crate::support::bulk(&[&RelayId("x".into())], 0, 10)).await;
    assert_eq!(a.next_error().await, "E003");
    a.send(hushroom::frame::Window {
        to: RelayId("x".into()),
        stream: 1,
        delivered: 0,
        limit: 1,
        rewind: false,
    })
    .await;
    assert_eq!(a.next_error().await, "E003");
    a.send(Leave {}).await;
    assert_eq!(a.next_error().await, "E003");
}

#[tokio::test]
async fn rooms_do_not_hear_each_other() {
    let relay = relay(|_| {}).await;
    let (one, two) = (room_id(), room_id());
    let (mut a, _) = Client::enter(relay.address(), &one, 1).await;
    let (mut b, _) = Client::enter(relay.address(), &two, 1).await;
    assert_eq!(a.post(post(1, b"x")).await.seq, 1);
    assert_eq!(b.post(post(1, b"y")).await.seq, 1);
    let (mut c, _) = Client::enter(relay.address(), &two, 2).await;
    b.next().await;
    c.expect_nothing_before_post_of(&mut b, 2).await;
}
