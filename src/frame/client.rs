//! The half of the frames that a client needs: reading what relays and directories send, and writing what clients send.
//!
//! [`Frame`], [`ArthasFrame`] and [`PeopleFrame`] do both for both, and whoever uses their methods gets the code for all
//! types.

use serde::{Deserialize, Serialize};

use super::{
    arthas::{
        ArthasFrame, CreateRoom, JoinRoom, LeaveRoom, MemberTyping, RelayFileAck, RelayFileCancel, RelayFileChunk,
        RelayFileComplete, RelayFileMeta, RelayMessage, RelayReaction, RoomCreated, RoomJoined, SendFileAck,
        SendFileCancel, SendFileChunk, SendFileComplete, SendFileMeta, SendMessage, SendReaction, Typing,
    },
    encode_envelope, open_envelope,
    people::{self, PeopleFrame},
    read_value, Accepted, BulkFrom, ErrorFrame, Frame, MemberJoined, MemberLeft, Ping, Pong, Posted, RoomClosed,
    WindowFrom,
};
use crate::error::{Error, Result};

const MISFIT: Error = Error::InvalidFrame("fields missing or of the wrong type");

/// As [`ArthasFrame::decode`], of what a relay sends; what clients send is left as [`ArthasFrame::Other`].
///
/// # Errors
/// As [`ArthasFrame::decode`].
pub(crate) fn decode_relayed(bytes: &[u8]) -> Result<ArthasFrame> {
    let (kind, data) = open_envelope(bytes)?;
    let data = read_value(data)?;
    let frame = match kind {
        0x10 => RoomCreated::deserialize(&data).map(ArthasFrame::from),
        0x11 => RoomJoined::deserialize(&data).map(ArthasFrame::from),
        0x12 => MemberJoined::deserialize(&data).map(ArthasFrame::from),
        0x13 => MemberLeft::deserialize(&data).map(ArthasFrame::from),
        0x14 => RelayMessage::deserialize(&data).map(ArthasFrame::from),
        0x15 => MemberTyping::deserialize(&data).map(ArthasFrame::from),
        0x16 => RoomClosed::deserialize(&data).map(ArthasFrame::from),
        0x17 => ErrorFrame::deserialize(&data).map(ArthasFrame::from),
        0x18 => Ping::deserialize(&data).map(ArthasFrame::from),
        0x19 => RelayReaction::deserialize(&data).map(ArthasFrame::from),
        0x1A => RelayFileMeta::deserialize(&data).map(ArthasFrame::from),
        0x1B => RelayFileChunk::deserialize(&data).map(ArthasFrame::from),
        0x1C => RelayFileComplete::deserialize(&data).map(ArthasFrame::from),
        0x1D => RelayFileCancel::deserialize(&data).map(ArthasFrame::from),
        0x1E => RelayFileAck::deserialize(&data).map(ArthasFrame::from),
        0x53 => Accepted::deserialize(&data).map(ArthasFrame::from),
        _ => return Ok(ArthasFrame::Other { kind, data }),
    };
    frame.map_err(|_| MISFIT)
}

/// As [`Frame::decode`], of what a relay sends.
///
/// # Errors
/// As [`Frame::decode`]; [`Error::RelayProtocol`] for what only clients send.
pub(crate) fn decode_room_relayed(bytes: &[u8]) -> Result<Frame> {
    let (kind, data) = open_envelope(bytes)?;
    let data = read_value(data)?;
    let frame = match kind {
        0x01 | 0x02 | 0x04 | 0x06 | 0x40..=0x42 => {
            return Err(Error::RelayProtocol("a frame that relays do not send"));
        }
        0x11 => super::RoomJoined::deserialize(&data).map(Frame::from),
        0x12 => MemberJoined::deserialize(&data).map(Frame::from),
        0x13 => MemberLeft::deserialize(&data).map(Frame::from),
        0x16 => RoomClosed::deserialize(&data).map(Frame::from),
        0x17 => ErrorFrame::deserialize(&data).map(Frame::from),
        0x18 => Ping::deserialize(&data).map(Frame::from),
        0x50 => Posted::deserialize(&data).map(Frame::from),
        0x51 => BulkFrom::deserialize(&data).map(Frame::from),
        0x52 => WindowFrom::deserialize(&data).map(Frame::from),
        0x53 => Accepted::deserialize(&data).map(Frame::from),
        _ => return Ok(Frame::Other { kind, data }),
    };
    frame.map_err(|_| MISFIT)
}

/// As [`PeopleFrame::decode`], of what comes in an answer; everything else is left as [`PeopleFrame::Other`].
///
/// # Errors
/// As [`PeopleFrame::decode`].
pub(crate) fn decode_answered(bytes: &[u8]) -> Result<PeopleFrame> {
    let (kind, data) = open_envelope(bytes)?;
    let data = read_value(data)?;
    let frame = match kind {
        0x69 => people::Answer::deserialize(&data).map(PeopleFrame::from),
        0x6A => people::Challenge::deserialize(&data).map(PeopleFrame::from),
        0x6B => people::Found::deserialize(&data).map(PeopleFrame::from),
        0x6C => people::Done::deserialize(&data).map(PeopleFrame::from),
        0x6D => people::Invitations::deserialize(&data).map(PeopleFrame::from),
        0x6E => people::Refused::deserialize(&data).map(PeopleFrame::from),
        _ => return Ok(PeopleFrame::Other { kind, data }),
    };
    frame.map_err(|_| MISFIT)
}

