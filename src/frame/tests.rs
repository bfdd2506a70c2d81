use proptest::prelude::*;

use super::*;

fn id(text: &str) -> RelayId {
    RelayId(text.to_owned())
}

fn samples() -> Vec<Frame> {
    vec![
        Create {
            proto: "hush1".into(),
            room_id: "V1StGXR8_Z5jdHi6B-myT".into(),
            auth: vec![1; 32].into(),
            resume: vec![2; 16].into(),
            seen: 7,
            max_members: 2,
            expiry: 60,
            expires_at: 0,
            seat: Some(vec![3; 32].into()),
            seats: vec![FixedBin([4; 32]), FixedBin([5; 32])],
        }
        .into(),
        Join {
            proto: "hush1".into(),
            room_id: "V1StGXR8_Z5jdHi6B-myT".into(),
            auth: vec![1; 32].into(),
            resume: vec![2; 16].into(),
            seen: 0,
            seat: None,
        }
        .into(),
        Leave {}.into(),
        Pong { t: 5 }.into(),
        RoomJoined {
            room_id: "r".into(),
            members: vec![Member {
                id: id("a"),
                name: String::new(),
                color: String::new(),
            }],
            expires_at: 1,
            max_members: 50,
            resumed: true,
            accepted: 9,
        }
        .into(),
        MemberJoined(Member {
            id: id("a"),
            name: "n".into(),
            color: "#fff".into(),
        })
        .into(),
        MemberLeft { id: id("a") }.into(),
        RoomClosed {
            reason: "expired".into(),
        }
        .into(),
        ErrorFrame {
            code: "E004".into(),
            msg: "m".into(),
            n: Some(1),
            retry_after: Some(2),
        }
        .into(),
        Ping { t: u64::MAX }.into(),
        Post {
            n: 1,
            to: vec![id("b")],
            transient: true,
            body: vec![1, 2].into(),
        }
        .into(),
        Bulk {
            to: vec![id("b")],
            stream: 3,
            offset: 1 << 40,
            body: vec![0; 300].into(),
        }
        .into(),
        Window {
            to: id("a"),
            stream: 3,
            delivered: 4,
            limit: 5,
            rewind: true,
        }
        .into(),
        Posted {
            seq: 1,
            t: 2,
            from: id("a"),
            body: vec![9].into(),
        }
        .into(),
        BulkFrom {
            from: id("a"),
            stream: 3,
            offset: 5,
            body: vec![7; 70_000].into(),
        }
        .into(),
        WindowFrom {
            from: id("a"),
            stream: 3,
            delivered: 4,
            limit: 5,
            rewind: false,
        }
        .into(),
        Accepted { n: 1, seq: 2, t: 3 }.into(),
        Frame::Other {
            kind: 0x80,
            data: Value::Map(vec![
                (
                    "a".into(),
                    Value::List(vec![Value::Nil, Value::Bool(true), Value::Int(-5), Value::Float(0.5)]),
                ),
                ("b".into(), Value::Bin(vec![1])),
                ("c".into(), Value::Uint(u64::MAX)),
            ]),
        },
    ]
}

#[test]
fn every_frame_round_trips() {
    for frame in samples() {
        let bytes = frame.encode().unwrap();
        assert_eq!(Frame::decode(&bytes).unwrap(), frame);
    }
}

#[test]
fn the_bytes_are_the_documented_ones() {
    let bytes = Frame::from(Pong { t: 5 }).encode().unwrap();
    assert_eq!(bytes, b"\x82\xa4type\x06\xa4data\x81\xa1t\x05");
    let bytes = Frame::from(Post {
        n: 1,
        to: vec![],
        transient: false,
        body: vec![9].into(),
    })
    .encode()
    .unwrap();
    assert_eq!(bytes, b"\x82\xa4type\x40\xa4data\x82\xa1n\x01\xa4body\xc4\x01\x09");
}

#[test]
fn every_truncation_and_extension_is_refused() {
    for frame in samples() {
        let bytes = frame.encode().unwrap();
        let cuts = (0..bytes.len()).filter(|cut| *cut < 200 || *cut + 3 > bytes.len());
        for cut in cuts {
            assert!(Frame::decode(&bytes[..cut]).is_err(), "{frame:?} cut at {cut}");
        }
        let longer = [&bytes[..], &[0xc0]].concat();
        assert!(Frame::decode(&longer).is_err());
    }
}

