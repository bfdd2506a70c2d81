//! Three ratchets and somebody who delivers, changes, moves, repeats and invents what they say: nothing opens but what its
//! sender said, under the header it was said under, to whom it was said, once; and no bundle counts but what its owner signed.

use std::collections::BTreeSet;

use ed25519_dalek::{Signer, SigningKey};
use hushroom::{
    ratchet::{Action, Config, Opened, Outer, Ratchet},
    room::hush1::InstanceId,
    secret::Key,
};

use super::{change, Input};

const ROOM: &str = "fuzzfuzzfuzzfuzzfuzzf";
const MAX_STEPS: usize = 48;

struct Side {
    ratchet: Ratchet,
    signing: SigningKey,
    instance: InstanceId,
    counter: u64,
    /// The posts it has opened, by their number.
    opened: BTreeSet<usize>,
    removed: BTreeSet<usize>,
}

struct Post {
    from: usize,
    to: Option<usize>,
    header: Vec<u8>,
    counter: u64,
    inner: Vec<u8>,
    /// What it says; nothing, if it carries keys.
    event: Option<Vec<u8>>,
}

struct Bundle {
    from: usize,
    bytes: Vec<u8>,
}

struct World {
    sides: Vec<Side>,
    posts: Vec<Post>,
    bundles: Vec<Bundle>,
    now: u64,
}

/// Each byte of `data` is something that happens; most take more bytes as arguments.
pub(crate) fn check(data: &[u8]) {
    let mut world = World {
        sides: (0..3).map(side).collect(),
        posts: vec![],
        bundles: vec![],
        now: 1000,
    };
    let mut input = Input::new(data);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        let step = input.byte();
        let (who, other) = (usize::from(step >> 4) % 3, usize::from(step >> 6) % 3);
        match step & 15 {
            0 => world.say(who, &mut input),
            1 => world.say_to(who, other, &mut input),
            2 | 3 => world.deliver(who, &mut input, |post, _| {
                (post.from, post.header.clone(), post.counter, post.inner.clone())
            }),
            4 => world.deliver(who, &mut input, |post, input| {
                (
                    post.from,
                    post.header.clone(),
                    post.counter,
                    change(post.inner.clone(), input),
                )
            }),
            5 => world.deliver(who, &mut input, |post, input| {
                (
                    post.from,
                    change(post.header.clone(), input),
                    post.counter,
                    post.inner.clone(),
                )
            }),
            6 => world.deliver(who, &mut input, |post, input| {
                let counter = u64::from(input.byte());
                (
                    post.from,
                    header(post.from, counter, post.to),
                    counter,
                    post.inner.clone(),
                )
            }),
            7 => world.deliver(who, &mut input, |post, _| {
                (other, post.header.clone(), post.counter, post.inner.clone())
            }),
            8 => {
                let length = input.short() % 600;
                let inner = input.take(length).to_vec();
                world.open(who, (other, &[], 0, &inner), None);
            }
            9 => world.make_bundle(who, other, input.byte()),
            10 => world.give_bundle(who, &mut input, false),
            11 => world.give_bundle(who, &mut input, true),
            12 => {
                let bytes = input.take(148).to_vec();
                let device_key = world.device_key(other);
                let instance = world.sides[other].instance;
                let taken = world.sides[who]
                    .ratchet
                    .on_bundle(instance, device_key, &bytes, world.now);
                assert!(
                    taken.is_err() || world.signed(other, &bytes),
                    "nobody can forge a bundle"
                );
                world.run(who);
            }
            13 => {
                world.now += 1000 * u64::from(input.short() as u32);
                let now = world.now;
                world.sides.iter_mut().for_each(|side| side.ratchet.on_timer(now));
                let late = |side: &Side| side.ratchet.deadline().is_none_or(|at| at > now);
                assert!(world.sides.iter().all(late), "a timer that never rests");
            }
            14 => {
                let instance = world.sides[other].instance;
                let now = world.now;
                world.sides[who].ratchet.key_overdue(instance, now);
                world.run(who);
            }
            _ => world.leave_or_restore(who, other, &mut input),
        }
    }
}

fn device_key(index: usize) -> SigningKey {
    SigningKey::from_bytes(&[index as u8 + 1; 32])
}

