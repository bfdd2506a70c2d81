//! One connection to the relay, served by a task of its own.

use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc,
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use hushroom::frame::MAX_FRAME_BYTES;
use tokio::{
    sync::{mpsc, Notify},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    connect_async_tls_with_config,
    tungstenite::{protocol::WebSocketConfig, Bytes, Error, Message},
    Connector,
};

use crate::tls;

/// A server that takes the connection and says nothing would be waited for much longer by the system.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Frames that have come and wait to be looked at. Above this the relay is not read from.
const MAX_WAITING: usize = 16;

/// What happens on a connection.
#[derive(Debug)]
pub(super) enum SocketEvent {
    Open,
    Frame(Bytes),
    /// The connection is gone, or never came; nothing follows.
    Closed(String),
}

/// A connection. Dropping it cuts it off.
pub(super) struct Socket {
    events: mpsc::Receiver<SocketEvent>,
    frames: mpsc::UnboundedSender<Vec<u8>>,
    queue: Arc<Queue>,
    task: JoinHandle<()>,
}

/// How much waits to be written.
#[derive(Default)]
struct Queue {
    bytes: AtomicUsize,
    shrunk: Notify,
}

impl Socket {
    /// Starts to connect.
    pub(super) fn open(url: String) -> Self {
        let (events_in, events) = mpsc::channel(MAX_WAITING);
        let (frames, frames_out) = mpsc::unbounded_channel();
        let queue = Arc::new(Queue::default());
        let task = tokio::spawn(serve(url, events_in, frames_out, Arc::clone(&queue)));
        Self {
            events,
            frames,
            queue,
            task,
        }
    }

    /// The next thing that happens; nothing when what waits to be written has become less. May be dropped before it resolves.
    pub(super) async fn next(&mut self) -> Option<SocketEvent> {
        let closed = || SocketEvent::Closed("the connection is lost".to_owned());
        tokio::select! {
            event = self.events.recv() => Some(event.unwrap_or_else(closed)),
            () = self.queue.shrunk.notified() => None,
        }
    }

    /// Sends a frame behind all that were sent before. Nothing happens when the connection is gone.
    pub(super) fn send(&self, frame: Vec<u8>) {
        self.queue.bytes.fetch_add(frame.len(), Ordering::Relaxed);
        let _ = self.frames.send(frame);
    }

    /// Bytes that wait to be written.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queue.bytes.load(Ordering::Relaxed)
    }

    /// Sends what waits, and closes.
    pub(super) async fn close(self) {
        let Self {
            mut events,
            frames,
            task,
            ..
        } = self;
        drop(frames);
        let drained = async { while events.recv().await.is_some() {} };
        let _ = timeout(CLOSE_TIMEOUT, drained).await;
        task.abort();
    }
}

async fn serve(
    url: String,
    events: mpsc::Sender<SocketEvent>,
    mut frames: mpsc::UnboundedReceiver<Vec<u8>>,
    queue: Arc<Queue>,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(128 * 1024)
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let connector = match tls::config() {
        Ok(config) => Connector::Rustls(config),
        Err(failure) => {
            let _ = events.send(SocketEvent::Closed(failure.to_string())).await;
            return;
        }
    };
    let connecting = connect_async_tls_with_config(url, Some(config), true, Some(connector));
    let reason = match timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok((socket, _))) => {
            if events.send(SocketEvent::Open).await.is_err() {
                return;
            }
            let (mut sink, mut stream) = socket.split();
            let write = async {
                while let Some(frame) = frames.recv().await {
                    let length = frame.len();
                    sink.send(Message::Binary(frame.into())).await?;
                    queue.bytes.fetch_sub(length, Ordering::Relaxed);
                    queue.shrunk.notify_one();
                }
                sink.close().await
            };
            let read = async {
                while let Some(message) = stream.next().await {
                    let frame = match message? {
                        Message::Binary(frame) => frame,
                        // No frame of these protocols is text; it is refused like any other nonsense.
                        Message::Text(_) => Bytes::from_static(&[0]),
                        _ => continue,
                    };
                    if events.send(SocketEvent::Frame(frame)).await.is_err() {
                        break;
                    }
                }
                Ok::<(), Error>(())
            };
            // Reading ends with the connection. Writing also ends when there is nothing more to come, and then what the relay
            // still says is read.
            let both = async {
                let mut read = std::pin::pin!(read);
                tokio::select! {
                    result = &mut read => result,
                    result = write => match result {
                        Ok(()) => read.await,
                        failed => failed,
                    },
                }
            };
            both.await
                .err()
                .map_or_else(|| "the connection was closed".to_owned(), |error| error.to_string())
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer".to_owned(),
    };
    let _ = events.send(SocketEvent::Closed(reason)).await;
}
