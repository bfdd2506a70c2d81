//! Files, whole and not.

use super::*;
use crate::{frame::arthas::SendFileChunk, room::arthas::chunks::MAX_FILE_BYTES};

pub(super) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

pub(super) fn offers(net: &Net, client: usize) -> Vec<String> {
    let offers = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::FileOffer { id, .. } => Some(id.clone()),
        _ => None,
    });
    offers.collect()
}

pub(super) fn ended(net: &Net, client: usize) -> Vec<Option<&'static str>> {
    let ended = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::IncomingEnded { code, .. } => Some(Some(*code)),
        RoomEvent::OutgoingEnded { code, .. } => Some(*code),
        _ => None,
    });
    ended.collect()
}

fn states(net: &Net, client: usize) -> Vec<(String, &'static str, u64)> {
    let states = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::Receiver {
            member,
            state,
            delivered,
            ..
        } => Some((member.clone(), *state, *delivered)),
        _ => None,
    });
    states.collect()
}

fn times(net: &Net, of: impl Fn(&ArthasFrame) -> bool) -> Vec<u64> {
    net.sent
        .iter()
        .filter(|(_, _, frame)| of(frame))
        .map(|(_, at, _)| *at)
        .collect()
}

#[test]
fn a_file_of_any_size_arrives_whole() {
    for size in [1, 65_535, 65_536, 65_537, 131_072, 300_000] {
        let mut net = Net::new(3);
        let file = bytes(size);
        net.send_file(0, &file).unwrap();
        net.pass(1_000);
        for client in [1, 2] {
            let id = offers(&net, client).pop().unwrap();
            assert!(net.file(client, &id) == file);
            let now = net.now;
            net.room(client).accept_file(&id, now).unwrap();
            assert_eq!(
                net.room(client).accept_file(&id, now).unwrap_err().code(),
                "INVALID_STATE"
            );
            net.room(client).finish_file(&id, now).unwrap();
            assert_eq!(
                net.room(client).finish_file(&id, now).unwrap_err().code(),
                "UNKNOWN_TRANSFER"
            );
        }
        assert_eq!(ended(&net, 0), [None]);
        let done = states(&net, 0)
            .into_iter()
            .filter(|(_, state, at)| *state == "done" && *at == size as u64);
        assert_eq!(done.count(), 2);
        assert!(net.error_codes(0).is_empty() && net.error_codes(1).is_empty());
    }
}

#[test]
fn there_are_pauses_where_receivers_race() {
    let mut net = Net::new(2);
    net.send_file(0, &bytes(200_000)).unwrap();
    net.pass(1_000);
    let meta = times(&net, |frame| matches!(frame, ArthasFrame::SendFileMeta(_)));
    let chunks = times(&net, |frame| matches!(frame, ArthasFrame::SendFileChunk(_)));
    let complete = times(&net, |frame| matches!(frame, ArthasFrame::SendFileComplete(_)));
    assert_eq!((meta.len(), chunks.len(), complete.len()), (1, 4, 1));
    assert!(chunks[0] >= meta[0] + 50 && complete[0] >= chunks[3] + 50);
    let (_, _, frame) = net
        .sent
        .iter()
        .find(|(_, _, frame)| matches!(frame, ArthasFrame::SendFileMeta(_)))
        .unwrap();
    assert!(frame.encode().unwrap().len() < 10_000, "far below the limit of a frame");
}

