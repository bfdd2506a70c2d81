//! Members of a simulated room. The outer layer is reduced to its header and the replay check, which is all the ratchet
//! relies on.

mod budget;
mod groups;
mod hostile;
mod nonces;
mod pairs;
mod states;
mod stolen;

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer, SigningKey};

use super::*;
use crate::{
    error::{Error, Result},
    room::hush1::InstanceId,
};

pub(super) const ROOM: &str = "abcdefghijklmnopqrstu";
pub(super) const OTHER_ROOM: &str = "bbcdefghijklmnopqrstu";

/// Something on its way.
#[derive(Clone)]
pub(super) enum Wire {
    Hello {
        from: InstanceId,
        to: Option<InstanceId>,
        device_key: [u8; 32],
        bundle: Vec<u8>,
        answer: bool,
    },
    Post(Post),
}

#[derive(Clone)]
pub(super) struct Post {
    pub(super) from: InstanceId,
    pub(super) to: Vec<InstanceId>,
    pub(super) counter: u64,
    pub(super) inner: Vec<u8>,
}

impl Post {
    pub(super) fn header(&self) -> Vec<u8> {
        header(self.from, self.counter, &self.to)
    }
}

impl Wire {
    pub(super) fn from(&self) -> InstanceId {
        match self {
            Self::Hello { from, .. } => *from,
            Self::Post(post) => post.from,
        }
    }

    pub(super) fn is_for(&self, instance: InstanceId) -> bool {
        match self {
            Self::Hello { to, .. } => to.is_none_or(|to| to == instance),
            Self::Post(post) => post.to.is_empty() || post.to.contains(&instance),
        }
    }

    pub(super) fn post(&self) -> &Post {
        match self {
            Self::Post(post) => post,
            Self::Hello { .. } => panic!("a hello"),
        }
    }
}

/// The header of a hush1 post.
pub(super) fn header(from: InstanceId, counter: u64, to: &[InstanceId]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend_from_slice(&from.0);
    bytes.extend_from_slice(&counter.to_be_bytes());
    bytes.push(u8::try_from(to.len()).unwrap());
    to.iter().for_each(|to| bytes.extend_from_slice(&to.0));
    bytes
}

pub(super) struct Member {
    pub(super) signing: SigningKey,
    pub(super) instance: InstanceId,
    pub(super) ratchet: Ratchet,
    pub(super) counter: u64,
    pub(super) previous: Option<u64>,
    seen: BTreeSet<(InstanceId, u64)>,
    pub(super) pending: Vec<Post>,
    /// What was shown: sender, counter, text.
    pub(super) shown: Vec<(InstanceId, u64, String)>,
    pub(super) broken: Vec<InstanceId>,
    pub(super) healed: Vec<InstanceId>,
    pub(super) errors: Vec<Error>,
}

impl Member {
    /// A start of the device with this seed.
    pub(super) fn start(room: &str, seed: u8, start: u8) -> Self {
        Self::start_with(room, seed, start, false)
    }

    pub(super) fn start_with(room: &str, seed: u8, start: u8, keep_opened: bool) -> Self {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let device_key = signing.verifying_key().to_bytes();
        let instance = InstanceId::derive(room, &device_key, &[start; 16]);
        let config = Config {
            room_id: room,
            instance,
            device_key,
            keep_opened,
        };
        Self {
            ratchet: Ratchet::new(&config).unwrap(),
            signing,
            instance,
            counter: 0,
            previous: None,
            seen: BTreeSet::new(),
            pending: Vec::new(),
            shown: Vec::new(),
            broken: Vec::new(),
            healed: Vec::new(),
            errors: Vec::new(),
        }
    }

