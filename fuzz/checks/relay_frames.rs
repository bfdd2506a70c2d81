//! What clients send to the relay.

use std::collections::HashMap;

use hushroom::frame::{
    arthas::{
        ArthasFrame, CreateRoom, JoinRoom, LeaveRoom, SendFileAck, SendFileCancel, SendFileChunk, SendFileComplete,
        SendFileMeta, SendMessage, SendReaction, Typing, MAX_ARTHAS_FRAME_BYTES, PASSWORD_LENGTH,
    },
    Bin, Bulk, Create, Frame, Join, Leave, Pong, Post, RelayId, Window,
};

use super::Input;

/// What all clients know together, so that frames refer to what there is.
#[derive(Default)]
pub(crate) struct Known {
    /// Ids of Arthas rooms.
    pub(crate) rooms: Vec<String>,
    /// Ids of members of any room.
    members: Vec<RelayId>,
    /// For whom a post was, by the number in its body.
    pub(crate) posts: HashMap<u64, Vec<RelayId>>,
}

impl Known {
    /// A member was heard of.
    pub(crate) fn meet(&mut self, member: &RelayId) {
        if !self.members.contains(member) {
            self.members.push(member.clone());
        }
    }

    /// One of the newest of `all`.
    fn recent<T: Clone>(all: &[T], index: u8) -> Option<T> {
        all.iter().rev().nth(usize::from(index % 8)).cloned()
    }

    fn member(&self, index: u8) -> RelayId {
        Self::recent(&self.members, index).unwrap_or_else(|| RelayId("nobody".into()))
    }
}

/// A frame of a kind from 7 to 31, anything else being the last. A post that `is_damaged` is not remembered.
pub(crate) fn frame(kind: u8, input: &mut Input<'_>, known: &mut Known, last_ping: u64, is_damaged: bool) -> Vec<u8> {
    let encoded = if kind < 20 {
        native(kind, input, known, last_ping, is_damaged).encode()
    } else {
        arthas(kind, input, known).encode()
    };
    // One that is too large is none.
    encoded.unwrap_or_default()
}

fn native(kind: u8, input: &mut Input<'_>, known: &mut Known, last_ping: u64, is_damaged: bool) -> Frame {
    match kind {
        7 | 8 => {
            let (room, seen, limits) = (input.byte(), input.byte(), input.byte());
            let join = join(room, u64::from(seen % 16));
            Create {
                proto: join.proto,
                room_id: join.room_id,
                auth: join.auth,
                resume: join.resume,
                seen: join.seen,
                max_members: u64::from(limits % 8),
                expiry: u64::from(limits / 8) * 60,
                expires_at: 0,
                seat: join.seat,
                seats: vec![],
            }
            .into()
        }
        9 | 10 => join(input.byte(), u64::from(input.byte() % 16)).into(),
        11 => Leave {}.into(),
        12 => Pong { t: last_ping }.into(),
        13 => Pong {
            t: u64::from(input.byte()),
        }
        .into(),
        14..=16 => {
            let (n, how, length) = (input.byte(), input.byte(), input.short());
            let to = match how % 4 {
                0 | 1 => vec![],
                2 => vec![known.member(how / 4)],
                _ => vec![known.member(how / 4), known.member(how / 8)],
            };
            Post {
                n: u32::from(n),
                transient: how & 0x80 != 0,
                body: body(&to, length * 2, known, is_damaged),
                to,
            }
            .into()
        }
        17 | 18 => Bulk {
            to: vec![known.member(input.byte()), known.member(input.byte())],
            stream: u32::from(input.byte()),
            offset: u64::from(input.byte()),
            body: Bin(vec![0; input.short() * 2]),
        }
        .into(),
        _ => Window {
            to: known.member(input.byte()),
            stream: u32::from(input.byte()),
            delivered: u64::from(input.byte()),
            limit: u64::from(input.byte()),
            rewind: input.byte() & 1 == 1,
        }
        .into(),
    }
}