/// What clients send. Encoded by itself: what only relays send need not be part of a client's code.
pub(crate) trait ClientFrame: Serialize {
    /// The number of the frame's type.
    const KIND: u32;

    /// The whole frame.
    ///
    /// # Errors
    /// [`Error::FrameTooLarge`].
    fn encode(&self) -> Result<Vec<u8>>
    where
        Self: Sized,
    {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            r#type: u32,
            data: &'a T,
        }
        encode_envelope(&Envelope {
            r#type: Self::KIND,
            data: self,
        })
    }
}

/// Says which types clients send, and by what numbers.
macro_rules! client_frames {
    ($($name:ident = $kind:literal,)+) => {$(
        impl ClientFrame for $name {
            const KIND: u32 = $kind;
        }
    )+};
}

client_frames! {
    CreateRoom = 0x01,
    JoinRoom = 0x02,
    SendMessage = 0x03,
    LeaveRoom = 0x04,
    Typing = 0x05,
    Pong = 0x06,
    SendReaction = 0x07,
    SendFileMeta = 0x08,
    SendFileChunk = 0x09,
    SendFileComplete = 0x0A,
    SendFileCancel = 0x0B,
    SendFileAck = 0x0C,
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Member, RelayId, Value},
        *,
    };

    fn id() -> RelayId {
        RelayId("a1b2c3d4".into())
    }

    fn message() -> RelayMessage {
        RelayMessage {
            sender_id: id(),
            sender_name: "Ada".into(),
            iv: "AAAAAAAAAAAAAAAA".into(),
            ciphertext: "AAAA".into(),
            t: 5,
        }
    }

    #[test]
    fn what_relays_send_is_read_as_by_everybody() {
        let member = Member {
            id: id(),
            name: "Ada".into(),
            color: "#cce8c0".into(),
        };
        let about = RelayFileComplete {
            sender_id: id(),
            transfer_id: "t".into(),
        };
        let joined = RoomJoined {
            room_id: "r".into(),
            members: vec![member.clone()],
            has_password: true,
            ephemeral: 1,
            expires_at: 2,
            receipts: true,
        };
        let meta = RelayFileMeta {
            sender_id: id(),
            sender_name: "Ada".into(),
            transfer_id: "t".into(),
            iv: "i".into(),
            ciphertext: vec![1].into(),
            t: 5,
        };
        let chunk = RelayFileChunk {
            sender_id: id(),
            transfer_id: "t".into(),
            index: 1,
            iv: vec![1; 12].into(),
            data: vec![2].into(),
        };
        let frames: [ArthasFrame; 16] = [
            RoomCreated {
                room_id: "r".into(),
                expires_at: 1,
            }
            .into(),
            joined.into(),
            MemberJoined(member).into(),
            MemberLeft { id: id() }.into(),
            message().into(),
            MemberTyping {
                id: id(),
                typing: Some(true),
                iv: String::new(),
                ciphertext: String::new(),
            }
            .into(),
            RoomClosed {
                reason: "expired".into(),
            }
            .into(),
            ErrorFrame {
                code: "E001".into(),
                msg: String::new(),
                n: Some(1),
                retry_after: None,
            }
            .into(),
            Ping { t: 1 }.into(),
            RelayReaction(message()).into(),
            meta.into(),
            chunk.into(),
            about.clone().into(),
            RelayFileCancel(about).into(),
            RelayFileAck {
                receiver_id: id(),
                transfer_id: "t".into(),
            }
            .into(),
            Accepted { n: 1, seq: 0, t: 2 }.into(),
        ];
        for frame in frames {
            let bytes = frame.encode().unwrap();
            assert_eq!(decode_relayed(&bytes), ArthasFrame::decode(&bytes), "{frame:?}");
            assert_eq!(decode_relayed(&bytes), Ok(frame));
        }
        let ours = ArthasFrame::from(Pong { t: 1 }).encode().unwrap();
        assert!(matches!(decode_relayed(&ours), Ok(ArthasFrame::Other { kind: 6, .. })));
        let empty = ArthasFrame::Other {
            kind: 0x14,
            data: Value::Map(vec![]),
        }
        .encode()
        .unwrap();
        assert_eq!(decode_relayed(&empty).unwrap_err().code(), "INVALID_FRAME");
    }

    fn same<T: ClientFrame + Clone + Into<ArthasFrame>>(frame: T) {
        assert_eq!(ClientFrame::encode(&frame), frame.clone().into().encode());
        assert_eq!(T::KIND, frame.into().kind());
    }

    #[test]
    fn what_clients_send_is_written_as_by_everybody() {
        same(CreateRoom {
            name: "Ada".into(),
            ..CreateRoom::default()
        });
        same(JoinRoom::default());
        same(SendMessage {
            n: Some(3),
            ..SendMessage::default()
        });
        same(LeaveRoom {});
        same(Typing {
            typing: Some(true),
            ..Typing::default()
        });
        same(Pong { t: 1 });
        same(SendReaction::default());
        same(SendFileMeta::default());
        same(SendFileChunk {
            index: 7,
            ..SendFileChunk::default()
        });
        same(SendFileComplete::default());
        same(SendFileCancel::default());
        same(SendFileAck::default());
    }
}
