//! Two members, and one session between them.

use super::*;

#[test]
fn two_members_talk_and_the_lower_key_starts() {
    let mut world = World::new(2);
    let ids = world.ids();
    let lower = *ids
        .iter()
        .min_by_key(|id| *world.members[id].ratchet.own.identity.as_bytes())
        .unwrap();
    let starts: Vec<_> = world
        .recording
        .iter()
        .filter_map(|wire| match wire {
            Wire::Post(post) if post.inner[0] == kind::PAIR_START => Some(post.from),
            _ => None,
        })
        .collect();
    assert_eq!(starts, [lower]);
    for round in 0..5 {
        for id in &ids {
            world.say(*id, &format!("{round}"));
            world.settle();
        }
    }
    for id in &ids {
        assert_eq!(world.members[id].texts(), ["0", "1", "2", "3", "4"]);
        assert!(world.members[id].errors.is_empty());
    }
}

#[test]
fn what_is_said_to_one_reaches_that_one_alone() {
    let mut world = World::new(3);
    let ids = world.ids();
    let wire = world
        .members
        .get_mut(&ids[0])
        .unwrap()
        .say_to(ids[1], "secret")
        .unwrap();
    world.send([wire.clone()]);
    world.settle();
    assert_eq!(world.members[&ids[1]].texts(), ["secret"]);
    assert!(world.members[&ids[2]].texts().is_empty());
    let Wire::Post(mut post) = wire else { panic!() };
    // Even if the relay and its sender's key say it is for another.
    post.to = vec![ids[2]];
    let opened = world.members.get_mut(&ids[2]).unwrap().open(&post, 0);
    assert_eq!(opened.unwrap_err(), Error::DecryptFailed);
}

/// Both hear of each other at once, and the network is bad.
#[test]
fn hellos_that_cross_settle_on_one_session() {
    for seed in 0..20 {
        let (mut a, mut b) = (Member::start(ROOM, seed, 0), Member::start(ROOM, seed + 100, 0));
        let (hello_a, hello_b) = (a.hello(None, true, 0), b.hello(None, true, 0));
        let mut to_a = b.receive(&hello_a, 0);
        let mut to_b = a.receive(&hello_b, 0);
        to_b.extend(a.say("from a", 0));
        to_a.extend(b.say("from b", 0));
        while !to_a.is_empty() || !to_b.is_empty() {
            let (now_a, now_b) = (core::mem::take(&mut to_a), core::mem::take(&mut to_b));
            now_a.iter().for_each(|wire| to_b.extend(a.receive(wire, 0)));
            now_b.iter().for_each(|wire| to_a.extend(b.receive(wire, 0)));
        }
        assert_eq!((a.texts(), b.texts()), (vec!["from b"], vec!["from a"]));
        assert!(a.errors.is_empty() && b.errors.is_empty() && a.pending.is_empty() && b.pending.is_empty());
    }
}

#[test]
fn a_pair_that_lost_its_sessions_heals_and_says_so() {
    for loser in [0, 1] {
        let mut world = World::new(2);
        let ids = world.ids();
        let (loser, other) = (ids[loser], ids[1 - loser]);
        for id in &ids {
            world.say(*id, "before");
        }
        world.settle();
        world.members.get_mut(&loser).unwrap().ratchet.break_sessions();
        // A new sender key, which the loser cannot be given.
        world.now = MAX_KEY_AGE_MS;
        world.say(other, "lost");
        world.settle();
        assert_eq!(world.members[&loser].broken, [other]);
        assert_eq!(world.members[&loser].healed, [other]);
        world.say(other, "after");
        world.say(loser, "back");
        world.settle();
        assert_eq!(world.members[&loser].texts(), ["before", "after"]);
        assert_eq!(world.members[&other].texts(), ["before", "back"]);
        // The post in between waits for a key that does not come: the room reports it as lost.
        assert!(world.members[&loser].errors.contains(&Error::MessagesLost(1)));
    }
}

#[test]
fn both_sides_reporting_at_once_settle_on_one_session() {
    let mut world = World::new(2);
    let ids = world.ids();
    for id in &ids {
        world.say(*id, "before");
    }
    world.settle();
    ids.iter()
        .for_each(|id| world.members.get_mut(id).unwrap().ratchet.break_sessions());
    world.now = MAX_KEY_AGE_MS;
    world.faults = true;
    for id in &ids {
        world.say(*id, "lost");
    }
    world.settle();
    world.faults = false;
    for _ in 0..3 {
        for id in &ids {
            world.say(*id, "after");
            world.settle();
        }
    }
    for id in &ids {
        let member = &world.members[id];
        assert!(!member.broken.is_empty() && !member.healed.is_empty());
        assert!(
            member.texts().ends_with(&["after", "after", "after"]),
            "{:?}",
            member.texts()
        );
    }
    let round = |id| world.members[id].ratchet.pairs.values().next().unwrap().round();
    assert_eq!(round(&ids[0]), round(&ids[1]));
}

