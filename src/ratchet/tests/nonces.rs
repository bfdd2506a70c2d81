//! No key encrypts two messages, whatever happens to the device and its store.
//!
//! AES-GCM of the outer layer takes (instance, counter); Megolm and Olm take key and IV from (session, index) and from
//! (ratchet key, chain index). So these three are what is counted: each may come once, over crashes, clones of the store
//! and old backups that come back.

use std::collections::HashSet;

use vodozemac::{
    megolm::MegolmMessage,
    olm::{Message, PreKeyMessage},
};

use super::*;
use crate::secret::Key;

/// Everything that was ever encrypted.
#[derive(Default)]
struct Seen {
    outer: HashSet<([u8; 16], u64)>,
    group: HashSet<(String, u32)>,
    pair: HashSet<([u8; 32], u64)>,
}

impl Seen {
    fn count(&self) -> usize {
        self.outer.len()
    }

    fn note(&mut self, session: Option<&str>, wire: &Wire) {
        let Wire::Post(post) = wire else { return };
        assert!(self.outer.insert((post.from.0, post.counter)), "outer pair used twice");
        let fresh = match post.inner[0] {
            kind::GROUP => {
                let message = MegolmMessage::from_bytes(&post.inner[3..]).unwrap();
                self.group
                    .insert((session.unwrap().to_owned(), message.message_index()))
            }
            kind::PAIR => self.olm(&Message::from_bytes(&post.inner[1..]).unwrap()),
            _ => self.olm(PreKeyMessage::from_bytes(&post.inner[1..]).unwrap().message()),
        };
        assert!(fresh, "inner pair used twice");
    }

    fn olm(&mut self, message: &Message) -> bool {
        self.pair
            .insert((message.ratchet_key().to_bytes(), message.chain_index()))
    }
}

/// Two devices talk until `messages` were sealed. Every so often one of them crashes and starts again from its newest
/// state, from an old one, or twice from the same.
fn run(messages: usize) {
    let key = Key::from_slice(&[7; 32]).unwrap();
    let mut seen = Seen::default();
    let mut chance = Chance(0x1234_5678_9abc_def1);
    let mut start = 0u64;
    let mut fresh = |seed: u8, states: &[SealedState], chance: &mut Chance| {
        start += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&start.to_be_bytes());
        let mut member = Member::start(ROOM, seed, 0);
        let device_key = member.device_key();
        member.instance = InstanceId::derive(ROOM, &device_key, &nonce);
        let config = Config {
            room_id: ROOM,
            instance: member.instance,
            device_key,
            keep_opened: false,
        };
        member.ratchet = Ratchet::new(&config).unwrap();
        if !states.is_empty() {
            let state = &states[chance.below(states.len())];
            member.ratchet.restore(&key, Some(&state.bytes), 0, 0).unwrap();
            member.ratchet.stored = u64::MAX;
        }
        member
    };
    let mut states: [Vec<SealedState>; 2] = [vec![], vec![]];
    while seen.count() < messages {
        // One of three situations: both new; two starts of one device at once; a device alone with its old states.
        let seeds: &[u8] = if chance.one_in(3) { &[1, 2, 2] } else { &[1, 2] };
        let mut members: Vec<_> = seeds
            .iter()
            .map(|seed| fresh(*seed, &states[usize::from(*seed) - 1], &mut chance))
            .collect();
        let mut wires: Vec<(usize, Wire)> = Vec::new();
        for (at, member) in members.iter_mut().enumerate() {
            wires.push((at, member.hello(None, true, 0)));
        }
        let rounds = 20 + chance.below(400);
        for round in 0..rounds {
            let speaker = chance.below(members.len());
            for wire in members[speaker].say("text", 0) {
                let session = members[speaker].ratchet.sender_key().map(|(id, _)| id);
                seen.note(session.as_deref(), &wire);
                wires.push((speaker, wire));
            }
            // A crash may leave anything undelivered.
            let keep = if round + 1 == rounds {
                chance.below(wires.len() + 1)
            } else {
                0
            };
            while wires.len() > keep {
                let (from, wire) = wires.remove(0);
                // What is read makes no nonces but through notes: most texts need no reader.
                if matches!(&wire, Wire::Post(post) if post.to.is_empty()) && !chance.one_in(20) {
                    continue;
                }
                for (at, member) in members.iter_mut().enumerate() {
                    if at != from && wire.is_for(member.instance) {
                        for answer in member.receive(&wire, 0) {
                            seen.note(None, &answer);
                            wires.push((at, answer));
                        }
                    }
                }
            }
        }
        for (member, seed) in members.iter_mut().zip(seeds) {
            let mut nonce = [0; 12];
            nonce[..8].copy_from_slice(&u64::try_from(seen.count()).unwrap().to_be_bytes());
            let states = &mut states[usize::from(*seed) - 1];
            states.push(member.ratchet.seal_state(&key, nonce).unwrap());
            if states.len() > 8 {
                states.remove(0);
            }
        }
    }
    assert_eq!(seen.outer.len(), seen.group.len() + seen.pair.len());
}

#[test]
fn no_key_and_nonce_come_twice() {
    run(3_000);
}

/// Part of `npm run soak`.
#[test]
#[ignore = "takes minutes: npm run soak nonces"]
fn no_key_and_nonce_come_twice_in_a_million_messages() {
    run(1_000_000);
}
