//! `POST /directory`: one frame in, one frame out. `GET /directory`: whether there is one.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{to_bytes, Body},
    extract::{Extension, Request, State},
    http::{
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE,
        },
        StatusCode,
    },
    response::{IntoResponse, Response},
    routing::get,
    Router,
};
use hushroom::frame::MAX_FRAME_BYTES;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::Directory;
use crate::{http::Peer, hub::Hub, visitor};

const PATH: &str = "/directory";
/// What a relay that keeps a directory answers to GET.
const KEPT: &str = "hushroom/1 people";
/// How long a request's body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that are worked on at once: each has a thread that mostly waits for the disk. Others wait for their turn.
const AT_ONCE: usize = 128;

#[derive(Clone)]
struct Desk {
    directory: Option<Arc<Directory>>,
    turns: Arc<Semaphore>,
}

/// The way to the directory; without one it is not found.
pub(crate) fn routes(directory: Option<Arc<Directory>>) -> Router<Arc<Hub>> {
    let desk = Desk {
        directory,
        turns: Arc::new(Semaphore::new(AT_ONCE)),
    };
    Router::new()
        .route(PATH, get(is_kept).post(ask).options(preflight))
        .layer(Extension(desk))
}

/// Asked by pages before they offer anything. "None" is no error, which browsers would show on the console.
async fn is_kept(Extension(desk): Extension<Desk>) -> Response {
    if desk.directory.is_none() {
        return open(StatusCode::NO_CONTENT);
    }
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (CONTENT_TYPE, "text/plain"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, KEPT).into_response()
}

async fn ask(
    State(hub): State<Arc<Hub>>,
    Extension(desk): Extension<Desk>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    let Some(directory) = desk.directory else {
        return open(StatusCode::NOT_FOUND);
    };
    let (head, body) = request.into_parts();
    if !visitor::origin_allowed(&head.headers, &hub.config) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let address = visitor::address(&head.headers, peer.address, &hub.config);
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, MAX_FRAME_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return open(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return open(StatusCode::REQUEST_TIMEOUT),
    };
    let Ok(turn) = desk.turns.acquire_owned().await else {
        return open(StatusCode::SERVICE_UNAVAILABLE);
    };
    let answer = spawn_blocking(move || {
        let answer = directory.answer(&body, address);
        drop(turn);
        answer
    })
    .await;
    match answer {
        Ok(Some(answer)) => {
            let headers = [
                (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
                (CONTENT_TYPE, "application/octet-stream"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, Body::from(answer)).into_response()
        }
        _ => open(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// A status that pages of other origins may see. Nothing here goes by cookies.
fn open(status: StatusCode) -> Response {
    (status, [(ACCESS_CONTROL_ALLOW_ORIGIN, "*")]).into_response()
}

/// For clients that send a `Content-Type`; ours do not, and need no preflight.
async fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
