//! Bytes on the wire.

use super::*;
use crate::frame::{Bin, Frame, Post as PostFrame, RelayId};

const OUTER_TAG: usize = 16;

/// The frame that carries this post, as the relay gets it.
fn on_the_wire(post: &Post) -> usize {
    let to = post.to.iter().map(|_| RelayId("01234567".to_owned()));
    let body = post.header().len() + post.inner.len() + OUTER_TAG;
    let frame = PostFrame {
        n: 1000,
        to: to.collect(),
        transient: false,
        body: Bin(vec![0; body]),
    };
    Frame::from(frame).encode().unwrap().len()
}

#[test]
fn a_post_of_200_bytes_and_its_parts() {
    let mut world = World::new(2);
    let ids = world.ids();
    for length in [200, 207, 232] {
        let text = "x".repeat(length);
        let wires = world.members.get_mut(&ids[0]).unwrap().say(&text, 0);
        println!("event of {length}: {} bytes", on_the_wire(wires.last().unwrap().post()));
    }
    let text = "x".repeat(200);
    let wires = world.members.get_mut(&ids[0]).unwrap().say(&text, 0);
    let post = wires.last().unwrap().post();
    assert_eq!(post.header().len(), 26);
    // Kind 1, generation 2, Megolm 78, ciphertext 224.
    assert_eq!(post.inner.len(), 1 + 2 + 78 + 224);
    assert!(on_the_wire(post) <= 375, "{}", on_the_wire(post));
}

#[test]
fn a_rotation_among_fifty_stays_below_25_kb_upstream() {
    let mut world = World::new(50);
    let ids = world.ids();
    // Everybody has spoken once, so that every pair is past its start.
    for id in &ids {
        world.say(*id, "hello");
        world.settle();
    }
    world.now = MAX_KEY_AGE_MS;
    let wires = world.members.get_mut(&ids[7]).unwrap().say("after a day", world.now);
    assert_eq!(wires.len(), 50);
    let bytes: usize = wires.iter().take(49).map(|wire| on_the_wire(wire.post())).sum();
    println!("rotation: {bytes} bytes, each {}", bytes / 49);
    assert!(bytes <= 25_000, "{bytes}");
}

#[test]
fn the_answers_and_a_join_among_fifty() {
    let mut world = World::new(49);
    let ids = world.ids();
    for id in &ids {
        world.say(*id, "hello");
        world.settle();
    }
    let from = world.recording.len();
    let new = world.join(Member::start(ROOM, 200, 0));
    let bytes = |world: &World, from: usize, of: InstanceId| -> usize {
        let wires = world.recording[from..].iter().filter(|wire| wire.from() == of);
        wires
            .map(|wire| match wire {
                Wire::Post(post) => on_the_wire(post),
                Wire::Hello { .. } => 400,
            })
            .sum()
    };
    println!("join, newcomer: {} bytes", bytes(&world, from, new));
    let from = world.recording.len();
    world.say(new, "first words");
    world.settle();
    println!("first words, newcomer: {} bytes", bytes(&world, from, new));
    let most = ids.iter().map(|id| bytes(&world, from, *id)).max().unwrap();
    println!("answer of each other: at most {most} bytes");
    assert!(most <= 400);
}
