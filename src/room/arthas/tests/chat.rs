//! Texts, replies, reactions, typing, vanishing, and the relay's limit.

use super::*;
use crate::frame::arthas::{MemberTyping, SendMessage, Typing};

fn accepted(net: &Net, client: usize) -> Vec<(String, u64)> {
    let accepted = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::Accepted { id, received_at } => Some((id.clone(), *received_at)),
        _ => None,
    });
    accepted.collect()
}

#[test]
fn texts_arrive_signed_and_are_accepted() {
    for receipts in [true, false] {
        let mut net = Net::with(3, receipts);
        let id = net.say(0, "hello \u{1f469}\u{200d}\u{1f467} \u{1}\"");
        for client in [1, 2] {
            assert_eq!(
                net.texts(client),
                [(
                    "hello \u{1f469}\u{200d}\u{1f467} \u{1}\"".to_owned(),
                    Verification::Verified
                )]
            );
            let wire = net.wire_id(0);
            assert!(net.take_events(client).iter().any(|event| matches!(event,
                RoomEvent::Message { from, sent_at, received_at, reply_to: None, quote: None, .. }
                    if *from == wire && *sent_at == EPOCH + net.now && sent_at == received_at)));
        }
        let at = if receipts { EPOCH + net.now } else { 0 };
        assert_eq!(accepted(&net, 0), [(id, at)]);
        assert!(net.texts(0).is_empty(), "nobody hears itself");
    }
}

#[test]
fn a_reply_names_the_message_on_both_sides_and_quotes_it() {
    for receipts in [true, false] {
        let mut net = Net::with(2, receipts);
        net.pass(30_000);
        let long = format!("{}{}", "\u{1f600}".repeat(24), "abcdef");
        let asked = net.say(0, &long);
        let heard = net.last_message(1);
        let now = net.now;
        let answer = net.room(1).send_text("yes", Some(&heard), EPOCH, now).unwrap();
        net.settle();
        let reply = net.clients[0].events.iter().find_map(|event| match event {
            RoomEvent::Message {
                reply_to, quote, id, ..
            } => Some((reply_to.clone(), quote.clone().unwrap(), id.clone())),
            _ => None,
        });
        let (reply_to, quote, heard_answer) = reply.unwrap();
        assert_eq!(reply_to, Some(asked.clone()));
        assert_eq!(quote.sender_name, "member 0");
        assert_eq!(quote.preview, format!("{}ab\u{2026}", "\u{1f600}".repeat(24)));

        // One's own message can be answered as well, by the name that others have for it.
        let again = net.room(0).send_text("really", Some(&asked), EPOCH, now).unwrap();
        net.settle();
        assert!(net.take_events(1).iter().any(|event| matches!(event,
            RoomEvent::Message { reply_to: Some(of), .. } if *of == heard)));
        let _ = (answer, again, heard_answer);
    }
}

