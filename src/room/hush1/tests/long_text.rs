//! Texts that are longer than a post.

use super::{
    super::{
        device::InstanceId,
        event::{Event, MessageRef, Text},
    },
    ratchet::withhold_keys,
    *,
};

/// No two parts of it are the same, and characters lie across the cuts.
fn text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    for number in 0.. {
        let next = format!("{number} \u{20ac}\u{1f600} ");
        if text.len() + next.len() > bytes {
            break;
        }
        text.push_str(&next);
    }
    text.push_str(&"x".repeat(bytes - text.len()));
    text
}

fn send(net: &mut Net, client: usize, text: &str) -> String {
    let now = net.now;
    let id = net.room(client).send_text(text, None, now, now).unwrap();
    net.settle();
    id
}

fn accepted(net: &Net, client: usize, id: &str) -> usize {
    let accepted = |event: &&RoomEvent| matches!(event, RoomEvent::Accepted { id: taken, .. } if taken == id);
    net.clients[client].events.iter().filter(accepted).count()
}

/// Posts part `part` of `of`, as no client does.
fn forge(net: &mut Net, client: usize, (part, of, first): (Option<u32>, Option<u32>, Option<u64>), text: &str) -> u64 {
    let event = Event::from(Text {
        text: text.to_owned(),
        reply: None,
        at: 0,
        part,
        of,
        first,
    });
    let now = net.now;
    let counter = net.room(client).post(&event, vec![], now).unwrap();
    net.pass(1000);
    counter
}

fn begin(net: &mut Net, of: u32) -> u64 {
    forge(net, 0, (Some(0), Some(of), None), "begun ")
}

/// Drops large posts for `to`, as `drops` says of each by its number from 0.
fn drop_large(net: &mut Net, to: usize, drops: impl Fn(usize) -> bool + 'static) {
    let mut count = 0;
    net.meddle = Some(Box::new(move |client, frame| {
        let large = client == to && frame.len() > 30_000;
        count += usize::from(large);
        if large && drops(count - 1) {
            vec![]
        } else {
            vec![frame]
        }
    }));
}

#[test]
fn a_text_of_any_length_comes_whole_and_once() {
    for bytes in [
        MAX_TEXT_BYTES,
        MAX_TEXT_BYTES + 1,
        2 * MAX_TEXT_BYTES,
        2 * MAX_TEXT_BYTES + 1,
        MAX_LONG_TEXT_BYTES,
    ] {
        let mut net = Net::new(3);
        let long = text(bytes);
        let id = send(&mut net, 0, &long);
        net.say(1, "in between");
        net.pass(4000);
        for client in [1, 2] {
            let mut texts = net.texts(client);
            texts.retain(|text| text != "in between");
            assert!(texts == [long.clone()], "{bytes} bytes, {} texts", texts.len());
            assert!(net.errors(client).is_empty(), "{:?}", net.errors(client));
            let mut ids = net.clients[client].events.iter().filter_map(|event| match event {
                RoomEvent::Message { id, from, .. } if *from == net.id(0) => Some(id.clone()),
                _ => None,
            });
            assert_eq!((ids.next(), ids.next()), (Some(id.clone()), None));
        }
        assert_eq!(accepted(&net, 0, &id), 1);
    }
}

#[test]
fn it_is_taken_once_all_of_it_is() {
    let mut net = Net::new(2);
    let id = send(&mut net, 0, &text(3 * MAX_TEXT_BYTES));
    assert_eq!(accepted(&net, 0, &id), 0, "two parts wait for their turn");
    net.pass(200);
    assert_eq!(accepted(&net, 0, &id), 0);
    net.pass(200);
    assert_eq!(accepted(&net, 0, &id), 1);
    assert_eq!(net.texts(1).len(), 1);
}