#[test]
fn hostile_frames_are_refused() {
    let cases: [(&str, &[u8]); 14] = [
        ("empty", b""),
        ("not a map", b"\x92\x01\x02"),
        ("no type", b"\x81\xa4data\x80"),
        ("no data", b"\x81\xa4type\x06"),
        ("data is a list", b"\x82\xa4type\x06\xa4data\x91\x05"),
        ("negative type", b"\x82\xa4type\xff\xa4data\x80"),
        ("float type", b"\x82\xa4type\xca\x40\xc0\x00\x00\xa4data\x80"),
        ("type twice", b"\x83\xa4type\x06\xa4type\x06\xa4data\x81\xa1t\x05"),
        (
            "bin that claims 4 GiB",
            b"\x82\xa4type\x40\xa4data\x82\xa1n\x01\xa4body\xc6\xff\xff\xff\xff",
        ),
        (
            "text that is not UTF-8",
            b"\x82\xa4type\xcc\x80\xa4data\x81\xa1a\xa1\xff",
        ),
        (
            "body that is such a text",
            b"\x82\xa4type\x40\xa4data\x82\xa1n\x01\xa4body\xa1\xff",
        ),
        ("map that claims 4 G", b"\xdf\xff\xff\xff\xff"),
        ("extension", b"\x82\xa4type\xcc\x80\xa4data\x81\xa1a\xd4\x01\x00"),
        ("str for bin", b"\x82\xa4type\x40\xa4data\x82\xa1n\x01\xa4body\xa1x"),
    ];
    for (name, bytes) in cases {
        assert_eq!(Frame::decode(bytes).unwrap_err().code(), "INVALID_FRAME", "{name}");
    }
    let bin_for_str = b"\x82\xa4type\x13\xa4data\x81\xa2id\xc4\x01x";
    assert_eq!(Frame::decode(bin_for_str).unwrap_err().code(), "INVALID_FRAME");
    let deep = [&b"\x82\xa4type\xcc\x80\xa4data\x81\xa1a"[..], &[0x91; 64], &[0xc0]].concat();
    assert_eq!(
        Frame::decode(&deep).unwrap_err(),
        Error::InvalidFrame("nested too deeply")
    );
    let wide = [&b"\x82\xa4type\xcc\x80\xa4data\x81\xa1a\xdc\x20\x00"[..], &[0xc0; 8192]].concat();
    assert_eq!(
        Frame::decode(&wide).unwrap_err(),
        Error::InvalidFrame("too many values")
    );
    let large = vec![0; MAX_FRAME_BYTES + 1];
    assert_eq!(Frame::decode(&large).unwrap_err().code(), "FRAME_TOO_LARGE");
}

#[test]
fn lists_and_strings_stop_at_their_limit() {
    let to = vec![id("x"); MAX_MEMBERS + 1];
    let frame = Frame::from(Post {
        n: 1,
        to,
        transient: false,
        body: Bin::default(),
    });
    assert!(Frame::decode(&frame.encode().unwrap()).is_err());
    let frame = Frame::from(MemberLeft {
        id: id(&"x".repeat(MAX_MEMBER_ID_BYTES + 1)),
    });
    assert!(Frame::decode(&frame.encode().unwrap()).is_err());
}

#[test]
fn unknown_keys_are_ignored_and_unknown_types_kept() {
    let bytes = b"\x83\xa4type\x06\xa1x\x01\xa4data\x82\xa1t\x05\xa1y\xc0";
    assert_eq!(Frame::decode(bytes).unwrap(), Pong { t: 5 }.into());
    let bytes = b"\x82\xa4type\x7e\xa4data\x80";
    assert_eq!(
        Frame::decode(bytes).unwrap(),
        Frame::Other {
            kind: 0x7e,
            data: Value::Map(vec![])
        }
    );
}

#[test]
fn a_bulk_head_and_its_body_are_the_whole_frame() {
    for length in [0, 1, 255, 256, 65_535, 65_536] {
        let body = vec![5; length];
        let mut frame = bulk_frame_head(&[id("a"), id("b")], 7, 1 << 33, length).unwrap();
        frame.extend_from_slice(&body);
        let whole = Frame::from(Bulk {
            to: vec![id("a"), id("b")],
            stream: 7,
            offset: 1 << 33,
            body: body.into(),
        });
        assert_eq!(frame, whole.encode().unwrap());
    }
    assert_eq!(
        bulk_frame_head(&[id("a")], 1, 0, MAX_FRAME_BYTES).unwrap_err().code(),
        "FRAME_TOO_LARGE"
    );
}