#[test]
fn without_receipts_a_reply_finds_our_message_by_its_time() {
    let mut net = Net::with(2, false);
    net.pass(30_000);
    // Seconds that the relay takes are seconds that the names are off.
    let first = net.say(0, "first");
    net.pass(2_000);
    let second = net.say(0, "second");
    let own = net.wire_id(0);
    for (t, expected) in [(net.now - 1_600, &first), (net.now + 700, &second)] {
        let reaction = format!(r#"{{"stableId":"{own}:{}","emoji":"x","action":"add"}}"#, EPOCH + t);
        let message = net.sealed("00000002", t.to_le_bytes()[0], reaction.as_bytes());
        net.deliver(0, &crate::frame::arthas::RelayReaction(message).into());
        net.settle();
        assert!(net.take_events(0).iter().any(|event| matches!(event,
            RoomEvent::Reaction { message_id, .. } if message_id == expected)));
    }
}

#[test]
fn a_reply_to_nothing_is_refused_and_one_to_the_unknown_shown() {
    let mut net = Net::new(2);
    for wrong in ["", "nothing", "00000001:5"] {
        let error = net.room(0).send_text("x", Some(wrong), 0, 0).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
    let reply = br#"{"text":"yes","reply":{"stableId":"ffffffff:9","senderName":"a\u202eb","preview":"p"}}"#;
    net.inject(0, "00000002", 1, reply);
    assert!(net.take_events(0).iter().any(|event| matches!(event,
        RoomEvent::Message { reply_to: Some(to), quote: Some(quote), verification: Verification::Unsigned, .. }
            if to == "ffffffff:9" && quote.sender_name == "ab")));
}

#[test]
fn everybody_has_one_emoji_for_a_message() {
    let mut net = Net::new(2);
    let said = net.say(0, "hello");
    let heard = net.last_message(1);
    net.take_events(1);
    let now = net.now;
    let reactions = |net: &mut Net, client: usize| -> Vec<(String, String, bool)> {
        let events = net.take_events(client).into_iter().filter_map(|event| match event {
            RoomEvent::Reaction {
                message_id,
                emoji,
                remove,
                ..
            } => Some((message_id, emoji, remove)),
            _ => None,
        });
        events.collect()
    };
    net.room(1).react(&heard, "\u{1f44d}", false, now).unwrap();
    net.settle();
    assert_eq!(reactions(&mut net, 0), [(said.clone(), "\u{1f44d}".into(), false)]);
    net.room(1).react(&heard, "\u{2764}", false, now).unwrap();
    net.settle();
    assert_eq!(
        reactions(&mut net, 0),
        [
            (said.clone(), "\u{1f44d}".into(), true),
            (said.clone(), "\u{2764}".into(), false)
        ]
    );
    assert_eq!(reactions(&mut net, 1), [(heard.clone(), "\u{1f44d}".into(), true)]);
    net.room(1).react(&heard, "\u{2764}", true, now).unwrap();
    net.settle();
    assert_eq!(reactions(&mut net, 0), [(said, "\u{2764}".into(), true)]);
    // A client that does not take the first one back.
    for (iv, emoji) in [(1, "a"), (2, "b")] {
        let message = net.sealed(
            "00000001",
            iv,
            format!(r#"{{"stableId":"x:1","emoji":"{emoji}","action":"add"}}"#).as_bytes(),
        );
        net.deliver(1, &crate::frame::arthas::RelayReaction(message).into());
    }
    net.settle();
    let expected =
        [("a", false), ("a", true), ("b", false)].map(|(emoji, remove)| ("x:1".to_owned(), emoji.to_owned(), remove));
    assert_eq!(reactions(&mut net, 1), expected);
    for (id, emoji) in [(heard.as_str(), ""), (&heard, &"x".repeat(33)), ("nothing", "x")] {
        assert_eq!(
            net.room(1).react(id, emoji, false, now).unwrap_err().code(),
            "INVALID_ARGUMENT"
        );
    }
}

#[test]
fn typing_is_sealed_and_says_nothing_by_its_length() {
    let mut net = Net::new(2);
    for on in [true, false] {
        net.room(0).set_typing(on).unwrap();
        net.settle();
    }
    let from = net.wire_id(0);
    let typing: Vec<RoomEvent> = net.take_events(1);
    assert_eq!(
        typing,
        [true, false].map(|on| RoomEvent::Typing { from: from.clone(), on })
    );
    let lengths: Vec<usize> = net
        .sent
        .iter()
        .filter_map(|(_, _, frame)| match frame {
            ArthasFrame::Typing(Typing {
                typing: None,
                ciphertext,
                ..
            }) => Some(ciphertext.len()),
            _ => None,
        })
        .collect();
    assert_eq!(lengths.len(), 2);
    assert_eq!(lengths[0], lengths[1]);
}

#[test]
fn typing_in_the_clear_is_read_and_ends_by_itself() {
    let mut net = Net::new(2);
    let frame = |typing| MemberTyping {
        id: RelayId("00000001".into()),
        typing,
        iv: String::new(),
        ciphertext: String::new(),
    };
    net.deliver(1, &frame(Some(true)).into());
    net.deliver(1, &frame(Some(true)).into());
    net.settle();
    // Each lasts for a while anew, and whoever shows it counts too.
    assert_eq!(net.take_events(1).len(), 2);
    net.pass(6_000);
    assert!(matches!(net.take_events(1)[..], [RoomEvent::Typing { on: false, .. }]));
    // What Arthas' own relay makes of the sealed form.
    net.deliver(1, &frame(Some(false)).into());
    net.settle();
    assert!(net.take_events(1).is_empty());
}

#[test]
fn messages_vanish_by_the_relays_time() {
    let mut net = Net::new(0);
    net.ephemeral = 10;
    for index in 0..2 {
        net.add(index);
    }
    net.pass(20_000);
    assert!(net.clients[1].events.iter().any(|event| matches!(
        event,
        RoomEvent::Opened {
            ephemeral_seconds: 10,
            ..
        }
    )));
    assert!(net.room(0).code().unwrap().ends_with(":10"));
    let said = net.say(0, "hello");
    let heard = net.last_message(1);
    net.pass(9_950);
    let expired = |net: &Net, client: usize, id: &str| {
        let is = |event: &RoomEvent| matches!(event, RoomEvent::MessageExpired { id: of } if of == id);
        net.clients[client].events.iter().any(is)
    };
    assert!(!expired(&net, 0, &said) && !expired(&net, 1, &heard));
    net.pass(50);
    assert!(expired(&net, 0, &said) && expired(&net, 1, &heard));
    let now = net.now;
    assert_eq!(
        net.room(1).react(&heard, "x", false, now).unwrap_err().code(),
        "INVALID_ARGUMENT"
    );
}

#[test]
fn ten_messages_go_in_ten_seconds_and_nothing_is_refused() {
    for receipts in [true, false] {
        let mut net = Net::with(2, receipts);
        let now = net.now;
        let mut ids = vec![];
        loop {
            match net.room(0).send_text(&format!("{}", ids.len()), None, 0, now) {
                Ok(id) => ids.push(id),
                Err(error) => {
                    assert_eq!(error.code(), "RATE_LIMITED");
                    break;
                }
            }
        }
        // 64 wait; without receipts what was sent does not.
        assert_eq!(ids.len(), if receipts { 64 } else { 74 });
        net.pass(100_000);
        let expected: Vec<String> = (0..ids.len()).map(|index| index.to_string()).collect();
        let texts: Vec<String> = net.texts(1).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, expected, "all, in order");
        let accepted: Vec<String> = accepted(&net, 0).into_iter().map(|(id, _)| id).collect();
        assert_eq!(accepted, ids);
        assert_eq!(net.errors, 0);
        let times: Vec<u64> = net
            .sent
            .iter()
            .filter(|(_, _, frame)| matches!(frame, ArthasFrame::SendMessage(SendMessage { .. })))
            .map(|(_, at, _)| *at)
            .collect();
        assert!(times.windows(11).all(|window| window[10] - window[0] >= 10_000));
    }
}

#[test]
fn what_the_relay_refuses_for_now_goes_later_in_order() {
    let mut net = Net::new(2);
    // Others have used up what the relay allows us.
    let now = net.now;
    let place = net.places.iter_mut().find(|place| place.client == 0).unwrap();
    place.times = (0..9).map(|_| now).collect();
    let mut say = |index: u64| net.clients[0].room.send_text(&index.to_string(), None, 0, now).unwrap();
    let ids: Vec<String> = (0..4).map(&mut say).collect();
    net.settle();
    assert_eq!(net.errors, 3);
    net.pass(30_000);
    let texts: Vec<String> = net.texts(1).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["0", "1", "2", "3"]);
    let accepted: Vec<String> = accepted(&net, 0).into_iter().map(|(id, _)| id).collect();
    assert_eq!(accepted, ids);
    assert!(net.error_codes(0).is_empty());
}

#[test]
fn what_the_relay_refuses_for_good_is_said() {
    let mut net = Net::new(2);
    let now = net.now;
    let id = net.room(0).send_text("x", None, 0, now).unwrap();
    let Some(Output::Send(bytes)) = net.room(0).poll() else {
        panic!()
    };
    let Ok(ArthasFrame::SendMessage(SendMessage { n, .. })) = ArthasFrame::decode(&bytes) else {
        panic!()
    };
    net.refuse(0, "E005", n);
    net.settle();
    assert!(net.take_events(0).iter().any(|event| matches!(event,
        RoomEvent::Rejected { id: of, code: "RELAY_REFUSED", .. } if *of == id)));
}

#[test]
fn a_text_has_its_limits() {
    let mut net = Net::new(2);
    let now = net.now;
    for (text, code) in [
        ("", "INVALID_ARGUMENT"),
        (&"x".repeat(60_001), "TEXT_TOO_LONG"),
        (&"\u{1}".repeat(20_000), "TEXT_TOO_LONG"),
    ] {
        assert_eq!(net.room(0).send_text(text, None, 0, now).unwrap_err().code(), code);
    }
    let longest = "\u{e4}".repeat(30_000);
    net.say(0, &longest);
    assert_eq!(net.texts(1), [(longest, Verification::Verified)]);
    let (_, _, frame) = net.sent.last().unwrap();
    assert!(frame.encode().unwrap().len() < crate::frame::arthas::MAX_ARTHAS_FRAME_BYTES - 512);
}
