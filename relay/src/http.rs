//! The relay over HTTP: the page, the way to WebSockets, and the headers that every answer carries.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ws::WebSocketUpgrade, Extension, Request, State},
    http::{
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS},
        HeaderMap, HeaderName, HeaderValue, StatusCode,
    },
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
    Router,
};
use hushroom::frame::MAX_FRAME_BYTES;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    arthas, assets, connection,
    directory::{self, Directory},
    hub::Hub,
    visitor,
};

/// One read from a socket. The default of 128 KiB is taken for each connection at once; this one is no slower.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Small frames are gathered up to this size. More would be a queue that nothing can overtake.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Far above what the writer ever leaves there, a frame and a buffer; by default there is no bound.
const MAX_WRITE_BUFFER_BYTES: usize = 512 * 1024;

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; \
             img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; worker-src 'self'; \
             manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(self), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=(), \
             clipboard-write=(self), screen-wake-lock=(self)",
        ),
    ),
    (
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    ),
];

/// The TCP connection a request came over.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Counts the connection, also after it has become a WebSocket.
    pub(crate) permit: Arc<OwnedSemaphorePermit>,
}

/// What the relay answers on its main address.
pub(crate) fn router(hub: Arc<Hub>, directory: Option<Arc<Directory>>) -> Router {
    Router::new()
        .route("/ws", get(upgrade))
        .route("/ping", get(|| async { "pong" }))
        .merge(directory::routes(directory))
        .merge(arthas::routes())
        .fallback(get(page))
        .layer(map_response(add_headers))
        .with_state(hub)
}

/// What the relay answers on the address of its metrics.
pub(crate) fn metrics_router(hub: Arc<Hub>) -> Router {
    const PROMETHEUS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Router::new()
        .route(
            "/metrics",
            get(|State(hub): State<Arc<Hub>>| async move { ([(CONTENT_TYPE, PROMETHEUS)], hub.stats().prometheus()) }),
        )
        .layer(map_response(add_headers))
        .with_state(hub)
}

async fn add_headers(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}

async fn page(request: Request) -> Response {
    assets::serve::<assets::Page>(request.uri().path(), request.headers())
}

async fn upgrade(
    State(hub): State<Arc<Hub>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !visitor::origin_allowed(&headers, &hub.config) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if hub.stop.is_cancelled() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let address = visitor::address(&headers, peer.address, &hub.config);
    let Some(count) = hub.count_connection(address) else {
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "10")]).into_response();
    };
    let task = hub.tasks.token();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .on_upgrade(move |socket| async move {
            connection::run(hub, socket, address).await;
            drop((count, peer.permit, task));
        })
}
