//! Honest devices, the time, and what the devices show and tell.

use std::collections::{BTreeMap, VecDeque};

use hushroom::{
    frame::{Frame, MemberLeft, Posted, RelayId},
    identity::safety_number::{room_number, Identity},
    room::{Config, NewRoom, Output, RandomSource, Room, RoomEvent},
    share_code::{Protocol, ShareCode},
};
use sha2::{Digest, Sha256};

use crate::{
    wire::{self, from_base64url, Code},
    Insider,
};

/// What becomes of a frame on its way to device `.0`.
type Meddle = Box<dyn FnMut(usize, Frame) -> Vec<Frame>>;

/// An honest device in a room.
pub(crate) struct Device {
    pub(crate) room: Room,
    pub(crate) code: Code,
    pub(crate) events: Vec<RoomEvent>,
    /// Its place at the relay.
    pub(crate) route: Option<RelayId>,
    pub(crate) resume: Vec<u8>,
    pub(crate) last_n: u32,
    pub(crate) connected: bool,
    /// Devices hear each other only within one view. At first each room is one.
    pub(crate) view: u32,
    pub(crate) inbox: VecDeque<Vec<u8>>,
}

/// A post as the relay got it.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) from: RelayId,
    pub(crate) sender: usize,
    pub(crate) to: Vec<RelayId>,
    pub(crate) transient: bool,
    pub(crate) body: Vec<u8>,
    pub(crate) view: u32,
    pub(crate) seq: u64,
}

pub(crate) struct World {
    pub(crate) devices: Vec<Device>,
    pub(crate) now: u64,
    /// Every post that was ever sent.
    pub(crate) recorded: Vec<Recorded>,
    /// Every frame that a device ever sent.
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) meddle: Option<Meddle>,
    views: Vec<String>,
    pub(crate) seq: u64,
    pub(crate) next_id: u32,
    seeds: u64,
    words: u32,
}

