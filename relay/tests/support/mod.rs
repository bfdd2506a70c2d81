//! A client for tests: frames in, frames out, and every wait has an end.

pub(crate) mod arthas;

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use hushroom::frame::{Accepted, Bin, Bulk, Create, Frame, Join, Post, Posted, RelayId, RoomJoined};
use hushroom_relay::{Config, Relay, Stats};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{self, protocol::WebSocketConfig, Bytes, Message},
    WebSocketStream,
};

/// Nothing in these tests takes this long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A relay on a free port, without limits on rates: tests are fast.
pub(crate) async fn relay(change: impl FnOnce(&mut Config)) -> Relay {
    let mut config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        joins_per_minute: 0,
        posts_per_second: 0,
        windows_per_second: 0,
        ..Config::default()
    };
    change(&mut config);
    Relay::start(config).await.unwrap()
}

/// A fresh room id.
pub(crate) fn room_id() -> String {
    format!("{:021}", rand::random::<u64>())
}

/// The admission token of every room, except where a test is about tokens.
pub(crate) const AUTH: u8 = 1;

pub(crate) fn create(room: &str, resume: u8) -> Create {
    Create {
        proto: "hush1".into(),
        room_id: room.into(),
        auth: vec![AUTH; 32].into(),
        resume: vec![resume; 16].into(),
        seen: 0,
        max_members: 0,
        expiry: 0,
        expires_at: 0,
        seat: None,
        seats: vec![],
    }
}

pub(crate) fn join(room: &str, resume: u8, seen: u64) -> Join {
    Join {
        proto: "hush1".into(),
        room_id: room.into(),
        auth: vec![AUTH; 32].into(),
        resume: vec![resume; 16].into(),
        seen,
        seat: None,
    }
}

pub(crate) fn post(n: u32, body: &[u8]) -> Post {
    Post {
        n,
        to: vec![],
        transient: false,
        body: body.to_vec().into(),
    }
}

pub(crate) fn bulk(to: &[&RelayId], offset: u64, length: usize) -> Bulk {
    Bulk {
        to: to.iter().map(|id| (*id).clone()).collect(),
        stream: 1,
        offset,
        body: vec![7; length].into(),
    }
}

/// Waits until the relay's counters satisfy `condition`.
pub(crate) async fn until(relay: &Relay, condition: impl Fn(Stats) -> bool) {
    eventually(async || condition(relay.stats())).await;
}

/// Runs an attempt again until it succeeds, for what nobody tells: the relay's counters, and ports that are free again.
pub(crate) async fn eventually(attempt: impl AsyncFn() -> bool) {
    let poll = async {
        while !attempt().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, poll).await.expect("success in time");
}

/// A connection to the relay.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, |_| {}).await
    }

    /// A client whose kernel takes next to nothing, so that what it does not read soon fills the relay's queues.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Self {
        Self::connect_with(address, |socket| socket.set_recv_buffer_size(4096).unwrap()).await
    }

    async fn connect_with(address: SocketAddr, prepare: impl FnOnce(&TcpSocket)) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        prepare(&socket);
        let stream = timeout(PATIENCE, socket.connect(address)).await.unwrap().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut config = WebSocketConfig::default();
        config.read_buffer_size = 4096;
        let handshake = client_async_with_config(format!("ws://{address}/ws"), stream, Some(config));
        let (socket, _) = timeout(PATIENCE, handshake).await.unwrap().unwrap();
        Self { socket }
    }

    /// Makes, or joins, a room as a new member.
    pub(crate) async fn enter(address: SocketAddr, room: &str, resume: u8) -> (Self, RelayId) {
        let mut client = Self::connect(address).await;
        let joined = client.enter_with(create(room, resume)).await;
        (client, joined.members.last().unwrap().id.clone())
    }

    /// Sends a Create or Join and returns the answer.
    pub(crate) async fn enter_with(&mut self, frame: impl Into<Frame>) -> RoomJoined {
        self.send(frame).await;
        match self.next().await {
            Frame::RoomJoined(joined) => joined,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, frame: impl Into<Frame>) {
        self.send_bytes(frame.into().encode().unwrap()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.try_send(Message::Binary(bytes.into())).await.unwrap();
    }

    pub(crate) async fn try_send(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        timeout(PATIENCE, self.socket.send(message)).await.unwrap()
    }

    /// The next message as it came.
    pub(crate) async fn next_message(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        timeout(PATIENCE, self.socket.next()).await.expect("a message in time")
    }

    pub(crate) async fn next_bytes(&mut self) -> Bytes {
        loop {
            match self.next_message().await {
                Some(Ok(Message::Binary(bytes))) => break bytes,
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Frame {
        Frame::decode(&self.next_bytes().await).unwrap()
    }

    /// The next frame, which must be a post.
    pub(crate) async fn next_posted(&mut self) -> Posted {
        match self.next().await {
            Frame::Posted(posted) => posted,
            other => panic!("{other:?}"),
        }
    }

    /// Posts, and returns what the relay makes of it.
    pub(crate) async fn post(&mut self, post: Post) -> Accepted {
        self.send(post).await;
        match self.next().await {
            Frame::Accepted(accepted) => accepted,
            other => panic!("{other:?}"),
        }
    }

    /// The code of the next frame, which must be an error.
    pub(crate) async fn next_error(&mut self) -> String {
        match self.next().await {
            Frame::ErrorFrame(error) => error.code,
            other => panic!("{other:?}"),
        }
    }

    /// Checks that nothing else is waiting: the next thing that comes is what `other` posts now.
    pub(crate) async fn expect_nothing_before_post_of(&mut self, other: &mut Self, n: u32) {
        other.post(post(n, b"marker")).await;
        assert_eq!(self.next_posted().await.body, Bin::from(b"marker".to_vec()));
    }

    /// The code the connection is closed with, which must be the next thing that comes.
    pub(crate) async fn close_code(&mut self) -> u16 {
        let code = match self.next_message().await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            other => panic!("{other:?}"),
        };
        // Lets the closing handshake finish.
        while let Some(Ok(_)) = self.next_message().await {}
        code
    }
}