/// One of three rooms, one of two tokens of admission, one of four places, as the bits of `which` say.
fn join(which: u8, seen: u64) -> Join {
    Join {
        proto: if which < 0xf0 { "hush1" } else { "hush9" }.into(),
        room_id: format!("{:A<21}", (which & 3).min(2)),
        auth: Bin(vec![which >> 4 & 1; 32]),
        resume: Bin(vec![which >> 2 & 3; 16]),
        seen,
        // Of some, so that rooms for two are made as well, and asked for in both ways.
        seat: (which & 0x20 != 0).then(|| Bin(vec![which >> 2 & 3; 32])),
    }
}

/// The body of a post, with a number by which it is known again.
fn body(to: &[RelayId], length: usize, known: &mut Known, is_damaged: bool) -> Bin {
    let mut body = vec![0xff; length];
    if !is_damaged && length >= 8 {
        let number = 0x706f_7374_0000_0000 + known.posts.len() as u64;
        body[..8].copy_from_slice(&number.to_be_bytes());
        known.posts.insert(number, to.to_vec());
    }
    Bin(body)
}

/// The number in the body of a post.
pub(crate) fn number(body: &[u8]) -> Option<u64> {
    body.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

fn arthas(kind: u8, input: &mut Input<'_>, known: &Known) -> ArthasFrame {
    match kind {
        20 => {
            let (password, time, public) = (input.byte(), input.byte(), input.byte());
            CreateRoom {
                name: "maker".into(),
                password: self::password(password),
                ephemeral: i64::from(time % 4) - 1,
                expiry: i64::from(time / 4) * 100 - 1,
                public: public & 1 == 1,
                title: "t".repeat(usize::from(public >> 1) % 64),
                description: String::new(),
                tags: vec!["tag".into(); usize::from(public >> 7) * 6],
                key_encoded: String::new(),
            }
            .into()
        }
        21 | 22 => {
            let (room, password) = (input.byte(), input.byte());
            JoinRoom {
                room_id: Known::recent(&known.rooms, room).unwrap_or_default(),
                name: "x".repeat(usize::from(room / 8)),
                password: self::password(password),
            }
            .into()
        }
        23 => LeaveRoom {}.into(),
        24 | 25 => {
            let (n, length) = (input.byte(), input.short());
            let (iv, ciphertext) = sealed(length);
            let n = (n > 0).then_some(u32::from(n));
            if kind == 24 {
                SendMessage { iv, ciphertext, n }.into()
            } else {
                SendReaction { iv, ciphertext, n }.into()
            }
        }
        26 => {
            let how = input.byte();
            let (iv, ciphertext) = sealed(usize::from(how));
            match how % 3 {
                0 => Typing {
                    typing: Some(how > 127),
                    ..Typing::default()
                },
                1 => Typing {
                    typing: None,
                    iv,
                    ciphertext,
                },
                _ => Typing::default(),
            }
            .into()
        }
        27 => SendFileMeta {
            transfer_id: transfer(input.byte()),
            iv: "i".repeat(16),
            ciphertext: Bin(vec![1; input.short() * 2]),
        }
        .into(),
        28 => SendFileComplete {
            transfer_id: transfer(input.byte()),
        }
        .into(),
        29 => SendFileCancel {
            transfer_id: transfer(input.byte()),
        }
        .into(),
        30 => SendFileAck {
            transfer_id: transfer(input.byte()),
        }
        .into(),
        _ => {
            let (of, index) = (input.byte(), input.byte());
            SendFileChunk {
                transfer_id: transfer(of),
                index: i64::from(index) - 1,
                iv: Bin(vec![0; 12]),
                // Many whole ones fill a queue.
                data: Bin(vec![0; if index & 1 == 0 { 65_552 } else { usize::from(index) }]),
            }
            .into()
        }
    }
}

fn password(which: u8) -> String {
    match which % 8 {
        0..=4 => String::new(),
        5 => "a".repeat(PASSWORD_LENGTH),
        6 => "b".repeat(PASSWORD_LENGTH),
        _ => "short".into(),
    }
}

/// The last of four has no valid form.
fn transfer(which: u8) -> String {
    format!("t{}", which % 4).repeat(if which == 0xff { 40 } else { 1 })
}

/// Up to the limit, and a little above it.
fn sealed(length: usize) -> (String, String) {
    (
        "i".repeat(16),
        "c".repeat((length * 2).min(MAX_ARTHAS_FRAME_BYTES + 64)),
    )
}
