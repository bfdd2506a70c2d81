//! Announcements of keys, and what is known of a message by them.

use super::*;
use crate::{
    frame::arthas::SendMessage,
    room::arthas::{
        json::{object, Json},
        payload::announcement,
        signing::Signing,
    },
};

pub(super) fn signing(seed: u8) -> Signing {
    Signing::new(&Key::from_slice(&[seed; 32]).unwrap())
}

pub(super) fn signed(seed: u8, text: &str) -> Vec<u8> {
    crate::room::arthas::payload::message(text, None, &signing(seed))
}

fn verified(net: &mut Net, client: usize) -> Vec<Verification> {
    let events = net.take_events(client).into_iter().filter_map(|event| match event {
        RoomEvent::Message { verification, .. } | RoomEvent::MessageVerified { verification, .. } => Some(verification),
        _ => None,
    });
    events.collect()
}

fn keys(net: &Net, client: usize) -> Vec<(String, String, bool)> {
    let keys = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::MemberKey {
            id,
            device_key,
            changed,
        } => Some((id.clone(), device_key.clone(), *changed)),
        _ => None,
    });
    keys.collect()
}

#[test]
fn the_first_newcomer_has_our_key_at_once() {
    let mut net = Net::new(0);
    net.add(0);
    net.pass(50);
    let newcomer = net.add(1);
    net.pass(500);
    assert_eq!(keys(&net, newcomer).len(), 1);
}

#[test]
fn everybody_learns_everybodys_key_newcomers_too() {
    let mut net = Net::new(0);
    for index in 0..3 {
        net.add(index);
    }
    net.pass(10_000);
    for client in 0..3 {
        let mut known: Vec<(String, String, bool)> = keys(&net, client);
        known.sort();
        let others = (0..3).filter(|other| *other != client);
        let mut expected: Vec<_> = others
            .map(|other| (net.wire_id(other), net.clients[other].room.device_key(), false))
            .collect();
        expected.sort();
        assert_eq!(known, expected);
    }
}

#[test]
fn one_announcement_is_for_all_newcomers_and_messages_go_first() {
    let mut net = Net::new(1);
    for index in 1..12 {
        net.add(index);
    }
    let now = net.now;
    for text in 0..10 {
        net.room(0).send_text(&text.to_string(), None, 0, now).unwrap();
    }
    net.settle();
    net.pass(5_000);
    let sent = |net: &Net| {
        net.sent
            .iter()
            .filter(|(who, _, frame)| *who == 0 && matches!(frame, ArthasFrame::SendMessage(_)))
            .count()
    };
    assert_eq!(sent(&net), 10, "only messages");
    net.pass(30_000);
    assert_eq!(sent(&net), 11, "and then one announcement");
    assert_eq!(net.errors, 0);
    assert!(keys(&net, 11).iter().any(|(id, ..)| *id == net.wire_id(0)));
}

