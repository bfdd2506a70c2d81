//! A relay and up to four clients that send whatever they like, in either protocol: nothing panics, what the relay sends is a
//! frame of the receiver's protocol and within its limit, queues keep within theirs, nobody hears of a room it is not in, a
//! file has a beginning and an end, and when all are gone nothing of them is left.
//!
//! Run by the fuzz target `relay`, and by the relay's own tests with the inputs of `corpus/relay`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use hushroom::frame::decode_any;
use hushroom_relay::{
    fuzzing::{Bench, Client},
    Config,
};

#[path = "input.rs"]
mod input;
#[path = "relay_frames.rs"]
mod relay_frames;
#[path = "relay_view.rs"]
mod relay_view;

use input::Input;
use relay_frames::Known;
use relay_view::{Ground, View};

const CLIENTS: usize = 4;
const MAX_STEPS: usize = 300;
/// What a room of posts may keep to be sent again, in bytes.
const RING_BYTES: usize = 1 << 20;
/// Room for the last frame before a close.
const LAST_FRAME_BYTES: usize = 512;

struct World {
    bench: Bench,
    config: Config,
    places: [Option<Place>; CLIENTS],
    known: Known,
    ground: Ground,
}

/// A connection, and what is known from what it got.
struct Place {
    client: Client,
    view: View,
    /// Whether it takes what it is sent.
    reads: bool,
}

/// Byte 0 sets the relay up; each step is one byte of who and how, one of what, and arguments.
pub(crate) fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let config = config(input.byte());
    let mut world = World {
        bench: Bench::new(config.clone()).unwrap(),
        config,
        places: [const { None }; CLIENTS],
        known: Known::default(),
        ground: Ground::default(),
    };
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
        world.settle();
    }
    world.finish();
}

fn config(bits: u8) -> Config {
    let is = |bit: u8| bits >> bit & 1 == 1;
    let or = |bit: u8, set, unset| if is(bit) { set } else { unset };
    Config {
        arthas: !is(0),
        max_buffered_bytes: if is(1) { 300_000 } else { 1 << 30 },
        max_rooms: if is(2) { 1 } else { 3 },
        max_public_rooms: 1,
        default_members: if is(3) { 2 } else { 50 },
        joins_per_minute: or(4, 1, 0),
        joins_burst: 3,
        posts_per_second: or(5, 1, 0),
        posts_burst: 5,
        windows_per_second: or(6, 1, 0),
        windows_burst: 2,
        bulk_bytes_per_second: or(7, 1 << 20, 0),
        ..Config::default()
    }
}

impl World {
    fn step(&mut self, input: &mut Input<'_>) {
        let (how, what) = (input.byte(), input.byte());
        let who = usize::from(how) % CLIENTS;
        // Whether a frame is damaged on its way, whether its sender takes what it is sent, whether it is sent many times.
        let (is_damaged, reads, is_repeated) = (how & 0x80 != 0, how & 0x40 == 0, how & 0x20 != 0);
        match what % 32 {
            0 => return self.bench.pass(Duration::from_secs(1 + 8 * input.short() as u64)),
            1 => return self.drop_connection(who),
            _ => {}
        }
        let bench = &self.bench;
        let place = self.places[who].get_or_insert_with(|| Place {
            client: bench.run(|| bench.connect((who / 2) as u8)),
            view: View::default(),
            reads: true,
        });
        place.reads = reads;
        match what % 32 {
            2 => place.client.text(),
            3 => place.client.other(),
            4 => place.client.oversize(),
            5 => place.client.ping(),
            6 => {
                let length = input.short();
                let raw = input.take(length).to_vec();
                self.send(who, &raw);
            }
            kind => {
                let times = if is_repeated { input.byte() % 64 } else { 0 };
                let last_ping = place.view.last_ping();
                let mut frame = relay_frames::frame(kind, input, &mut self.known, last_ping, is_damaged);
                if is_damaged {
                    damage(&mut frame, input);
                }
                for _ in 0..=times {
                    self.send(who, &frame);
                }
            }
        }
    }