#[test]
fn the_largest_file_arrives_and_no_iv_comes_twice() {
    let mut net = Net::new(2);
    let largest = bytes(5_242_880);
    net.send_file(0, &largest).unwrap();
    net.pass(1_000);
    let id = offers(&net, 1).pop().unwrap();
    assert!(net.file(1, &id) == largest);
    let ivs: std::collections::BTreeSet<Vec<u8>> = net
        .sent
        .iter()
        .filter_map(|(_, _, frame)| match frame {
            ArthasFrame::SendFileChunk(SendFileChunk { iv, .. }) => Some(iv.0.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ivs.len(), 80);
}

#[test]
fn name_kind_and_length_of_a_voice_message_arrive() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "../voice_20260101_000000.webm".into(),
        mime: "audio/webm;codecs=opus".into(),
        size: Some(100),
        replayable: true,
        voice_seconds: Some(7),
        to: vec![],
    };
    net.send_meta(0, &meta, &bytes(100)).unwrap();
    net.pass(1_000);
    assert!(net.take_events(1).iter().any(|event| matches!(event,
        RoomEvent::FileOffer { name, mime, size: Some(100), voice_seconds: Some(7), thumbnail: None, .. }
            if name == "voice_20260101_000000.webm" && mime == "audio/webm")));
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is() {
    let mut net = Net::new(2);
    let meta = |size, to: &[&str]| FileMeta {
        size,
        replayable: size.is_some(),
        to: to.iter().map(ToString::to_string).collect(),
        ..FileMeta::default()
    };
    for (meta, code) in [
        (meta(Some(MAX_FILE_BYTES + 1), &[]), "TOO_LARGE"),
        (meta(Some(0), &[]), "UNSUPPORTED"),
        (meta(Some(1), &["00000002"]), "UNSUPPORTED"),
        (
            FileMeta {
                replayable: true,
                ..meta(None, &[])
            },
            "INVALID_ARGUMENT",
        ),
    ] {
        assert_eq!(net.send_meta(0, &meta, &[]).unwrap_err().code(), code);
    }
    assert!(net.sent.is_empty());
    for _ in 0..16 {
        net.send_file(0, &bytes(1)).unwrap();
    }
    assert_eq!(net.send_file(0, &bytes(1)).unwrap_err().code(), "TRANSFER_LIMIT");
    let mut alone = Net::new(1);
    assert_eq!(alone.send_file(0, &bytes(1)).unwrap_err().code(), "INVALID_STATE");
}

#[test]
fn files_go_one_after_the_other_and_text_in_between() {
    let mut net = Net::new(2);
    for size in [100_000, 70_000] {
        net.send_file(0, &bytes(size)).unwrap();
    }
    net.say(0, "text");
    assert_eq!(net.texts(1).len(), 1);
    net.pass(2_000);
    assert_eq!(offers(&net, 1).len(), 2);
    assert_eq!(ended(&net, 0), [None, None]);
    let metas = times(&net, |frame| matches!(frame, ArthasFrame::SendFileMeta(_)));
    let completes = times(&net, |frame| matches!(frame, ArthasFrame::SendFileComplete(_)));
    assert!(metas[1] >= completes[0]);
}

#[test]
fn a_stream_says_its_size_when_it_ends() {
    let mut net = Net::new(2);
    let file = bytes(70_000);
    let meta = FileMeta {
        name: "s".into(),
        ..FileMeta::default()
    };
    let id = net.send_meta(0, &meta, &file).unwrap();
    net.pass(1_000);
    assert!(offers(&net, 1).is_empty());
    let now = net.now;
    assert_eq!(
        net.room(0)
            .source_ready(&id, 1, Some(MAX_FILE_BYTES + 1), now)
            .unwrap_err()
            .code(),
        "TOO_LARGE"
    );
    net.room(0).source_ready(&id, 2, Some(70_000), now).unwrap();
    assert_eq!(
        net.room(0).source_ready(&id, 2, Some(70_001), now).unwrap_err().code(),
        "SOURCE_CHANGED"
    );
    net.pass(1_000);
    let got = offers(&net, 1).pop().unwrap();
    assert!(net.file(1, &got) == file);
}

#[test]
fn a_stream_of_known_size_is_sent_as_it_comes() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "s".into(),
        size: Some(70_000),
        ..FileMeta::default()
    };
    let id = net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.pass(1_000);
    let chunks = |net: &Net| times(net, |frame| matches!(frame, ArthasFrame::SendFileChunk(_))).len();
    assert_eq!((offers(&net, 1).len(), chunks(&net)), (1, 0));
    let now = net.now;
    net.room(0).source_ready(&id, 1, None, now).unwrap();
    net.settle();
    assert_eq!(chunks(&net), 1);
    net.room(0).source_ready(&id, 2, Some(70_000), now).unwrap();
    net.pass(1_000);
    assert_eq!(ended(&net, 0), [None]);
}

#[test]
fn the_sender_cancels() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "s".into(),
        size: Some(70_000),
        ..FileMeta::default()
    };
    let id = net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    let now = net.now;
    net.room(0).end_transfer(&id, "TRANSFER_CANCELLED", now).unwrap();
    net.room(0).end_transfer(&id, "TRANSFER_CANCELLED", now).unwrap();
    net.settle();
    assert_eq!(ended(&net, 1), [Some("TRANSFER_CANCELLED")]);
    assert!(ended(&net, 0).is_empty());
    // And the next one starts at once.
    net.send_file(0, &bytes(10)).unwrap();
    net.pass(1_000);
    assert_eq!(offers(&net, 1).len(), 2);
}

