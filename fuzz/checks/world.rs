//! Two members and the frames between them.

use std::collections::VecDeque;

use hushroom::{
    frame::{Accepted, BulkFrom, Frame, Member, Posted, RelayId, RoomJoined, WindowFrom, MAX_FRAME_BYTES},
    room::hush1::{Config, Entrance, Output, Room, RoomEvent},
    secret::Key,
    share_code::{Protocol, ShareCode},
};

/// One of the two.
pub(crate) struct Side {
    pub(crate) room: Room,
    /// What is on its way to it.
    pub(crate) inbox: VecDeque<Vec<u8>>,
    pub(crate) events: Vec<RoomEvent>,
}

/// Both, the relay's counter, and the time.
pub(crate) struct World {
    pub(crate) members: [Side; 2],
    pub(crate) now: u64,
    seq: u64,
}

impl World {
    /// Two that know each other.
    pub(crate) fn acquainted() -> Self {
        let mut world = Self {
            members: [side(0), side(1)],
            now: 1000,
            seq: 0,
        };
        world.connect(0);
        world.settle();
        world.connect(1);
        world.settle();
        for member in &mut world.members {
            assert!(member
                .events
                .iter()
                .any(|event| matches!(event, RoomEvent::MemberJoined { .. })));
            member.events.clear();
        }
        world
    }

    /// A new connection; what was on its way is lost.
    pub(crate) fn connect(&mut self, to: usize) {
        let member = &mut self.members[to];
        member.room.on_disconnected();
        member.inbox.clear();
        if member.room.on_connected(self.now).is_ok() {
            self.collect();
        }
    }

    /// Delivers everything until all is quiet. Whoever repeats for ever would not get to the end.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1000 {
            self.collect();
            if !(self.deliver(0) | self.deliver(1)) {
                return;
            }
        }
        assert!(
            self.members.iter().all(|member| member.inbox.is_empty()),
            "no end to it"
        );
    }

    /// Delivers the oldest frame, if there is one. A piece of a file is in its sink at once.
    pub(crate) fn deliver(&mut self, to: usize) -> bool {
        let now = self.now;
        let member = &mut self.members[to];
        let Some(frame) = member.inbox.pop_front() else {
            return false;
        };
        if let Some(bulk) = member.room.on_frame(&frame, frame.len(), now) {
            assert!(bulk.body_start <= frame.len());
            let delivered = member.room.delivered(&bulk.transfer, bulk.end);
            if bulk.last && delivered.is_ok() {
                assert_eq!(member.room.finish_file(&bulk.transfer, now), Ok(()));
            }
        }
        self.collect();
        true
    }

    /// Takes what both have to say to the relay.
    pub(crate) fn collect(&mut self) {
        for from in 0..2 {
            let mut outputs = 0;
            while let Some(output) = self.members[from].room.poll() {
                outputs += 1;
                assert!(outputs < 2000, "outputs without end");
                match output {
                    Output::Send(bytes) => self.relay_bytes(from, &bytes),
                    Output::Event(event) => self.members[from].events.push(event),
                    Output::Reconnect { .. } | Output::Disconnect => {}
                }
            }
        }
    }

    /// The relay gets a frame.
    pub(crate) fn relay_bytes(&mut self, from: usize, bytes: &[u8]) {
        assert!(bytes.len() <= MAX_FRAME_BYTES);
        let frame = Frame::decode(bytes);
        assert!(frame.is_ok(), "{frame:?}");
        frame.into_iter().for_each(|frame| self.relay(from, frame));
    }

    fn relay(&mut self, from: usize, frame: Frame) {
        let (me, t) = (route(from), self.now);
        match frame {
            Frame::Create(_) | Frame::Join(_) => {
                let member = |index| Member {
                    id: route(index),
                    name: String::new(),
                    color: String::new(),
                };
                let joined = RoomJoined {
                    room_id: code().room_id,
                    members: vec![member(1 - from), member(from)],
                    expires_at: 0,
                    max_members: 2,
                    resumed: false,
                    accepted: 0,
                };
                self.push(from, joined.into());
            }
            Frame::Post(post) => {
                self.seq += u64::from(!post.transient);
                let seq = if post.transient { 0 } else { self.seq };
                self.push(from, Accepted { n: post.n, seq, t }.into());
                let (from_id, body) = (me, post.body);
                self.push(
                    1 - from,
                    Posted {
                        seq,
                        t,
                        from: from_id,
                        body,
                    }
                    .into(),
                );
            }
            Frame::Bulk(bulk) => {
                let (stream, offset, body) = (bulk.stream, bulk.offset, bulk.body);
                self.push(
                    1 - from,
                    BulkFrom {
                        from: me,
                        stream,
                        offset,
                        body,
                    }
                    .into(),
                );
            }
            Frame::Window(window) => {
                let frame = WindowFrom {
                    from: me,
                    stream: window.stream,
                    delivered: window.delivered,
                    limit: window.limit,
                    rewind: window.rewind,
                };
                self.push(1 - from, frame.into());
            }
            _ => {}
        }
    }

    fn push(&mut self, to: usize, frame: Frame) {
        let bytes = frame.encode();
        assert!(bytes.is_ok(), "{bytes:?}");
        self.members[to].inbox.extend(bytes);
    }
}

fn route(index: usize) -> RelayId {
    RelayId(format!("{index:08x}"))
}

fn code() -> ShareCode {
    let key = Key::take(&mut [9; 32]);
    ShareCode::generate(Protocol::Hush1, (&[5; 21], key))
}

fn side(index: u8) -> Side {
    let entrance = Entrance::Create {
        max_members: 0,
        expiry_seconds: 0,
    };
    let config = Config {
        code: code(),
        name: format!("member {index}"),
        entrance,
        device_seed: Key::take(&mut [index + 1; 32]),
        partner: None,
        nonce: [index; 16],
        resume: [index; 16],
    };
    Side {
        room: Room::new(config, 0).unwrap(),
        inbox: VecDeque::new(),
        events: vec![],
    }
}
