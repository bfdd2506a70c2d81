//! Entering, coming back, and the relay's errors.

use super::*;
use crate::frame::{arthas::RelayMessage, RoomClosed};

fn closed(net: &Net, client: usize) -> Option<&'static str> {
    net.clients[client].events.iter().find_map(|event| match event {
        RoomEvent::Closed { code, .. } => Some(*code),
        _ => None,
    })
}

#[test]
fn the_code_is_known_once_the_relay_has_made_the_room() {
    let mut room = Room::new(config(0, CREATE), 0).unwrap();
    assert!(room.code().is_none());
    room.on_connected(0).unwrap();
    let mut net = Net::new(0);
    net.add(0);
    let code = net.room(0).code().unwrap();
    assert_eq!(*code, *super::code().encode());
    assert!(matches!(
        &net.clients[0].events[0],
        RoomEvent::Opened {
            max_members: 50,
            has_password: false,
            ..
        }
    ));
}

#[test]
fn what_the_protocol_cannot_do_is_refused_at_once() {
    let limited = Entrance::Create {
        max_members: 5,
        expiry_seconds: 0,
    };
    let long = Entrance::Create {
        max_members: 0,
        expiry_seconds: 604_801,
    };
    assert_eq!(Room::new(config(0, limited), 0).unwrap_err().code(), "UNSUPPORTED");
    assert_eq!(Room::new(config(0, long), 0).unwrap_err().code(), "INVALID_ARGUMENT");
    for (name, ok) in [
        ("\u{1f600}".repeat(16), true),
        ("x".repeat(20), true),
        ("x".repeat(21), false),
        (" ".into(), false),
    ] {
        let config = Config {
            name,
            ..config(0, CREATE)
        };
        assert_eq!(
            Room::new(config, 0).map_err(|error| error.code()).err(),
            (!ok).then_some("INVALID_NAME")
        );
    }
    let mut native = config(0, CREATE);
    native.code.protocol = Protocol::Hush1;
    assert_eq!(Room::new(native, 0).unwrap_err().code(), "INVALID_SHARE_CODE");
}

#[test]
fn password_ephemeral_and_expiry_are_asked_for() {
    let mut config = config(
        0,
        Entrance::Create {
            max_members: 0,
            expiry_seconds: 3600,
        },
    );
    config.password = Some("hunter22".to_owned().into());
    config.code.ephemeral_seconds = 30;
    let mut net = Net::new(0);
    net.add_room(Room::new(config, 0).unwrap());
    let ArthasFrame::CreateRoom(create) = &net.sent[0].2 else {
        panic!()
    };
    assert_eq!(
        (create.ephemeral, create.expiry, create.name.as_str()),
        (30, 3600, "member 0")
    );
    assert_eq!(
        create.password,
        "20d2fe5e369db54ec7090639a9dc30ec4d608604936239d39e2de07fda09eb0b"
    );
    assert!(!create.public && create.key_encoded.is_empty());
}

#[test]
fn refusals_have_their_codes() {
    for (code, expected) in [
        ("E001", "ROOM_NOT_FOUND"),
        ("E002", "ROOM_FULL"),
        ("E004", "RATE_LIMITED"),
        ("E005", "RELAY_REFUSED"),
        ("E006", "WRONG_PASSWORD"),
        ("E007", "ROOM_EXPIRED"),
        ("E021", "RELAY_LIMIT"),
        ("E999", "RELAY_REFUSED"),
    ] {
        let mut net = Net::new(1);
        net.places.clear();
        net.meddle = Some(Box::new(|_, _| vec![]));
        let client = net.add(1);
        net.meddle = None;
        net.refuse(client, code, None);
        net.settle();
        assert_eq!(closed(&net, client), Some(expected), "{code}");
        assert!(net.clients[client].closed);
        assert_eq!(
            net.room(client).send_text("x", None, 0, 0).unwrap_err().code(),
            "CLOSED"
        );
    }
}

