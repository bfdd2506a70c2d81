//! Members who break the rules, and a relay that helps them.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes, it is a typed error: nothing panics, nothing opens.
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0u8..6) {
        let mut world = World::new(2);
        let ids = world.ids();
        speak(&mut world, ids[0], "first");
        let reader = world.members.get_mut(&ids[1]).unwrap();
        let device_key = [7; 32];
        prop_assert!(reader.ratchet.on_bundle(ids[0], device_key, &bytes, 0).is_err());
        let key = crate::secret::Key::from_slice(&[1; 32]).unwrap();
        prop_assert!(reader.ratchet.restore(&key, Some(&bytes), 0, 0).is_err());
        let outer = Outer { header: &bytes, counter: 9 };
        let inner = [&[kind], bytes.as_slice()].concat();
        let opened = reader.ratchet.open(ids[0], outer, &inner, 0).map(|opened| opened.release(&reader.ratchet).unwrap());
        prop_assert!(shows_nothing(&opened));
        // The same behind the start of a real message.
        let prefix = [&[kind, 0, 0, 3, 8, 1, 0x12], bytes.as_slice()].concat();
        let opened = reader.ratchet.open(ids[0], outer, &prefix, 0).map(|opened| opened.release(&reader.ratchet).unwrap());
        prop_assert!(shows_nothing(&opened));
    }
}

fn shows_nothing(opened: &Result<Opened>) -> bool {
    matches!(opened, Err(_) | Ok(Opened::NeedKey { .. }))
}

fn speak(world: &mut World, from: InstanceId, text: &str) -> Post {
    world.say(from, text);
    world.settle();
    world.last_said()
}

#[test]
fn a_replayed_message_is_refused_under_any_counter() {
    let mut world = World::new(2);
    let ids = world.ids();
    let mut post = speak(&mut world, ids[0], "once");
    let reader = world.members.get_mut(&ids[1]).unwrap();
    let header = post.header();
    let outer = Outer {
        header: &header,
        counter: post.counter,
    };
    assert_eq!(
        reader.ratchet.open(ids[0], outer, &post.inner, 0).unwrap_err(),
        Error::Replayed
    );
    post.counter += 1000;
    assert_eq!(reader.open(&post, 0).unwrap_err(), Error::Replayed);
    assert_eq!(reader.texts(), ["once"]);
}

#[test]
fn a_message_moved_to_another_counter_or_other_recipients_is_refused() {
    let mut world = World::new(2);
    let ids = world.ids();
    speak(&mut world, ids[0], "first");
    let wires = world.members.get_mut(&ids[0]).unwrap().say("second", 0);
    let post = wires.last().unwrap().post().clone();
    let reader = world.members.get_mut(&ids[1]).unwrap();
    let mut moved = post.clone();
    moved.counter += 1;
    assert_eq!(reader.open(&moved, 0).unwrap_err(), Error::Misdirected);
    let mut narrowed = post.clone();
    narrowed.to = vec![ids[1]];
    assert_eq!(reader.open(&narrowed, 0).unwrap_err(), Error::Misdirected);
    // And in its own place it still opens.
    reader.open(&post, 0).unwrap();
    let note = world.members.get_mut(&ids[0]).unwrap().say_to(ids[1], "note").unwrap();
    let mut moved = note.post().clone();
    moved.counter += 1;
    assert_eq!(
        world.members.get_mut(&ids[1]).unwrap().open(&moved, 0).unwrap_err(),
        Error::Misdirected
    );
}

#[test]
fn no_member_presents_another_ones_message_as_its_own() {
    let mut world = World::new(3);
    let ids = world.ids();
    let stolen = speak(&mut world, ids[0], "mine");
    for id in &ids {
        speak(&mut world, *id, "everybody has a key");
    }
    // Under the thief's own name.
    let mut post = stolen.clone();
    post.from = ids[1];
    post.counter = 500;
    let reader = world.members.get_mut(&ids[2]).unwrap();
    assert_eq!(reader.open(&post, 0).unwrap_err(), Error::DecryptFailed);
    // The thief gives the victim's sender key as its own: now the signature is right, but the words name the victim.
    let victims_key = world.members[&ids[0]].ratchet.outbound.as_ref().unwrap().key();
    let thief = world.members[&ids[1]].device_key();
    let reader = world.members.get_mut(&ids[2]).unwrap();
    reader.ratchet.inbound.add(ids[1], thief, 7, &victims_key, 0).unwrap();
    let next = world.members.get_mut(&ids[0]).unwrap().say("not yours", 0);
    let mut post = next.last().unwrap().post().clone();
    post.from = ids[1];
    post.inner[1..3].copy_from_slice(&7u16.to_be_bytes());
    let header = post.header();
    let outer = Outer {
        header: &header,
        counter: post.counter,
    };
    let reader = world.members.get_mut(&ids[2]).unwrap();
    let opened = reader.ratchet.open(ids[1], outer, &post.inner, 0);
    assert_eq!(opened.unwrap_err(), Error::Misdirected);
}

