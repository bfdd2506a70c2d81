//! Rooms that talk through a relay made of a few lists, so that every order of events can be had.

mod chat;
mod comparing;
mod duo;
mod files;
mod hostile;
mod long_text;
mod ratchet;
mod reconnect;

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use super::*;
use crate::{
    frame::{
        Accepted, BulkFrom, Create, ErrorFrame, Frame, Member, MemberJoined, MemberLeft, Posted, RelayId, RoomJoined,
        WindowFrom,
    },
    secret::Key,
    share_code::{Protocol, ShareCode},
};

pub(super) fn code() -> ShareCode {
    ShareCode::generate(Protocol::Hush1, (&[5; 21], Key::from_slice(&[9; 32]).unwrap()))
}

/// Who somebody is, and how it enters.
pub(super) struct Start {
    pub(super) code: ShareCode,
    pub(super) entrance: Entrance,
    pub(super) seed: u8,
    pub(super) partner: Option<[u8; 32]>,
    /// Tells this start from others of the same device.
    pub(super) index: u8,
}

impl Start {
    pub(super) fn room(self) -> Room {
        let config = Config {
            code: self.code,
            name: format!("member {}", self.index),
            entrance: self.entrance,
            device_seed: Key::from_slice(&[self.seed; 32]).unwrap(),
            partner: self.partner,
            nonce: [self.index; 16],
            resume: [self.index; 16],
        };
        Room::new(config, 0).unwrap()
    }
}

pub(super) fn room(index: u8, entrance: Entrance) -> Room {
    let start = Start {
        code: code(),
        entrance,
        seed: index,
        partner: None,
        index,
    };
    start.room()
}

/// A place of the relay's one room.
struct Place {
    client: usize,
    id: RelayId,
    resume: Vec<u8>,
    seat: Option<Vec<u8>>,
    last_n: u32,
    /// The post that was refused: later ones are too, until it comes again.
    refused: Option<u32>,
}

/// What the relay keeps.
#[derive(Default)]
struct Relay {
    places: Vec<Place>,
    exists: bool,
    seq: u64,
    ring: Vec<(u64, RelayId, Vec<RelayId>, Frame)>,
    next_id: u32,
    /// Hashes, in a room for two.
    seats: Vec<Vec<u8>>,
}

/// One room and everything about it.
pub(super) struct Client {
    pub(super) room: Room,
    pub(super) connected: bool,
    pub(super) events: Vec<RoomEvent>,
    inbox: VecDeque<Vec<u8>>,
    /// What has come of each file: segments in order.
    pub(super) segments: BTreeMap<String, Vec<u32>>,
    /// Pieces that wait for their sink, while `stalled`.
    waiting: VecDeque<BulkIn>,
    pub(super) stalled: bool,
}

/// What the relay does to a frame before client `.0` gets it; none to drop it.
type Meddle = Box<dyn FnMut(usize, Vec<u8>) -> Vec<Vec<u8>>>;

/// Clients, a relay and the time.
pub(super) struct Net {
    pub(super) clients: Vec<Client>,
    relay: Relay,
    pub(super) now: u64,
    pub(super) meddle: Option<Meddle>,
    pub(super) recorded: Vec<u8>,
    /// The same, frame by frame.
    pub(super) sent: Vec<Vec<u8>>,
    /// How many posts to refuse for now.
    pub(super) refuse_posts: u32,
    /// Whether the relay lets anybody into a room for two.
    pub(super) lies: bool,
}

impl Net {
    /// A room of `count` members that know each other.
    pub(super) fn new(count: u8) -> Self {
        let mut net = Self {
            clients: vec![],
            relay: Relay::default(),
            now: 1000,
            meddle: None,
            recorded: vec![],
            sent: vec![],
            refuse_posts: 0,
            lies: false,
        };
        for index in 0..count {
            net.add(index);
        }
        net
    }

    /// Adds a client and settles.
    pub(super) fn add(&mut self, index: u8) -> usize {
        let client = self.add_quietly(index);
        self.settle();
        client
    }