/// Bytes that follow from `seed`.
fn random(seed: u64) -> RandomSource {
    let mut counter = 0_u64;
    Box::new(move |out| {
        for chunk in out.chunks_mut(32) {
            counter += 1;
            let block = Sha256::digest([seed.to_be_bytes(), counter.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    })
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            devices: vec![],
            now: 1_000_000,
            recorded: vec![],
            frames: vec![],
            meddle: None,
            views: vec![],
            seq: 0,
            next_id: 0,
            seeds: 0,
            words: 0,
        }
    }

    /// A room of `count` devices that know each other, and its code.
    pub(crate) fn with_room(count: usize) -> (Self, Code) {
        let mut world = Self::new();
        let code = world.open_room(count);
        (world, code)
    }

    /// One more room; its devices come after those that are there.
    pub(crate) fn open_room(&mut self, count: usize) -> Code {
        self.seeds += 1;
        let config = Config::create(
            Protocol::Hush1,
            NewRoom::default(),
            format!("device {}", self.devices.len()),
            None,
            random(self.seeds),
        );
        let mut room = Room::new(config.unwrap(), self.now).unwrap();
        let code = Code::parse(&room.code().unwrap());
        self.place(room, &code);
        for _ in 1..count {
            self.join(&code);
        }
        self.words_arrive(&(self.devices.len() - count..self.devices.len()).collect::<Vec<_>>());
        code
    }

    /// One more device in the room of `code`.
    pub(crate) fn join(&mut self, code: &Code) -> usize {
        self.seeds += 1;
        self.join_as(code, self.seeds)
    }

    /// As [`Self::join`], for a device whose key follows from `seed`: the same seed is the same device.
    pub(crate) fn join_as(&mut self, code: &Code, seed: u64) -> usize {
        let device = self.join_quietly(code, seed);
        self.settle();
        device
    }

    pub(crate) fn join_quietly(&mut self, code: &Code, seed: u64) -> usize {
        let name = format!("device {}", self.devices.len());
        let share_code = ShareCode::parse(&code.encode()).unwrap();
        let room = Room::new(Config::join(share_code, name, None, random(seed)), self.now).unwrap();
        self.place(room, code)
    }

    fn place(&mut self, room: Room, code: &Code) -> usize {
        let known = self.views.iter().position(|room_id| *room_id == code.room_id);
        let view = known.unwrap_or_else(|| {
            self.views.push(code.room_id.clone());
            self.views.len() - 1
        });
        self.devices.push(Device {
            room,
            code: code.clone(),
            events: vec![],
            route: None,
            resume: vec![],
            last_n: 0,
            connected: false,
            view: u32::try_from(view).unwrap(),
            inbox: VecDeque::new(),
        });
        let device = self.devices.len() - 1;
        self.connect(device);
        device
    }

    pub(crate) fn connect(&mut self, device: usize) {
        self.devices[device].connected = true;
        self.devices[device].room.on_connected(self.now).unwrap();
        self.collect();
    }

    /// The socket breaks; what was on its way is lost. The relay keeps the place.
    pub(crate) fn disconnect(&mut self, device: usize) {
        self.devices[device].connected = false;
        self.devices[device].inbox.clear();
        self.devices[device].room.on_disconnected();
    }

    /// The relay gives up a place and tells the others.
    pub(crate) fn give_up_place(&mut self, device: usize) {
        if let Some(id) = self.devices[device].route.take() {
            self.tell(self.devices[device].view, device, MemberLeft { id }.into());
        }
    }

    pub(crate) fn leave(&mut self, device: usize) {
        self.devices[device].room.leave();
        self.settle();
    }

    /// Sends a frame as it is.
    pub(crate) fn give(&mut self, device: usize, frame: impl Into<Frame>) {
        self.give_bytes(device, frame.into().encode().unwrap());
    }

    pub(crate) fn give_bytes(&mut self, device: usize, frame: Vec<u8>) {
        self.devices[device].inbox.push_back(frame);
        self.settle();
    }

    /// Shows `device` a post under a new `seq`, as if `from` had just sent it.
    pub(crate) fn show(&mut self, device: usize, from: &RelayId, body: &[u8]) {
        let posted = self.posted(from, body);
        self.give(device, posted);
    }

    /// As [`Self::show`], without waiting for what comes of it.
    pub(crate) fn show_quietly(&mut self, device: usize, from: &RelayId, body: &[u8]) {
        let frame = Frame::from(self.posted(from, body)).encode().unwrap();
        self.devices[device].inbox.push_back(frame);
    }

    fn posted(&mut self, from: &RelayId, body: &[u8]) -> Posted {
        self.seq += 1;
        Posted {
            seq: self.seq,
            t: self.now,
            from: from.clone(),
            body: body.to_vec().into(),
        }
    }

    pub(crate) fn route(&self, device: usize) -> RelayId {
        self.devices[device].route.clone().unwrap()
    }

    pub(crate) fn id(&self, device: usize) -> String {
        self.devices[device].room.self_id()
    }

    pub(crate) fn instance(&self, device: usize) -> wire::Instance {
        from_base64url(&self.id(device)).try_into().unwrap()
    }

    /// Says something and lets it arrive. Returns the message's id.
    pub(crate) fn say(&mut self, device: usize, text: &str) -> String {
        let now = self.now;
        let id = self.devices[device].room.send_text(text, None, now, now).unwrap();
        self.settle();
        id
    }

    /// The control: each of `devices` says something new, and every other one of them shows it, once.
    pub(crate) fn words_arrive(&mut self, devices: &[usize]) {
        for from in devices {
            self.words += 1;
            let text = format!("word {} of {from}", self.words);
            self.say(*from, &text);
            self.pass(2_000);
            for to in devices.iter().filter(|to| *to != from) {
                let shown = self.shown(*to).into_iter().filter(|(_, shown)| *shown == text);
                assert_eq!(
                    shown.collect::<Vec<_>>(),
                    [(self.id(*from), text.clone())],
                    "{from} to {to}: {:?}",
                    self.errors(*to)
                );
            }
        }
    }

    /// Who said what, as `device` was shown it.
    pub(crate) fn shown(&self, device: usize) -> Vec<(String, String)> {
        let events = self.devices[device].events.iter();
        let shown = events.filter_map(|event| match event {
            RoomEvent::Message { from, text, .. } => Some((from.clone(), text.clone())),
            _ => None,
        });
        shown.collect()
    }

    pub(crate) fn texts(&self, device: usize) -> Vec<String> {
        self.shown(device).into_iter().map(|(_, text)| text).collect()
    }

    /// The errors that `device` was told, by code.
    pub(crate) fn errors(&self, device: usize) -> Vec<&'static str> {
        let errors = self.errors_about(device).into_iter();
        errors.map(|(code, _)| code).collect()
    }

    /// As [`Self::errors`], with the member each is about.
    pub(crate) fn errors_about(&self, device: usize) -> Vec<(&'static str, Option<String>)> {
        let events = self.devices[device].events.iter();
        let errors = events.filter_map(|event| match event {
            RoomEvent::Error { code, from, .. } => Some((*code, from.clone())),
            _ => None,
        });
        errors.collect()
    }

    /// Forgets what was shown and told so far, but not who is there.
    pub(crate) fn forget_events(&mut self) {
        for device in &mut self.devices {
            device.events.retain(|event| {
                matches!(
                    event,
                    RoomEvent::MemberJoined { .. } | RoomEvent::MemberLeft { .. } | RoomEvent::MemberPresence { .. }
                )
            });
        }
    }

    /// The device keys of those whom `device` lists, by id.
    pub(crate) fn listed(&self, device: usize) -> BTreeMap<String, String> {
        let mut listed = BTreeMap::new();
        for event in &self.devices[device].events {
            match event {
                RoomEvent::MemberJoined { id, device_key, .. } => {
                    assert!(listed.insert(id.clone(), device_key.clone()).is_none(), "listed twice");
                }
                RoomEvent::MemberLeft { id } => assert!(listed.remove(id).is_some(), "it was not listed"),
                _ => {}
            }
        }
        listed
    }

    /// The safety number of the room as `device` sees it: device keys, each its own id.
    pub(crate) fn room_number(&self, device: usize) -> String {
        let mut keys: Vec<String> = self.listed(device).into_values().collect();
        keys.push(self.devices[device].room.device_key());
        let bytes: Vec<[u8; 32]> = keys.iter().map(|key| from_base64url(key).try_into().unwrap()).collect();
        let members = keys
            .iter()
            .zip(&bytes)
            .map(|(id, key)| Identity { id: id.as_bytes(), key });
        room_number(&members.collect::<Vec<_>>()).unwrap()
    }

    /// Lets time pass, in steps of 100 ms, or of a second where it is long.
    pub(crate) fn pass(&mut self, ms: u64) {
        let step = if ms > 60_000 { 1_000 } else { 100 };
        for _ in 0..ms / step {
            let pings = self.now / 20_000;
            self.now += step;
            for device in 0..self.devices.len() {
                if self.now / 20_000 != pings && self.devices[device].connected {
                    let ping = Frame::from(hushroom::frame::Ping { t: self.now });
                    self.devices[device].inbox.push_back(ping.encode().unwrap());
                }
                self.devices[device].room.on_timer(self.now);
            }
            self.settle();
        }
    }

    /// Runs until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            self.collect();
            let mut moved = false;
            for device in 0..self.devices.len() {
                while let Some(frame) = self.devices[device].inbox.pop_front() {
                    moved = true;
                    let now = self.now;
                    let bulk = self.devices[device].room.on_frame(&frame, frame.len(), now);
                    assert!(bulk.is_none(), "no file is sent here");
                }
            }
            if !moved {
                return;
            }
        }
        panic!("no end to it");
    }

    /// Runs until neither a device nor the insider has anything more to say.
    pub(crate) fn settle_with(&mut self, insider: &mut Insider) {
        loop {
            self.settle();
            let posts = self.recorded[insider.heard_up_to..].to_vec();
            insider.heard_up_to = self.recorded.len();
            if posts.is_empty() {
                return;
            }
            let for_us = |post: &&Recorded| post.to.is_empty() || post.to.contains(&insider.route);
            let bodies: Vec<Vec<u8>> = posts.iter().filter(for_us).map(|post| post.body.clone()).collect();
            for body in bodies {
                for said in insider.hear(&body) {
                    self.spread(insider, &said);
                }
            }
        }
    }

    /// Everybody in the insider's room gets its post, or those it is addressed to.
    pub(crate) fn spread(&mut self, insider: &Insider, body: &[u8]) {
        let (header, _) = wire::Header::decode(body).unwrap();
        for device in 0..self.devices.len() {
            let meant = header.recipients.is_empty() || header.recipients.contains(&self.instance(device));
            if meant && self.devices[device].code.room_id == insider.code.room_id {
                self.show_quietly(device, &insider.route, body);
            }
        }
    }

    /// The relay takes what all devices have to say by now.
    pub(crate) fn collect(&mut self) {
        for device in 0..self.devices.len() {
            while let Some(output) = self.devices[device].room.poll() {
                match output {
                    Output::Send(bytes) if self.devices[device].connected => self.receive(device, &bytes),
                    Output::Event(event) => self.devices[device].events.push(event),
                    Output::Send(_) | Output::Reconnect { .. } | Output::Disconnect => {}
                }
            }
        }
    }
}