#[test]
fn nothing_of_one_room_counts_in_another() {
    let (mut here, mut there) = (World::new(2), World::new(0));
    for seed in 1..=2 {
        there.join(Member::start(OTHER_ROOM, seed, 0));
    }
    let ids = here.ids();
    // The device's bundle of the other room, as if it were of this one.
    let signing = here.members[&ids[0]].signing.clone();
    let mut other = Member::start(OTHER_ROOM, signing.to_bytes()[0], 0);
    let Wire::Hello { bundle, .. } = other.hello(None, false, 0) else {
        panic!()
    };
    let device_key = other.device_key();
    let reader = &mut here.members.get_mut(&ids[1]).unwrap().ratchet;
    for owner in [ids[0], other.instance] {
        assert_eq!(
            reader.on_bundle(owner, device_key, &bundle, 0),
            Err(Error::BadSignature)
        );
    }
    // A sender key known in both rooms, as after a mistake: the words name their room.
    let from = there.ids()[0];
    speak(&mut there, from, "there");

    let key = there.members[&from].ratchet.outbound.as_ref().unwrap().key();
    let device_key = there.members[&from].device_key();
    reader.inbound.add(from, device_key, 0, &key, 0).unwrap();
    let next = there.members.get_mut(&from).unwrap().say("again", 0);
    let opened = here
        .members
        .get_mut(&ids[1])
        .unwrap()
        .open(next.last().unwrap().post(), 0);
    assert_eq!(opened.unwrap_err(), Error::Misdirected);
}

#[test]
fn bundles_are_bound_to_room_instance_device_and_recipient() {
    let (mut a, mut b, c) = (
        Member::start(ROOM, 1, 0),
        Member::start(ROOM, 2, 0),
        Member::start(ROOM, 3, 0),
    );
    let hello = |member: &mut Member, to| match member.hello(to, false, 0) {
        Wire::Hello { bundle, .. } => bundle,
        Wire::Post(_) => panic!(),
    };
    let bundle = hello(&mut a, None);
    assert_eq!(bundle.len(), BUNDLE_BYTES);
    let take = |b: &mut Member, from: InstanceId, key, bundle: &[u8]| b.ratchet.on_bundle(from, key, bundle, 0);
    assert_eq!(
        take(&mut b, c.instance, a.device_key(), &bundle),
        Err(Error::BadSignature)
    );
    assert_eq!(
        take(&mut b, a.instance, c.device_key(), &bundle),
        Err(Error::BadSignature)
    );
    for at in 0..bundle.len() {
        let mut changed = bundle.clone();
        changed[at] ^= 1;
        let error = take(&mut b, a.instance, a.device_key(), &changed).unwrap_err();
        assert!(["BAD_SIGNATURE", "INVALID_FRAME"].contains(&error.code()), "{at}");
    }
    for length in 0..bundle.len() {
        assert!(take(&mut b, a.instance, a.device_key(), &bundle[..length]).is_err());
    }
    assert!(!b.ratchet.knows(a.instance));
    take(&mut b, a.instance, a.device_key(), &bundle).unwrap();
    // Other keys for the same instance.
    let mut twin = Member::start(ROOM, 1, 0);
    let other = hello(&mut twin, None);
    assert_eq!(
        take(&mut b, a.instance, a.device_key(), &other),
        Err(Error::Misdirected)
    );
    // One made for somebody else. Only the side with the higher key makes them, so this is built by hand.
    let own = *a.ratchet.own.identity.as_bytes();
    let for_c = bundle::Bundle {
        purpose: bundle::Purpose::One(c.instance),
        identity: own.into(),
        pre_key: own.into(),
    };
    let signing = a.signing.clone();
    let for_c = for_c.encode(ROOM, a.instance, &a.device_key(), |bytes| {
        signing.sign(bytes).to_bytes()
    });
    assert_eq!(
        take(&mut b, a.instance, a.device_key(), &for_c),
        Err(Error::Misdirected)
    );
    assert!(c.ratchet.poll_is_empty());
}