    fn send(&mut self, who: usize, frame: &[u8]) {
        let Some(place) = &mut self.places[who] else { return };
        if place.client.is_closing() {
            return;
        }
        if matches!(decode_any(frame), Ok((0x04, _))) {
            place
                .view
                .read_first(&mut place.client, &mut self.ground, &mut self.known);
        }
        self.bench.run(|| {
            let mut wait = place.client.receive(frame);
            for _ in 0..3 {
                if wait.is_none() {
                    break;
                }
                wait = place.client.resume();
            }
        });
        place.view.sent(frame, &place.client);
        self.settle();
    }

    fn drop_connection(&mut self, who: usize) {
        if let Some(mut place) = self.places[who].take() {
            self.bench.run(|| place.client.end());
        }
    }

    /// Everybody who reads takes what there is; what is over ends.
    fn settle(&mut self) {
        for place in &mut self.places {
            let Some(there) = place else { continue };
            let is_closing = there.client.is_closing();
            if is_closing {
                self.bench.run(|| there.client.end());
            }
            check_bounds(&there.client);
            if is_closing || there.reads {
                let is_over = there.view.read(&mut there.client, &mut self.ground, &mut self.known);
                assert!(is_over || !there.client.is_closing(), "a close comes last");
                if is_over {
                    *place = None;
                }
            }
        }
        let stats = self.bench.stats();
        assert!(stats.buffered_bytes <= self.config.max_buffered_bytes as u64);
        assert!(stats.rooms <= self.config.max_rooms as u64);
        assert!(self.bench.listed() <= self.config.max_public_rooms);
    }

    fn finish(mut self) {
        self.places.iter_mut().flatten().for_each(|place| place.reads = true);
        for place in self.places.iter_mut().flatten() {
            self.bench.run(|| place.client.ping());
        }
        self.settle();
        self.compare_views();
        for who in 0..CLIENTS {
            self.drop_connection(who);
            // Those who stay hear of it.
            self.settle();
        }
        // Longer than any place is held, any room lasts, and any end of one is remembered.
        self.bench.pass(Duration::from_secs(8 * 24 * 60 * 60));
        let stats = self.bench.stats();
        let left = [stats.rooms, stats.arthas_rooms, stats.members, stats.buffered_bytes];
        assert_eq!(left, [0; 4], "rooms, Arthas rooms, members, bytes");
        assert_eq!(self.bench.listed(), 0);
    }

    /// Everybody knows whether it is in a room. Who is in one Arthas room with others knows just these.
    fn compare_views(&self) {
        for place in self.places.iter().flatten() {
            assert_eq!(place.client.is_in_room(), place.view.place().is_some());
        }
        let mut rooms = BTreeMap::<_, BTreeSet<_>>::new();
        let arthas = || {
            let places = self.places.iter().flatten();
            places.filter(|place| place.client.is_arthas()).map(|place| &place.view)
        };
        for view in arthas() {
            if let Some((room, me)) = view.place() {
                rooms.entry(room).or_default().insert(me);
            }
        }
        for view in arthas() {
            if let Some((room, _)) = view.place() {
                assert_eq!(view.members().collect::<BTreeSet<_>>(), rooms[room]);
            }
        }
    }
}

fn damage(frame: &mut Vec<u8>, input: &mut Input<'_>) {
    let (at, with) = (input.short(), input.byte());
    let Some(at) = at.checked_rem(frame.len()) else { return };
    if with == 0 {
        frame.truncate(at);
    } else {
        frame[at] ^= with;
    }
}

fn check_bounds(client: &Client) {
    let held = client.held();
    assert_eq!(held.first_counted, held.first);
    assert_eq!(held.bulk_counted, held.bulk);
    assert!(held.again <= RING_BYTES, "{held:?}");
    assert!(
        held.first <= held.first_limit + held.again + LAST_FRAME_BYTES,
        "{held:?}"
    );
    assert!(held.bulk <= held.bulk_limit, "{held:?}");
}
