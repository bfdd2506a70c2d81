//! Forms that are weaker, older or another protocol's.

use hushroom::{
    frame::{error_code, ErrorFrame, Frame, RoomClosed},
    room::RoomEvent,
};
use serde::Serialize;

use crate::{
    wire::{self, Header},
    Insider, World,
};

/// A room of two, and a member that speaks rightly until it does not.
fn with_insider() -> (World, Insider) {
    let (mut world, code) = World::with_room(2);
    let mut insider = Insider::new(&code);
    insider.enter(&mut world);
    for post in insider.say("rightly") {
        world.spread(&insider, &post);
    }
    world.settle_with(&mut insider);
    assert_eq!(world.shown(0).last().unwrap(), &(insider.id(), "rightly".to_owned()));
    world.forget_events();
    (world, insider)
}

#[test]
fn only_hellos_and_byes_may_be_signed_instead_of_ratcheted() {
    let (mut world, mut insider) = with_insider();
    let events = [
        wire::text("signed"),
        wire::event(
            6,
            [("count", 1)].into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        ),
        wire::event(
            4,
            [("on", true)].into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        ),
    ];
    for event in &events {
        let header = insider.header(None);
        let post = insider.code.seal(&header, &insider.signed(&header, event));
        world.show(0, &insider.route, &post);
    }
    assert_eq!(
        world.errors_about(0),
        vec![("INVALID_FRAME", Some(insider.id())); events.len()]
    );
    assert!(world.shown(0).is_empty() && world.listed(0).contains_key(&insider.id()));
    // Nor is a hello ratcheted: it would be nobody's.
    world.forget_events();
    let header = insider.header(None);
    let hello = wire::event(1, insider.hello_event(insider.own_bundle(), true));
    let before = world.recorded.len();
    let post = insider.group(&header, &hello);
    world.show(0, &insider.route, &post);
    assert!(
        world.errors(0).is_empty() && world.recorded.len() == before,
        "nothing answers it"
    );
    world.words_arrive(&[0, 1]);
}

#[test]
fn every_kind_of_inner_layer_but_the_four_is_refused() {
    let (mut world, mut insider) = with_insider();
    let words = {
        let header = insider.header(None);
        let post = insider.group(&header, &wire::text("of another kind"));
        insider.code.open(&post).unwrap().1
    };
    for kind in (0..=255).filter(|kind| *kind != 2) {
        world.forget_events();
        let header = insider.header(None);
        let inner = [&[kind], &words[1..]].concat();
        world.show(0, &insider.route, &insider.code.seal(&header, &inner));
        let errors = world.errors(0);
        assert!(
            errors == ["INVALID_FRAME"] || kind == 3 && errors.contains(&"DECRYPT_FAILED"),
            "{kind} {errors:?}"
        );
    }
    for inner in [&[][..], &[2], &[2, 0, 0], &wire::text("bare")] {
        world.forget_events();
        let header = insider.header(None);
        world.show(0, &insider.route, &insider.code.seal(&header, inner));
        assert_eq!(world.errors(0), ["INVALID_FRAME"]);
        assert!(world.shown(0).is_empty());
    }
    world.pass(10_000);
    world.words_arrive(&[0, 1]);
}

#[test]
fn other_versions_of_headers_bundles_and_notes_are_refused() {
    let (mut world, mut insider) = with_insider();
    for version in [0, 2, 255] {
        world.forget_events();
        let header = insider.header(None);
        let mut post = insider.group(&header, &wire::text("of another version"));
        post[0] = version;
        world.show(0, &insider.route, &post);
        assert_eq!(world.errors(0), ["INVALID_FRAME"], "{version}");
    }
    // Notes of unknown types, in a session that is right.
    let to = world.instance(0);
    for kind in [0, 5, 255] {
        world.forget_events();
        let note = insider.note(to, kind, b"what is this");
        world.show(0, &insider.route, &note);
        assert_eq!(world.errors(0), ["INVALID_FRAME"], "{kind}");
    }
    assert!(world.shown(0).is_empty());
    world.words_arrive(&[0, 1]);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RelayMessage<'a> {
    sender_id: &'a str,
    sender_name: &'a str,
    iv: &'a str,
    ciphertext: &'a str,
    t: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArthasJoined<'a> {
    room_id: &'a str,
    members: Vec<()>,
    has_password: bool,
    ephemeral: u32,
    expires_at: u64,
}