    /// Adds a client that has asked to be let in.
    pub(super) fn add_quietly(&mut self, index: u8) -> usize {
        let create = Entrance::Create {
            max_members: 0,
            expiry_seconds: 0,
        };
        let entrance = if self.clients.is_empty() {
            create
        } else {
            Entrance::Join
        };
        self.add_room(room(index, entrance))
    }

    /// Adds a client that has asked to be let in.
    pub(super) fn add_room(&mut self, room: Room) -> usize {
        self.clients.push(Client {
            room,
            connected: false,
            events: vec![],
            inbox: VecDeque::new(),
            segments: BTreeMap::new(),
            waiting: VecDeque::new(),
            stalled: false,
        });
        let client = self.clients.len() - 1;
        self.connect(client);
        client
    }

    pub(super) fn connect(&mut self, client: usize) {
        self.clients[client].connected = true;
        self.clients[client].room.on_connected(self.now).unwrap();
    }

    /// The socket breaks; what was on its way to the client is lost.
    pub(super) fn disconnect(&mut self, client: usize) {
        self.clients[client].connected = false;
        self.clients[client].inbox.clear();
        self.clients[client].room.on_disconnected();
    }

    /// The relay dies and is there again, empty.
    pub(super) fn restart_relay(&mut self) {
        for client in 0..self.clients.len() {
            self.disconnect(client);
        }
        self.relay = Relay::default();
    }

    /// The relay's id of a client.
    pub(super) fn route_of(&self, client: usize) -> RelayId {
        let place = self.relay.places.iter().find(|place| place.client == client);
        place.unwrap().id.clone()
    }

    /// The grace time of a dropped connection is over.
    pub(super) fn drop_place(&mut self, client: usize) {
        let Some(at) = self.relay.places.iter().position(|place| place.client == client) else {
            return;
        };
        let place = self.relay.places.remove(at);
        self.tell_all(MemberLeft { id: place.id }.into(), None);
    }

    pub(super) fn room(&mut self, client: usize) -> &mut Room {
        &mut self.clients[client].room
    }

    pub(super) fn id(&self, client: usize) -> String {
        self.clients[client].room.self_id()
    }

    pub(super) fn take_events(&mut self, client: usize) -> Vec<RoomEvent> {
        core::mem::take(&mut self.clients[client].events)
    }

