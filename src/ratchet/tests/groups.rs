//! Rooms of 3 and of 50, on bad networks, with members who come and go.

use super::*;

fn everybody_has(world: &World, from: InstanceId, text: &str) -> bool {
    let others = world.members.iter().filter(|(id, _)| **id != from);
    others
        .map(|(_, member)| {
            member
                .shown
                .iter()
                .filter(|(of, _, said)| *of == from && said == text)
                .count()
        })
        .all(|times| times == 1)
}

#[test]
fn three_on_a_bad_network_read_everything_once() {
    let mut world = World::new(3);
    world.faults = true;
    let ids = world.ids();
    for k in 0..300 {
        let from = ids[world.chance.below(3)];
        world.say(from, &format!("text {k}"));
        if k % 7 == 0 {
            world.settle();
        }
        world.now += 1000;
    }
    world.settle();
    let said: Vec<_> = world
        .recording
        .iter()
        .filter(|wire| wire.is_for(ids[0]) || wire.from() == ids[0])
        .collect();
    assert!(!said.is_empty());
    for member in world.members.values() {
        assert!(member.pending.is_empty() && member.errors.is_empty() && member.broken.is_empty());
        let unique: BTreeSet<_> = member.shown.iter().map(|(from, counter, _)| (from, counter)).collect();
        assert_eq!(unique.len(), member.shown.len());
    }
    let shown: usize = world.members.values().map(|member| member.shown.len()).sum();
    assert_eq!(shown, 300 * 2);
}

#[test]
fn who_joins_reads_from_then_on_and_who_left_reads_no_more() {
    let mut world = World::new(3);
    let ids = world.ids();
    world.say(ids[0], "before");
    world.settle();
    let old: Vec<_> = world.recording.clone();
    let late = world.join(Member::start(ROOM, 50, 0));
    world.say(ids[0], "with the newcomer");
    world.settle();
    assert!(everybody_has(&world, ids[0], "with the newcomer"));
    // Nothing from before, even if the relay kept it.
    for wire in old
        .iter()
        .filter(|wire| matches!(wire, Wire::Post(post) if post.to.is_empty()))
    {
        let opened = world.members.get_mut(&late).unwrap().open(wire.post(), 0);
        assert_eq!(opened.unwrap_err(), Error::MessagesLost(1));
    }
    let mut gone = world.leave(late);
    world.say(ids[0], "without it");
    world.settle();
    assert!(everybody_has(&world, ids[0], "without it"));
    let last = &world.last_said();
    assert!(matches!(gone.open(last, 0), Ok(Opened::NeedKey { generation: 1 })));
    assert_eq!(gone.texts(), ["with the newcomer"]);
}

#[test]
fn sender_keys_change_after_100_posts_and_after_a_day() {
    let mut world = World::new(2);
    let ids = world.ids();
    let mut keys = BTreeSet::new();
    for k in 0..250 {
        world.say(ids[0], &format!("{k}"));
        let (id, index) = world.members[&ids[0]].ratchet.sender_key().unwrap();
        assert!(index <= MAX_POSTS_PER_KEY);
        keys.insert(id);
        world.settle();
    }
    assert_eq!(keys.len(), 3);
    world.now += MAX_KEY_AGE_MS - 1;
    world.say(ids[0], "same key");
    assert!(keys.contains(&world.members[&ids[0]].ratchet.sender_key().unwrap().0));
    world.now += 1;
    world.say(ids[0], "new key");
    assert!(!keys.contains(&world.members[&ids[0]].ratchet.sender_key().unwrap().0));
    world.settle();
    assert_eq!(world.members[&ids[1]].shown.len(), 252);
}

#[test]
fn fifty_join_talk_leave_and_start_again_on_a_bad_network() {
    let mut world = World::new(50);
    world.faults = true;
    let mut said = 0;
    for k in 0..20u8 {
        let ids = world.ids();
        let from = ids[world.chance.below(ids.len())];
        let text = format!("text {k}");
        world.say(from, &text);
        said += 1;
        world.settle();
        assert!(everybody_has(&world, from, &text), "{text}");
        if k % 4 == 3 {
            let gone = ids[world.chance.below(ids.len())];
            let gone = world.leave(gone);
            // Comes back as another instance of the same device.
            let seed = gone.signing.to_bytes()[0];
            world.join(Member::start(ROOM, seed, 100 + k));
        }
    }
    assert_eq!(said, 20);
    for member in world.members.values() {
        assert!(member.errors.is_empty() && member.broken.is_empty() && member.pending.is_empty());
    }
}

