//! `/api/hub`: the list of public rooms, as Arthas' relay serves it but without keys.

use std::{cmp::Reverse, net::IpAddr, sync::Arc};

use axum::{
    extract::{rejection::QueryRejection, Extension, Query, State},
    http::{
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ORIGIN, RETRY_AFTER, VARY},
        HeaderMap, StatusCode,
    },
    response::{IntoResponse, Response},
    routing::get,
    Json, Router,
};
use serde::{Deserialize, Serialize};

use super::listing::Listed;
use crate::{clock::unix_millis, http::Peer, hub::Hub, visitor};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// The two paths of the list.
pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/api/hub", get(list))
        .route("/api/hub/stats", get(stats))
}

/// What may be asked for.
#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wanted {
    tag: String,
    q: String,
    sort: Option<Sort>,
    limit: usize,
    offset: usize,
    is_daily_topic: Option<bool>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            tag: String::new(),
            q: String::new(),
            sort: None,
            limit: DEFAULT_LIMIT,
            offset: 0,
            is_daily_topic: None,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Active,
    People,
    Newest,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    rooms: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    limit: usize,
    offset: usize,
    total_online: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Online {
    online: u64,
    match_enabled: bool,
    match_queue_size: u64,
}

#[derive(Debug, Serialize)]
struct Problem {
    error: &'static str,
}

async fn list(
    State(hub): State<Arc<Hub>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let address = visitor::address(&headers, peer.address, &hub.config);
    let answer = answer(&hub, address, wanted.ok().map(|Query(wanted)| wanted));
    readable(&hub, &headers, answer)
}

fn answer(hub: &Hub, address: IpAddr, wanted: Option<Wanted>) -> Response {
    if let Err(wait) = hub.listings.check(&address) {
        let seconds = wait.as_secs().saturating_add(1).to_string();
        let problem = Json(Problem { error: "rate limited" });
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)], problem).into_response();
    }
    let Some(wanted) = wanted.filter(|wanted| (1..=MAX_LIMIT).contains(&wanted.limit)) else {
        let error = "expected tag, q, sort=active|people|newest, limit=1..100, offset, isDailyTopic=true|false";
        return (StatusCode::BAD_REQUEST, Json(Problem { error })).into_response();
    };
    let online = hub.counters.connections.get();
    Json(page(hub.arthas.listed(unix_millis()), &wanted, online)).into_response()
}

async fn stats(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    let online = Online {
        online: hub.counters.connections.get(),
        match_enabled: false,
        match_queue_size: 0,
    };
    readable(&hub, &headers, Json(online).into_response())
}

/// Says which pages may read the answer.
fn readable(hub: &Hub, headers: &HeaderMap, mut answer: Response) -> Response {
    if let Some(origin) = visitor::readable_by(headers, &hub.config) {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    (([(CACHE_CONTROL, "no-store")]), [(VARY, ORIGIN.as_str())], answer).into_response()
}

fn page(mut rooms: Vec<Listed>, wanted: &Wanted, total_online: u64) -> Page {
    let query = wanted.q.to_lowercase();
    rooms.retain(|room| {
        // No room of ours is a daily topic.
        wanted.is_daily_topic != Some(true)
            && (wanted.tag.is_empty() || room.tags.iter().any(|tag| tag.eq_ignore_ascii_case(&wanted.tag)))
            && (room.title.to_lowercase().contains(&query) || room.description.to_lowercase().contains(&query))
    });
    match wanted.sort {
        Some(Sort::Active) => rooms.sort_by_key(|room| Reverse((room.message_count, room.member_count))),
        Some(Sort::Newest) => rooms.sort_by_key(|room| Reverse((room.created_at, room.member_count))),
        Some(Sort::People) | None => rooms.sort_by_key(|room| Reverse((room.member_count, room.created_at))),
    }
    let total = rooms.len();
    Page {
        rooms: rooms.into_iter().skip(wanted.offset).take(wanted.limit).collect(),
        total,
        limit: wanted.limit,
        offset: wanted.offset,
        total_online,
    }
}
