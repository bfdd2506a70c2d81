//! What is kept across starts.

use super::*;
use crate::secret::Key;

fn state_key() -> Key {
    Key::from_slice(&[7; 32]).unwrap()
}

/// A member that keeps state, and one that talks to it.
fn keeping() -> (World, InstanceId, InstanceId) {
    let mut world = World::new(1);
    let speaker = world.ids()[0];
    let mut keeper = Member::start(ROOM, 2, 0);
    keeper.ratchet.restore(&state_key(), None, 0, 0).unwrap();
    let sealed = keeper.ratchet.seal_state(&state_key(), [0; 12]).unwrap();
    keeper.ratchet.stored(sealed.version);
    let instance = keeper.instance;
    world.join(keeper);
    (world, speaker, instance)
}

#[test]
fn nothing_is_shown_before_the_state_behind_it_is_stored() {
    let (mut world, speaker, keeper) = keeping();
    let wires = world.members.get_mut(&speaker).unwrap().say("text", 0);
    let keeper = world.members.get_mut(&keeper).unwrap();
    let mut waiting = Vec::new();
    for wire in &wires {
        let post = wire.post();
        let header = post.header();
        let outer = Outer {
            header: &header,
            counter: post.counter,
        };
        let opened = keeper.ratchet.open(speaker, outer, &post.inner, 0).unwrap();
        waiting.push(opened.release(&keeper.ratchet).unwrap_err());
    }
    // An older version is not enough, nor one that was never made.
    keeper.ratchet.stored(1);
    keeper.ratchet.stored(u64::MAX);
    let text = waiting.pop().unwrap().release(&keeper.ratchet).unwrap_err();
    let sealed = keeper.ratchet.seal_state(&state_key(), [1; 12]).unwrap();
    keeper.ratchet.stored(sealed.version);
    assert!(matches!(text.release(&keeper.ratchet), Ok(Opened::Said(_))));
}

#[test]
fn a_restart_opens_late_posts_once_and_never_those_that_were_shown() {
    let mut world = World::new(2);
    let ids = world.ids();
    world.say(ids[0], "shown");
    world.settle();
    let shown = world.last_said();
    let sealed = world
        .members
        .get_mut(&ids[1])
        .unwrap()
        .ratchet
        .seal_state(&state_key(), [0; 12])
        .unwrap();
    // Said while the device was down.
    world.say(ids[0], "late");
    world.wires.clear();
    let late = world.last_said();
    let seed = world.members[&ids[1]].signing.to_bytes()[0];
    let mut restarted = Member::start(ROOM, seed, 9);
    restarted
        .ratchet
        .restore(&state_key(), Some(&sealed.bytes), sealed.version, 0)
        .unwrap();
    restarted.ratchet.stored = u64::MAX;
    assert_eq!(restarted.open(&shown, 0).unwrap_err(), Error::Replayed);
    assert!(restarted.open(&late, 0).is_ok());
    assert_eq!(restarted.open(&late, 0).unwrap_err(), Error::Replayed);
    // It goes on as a new instance, and the same sender key serves again.
    let new = world.join(restarted);
    world.say(ids[0], "on");
    world.settle();
    assert_eq!(world.members[&new].texts(), ["late", "on"]);
    let ratchet = &mut world.members.get_mut(&new).unwrap().ratchet;
    ratchet.on_timer(10_000_000);
    assert_eq!(ratchet.inbound.senders[&ids[0]].keys.len(), 1);
}

#[test]
fn an_old_state_is_refused_and_so_is_a_missing_one() {
    let mut member = Member::start(ROOM, 1, 0);
    let old = member.ratchet.seal_state(&state_key(), [0; 12]).unwrap();
    let new = member.ratchet.seal_state(&state_key(), [1; 12]).unwrap();
    assert!(old.version < new.version);
    let mut restarted = Member::start(ROOM, 1, 1);
    let error = restarted
        .ratchet
        .restore(&state_key(), Some(&old.bytes), new.version, 0)
        .unwrap_err();
    assert_eq!(error.code(), "ROLLED_BACK");
    assert_eq!(
        restarted.ratchet.restore(&state_key(), None, 1, 0).unwrap_err().code(),
        "ROLLED_BACK"
    );
    restarted
        .ratchet
        .restore(&state_key(), Some(&new.bytes), new.version, 0)
        .unwrap();
    assert!(restarted.ratchet.seal_state(&state_key(), [2; 12]).unwrap().version > new.version);
}

#[test]
fn a_state_opens_only_whole_with_its_key_in_its_room_for_its_device() {
    let mut world = World::new(2);
    let ids = world.ids();
    world.say(ids[0], "text");
    world.settle();
    let sealed = world
        .members
        .get_mut(&ids[1])
        .unwrap()
        .ratchet
        .seal_state(&state_key(), [0; 12])
        .unwrap();
    let seed = world.members[&ids[1]].signing.to_bytes()[0];
    let open =
        |room, seed, key: &Key, bytes: &[u8]| Member::start(room, seed, 3).ratchet.restore(key, Some(bytes), 0, 0);
    open(ROOM, seed, &state_key(), &sealed.bytes).unwrap();
    assert_eq!(sealed.bytes.len(), 21 + 2 + 231 + 16);
    let other = Key::from_slice(&[8; 32]).unwrap();
    assert_eq!(open(ROOM, seed, &other, &sealed.bytes), Err(Error::DecryptFailed));
    assert_eq!(
        open(OTHER_ROOM, seed, &state_key(), &sealed.bytes),
        Err(Error::DecryptFailed)
    );
    assert_eq!(open(ROOM, 77, &state_key(), &sealed.bytes), Err(Error::DecryptFailed));
    for at in 0..sealed.bytes.len() {
        let mut changed = sealed.bytes.clone();
        changed[at] ^= 1;
        assert!(open(ROOM, seed, &state_key(), &changed).is_err(), "{at}");
        assert!(open(ROOM, seed, &state_key(), &sealed.bytes[..at]).is_err());
    }
    assert!(open(ROOM, seed, &state_key(), &vec![1; MAX_STATE_BYTES + 1]).is_err());
}

/// Two seals of one state share nothing but their header.
#[test]
fn sealing_twice_gives_unrelated_bytes() {
    let mut world = World::new(2);
    let ids = world.ids();
    world.say(ids[0], "text");
    world.settle();
    let ratchet = &mut world.members.get_mut(&ids[1]).unwrap().ratchet;
    let (a, b) = (
        ratchet.seal_state(&state_key(), [1; 12]).unwrap(),
        ratchet.seal_state(&state_key(), [2; 12]).unwrap(),
    );
    let same = a.bytes[21..].iter().zip(&b.bytes[21..]).filter(|(a, b)| a == b).count();
    assert!(same < 15, "{same}");
}

#[test]
fn no_type_prints_a_secret() {
    let mut world = World::new(2);
    let ids = world.ids();
    let member = world.members.get_mut(&ids[0]).unwrap();
    member.ratchet.prepare(0).unwrap();
    let action = member.ratchet.poll().unwrap();
    assert_eq!(format!("{action:?}"), format!("Post(Note(to {}))", ids[1]));
    assert_eq!(format!("{:?}", member.ratchet), "Ratchet(..)");
}
