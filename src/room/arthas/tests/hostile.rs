//! A relay, or a member, that does what it can.

use super::{
    files::{bytes, ended, offers},
    keys::signed,
    *,
};
use crate::{encoding, frame::arthas::RelayFileMeta, frame::Bin};

/// Lets `change` have every frame for client 1 that it can decode.
fn change(net: &mut Net, mut change: impl FnMut(ArthasFrame) -> Vec<ArthasFrame> + 'static) {
    net.meddle = Some(Box::new(move |client, bytes| {
        if client != 1 {
            return vec![bytes];
        }
        let frames = change(ArthasFrame::decode(&bytes).unwrap());
        frames.iter().map(|frame| frame.encode().unwrap()).collect()
    }));
}

fn meta(net: &Net, from: &str, transfer: &str, iv: u8, json: &str) -> ArthasFrame {
    let sealed = net.sealed(from, iv, json.as_bytes());
    RelayFileMeta {
        sender_id: sealed.sender_id,
        sender_name: sealed.sender_name,
        transfer_id: transfer.into(),
        iv: sealed.iv,
        ciphertext: Bin(encoding::decode(&sealed.ciphertext).unwrap()),
        t: 0,
    }
    .into()
}

fn plain_meta(size: u64, chunks: u64) -> String {
    format!(r#"{{"fileName":"a","fileSize":{size},"mimeType":"a/b","totalChunks":{chunks}}}"#)
}

fn chunk(from: &str, transfer: &str, index: i64, iv: u8, plaintext: &[u8]) -> ArthasFrame {
    let sealed = crate::message::seal(&code().key, &[iv; 12], plaintext).unwrap();
    RelayFileChunk {
        sender_id: RelayId(from.into()),
        transfer_id: transfer.into(),
        index,
        iv: Bin(vec![iv; 12]),
        data: Bin(encoding::decode(&sealed.ciphertext).unwrap()),
    }
    .into()
}

fn complete(from: &str, transfer: &str) -> ArthasFrame {
    let (sender_id, transfer_id) = (RelayId(from.into()), transfer.into());
    RelayFileComplete { sender_id, transfer_id }.into()
}

fn acknowledged(net: &Net) -> usize {
    net.sent
        .iter()
        .filter(|(_, _, frame)| matches!(frame, ArthasFrame::SendFileAck(_)))
        .count()
}

#[test]
fn what_comes_twice_is_heard_once() {
    let mut net = Net::new(2);
    change(&mut net, |frame| vec![frame.clone(), frame]);
    net.say(0, "once");
    let heard = net.last_message(1);
    net.take_events(1);
    let now = net.now;
    net.room(0).set_typing(true).unwrap();
    net.send_file(0, &bytes(100_000)).unwrap();
    net.pass(1_000);
    assert!(net.texts(1).is_empty());
    let id = offers(&net, 1);
    assert_eq!(id.len(), 1);
    assert!(net.file(1, &id[0]) == bytes(100_000));
    assert!(net.error_codes(1).is_empty());
    let _ = (heard, now);
}

#[test]
fn a_message_is_not_heard_again_later_or_from_another() {
    let mut net = Net::new(2);
    net.inject(1, "00000001", 1, &signed(7, "once"));
    net.pass(5_000);
    net.inject(1, "00000001", 1, &signed(7, "once"));
    net.inject(1, "another", 1, &signed(7, "once"));
    assert_eq!(net.texts(1).len(), 1);
    // Our own, sent back to us.
    net.say(1, "mine");
    let Some((_, _, ArthasFrame::SendMessage(own))) = net.sent.last().cloned() else {
        panic!()
    };
    let echo = RelayMessage {
        iv: own.iv,
        ciphertext: own.ciphertext,
        ..net.sealed("00000001", 2, b"")
    };
    net.take_events(1);
    net.deliver(1, &echo.into());
    net.settle();
    assert!(net.texts(1).is_empty());
}

#[test]
fn one_kind_is_not_taken_for_another() {
    let mut net = Net::new(2);
    let typing = br#"{"typing":true}"#;
    let reaction = br#"{"stableId":"a:1","emoji":"x","action":"add"}"#;
    let file = plain_meta(1, 1);
    for (iv, plaintext) in [
        (1, &typing[..]),
        (2, reaction),
        (3, file.as_bytes()),
        (4, &[0xff, 0xfe, 0]),
    ] {
        net.inject(1, "00000001", iv, plaintext);
    }
    assert_eq!(net.error_codes(1), ["MISDIRECTED"; 4]);
    net.take_events(1);
    for (iv, plaintext) in [
        (5, &typing[..]),
        (6, br#"{"text":"x"}"#),
        (7, b"x"),
        (8, br#"{"stableId":"a:1","emoji":"x","action":"eat"}"#),
    ] {
        let message = net.sealed("00000001", iv, plaintext);
        net.deliver(1, &RelayReaction(message).into());
    }
    let message = net.sealed("00000001", 9, br#"{"text":"x"}"#);
    let frame = MemberTyping {
        id: message.sender_id,
        typing: None,
        iv: message.iv,
        ciphertext: message.ciphertext,
    };
    net.deliver(1, &frame.into());
    net.settle();
    assert_eq!(net.error_codes(1), ["MISDIRECTED"; 5]);
    assert!(net.texts(1).is_empty());
}

#[test]
fn a_piece_of_our_file_is_no_message() {
    let mut net = Net::new(2);
    change(&mut net, |frame| match frame {
        ArthasFrame::RelayFileChunk(chunk) => vec![RelayMessage {
            sender_id: chunk.sender_id,
            sender_name: String::new(),
            iv: encoding::encode(&chunk.iv.0),
            ciphertext: encoding::encode(&chunk.data.0),
            t: 0,
        }
        .into()],
        other => vec![other],
    });
    net.send_file(0, b"text that could be a message").unwrap();
    net.pass(1_000);
    assert!(net.texts(1).is_empty());
    assert_eq!(ended(&net, 1), [Some("TRUNCATED")]);
}

#[test]
fn chunks_of_ours_cannot_be_exchanged() {
    // Within a file, and between files of the same length.
    for other in [false, true] {
        let mut net = Net::new(3);
        let mut held: Option<RelayFileChunk> = None;
        change(&mut net, move |frame| match frame {
            ArthasFrame::RelayFileChunk(mut chunk) if chunk.index < 2 => {
                if other && chunk.index > 0 {
                    return vec![chunk.into()];
                }
                let Some(mut first) = held.take() else {
                    held = Some(chunk);
                    return vec![];
                };
                core::mem::swap(&mut first.data, &mut chunk.data);
                core::mem::swap(&mut first.iv, &mut chunk.iv);
                vec![first.into(), chunk.into()]
            }
            frame => vec![frame],
        });
        net.send_file(0, &vec![1; 200_000]).unwrap();
        if other {
            net.send_file(2, &vec![2; 200_000]).unwrap();
        }
        net.pass(1_000);
        assert_eq!(ended(&net, 1), vec![Some("DECRYPT_FAILED"); 1 + usize::from(other)]);
    }
}

#[test]
fn a_chunk_of_another_file_under_the_right_iv_does_not_open() {
    let mut net = Net::new(2);
    change(&mut net, |frame| match frame {
        ArthasFrame::RelayFileChunk(mut chunk) => {
            chunk.data.0[5] ^= 1;
            vec![chunk.into()]
        }
        frame => vec![frame],
    });
    net.send_file(0, &bytes(100)).unwrap();
    net.pass(1_000);
    assert!(net.clients[1].received.is_empty());
    assert_eq!(acknowledged(&net), 0);
}

#[test]
fn chunks_of_others_are_checked_for_count_size_and_index() {
    let mut net = Net::new(1);
    let frame = meta(&net, "ada", "t", 1, &plain_meta(65_540, 2));
    net.deliver(0, &frame);
    net.deliver(0, &chunk("ada", "t", -1, 2, b"1234"));
    net.deliver(0, &chunk("ada", "t", 2, 3, b"1234"));
    net.deliver(0, &chunk("ada", "t", i64::MAX, 4, b"1234"));
    net.deliver(0, &chunk("eve", "t", 1, 5, b"evil"));
    net.deliver(0, &chunk("ada", "u", 1, 6, b"evil"));
    net.deliver(0, &chunk("ada", "t", 1, 7, b"1234"));
    net.deliver(0, &chunk("ada", "t", 1, 8, b"evil"));
    net.deliver(0, &complete("eve", "t"));
    net.settle();
    let id = offers(&net, 0).pop().unwrap();
    assert!(ended(&net, 0).is_empty());
    let now = net.now;
    assert_eq!(net.room(0).finish_file(&id, now).unwrap_err().code(), "TRUNCATED");
    for wrong in [0, 1, 65_536, u64::MAX] {
        assert_eq!(
            net.room(0).delivered(&id, wrong).unwrap_err().code(),
            "INVALID_ARGUMENT"
        );
    }
    net.deliver(0, &chunk("ada", "t", 0, 9, &[7; 65_536]));
    net.settle();
    assert_eq!(acknowledged(&net), 0, "only when its sender says that this is all");
    net.deliver(0, &complete("ada", "t"));
    net.deliver(0, &complete("ada", "t"));
    net.settle();
    assert_eq!(acknowledged(&net), 1);
    assert!(net.file(0, &id) == [&[7; 65_536][..], b"1234"].concat());
}

#[test]
fn too_few_chunks_or_one_of_another_length_fail() {
    let mut net = Net::new(1);
    for (iv, transfer) in [(1, "short"), (2, "long"), (3, "few")] {
        let frame = meta(&net, "ada", transfer, iv, &plain_meta(10, 1));
        net.deliver(0, &frame);
    }
    net.deliver(0, &chunk("ada", "short", 0, 4, b"123456789"));
    net.deliver(0, &chunk("ada", "long", 0, 5, b"12345678901"));
    net.deliver(0, &complete("ada", "few"));
    net.settle();
    assert_eq!(
        ended(&net, 0),
        [Some("DECRYPT_FAILED"), Some("DECRYPT_FAILED"), Some("TRUNCATED")]
    );
}

#[test]
fn metadata_that_promise_the_impossible_are_refused() {
    let mut net = Net::new(1);
    let oversized = format!(
        r#"{{"fileName":"{}","fileSize":1,"totalChunks":1}}"#,
        "x".repeat(110_000)
    );
    for (iv, json) in [
        plain_meta(5_242_880, 81),
        plain_meta(1, 4_000_000_000),
        plain_meta(5_242_881, 81),
        plain_meta(0, 0),
        "[]".into(),
        oversized,
    ]
    .iter()
    .enumerate()
    {
        let frame = meta(&net, "ada", "t", iv as u8 + 1, json);
        net.deliver(0, &frame);
    }
    net.settle();
    assert!(offers(&net, 0).is_empty());
    assert_eq!(net.error_codes(0).len(), 6);
}

#[test]
fn files_from_others_are_bounded() {
    let mut net = Net::new(1);
    for iv in 1..10 {
        let frame = meta(&net, "ada", &format!("t{iv}"), iv, &plain_meta(65_536, 1));
        net.deliver(0, &frame);
    }
    net.settle();
    assert_eq!(offers(&net, 0).len(), 5);
    assert_eq!(net.error_codes(0), ["TRANSFER_LIMIT"; 4]);
    // One that has come makes room for the next.
    net.deliver(0, &chunk("ada", "t1", 0, 100, &[1; 65_536]));
    let frame = meta(&net, "ada", "t10", 101, &plain_meta(65_536, 1));
    net.deliver(0, &frame);
    net.settle();
    assert_eq!(offers(&net, 0).len(), 6);
}

#[test]
fn another_members_transfer_cannot_be_taken_over() {
    let mut net = Net::new(1);
    for (from, iv) in [("ada", 1), ("eve", 2)] {
        let frame = meta(&net, from, "same", iv, &plain_meta(4, 1));
        net.deliver(0, &frame);
    }
    let again = meta(&net, "ada", "same", 3, &plain_meta(8, 1));
    net.deliver(0, &again);
    net.deliver(0, &chunk("eve", "same", 0, 4, b"evil"));
    net.deliver(
        0,
        &RelayFileCancel(RelayFileComplete {
            sender_id: RelayId("eve".into()),
            transfer_id: "same".into(),
        })
        .into(),
    );
    net.deliver(0, &chunk("ada", "same", 0, 5, b"good"));
    net.deliver(0, &complete("ada", "same"));
    net.settle();
    let ids = offers(&net, 0);
    assert_eq!(ids.len(), 2);
    assert_eq!(net.file(0, &ids[0]), b"good");
    assert_eq!(net.error_codes(0), ["INVALID_FRAME"]);
}

#[test]
fn acknowledgements_are_counted_once_and_not_before_the_end() {
    let mut net = Net::new(3);
    let ack = |net: &mut Net, id: &str, who: &str| {
        let frame = RelayFileAck {
            receiver_id: RelayId(who.into()),
            transfer_id: id.into(),
        };
        net.deliver(0, &frame.into());
        net.settle();
    };
    let meta = FileMeta {
        name: "s".into(),
        size: Some(10),
        ..FileMeta::default()
    };
    let id = net.send_meta(0, &meta, &bytes(10)).unwrap();
    let (one, two) = (net.wire_id(1), net.wire_id(2));
    ack(&mut net, &id, &one);
    let now = net.now;
    net.meddle = Some(Box::new(|client, bytes| if client == 0 { vec![bytes] } else { vec![] }));
    net.room(0).source_ready(&id, 1, Some(10), now).unwrap();
    net.pass(500);
    for who in [one.as_str(), &one, "nobody"] {
        ack(&mut net, &id, who);
    }
    assert!(ended(&net, 0).is_empty());
    ack(&mut net, &id, &two);
    assert_eq!(ended(&net, 0), [None]);
}

#[test]
fn a_relay_that_invents_members_is_not_believed_for_ever() {
    let mut net = Net::new(1);
    for index in 0..150 {
        let member = Member {
            id: RelayId(format!("m{index}")),
            name: String::new(),
            color: String::new(),
        };
        net.deliver(0, &MemberJoined(member).into());
    }
    net.settle();
    let joined = net
        .take_events(0)
        .into_iter()
        .filter(|event| matches!(event, RoomEvent::MemberJoined { name, .. } if name == "?"));
    assert_eq!(joined.count(), 100);
    net.inject(0, "one more", 1, br#"{"text":"x"}"#);
    assert_eq!(net.error_codes(0), ["RELAY_PROTOCOL"]);
}

#[test]
fn nonsense_is_reported_and_changes_nothing() {
    let mut net = Net::new(2);
    net.deliver_bytes(0, vec![0xc1]);
    net.deliver_bytes(0, vec![0x80; 140_000]);
    let unknown = ArthasFrame::Other {
        kind: 0x2b,
        data: crate::frame::Value::Map(vec![]),
    };
    net.deliver(0, &unknown);
    for message in [
        RelayMessage {
            iv: "short".into(),
            ..net.sealed("00000002", 1, b"x")
        },
        RelayMessage {
            ciphertext: "a+b".into(),
            ..net.sealed("00000002", 2, b"x")
        },
        RelayMessage {
            ciphertext: "AAAA".into(),
            ..net.sealed("00000002", 3, b"x")
        },
        RelayMessage {
            iv: net.sealed("00000002", 5, b"x").iv,
            ..net.sealed("00000002", 4, b"x")
        },
    ] {
        net.deliver(0, &message.into());
    }
    net.settle();
    assert_eq!(
        net.error_codes(0),
        [
            "INVALID_FRAME",
            "FRAME_TOO_LARGE",
            "INVALID_MESSAGE",
            "INVALID_MESSAGE",
            "DECRYPT_FAILED",
            "DECRYPT_FAILED"
        ]
    );
    net.say(1, "still here");
    assert_eq!(net.texts(0).len(), 1);
}

#[test]
fn nothing_secret_is_printed() {
    let room = Room::new(config(0, CREATE), 0).unwrap();
    assert_eq!(format!("{room:?}"), "Room(..)");
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_arrives_as_it_was_said_and_verified(text in "\\PC{1,40}|.{1,40}") {
            let mut net = Net::new(2);
            net.say(0, &text);
            prop_assert_eq!(net.texts(1), [(text, Verification::Verified)]);
        }

        #[test]
        fn any_plaintext_of_a_member_is_shown_or_refused(plaintext: Vec<u8>, json in "[{\\[\"a-z:,0-9\\]}]{0,40}") {
            let mut net = Net::new(1);
            net.inject(0, "eve", 1, &plaintext);
            net.inject(0, "eve", 2, json.as_bytes());
            let frame = meta(&net, "eve", "t", 3, &json);
            net.deliver(0, &frame);
            net.settle();
            prop_assert!(offers(&net, 0).is_empty());
        }
    }
}