/// Whoever has the room's key can post nonsense under another's name.
#[test]
fn forged_failures_cause_a_bounded_number_of_reports() {
    let mut world = World::new(2);
    let ids = world.ids();
    let real = world.members.get_mut(&ids[0]).unwrap().say_to(ids[1], "x").unwrap();
    let mut reports = 0;
    for k in 0..1000 {
        let Wire::Post(mut post) = real.clone() else { panic!() };
        post.counter = 1000 + k;
        *post.inner.last_mut().unwrap() ^= 1;
        let member = world.members.get_mut(&ids[1]).unwrap();
        assert_eq!(member.open(&post, k * 1000).unwrap_err(), Error::DecryptFailed);
        reports += member.pump().len();
    }
    assert_eq!(reports, 8);
    world.send([real]);
    world.settle();
    assert_eq!(world.members[&ids[1]].texts(), ["x"]);
}

/// One side was away for so long that the other forgot it; then it comes back, still running.
#[test]
fn who_was_forgotten_and_comes_back_is_heard_again() {
    for forgetful in [0, 1] {
        let mut world = World::new(2);
        let ids = world.ids();
        let (forgetful, away) = (ids[forgetful], ids[1 - forgetful]);
        for id in &ids {
            world.say(*id, "before");
        }
        world.settle();
        let now = world.now;
        world.members.get_mut(&forgetful).unwrap().ratchet.remove(away, now);
        world.members.get_mut(&forgetful).unwrap().ratchet.on_timer(700_000);
        world.now = 700_000;
        let hello = world.members.get_mut(&away).unwrap().hello(None, true, world.now);
        world.send([hello]);
        world.settle();
        for _ in 0..2 {
            for id in &ids {
                world.say(*id, "after");
                world.settle();
            }
        }
        for id in &ids {
            assert_eq!(world.members[id].texts(), ["before", "after", "after"]);
            assert!(world.members[id].errors.is_empty() && world.members[id].pending.is_empty());
        }
    }
}

#[test]
fn a_share_that_never_came_is_asked_for() {
    let mut world = World::new(2);
    let ids = world.ids();
    world.say(ids[0], "lost");
    world.wires.retain(|(_, wire)| wire.post().to.is_empty());
    world.settle();
    let reader = world.members.get_mut(&ids[1]).unwrap();
    assert_eq!((reader.pending.len(), reader.texts().len()), (1, 0));
    reader.ratchet.key_overdue(ids[0], 0);
    reader.ratchet.key_overdue(ids[0], 0);
    let wires = reader.pump();
    assert_eq!(wires.len(), 1);
    world.send(wires);
    world.settle();
    world.say(ids[0], "heard");
    world.settle();
    assert_eq!(world.members[&ids[1]].texts(), ["heard"]);
    assert_eq!(world.members[&ids[1]].errors, [Error::MessagesLost(1)]);
}

/// A fallback key is given out for ten minutes and forgotten ten minutes later, whatever hellos come in between.
#[test]
fn a_fallback_key_opens_starts_for_ten_minutes_more() {
    const GIVEN_OUT_MS: u64 = 600_000;
    let (mut starter, mut other) = (Member::start(ROOM, 1, 0), Member::start(ROOM, 2, 0));
    if starter.ratchet.own.identity.as_bytes() > other.ratchet.own.identity.as_bytes() {
        core::mem::swap(&mut starter, &mut other);
    }
    let known = starter.hello(None, false, 0);
    other.receive(&known, 0);
    let first = other.hello(None, false, 0);
    assert!(same_key(&first, &other.hello(None, false, GIVEN_OUT_MS - 1)));
    for hello_again in [false, true] {
        let (mut starter, mut other) = (starter.steal(), other.steal());
        other.ratchet.on_timer(GIVEN_OUT_MS);
        if hello_again {
            assert!(!same_key(&first, &other.hello(None, false, GIVEN_OUT_MS + 1)));
        }
        let start = starter.receive(&first, 0).remove(0);
        other.ratchet.on_timer(2 * GIVEN_OUT_MS - 1);
        let mut late = other.steal();
        assert!(matches!(other.open(start.post(), 0), Ok(Opened::Nothing)));
        late.ratchet.on_timer(2 * GIVEN_OUT_MS);
        assert_eq!(late.open(start.post(), 0).unwrap_err(), Error::DecryptFailed);
    }
}

fn same_key(a: &Wire, b: &Wire) -> bool {
    match (a, b) {
        (Wire::Hello { bundle: a, .. }, Wire::Hello { bundle: b, .. }) => a[..84] == b[..84],
        _ => panic!("no hellos"),
    }
}