fn instance(index: usize) -> InstanceId {
    InstanceId::derive(ROOM, &device_key(index).verifying_key().to_bytes(), &[index as u8; 16])
}

fn side(index: usize) -> Side {
    let signing = device_key(index);
    let config = Config {
        room_id: ROOM,
        instance: instance(index),
        device_key: signing.verifying_key().to_bytes(),
        keep_opened: index == 2,
    };
    Side {
        ratchet: Ratchet::new(&config).unwrap(),
        instance: config.instance,
        signing,
        counter: 0,
        opened: BTreeSet::new(),
        removed: BTreeSet::new(),
    }
}

fn header(from: usize, counter: u64, to: Option<usize>) -> Vec<u8> {
    let mut bytes = instance(from).0.to_vec();
    bytes.extend_from_slice(&counter.to_be_bytes());
    to.into_iter().for_each(|to| bytes.extend_from_slice(&instance(to).0));
    bytes
}

impl World {
    fn device_key(&self, of: usize) -> [u8; 32] {
        self.sides[of].signing.verifying_key().to_bytes()
    }

    fn signed(&self, by: usize, bytes: &[u8]) -> bool {
        self.bundles
            .iter()
            .any(|bundle| bundle.from == by && bundle.bytes == bytes)
    }

    /// Seals what `seal` makes for the next counter of `from`.
    fn post(
        &mut self,
        (from, to): (usize, Option<usize>),
        event: Option<Vec<u8>>,
        seal: impl FnOnce(&mut Ratchet, Outer<'_>) -> hushroom::Result<Vec<u8>>,
    ) {
        let side = &mut self.sides[from];
        side.counter += 1;
        let (counter, header) = (side.counter, header(from, side.counter, to));
        let outer = Outer {
            header: &header,
            counter,
        };
        if let Ok(inner) = seal(&mut side.ratchet, outer) {
            assert!(inner.len() < 70_000);
            self.posts.push(Post {
                from,
                to,
                header,
                counter,
                inner,
                event,
            });
        }
    }

    /// Posts the notes that `who` wants posted.
    fn run(&mut self, who: usize) {
        let mut count = 0;
        while let Some(action) = self.sides[who].ratchet.poll() {
            count += 1;
            assert!(count <= 64, "actions without end");
            match action {
                Action::Post(note) => {
                    let to = (0..3).find(|index| self.sides[*index].instance == note.to);
                    self.post((who, to), None, |ratchet, outer| ratchet.seal_note(&note, outer));
                }
                Action::Report(to) => {
                    let signing = self.sides[who].signing.clone();
                    let again = self.sides[who]
                        .ratchet
                        .again(to, |bytes| signing.sign(bytes).to_bytes());
                    self.bundles
                        .extend(again.into_iter().map(|bytes| Bundle { from: who, bytes }));
                }
                Action::Broken(_) | Action::Healed(_) => {}
            }
        }
    }

    fn say(&mut self, who: usize, input: &mut Input<'_>) {
        let length = usize::from(input.byte());
        let event = input.take(length).to_vec();
        let (now, previous) = (self.now, self.sides[who].counter.checked_sub(1));
        assert_eq!(self.sides[who].ratchet.prepare(now), Ok(()));
        self.run(who);
        self.post((who, None), Some(event.clone()), |ratchet, outer| {
            ratchet.seal(outer, previous, &event, now)
        });
    }

    fn say_to(&mut self, who: usize, other: usize, input: &mut Input<'_>) {
        let length = usize::from(input.byte());
        let event = input.take(length).to_vec();
        let to = self.sides[other].instance;
        if self.sides[who].ratchet.can_reach(to) {
            self.post((who, Some(other)), Some(event.clone()), |ratchet, outer| {
                ratchet.seal_to(to, outer, None, &event)
            });
        }
    }

    /// Gives `who` one of the posts, as `change` makes it.
    fn deliver(
        &mut self,
        who: usize,
        input: &mut Input<'_>,
        change: impl FnOnce(&Post, &mut Input<'_>) -> (usize, Vec<u8>, u64, Vec<u8>),
    ) {
        let at = usize::from(input.byte());
        // From the end, so that small numbers are what was said last.
        let Some(at) = self.posts.len().checked_sub(1 + at) else {
            return;
        };
        let post = &self.posts[at];
        let (from, header, counter, inner) = change(post, input);
        let same = from == post.from && header == post.header && counter == post.counter && inner == post.inner;
        self.open(who, (from, &header, counter, &inner), same.then_some(at));
    }

    /// `original` is the post that it is, unless something is changed.
    fn open(&mut self, who: usize, post: (usize, &[u8], u64, &[u8]), original: Option<usize>) {
        let (from, header, counter, inner) = post;
        let (now, sender) = (self.now, self.sides[from].instance);
        let outer = Outer { header, counter };
        let ratchet = &mut self.sides[who].ratchet;
        let opened = ratchet
            .open(sender, outer, inner, now)
            .map(|opened| opened.release(ratchet));
        if let Ok(Ok(Opened::Said(said) | Opened::SaidToUs(said))) = &opened {
            let original = original.unwrap_or_else(|| panic!("what opened was never said like that"));
            let post = &self.posts[original];
            assert_eq!(post.event.as_deref(), Some(said.event.as_slice()));
            assert!(post.to.is_none_or(|to| to == who) && post.from != who);
            assert!(self.sides[who].opened.insert(original), "a message opened twice");
        }
        assert!(
            !matches!(opened, Ok(Err(_))),
            "nothing is stored here, so nothing waits for a store"
        );
        if matches!(opened, Ok(Ok(Opened::Keys))) {
            assert!(original.is_some(), "keys that nobody sent");
        }
        self.run(who);
    }

    fn make_bundle(&mut self, who: usize, other: usize, kind: u8) {
        let signing = self.sides[who].signing.clone();
        let (now, to) = (self.now, self.sides[other].instance);
        let ratchet = &mut self.sides[who].ratchet;
        let sign = |bytes: &[u8]| signing.sign(bytes).to_bytes();
        let bytes = match kind % 3 {
            0 => ratchet.bundle(None, now, sign),
            1 => ratchet.bundle(Some(to), now, sign),
            _ => ratchet.again(to, sign),
        };
        self.bundles
            .extend(bytes.into_iter().map(|bytes| Bundle { from: who, bytes }));
    }

    fn give_bundle(&mut self, who: usize, input: &mut Input<'_>, changed: bool) {
        let at = usize::from(input.byte());
        let Some(bundle) = self.bundles.len().checked_sub(1 + at).map(|at| &self.bundles[at]) else {
            return;
        };
        let bytes = bundle.bytes.clone();
        let (from, bytes) = if changed {
            (usize::from(input.byte()) % 3, change(bytes, input))
        } else {
            (bundle.from, bytes)
        };
        let (instance, device_key, now) = (self.sides[from].instance, self.device_key(from), self.now);
        let taken = self.sides[who].ratchet.on_bundle(instance, device_key, &bytes, now);
        if taken.is_ok() {
            assert!(self.signed(from, &bytes), "nobody can forge a bundle");
            assert_ne!(from, who);
            self.sides[who].removed.remove(&from);
        }
        self.run(who);
    }

    fn leave_or_restore(&mut self, who: usize, other: usize, input: &mut Input<'_>) {
        let now = self.now;
        match input.byte() % 4 {
            0 => {
                let gone = self.sides[other].instance;
                self.sides[who].ratchet.remove(gone, now);
                self.sides[who].removed.insert(other);
                assert!(!self.sides[who].ratchet.can_reach(gone));
            }
            1 => {
                let to = self.sides[other].instance;
                let _ = self.sides[who].ratchet.share_history(to);
                self.run(who);
            }
            2 => {
                let key = Key::take(&mut [7; 32]);
                let sealed = input.take(300);
                let restored = side(who).ratchet.restore(&key, Some(sealed), 0, now);
                assert!(restored.is_err(), "nobody can forge a state");
            }
            _ => {
                // A state of ours, changed: whole, or refused.
                let key = Key::take(&mut [7; 32]);
                let mut copy = side(who).ratchet;
                let state = self.sides[who].ratchet.seal_state(&key, [9; 12]).unwrap();
                let changed = change(state.bytes.clone(), input);
                let restored = copy.restore(&key, Some(&changed), 0, now);
                assert!(restored.is_ok() == (changed == state.bytes));
                // From here on what is opened would wait for its store.
                self.sides[who].ratchet.stored(state.version);
                self.sides[who] = side(who);
                self.sides[who].opened = (0..self.posts.len()).collect();
            }
        }
    }
}
