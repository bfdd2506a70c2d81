//! The relay itself. Left alone, it does what `docs/protocol.md` section 6 says.

use hushroom::frame::{Accepted, BulkFrom, Frame, Member, MemberJoined, Posted, RelayId, RoomJoined, WindowFrom};

use crate::{world::Recorded, World};

impl World {
    pub(crate) fn push(&mut self, device: usize, frame: Frame) {
        if !self.devices[device].connected {
            return;
        }
        let frames = match &mut self.meddle {
            Some(meddle) => meddle(device, frame),
            None => vec![frame],
        };
        let frames = frames.iter().map(|frame| frame.encode().unwrap());
        self.devices[device].inbox.extend(frames);
    }

    pub(crate) fn tell(&mut self, view: u32, except: usize, frame: Frame) {
        for device in self.others(view, except) {
            self.push(device, frame.clone());
        }
    }

    fn others(&self, view: u32, except: usize) -> Vec<usize> {
        let there = |device: &usize| self.devices[*device].view == view && self.devices[*device].route.is_some();
        (0..self.devices.len())
            .filter(|device| *device != except)
            .filter(there)
            .collect()
    }

    pub(crate) fn receive(&mut self, device: usize, bytes: &[u8]) {
        self.frames.push(bytes.to_vec());
        match Frame::decode(bytes).unwrap() {
            Frame::Create(create) => self.enter(device, create.resume.0, create.seen),
            Frame::Join(join) => self.enter(device, join.resume.0, join.seen),
            Frame::Leave(_) => self.give_up_place(device),
            frame => self.in_room(device, frame),
        }
    }

    fn enter(&mut self, device: usize, resume: Vec<u8>, seen: u64) {
        let view = self.devices[device].view;
        let resumed = self.devices[device].route.is_some() && self.devices[device].resume == resume;
        if !resumed {
            self.next_id += 1;
            let id = RelayId(format!("{:08x}", self.next_id));
            self.tell(view, device, MemberJoined(member(&id)).into());
            self.devices[device].route = Some(id);
            self.devices[device].last_n = 0;
            self.devices[device].resume = resume;
        }
        let own = self.route(device);
        let mut members: Vec<Member> = self
            .others(view, device)
            .into_iter()
            .map(|other| member(&self.route(other)))
            .collect();
        members.push(member(&own));
        let joined = RoomJoined {
            room_id: self.devices[device].code.room_id.clone(),
            members,
            expires_at: 0,
            max_members: 50,
            resumed,
            accepted: self.devices[device].last_n,
        };
        self.push(device, joined.into());
        if resumed {
            let for_it = |post: &&Recorded| {
                post.view == view
                    && post.seq > seen
                    && post.from != own
                    && (post.to.is_empty() || post.to.contains(&own))
            };
            let missed: Vec<Recorded> = self.recorded.iter().filter(for_it).cloned().collect();
            for post in missed {
                let (seq, t, from) = (post.seq, self.now, post.from);
                let body = post.body.into();
                self.push(device, Posted { seq, t, from, body }.into());
            }
        }
    }

    fn in_room(&mut self, device: usize, frame: Frame) {
        let (view, Some(from)) = (self.devices[device].view, self.devices[device].route.clone()) else {
            return;
        };
        let t = self.now;
        match frame {
            Frame::Post(post) => {
                let known = post.n <= self.devices[device].last_n;
                if !known {
                    self.devices[device].last_n = post.n;
                    self.seq += u64::from(!post.transient);
                }
                let seq = if post.transient { 0 } else { self.seq };
                let accepted = Accepted { n: post.n, seq, t };
                if !known {
                    self.recorded.push(Recorded {
                        from: from.clone(),
                        sender: device,
                        to: post.to.clone(),
                        transient: post.transient,
                        body: post.body.0.clone(),
                        view,
                        seq,
                    });
                    let (body, to) = (post.body, post.to);
                    self.pass_on(device, &to, &Posted { seq, t, from, body }.into());
                }
                self.push(device, accepted.into());
            }
            Frame::Bulk(bulk) => {
                let (stream, offset, body) = (bulk.stream, bulk.offset, bulk.body);
                self.pass_on(
                    device,
                    &bulk.to,
                    &BulkFrom {
                        from,
                        stream,
                        offset,
                        body,
                    }
                    .into(),
                );
            }
            Frame::Window(window) => {
                let frame = WindowFrom {
                    from,
                    stream: window.stream,
                    delivered: window.delivered,
                    limit: window.limit,
                    rewind: window.rewind,
                };
                self.pass_on(device, &[window.to], &frame.into());
            }
            Frame::Pong(_) => {}
            other => panic!("a device sent {other:?}"),
        }
    }

    fn pass_on(&mut self, from: usize, to: &[RelayId], frame: &Frame) {
        for device in self.others(self.devices[from].view, from) {
            if to.is_empty() || to.contains(&self.route(device)) {
                self.push(device, frame.clone());
            }
        }
    }
}

/// A member as native relays name it.
pub(crate) fn member(id: &RelayId) -> Member {
    Member {
        id: id.clone(),
        name: String::new(),
        color: String::new(),
    }
}
