//! Addresses of relays.

use crate::{
    args::DEFAULT_SERVER,
    failure::{Failure, Result},
};

/// The relay's WebSocket address: what was asked for, else that of the page a link leads to, else this machine's.
pub(super) fn server_url(asked: Option<&str>, code: Option<&str>) -> Result<String> {
    let link = code.and_then(|code| code.trim().split_once('#')).map(|(base, _)| base);
    let page = link.filter(|base| base.starts_with("http://") || base.starts_with("https://"));
    match (asked, page) {
        (Some(server), _) => web_socket(server),
        // A page's path is its own affair: its relay is at /ws of the same host.
        (None, Some(page)) => {
            let end = page.find("://").map_or(0, |at| at.saturating_add(3));
            let host = page
                .get(end..)
                .and_then(|rest| rest.split(['/', '?']).next())
                .unwrap_or_default();
            web_socket(&format!("{}{host}", page.get(..end).unwrap_or_default()))
        }
        (None, None) => Ok(DEFAULT_SERVER.to_owned()),
    }
}

/// The address of the relay's key directory, next to its `/ws`.
pub(crate) fn directory_url(asked: Option<&str>) -> Result<String> {
    let url = server_url(asked, None)?;
    let path = url.split('?').next().unwrap_or_default();
    let base = path
        .strip_suffix("/ws")
        .or_else(|| path.strip_suffix('/'))
        .unwrap_or(path);
    // The schemes differ in their first two letters only.
    let base = base.strip_prefix("ws").unwrap_or(base);
    Ok(format!("http{base}/directory"))
}

/// `http:` and `https:` are taken for `ws:` and `wss:`, no path for `/ws`.
fn web_socket(server: &str) -> Result<String> {
    let invalid = || Failure::Usage("--server is a ws:, wss:, http: or https: address".to_owned());
    let (scheme, rest) = server.trim().split_once("://").ok_or_else(invalid)?;
    let scheme = match scheme {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(invalid()),
    };
    // A share code's fragment must never get near the wire.
    if rest.contains(['#', ' ', '@']) || rest.is_empty() || rest.starts_with('/') {
        return Err(invalid());
    }
    let path = match rest.split_once('/') {
        None => "/ws",
        Some((_, "")) => "ws",
        Some(_) => "",
    };
    Ok(format!("{scheme}://{rest}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (given, url) in [
            ("ws://localhost:8787/ws", "ws://localhost:8787/ws"),
            ("http://localhost:8787", "ws://localhost:8787/ws"),
            ("https://chat.example/", "wss://chat.example/ws"),
            ("wss://chat.example/relay", "wss://chat.example/relay"),
            (" ws://[::1]:1 ", "ws://[::1]:1/ws"),
        ] {
            assert_eq!(server_url(Some(given), None).unwrap(), url);
        }
        for given in [
            "",
            "localhost",
            "ftp://x",
            "ws://",
            "ws:///ws",
            "ws://x/#code",
            "ws://user@x/",
        ] {
            assert_eq!(server_url(Some(given), None).unwrap_err().exit_code(), 2, "{given}");
        }
    }

    #[test]
    fn the_directory_is_next_to_the_sockets() {
        for (given, url) in [
            ("ws://localhost:8787/ws", "http://localhost:8787/directory"),
            ("https://chat.example", "https://chat.example/directory"),
            ("wss://chat.example/relay/ws", "https://chat.example/relay/directory"),
            (
                "wss://chat.example/relay/ws?x=1",
                "https://chat.example/relay/directory",
            ),
            ("http://chat.example/relay/", "http://chat.example/relay/directory"),
        ] {
            assert_eq!(directory_url(Some(given)).unwrap(), url);
        }
        assert_eq!(directory_url(None).unwrap(), "http://127.0.0.1:8787/directory");
        assert!(directory_url(Some("chat.example")).is_err());
    }

    #[test]
    fn a_link_names_its_relay() {
        let url = |code| server_url(None, Some(code)).unwrap();
        assert_eq!(url("https://chat.example/app/?x=1#hush1:a:b"), "wss://chat.example/ws");
        assert_eq!(url("http://127.0.0.1:8787/#/join/a:b"), "ws://127.0.0.1:8787/ws");
        assert_eq!(url("hush1:a:b"), DEFAULT_SERVER);
        assert_eq!(url("chrome-extension://abc/page.html#hush1:a:b"), DEFAULT_SERVER);
        let asked = server_url(Some("ws://other"), Some("https://chat.example/#hush1:a:b"));
        assert_eq!(asked.unwrap(), "ws://other/ws");
    }
}
