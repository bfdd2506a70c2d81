//! Arthas rooms: entering, talking, leaving.

use hushroom::frame::{
    arthas::{ArthasFrame, CreateRoom, JoinRoom, LeaveRoom, MemberTyping, RelayReaction, SendReaction, Typing},
    Accepted, Member, MemberJoined, MemberLeft, RelayId,
};

use crate::support::{
    arthas::{create_room, join_room, message},
    create, relay, room_id, until, Client,
};

/// SHA-256 of `hunter22`.
pub(crate) const HUNTER22: &str = "20d2fe5e369db54ec7090639a9dc30ec4d608604936239d39e2de07fda09eb0b";

/// `CreateRoom` of Alice, as Arthas' JavaScript writes it.
const CREATE_FROM_JS: &str =
    "82a47479706501a46461746184a46e616d65a5416c696365a870617373776f7264a0a9657068656d6572616c00a665787069727900";
const PONG_FROM_JS: &str = "82a47479706506a46461746181a174cf0000018cc251f400";

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The keys of a MessagePack map, in the order in which they are written, and of the map in its `data`.
fn keys(bytes: &[u8]) -> Vec<String> {
    let (_, data) = hushroom::frame::decode_any(bytes).unwrap();
    let hushroom::frame::Value::Map(entries) = data else {
        panic!()
    };
    entries.into_iter().map(|(key, _)| key).collect()
}

#[tokio::test]
async fn the_frames_of_arthas_are_understood_as_they_are() {
    let relay = relay(|_| {}).await;
    let mut alice = Client::connect(relay.address()).await;
    alice.send_bytes(hex(CREATE_FROM_JS)).await;
    let created = alice.next_bytes().await;
    assert_eq!(keys(&created), ["roomId", "expiresAt"]);
    let joined = alice.next_bytes().await;
    assert_eq!(
        keys(&joined),
        ["roomId", "members", "hasPassword", "ephemeral", "expiresAt", "receipts"]
    );
    let ArthasFrame::RoomCreated(created) = ArthasFrame::decode(&created).unwrap() else {
        panic!()
    };
    let ArthasFrame::RoomJoined(joined) = ArthasFrame::decode(&joined).unwrap() else {
        panic!()
    };
    assert_eq!(created.room_id, joined.room_id);
    assert!(created.room_id.len() == 21 && created.expires_at == 0 && joined.expires_at == 0);
    assert!(!joined.has_password && joined.ephemeral == 0 && joined.receipts);
    let [member] = &joined.members[..] else { panic!() };
    assert_eq!(member.name, "Alice");
    assert!(member.id.0.len() == 8 && member.id.0.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(
        member.color.len() == 7 && member.color.starts_with('#'),
        "{}",
        member.color
    );

    // A pong asks for nothing, and neither does what is not known.
    alice.send_bytes(hex(PONG_FROM_JS)).await;
    for kind in [0x00, 0x06, 0x0D, 0x10, 0x14, 0x20, 0x26, 0x2F, 0x40, 0x42, 0x7F] {
        alice
            .send_bytes(vec![
                0x82, 0xa4, b't', b'y', b'p', b'e', kind, 0xa4, b'd', b'a', b't', b'a', 0xc0,
            ])
            .await;
    }
    alice.say(LeaveRoom {}).await;
    // As Arthas' relay encodes it: E001 and its text, whatever the widths of the integers.
    alice.say(join_room("V1StGXR8_Z5jdHi6B-myT", "Alice")).await;
    let error = alice.next_bytes().await;
    assert_eq!(
        error[..],
        hex(
            "82a474797065cc17a46461746182a4636f6465a445303031a36d7367ae726f6f6d206e6f7420666f756e64"
                .replace("cc17", "17")
                .as_str()
        )[..]
    );
}

#[tokio::test]
async fn who_joins_is_last_and_the_others_hear_of_it() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let mut members: Vec<Member> = Vec::new();
    let mut clients = Vec::new();
    for count in 2..=50 {
        let mut client = Client::connect(relay.address()).await;
        // Names may be the same, and need not be anything that can be read.
        let name = if count == 2 {
            "\u{1F600}".repeat(20)
        } else {
            " \n ".to_owned()
        };
        let joined = client.join(join_room(&room, &name)).await;
        assert_eq!(joined.members.len(), count);
        let me = joined.members.last().unwrap();
        assert_eq!(me.name, name);
        assert!(!members.iter().any(|member| member.id == me.id));
        if count > 2 {
            assert_eq!(
                joined.members[..count - 1],
                members[..],
                "the others are in the order of joining"
            );
        }
        members = joined.members.clone();
        assert_eq!(a.hear().await, MemberJoined(me.clone()).into());
        clients.push(client);
    }
    let mut late = Client::connect(relay.address()).await;
    late.say(join_room(&room, "Late")).await;
    let error = late.hear_error().await;
    assert_eq!((error.code.as_str(), error.msg.as_str()), ("E002", "room is full"));
    assert_eq!(
        (relay.stats().rooms, relay.stats().arthas_rooms, relay.stats().members),
        (1, 1, 50)
    );

    drop(clients.pop());
    assert_eq!(
        a.hear().await,
        MemberLeft {
            id: members[49].id.clone()
        }
        .into()
    );
    assert_eq!(late.join(join_room(&room, "Late")).await.members.len(), 50);
}

