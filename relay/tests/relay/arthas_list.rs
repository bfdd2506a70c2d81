//! The public list.

use std::net::SocketAddr;

use hushroom::frame::arthas::CreateRoom;
use serde_json::{json, Value};

use crate::{
    http::{header, request},
    support::{
        arthas::{create_room, join_room, message},
        relay, Client,
    },
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn public(title: &str, tags: &[&str]) -> CreateRoom {
    CreateRoom {
        public: true,
        title: title.into(),
        description: format!("About {title}"),
        tags: tags.iter().map(|&tag| tag.into()).collect(),
        key_encoded: KEY.into(),
        ..create_room("A")
    }
}

async fn list(address: SocketAddr, query: &str) -> Value {
    let answer = request(address, "GET", &format!("/api/hub{query}"), "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(header(&answer, "content-type"), Some("application/json"));
    assert!(!answer.contains(KEY) && !answer.contains("shareCode"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

async fn titles(address: SocketAddr, query: &str) -> Vec<String> {
    let rooms = list(address, query).await["rooms"].clone();
    let rooms = rooms.as_array().unwrap().iter();
    rooms.map(|room| room["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn rooms_are_found_by_what_their_makers_say() {
    let relay = relay(|config| config.listings_per_minute = 0).await;
    let address = relay.address();
    assert_eq!(
        list(address, "").await,
        json!({ "rooms": [], "total": 0, "limit": 50, "offset": 0, "totalOnline": 0 })
    );
    let mut clients = Vec::new();
    let mut rooms = Vec::new();
    for (title, tags) in [
        ("One <b>bold</b>", &["music", "Tech"][..]),
        ("Two", &["tech"]),
        ("Three", &[]),
    ] {
        let mut client = Client::connect(address).await;
        rooms.push(client.make(public(title, tags)).await.0.room_id);
        clients.push(client);
    }
    let mut private = Client::connect(address).await;
    private
        .make(CreateRoom {
            public: false,
            ..public("Private", &[])
        })
        .await;
    clients[2].say(message("x")).await;
    let mut guest = Client::connect(address).await;
    guest.join(join_room(&rooms[1], "B")).await;

    let page = list(address, "?q=one").await;
    assert_eq!((&page["total"], &page["totalOnline"]), (&json!(1), &json!(5)));
    let room = &page["rooms"][0];
    let created_at = room["createdAt"].as_u64().unwrap();
    assert!(created_at > 1_600_000_000);
    assert_eq!(
        *room,
        json!({
            "roomId": rooms[0], "title": "One bold", "description": "About One bold", "tags": ["music", "Tech"],
            "memberCount": 1, "hasPassword": false, "createdAt": created_at, "expiresAt": 0, "messageCount5min": 0,
        })
    );
    assert_eq!(titles(address, "?tag=tech&sort=people").await, ["Two", "One bold"]);
    assert_eq!(titles(address, "?q=ABOUT+T&sort=active").await, ["Three", "Two"]);
    assert_eq!(titles(address, "").await[0], "Two", "most members first");
    assert_eq!(titles(address, "?limit=1").await, ["Two"]);
    assert_eq!(
        titles(address, "?limit=100&offset=1&isDailyTopic=false&sort=newest")
            .await
            .len(),
        2
    );
    assert_eq!(titles(address, "?offset=9").await, [""; 0]);
    assert_eq!(titles(address, "?isDailyTopic=true").await, [""; 0]);
    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "offset=-1",
        "sort=best",
        "isDailyTopic=maybe",
    ] {
        let answer = request(address, "GET", &format!("/api/hub?{wrong}"), "").await;
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains("{\"error\":"),
            "{wrong}: {answer}"
        );
    }
    // A room that is gone is not listed.
    clients[0].leave_room().await;
    assert_eq!(titles(address, "?q=one").await, [""; 0]);
    let stats = request(address, "GET", "/api/hub/stats", "").await;
    assert!(
        stats.ends_with("{\"online\":5,\"matchEnabled\":false,\"matchQueueSize\":0}"),
        "{stats}"
    );
}

#[tokio::test]
async fn what_cannot_be_listed_stays_private() {
    let relay = relay(|config| config.max_public_rooms = 1).await;
    let mut a = Client::connect(relay.address()).await;
    a.make(public("", &[])).await;
    assert_eq!(a.hear_error().await.code, "E011");
    a.leave_room().await;
    a.make(public("First", &[])).await;
    let mut b = Client::connect(relay.address()).await;
    b.make(public("Second", &[])).await;
    assert_eq!(b.hear_error().await.code, "E010");
    assert_eq!(titles(relay.address(), "").await, ["First"]);
    // It is a room all the same.
    b.say(message("x")).await;
    b.leave_room().await;
    a.leave_room().await;
    b.make(public("Second", &[])).await;
    assert_eq!(titles(relay.address(), "").await, ["Second"]);
}

#[tokio::test]
async fn looking_has_a_rate() {
    let relay = relay(|_| {}).await;
    for _ in 0..30 {
        list(relay.address(), "").await;
    }
    let answer = request(relay.address(), "GET", "/api/hub", "").await;
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert!((1..=3).contains(&header(&answer, "retry-after").unwrap().parse::<u64>().unwrap()));
    let stats = request(relay.address(), "GET", "/api/hub/stats", "").await;
    assert!(stats.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn answers_can_be_read_by_one_origin() {
    let open = relay(|_| {}).await;
    let answer = request(open.address(), "GET", "/api/hub", "Origin: https://b.example\r\n").await;
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    let strict = relay(|config| {
        config.allow_origin = vec!["https://a.example".into(), "https://b.example".into(), "none".into()];
        config.allow_missing_origin = false;
    })
    .await;
    for path in ["/api/hub", "/api/hub/stats", "/api/hub?limit=x"] {
        let answer = request(strict.address(), "GET", path, "Origin: https://b.example\r\n").await;
        assert_eq!(
            header(&answer, "access-control-allow-origin"),
            Some("https://b.example"),
            "{path}"
        );
        assert!(header(&answer, "vary").unwrap().eq_ignore_ascii_case("origin"));
        for other in ["", "Origin: https://c.example\r\n", "Origin: none\r\n"] {
            let answer = request(strict.address(), "GET", path, other).await;
            assert_eq!(header(&answer, "access-control-allow-origin"), None);
        }
    }
    for (headers, status) in [
        ("", 101),
        ("Origin: https://a.example\r\n", 101),
        ("Origin: none\r\n", 403),
        ("Origin: arthas-cli\r\n", 403),
    ] {
        assert_eq!(
            crate::http::upgrade_status(strict.address(), headers).await,
            status,
            "{headers}"
        );
    }
}