#[test]
fn a_post_before_its_key_waits_for_it() {
    let mut world = World::new(2);
    let ids = world.ids();
    let wires = world.members.get_mut(&ids[0]).unwrap().say("hello", 0);
    let reader = world.members.get_mut(&ids[1]).unwrap();
    for wire in wires.iter().rev() {
        reader.receive(wire, 0);
    }
    assert_eq!(reader.texts(), ["hello"]);
    assert!(reader.errors.is_empty());
}

#[test]
fn nothing_is_said_before_its_key_is_posted() {
    let mut world = World::new(2);
    let ids = world.ids();
    let ratchet = &mut world.members.get_mut(&ids[0]).unwrap().ratchet;
    let outer = Outer {
        header: &[],
        counter: 9,
    };
    assert_eq!(ratchet.seal(outer, None, b"x", 0).unwrap_err().code(), "INVALID_STATE");
    ratchet.prepare(0).unwrap();
    assert_eq!(ratchet.seal(outer, None, b"x", 0).unwrap_err().code(), "INVALID_STATE");
    assert!(matches!(ratchet.poll(), Some(Action::Post(_))));
    assert!(ratchet.seal(outer, None, b"x", 0).is_ok());
    assert_eq!(
        ratchet.seal(outer, None, b"x", MAX_KEY_AGE_MS).unwrap_err().code(),
        "INVALID_STATE"
    );
}

#[test]
fn history_is_shared_only_on_purpose_and_cannot_be_invented() {
    let mut world = World::new(0);
    let speaker = world.join(Member::start(ROOM, 1, 0));
    let keeper = world.join(Member::start_with(ROOM, 2, 0, true));
    let forgetful = world.join(Member::start(ROOM, 3, 0));
    world.say(speaker, "before");
    world.settle();
    let old = world.last_said();
    let late = world.join(Member::start(ROOM, 4, 0));
    world.say(speaker, "after");
    world.settle();
    let open = |world: &mut World| world.members.get_mut(&late).unwrap().open(&old, 0);
    assert_eq!(open(&mut world).unwrap_err(), Error::MessagesLost(1));
    for (from, expected) in [(forgetful, false), (keeper, true)] {
        let member = world.members.get_mut(&from).unwrap();
        member.ratchet.share_history(late).unwrap();
        let wires = member.pump();
        assert!(!wires.is_empty());
        world.send(wires);
        world.settle();
        assert_eq!(open(&mut world).is_ok(), expected);
    }
    assert_eq!(world.members[&late].texts(), ["after", "before"]);
    // A key of the keeper's own making, under the speaker's name.
    let invented = vodozemac::megolm::GroupSession::default();
    let invented = vodozemac::megolm::InboundGroupSession::from(&invented).export_at_first_known_index();
    let inbound = &mut world.members.get_mut(&late).unwrap().ratchet.inbound;
    assert_eq!(
        inbound.import(speaker, 0, &invented.to_bytes()),
        Err(Error::Misdirected)
    );
    assert_eq!(
        inbound.import(speaker, 9, &invented.to_bytes()),
        Err(Error::UnknownMember)
    );
}

#[test]
fn keys_that_have_served_are_forgotten() {
    let mut world = World::new(2);
    let ids = world.ids();
    for day in 0..3 {
        world.now = day * MAX_KEY_AGE_MS;
        world.say(ids[0], "x");
        world.settle();
    }
    let ratchet = &mut world.members.get_mut(&ids[1]).unwrap().ratchet;
    let kept = |ratchet: &Ratchet| ratchet.inbound.senders[&ids[0]].keys.len();
    assert_eq!(kept(ratchet), 3);
    while let Some(at) = ratchet.deadline() {
        ratchet.on_timer(at);
    }
    assert_eq!(kept(ratchet), 1);
    // Fallback keys are forgotten too: a start with an old one fails, and is reported.
    assert_eq!(ratchet.account.stored_one_time_key_count(), 0);
}

/// As many keys of those who left are kept as the ratchet knows members, however fast others come and go.
#[test]
fn who_comes_and_goes_costs_a_bounded_amount_of_memory() {
    let mut world = World::new(1);
    let listener = world.ids()[0];
    let mut late = Vec::new();
    for start in 0..130 {
        let visitor = world.join(Member::start(ROOM, 2, start));
        world.say(visitor, "here");
        world.settle();
        // On its way while its sender leaves.
        world.say(visitor, "late");
        world.wires.clear();
        late.push(world.last_said());
        world.leave(visitor);
        world.now += 1;
    }
    let now = world.now;
    let member = world.members.get_mut(&listener).unwrap();
    assert_eq!(member.ratchet.inbound.senders.len(), 100);
    assert_eq!(member.texts().len(), 130);
    for (index, post) in late.iter().enumerate() {
        let opened = member.open(post, now);
        assert_eq!(opened.is_ok(), index >= 30, "{index}: {opened:?}");
    }
}
