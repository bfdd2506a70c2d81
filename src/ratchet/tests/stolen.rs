//! What a thief of a device's memory can read.

use super::*;

/// Posts of `recording` that the thief can open, playing everything to it in order, and from any key it holds.
fn read_by(thief: &Member, recording: &[Wire]) -> Vec<String> {
    let mut thief = thief.steal();
    for wire in recording {
        if wire.is_for(thief.instance) && wire.from() != thief.instance {
            thief.receive(wire, 0);
        }
    }
    thief.shown.into_iter().map(|(_, _, text)| text).collect()
}

#[test]
fn a_stolen_state_opens_nothing_that_was_opened_before() {
    let mut world = World::new(3);
    let ids = world.ids();
    for k in 0..5 {
        for id in &ids {
            world.say(*id, &format!("old {k}"));
        }
        world.settle();
    }
    let recording = world.recording.clone();
    for id in &ids {
        assert_eq!(read_by(&world.members[id], &recording), Vec::<String>::new());
    }
}

/// The claim for everybody: also with the keys of opened messages kept, and also of what was never received.
#[test]
fn a_stolen_state_opens_nothing_from_before_the_last_rotation() {
    let mut world = World::new(0);
    let speaker = world.join(Member::start(ROOM, 1, 0));
    let keeper = world.join(Member::start_with(ROOM, 2, 0, true));
    world.say(speaker, "old");
    world.settle();
    let old = world.recording.clone();
    // Leaves a gap: this one is withheld from the keeper.
    world.say(speaker, "withheld");
    world.wires.clear();
    let before = world.recording.clone();
    world.now = MAX_KEY_AGE_MS;
    world.say(speaker, "new");
    world.settle();
    let member = world.members.get_mut(&keeper).unwrap();
    while let Some(at) = member.ratchet.deadline() {
        member.ratchet.on_timer(at);
    }
    assert!(old.len() < before.len());
    assert_eq!(read_by(&world.members[&keeper], &before), Vec::<String>::new());
    assert_eq!(read_by(&world.members[&speaker], &before), Vec::<String>::new());
}

/// The thief of a memory that goes on being used. The pair heals by itself: every share is answered with a fresh ratchet key.
#[test]
fn a_stolen_state_opens_nothing_new_once_the_pair_has_healed() {
    let mut world = World::new(3);
    let ids = world.ids();
    for id in &ids {
        world.say(*id, "before");
    }
    world.settle();
    let thief = world.members[&ids[0]].steal();
    let mut from = world.recording.len();
    let rotate = |world: &mut World, text: &str| {
        world.now += MAX_KEY_AGE_MS;
        world.say(ids[1], text);
        world.settle();
    };
    rotate(&mut world, "first rotation");
    let with_old_keys = read_by(&thief, &world.recording[from..]);
    assert_eq!(
        with_old_keys,
        ["first rotation"],
        "what the victim held opens the next share"
    );
    from = world.recording.len();
    rotate(&mut world, "second rotation");
    rotate(&mut world, "third rotation");
    world.say(ids[1], "after");
    world.settle();
    assert_eq!(read_by(&thief, &world.recording), ["first rotation"]);
    assert_eq!(read_by(&thief, &world.recording[from..]), Vec::<String>::new());
    assert!(world.members[&ids[0]]
        .texts()
        .ends_with(&["second rotation", "third rotation", "after"]));
}

/// The sender's own memory was stolen: its next sender key is fresh, and goes out over sessions that have moved on.
#[test]
fn what_a_robbed_device_says_after_healing_is_its_own_again() {
    let mut world = World::new(2);
    let ids = world.ids();
    for k in 0..2 {
        for id in &ids {
            world.say(*id, "before");
            world.settle();
        }
        world.now += k * MAX_KEY_AGE_MS;
    }
    let thief = world.members[&ids[0]].steal();
    let from = world.recording.len();
    // The robbed device's own words under the stolen sender key are read by the thief until it makes a new one.
    let mut copy = thief.steal();
    let key = copy.ratchet.outbound.as_ref().unwrap().key();
    let device_key = copy.device_key();
    copy.ratchet
        .inbound
        .add(
            ids[0],
            device_key,
            copy.ratchet.outbound.as_ref().unwrap().generation,
            &key,
            0,
        )
        .unwrap();
    for _ in 0..2 {
        world.now += MAX_KEY_AGE_MS;
        for id in &ids {
            world.say(*id, "after");
            world.settle();
        }
    }
    for wire in &world.recording[from..] {
        if let Wire::Post(post) = wire {
            if post.from == ids[0] && post.to.is_empty() {
                assert!(matches!(copy.open(post, 0), Ok(Opened::NeedKey { .. })));
            }
        }
    }
}

/// A recording of everything and the room's code, given to somebody afterwards: without a device's memory there is nothing.
#[test]
fn a_recording_alone_opens_nothing() {
    let mut world = World::new(3);
    let ids = world.ids();
    for id in &ids {
        world.say(*id, "secret");
    }
    world.settle();
    let recording = world.recording.clone();
    let joined = Member::start(ROOM, 99, 0);
    assert_eq!(read_by(&joined, &recording), Vec::<String>::new());
    // As another start of a member's own device, whose signing key was stolen too.
    let again = Member::start(ROOM, 1, 1);
    assert_eq!(read_by(&again, &recording), Vec::<String>::new());
}