#[test]
fn a_reply_and_a_reaction_find_it() {
    let mut net = Net::new(2);
    let first = net.say(1, "a question");
    let now = net.now;
    let long = text(100_000);
    let answer = net.room(0).send_text(&long, Some(&first), now, now).unwrap();
    net.settle();
    net.pass(1000);
    let reply = net.clients[1].events.iter().find_map(|event| match event {
        RoomEvent::Message { id, reply_to, .. } if *id == answer => reply_to.clone(),
        _ => None,
    });
    assert_eq!(reply, Some(first));
    let now = net.now;
    net.room(1).react(&answer, "+", false, now).unwrap();
}

#[test]
fn lost_connections_and_a_restarted_relay_cost_nothing_of_it() {
    let mut net = Net::new(2);
    let long = text(MAX_LONG_TEXT_BYTES);
    drop_large(&mut net, 1, |index| index % 3 == 1);
    let id = send(&mut net, 0, &long);
    net.pass(1000);
    net.disconnect(1);
    net.pass(500);
    net.connect(1);
    net.pass(500);
    net.meddle = None;
    net.restart_relay();
    net.connect(1);
    net.settle();
    net.connect(0);
    net.settle();
    net.pass(9000);
    assert!(net.texts(1) == [long], "{} texts", net.texts(1).len());
    assert_eq!(accepted(&net, 0, &id), 1);
    assert!(!net.errors(1).contains(&"MESSAGES_LOST"), "{:?}", net.errors(1));
}

#[test]
fn a_part_that_never_comes_is_reported_and_nothing_is_shown() {
    for missing in [0, 1, 2, 3] {
        let mut net = Net::new(2);
        drop_large(&mut net, 1, move |index| index % 4 == missing || index > 3);
        send(&mut net, 0, &text(4 * MAX_TEXT_BYTES));
        net.pass(2000);
        net.say(0, "after it");
        net.pass(20_000);
        assert_eq!(net.texts(1), ["after it"], "part {missing}");
        assert!(
            net.errors(1).contains(&"MESSAGES_LOST"),
            "part {missing}: {:?}",
            net.errors(1)
        );
        assert!(net.errors(1).iter().all(|code| *code == "MESSAGES_LOST"));
    }
}

#[test]
fn who_joins_in_the_middle_sees_no_torn_text() {
    let mut net = Net::new(2);
    let long = text(6 * MAX_TEXT_BYTES);
    send(&mut net, 0, &long);
    net.pass(400);
    net.add(2);
    net.pass(4000);
    assert!(net.texts(1) == [long]);
    assert!(net.texts(2).is_empty());
    net.say(0, "after it");
    net.pass(15_000);
    assert_eq!(net.texts(2), ["after it"]);
    assert!(net.errors(2).iter().all(|code| *code == "MESSAGES_LOST"));
}

#[test]
fn who_leaves_in_the_middle_has_said_nothing() {
    let mut net = Net::new(2);
    begin(&mut net, 3);
    assert!(net.texts(1).is_empty());
    net.room(0).leave();
    net.settle();
    assert_eq!(net.errors(1), ["MESSAGES_LOST"]);
    assert!(net.texts(1).is_empty());
}

#[test]
fn the_rest_is_waited_for_ten_minutes() {
    let mut net = Net::new(2);
    let first = begin(&mut net, 2);
    net.pass(590_000);
    assert!(net.errors(1).is_empty());
    net.pass(10_000);
    assert_eq!(net.errors(1), ["MESSAGES_LOST"]);
    forge(&mut net, 0, (Some(1), Some(2), Some(first)), "too late");
    assert!(net.texts(1).is_empty() && net.errors(1).len() == 1);
}

#[test]
fn what_is_lost_and_was_not_to_be_kept_costs_no_text() {
    let mut net = Net::new(3);
    let first = begin(&mut net, 2);
    // Typing under a new sender key, which never comes.
    net.room(2).leave();
    net.settle();
    withhold_keys(&mut net);
    net.room(0).set_typing(true).unwrap();
    net.pass(12_000);
    net.meddle = None;
    assert_eq!(net.errors(1), ["SESSION_BROKEN"]);
    net.pass(12_000);
    forge(&mut net, 0, (Some(1), Some(2), Some(first)), "and ended");
    net.pass(12_000);
    assert_eq!(net.texts(1), ["begun and ended"], "{:?}", net.errors(1));
}