    pub(super) fn device_key(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    pub(super) fn hello(&mut self, to: Option<InstanceId>, answer: bool, now: u64) -> Wire {
        let signing = self.signing.clone();
        let bundle = self.ratchet.bundle(to, now, |bytes| signing.sign(bytes).to_bytes());
        self.hello_with(to, answer, bundle.unwrap())
    }

    fn hello_with(&self, to: Option<InstanceId>, answer: bool, bundle: Vec<u8>) -> Wire {
        Wire::Hello {
            from: self.instance,
            to,
            device_key: self.device_key(),
            bundle,
            answer,
        }
    }

    fn post(
        &mut self,
        to: Vec<InstanceId>,
        seal: impl FnOnce(&mut Ratchet, Outer<'_>) -> Result<Vec<u8>>,
    ) -> Result<Wire> {
        let counter = self.counter;
        self.counter += 1;
        let header = header(self.instance, counter, &to);
        let outer = Outer {
            header: &header,
            counter,
        };
        let inner = seal(&mut self.ratchet, outer)?;
        Ok(Wire::Post(Post {
            from: self.instance,
            to,
            counter,
            inner,
        }))
    }

    /// What the ratchet wants posted.
    pub(super) fn pump(&mut self) -> Vec<Wire> {
        let mut wires = Vec::new();
        while let Some(action) = self.ratchet.poll() {
            match action {
                Action::Post(note) => {
                    let wire = self.post(vec![note.to], |ratchet, outer| ratchet.seal_note(&note, outer));
                    wires.push(wire.unwrap());
                }
                Action::Report(to) => {
                    let signing = self.signing.clone();
                    let bundle = self.ratchet.again(to, |bytes| signing.sign(bytes).to_bytes()).unwrap();
                    wires.push(self.hello_with(Some(to), false, bundle));
                }
                Action::Broken(instance) => self.broken.push(instance),
                Action::Healed(instance) => self.healed.push(instance),
            }
        }
        wires
    }

    /// Says something to everybody: the posts, that of the text last.
    pub(super) fn say(&mut self, text: &str, now: u64) -> Vec<Wire> {
        self.ratchet.prepare(now).unwrap();
        let mut wires = self.pump();
        let previous = self.previous;
        let wire = self.post(vec![], |ratchet, outer| {
            ratchet.seal(outer, previous, text.as_bytes(), now)
        });
        let wire = wire.unwrap();
        self.previous = Some(wire.post().counter);
        wires.push(wire);
        wires
    }

    pub(super) fn say_to(&mut self, to: InstanceId, text: &str) -> Result<Wire> {
        let previous = self.previous;
        self.post(vec![to], |ratchet, outer| {
            ratchet.seal_to(to, outer, previous, text.as_bytes())
        })
    }

    /// Takes something from the wire; what it answers.
    pub(super) fn receive(&mut self, wire: &Wire, now: u64) -> Vec<Wire> {
        assert!(wire.is_for(self.instance) && wire.from() != self.instance);
        match wire {
            Wire::Hello {
                from,
                device_key,
                bundle,
                answer,
                ..
            } => {
                let mut wires = Vec::new();
                match self.ratchet.on_bundle(*from, *device_key, bundle, now) {
                    Ok(()) if *answer => wires.push(self.hello(Some(*from), false, now)),
                    Ok(()) => {}
                    Err(error) => self.errors.push(error),
                }
                wires.extend(self.retry(*from, now));
                wires.extend(self.pump());
                wires
            }
            Wire::Post(post) => {
                let opened = self.open(post, now);
                let mut wires = Vec::new();
                if matches!(opened, Ok(Opened::Keys)) {
                    wires.extend(self.retry(post.from, now));
                }
                wires.extend(self.pump());
                wires
            }
        }
    }

    /// Opens a post and shows what it says.
    pub(super) fn open(&mut self, post: &Post, now: u64) -> Result<Opened> {
        let id = (post.from, post.counter);
        if self.seen.contains(&id) {
            return Err(Error::Replayed);
        }
        let header = post.header();
        let outer = Outer {
            header: &header,
            counter: post.counter,
        };
        let opened = self.ratchet.open(post.from, outer, &post.inner, now);
        let opened = opened.map(|opened| opened.release(&self.ratchet).unwrap());
        match &opened {
            Ok(Opened::NeedKey { .. }) | Err(Error::UnknownMember) => self.pending.push(post.clone()),
            Ok(Opened::Said(said) | Opened::SaidToUs(said)) => {
                let text = String::from_utf8(said.event.to_vec()).unwrap();
                self.shown.push((post.from, post.counter, text));
                self.seen.insert(id);
            }
            Ok(_) => {
                self.seen.insert(id);
            }
            Err(error) => self.errors.push(error.clone()),
        }
        opened
    }

    fn retry(&mut self, from: InstanceId, now: u64) -> Vec<Wire> {
        let (again, kept) = core::mem::take(&mut self.pending)
            .into_iter()
            .partition(|post| post.from == from);
        self.pending = kept;
        let again: Vec<Post> = again;
        again
            .into_iter()
            .flat_map(|post| self.receive(&Wire::Post(post), now))
            .collect()
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        self.shown.iter().map(|(_, _, text)| text.as_str()).collect()
    }

    /// A copy of everything in memory: what a thief of the running device has.
    pub(super) fn steal(&self) -> Self {
        Self {
            signing: self.signing.clone(),
            ratchet: self.ratchet.steal(),
            seen: BTreeSet::new(),
            pending: Vec::new(),
            shown: Vec::new(),
            broken: Vec::new(),
            healed: Vec::new(),
            errors: Vec::new(),
            ..*self
        }
    }
}

/// Chance, the same in every run.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// A room whose relay may lose, repeat and reorder. What it loses is repeated later, as the outbox does.
pub(super) struct World {
    pub(super) members: BTreeMap<InstanceId, Member>,
    /// Receiver and what it is to get.
    pub(super) wires: Vec<(InstanceId, Wire)>,
    pub(super) chance: Chance,
    pub(super) faults: bool,
    pub(super) now: u64,
    /// Everything that ever went over the relay.
    pub(super) recording: Vec<Wire>,
}

impl World {
    pub(super) fn new(members: u8) -> Self {
        let mut world = Self {
            members: BTreeMap::new(),
            wires: Vec::new(),
            chance: Chance(0x9e37_79b9_7f4a_7c15),
            faults: false,
            now: 0,
            recording: Vec::new(),
        };
        (1..=members).for_each(|seed| {
            world.join(Member::start(ROOM, seed, 0));
        });
        world
    }

    pub(super) fn join(&mut self, mut member: Member) -> InstanceId {
        let instance = member.instance;
        let hello = member.hello(None, true, self.now);
        self.members.insert(instance, member);
        self.send([hello]);
        self.settle();
        instance
    }

    pub(super) fn leave(&mut self, instance: InstanceId) -> Member {
        let member = self.members.remove(&instance).unwrap();
        let now = self.now;
        self.members
            .values_mut()
            .for_each(|other| other.ratchet.remove(instance, now));
        member
    }

    pub(super) fn send(&mut self, wires: impl IntoIterator<Item = Wire>) {
        for wire in wires {
            for instance in self.members.keys() {
                if wire.is_for(*instance) && wire.from() != *instance {
                    self.wires.push((*instance, wire.clone()));
                }
            }
            self.recording.push(wire);
        }
    }

    pub(super) fn say(&mut self, from: InstanceId, text: &str) {
        let now = self.now;
        let wires = self.members.get_mut(&from).unwrap().say(text, now);
        self.send(wires);
    }

    /// Delivers one thing.
    fn step(&mut self) {
        let at = if self.faults {
            self.chance.below(self.wires.len().min(40))
        } else {
            0
        };
        let (to, wire) = self.wires.remove(at);
        let is_post = matches!(wire, Wire::Post(_));
        if self.faults && is_post && self.chance.one_in(5) {
            // Lost for now.
            self.wires.push((to, wire));
            return;
        }
        if self.faults && is_post && self.chance.one_in(5) {
            self.wires.push((to, wire.clone()));
        }
        let now = self.now;
        if let Some(member) = self.members.get_mut(&to) {
            let answers = member.receive(&wire, now);
            self.send(answers);
        }
    }

    pub(super) fn settle(&mut self) {
        while !self.wires.is_empty() {
            self.step();
        }
    }

    /// The last post to everybody.
    pub(super) fn last_said(&self) -> Post {
        let mut posts = self.recording.iter().rev().filter_map(|wire| match wire {
            Wire::Post(post) if post.to.is_empty() => Some(post.clone()),
            _ => None,
        });
        posts.next().unwrap()
    }

    pub(super) fn ids(&self) -> Vec<InstanceId> {
        self.members.keys().copied().collect()
    }
}
