//! Rooms that talk through a relay made of a few lists, which does as Arthas' relay does, or worse.

mod chat;
mod files;
mod hostile;
mod keys;
mod link;
mod vectors;

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::{
    error::Result,
    frame::{
        arthas::{
            ArthasFrame, MemberTyping, RelayFileAck, RelayFileCancel, RelayFileChunk, RelayFileComplete, RelayFileMeta,
            RelayMessage, RelayReaction, RoomCreated, RoomJoined,
        },
        Accepted, ErrorFrame, Member, MemberJoined, MemberLeft, Ping, RelayId,
    },
    room::{random::RandomSource, BulkIn, Entrance, FileMeta, FileOpener, FileSealer, Output, RoomEvent, Verification},
    secret::Key,
    share_code::{Protocol, ShareCode},
};

pub(super) const ROOM: &str = "V1StGXR8_Z5jdHi6B-myT";
/// What the relay's clock shows when ours shows 0.
pub(super) const EPOCH: u64 = 1_700_000_000_000;

pub(super) fn code() -> ShareCode {
    let mut code = ShareCode::generate(Protocol::Arthas, (&[5; 21], Key::from_slice(&[9; 32]).unwrap()));
    code.room_id = ROOM.into();
    code
}

/// Bytes that never come twice, from a seed.
pub(super) fn random(seed: u8) -> RandomSource {
    let mut count = 0_u64;
    Box::new(move |out: &mut [u8]| {
        use sha2::{Digest, Sha256};
        for part in out.chunks_mut(32) {
            count += 1;
            let block = Sha256::new()
                .chain_update([seed])
                .chain_update(count.to_be_bytes())
                .finalize();
            part.copy_from_slice(&block[..part.len()]);
        }
        Ok(())
    })
}

pub(super) fn config(index: u8, entrance: Entrance) -> Config {
    Config {
        code: code(),
        name: format!("member {index}"),
        entrance,
        password: None,
        device_seed: Key::from_slice(&[index.wrapping_add(100); 32]).unwrap(),
        random: random(index),
    }
}

pub(super) const CREATE: Entrance = Entrance::Create {
    max_members: 0,
    expiry_seconds: 0,
};

/// A place in the relay's one room.
struct Place {
    client: usize,
    id: String,
    name: String,
    /// When its last messages were taken.
    times: VecDeque<u64>,
}

/// One member, and everything about it.
pub(super) struct Client {
    pub(super) room: Room,
    pub(super) events: Vec<RoomEvent>,
    inbox: VecDeque<Vec<u8>>,
    pub(super) connected: bool,
    /// What it wants to be done with its socket.
    pub(super) reconnect: Option<u64>,
    pub(super) closed: bool,
    /// Chunks of files that came and opened.
    pub(super) received: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    sealers: BTreeMap<String, FileSealer>,
    /// What it sends.
    pub(super) sources: BTreeMap<String, Vec<u8>>,
}

type Meddle = Box<dyn FnMut(usize, Vec<u8>) -> Vec<Vec<u8>>>;

/// Clients, a relay and the time.
pub(super) struct Net {
    pub(super) clients: Vec<Client>,
    places: Vec<Place>,
    next_id: u32,
    pub(super) now: u64,
    pub(super) receipts: bool,
    pub(super) ephemeral: u64,
    /// What the relay does to a frame before client `.0` gets it.
    pub(super) meddle: Option<Meddle>,
    /// Every frame that clients sent: who, when, what.
    pub(super) sent: Vec<(usize, u64, ArthasFrame)>,
    pub(super) errors: u32,
}

impl Net {
    /// A room of `count` members.
    pub(super) fn new(count: u8) -> Self {
        Self::with(count, true)
    }

    pub(super) fn with(count: u8, receipts: bool) -> Self {
        let mut net = Self {
            clients: vec![],
            places: vec![],
            next_id: 1,
            now: 1000,
            receipts,
            ephemeral: 0,
            meddle: None,
            sent: vec![],
            errors: 0,
        };
        for index in 0..count {
            net.add(index);
        }
        net.pass(20_000);
        net.clients.iter_mut().for_each(|client| client.events.clear());
        net.sent.clear();
        net
    }

    pub(super) fn add(&mut self, index: u8) -> usize {
        let entrance = if self.clients.is_empty() {
            CREATE
        } else {
            Entrance::Join
        };
        self.add_room(Room::new(config(index, entrance), self.now).unwrap())
    }

    pub(super) fn add_room(&mut self, room: Room) -> usize {
        self.clients.push(Client {
            room,
            events: vec![],
            inbox: VecDeque::new(),
            connected: false,
            reconnect: None,
            closed: false,
            received: BTreeMap::new(),
            sealers: BTreeMap::new(),
            sources: BTreeMap::new(),
        });
        let client = self.clients.len() - 1;
        self.connect(client);
        client
    }