#[test]
fn parts_come_in_any_order() {
    let mut net = Net::new(2);
    let first = begin(&mut net, 3);
    forge(&mut net, 0, (Some(2), Some(3), Some(first)), "end");
    forge(&mut net, 0, (Some(1), Some(3), Some(first)), "middle ");
    assert_eq!(net.texts(1), ["begun middle end"]);
}

#[test]
fn parts_that_cannot_be_are_refused() {
    let mut net = Net::new(2);
    let mut refused = 0;
    for wrong in [
        (Some(0), None, None),
        (None, Some(2), None),
        (None, None, Some(1)),
        (Some(0), Some(1), None),
        (Some(0), Some(19), None),
        (Some(0), Some(u32::MAX), None),
        (Some(2), Some(2), Some(0)),
        (Some(1), Some(2), None),
        (Some(0), Some(2), Some(0)),
        (Some(1), Some(2), Some(1_000_000)),
    ] {
        forge(&mut net, 0, wrong, "x");
        refused += 1;
        assert_eq!(net.errors(1), vec!["INVALID_FRAME"; refused], "{wrong:?}");
    }
    forge(&mut net, 0, (Some(0), Some(2), None), "");
    assert_eq!(net.errors(1).len(), refused + 1);
    // Another number of parts, and a part twice, end the text.
    for second in [(Some(1), Some(4)), (Some(0), Some(3))] {
        let mut net = Net::new(2);
        let first = begin(&mut net, 3);
        if second.0 == Some(0) {
            forge(&mut net, 0, (Some(1), Some(3), Some(first)), "x");
            forge(&mut net, 0, (Some(1), Some(3), Some(first)), "y");
        } else {
            forge(&mut net, 0, (second.0, second.1, Some(first)), "x");
        }
        assert_eq!(net.errors(1), ["MESSAGES_LOST", "INVALID_FRAME"]);
        forge(&mut net, 0, (Some(2), Some(3), Some(first)), "z");
        assert!(net.texts(1).is_empty());
    }
}

#[test]
fn unfinished_texts_cost_a_bounded_amount_of_memory() {
    let mut net = Net::new(2);
    for lost in 0..5usize {
        begin(&mut net, 2);
        assert_eq!(net.errors(1).len(), lost.saturating_sub(1));
    }
    assert!(net.errors(1).iter().all(|code| *code == "MESSAGES_LOST"));
    // Whatever its parts say, a text has an end: 18 of the longest are more than it may have.
    let mut net = Net::new(2);
    let part = "x".repeat(MAX_TEXT_BYTES);
    let first = forge(&mut net, 0, (Some(0), Some(18), None), &part);
    for index in 1..18 {
        forge(&mut net, 0, (Some(index), Some(18), Some(first)), &part);
    }
    assert_eq!(net.errors(1), ["MESSAGES_LOST", "INVALID_FRAME"]);
    assert!(net.texts(1).is_empty());
}

#[test]
fn many_senders_together_cost_no_more() {
    let mut net = Net::new(2);
    let now = net.now;
    let part = "x".repeat(MAX_TEXT_BYTES);
    // Of as many senders as it takes.
    for sender in 0..200u8 {
        let instance = InstanceId([sender; 16]);
        let text = Text {
            text: part.clone(),
            reply: None,
            at: 0,
            part: Some(0),
            of: Some(2),
            first: None,
        };
        let post = MessageRef::new(instance, 1);
        net.room(1).on_text_part(post, text, 0, now).unwrap();
    }
    net.settle();
    let kept = 8 * MAX_LONG_TEXT_BYTES / MAX_TEXT_BYTES;
    assert_eq!(net.errors(1).len(), 200 - kept);
}