#[test]
fn a_receiver_declines_and_nobody_is_told() {
    let mut net = Net::new(2);
    net.send_file(0, &bytes(10)).unwrap();
    let id = offers(&net, 1).pop().unwrap();
    let now = net.now;
    net.room(1).decline_file(&id, now).unwrap();
    assert_eq!(
        net.room(1).decline_file(&id, now).unwrap_err().code(),
        "UNKNOWN_TRANSFER"
    );
    net.pass(31_000);
    assert!(net.clients[1].received.is_empty());
    assert_eq!(
        ended(&net, 0),
        [Some("TRANSFER_STALLED")],
        "nobody said it has the file"
    );
}

#[test]
fn one_who_has_it_is_enough_after_a_while() {
    let mut net = Net::new(3);
    net.send_file(0, &bytes(10)).unwrap();
    let id = offers(&net, 1).pop().unwrap();
    let now = net.now;
    net.room(1).decline_file(&id, now).unwrap();
    net.pass(29_000);
    assert!(ended(&net, 0).is_empty());
    net.pass(2_000);
    assert_eq!(ended(&net, 0), [None]);
}

#[test]
fn whoever_leaves_takes_the_transfer_along() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "s".into(),
        size: Some(70_000),
        ..FileMeta::default()
    };
    net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.disconnect(1, true);
    assert_eq!(ended(&net, 0), [Some("MEMBER_LEFT")]);

    let mut net = Net::new(2);
    net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.disconnect(0, true);
    assert_eq!(ended(&net, 0), [Some("TRANSFER_STALLED")]);
    assert_eq!(ended(&net, 1), [Some("MEMBER_LEFT")]);

    let mut net = Net::new(2);
    net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.room(0).leave();
    net.settle();
    assert_eq!(ended(&net, 1), [Some("TRANSFER_CANCELLED")]);
    assert_eq!(ended(&net, 0), [Some("CLOSED")]);
}

#[test]
fn a_file_that_has_come_outlives_its_sender() {
    let mut net = Net::new(2);
    net.send_file(0, &bytes(10)).unwrap();
    net.pass(1_000);
    net.disconnect(0, true);
    net.pass(100_000);
    assert!(ended(&net, 1).is_empty());
    let id = offers(&net, 1).pop().unwrap();
    let now = net.now;
    net.room(1).accept_file(&id, now).unwrap();
    net.room(1).finish_file(&id, now).unwrap();
}

#[test]
fn a_file_that_stops_coming_has_failed() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "s".into(),
        size: Some(70_000),
        ..FileMeta::default()
    };
    net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.pass(60_000);
    assert_eq!(ended(&net, 1), [Some("TRANSFER_STALLED")]);
}

#[test]
fn what_waits_for_its_turn_survives_a_reconnect() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "s".into(),
        size: Some(70_000),
        ..FileMeta::default()
    };
    net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.send_file(0, &bytes(10)).unwrap();
    net.disconnect(0, true);
    assert_eq!(ended(&net, 0), [Some("TRANSFER_STALLED")]);
    net.connect(0);
    net.pass(5_000);
    assert_eq!(ended(&net, 0), [Some("TRANSFER_STALLED"), None]);
}

#[test]
fn what_waits_for_its_turn_waits_for_others_to_come_back() {
    for comes_back in [true, false] {
        let mut net = Net::new(2);
        let meta = FileMeta {
            name: "s".into(),
            size: Some(70_000),
            ..FileMeta::default()
        };
        net.send_meta(0, &meta, &bytes(70_000)).unwrap();
        net.send_file(0, &bytes(10)).unwrap();
        // The room is still there: the relay believes in our old connection.
        net.disconnect(0, false);
        net.disconnect(1, true);
        net.connect(0);
        net.pass(20_000);
        assert_eq!(ended(&net, 0), [Some("TRANSFER_STALLED")]);
        if comes_back {
            net.connect(1);
        }
        net.pass(15_000);
        let second = if comes_back { None } else { Some("MEMBER_LEFT") };
        assert_eq!(ended(&net, 0), [Some("TRANSFER_STALLED"), second]);
    }
}

#[test]
fn a_refusal_ends_what_is_under_way() {
    let mut net = Net::new(2);
    let meta = FileMeta {
        name: "s".into(),
        size: Some(70_000),
        ..FileMeta::default()
    };
    net.send_meta(0, &meta, &bytes(70_000)).unwrap();
    net.refuse(0, "E005", None);
    net.settle();
    assert_eq!(ended(&net, 0), [Some("RELAY_REFUSED")]);
    assert_eq!(ended(&net, 1), [Some("TRANSFER_CANCELLED")]);
}