#[tokio::test]
async fn messages_reactions_and_typing_go_to_the_others() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    let (mut c, _) = Client::guest(relay.address(), &room, &mut [&mut a, &mut b]).await;
    let id_b = RelayId(id_b);

    let mut numbered = message("PCCifr2R4CGvCfLn3YZaQaGl7lPSQX1MQT2GsUgd");
    numbered.n = Some(7);
    b.say(numbered.clone()).await;
    let ArthasFrame::Accepted(accepted) = b.hear().await else {
        panic!()
    };
    assert_eq!(
        accepted,
        Accepted {
            n: 7,
            seq: 0,
            t: accepted.t
        }
    );
    let heard = a.next_bytes().await;
    assert_eq!(keys(&heard), ["senderId", "senderName", "iv", "ciphertext", "t"]);
    assert_eq!(c.next_bytes().await, heard);
    let ArthasFrame::RelayMessage(heard) = ArthasFrame::decode(&heard).unwrap() else {
        panic!()
    };
    assert_eq!(
        (&heard.sender_id, heard.sender_name.as_str(), heard.t),
        (&id_b, "Guest", accepted.t)
    );
    assert_eq!((heard.iv, heard.ciphertext), (numbered.iv, numbered.ciphertext));

    // Without a number there is no receipt: what comes next is that of the reaction.
    b.say(message("x")).await;
    b.say(SendReaction {
        iv: "iv".into(),
        ciphertext: "r".into(),
        n: Some(8),
    })
    .await;
    assert!(matches!(b.hear().await, ArthasFrame::Accepted(accepted) if accepted.n == 8 && accepted.seq == 0));
    for other in [&mut a, &mut c] {
        assert_eq!(other.hear_message().await.ciphertext, "x");
        let ArthasFrame::RelayReaction(RelayReaction(reaction)) = other.hear().await else {
            panic!()
        };
        assert_eq!((&reaction.sender_id, reaction.ciphertext.as_str()), (&id_b, "r"));
    }

    let plain = |typing| Typing {
        typing,
        ..Typing::default()
    };
    let sealed = Typing {
        typing: None,
        iv: "AAECAwQFBgcICQoL".into(),
        ciphertext: "PCCiYrWMrHyve-P5xIwFOP-5w_WmLgWY7QkDUP4Qaw".into(),
    };
    for (sent, typing) in [
        (plain(Some(true)), Some(true)),
        (plain(Some(false)), Some(false)),
        (plain(None), Some(false)),
        (sealed, None),
    ] {
        b.say(sent.clone()).await;
        let expected = MemberTyping {
            id: id_b.clone(),
            typing,
            iv: sent.iv,
            ciphertext: sent.ciphertext,
        };
        assert_eq!(a.hear().await, expected.into());
    }
}

#[tokio::test]
async fn the_eleventh_message_in_ten_seconds_is_refused() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    for _ in 0..3 {
        // What is refused for another reason does not count.
        a.say(message("")).await;
        assert_eq!(a.hear_error().await.code, "E005");
    }
    for index in 0..10 {
        a.say(message(&index.to_string())).await;
    }
    for n in [None, Some(11)] {
        a.say(hushroom::frame::arthas::SendMessage { n, ..message("10") }).await;
        let error = a.hear_error().await;
        assert_eq!((error.code.as_str(), error.n), ("E004", n));
        assert!((1..=10_001).contains(&error.retry_after.unwrap()));
    }
    // Reactions and typing have a rate of their own.
    a.say(SendReaction {
        iv: "iv".into(),
        ciphertext: "r".into(),
        n: None,
    })
    .await;
    for index in 0..10 {
        assert_eq!(b.hear_message().await.ciphertext, index.to_string());
    }
    assert!(matches!(b.hear().await, ArthasFrame::RelayReaction(_)));
    // Another connection is not concerned.
    b.say(message("mine")).await;
    assert_eq!(a.hear_message().await.ciphertext, "mine");
}

