//! Sockets: listening, accepting within limits, and stopping in good order.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{http::Request, Router};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{service_fn, Service},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{interval, sleep, timeout},
};

use crate::{
    config::Config,
    directory::{self, Directory, OpenError},
    http::{metrics_router, router, Peer},
    hub::Hub,
    stats::Stats,
};

/// How long connections may take to end when the relay stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client may take to send the head of a request, and stay silent between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after a connection could not be accepted: mostly there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often addresses that have been quiet are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// What the kernel may hold of unsent bytes for a connection. What it holds, nothing can overtake.
#[cfg(target_os = "linux")]
const NOT_SENT_LOW_WATER_BYTES: u32 = 128 * 1024;

/// Why a relay did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The key directory does not open.
    #[error(transparent)]
    Directory(#[from] OpenError),
}

/// A running relay. Dropping it stops it without waiting.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use hushroom_relay::{Config, Relay};
///
/// let config = Config { listen: "127.0.0.1:0".parse()?, ..Config::default() };
/// let relay = Relay::start(config).await?;
/// println!("ws://{}/ws", relay.address());
/// relay.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Relay {
    hub: Arc<Hub>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
}

impl Relay {
    /// Starts a relay on the current Tokio runtime. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Listen`] when one of the two addresses cannot be listened on, [`StartError::Directory`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listener = listen(config.listen).await?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let hub = Hub::new(config);
        let directory = Directory::open(&hub.config, &hub.counters)?;
        let relay = Self {
            address: listener.1,
            metrics_address: metrics.as_ref().map(|(_, address)| *address),
            hub: Arc::clone(&hub),
        };
        spawn(
            &hub,
            accept(
                Arc::clone(&hub),
                listener.0,
                router(Arc::clone(&hub), directory.clone()),
            ),
        );
        if let Some((listener, _)) = metrics {
            spawn(
                &hub,
                accept(Arc::clone(&hub), listener, metrics_router(Arc::clone(&hub))),
            );
        }
        spawn(&hub, forget_quiet(Arc::clone(&hub)));
        if let Some(directory) = directory {
            spawn(&hub, directory::tend(directory));
        }
        Ok(relay)
    }

    /// Where the page and, at `/ws`, WebSockets are.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics are, at `/metrics`, if they were asked for.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The relay's counters at this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.hub.stats()
    }

    /// Stops: no new connections, close code 1001 to everybody, and at most 5 seconds for them to end.
    pub async fn stop(self) {
        self.hub.stop.cancel();
        self.hub.tasks.close();
        if timeout(STOP_TIMEOUT, self.hub.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.hub.stop.cancel();
    }
}

/// Runs `task` until it ends or the relay stops.
fn spawn(hub: &Arc<Hub>, task: impl Future<Output = ()> + Send + 'static) {
    let stop = hub.stop.clone();
    hub.tasks.spawn(async move {
        let _ = stop.run_until_cancelled_owned(task).await;
    });
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn forget_quiet(hub: Arc<Hub>) {
    let mut every = interval(FORGET_EVERY);
    loop {
        every.tick().await;
        hub.joins.forget_quiet();
        hub.listings.forget_quiet();
    }
}

async fn accept(hub: Arc<Hub>, listener: TcpListener, router: Router) {
    let slots = Arc::new(Semaphore::new(hub.config.max_connections.min(Semaphore::MAX_PERMITS)));
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Above the limit a connection is closed at once: there is nothing cheaper to tell it.
        let Ok(permit) = Arc::clone(&slots).try_acquire_owned() else {
            tracing::debug!("too many connections");
            continue;
        };
        if let Err(error) = set_options(&stream) {
            tracing::debug!(kind = ?error.kind(), "a socket option could not be set");
        }
        let peer = Peer {
            address,
            permit: Arc::new(permit),
        };
        hub.tasks.spawn(serve(Arc::clone(&hub), stream, router.clone(), peer));
    }
}

/// Serves HTTP on one connection, until it ends or becomes a WebSocket.
async fn serve(hub: Arc<Hub>, stream: TcpStream, router: Router, peer: Peer) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        router.call(request)
    });
    let mut connection = std::pin::pin!(http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades());
    // How an HTTP connection ends is the client's affair, so its errors are no news.
    tokio::select! {
        _ = &mut connection => {}
        () = hub.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(NOT_SENT_LOW_WATER_BYTES)?;
    Ok(())
}
