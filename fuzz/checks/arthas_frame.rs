//! A member of an Arthas room whose relay, and whose other members, say whatever they like: nothing panics, time always goes
//! on, and a piece of a file is a piece of that file.

use std::collections::HashMap;

use hushroom::{
    frame::{
        arthas::{
            ArthasFrame, MemberTyping, RelayFileAck, RelayFileCancel, RelayFileChunk, RelayFileComplete, RelayFileMeta,
            RelayMessage, RelayReaction, RoomJoined,
        },
        peek_chunk, Accepted, ErrorFrame, Member, MemberJoined, MemberLeft, Ping, RelayId,
    },
    message,
    room::{Config, FileMeta, Output, Room, RoomEvent},
    secret::Key,
    share_code::{Protocol, ShareCode},
};

use super::Input;

const ROOM: &str = "AAAAAAAAAAAAAAAAAAAAA";
const CHUNK: u64 = 65_536;
const CODES: [&str; 8] = ["E001", "E002", "E003", "E004", "E005", "E006", "E007", "E999"];

/// A room, and what it has said.
struct World {
    room: Room,
    key: Key,
    now: u64,
    ivs: u64,
    connections: u8,
    messages: Vec<String>,
    offers: Vec<String>,
    sizes: HashMap<String, u64>,
}

/// All of `data` as one frame, then each byte of it as something that happens; some take more bytes as arguments.
pub(crate) fn check(data: &[u8]) {
    decoding(data);
    let mut world = World::new();
    world.enter();
    let mut input = Input::new(&data[..data.len().min(8192)]);
    for _ in 0..200 {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
    }
    world.room.leave();
    world.collect();
    assert_eq!(world.room.deadline(world.now), None);
}

fn decoding(data: &[u8]) {
    let decoded = ArthasFrame::decode(data);
    if let Ok(frame) = &decoded {
        if let Ok(once) = frame.encode() {
            let again = ArthasFrame::decode(&once).and_then(|frame| frame.encode());
            assert_eq!(again.as_ref(), Ok(&once), "encoding is stable");
        }
    }
    if let Ok(Some(head)) = peek_chunk(data) {
        let Ok(ArthasFrame::RelayFileChunk(chunk)) = decoded else {
            assert!(decoded.is_err(), "only a chunk looks like one");
            return;
        };
        assert_eq!(
            (head.sender_id, head.transfer_id),
            (chunk.sender_id.0, chunk.transfer_id)
        );
        assert_eq!((head.index, &head.iv[..]), (chunk.index, &chunk.iv.0[..]));
        assert_eq!(data[head.body], chunk.data.0);
    }
}

fn id(byte: u8) -> RelayId {
    RelayId(format!("m{}", byte % 4))
}

fn transfer(byte: u8) -> String {
    format!("t{}", byte % 8)
}

impl World {
    fn new() -> Self {
        let mut count = 0_u64;
        let random = Box::new(move |out: &mut [u8]| {
            for part in out.chunks_mut(8) {
                count += 1;
                part.copy_from_slice(&count.to_be_bytes()[..part.len()]);
            }
            Ok(())
        });
        let code = format!("{ROOM}:{}", "A".repeat(43));
        let code = ShareCode::parse(&code).unwrap();
        assert_eq!(code.protocol, Protocol::Arthas);
        let key = Key::from_slice(code.key.expose()).unwrap();
        let config = Config::join(code, "fuzz".into(), None, random);
        Self {
            room: Room::new(config, 0).unwrap(),
            key,
            now: 1000,
            ivs: 1 << 60,
            connections: 0,
            messages: vec![],
            offers: vec![],
            sizes: HashMap::new(),
        }
    }

    fn enter(&mut self) {
        self.room.on_disconnected();
        if self.room.on_connected(self.now).is_err() {
            return;
        }
        self.connections = self.connections.wrapping_add(1);
        let member = |id: String| Member {
            id: RelayId(id),
            name: "x".into(),
            color: String::new(),
        };
        let joined = RoomJoined {
            room_id: ROOM.into(),
            members: vec![member("m0".into()), member(format!("own{}", self.connections))],
            has_password: false,
            ephemeral: u64::from(self.connections % 3),
            expires_at: 0,
            receipts: self.connections.is_multiple_of(2),
        };
        self.deliver(&joined.into());
    }

    fn deliver(&mut self, frame: &ArthasFrame) {
        if let Ok(bytes) = frame.encode() {
            self.deliver_bytes(&bytes);
        }
    }

    fn deliver_bytes(&mut self, bytes: &[u8]) {
        if let Some(bulk) = self.room.on_frame(bytes, bytes.len(), self.now) {
            assert!(bulk.body_start <= bulk.body_end && bulk.body_end <= bytes.len());
            let size = self.sizes[&bulk.transfer];
            let start = u64::from(bulk.segment) * CHUNK;
            assert!(start < size && bulk.end <= size && bulk.last == (bulk.end == size));
            assert_eq!((bulk.body_end - bulk.body_start) as u64, bulk.end - start + 16);
            assert_eq!(self.room.delivered(&bulk.transfer, bulk.end), Ok(()));
        }
        self.collect();
    }

    fn collect(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.room.poll() {
            outputs += 1;
            assert!(outputs < 5000, "outputs without end");
            match output {
                Output::Send(bytes) => assert!(ArthasFrame::decode(&bytes).is_ok()),
                Output::Event(RoomEvent::Message { id, .. }) => {
                    assert!(!self.messages.contains(&id), "an id twice");
                    self.messages.push(id);
                }
                Output::Event(RoomEvent::FileOffer { id, size, .. }) => {
                    self.sizes.insert(id.clone(), size.unwrap_or(0));
                    self.offers.push(id);
                }
                _ => {}
            }
        }
    }

