//! Who knocks: the address a client is counted by, and whether its page may connect.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{header::ORIGIN, HeaderMap, HeaderValue};

use crate::config::Config;

/// In the list of origins: all of them.
const ANY_ORIGIN: &str = "*";
/// In the list of origins: none at all, as programs connect that are no browsers.
const MISSING_ORIGIN: &str = "none";
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that limits are counted by. An IPv6 client has a whole /64 to choose addresses from, so that is one.
pub(crate) fn address(headers: &HeaderMap, peer: SocketAddr, config: &Config) -> IpAddr {
    let forwarded = config.trust_proxy.then(|| last_forwarded(headers)).flatten();
    match forwarded.unwrap_or(peer.ip()).to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

/// The entry that the proxy next to us has added; those before it are the client's own word.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    let entry = value.rsplit(',').next()?.trim();
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Whether a page of the request's origin may connect. This keeps other people's pages off a private relay; it is no
/// protection against anything but browsers.
pub(crate) fn origin_allowed(headers: &HeaderMap, config: &Config) -> bool {
    match headers.get(ORIGIN) {
        Some(origin) => all_origins(config) || is_listed(origin, config),
        None => config.allow_missing_origin || patterns(config).any(|pattern| pattern == MISSING_ORIGIN),
    }
}

/// What `Access-Control-Allow-Origin` says to the page that asks: one origin or `*`; `None` if it may not read the answer.
pub(crate) fn readable_by(headers: &HeaderMap, config: &Config) -> Option<HeaderValue> {
    if all_origins(config) {
        return Some(HeaderValue::from_static(ANY_ORIGIN));
    }
    headers.get(ORIGIN).filter(|origin| is_listed(origin, config)).cloned()
}

fn patterns(config: &Config) -> impl Iterator<Item = &str> {
    let patterns = config.allow_origin.iter().map(|pattern| pattern.trim());
    patterns.filter(|pattern| !pattern.is_empty())
}

fn all_origins(config: &Config) -> bool {
    let mut patterns = patterns(config).peekable();
    patterns.peek().is_none() || patterns.any(|pattern| pattern == ANY_ORIGIN)
}

/// As a whole, without regard to case.
fn is_listed(origin: &HeaderValue, config: &Config) -> bool {
    patterns(config)
        .filter(|pattern| *pattern != MISSING_ORIGIN)
        .any(|pattern| {
            let pattern = pattern.trim_end_matches('/');
            pattern.as_bytes().eq_ignore_ascii_case(origin.as_bytes())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn seen_as(values: &[&str], trust_proxy: bool) -> String {
        let config = Config {
            trust_proxy,
            ..Config::default()
        };
        address(&headers(FORWARDED_FOR, values), "192.0.2.1:5".parse().unwrap(), &config).to_string()
    }

    #[test]
    fn only_the_last_entry_of_a_trusted_proxy_counts() {
        assert_eq!(seen_as(&["198.51.100.7"], false), "192.0.2.1");
        assert_eq!(seen_as(&["198.51.100.7"], true), "198.51.100.7");
        assert_eq!(seen_as(&["10.0.0.1, 198.51.100.7"], true), "198.51.100.7");
        assert_eq!(seen_as(&["10.0.0.1", "10.0.0.2,198.51.100.7"], true), "198.51.100.7");
        assert_eq!(seen_as(&["198.51.100.7:4711"], true), "198.51.100.7");
        assert_eq!(seen_as(&["[2001:db8:1:2:3::4]:4711"], true), "2001:db8:1:2::");
        assert_eq!(seen_as(&["[2001:db8:1:2:3::4]"], true), "2001:db8:1:2::");
        assert_eq!(seen_as(&["2001:db8:1:2:3::4"], true), "2001:db8:1:2::");
        assert_eq!(seen_as(&["::ffff:198.51.100.7"], true), "198.51.100.7");
        for nonsense in [&[][..], &["unknown"], &[""], &["198.51.100.7,"]] {
            assert_eq!(seen_as(nonsense, true), "192.0.2.1", "{nonsense:?}");
        }
    }

    #[test]
    fn origins_are_compared_as_a_whole() {
        let config = Config {
            allow_origin: vec!["https://chat.example".into(), "https://b.example/".into()],
            ..Config::default()
        };
        let allowed = |origin: &str| origin_allowed(&headers("origin", &[origin]), &config);
        assert!(allowed("https://chat.example") && allowed("https://b.example") && allowed("https://CHAT.example"));
        for other in [
            "https://chat.example.evil",
            "http://chat.example",
            "null",
            "https://chat.example:444",
            "*",
        ] {
            assert!(!allowed(other), "{other}");
        }
        assert!(origin_allowed(&headers("origin", &["null"]), &Config::default()));
    }

    #[test]
    fn clients_without_an_origin_are_a_setting() {
        let mut config = Config::default();
        assert!(origin_allowed(&HeaderMap::new(), &config));
        config.allow_missing_origin = false;
        assert!(!origin_allowed(&HeaderMap::new(), &config));
    }

    #[test]
    fn the_list_has_words_for_all_and_for_none() {
        let with = |list: &[&str]| Config {
            allow_origin: list.iter().map(|&origin| origin.to_owned()).collect(),
            allow_missing_origin: false,
            ..Config::default()
        };
        let of = |origin: &str| headers("origin", &[origin]);
        for all in [&[][..], &[""], &[" ", ""], &["*"], &["https://a.example", " * "]] {
            assert!(origin_allowed(&of("https://b.example"), &with(all)), "{all:?}");
            assert!(!origin_allowed(&HeaderMap::new(), &with(all)), "{all:?}");
        }
        let some = with(&["https://a.example", " chrome-extension://abc ", "arthas-cli", "none"]);
        assert!(origin_allowed(&HeaderMap::new(), &some));
        assert!(origin_allowed(&of("chrome-extension://abc"), &some) && origin_allowed(&of("arthas-cli"), &some));
        assert!(!origin_allowed(&of("none"), &some), "the word is no origin");
    }

    #[test]
    fn an_answer_names_one_origin() {
        let mut config = Config::default();
        let of = |origin: &str| headers("origin", &[origin]);
        assert_eq!(readable_by(&HeaderMap::new(), &config).unwrap(), "*");
        config.allow_origin = vec!["https://a.example".into(), "https://b.example".into()];
        assert_eq!(
            readable_by(&of("https://b.example"), &config).unwrap(),
            "https://b.example"
        );
        assert_eq!(readable_by(&of("https://c.example"), &config), None);
        assert_eq!(readable_by(&HeaderMap::new(), &config), None);
    }
}
