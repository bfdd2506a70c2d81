//! The HTTP side: the page, headers, origins, metrics.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{relay, room_id, Client, PATIENCE};

const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; \
                   img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; worker-src 'self'; \
                   manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Sends a request and reads the answer to its end.
pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, headers: &str) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

/// The status that an attempt to open a WebSocket gets.
pub(crate) async fn upgrade_status(address: SocketAddr, headers: &str) -> u16 {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[9..]).parse().unwrap()
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let relay = relay(|_| {}).await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/ping"),
        ("GET", "/no/such.file"),
        ("POST", "/ping"),
        ("GET", "/ws"),
    ] {
        let answer = request(relay.address(), method, path, "").await;
        assert_eq!(header(&answer, "content-security-policy"), Some(CSP), "{method} {path}");
        assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"));
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&answer, "cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(header(&answer, "x-robots-tag"), Some("noindex"));
        assert!(header(&answer, "permissions-policy").unwrap().contains("camera=(self)"));
    }
}

#[tokio::test]
async fn ping_answers_pong_and_the_root_is_there() {
    let relay = relay(|_| {}).await;
    let pong = request(relay.address(), "GET", "/ping", "").await;
    assert!(
        pong.starts_with("HTTP/1.1 200") && pong.ends_with("\r\n\r\npong"),
        "{pong}"
    );
    let root = request(relay.address(), "GET", "/", "").await;
    assert!(root.starts_with("HTTP/1.1 200"), "{root}");
    let missing = request(relay.address(), "GET", "/missing.js", "").await;
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    let head = request(relay.address(), "HEAD", "/ping", "").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    let wrong = request(relay.address(), "DELETE", "/", "").await;
    assert!(wrong.starts_with("HTTP/1.1 405"), "{wrong}");
}

#[tokio::test]
async fn only_allowed_origins_connect() {
    let open = relay(|_| {}).await;
    assert_eq!(
        upgrade_status(open.address(), "Origin: https://anywhere.example\r\n").await,
        101
    );
    assert_eq!(upgrade_status(open.address(), "").await, 101);
    let strict = relay(|config| {
        config.allow_origin = vec!["https://chat.example".to_owned()];
        config.allow_missing_origin = false;
    })
    .await;
    assert_eq!(
        upgrade_status(strict.address(), "Origin: https://chat.example\r\n").await,
        101
    );
    assert_eq!(
        upgrade_status(strict.address(), "Origin: https://other.example\r\n").await,
        403
    );
    assert_eq!(upgrade_status(strict.address(), "Origin: null\r\n").await, 403);
    assert_eq!(upgrade_status(strict.address(), "").await, 403);
}

#[tokio::test]
async fn behind_a_proxy_each_client_counts_for_itself() {
    let relay = relay(|config| (config.trust_proxy, config.max_connections_per_ip) = (true, 1)).await;
    let address = relay.address();
    let connect = |from: &'static str| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 203.0.113.9, {from}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        (stream, String::from_utf8_lossy(&answer[9..]).into_owned())
    };
    let one = connect("198.51.100.1").await;
    let two = connect("198.51.100.2").await;
    let again = connect("198.51.100.1").await;
    assert_eq!([one.1, two.1, again.1], ["101", "101", "429"]);
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own() {
    let relay = relay(|config| config.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    let room = room_id();
    let (_a, _) = Client::enter(relay.address(), &room, 1).await;
    let metrics = request(relay.metrics_address().unwrap(), "GET", "/metrics", "").await;
    assert!(metrics.contains("\nhushroom_members 1\n"), "{metrics}");
    assert!(metrics.contains("\nhushroom_connections 1\n"));
    assert!(!metrics.contains(&room));
    let public = request(relay.address(), "GET", "/metrics", "").await;
    assert!(!public.contains("hushroom_members"), "{public}");
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let first = relay(|_| {}).await;
    let config = hushroom_relay::Config {
        listen: first.address(),
        ..hushroom_relay::Config::default()
    };
    let error = hushroom_relay::Relay::start(config).await.unwrap_err();
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
}