#[test]
fn low_order_points_and_our_own_key_are_refused() {
    // The points of order 1, 2, 4 and 8, and their other encodings (RFC 7748 section 7; cr.yp.to/ecdh.html).
    let low_order = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut refused = 0;
    for point in low_order {
        let point: [u8; 32] = core::array::from_fn(|k| u8::from_str_radix(&point[2 * k..2 * k + 2], 16).unwrap());
        for weak_identity in [false, true] {
            let (a, mut b) = (Member::start(ROOM, 1, 0), Member::start(ROOM, 2, 0));
            let good = b.ratchet.own.identity;
            let mut higher = [0xff; 32];
            higher[31] = 0x7f;
            let bundle = bundle::Bundle {
                purpose: bundle::Purpose::Again(b.instance, 1),
                identity: if weak_identity { point.into() } else { higher.into() },
                pre_key: if weak_identity { good } else { point.into() },
            };
            let bytes = bundle.encode(ROOM, a.instance, &a.device_key(), |bytes| {
                a.signing.sign(bytes).to_bytes()
            });
            let result = b.ratchet.on_bundle(a.instance, a.device_key(), &bytes, 0);
            assert_eq!(result.unwrap_err().code(), "WEAK_KEY");
            assert!(!b.ratchet.knows(a.instance));
            refused += 1;
        }
    }
    assert_eq!(refused, 14);
    let (a, mut b) = (Member::start(ROOM, 1, 0), Member::start(ROOM, 2, 0));
    let mirror = bundle::Bundle {
        purpose: bundle::Purpose::Everybody,
        identity: b.ratchet.own.identity,
        pre_key: b.ratchet.own.identity,
    };
    let bytes = mirror.encode(ROOM, a.instance, &a.device_key(), |bytes| {
        a.signing.sign(bytes).to_bytes()
    });
    assert_eq!(
        b.ratchet.on_bundle(a.instance, a.device_key(), &bytes, 0),
        Err(Error::WeakKey)
    );
    // A weak device key (the neutral element) signs nothing.
    let mut weak = [0; 32];
    weak[0] = 1;
    assert_eq!(
        b.ratchet.on_bundle(a.instance, weak, &bytes, 0),
        Err(Error::BadSignature)
    );
}

#[test]
fn every_changed_byte_and_every_other_kind_is_refused() {
    let mut world = World::new(2);
    let ids = world.ids();
    speak(&mut world, ids[0], "first");
    let text = world.members.get_mut(&ids[0]).unwrap().say("text", 0);
    let note = world.members.get_mut(&ids[0]).unwrap().say_to(ids[1], "note").unwrap();
    for wire in [text.last().unwrap(), &note] {
        let post = wire.post();
        let mut thief = world.members[&ids[1]].steal();
        for at in 0..post.inner.len() {
            for bit in [0, 7] {
                let mut changed = post.clone();
                changed.inner[at] ^= 1 << bit;
                match thief.open(&changed, 0) {
                    Err(_) | Ok(Opened::NeedKey { .. }) => {}
                    Ok(opened) => panic!("byte {at}: {opened:?}"),
                }
            }
            let mut cut = post.clone();
            cut.inner.truncate(at);
            assert!(!matches!(
                thief.open(&cut, 0),
                Ok(Opened::Said(_) | Opened::SaidToUs(_))
            ));
        }
        // The signed form, or any other, is no way around.
        for kind in [0, 1, 5, 255] {
            let mut other = post.clone();
            other.inner[0] = kind;
            assert_eq!(thief.open(&other, 0).unwrap_err().code(), "INVALID_FRAME");
        }
        assert!(thief.open(post, 0).is_ok());
    }
    let reader = world.members.get_mut(&ids[1]).unwrap();
    let stranger = InstanceId([9; 16]);
    let outer = Outer {
        header: &[],
        counter: 0,
    };
    let inner = &text.last().unwrap().post().inner;
    assert_eq!(
        reader.ratchet.open(stranger, outer, inner, 0).unwrap_err(),
        Error::UnknownMember
    );
}

#[test]
fn an_index_beyond_the_limit_is_refused_before_any_work() {
    let mut world = World::new(2);
    let ids = world.ids();
    speak(&mut world, ids[0], "first");
    let ratchet = &mut world.members.get_mut(&ids[0]).unwrap().ratchet;
    // A sender that never changes its key.
    let session = &mut ratchet.outbound.as_mut().unwrap().session;
    while session.message_index() < 128 {
        session.encrypt(b"");
    }
    let inner = [&[2, 0, 0][..], &session.encrypt(b"").to_bytes()].concat();
    let key = session.session_key().to_bytes();
    let outer = Outer {
        header: &[],
        counter: 9,
    };
    let reader = &mut world.members.get_mut(&ids[1]).unwrap().ratchet;
    assert_eq!(
        reader.open(ids[0], outer, &inner, 0).unwrap_err().code(),
        "INVALID_FRAME"
    );
    assert_eq!(
        reader.inbound.add(ids[0], [0; 32], 5, &key, 0).unwrap_err().code(),
        "INVALID_FRAME"
    );
}

#[test]
fn two_keys_of_one_generation_are_refused() {
    let mut world = World::new(2);
    let ids = world.ids();
    speak(&mut world, ids[0], "first");
    let other = vodozemac::megolm::GroupSession::default().session_key().to_bytes();
    let inbound = &mut world.members.get_mut(&ids[1]).unwrap().ratchet.inbound;
    assert_eq!(inbound.add(ids[0], [0; 32], 0, &other, 0), Err(Error::Misdirected));
}

#[test]
fn the_number_of_known_instances_is_bounded() {
    let mut reader = Member::start(ROOM, 0, 0);
    for k in 0..101u8 {
        let mut member = Member::start(ROOM, 1, k);
        reader.receive(&member.hello(None, false, 0), 0);
    }
    assert_eq!(reader.errors, [Error::InvalidState("too many members")]);
}