    pub(super) fn connect(&mut self, client: usize) {
        let now = self.now;
        self.clients[client].connected = true;
        self.clients[client].room.on_connected(now).unwrap();
        self.settle();
    }

    /// The socket breaks. The relay notices only where `noticed`.
    pub(super) fn disconnect(&mut self, client: usize, noticed: bool) {
        self.clients[client].connected = false;
        self.clients[client].inbox.clear();
        self.clients[client].room.on_disconnected();
        if noticed {
            self.drop_places(client);
        }
        self.settle();
    }

    /// The relay gives up all places of a client but the last, or all.
    pub(super) fn drop_places(&mut self, client: usize) {
        let connected = self.clients[client].connected;
        let mut ids: Vec<String> = self
            .places
            .iter()
            .filter(|place| place.client == client)
            .map(|place| place.id.clone())
            .collect();
        if connected {
            ids.pop();
        }
        for id in ids {
            self.places.retain(|place| place.id != id);
            self.tell_others(client, &MemberLeft { id: RelayId(id) }.into());
        }
    }

    /// The relay dies; its rooms are gone.
    pub(super) fn kill_relay(&mut self) {
        self.places.clear();
        for client in 0..self.clients.len() {
            self.disconnect(client, false);
        }
    }

    pub(super) fn room(&mut self, client: usize) -> &mut Room {
        &mut self.clients[client].room
    }

    /// What the relay calls a client.
    pub(super) fn wire_id(&self, client: usize) -> String {
        self.places
            .iter()
            .rev()
            .find(|place| place.client == client)
            .unwrap()
            .id
            .clone()
    }

    pub(super) fn take_events(&mut self, client: usize) -> Vec<RoomEvent> {
        core::mem::take(&mut self.clients[client].events)
    }

    pub(super) fn texts(&self, client: usize) -> Vec<(String, Verification)> {
        let texts = self.clients[client].events.iter().filter_map(|event| match event {
            RoomEvent::Message { text, verification, .. } => Some((text.clone(), *verification)),
            _ => None,
        });
        texts.collect()
    }

