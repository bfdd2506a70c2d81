//! What an Arthas client does, for tests.

use std::net::SocketAddr;

use hushroom::frame::{
    arthas::{
        ArthasFrame, CreateRoom, JoinRoom, LeaveRoom, RelayMessage, RoomCreated, RoomJoined, SendFileAck,
        SendFileCancel, SendFileChunk, SendFileComplete, SendFileMeta, SendMessage,
    },
    ErrorFrame,
};

use super::Client;

pub(crate) fn create_room(name: &str) -> CreateRoom {
    CreateRoom {
        name: name.into(),
        ..CreateRoom::default()
    }
}

pub(crate) fn join_room(room: &str, name: &str) -> JoinRoom {
    JoinRoom {
        room_id: room.into(),
        name: name.into(),
        password: String::new(),
    }
}

pub(crate) fn message(text: &str) -> SendMessage {
    SendMessage {
        iv: "AAECAwQFBgcICQoL".into(),
        ciphertext: text.into(),
        n: None,
    }
}

pub(crate) fn meta(id: &str) -> SendFileMeta {
    SendFileMeta {
        transfer_id: id.into(),
        iv: "AAECAwQFBgcICQoL".into(),
        ciphertext: vec![1; 100].into(),
    }
}

pub(crate) fn chunk(id: &str, index: i64, length: usize) -> SendFileChunk {
    SendFileChunk {
        transfer_id: id.into(),
        index,
        iv: vec![0; 12].into(),
        data: vec![7; length].into(),
    }
}

pub(crate) fn complete(id: &str) -> SendFileComplete {
    SendFileComplete { transfer_id: id.into() }
}

pub(crate) fn cancel(id: &str) -> SendFileCancel {
    SendFileCancel { transfer_id: id.into() }
}

pub(crate) fn ack(id: &str) -> SendFileAck {
    SendFileAck { transfer_id: id.into() }
}

impl Client {
    pub(crate) async fn say(&mut self, frame: impl Into<ArthasFrame>) {
        self.send_bytes(frame.into().encode().unwrap()).await;
    }

    /// The next frame.
    pub(crate) async fn hear(&mut self) -> ArthasFrame {
        ArthasFrame::decode(&self.next_bytes().await).unwrap()
    }

    /// Makes a room; the answers.
    pub(crate) async fn make(&mut self, frame: CreateRoom) -> (RoomCreated, RoomJoined) {
        self.say(frame).await;
        match (self.hear().await, self.hear().await) {
            (ArthasFrame::RoomCreated(created), ArthasFrame::RoomJoined(joined)) => (created, joined),
            other => panic!("{other:?}"),
        }
    }

    /// Joins a room; the answer.
    pub(crate) async fn join(&mut self, frame: JoinRoom) -> RoomJoined {
        self.say(frame).await;
        match self.hear().await {
            ArthasFrame::RoomJoined(joined) => joined,
            other => panic!("{other:?}"),
        }
    }

    /// The next frame, which must be an error.
    pub(crate) async fn hear_error(&mut self) -> ErrorFrame {
        match self.hear().await {
            ArthasFrame::ErrorFrame(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The next frame, which must be a message.
    pub(crate) async fn hear_message(&mut self) -> RelayMessage {
        match self.hear().await {
            ArthasFrame::RelayMessage(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Makes a room as `name`; its id.
    pub(crate) async fn host(address: SocketAddr) -> (Self, String) {
        let mut client = Self::connect(address).await;
        let (created, _) = client.make(create_room("Host")).await;
        (client, created.room_id)
    }

    /// Joins a room whose members so far are `others`; the own id.
    pub(crate) async fn guest(address: SocketAddr, room: &str, others: &mut [&mut Self]) -> (Self, String) {
        let mut client = Self::connect(address).await;
        let joined = client.join(join_room(room, "Guest")).await;
        for other in others {
            assert!(matches!(other.hear().await, ArthasFrame::MemberJoined(_)));
        }
        (client, joined.members.last().unwrap().id.0.clone())
    }

    /// Leaves, and waits until the relay has heard it.
    pub(crate) async fn leave_room(&mut self) {
        self.say(LeaveRoom {}).await;
        self.say(message("outside")).await;
        assert_eq!(self.hear_error().await.code, "E003");
    }
}
