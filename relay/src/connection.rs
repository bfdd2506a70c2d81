//! One WebSocket connection: a single task that reads, writes and keeps time.
//!
//! Reading never waits for writing, so a client that does not read can still be heard, and whoever sends to it is not held
//! up: frames wait in its outbox, within bounds.

use std::{
    error::Error,
    future::poll_fn,
    net::IpAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::{
    stream::{SplitSink, SplitStream},
    SinkExt, StreamExt,
};
use tokio::time::{sleep, sleep_until, timeout};
use tungstenite::error::{CapacityError, Error as WebSocketError};

use crate::{
    conversation::Conversation,
    hub::Hub,
    outbox::{Close, Next, Outbox},
    stats::Counted,
};

/// How long the last frames and the closing handshake may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection stays open after an oversized frame. What is left of that frame cannot be read, and closing a
/// socket with unread bytes resets it: the client would lose the error and the close code.
const LINGER: Duration = Duration::from_secs(1);

type Sink = SplitSink<WebSocket, Message>;
type Stream = SplitStream<WebSocket>;

/// Serves a connection until it ends.
pub(crate) async fn run(hub: Arc<Hub>, socket: WebSocket, address: IpAddr) {
    hub.counters.connections_total.add(1);
    let _counted = Counted::new(&hub.counters, |counters| &counters.connections);
    let started = Instant::now();
    let outbox = Arc::new(Outbox::new(&hub.budget, &hub.counters));
    let mut conversation = Conversation::new(Arc::clone(&hub), Arc::clone(&outbox), address);
    let (mut sink, mut stream) = socket.split();

    let end = tokio::select! {
        end = read(&mut stream, &mut conversation, &hub) => end,
        () = write(&mut sink, &outbox, hub.config.idle_seconds.duration()) => End::Gone,
        () = outbox.closing() => End::Closing,
        () = hub.stop.cancelled() => End::Stop,
    };
    match end {
        End::Stop => outbox.close(Close::ShuttingDown, None),
        End::Silent => outbox.close(Close::Silent, None),
        End::Oversize => conversation.oversize(),
        End::Gone | End::Closing => {}
    }
    conversation.end();
    if outbox.close_reason().is_some() {
        // A client that neither reads nor closes is not waited for.
        let _ = timeout(CLOSE_TIMEOUT, finish(&mut sink, &mut stream, &outbox)).await;
        if end == End::Oversize {
            sleep(LINGER).await;
        }
    }
    tracing::debug!(
        code = outbox.close_reason().map(Close::code),
        seconds = started.elapsed().as_secs(),
        "connection ended"
    );
}

/// Why a connection's normal life is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The other side is gone, or does not take anything any more.
    Gone,
    /// Nothing was heard for too long.
    Silent,
    /// A frame above the limit.
    Oversize,
    /// The outbox says why.
    Closing,
    /// The relay stops.
    Stop,
}

async fn read(stream: &mut Stream, conversation: &mut Conversation, hub: &Hub) -> End {
    let (every, idle) = (hub.config.ping_seconds.duration(), hub.config.idle_seconds.duration());
    let mut heard = Instant::now();
    let mut next_ping = heard + every;
    // `heard` and the deadline for entering only ever move on, so an alarm set earlier is at worst too early. Whoever leaves an
    // Arthas room gets a deadline anew: it is noticed at the next ping.
    let mut alarm = pin!(sleep_until(Instant::now().into()));
    loop {
        tokio::select! {
            message = stream.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Binary(message))) => {
                        let mut wait = conversation.receive(&message);
                        while let Some(time) = wait {
                            sleep(time).await;
                            heard = Instant::now();
                            wait = conversation.resume();
                        }
                    }
                    Some(Ok(Message::Text(_))) => conversation.text(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => conversation.other(),
                    // Answered by the next read, which then finds the end.
                    Some(Ok(Message::Close(_))) => {}
                    Some(Err(error)) if is_oversize(&error) => return End::Oversize,
                    Some(Err(_)) | None => return End::Gone,
                }
                if conversation.is_closing() {
                    return End::Closing;
                }
            }
            () = &mut alarm => {
                let now = Instant::now();
                let silent = heard + idle;
                if now >= silent || conversation.enter_until().is_some_and(|until| now >= until) {
                    return End::Silent;
                }
                if now >= next_ping {
                    conversation.ping();
                    next_ping = now + every;
                }
                if conversation.first_ping_at().is_some_and(|at| now >= at) {
                    conversation.first_ping();
                }
                let others = conversation.enter_until().into_iter().chain(conversation.first_ping_at());
                let next = others.fold(next_ping.min(silent), Instant::min);
                alarm.as_mut().reset(next.into());
            }
        }
    }
}

/// Sends what is in the outbox until the connection is closed, breaks, or takes nothing for the time of `stall`.
///
/// May be dropped and called again at any time: no frame is taken out of the outbox before the socket has room for it.
async fn write(sink: &mut Sink, outbox: &Outbox, stall: Duration) {
    loop {
        if !matches!(
            timeout(stall, poll_fn(|cx| sink.poll_ready_unpin(cx))).await,
            Ok(Ok(()))
        ) {
            return;
        }
        let Some(next) = outbox.pop() else {
            if !flush(sink, stall).await {
                return;
            }
            outbox.filled().await;
            continue;
        };
        let (message, flush_now) = match next {
            Next::First(frame) => (Message::Binary(frame), false),
            // The buffer below is a queue too: bulk must not pile up in front of what comes first.
            Next::Bulk(frame) => (Message::Binary(frame), true),
            Next::Ping => (Message::Ping(Bytes::new()), true),
            Next::Close(close) => (close_message(close), true),
        };
        let closing = matches!(message, Message::Close(_));
        if sink.start_send_unpin(message).is_err() || flush_now && !flush(sink, stall).await || closing {
            return;
        }
    }
}

async fn flush(sink: &mut Sink, stall: Duration) -> bool {
    matches!(timeout(stall, sink.flush()).await, Ok(Ok(())))
}

/// Sends what is left and the close frame, and reads until the other side has closed as well: closing a socket with unread
/// bytes would reset it, and take back what was sent last.
async fn finish(sink: &mut Sink, stream: &mut Stream, outbox: &Outbox) {
    write(sink, outbox, CLOSE_TIMEOUT).await;
    while let Some(Ok(_)) = stream.next().await {}
}

fn close_message(close: Close) -> Message {
    Message::Close(Some(CloseFrame {
        code: close.code(),
        reason: Utf8Bytes::default(),
    }))
}

fn is_oversize(error: &axum::Error) -> bool {
    let error = error.source().and_then(|error| error.downcast_ref::<WebSocketError>());
    matches!(
        error,
        Some(WebSocketError::Capacity(CapacityError::MessageTooLong { .. }))
    )
}