    fn sealed(&mut self, from: u8, plaintext: &[u8]) -> RelayMessage {
        self.ivs += 1;
        let mut iv = [0; 12];
        iv[4..].copy_from_slice(&self.ivs.to_be_bytes());
        let sealed = message::seal(&self.key, &iv, plaintext).unwrap();
        RelayMessage {
            sender_id: id(from),
            sender_name: "x".into(),
            iv: sealed.iv,
            ciphertext: sealed.ciphertext,
            t: 1_000_000 + self.now,
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let now = self.now;
        match input.byte() % 20 {
            0 => {
                let length = input.short();
                let bytes = input.take(length).to_vec();
                self.deliver_bytes(&bytes);
            }
            kind @ 1..=4 => {
                let from = input.byte();
                let length = input.short();
                let sealed = self.sealed(from, input.take(length));
                self.deliver(&match kind {
                    1 => sealed.into(),
                    2 => RelayReaction(sealed).into(),
                    3 => MemberTyping {
                        id: sealed.sender_id,
                        typing: None,
                        iv: sealed.iv,
                        ciphertext: sealed.ciphertext,
                    }
                    .into(),
                    _ => meta(sealed, transfer(input.byte())),
                });
            }
            5 => {
                let (from, of, index) = (input.byte(), input.byte(), input.byte());
                // 65,535 stands for the one above it, a whole chunk.
                let length = input.short();
                let length = if length == 0xffff { 65_536 } else { length } + 16;
                let chunk = RelayFileChunk {
                    sender_id: id(from),
                    transfer_id: transfer(of),
                    index: i64::from(index) - 1,
                    iv: vec![index; 12].into(),
                    data: vec![0; length].into(),
                };
                self.deliver(&chunk.into());
            }
            kind @ 6..=7 => {
                let about = RelayFileComplete {
                    sender_id: id(input.byte()),
                    transfer_id: transfer(input.byte()),
                };
                self.deliver(&if kind == 6 {
                    about.into()
                } else {
                    RelayFileCancel(about).into()
                });
            }
            8 => {
                let member = Member {
                    id: id(input.byte()),
                    name: String::new(),
                    color: String::new(),
                };
                self.deliver(&MemberJoined(member).into());
            }
            9 => self.deliver(&MemberLeft { id: id(input.byte()) }.into()),
            10 => {
                self.now += u64::from(input.byte()) * 256;
                self.room.on_timer(self.now);
                self.collect();
                let deadline = self.room.deadline(self.now);
                assert!(deadline.is_none_or(|at| at > self.now), "a timer that never rests");
            }
            11 => {
                let reply = self.messages.last().cloned().filter(|_| input.byte() > 127);
                let _ = self.room.send_text("text", reply.as_deref(), 5, now);
                self.collect();
            }
            12 => {
                if let Some(id) = self.messages.last().cloned() {
                    let _ = self.room.react(&id, "x", input.byte() > 127, now);
                    self.collect();
                }
            }
            13 => {
                let file = FileMeta {
                    name: "f".into(),
                    size: Some(input.short() as u64 * 3),
                    replayable: true,
                    ..FileMeta::default()
                };
                let _ = self.room.offer_file(&file, now);
                self.collect();
            }
            14 => {
                if let Some(job) = self.room.next_bulk(now) {
                    let head = self.room.bulk_head(job.ticket, job.plaintext_length as usize + 16);
                    assert!(head.is_ok(), "{head:?}");
                }
                self.collect();
            }
            15 => self.enter(),
            16 => {
                let (code, n) = (input.byte(), input.byte());
                let error = ErrorFrame {
                    code: CODES[usize::from(code % 8)].into(),
                    msg: String::new(),
                    n: (n > 0).then_some(u32::from(n)),
                    retry_after: None,
                };
                self.deliver(&error.into());
            }
            17 => {
                let n = u32::from(input.byte());
                self.deliver(
                    &Accepted {
                        n,
                        seq: 0,
                        t: 1_000_000 + now,
                    }
                    .into(),
                );
            }
            18 => {
                let ack = RelayFileAck {
                    receiver_id: id(input.byte()),
                    transfer_id: transfer(input.byte()),
                };
                self.deliver(&ack.into());
                self.deliver(&Ping { t: now }.into());
            }
            _ => {
                if let Some(id) = self.offers.last().cloned() {
                    let _ = match input.byte() % 4 {
                        0 => self.room.accept_file(&id, now),
                        1 => self.room.decline_file(&id, now),
                        2 => self.room.finish_file(&id, now),
                        _ => self.room.end_transfer(&id, "DECRYPT_FAILED", now),
                    };
                    self.collect();
                }
            }
        }
    }
}

fn meta(sealed: RelayMessage, transfer_id: String) -> ArthasFrame {
    let bytes = base64url(&sealed.ciphertext);
    RelayFileMeta {
        sender_id: sealed.sender_id,
        sender_name: sealed.sender_name,
        transfer_id,
        iv: sealed.iv,
        ciphertext: bytes.into(),
        t: sealed.t,
    }
    .into()
}

/// Decodes unpadded base64url.
fn base64url(text: &str) -> Vec<u8> {
    let mut bytes = vec![];
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