    pub(super) fn error_codes(&self, client: usize) -> Vec<&'static str> {
        let errors = self.clients[client].events.iter().filter_map(|event| match event {
            RoomEvent::Error { code, .. } => Some(*code),
            _ => None,
        });
        errors.collect()
    }

    /// The id of the last message a client got.
    pub(super) fn last_message(&self, client: usize) -> String {
        let ids = self.clients[client].events.iter().rev().find_map(|event| match event {
            RoomEvent::Message { id, .. } => Some(id.clone()),
            _ => None,
        });
        ids.unwrap()
    }

    pub(super) fn say(&mut self, client: usize, text: &str) -> String {
        let now = self.now;
        let id = self.room(client).send_text(text, None, EPOCH + now, now).unwrap();
        self.settle();
        id
    }

    /// Lets time pass in steps of 50 ms. The relay pings every 25 s.
    pub(super) fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 50 {
            self.now += 50;
            let now = self.now;
            if now.is_multiple_of(25_000) {
                for client in 0..self.clients.len() {
                    self.deliver(client, &Ping { t: EPOCH + now }.into());
                }
            }
            for client in 0..self.clients.len() {
                // No sooner than it wants: what it would do then must have a time.
                if self.room(client).deadline(now).is_some_and(|at| at <= now) {
                    self.room(client).on_timer(now);
                }
                assert!(
                    self.room(client).deadline(now).is_none_or(|at| at > now),
                    "a timer that never rests"
                );
            }
            self.settle();
        }
    }

    pub(super) fn settle(&mut self) {
        let mut moved = true;
        while moved {
            moved = false;
            for client in 0..self.clients.len() {
                moved |= self.step(client);
            }
        }
    }

    fn step(&mut self, client: usize) -> bool {
        let mut moved = false;
        let now = self.now;
        while let Some(output) = self.clients[client].room.poll() {
            moved = true;
            match output {
                Output::Send(bytes) => self.relay_takes(client, &bytes),
                Output::Event(event) => self.clients[client].events.push(event),
                Output::Reconnect { after_ms } => self.clients[client].reconnect = Some(after_ms),
                Output::Disconnect => self.clients[client].closed = true,
            }
        }
        moved |= self.send_chunks(client);
        while let Some(frame) = self.clients[client].inbox.pop_front() {
            moved = true;
            let it = &mut self.clients[client];
            if let Some(bulk) = it.room.on_frame(&frame, now) {
                Self::open(it, &bulk, &frame);
            }
        }
        moved
    }

    fn open(client: &mut Client, bulk: &BulkIn, frame: &[u8]) {
        let opener = FileOpener::new(client.room.opening(&bulk.transfer).unwrap()).unwrap();
        match opener.open(bulk, frame) {
            Ok(plaintext) => {
                client
                    .received
                    .entry(bulk.transfer.clone())
                    .or_default()
                    .insert(bulk.segment, plaintext);
                client.room.delivered(&bulk.transfer, bulk.end).unwrap();
            }
            Err(error) => client.room.end_transfer(&bulk.transfer, error.code(), 0).unwrap(),
        }
    }

    fn send_chunks(&mut self, client: usize) -> bool {
        let now = self.now;
        let mut moved = false;
        while let Some(job) = self.clients[client].room.next_bulk(now) {
            moved = true;
            let it = &mut self.clients[client];
            let sealer = it
                .sealers
                .entry(job.transfer.clone())
                .or_insert_with(|| FileSealer::new(it.room.sealing(&job.transfer).unwrap()).unwrap());
            let start = job.plaintext_offset as usize;
            let plaintext = it.sources[&job.transfer][start..start + job.plaintext_length as usize].to_vec();
            let body = sealer.seal(&job, plaintext).unwrap();
            if let Some(mut frame) = it.room.bulk_head(job.ticket, body.len()).unwrap() {
                frame.extend_from_slice(&body);
                self.relay_takes(client, &frame);
            }
        }
        moved
    }

    /// Sends a file of these bytes.
    pub(super) fn send_file(&mut self, client: usize, bytes: &[u8]) -> Result<String> {
        let meta = FileMeta {
            name: "a.bin".into(),
            mime: "application/x-a".into(),
            size: Some(bytes.len() as u64),
            replayable: true,
            ..FileMeta::default()
        };
        self.send_meta(client, &meta, bytes)
    }

    pub(super) fn send_meta(&mut self, client: usize, meta: &FileMeta, bytes: &[u8]) -> Result<String> {
        let now = self.now;
        let id = self.room(client).offer_file(meta, now)?;
        self.clients[client].sources.insert(id.clone(), bytes.to_vec());
        self.settle();
        Ok(id)
    }

    /// What a client got of a file, if it has all of it.
    pub(super) fn file(&mut self, client: usize, id: &str) -> Vec<u8> {
        self.clients[client]
            .received
            .get(id)
            .into_iter()
            .flat_map(|chunks| chunks.values().flatten().copied())
            .collect()
    }

    pub(super) fn deliver(&mut self, client: usize, frame: &ArthasFrame) {
        let bytes = frame.encode().unwrap();
        self.deliver_bytes(client, bytes);
    }

    pub(super) fn deliver_bytes(&mut self, client: usize, bytes: Vec<u8>) {
        if !self.clients[client].connected {
            return;
        }
        let frames = match &mut self.meddle {
            Some(meddle) => meddle(client, bytes),
            None => vec![bytes],
        };
        self.clients[client].inbox.extend(frames);
    }

    fn tell_others(&mut self, client: usize, frame: &ArthasFrame) {
        let others: Vec<usize> = self
            .places
            .iter()
            .map(|place| place.client)
            .filter(|other| *other != client)
            .collect();
        for other in others {
            self.deliver(other, frame);
        }
    }

    fn enter(&mut self, client: usize, name: String) {
        let id = format!("{:08x}", self.next_id);
        self.next_id += 1;
        let member = |id: &str, name: &str| Member {
            id: RelayId(id.into()),
            name: name.into(),
            color: "#475840".into(),
        };
        self.tell_others(client, &MemberJoined(member(&id, &name)).into());
        let times = VecDeque::new();
        self.places.push(Place {
            client,
            id,
            name,
            times,
        });
        let members = self.places.iter().map(|place| member(&place.id, &place.name)).collect();
        let joined = RoomJoined {
            room_id: ROOM.into(),
            members,
            has_password: false,
            ephemeral: self.ephemeral,
            expires_at: 0,
            receipts: self.receipts,
        };
        self.deliver(client, &joined.into());
    }

    fn refuse(&mut self, client: usize, code: &str, n: Option<u32>) {
        self.errors += 1;
        let frame = ErrorFrame {
            code: code.into(),
            msg: String::new(),
            n: n.filter(|_| self.receipts),
            retry_after: None,
        };
        self.deliver(client, &frame.into());
    }

    fn accept(&mut self, client: usize, n: Option<u32>) {
        if let Some(n) = n.filter(|_| self.receipts) {
            let t = EPOCH + self.now;
            self.deliver(client, &Accepted { n, seq: 0, t }.into());
        }
    }

    fn relay_takes(&mut self, client: usize, bytes: &[u8]) {
        if !self.clients[client].connected {
            return;
        }
        let frame = ArthasFrame::decode(bytes).unwrap();
        self.sent.push((client, self.now, frame.clone()));
        match frame {
            ArthasFrame::CreateRoom(create) => {
                let created = RoomCreated {
                    room_id: ROOM.into(),
                    expires_at: 0,
                };
                self.deliver(client, &created.into());
                self.enter(client, create.name);
            }
            ArthasFrame::JoinRoom(join) if self.places.is_empty() || join.room_id != ROOM => {
                self.refuse(client, "E001", None)
            }
            ArthasFrame::JoinRoom(join) => self.enter(client, join.name),
            ArthasFrame::LeaveRoom(_) => {
                self.clients[client].connected = false;
                self.drop_places(client);
            }
            ArthasFrame::Pong(_) => {}
            frame => {
                let Some(place) = self.places.iter_mut().rev().find(|place| place.client == client) else {
                    return self.refuse(client, "E003", None);
                };
                let (id, name) = (RelayId(place.id.clone()), place.name.clone());
                let now = self.now;
                if let ArthasFrame::SendMessage(message) = &frame {
                    while place.times.front().is_some_and(|at| at + 10_000 <= now) {
                        place.times.pop_front();
                    }
                    if place.times.len() >= 10 {
                        let n = message.n;
                        return self.refuse(client, "E004", n);
                    }
                    place.times.push_back(now);
                }
                self.relay(client, frame, id, name);
            }
        }
    }

    fn relay(&mut self, client: usize, frame: ArthasFrame, sender_id: RelayId, sender_name: String) {
        let t = EPOCH + self.now;
        let message = |iv, ciphertext| RelayMessage {
            sender_id: sender_id.clone(),
            sender_name: sender_name.clone(),
            iv,
            ciphertext,
            t,
        };
        match frame {
            ArthasFrame::SendMessage(sent) => {
                self.tell_others(client, &message(sent.iv, sent.ciphertext).into());
                self.accept(client, sent.n);
            }
            ArthasFrame::SendReaction(sent) => {
                self.tell_others(client, &RelayReaction(message(sent.iv, sent.ciphertext)).into());
                self.accept(client, sent.n);
            }
            ArthasFrame::Typing(sent) => {
                let typing = MemberTyping {
                    id: sender_id,
                    typing: sent.typing,
                    iv: sent.iv,
                    ciphertext: sent.ciphertext,
                };
                self.tell_others(client, &typing.into());
            }
            ArthasFrame::SendFileMeta(sent) => {
                let meta = RelayFileMeta {
                    sender_id,
                    sender_name,
                    transfer_id: sent.transfer_id,
                    iv: sent.iv,
                    ciphertext: sent.ciphertext,
                    t,
                };
                self.tell_others(client, &meta.into());
            }
            ArthasFrame::SendFileChunk(sent) => {
                let chunk = RelayFileChunk {
                    sender_id,
                    transfer_id: sent.transfer_id,
                    index: sent.index,
                    iv: sent.iv,
                    data: sent.data,
                };
                self.tell_others(client, &chunk.into());
            }
            ArthasFrame::SendFileComplete(sent) => {
                self.tell_others(
                    client,
                    &RelayFileComplete {
                        sender_id,
                        transfer_id: sent.transfer_id,
                    }
                    .into(),
                );
            }
            ArthasFrame::SendFileCancel(sent) => {
                let cancel = RelayFileCancel(RelayFileComplete {
                    sender_id,
                    transfer_id: sent.transfer_id,
                });
                self.tell_others(client, &cancel.into());
            }
            ArthasFrame::SendFileAck(sent) => {
                let ack = RelayFileAck {
                    receiver_id: sender_id,
                    transfer_id: sent.transfer_id,
                };
                // Clients ignore what is not theirs.
                self.tell_others(client, &ack.into());
            }
            other => panic!("{other:?}"),
        }
    }

    /// A message sealed under the room's key by somebody who has it.
    pub(super) fn sealed(&self, from: &str, iv: u8, plaintext: &[u8]) -> RelayMessage {
        let sealed = crate::message::seal(&code().key, &[iv; 12], plaintext).unwrap();
        RelayMessage {
            sender_id: RelayId(from.into()),
            sender_name: "stranger".into(),
            iv: sealed.iv,
            ciphertext: sealed.ciphertext,
            t: EPOCH + self.now,
        }
    }

    /// Such a message, as it comes to a client.
    pub(super) fn inject(&mut self, to: usize, from: &str, iv: u8, plaintext: &[u8]) {
        let message = self.sealed(from, iv, plaintext);
        self.deliver(to, &message.into());
        self.settle();
    }
}