#[test]
fn the_states_of_a_message() {
    let mut net = Net::new(1);
    net.inject(0, "stranger", 1, br#"{"text":"none"}"#);
    net.inject(0, "stranger", 2, &signed(7, "unknown"));
    assert_eq!(verified(&mut net, 0), [Verification::Unsigned, Verification::Unknown]);
    net.inject(0, "stranger", 3, &announcement(&signing(7)));
    assert_eq!(verified(&mut net, 0), [Verification::Verified], "looked at again");
    net.inject(0, "stranger", 4, &signed(7, "verified"));
    net.inject(0, "stranger", 5, &signed(8, "by another"));
    net.inject(0, "stranger", 6, br#"{"text":"x","sig":"AAAA"}"#);
    assert_eq!(
        verified(&mut net, 0),
        [Verification::Verified, Verification::Failed, Verification::Failed]
    );
}

#[test]
fn unknown_fields_are_covered_and_both_forms_read() {
    use crate::room::arthas::canonical::{canonical, Form};
    use ed25519_dalek::Signer;
    let mut net = Net::new(1);
    net.inject(0, "stranger", 1, &announcement(&signing(7)));
    let mut payload = object([
        ("text", "a\u{200d}\u{3000}".into()),
        ("extra", Json::List(vec![Json::Number(1.5), Json::Null])),
    ]);
    let go = canonical(&payload, Form::Go);
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let sig = crate::encoding::encode(&key.sign(go.as_bytes()).to_bytes());
    payload.insert("sig".into(), sig.as_str().into());
    // As Go writes it: other escapes, another order.
    let text = canonical(&payload, Form::Js).replace('\u{200d}', "\\u200d");
    net.inject(0, "stranger", 2, text.as_bytes());
    let mut js = object([("text", "b\u{200d}".into()), ("z", Json::Bool(true))]);
    signing(7).sign(&mut js);
    net.inject(0, "stranger", 3, canonical(&js, Form::Js).as_bytes());
    js.insert("z".into(), Json::Bool(false));
    net.inject(0, "stranger", 4, canonical(&js, Form::Js).as_bytes());
    let expected = [Verification::Verified, Verification::Verified, Verification::Failed];
    assert_eq!(verified(&mut net, 0), expected);
}

#[test]
fn a_lone_surrogate_does_not_break_a_signature() {
    let mut net = Net::new(1);
    net.inject(0, "stranger", 1, &announcement(&signing(7)));
    let mut payload = object([("text", Json::Text(crate::room::arthas::json::Text(vec![0x61, 0xd800])))]);
    signing(7).sign(&mut payload);
    let text = crate::room::arthas::canonical::canonical(&payload, crate::room::arthas::canonical::Form::Js);
    net.inject(0, "stranger", 2, text.as_bytes());
    assert_eq!(net.texts(0), [("a\u{fffd}".to_owned(), Verification::Verified)]);
}

#[test]
fn the_last_key_is_the_one_that_counts_and_every_change_is_said() {
    let mut net = Net::new(1);
    net.inject(0, "stranger", 1, &announcement(&signing(7)));
    net.inject(0, "stranger", 2, &announcement(&signing(8)));
    net.inject(0, "stranger", 3, &announcement(&signing(7)));
    let changed: Vec<bool> = keys(&net, 0).into_iter().map(|(_, _, changed)| changed).collect();
    assert_eq!(changed, [false, true, true]);
    for (iv, seed) in [(4, 7), (5, 8), (6, 9)] {
        net.inject(0, "stranger", iv, &signed(seed, "x"));
    }
    let expected = [Verification::Verified, Verification::Unknown, Verification::Failed];
    assert_eq!(verified(&mut net, 0), expected);
}

#[test]
fn the_key_of_another_member_is_not_taken_until_that_one_is_gone() {
    let mut net = Net::new(1);
    net.inject(0, "ada", 1, &announcement(&signing(7)));
    net.inject(0, "eve", 2, &announcement(&signing(7)));
    assert_eq!(keys(&net, 0).len(), 1);
    net.inject(0, "eve", 3, &signed(7, "as ada"));
    assert_eq!(net.texts(0)[0].1, Verification::Unknown);
    // It was the same person on another connection.
    net.deliver(
        0,
        &MemberLeft {
            id: RelayId("ada".into()),
        }
        .into(),
    );
    net.settle();
    assert_eq!(keys(&net, 0)[1].0, "eve");
    assert_eq!(verified(&mut net, 0).last(), Some(&Verification::Verified));
}

#[test]
fn a_forged_announcement_is_refused() {
    let mut net = Net::new(1);
    let mut forged = signing(7).announcement();
    forged.insert("pubkey".into(), signing(8).public_key().as_str().into());
    let text = crate::room::arthas::canonical::canonical(&forged, crate::room::arthas::canonical::Form::Js);
    net.inject(0, "eve", 1, text.as_bytes());
    net.inject(0, "eve", 2, br#"{"text":"","type":"pubkey"}"#);
    net.inject(
        0,
        "eve",
        3,
        br#"{"text":"","type":"pubkey","pubkey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","sig":"x"}"#,
    );
    assert_eq!(net.error_codes(0), ["BAD_SIGNATURE"; 3]);
    assert!(keys(&net, 0).is_empty() && net.texts(0).is_empty());
}

#[test]
fn the_plugins_announcement_is_no_chat_and_replaces_nothing() {
    let mut net = Net::new(1);
    let plugin = |seed| format!("[PUBLIC_KEY]{}", signing(seed).public_key());
    net.inject(0, "bot", 1, plugin(7).as_bytes());
    net.inject(0, "bot", 2, plugin(8).as_bytes());
    assert_eq!(keys(&net, 0), [("bot".to_owned(), signing(7).public_key(), false)]);
    assert!(net.texts(0).is_empty());
    net.inject(0, "bot", 3, b"[PUBLIC_KEY] is what I say");
    assert_eq!(net.texts(0).len(), 1);
}

#[test]
fn messages_wait_for_a_key_in_bounds_and_for_a_minute() {
    let mut net = Net::new(1);
    for iv in 0..25 {
        net.inject(0, "ada", iv, &signed(7, "x"));
    }
    net.take_events(0);
    net.inject(0, "ada", 100, &announcement(&signing(7)));
    assert_eq!(verified(&mut net, 0).len(), 20);
    net.inject(0, "bob", 101, &signed(8, "x"));
    net.take_events(0);
    net.pass(60_000);
    net.inject(0, "bob", 102, &announcement(&signing(8)));
    assert!(verified(&mut net, 0).is_empty());
}

#[test]
fn an_announcement_that_the_relay_refuses_is_made_again() {
    let mut net = Net::new(1);
    let now = net.now;
    net.places[0].times = (0..10).map(|_| now).collect();
    net.add(1);
    net.pass(30_000);
    assert!(net.errors > 0);
    assert_eq!(keys(&net, 1).len(), 1);
    let frames = net
        .sent
        .iter()
        .filter(|(who, _, frame)| *who == 0 && matches!(frame, ArthasFrame::SendMessage(SendMessage { n: None, .. })));
    assert!(frames.count() <= 6);
}