    pub(super) fn texts(&self, client: usize) -> Vec<String> {
        let texts = self.clients[client].events.iter().filter_map(|event| match event {
            RoomEvent::Message { text, .. } => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }

    pub(super) fn errors(&self, client: usize) -> Vec<&'static str> {
        let errors = self.clients[client].events.iter().filter_map(|event| match event {
            RoomEvent::Error { code, .. } => Some(*code),
            _ => None,
        });
        errors.collect()
    }

    pub(super) fn say(&mut self, client: usize, text: &str) -> String {
        let now = self.now;
        let id = self.room(client).send_text(text, None, now, now).unwrap();
        self.settle();
        id
    }

    /// Lets time pass in steps of 100 ms, everything settling in between.
    pub(super) fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.now += 100;
            for client in 0..self.clients.len() {
                let now = self.now;
                self.room(client).on_timer(now);
            }
            self.settle();
        }
    }

    /// Runs until nothing moves any more.
    pub(super) fn settle(&mut self) {
        while self.step() {}
    }

    /// Everybody does what there is to do once; whether there was anything.
    pub(super) fn step(&mut self) -> bool {
        let mut moved = false;
        for client in 0..self.clients.len() {
            moved |= self.step_client(client);
        }
        moved
    }

    fn step_client(&mut self, client: usize) -> bool {
        let mut moved = false;
        while let Some(output) = self.clients[client].room.poll() {
            moved = true;
            match output {
                Output::Send(bytes) => self.relay_receives(client, &bytes),
                Output::Event(event) => self.clients[client].events.push(event),
                Output::Reconnect { .. } | Output::Disconnect => {}
            }
        }
        if !self.clients[client].connected {
            return moved;
        }
        let now = self.now;
        if let Some(job) = self.room(client).next_bulk(now) {
            moved = true;
            let overhead = if job.segment == 0 { 56 } else { 16 };
            let length = usize::try_from(job.plaintext_length).unwrap() + overhead;
            if let Some(mut frame) = self.room(client).bulk_head(job.ticket, length).unwrap() {
                frame.resize(frame.len() + length, 0xee);
                self.relay_receives(client, &frame);
            }
        }
        while let Some(frame) = self.clients[client].inbox.pop_front() {
            moved = true;
            let prefix = &frame[..frame.len().min(crate::frame::BULK_PEEK_BYTES)];
            let needed = Room::needed(prefix, frame.len()).unwrap_or(frame.len());
            if let Some(bulk) = self.room(client).on_frame(&frame[..needed], frame.len(), now) {
                assert!(frame[bulk.body_start..].iter().all(|byte| *byte == 0xee));
                self.clients[client].waiting.push_back(bulk);
            }
        }
        moved | self.deliver(client)
    }

    fn deliver(&mut self, client: usize) -> bool {
        let now = self.now;
        let client = &mut self.clients[client];
        if client.stalled || client.waiting.is_empty() {
            return false;
        }
        while let Some(bulk) = client.waiting.pop_front() {
            client
                .segments
                .entry(bulk.transfer.clone())
                .or_default()
                .push(bulk.segment);
            if client.room.delivered(&bulk.transfer, bulk.end).is_ok() && bulk.last {
                client.room.finish_file(&bulk.transfer, now).unwrap();
            }
        }
        true
    }

    fn push(&mut self, client: usize, frame: Frame) {
        if !self.clients[client].connected {
            return;
        }
        let bytes = frame.encode().unwrap();
        let frames = match &mut self.meddle {
            Some(meddle) => meddle(client, bytes),
            None => vec![bytes],
        };
        self.clients[client].inbox.extend(frames);
    }

    fn tell_all(&mut self, frame: Frame, except: Option<usize>) {
        let clients: Vec<usize> = self.relay.places.iter().map(|place| place.client).collect();
        for client in clients.into_iter().filter(|client| Some(*client) != except) {
            self.push(client, frame.clone());
        }
    }

    fn relay_receives(&mut self, client: usize, bytes: &[u8]) {
        if !self.clients[client].connected {
            return;
        }
        self.recorded.extend_from_slice(bytes);
        self.sent.push(bytes.to_vec());
        let frame = Frame::decode(bytes).unwrap();
        match frame {
            Frame::Create(Create {
                resume,
                seen,
                seat,
                seats,
                ..
            }) => {
                if !self.relay.exists {
                    self.relay.seats = seats.iter().map(|seat| seat.0.to_vec()).collect();
                }
                self.enter(client, (resume.0, seat.map(|seat| seat.0)), seen, true);
            }
            Frame::Join(join) => self.enter(client, (join.resume.0, join.seat.map(|seat| seat.0)), join.seen, false),
            Frame::Leave(_) => self.drop_place(client),
            frame => {
                let Some(at) = self.relay.places.iter().position(|place| place.client == client) else {
                    return;
                };
                self.in_room(at, frame);
            }
        }
    }

    fn refuse(&mut self, client: usize, code: &str) {
        let error = ErrorFrame {
            code: code.into(),
            msg: String::new(),
            n: None,
            retry_after: None,
        };
        self.push(client, error.into());
    }

    /// As the relay does it: whoever has no seat, and cannot have one, stays outside.
    fn is_seated(&mut self, seat: Option<&Vec<u8>>) -> bool {
        if self.lies || self.relay.seats.is_empty() {
            return true;
        }
        let hash = seat.map(|seat| Sha256::digest(seat).to_vec());
        if !hash.iter().any(|hash| self.relay.seats.contains(hash)) && self.relay.seats.len() < 2 {
            self.relay.seats.extend(hash.clone());
        }
        hash.is_some_and(|hash| self.relay.seats.contains(&hash))
    }

    fn enter(&mut self, client: usize, (resume, seat): (Vec<u8>, Option<Vec<u8>>), seen: u64, create: bool) {
        if !self.relay.exists && !create {
            return self.refuse(client, "E001");
        }
        self.relay.exists = true;
        if !self.is_seated(seat.as_ref()) {
            return self.refuse(client, "E026");
        }
        let other_start = |place: &Place| seat.is_some() && place.seat == seat && place.resume != resume;
        if let Some(place) = self.relay.places.iter().find(|place| !self.lies && other_start(place)) {
            let old = place.client;
            self.refuse(old, "E025");
            self.drop_place(old);
        }
        let held = self.relay.places.iter().position(|place| place.resume == resume);
        let resumed = held.is_some();
        let place = match held {
            Some(at) => self.relay.places.remove(at),
            None => {
                self.relay.next_id += 1;
                let id = RelayId(format!("{:08x}", self.relay.next_id));
                Place {
                    client,
                    id,
                    resume,
                    seat,
                    last_n: 0,
                    refused: None,
                }
            }
        };
        let (id, accepted) = (place.id.clone(), place.last_n);
        self.relay.places.push(place);
        let member = |place: &Place| Member {
            id: place.id.clone(),
            name: String::new(),
            color: String::new(),
        };
        let members = self.relay.places.iter().map(member).collect();
        if !resumed {
            let joined = Member {
                id: id.clone(),
                name: String::new(),
                color: String::new(),
            };
            self.tell_all(MemberJoined(joined).into(), Some(client));
        }
        let room_id = code().room_id;
        self.push(
            client,
            RoomJoined {
                room_id,
                members,
                expires_at: 0,
                max_members: 50,
                resumed,
                accepted,
            }
            .into(),
        );
        if resumed {
            let missed = self
                .relay
                .ring
                .iter()
                .filter(|(seq, from, to, _)| *seq > seen && *from != id && (to.is_empty() || to.contains(&id)));
            for frame in missed.map(|(.., frame)| frame.clone()).collect::<Vec<_>>() {
                self.push(client, frame);
            }
        }
    }

    fn in_room(&mut self, at: usize, frame: Frame) {
        let (client, from) = (self.relay.places[at].client, self.relay.places[at].id.clone());
        let now = self.now;
        match frame {
            Frame::Post(post) if self.refuses(at, post.n) => {
                let (n, retry_after) = (Some(post.n), Some(300));
                let refusal = ErrorFrame {
                    code: "E004".into(),
                    msg: String::new(),
                    n,
                    retry_after,
                };
                self.push(client, refusal.into());
            }
            Frame::Post(post) => {
                let seq = if post.transient { 0 } else { self.relay.seq + 1 };
                let known = post.n <= self.relay.places[at].last_n;
                let posted: Frame = Posted {
                    seq,
                    t: now,
                    from: from.clone(),
                    body: post.body,
                }
                .into();
                if !known {
                    self.relay.places[at].last_n = post.n;
                    if !post.transient {
                        self.relay.seq = seq;
                        self.relay
                            .ring
                            .push((seq, from.clone(), post.to.clone(), posted.clone()));
                    }
                    self.route(&from, &post.to, &posted);
                }
                self.push(client, Accepted { n: post.n, seq, t: now }.into());
            }
            Frame::Bulk(bulk) => {
                let frame = BulkFrom {
                    from: from.clone(),
                    stream: bulk.stream,
                    offset: bulk.offset,
                    body: bulk.body,
                };
                self.route(&from, &bulk.to, &frame.into());
            }
            Frame::Window(window) => {
                let frame = WindowFrom {
                    from: from.clone(),
                    stream: window.stream,
                    delivered: window.delivered,
                    limit: window.limit,
                    rewind: window.rewind,
                };
                self.route(&from, &[window.to], &frame.into());
            }
            other => panic!("a client sent {other:?}"),
        }
    }

    fn refuses(&mut self, at: usize, n: u32) -> bool {
        let place = &mut self.relay.places[at];
        place.refused = place.refused.filter(|refused| *refused < n);
        if place.refused.is_none() && self.refuse_posts > 0 {
            self.refuse_posts -= 1;
            place.refused = Some(n);
        }
        place.refused.is_some()
    }

    fn route(&mut self, from: &RelayId, to: &[RelayId], frame: &Frame) {
        let places = self
            .relay
            .places
            .iter()
            .filter(|place| place.id != *from && (to.is_empty() || to.contains(&place.id)));
        for client in places.map(|place| place.client).collect::<Vec<_>>() {
            self.push(client, frame.clone());
        }
    }
}
