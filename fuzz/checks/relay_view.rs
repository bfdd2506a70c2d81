//! What a client knows from what the relay sends it, and what must then be true.

use std::collections::{BTreeSet, HashMap};

use hushroom::frame::{
    arthas::{ArthasFrame, MAX_ARTHAS_FRAME_BYTES, SYSTEM_SENDER},
    decode_any, Frame, Member, RelayId, MAX_FRAME_BYTES,
};
use hushroom_relay::fuzzing::{Client, Sent};

use super::relay_frames::{number, Known};

/// In which room a member is or was: no id is ever in two.
#[derive(Default)]
pub(crate) struct Ground(HashMap<RelayId, String>);

/// One client's.
#[derive(Default)]
pub(crate) struct View {
    room: Option<Room>,
    last_ping: u64,
    last_seq: u64,
    /// Ids of files it began.
    began: BTreeSet<String>,
}

struct Room {
    id: String,
    me: RelayId,
    /// It has left, but what came before that may be unread.
    is_left: bool,
    members: BTreeSet<RelayId>,
    /// Those from whom something may come: who is gone may have files on their way.
    heard: BTreeSet<RelayId>,
    /// It was let back into its place: there may be posts from those who have left meanwhile.
    is_resumed: bool,
    /// Files that have begun and not ended, by sender and id.
    files: BTreeSet<(RelayId, String)>,
}

impl View {
    /// What the last ping said.
    pub(crate) fn last_ping(&self) -> u64 {
        self.last_ping
    }

    /// The room it is in, and as whom.
    pub(crate) fn place(&self) -> Option<(&str, &RelayId)> {
        let room = self.room.as_ref().filter(|room| !room.is_left);
        room.map(|room| (&*room.id, &room.me))
    }

    /// Who is in the room, itself among them.
    pub(crate) fn members(&self) -> impl Iterator<Item = &RelayId> {
        self.room.iter().flat_map(|room| &room.members)
    }

    /// It has sent a frame, which the relay has read.
    pub(crate) fn sent(&mut self, frame: &[u8], client: &Client) {
        if let (true, Ok((0x04, _)), Some(room)) = (client.is_arthas(), decode_any(frame), &mut self.room) {
            room.is_left = true;
        }
        if let Ok(ArthasFrame::SendFileMeta(meta)) = ArthasFrame::decode(frame) {
            self.began.insert(meta.transfer_id);
        }
    }

    /// Reads what is in the first queue, so that it is known in which room it is, and leaves files where they are.
    pub(crate) fn read_first(&mut self, client: &mut Client, ground: &mut Ground, known: &mut Known) {
        while client.held().first > 0 {
            if let Some(sent) = client.take() {
                self.take(sent, client, ground, known);
            }
        }
    }

    /// Reads all there is; whether that was the end.
    pub(crate) fn read(&mut self, client: &mut Client, ground: &mut Ground, known: &mut Known) -> bool {
        while let Some(sent) = client.take() {
            if matches!(sent, Sent::Close(_)) {
                return true;
            }
            self.take(sent, client, ground, known);
        }
        self.room.take_if(|room| room.is_left);
        false
    }

    fn take(&mut self, sent: Sent, client: &Client, ground: &mut Ground, known: &mut Known) {
        let is_left = self.room.as_ref().is_some_and(|room| room.is_left);
        assert!(!(is_left && matches!(sent, Sent::Bulk(_))), "of no use any more");
        let (Sent::First(frame) | Sent::Bulk(frame)) = sent else {
            return;
        };
        if client.is_arthas() {
            assert!(frame.len() <= MAX_ARTHAS_FRAME_BYTES);
            let decoded = ArthasFrame::decode(&frame).unwrap();
            assert_eq!(decoded.encode().unwrap(), frame, "one way to write it");
            self.arthas(decoded, ground, known);
        } else {
            assert!(frame.len() <= MAX_FRAME_BYTES);
            let decoded = Frame::decode(&frame).unwrap();
            assert_eq!(decoded.encode().unwrap(), frame, "one way to write it");
            self.native(decoded, ground, known);
        }
    }