#[test]
fn a_received_bulk_frame_is_read_from_its_first_bytes() {
    let frame = Frame::from(BulkFrom {
        from: id("abcdef01"),
        stream: 7,
        offset: 9,
        body: vec![5; 65_536].into(),
    });
    let bytes = frame.encode().unwrap();
    let head = peek_bulk_from(&bytes[..BULK_PEEK_BYTES], bytes.len()).unwrap().unwrap();
    assert_eq!((head.from, head.stream, head.offset), (id("abcdef01"), 7, 9));
    assert_eq!(bytes.len() - head.body_start, head.body_length);
    assert_eq!(bytes[head.body_start..], [5; 65_536]);
    assert!(peek_bulk_from(&bytes[..BULK_PEEK_BYTES], bytes.len() - 1).is_err());
    for frame in samples().iter().filter(|frame| frame.kind() != 0x51) {
        let bytes = frame.encode().unwrap();
        let prefix = &bytes[..bytes.len().min(BULK_PEEK_BYTES)];
        assert_eq!(peek_bulk_from(prefix, bytes.len()).unwrap(), None, "{frame:?}");
    }
}

#[test]
fn a_relay_turns_a_bulk_frame_around() {
    for body in [vec![], vec![5; 255], vec![5; 65_536]] {
        let bytes = Frame::from(Bulk {
            to: vec![id("a"), id("b")],
            stream: 7,
            offset: 1 << 33,
            body: body.clone().into(),
        })
        .encode()
        .unwrap();
        let head = peek_bulk(&bytes).unwrap().unwrap();
        assert_eq!(
            (head.to, head.stream, head.offset),
            (vec![id("a"), id("b")], 7, 1 << 33)
        );
        assert_eq!(bytes[head.body_start..], body);
        let sent = bulk_from_frame(&id("abcdef01"), 7, 1 << 33, &bytes[head.body_start..]).unwrap();
        let whole = Frame::from(BulkFrom {
            from: id("abcdef01"),
            stream: 7,
            offset: 1 << 33,
            body: body.into(),
        });
        assert_eq!(sent, whole.encode().unwrap());
    }
    let too_large = bulk_from_frame(&id("abcdef01"), 1, 0, &vec![0; MAX_FRAME_BYTES]).unwrap_err();
    assert_eq!(too_large.code(), "FRAME_TOO_LARGE");
}

#[test]
fn a_bulk_frame_out_of_order_or_shape_is_refused() {
    let good = Frame::from(Bulk {
        to: vec![id("a")],
        stream: 7,
        offset: 9,
        body: vec![5; 20].into(),
    })
    .encode()
    .unwrap();
    for cut in 12..good.len() {
        assert!(peek_bulk(&good[..cut]).is_err(), "cut at {cut}");
    }
    assert!(peek_bulk(&[&good[..], &[0]].concat()).is_err());
    let cases: [&[u8]; 4] = [
        // nobody in `to`
        b"\x82\xa4type\x41\xa4data\x84\xa2to\x90\xa6stream\x01\xa6offset\x00\xa4body\xc4\x00",
        // `to` claims 4 G receivers
        b"\x82\xa4type\x41\xa4data\x84\xa2to\xdd\xff\xff\xff\xff",
        // `offset` before `stream`
        b"\x82\xa4type\x41\xa4data\x84\xa2to\x91\xa1a\xa6offset\x00\xa6stream\x01\xa4body\xc4\x00",
        // a negative offset
        b"\x82\xa4type\x41\xa4data\x84\xa2to\x91\xa1a\xa6stream\x01\xa6offset\xff\xa4body\xc4\x00",
    ];
    for bytes in cases {
        assert_eq!(peek_bulk(bytes).unwrap_err().code(), "INVALID_FRAME", "{bytes:02x?}");
    }
    for frame in samples().iter().filter(|frame| frame.kind() != 0x41) {
        assert_eq!(peek_bulk(&frame.encode().unwrap()).unwrap(), None, "{frame:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(bytes: Vec<u8>) {
        let _ = Frame::decode(&bytes);
        let _ = peek_bulk_from(&bytes, bytes.len());
        let _ = peek_bulk(&bytes);
    }

    #[test]
    fn a_changed_frame_never_panics(index: prop::sample::Index, at: prop::sample::Index, to: u8) {
        let samples = samples();
        let mut bytes = index.get(&samples).encode().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(frame) = Frame::decode(&bytes) {
            prop_assert!(frame.encode().is_ok());
        }
        let _ = peek_bulk_from(&bytes[..bytes.len().min(BULK_PEEK_BYTES)], bytes.len());
        if peek_bulk(&bytes).is_ok_and(|head| head.is_some()) {
            prop_assert!(matches!(Frame::decode(&bytes), Ok(Frame::Bulk(_))));
        }
    }
}

#[test]
fn any_data_can_be_read_where_it_is_to_be_judged() {
    for (bytes, expected) in [
        (&b"\x82\xa4type\x05\xa4data\x80"[..], Value::Map(vec![])),
        (b"\x82\xa4type\x05\xa4data\x07", Value::Uint(7)),
        (b"\x82\xa4data\xa1x\xa4type\x05", Value::Text("x".into())),
        (b"\x81\xa4type\x05", Value::Nil),
    ] {
        assert_eq!(decode_any(bytes), Ok((5, expected)));
    }
    for bytes in [
        &b"\x81\xa4data\x80"[..],
        b"\x05",
        b"",
        b"\x82\xa4type\x05\xa4type\x05",
        b"\x81\xa4type\x05\x00",
    ] {
        assert!(matches!(decode_any(bytes), Err(Error::InvalidFrame(_))), "{bytes:?}");
    }
}

/// Any value, as MessagePack may write it: not only in the shortest form.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        (i64::MIN..0).prop_map(Value::Int),
        any::<u64>().prop_map(Value::Uint),
        any::<f64>().prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bin),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::btree_map(".{0,40}", inner, 0..6)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

