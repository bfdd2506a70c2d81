//! What Arthas' relay checks, in its order: a row for each.

use hushroom::frame::arthas::{ArthasFrame, CreateRoom, LeaveRoom};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    arthas::{chunk, create_room, join_room, message, meta},
    relay, until, Client,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// MessagePack by hand: these frames are wrong on purpose.
fn frame(kind: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x82\xa4type".to_vec();
    bytes.extend([0xcc, kind]);
    bytes.extend(b"\xa4data");
    bytes.extend(data);
    bytes
}

fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0x80 | u8::try_from(entries.len()).unwrap()];
    for (key, value) in entries {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xd9, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.as_bytes());
    bytes
}

fn bin(bytes: &[u8]) -> Vec<u8> {
    [&[0xc4, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

const NIL: &[u8] = &[0xc0];
const LIST: &[u8] = &[0x91, 0xa1, b'x'];
const MESSAGE_TYPES: [u8; 8] = [0x03, 0x05, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C];

/// A row: what is sent, and the code and text of the error.
type Row = (Vec<u8>, &'static str, &'static str);

async fn check(client: &mut Client, rows: impl IntoIterator<Item = Row>) {
    for (index, (bytes, code, text)) in rows.into_iter().enumerate() {
        let kind = bytes.get(7).copied();
        client.send_bytes(bytes).await;
        let error = client.hear_error().await;
        assert_eq!(
            (error.code.as_str(), error.msg.as_str(), error.n),
            (code, text, None),
            "row {index}, {kind:x?}"
        );
    }
}

#[tokio::test]
async fn outside_a_room() {
    let relay = relay(|config| (config.posts_per_second, config.posts_burst) = (0, 0)).await;
    let mut a = Client::connect(relay.address()).await;
    let create = |entries: &[(&str, Vec<u8>)]| frame(0x01, &map(entries));
    let join = |room: Vec<u8>, name: Vec<u8>| frame(0x02, &map(&[("roomId", room), ("name", name)]));
    let long = "é".repeat(21);
    let mut rows: Vec<Row> = Vec::new();
    for data in [NIL, LIST, &[0x05]] {
        rows.push((frame(0x01, data), "E005", "invalid create room data"));
        rows.push((frame(0x02, data), "E005", "invalid join room data"));
    }
    rows.push((b"\x81\xa4type\x01".to_vec(), "E005", "invalid create room data"));
    for name in [text(""), text(&long), bin(b"Alice"), vec![0x05], vec![0xc0]] {
        rows.push((create(&[("name", name.clone())]), "E005", "invalid name"));
        rows.push((join(text("nowhere"), name), "E005", "invalid name"));
    }
    rows.push((create(&[]), "E005", "invalid name"));
    for password in [
        text("x"),
        text(&"a".repeat(63)),
        text(&"a".repeat(65)),
        text(&"é".repeat(64)),
    ] {
        let fields = [("name", text("A")), ("password", password)];
        rows.push((create(&fields), "E005", "invalid password format"));
    }
    // The name comes before the password.
    rows.push((
        create(&[("name", text("")), ("password", text("x"))]),
        "E005",
        "invalid name",
    ));
    for room in [
        text("V1StGXR8_Z5jdHi6B-myT"),
        text(""),
        text("x"),
        bin(b"x"),
        vec![0xc0],
    ] {
        rows.push((join(room, text("A")), "E001", "room not found"));
    }
    for kind in MESSAGE_TYPES {
        for data in [NIL, &[0x80]] {
            rows.push((frame(kind, data), "E003", "not in a room"));
        }
    }
    let malformed: [&[u8]; 12] = [
        b"",
        b"\xc0",
        b"\x80",
        b"\x01",
        b"\x81\xa4data\x80",
        b"\x82\xa4type\xa1x\xa4data\x80",
        b"\x82\xa4type\xff\xa4data\x80",
        b"\x82\xa4type\x03\xa4data",
        b"\x82\xa4type\x03\xa4data\x80\x80",
        b"\x82\xa4type\x03\xa4type\x03",
        b"\x82\xa4type\x03\xa4data\xd4\x01\x01",
        b"\x81\xc4\x04type\x03",
    ];
    for bytes in malformed {
        rows.push((bytes.to_vec(), "E005", "invalid message format"));
    }
    check(&mut a, rows).await;
    // Nothing of that has done any harm.
    a.make(create_room("A")).await;
}

#[tokio::test]
async fn in_a_room() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    let data = |what: &'static str| what;
    let mut rows: Vec<Row> = Vec::new();
    for bytes in [
        frame(0x01, NIL),
        frame(0x02, NIL),
        frame(0x01, &map(&[("name", text(""))])),
    ] {
        rows.push((bytes, "E005", "already in a room"));
    }
    for (kind, what) in MESSAGE_TYPES.into_iter().zip([
        data("invalid message data"),
        "invalid typing data",
        "invalid reaction data",
        "invalid file meta data",
        "invalid file chunk data",
        "invalid file complete data",
        "invalid file cancel data",
        "invalid file ack data",
    ]) {
        for wrong in [NIL, LIST] {
            rows.push((frame(kind, wrong), "E005", what));
        }
    }
    for kind in [0x03, 0x07] {
        let pair = |iv: Vec<u8>, ciphertext: Vec<u8>| frame(kind, &map(&[("iv", iv), ("ciphertext", ciphertext)]));
        for bytes in [
            frame(kind, &map(&[])),
            pair(text(""), text("c")),
            pair(text("iv"), text("")),
            pair(bin(b"iv"), text("c")),
            pair(text("iv"), bin(b"c")),
            pair(text("iv"), vec![0xc0]),
            pair(text(&"i".repeat(65)), text("c")),
        ] {
            rows.push((bytes, "E005", "invalid iv or ciphertext"));
        }
    }
    let typing = map(&[
        ("iv", text("iv")),
        ("ciphertext", [&[0xda, 1, 1][..], &[b'x'; 257]].concat()),
    ]);
    rows.push((frame(0x05, &typing), "E005", "invalid typing data"));
    for kind in 0x08..=0x0C {
        for id in [text(""), text(&"i".repeat(65)), bin(b"id"), vec![0x01], vec![0xc0]] {
            rows.push((frame(kind, &map(&[("transferId", id)])), "E005", "invalid transfer id"));
        }
    }
    let file = |kind: u8, first: (&str, Vec<u8>), second: (&str, Vec<u8>)| {
        frame(kind, &map(&[("transferId", text("t")), first, second]))
    };
    for (iv, ciphertext) in [
        (text(""), bin(b"c")),
        (bin(b"iv"), bin(b"c")),
        (text("iv"), text("c")),
        (text("iv"), bin(b"")),
        (text(&"i".repeat(65)), bin(b"c")),
    ] {
        rows.push((
            file(0x08, ("iv", iv), ("ciphertext", ciphertext)),
            "E005",
            "invalid file meta data",
        ));
    }
    for (iv, data) in [
        (bin(b""), bin(b"d")),
        (text("iv"), bin(b"d")),
        (bin(b"iv"), text("d")),
        (bin(b"iv"), bin(b"")),
        (bin(&[0; 65]), bin(b"d")),
    ] {
        rows.push((
            file(0x09, ("iv", iv), ("data", data)),
            "E005",
            "invalid file chunk data",
        ));
    }
    // Well formed, but there is no such transfer.
    rows.push((
        file(0x09, ("iv", bin(b"iv")), ("data", bin(b"d"))),
        "E005",
        "transfer id mismatch",
    ));
    for kind in [0x0A, 0x0B] {
        rows.push((
            frame(kind, &map(&[("transferId", text("t"))])),
            "E005",
            "transfer id mismatch",
        ));
    }
    rows.push((b"\xc1".to_vec(), "E005", "invalid message format"));
    check(&mut a, rows).await;

    // A transfer is active: that is said before its data is looked at.
    a.say(meta("t")).await;
    check(
        &mut a,
        [
            (frame(0x08, NIL), "E005", "already has active transfer"),
            (
                frame(0x0A, &map(&[("transferId", text("other"))])),
                "E005",
                "transfer id mismatch",
            ),
            (
                frame(0x0B, &map(&[("transferId", text("other"))])),
                "E005",
                "transfer id mismatch",
            ),
        ],
    )
    .await;
    for (index, length) in [(-1, 1), (80, 1), (i64::MAX, 1), (0, 65_553)] {
        a.say(chunk("t", index, length)).await;
        assert_eq!(a.hear_error().await.msg, "a file has at most 80 chunks of 64 KiB");
    }
    // The others have heard of none of this but the transfer.
    a.say(message("marker")).await;
    loop {
        match b.hear().await {
            ArthasFrame::RelayFileMeta(_) => {}
            ArthasFrame::RelayMessage(message) => break assert_eq!(message.ciphertext, "marker"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn passwords_and_ephemeral_of_a_new_room_are_lenient() {
    let relay = relay(|_| {}).await;
    let mut a = Client::connect(relay.address()).await;
    for (ephemeral, repeated) in [(-1, 0), (0, 0), (300, 300), (i64::MAX, i64::MAX as u64)] {
        let (_, joined) = a
            .make(CreateRoom {
                ephemeral,
                password: "é".repeat(32),
                ..create_room("A")
            })
            .await;
        assert_eq!((joined.ephemeral, joined.has_password), (repeated, true));
        a.say(LeaveRoom {}).await;
    }
    // What is no integer is none.
    let fields = [
        ("name", text("A")),
        ("ephemeral", vec![0xca, 0x41, 0x20, 0, 0]),
        ("expiry", text("60")),
    ];
    a.send_bytes(frame(0x01, &map(&fields))).await;
    a.hear().await;
    let ArthasFrame::RoomJoined(joined) = a.hear().await else {
        panic!()
    };
    assert_eq!((joined.ephemeral, joined.expires_at), (0, 0));
}

#[tokio::test]
async fn frames_have_a_size() {
    let relay = relay(|_| {}).await;
    let (mut a, room) = Client::host(relay.address()).await;
    let (mut b, _) = Client::guest(relay.address(), &room, &mut [&mut a]).await;
    // The largest that can be passed on.
    let sent = |length: usize| message(&"c".repeat(length));
    let overhead = ArthasFrame::from(sent(100_000)).encode().unwrap().len() - 100_000;
    a.say(sent(102_400 - overhead)).await;
    let error = a.hear_error().await;
    assert_eq!(
        (error.code.as_str(), error.msg.as_str()),
        ("E005", "message too large"),
        "longer when passed on"
    );
    a.say(sent(102_200)).await;
    assert!(b.next_bytes().await.len() <= 102_400);
    a.say(sent(102_401 - overhead)).await;
    assert_eq!(a.hear_error().await.code, "E022");
    assert_eq!(a.close_code().await, 1009);
    // Also what cannot be read.
    b.hear().await;
    let _ = b.try_send(Message::Binary(vec![0; 200_000].into())).await;
    assert_eq!(b.hear_error().await.code, "E022");
    assert_eq!(b.close_code().await, 1009);
}

#[tokio::test]
async fn text_messages_are_malformed_frames() {
    let relay = relay(|_| {}).await;
    let (mut a, _) = Client::host(relay.address()).await;
    a.try_send(Message::Text("{}".into())).await.unwrap();
    let error = a.hear_error().await;
    assert_eq!(
        (error.code.as_str(), error.msg.as_str()),
        ("E005", "invalid message format")
    );
    a.say(message("")).await;
    assert_eq!(a.hear_error().await.code, "E005", "the connection is kept");
}

/// Whatever is sent, the relay lives and says only what an Arthas client can read.
#[tokio::test(flavor = "multi_thread")]
async fn noise_never_hurts_the_relay() {
    let relay = relay(|config| config.posts_burst = 10).await;
    let (mut witness, room) = Client::host(relay.address()).await;
    let mut runner = TestRunner::deterministic();
    let value = prop_oneof![
        Just(NIL.to_vec()),
        Just(LIST.to_vec()),
        any::<u64>().prop_map(|number| [&[0xcf][..], &number.to_be_bytes()].concat()),
        any::<i64>().prop_map(|number| [&[0xd3][..], &number.to_be_bytes()].concat()),
        "[a-z]{0,8}".prop_map(|value| text(&value)),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|value| bin(&value)),
        Just(text(&room)),
    ];
    let key = prop::sample::select(vec![
        "name",
        "password",
        "expiry",
        "ephemeral",
        "public",
        "title",
        "tags",
        "roomId",
        "iv",
        "ciphertext",
        "n",
        "typing",
        "transferId",
        "index",
        "data",
    ]);
    let data =
        prop::collection::btree_map(key, value, 0..5).prop_map(|entries| map(&entries.into_iter().collect::<Vec<_>>()));
    let noise = prop_oneof![
        8 => (0x00..0x60_u8, data).prop_map(|(kind, data)| frame(kind, &data)),
        4 => (0x01..0x0D_u8, prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(kind, data)| frame(kind, &data)),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ];
    let conversations = prop::collection::vec(noise, 1..60);
    for case in 0..40 {
        let mut noisy = Client::connect(relay.address()).await;
        if case % 2 == 0 {
            noisy.say(join_room(&room, "Noise")).await;
        }
        for bytes in conversations.new_tree(&mut runner).unwrap().current() {
            if noisy.try_send(Message::Binary(bytes.into())).await.is_err() {
                break;
            }
        }
    }
    until(&relay, |stats| stats.connections == 1).await;
    let (mut other, _) = Client::guest(relay.address(), &room, &mut []).await;
    other.say(message("still here")).await;
    loop {
        // All of the noise that it is told is well formed.
        if let ArthasFrame::RelayMessage(message) = witness.hear().await {
            if message.ciphertext == "still here" {
                break;
            }
        }
    }
}