#[test]
fn frames_of_the_arthas_protocol_say_nothing_here() {
    let (mut world, code) = World::with_room(2);
    world.forget_events();
    // Sealed as that protocol does, under the key of the code: a holder of the code could write it.
    use aes_gcm::{aead::Aead, Aes256Gcm, KeyInit};
    let cipher = Aes256Gcm::new_from_slice(&code.key).unwrap();
    let iv = [5; 12];
    let ciphertext = cipher
        .encrypt(&iv.into(), &b"{\"text\":\"unsigned, under the room key\"}"[..])
        .unwrap();
    for kind in [0x14, 0x19, 0x15] {
        let message = RelayMessage {
            sender_id: "00000002",
            sender_name: "Ada",
            iv: &wire::base64url(&iv),
            ciphertext: &wire::base64url(&ciphertext),
            t: 1,
        };
        world.give_bytes(0, wire::event(kind, message));
    }
    let joined = ArthasJoined {
        room_id: &code.room_id,
        members: vec![],
        has_password: false,
        ephemeral: 0,
        expires_at: 0,
    };
    world.give_bytes(0, wire::event(0x11, joined));
    // Types that are unknown here are skipped; the answer to an Arthas join is none to ours.
    assert_eq!(world.errors(0), ["RELAY_PROTOCOL"]);
    let members = |event: &&RoomEvent| matches!(event, RoomEvent::MemberJoined { .. });
    assert!(world.shown(0).is_empty() && world.devices[0].events.iter().filter(members).count() == 1);
    world.words_arrive(&[0, 1]);
}

#[test]
fn a_client_asks_for_no_protocol_but_its_codes() {
    // Whatever the relay answers: it is hush1 again, or the end.
    for code in [
        error_code::UNSUPPORTED_PROTOCOL,
        error_code::ROOM_NOT_FOUND,
        error_code::ADMISSION_DENIED,
        error_code::INVALID_MESSAGE,
    ] {
        let (mut world, share_code) = World::with_room(1);
        world.meddle = Some(Box::new(move |to, frame| match frame {
            Frame::RoomJoined(_) if to == 1 => vec![ErrorFrame {
                code: code.into(),
                msg: "try proto arthas".into(),
                n: None,
                retry_after: None,
            }
            .into()],
            frame => vec![frame],
        }));
        let device = world.join(&share_code);
        let closed = world.devices[device].events.iter().find_map(|event| match event {
            RoomEvent::Closed { code, .. } => Some(*code),
            _ => None,
        });
        let expected = match code {
            error_code::UNSUPPORTED_PROTOCOL => "RELAY_LIMIT",
            error_code::ROOM_NOT_FOUND => "ROOM_NOT_FOUND",
            error_code::ADMISSION_DENIED => "ADMISSION_DENIED",
            _ => "RELAY_REFUSED",
        };
        assert_eq!(closed, Some(expected));
        world.meddle = None;
        let another = world.join(&share_code);
        world.words_arrive(&[0, another]);
        for frame in &world.frames {
            match Frame::decode(frame).unwrap() {
                Frame::Create(create) => assert_eq!(create.proto, "hush1"),
                Frame::Join(join) => assert_eq!(join.proto, "hush1"),
                _ => {}
            }
        }
    }
    // And a room that the relay closes is closed, with what it says why.
    let (mut world, _) = World::with_room(2);
    world.give(
        0,
        RoomClosed {
            reason: "expired".into(),
        },
    );
    assert!(matches!(
        world.devices[0].events.last(),
        Some(RoomEvent::Closed {
            code: "ROOM_EXPIRED",
            ..
        })
    ));
}

#[test]
fn a_post_without_its_outer_layer_is_refused() {
    let (mut world, mut insider) = with_insider();
    let header = Header {
        counter: 50,
        ..insider.header(None)
    };
    for bare in [
        [header.encode(), wire::text("bare")].concat(),
        [header.encode(), insider.signed(&header, &wire::text("bare"))].concat(),
        wire::text("bare"),
        header.encode(),
        vec![],
    ] {
        world.forget_events();
        world.show(0, &insider.route, &bare);
        let errors = world.errors(0);
        assert!(
            errors == ["DECRYPT_FAILED"] || errors == ["INVALID_FRAME"],
            "{errors:?}"
        );
        assert!(world.shown(0).is_empty());
    }
    world.words_arrive(&[0, 1]);
}