    fn arthas(&mut self, frame: ArthasFrame, ground: &mut Ground, known: &mut Known) {
        match frame {
            ArthasFrame::RoomCreated(created) => known.rooms.push(created.room_id),
            ArthasFrame::RoomJoined(joined) => self.enter(joined.room_id, &joined.members, ground, known),
            ArthasFrame::MemberJoined(joined) => self.joined(joined.0, ground, known),
            ArthasFrame::MemberLeft(left) => self.left(&left.id),
            ArthasFrame::RelayMessage(message) if message.sender_id.0 == SYSTEM_SENDER => {
                assert!(self.room.is_some(), "no room to be warned of");
            }
            ArthasFrame::RelayMessage(message) => drop(self.from(&message.sender_id, ground)),
            ArthasFrame::RelayReaction(reaction) => drop(self.from(&reaction.0.sender_id, ground)),
            ArthasFrame::MemberTyping(typing) => drop(self.from(&typing.id, ground)),
            ArthasFrame::RelayFileMeta(meta) => {
                let room = self.from(&meta.sender_id, ground);
                assert!(room.files.insert((meta.sender_id, meta.transfer_id)), "it has begun");
            }
            ArthasFrame::RelayFileChunk(chunk) => {
                let room = self.from(&chunk.sender_id, ground);
                assert!(
                    room.files.contains(&(chunk.sender_id, chunk.transfer_id)),
                    "no beginning"
                );
            }
            ArthasFrame::RelayFileComplete(file) => {
                let room = self.from(&file.sender_id, ground);
                assert!(room.files.remove(&(file.sender_id, file.transfer_id)), "no beginning");
            }
            // It may have overtaken the beginning, which is then taken back.
            ArthasFrame::RelayFileCancel(file) => {
                let file = file.0;
                let room = self.from(&file.sender_id, ground);
                room.files.remove(&(file.sender_id, file.transfer_id));
            }
            ArthasFrame::RelayFileAck(ack) => {
                assert!(self.began.contains(&ack.transfer_id), "not its file");
                self.from(&ack.receiver_id, ground);
            }
            ArthasFrame::RoomClosed(_) => assert!(self.room.take().is_some(), "no room to close"),
            ArthasFrame::Ping(ping) => self.last_ping = ping.t,
            ArthasFrame::ErrorFrame(_) | ArthasFrame::Accepted(_) => {}
            other => panic!("a frame that only clients send: {other:?}"),
        }
    }

    fn native(&mut self, frame: Frame, ground: &mut Ground, known: &mut Known) {
        match frame {
            Frame::RoomJoined(joined) => {
                self.enter(joined.room_id, &joined.members, ground, known);
                self.room.as_mut().unwrap().is_resumed = joined.resumed;
            }
            Frame::MemberJoined(joined) => self.joined(joined.0, ground, known),
            Frame::MemberLeft(left) => self.left(&left.id),
            Frame::Posted(posted) => {
                let room = self.room.as_mut().unwrap();
                if room.is_resumed && ground.0.get(&posted.from).is_none_or(|of| *of == room.id) {
                    room.heard.insert(posted.from.clone());
                }
                // Nobody may have read of one who came and went.
                ground.0.entry(posted.from.clone()).or_insert_with(|| room.id.clone());
                let me = self.from(&posted.from, ground).me.clone();
                let to = number(&posted.body.0).and_then(|number| known.posts.get(&number));
                assert!(to.is_none_or(|to| to.is_empty() || to.contains(&me)), "not for it");
                if posted.seq != 0 {
                    assert!(posted.seq > self.last_seq, "posts in order");
                    self.last_seq = posted.seq;
                }
            }
            Frame::BulkFrom(bulk) => drop(self.from(&bulk.from, ground)),
            Frame::WindowFrom(window) => drop(self.from(&window.from, ground)),
            Frame::RoomClosed(_) => assert!(self.room.take().is_some(), "no room to close"),
            Frame::Ping(ping) => self.last_ping = ping.t,
            Frame::ErrorFrame(_) | Frame::Accepted(_) => {}
            other => panic!("a frame that only clients send: {other:?}"),
        }
    }

    fn enter(&mut self, id: String, members: &[Member], ground: &mut Ground, known: &mut Known) {
        let all: BTreeSet<_> = members.iter().map(|member| member.id.clone()).collect();
        assert_eq!(all.len(), members.len(), "a member twice");
        for member in &all {
            let room = ground.0.entry(member.clone()).or_insert_with(|| id.clone());
            assert_eq!(*room, id);
        }
        let me = members.last().unwrap().id.clone();
        known.meet(&me);
        self.room = Some(Room {
            id,
            me,
            is_left: false,
            heard: all.clone(),
            is_resumed: false,
            members: all,
            files: BTreeSet::new(),
        });
    }

    fn joined(&mut self, member: Member, ground: &mut Ground, known: &mut Known) {
        let room = self.room.as_mut().unwrap();
        let of = ground.0.entry(member.id.clone()).or_insert_with(|| room.id.clone());
        assert_eq!(*of, room.id);
        known.meet(&member.id);
        room.heard.insert(member.id.clone());
        assert!(room.members.insert(member.id), "it is there");
    }

    fn left(&mut self, member: &RelayId) {
        let room = self.room.as_mut().unwrap();
        assert!(room.members.remove(member), "it was not there");
        assert_ne!(*member, room.me);
    }

    /// Something came from `sender`, who has to be another member of the room.
    fn from(&mut self, sender: &RelayId, ground: &Ground) -> &mut Room {
        let room = self.room.as_mut().unwrap();
        assert_eq!(ground.0.get(sender), Some(&room.id), "from another room");
        assert!(room.heard.contains(sender), "from nobody");
        assert_ne!(*sender, room.me, "its own");
        room
    }
}
