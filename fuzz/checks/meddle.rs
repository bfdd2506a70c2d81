//! A relay that drops, repeats, delays and changes what two members say, and invents frames of its own: whatever it does,
//! each text that arrives was said, by whom it says, and arrives once.

use hushroom::room::hush1::{FileMeta, RoomEvent};

use super::{world::World, Input};

/// A piece of a file as it is sealed: its bytes do not matter here.
const CELL: u8 = 0xee;

/// Each byte of `data` is something that happens; some take more bytes as arguments.
pub(crate) fn check(data: &[u8]) {
    let mut world = World::acquainted();
    let mut said = [0_u32; 2];
    let mut files = 0_u8;
    let mut input = Input::new(&data[..data.len().min(512)]);
    while !input.is_empty() {
        let step = input.byte();
        let who = usize::from(step & 1);
        let now = world.now;
        match step >> 1 {
            0 => {
                let text = format!("{who} says {}", said[who]);
                if world.members[who].room.send_text(&text, None, now, now).is_ok() {
                    said[who] += 1;
                }
            }
            1 => drop(world.deliver(who)),
            2 => drop(world.members[who].inbox.pop_front()),
            3 => repeat(&mut world, who),
            4 => change(&mut world, who, &mut input),
            5 => world.members[who]
                .inbox
                .rotate_left(1.min(world.members[who].inbox.len())),
            6 => pass(&mut world, u64::from(input.byte()) * 64),
            7 => invent(&mut world, who, &mut input),
            8 => offer(&mut world, who, &mut files, usize::from(input.byte())),
            9 => answer(&mut world, who),
            10 => send_file(&mut world, who),
            11 => world.connect(who),
            12 => cancel(&mut world, who),
            13 => world.members[who].room.on_disconnected(),
            _ => drop(world.deliver(who)),
        }
        world.collect();
    }
    world.settle();
    (0..2).for_each(|who| judge(&world, who, said[1 - who]));
}

fn judge(world: &World, who: usize, said: u32) {
    let mut seen = std::collections::HashSet::new();
    for event in &world.members[who].events {
        if let RoomEvent::Message { id, from, text, .. } = event {
            assert!(seen.insert(id.clone()), "{text:?} came twice");
            assert!(seen.insert(text.clone()), "{text:?} came twice under another id");
            let known = (0..said).any(|count| *text == format!("{} says {count}", 1 - who));
            assert!(known, "nobody said {text:?}");
            assert_eq!(*from, world.members[1 - who].room.self_id());
        }
    }
}

fn repeat(world: &mut World, to: usize) {
    let inbox = &mut world.members[to].inbox;
    inbox.extend(inbox.front().cloned());
}

fn change(world: &mut World, to: usize, input: &mut Input<'_>) {
    let (at, with) = (input.short(), input.byte());
    let Some(frame) = world.members[to].inbox.front_mut() else {
        return;
    };
    let Some(at) = at.checked_rem(frame.len()) else { return };
    if with == 0 {
        frame.truncate(at);
    } else {
        frame[at] ^= with;
    }
}

fn invent(world: &mut World, to: usize, input: &mut Input<'_>) {
    let length = usize::from(input.byte());
    world.members[to].inbox.push_back(input.take(length).to_vec());
}

fn pass(world: &mut World, ms: u64) {
    world.now += ms;
    let now = world.now;
    for member in &mut world.members {
        member.room.on_timer(now);
        assert!(
            member.room.deadline(now).is_none_or(|at| at > now),
            "a timer that never rests"
        );
    }
}

fn offer(world: &mut World, who: usize, files: &mut u8, segments: usize) {
    *files = files.wrapping_add(1);
    let meta = FileMeta {
        name: "file".into(),
        mime: String::new(),
        size: Some(segments as u64 * 20_000),
        replayable: true,
        to: vec![],
        voice_seconds: None,
    };
    let mut header = [*files; 40];
    header[0] = 40;
    let key = hushroom::secret::Key::take(&mut [*files; 32]);
    let now = world.now;
    let _ = world.members[who]
        .room
        .offer_file(&meta, ([*files; 16], key, header), now);
}

fn answer(world: &mut World, who: usize) {
    let now = world.now;
    let Some(id) = world.members[who].events.iter().rev().find_map(|event| match event {
        RoomEvent::FileOffer { id, .. } => Some(id.clone()),
        _ => None,
    }) else {
        return;
    };
    let _ = world.members[who].room.accept_file(&id, now);
}

fn cancel(world: &mut World, who: usize) {
    let now = world.now;
    let id = world.members[who].events.iter().rev().find_map(|event| match event {
        RoomEvent::FileOffer { id, .. } | RoomEvent::Receiver { id, .. } => Some(id.clone()),
        _ => None,
    });
    if let Some(id) = id {
        assert_eq!(
            world.members[who].room.end_transfer(&id, "TRANSFER_CANCELLED", now),
            Ok(())
        );
    }
}

fn send_file(world: &mut World, who: usize) {
    let now = world.now;
    let Some(job) = world.members[who].room.next_bulk(now) else {
        return;
    };
    let length = job.plaintext_length as usize + if job.segment == 0 { 56 } else { 16 };
    let head = world.members[who].room.bulk_head(job.ticket, length);
    assert!(head.is_ok(), "{head:?}");
    if let Ok(Some(mut frame)) = head {
        frame.resize(frame.len() + length, CELL);
        world.relay_bytes(who, &frame);
    }
}
