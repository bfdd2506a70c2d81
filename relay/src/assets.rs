//! The demo page, out of the binary itself (release) or from `www/dist` (development).

use axum::{
    body::Body,
    http::{
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
        HeaderMap, HeaderValue, StatusCode,
    },
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

const INDEX: &str = "index.html";
/// Where the page's build puts files that have a hash of their content in their name.
const HASHED: &str = "assets/";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept by the browser, and asked for again each time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const NO_PAGE: &str = "hushroom relay\n\nThis relay was built without the demo page. WebSockets are at /ws.\n";

/// The files of the page.
#[derive(RustEmbed)]
#[folder = "../www/dist"]
#[allow_missing = true]
pub(crate) struct Page;

/// Answers a request for `path`.
///
/// A path that does not look like a file is the page itself, which finds out by its address what to show.
pub(crate) fn serve<Files: RustEmbed>(path: &str, request: &HeaderMap) -> Response {
    let path = path.trim_start_matches('/');
    if let Some(file) = Files::get(path) {
        return respond(path, file, request);
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Files::get(INDEX) {
        Some(index) if !is_file => respond(INDEX, index, request),
        None if path.is_empty() => NO_PAGE.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn respond(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data.into_owned()).into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, content_type(&file.metadata));
        response
    };
    let cache = if path.starts_with(HASHED) { FOR_EVER } else { ASK_AGAIN };
    response.headers_mut().insert(CACHE_CONTROL, cache);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

fn content_type(metadata: &rust_embed::Metadata) -> HeaderValue {
    let mime = metadata.mimetype();
    let charset = if mime.starts_with("text/") {
        "; charset=utf-8"
    } else {
        ""
    };
    HeaderValue::try_from(format!("{mime}{charset}"))
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(RustEmbed)]
    #[folder = "tests/www"]
    struct Sample;

    #[derive(RustEmbed)]
    #[folder = "tests/no-such-folder"]
    #[allow_missing = true]
    struct Nothing;

    fn get(path: &str) -> Response {
        serve::<Sample>(path, &HeaderMap::new())
    }

    fn header(response: &Response, name: axum::http::HeaderName) -> &str {
        response.headers()[name].to_str().unwrap()
    }

    #[test]
    fn the_index_answers_for_every_path_that_is_no_file() {
        for path in ["/", "/index.html", "/some/room"] {
            let response = get(path);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&response, CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(header(&response, CACHE_CONTROL), "no-cache");
        }
        for path in ["/missing.js", "/assets/app-00000000.js", "/../Cargo.toml", "/.env"] {
            assert_eq!(get(path).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn hashed_files_are_kept_for_ever() {
        for (path, mime) in [
            ("/assets/app-1a2b3c4d.js", "text/javascript; charset=utf-8"),
            ("/assets/core-1a2b3c4d.wasm", "application/wasm"),
        ] {
            let response = get(path);
            assert_eq!(header(&response, CONTENT_TYPE), mime);
            assert!(header(&response, CACHE_CONTROL).contains("immutable"));
        }
    }

    #[test]
    fn a_known_tag_saves_the_body() {
        let tag = get("/").headers()[ETAG].clone();
        let ask = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            serve::<Sample>("/", &headers).status()
        };
        let tag = tag.to_str().unwrap();
        assert_eq!(ask(tag), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&format!("\"x\", W/{tag}")), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("\"x\""), StatusCode::OK);
    }

    #[test]
    fn without_a_page_it_says_so() {
        assert_eq!(serve::<Nothing>("/", &HeaderMap::new()).status(), StatusCode::OK);
        assert_eq!(
            serve::<Nothing>("/x", &HeaderMap::new()).status(),
            StatusCode::NOT_FOUND
        );
    }
}