#[tokio::test]
async fn leaving_has_no_answer_and_another_room_can_be_joined() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, id_b) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    b.leave_room().await;
    b.say(LeaveRoom {}).await;
    assert_eq!(
        a.hear().await,
        MemberLeft {
            id: RelayId(id_b.clone())
        }
        .into()
    );
    let joined = b.join(join_room(&room, "Again")).await;
    assert_eq!((joined.members.len(), joined.members[1].name.as_str()), (2, "Again"));
    assert!(matches!(a.hear().await, ArthasFrame::MemberJoined(_)));
    b.leave_room().await;
    assert!(matches!(a.hear().await, ArthasFrame::MemberLeft(_)));
    let (created, _) = b.make(create_room("Elsewhere")).await;
    assert_ne!(created.room_id, room);
    // The last one leaves, and the room is gone at once.
    a.leave_room().await;
    a.say(join_room(&room, "Back")).await;
    assert_eq!(a.hear_error().await.code, "E001");
    assert_eq!((relay.stats().arthas_rooms, relay.stats().members), (1, 1));
    drop(b);
    until(&relay, |stats| {
        (stats.arthas_rooms, stats.rooms, stats.members) == (0, 0, 0)
    })
    .await;
}

#[tokio::test]
async fn a_password_lets_in_and_cannot_be_guessed() {
    let relay = relay(|config| config.trust_proxy = true).await;
    let mut a = Client::connect(relay.address()).await;
    let (created, joined) = a
        .make(CreateRoom {
            password: HUNTER22.into(),
            ephemeral: 30,
            ..create_room("A")
        })
        .await;
    assert!(joined.has_password && joined.ephemeral == 30);
    let with = |password: &str| JoinRoom {
        password: password.into(),
        ..join_room(&created.room_id, "B")
    };
    let mut b = Client::connect(relay.address()).await;
    let joined = b.join(with(HUNTER22)).await;
    assert!(joined.has_password && joined.ephemeral == 30);
    b.leave_room().await;
    for attempt in 0..10 {
        b.say(with(if attempt == 0 { "" } else { "wrong" })).await;
        let error = b.hear_error().await;
        assert_eq!((error.code.as_str(), error.msg.as_str()), ("E006", "wrong password"));
    }
    let mut c = Client::connect(relay.address()).await;
    for client in [&mut b, &mut c] {
        client.say(with(HUNTER22)).await;
        let error = client.hear_error().await;
        assert_eq!(error.code, "E004");
        assert!((1..=60_001).contains(&error.retry_after.unwrap()));
    }
    assert_eq!(relay.stats().wrong_passwords_total, 10);
}

#[tokio::test]
async fn the_two_kinds_of_rooms_do_not_meet() {
    let relay = relay(|config| config.max_rooms = 2).await;
    let native = room_id();
    let (_a, _) = Client::enter(relay.address(), &native, 1).await;
    let (mut b, arthas) = Client::host(relay.address()).await;
    let mut c = Client::connect(relay.address()).await;
    c.say(join_room(&native, "C")).await;
    assert_eq!(c.hear_error().await.code, "E001");
    // They share a limit.
    c.say(create_room("C")).await;
    assert_eq!(c.hear_error().await.code, "E021");
    b.leave_room().await;
    c.make(create_room("C")).await;
    // A native client cannot take a place in the other's room, nor its id.
    let mut d = Client::connect(relay.address()).await;
    d.send(crate::support::join(&arthas, 1, 0)).await;
    assert_eq!(d.next_error().await, "E001");
    d.send(create(&arthas, 1)).await;
    assert_eq!(d.next_error().await, "E021");
}

#[tokio::test]
async fn arthas_can_be_switched_off() {
    let relay = relay(|config| config.arthas = false).await;
    let mut a = Client::connect(relay.address()).await;
    a.say(create_room("A")).await;
    assert_eq!(a.hear_error().await.code, "E005");
}