#[test]
fn what_others_say_before_we_are_told_that_we_are_in_is_not_lost() {
    let mut net = Net::new(1);
    net.meddle = Some(Box::new(|client, bytes| if client == 1 { vec![] } else { vec![bytes] }));
    let client = net.add(1);
    net.meddle = None;
    let early = net.sealed("00000001", 1, br#"{"text":"early"}"#);
    net.deliver(client, &early.into());
    net.settle();
    assert!(net.texts(client).is_empty() && closed(&net, client).is_none());
    let id = |id: &str, name: &str| Member {
        id: RelayId(id.into()),
        name: name.into(),
        color: String::new(),
    };
    let joined = RoomJoined {
        room_id: ROOM.into(),
        members: vec![id("00000001", "member 0"), id("00000002", "member 1")],
        has_password: true,
        ephemeral: 0,
        expires_at: 5,
        receipts: true,
    };
    net.deliver(client, &joined.into());
    net.settle();
    assert_eq!(net.texts(client).len(), 1);
    assert!(net.room(client).code().unwrap().ends_with(":0:5"));
}

#[test]
fn two_who_are_hidden_from_each_other_meet_when_one_speaks() {
    let mut net = Net::new(1);
    net.inject(0, "hidden", 1, br#"{"text":"hello"}"#);
    let events = net.take_events(0);
    assert!(
        matches!(&events[..], [RoomEvent::MemberJoined { id, name, .. }, RoomEvent::Message { .. }] if id == "hidden" && name == "stranger")
    );
}

#[test]
fn the_relays_warning_is_no_message() {
    let mut net = Net::new(1);
    let warning = RelayMessage {
        sender_id: RelayId("system".into()),
        sender_name: "System".into(),
        iv: String::new(),
        ciphertext: "__SYSTEM_EXPIRY_WARNING__".into(),
        t: EPOCH,
    };
    net.deliver(0, &warning.into());
    net.settle();
    assert!(net.take_events(0).is_empty());
}

#[test]
fn a_reconnect_is_hidden_and_nothing_is_lost() {
    for receipts in [true, false] {
        let mut net = Net::with(2, receipts);
        let self_id = net.room(0).self_id();
        let old = net.wire_id(0);
        net.disconnect(0, true);
        let now = net.now;
        let id = net.room(0).send_text("while away", None, 0, now).unwrap();
        net.pass(1_000);
        net.connect(0);
        net.pass(10_000);
        assert_ne!(net.wire_id(0), old);
        assert_eq!(net.room(0).self_id(), self_id);
        assert_eq!(net.texts(1), [("while away".to_owned(), Verification::Verified)]);
        let events = net.take_events(0);
        assert!(events
            .iter()
            .any(|event| matches!(event, RoomEvent::Accepted { id: of, .. } if *of == id)));
        // For us nobody came or went.
        assert!(!events
            .iter()
            .any(|event| matches!(event, RoomEvent::MemberJoined { .. } | RoomEvent::MemberLeft { .. })));
        let gone = net
            .take_events(1)
            .into_iter()
            .filter(|event| matches!(event, RoomEvent::MemberLeft { id } if *id == old));
        assert_eq!(gone.count(), 1);
    }
}

#[test]
fn our_own_ghost_is_not_a_member() {
    let mut net = Net::new(2);
    net.disconnect(0, false);
    net.connect(0);
    net.pass(1_000);
    assert!(!net
        .take_events(0)
        .iter()
        .any(|event| matches!(event, RoomEvent::MemberJoined { .. })));
    net.drop_places(0);
    net.settle();
    assert!(!net
        .take_events(0)
        .iter()
        .any(|event| matches!(event, RoomEvent::MemberLeft { .. })));
    // Its key went over to the new one.
    net.say(0, "here");
    net.pass(1_000);
    assert_eq!(
        net.texts(1),
        [("here".to_owned(), Verification::Verified)].map(|(text, _)| (text, net.texts(1)[0].1))
    );
    net.say(0, "again");
    assert_eq!(net.texts(1).last().unwrap().1, Verification::Verified);
}

#[test]
fn a_message_whose_receipt_was_lost_arrives_once() {
    let mut net = Net::new(2);
    net.meddle = Some(Box::new(|client, bytes| {
        let receipt = matches!(ArthasFrame::decode(&bytes), Ok(ArthasFrame::Accepted(_)));
        if client == 0 && receipt {
            vec![]
        } else {
            vec![bytes]
        }
    }));
    let id = net.say(0, "once");
    net.meddle = None;
    net.disconnect(0, true);
    net.connect(0);
    net.pass(10_000);
    assert_eq!(net.texts(1).len(), 1);
    assert!(net
        .take_events(0)
        .iter()
        .any(|event| matches!(event, RoomEvent::Accepted { id: of, .. } if *of == id)));
}

#[test]
fn a_relay_that_answers_no_message_is_left() {
    let mut net = Net::new(2);
    net.meddle = Some(Box::new(|_, bytes| match ArthasFrame::decode(&bytes) {
        Ok(ArthasFrame::Accepted(_)) => vec![],
        _ => vec![bytes],
    }));
    net.say(0, "x");
    net.pass(59_000);
    assert_eq!(net.clients[0].reconnect, None);
    net.pass(1_000);
    assert_eq!(net.clients[0].reconnect, Some(0));
    assert_eq!(net.error_codes(0), ["RELAY_PROTOCOL"]);
}

#[test]
fn a_silent_relay_is_left() {
    let mut net = Net::new(2);
    net.pass(100_000);
    assert_eq!(net.clients[0].reconnect, None);
    net.meddle = Some(Box::new(|_, _| vec![]));
    net.pass(60_000);
    assert_eq!(net.clients[0].reconnect, Some(0));
}

#[test]
fn the_room_is_gone_with_its_relay() {
    let mut net = Net::new(2);
    net.kill_relay();
    net.connect(0);
    assert_eq!(closed(&net, 0), Some("ROOM_NOT_FOUND"));
}

#[test]
fn a_full_room_is_asked_again_by_who_was_in_it() {
    let mut net = Net::new(2);
    net.disconnect(0, false);
    net.meddle = Some(Box::new(|_, _| vec![]));
    net.connect(0);
    net.meddle = None;
    net.refuse(0, "E002", None);
    net.settle();
    assert_eq!((closed(&net, 0), net.clients[0].reconnect), (None, Some(5_000)));
}

#[test]
fn the_end_of_a_room_is_the_end() {
    let mut net = Net::new(1);
    net.deliver(
        0,
        &RoomClosed {
            reason: "expired".into(),
        }
        .into(),
    );
    net.settle();
    assert_eq!(closed(&net, 0), Some("ROOM_EXPIRED"));
    assert_eq!(net.room(0).deadline(0), None);
    net.room(0).leave();
    assert!(net.room(0).poll().is_none());
}

#[test]
fn leaving_says_so_once() {
    let mut net = Net::new(2);
    net.room(0).leave();
    net.room(0).leave();
    net.settle();
    assert_eq!(closed(&net, 0), Some("CLOSED"));
    let left = net
        .sent
        .iter()
        .filter(|(_, _, frame)| matches!(frame, ArthasFrame::LeaveRoom(_)));
    assert_eq!(left.count(), 1);
    assert!(net
        .take_events(1)
        .iter()
        .any(|event| matches!(event, RoomEvent::MemberLeft { .. })));
    assert_eq!(net.room(0).on_connected(0).unwrap_err().code(), "CLOSED");
}