/// As the library that wrote and read frames before.
mod as_rmp_serde {
    use super::*;

    proptest! {
        #[test]
        fn values_are_written(value in any_value()) {
            prop_assert_eq!(to_vec(&value).unwrap(), rmp_serde::to_vec_named(&value).unwrap());
        }

        #[test]
        fn values_are_read(value in any_value(), at: prop::sample::Index, to: u8) {
            let mut bytes = rmp_serde::to_vec_named(&value).unwrap();
            let read = read_value(&bytes).unwrap();
            prop_assert_eq!(format!("{:?}", &read), format!("{:?}", &value));
            let at = at.index(bytes.len());
            bytes[at] = to;
            // What we read is read by it, and as the same; it reads more.
            if let Ok(value) = read_value(&bytes) {
                let theirs: Value = rmp_serde::from_slice(&bytes).unwrap();
                prop_assert_eq!(format!("{value:?}"), format!("{theirs:?}"));
            }
        }
    }

    #[test]
    fn frames_are_written() {
        for frame in samples() {
            assert_eq!(
                frame.encode().unwrap(),
                rmp_serde::to_vec_named(&frame).unwrap(),
                "{frame:?}"
            );
        }
    }
}

#[test]
fn values_are_read_in_every_form_and_nothing_else_is() {
    let read = |bytes: &[u8]| read_value(bytes);
    for (bytes, value) in [
        (&b"\xcc\x05"[..], Value::Uint(5)),
        (b"\xcd\x00\x05", Value::Uint(5)),
        (b"\xce\x00\x00\x00\x05", Value::Uint(5)),
        (b"\xcf\x00\x00\x00\x00\x00\x00\x00\x05", Value::Uint(5)),
        (b"\xd0\x05", Value::Uint(5)),
        (b"\xd0\xfb", Value::Int(-5)),
        (b"\xd1\xff\xfb", Value::Int(-5)),
        (b"\xd2\xff\xff\xff\xfb", Value::Int(-5)),
        (b"\xd3\xff\xff\xff\xff\xff\xff\xff\xfb", Value::Int(-5)),
        (b"\xca\x3f\x00\x00\x00", Value::Float(0.5)),
        (b"\xd9\x01a", Value::Text("a".into())),
        (b"\xda\x00\x01a", Value::Text("a".into())),
        (b"\xdb\x00\x00\x00\x01a", Value::Text("a".into())),
        (b"\xc5\x00\x01a", Value::Bin(b"a".to_vec())),
        (b"\xdc\x00\x01\xc3", Value::List(vec![Value::Bool(true)])),
        (
            b"\xdf\x00\x00\x00\x01\xa1a\xc2",
            Value::Map(vec![("a".into(), Value::Bool(false))]),
        ),
    ] {
        assert_eq!(read(bytes), Ok(value), "{bytes:02x?}");
    }
    for bytes in [
        &b""[..],
        b"\xc0\xc0",
        b"\xc1",
        b"\xc7\x01\x00\x00",
        b"\xcd\x00",
        b"\xa1",
        b"\xa1\xff",
        b"\xc4\x02a",
        b"\x91",
        b"\x81\xa1a",
        // keys: a number, a `bin`, the same twice
        b"\x81\x01\x01",
        b"\x81\xc4\x01a\x01",
        b"\x82\xa1a\x01\xa1a\x02",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\x91\x91\x91\x91\x91\x91\x91\x91\xc0",
    ] {
        assert!(matches!(read(bytes), Err(Error::InvalidFrame(_))), "{bytes:02x?}");
    }
}

#[test]
fn a_member_is_a_map() {
    let list = b"\x82\xa4type\x12\xa4data\x83\xa2id\xa1a\xa4name\xa1n\xa5color\xa0";
    assert!(matches!(Frame::decode(list), Ok(Frame::MemberJoined(_))));
    let listed = b"\x82\xa4type\x11\xa4data\x82\xa6roomId\xa1r\xa7members\x91\x93\xa1a\xa1n\xa0";
    assert_eq!(Frame::decode(listed).unwrap_err().code(), "INVALID_FRAME");
}
