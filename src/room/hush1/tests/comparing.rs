//! Live comparisons between members.

use super::{
    super::{
        comparing::LIMIT_MS,
        event::{Compare, Event},
    },
    *,
};
use crate::room::output::Picture;

fn with(net: &mut Net, client: usize, other: usize, act: impl FnOnce(&mut Room, &str, u64)) {
    let (id, now) = (net.id(other), net.now);
    act(net.room(client), &id, now);
    net.settle();
}

fn ask(net: &mut Net, client: usize, other: usize, id: u8) {
    with(net, client, other, |room, member, now| {
        room.compare(member, [id; 16], now).unwrap();
    });
}

fn accept(net: &mut Net, client: usize, other: usize) {
    with(net, client, other, |room, member, now| {
        room.compare_accept(member, now).unwrap();
    });
}

fn confirm(net: &mut Net, client: usize, other: usize, same: bool) {
    with(net, client, other, |room, member, now| {
        room.compare_confirm(member, same, now).unwrap();
    });
}

fn cancel(net: &mut Net, client: usize, other: usize) {
    with(net, client, other, |room, member, now| {
        room.compare_cancel(member, now).unwrap();
    });
}

/// What a user was told of all comparisons, in order; a failure by its reason.
fn states(net: &Net, client: usize) -> Vec<&'static str> {
    let states = net.clients[client].events.iter().filter_map(|event| match event {
        RoomEvent::Comparison { state, reason, .. } => Some(reason.unwrap_or(state)),
        _ => None,
    });
    states.collect()
}

type Shown = Option<(Option<Box<[Picture; 7]>>, Option<[u16; 3]>)>;

fn shown(net: &Net, client: usize) -> Shown {
    net.clients[client].events.iter().rev().find_map(|event| match event {
        RoomEvent::Comparison {
            state: "pictures",
            pictures,
            decimals,
            ..
        } => Some((pictures.clone(), *decimals)),
        _ => None,
    })
}

/// Two who see pictures.
fn comparing() -> Net {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    accept(&mut net, 1, 0);
    net
}

/// Says to `to` what no client says.
fn forge(net: &mut Net, from: usize, to: &[usize], message: &[u8]) {
    let recipients = to.iter().map(|to| net.clients[*to].room.device.instance).collect();
    let event = Event::from(Compare {
        message: message.to_vec().into(),
    });
    let now = net.now;
    net.room(from).post(&event, recipients, now).unwrap();
    net.settle();
}

#[test]
fn two_who_see_the_same_pictures_verify_each_other() {
    let mut net = comparing();
    assert_eq!(states(&net, 0), ["waiting", "pictures"]);
    assert_eq!(states(&net, 1), ["requested", "waiting", "pictures"]);
    let pictures = shown(&net, 0).unwrap();
    assert!(pictures.0.is_some() && pictures.1.is_some());
    assert_eq!(Some(pictures), shown(&net, 1));
    confirm(&mut net, 0, 1, true);
    assert_eq!(states(&net, 0).last(), Some(&"confirmed"));
    assert_eq!(states(&net, 1).last(), Some(&"pictures"), "one alone verifies nothing");
    confirm(&mut net, 1, 0, true);
    for client in [0, 1] {
        assert_eq!(states(&net, client).last(), Some(&"verified"));
        assert!(net.errors(client).is_empty() && net.room(client).comparisons.is_empty());
    }
    // Another one begins from the start.
    ask(&mut net, 1, 0, 2);
    assert_eq!(states(&net, 0).last(), Some(&"requested"));
}

#[test]
fn a_comparison_survives_lost_connections() {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    net.disconnect(0);
    accept(&mut net, 1, 0);
    net.restart_relay();
    net.connect(1);
    net.settle();
    net.connect(0);
    net.settle();
    assert_eq!(states(&net, 0).last(), Some(&"pictures"));
    confirm(&mut net, 1, 0, true);
    confirm(&mut net, 0, 1, true);
    assert_eq!(
        (states(&net, 0).last(), states(&net, 1).last()),
        (Some(&"verified"), Some(&"verified"))
    );
}

#[test]
fn who_sees_other_pictures_ends_it_for_both() {
    let mut net = comparing();
    confirm(&mut net, 1, 0, true);
    confirm(&mut net, 0, 1, false);
    for client in [0, 1] {
        assert_eq!(states(&net, client).last(), Some(&"mismatch"));
        assert!(!states(&net, client).contains(&"verified"));
    }
    let (id, now) = (net.id(1), net.now);
    let late = net.room(0).compare_confirm(&id, true, now);
    assert_eq!(late.unwrap_err().code(), "INVALID_STATE");
}

#[test]
fn a_request_can_be_declined_and_taken_back() {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    cancel(&mut net, 1, 0);
    assert_eq!(states(&net, 0), ["waiting", "cancelled"]);
    assert_eq!(states(&net, 1), ["requested", "cancelled"]);
    ask(&mut net, 0, 1, 2);
    cancel(&mut net, 0, 1);
    assert_eq!(states(&net, 1).last(), Some(&"cancelled"));
    // Once more is no harm.
    cancel(&mut net, 0, 1);
    assert_eq!(states(&net, 0).len(), 4);
    let (id, now) = (net.id(0), net.now);
    let late = net.room(1).compare_accept(&id, now);
    assert_eq!(late.unwrap_err().code(), "INVALID_STATE");
}

#[test]
fn two_who_ask_at_once_have_one_comparison() {
    let mut net = Net::new(2);
    let (ids, now) = ([net.id(0), net.id(1)], net.now);
    net.room(0).compare(&ids[1], [1; 16], now).unwrap();
    net.room(1).compare(&ids[0], [2; 16], now).unwrap();
    net.settle();
    for client in [0, 1] {
        assert_eq!(states(&net, client), ["waiting", "pictures"], "{client}");
    }
    assert_eq!(shown(&net, 0), shown(&net, 1));
    confirm(&mut net, 0, 1, true);
    confirm(&mut net, 1, 0, true);
    assert_eq!(
        (states(&net, 0).last(), states(&net, 1).last()),
        (Some(&"verified"), Some(&"verified"))
    );
}

#[test]
fn who_asks_back_has_agreed() {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    ask(&mut net, 1, 0, 2);
    assert_eq!(states(&net, 1), ["requested", "waiting", "pictures"]);
    assert_eq!(states(&net, 0), ["waiting", "pictures"]);
}

#[test]
fn a_new_start_replaces_the_one_before() {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    ask(&mut net, 0, 1, 2);
    assert_eq!(states(&net, 0), ["waiting", "cancelled", "waiting"]);
    assert_eq!(states(&net, 1), ["requested", "cancelled", "requested"]);
    accept(&mut net, 1, 0);
    let first = shown(&net, 0);
    ask(&mut net, 1, 0, 3);
    assert_eq!(states(&net, 0)[3..], ["pictures", "cancelled", "requested"]);
    accept(&mut net, 0, 1);
    assert_eq!(shown(&net, 0), shown(&net, 1));
    assert_ne!(shown(&net, 0), first);
    // Without a word of the one before, too.
    let start = [&[1][..], &[4; 16]].concat();
    forge(&mut net, 1, &[0], &start);
    assert_eq!(states(&net, 0)[6..], ["waiting", "pictures", "cancelled", "requested"]);
    let again = [&[1][..], &[5; 16]].concat();
    forge(&mut net, 1, &[0], &again);
    assert_eq!(states(&net, 0).len(), 10, "nobody is asked twice");
}

#[test]
fn who_leaves_in_the_middle_has_verified_nothing() {
    let mut net = comparing();
    confirm(&mut net, 0, 1, true);
    net.room(1).leave();
    net.settle();
    assert_eq!(states(&net, 0).last(), Some(&"left"));
    assert_eq!(states(&net, 1).last(), Some(&"cancelled"));
    for client in [0, 1] {
        assert!(!states(&net, client).contains(&"verified"));
    }
    let (id, now) = (net.id(1), net.now);
    let gone = net.room(0).compare(&id, [1; 16], now);
    assert_eq!(gone.unwrap_err().code(), "UNKNOWN_MEMBER");
}

#[test]
fn a_comparison_has_ten_minutes() {
    let mut net = comparing();
    net.pass(LIMIT_MS - 100);
    assert_eq!(states(&net, 0).last(), Some(&"pictures"));
    assert_eq!(net.room(0).comparison_deadline(), Some(1000 + LIMIT_MS));
    net.pass(100);
    for client in [0, 1] {
        assert_eq!(states(&net, client).last(), Some(&"cancelled"));
        assert_eq!(net.room(client).comparison_deadline(), None);
    }
}

#[test]
fn messages_of_others_and_of_other_comparisons_change_nothing() {
    let mut net = Net::new(3);
    ask(&mut net, 0, 1, 1);
    accept(&mut net, 1, 0);
    let before = (states(&net, 0), states(&net, 1));
    for kind in 2..=5u8 {
        let length = if kind == 5 { 1 } else { 32 };
        let foreign = |id: u8| [&[kind][..], &[id; 16], &vec![7; length][..]].concat();
        forge(&mut net, 2, &[0], &foreign(1));
        forge(&mut net, 1, &[0], &foreign(9));
    }
    assert_eq!((states(&net, 0), states(&net, 1)), before);
    assert!(net.errors(0).is_empty());
    // A third has a comparison of its own.
    ask(&mut net, 2, 0, 5);
    assert_eq!(states(&net, 0).last(), Some(&"requested"));
    confirm(&mut net, 0, 1, true);
    confirm(&mut net, 1, 0, true);
    assert_eq!(states(&net, 1).last(), Some(&"verified"));
}

#[test]
fn what_is_malformed_or_for_several_is_refused() {
    let mut net = Net::new(3);
    for message in [&b""[..], &[1; 16], &[0; 17], &[6; 17], &[1; 18], &[2; 50]] {
        forge(&mut net, 0, &[1], message);
    }
    assert_eq!(net.errors(1), ["INVALID_FRAME"; 6]);
    let start = [&[1][..], &[4; 16]].concat();
    forge(&mut net, 0, &[1, 2], &start);
    forge(&mut net, 0, &[], &start);
    assert_eq!(net.errors(1)[6..], ["MISDIRECTED"; 2]);
    assert_eq!(net.errors(2), ["MISDIRECTED"; 2]);
    assert!(states(&net, 1).is_empty() && states(&net, 2).is_empty());
}

#[test]
fn what_does_not_belong_there_ends_it() {
    let message = |kind: u8, length: usize| [&[kind][..], &[1; 16], &vec![7; length][..]].concat();
    // Before our user has answered; in answer to our start; while the pictures are shown.
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    forge(&mut net, 0, &[1], &message(3, 32));
    assert_eq!(states(&net, 1), ["requested", "unexpected"]);
    assert_eq!(states(&net, 0), ["waiting", "unexpected"]);
    ask(&mut net, 0, 1, 1);
    forge(&mut net, 1, &[0], &message(4, 32));
    assert_eq!(states(&net, 0).last(), Some(&"unexpected"));
    for (kind, length, reason) in [
        (2, 32, "unexpected"),
        (4, 32, "code"),
        (5, 1, "cancelled"),
        (5, 2, "unexpected"),
    ] {
        let mut net = comparing();
        confirm(&mut net, 0, 1, true);
        forge(&mut net, 1, &[0], &message(kind, length));
        assert_eq!(states(&net, 0).last(), Some(&reason), "{kind}");
        assert!(!states(&net, 0).contains(&"verified"));
    }
}

#[test]
fn a_key_that_was_not_committed_to_ends_it() {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    let message = |kind: u8, content: u8| [&[kind][..], &[1; 16], &[content; 32]].concat();
    // What its own client makes of it is not asked.
    net.room(1).comparisons.clear();
    forge(&mut net, 1, &[0], &message(2, 7));
    forge(&mut net, 1, &[0], &message(3, 9));
    assert_eq!(states(&net, 0), ["waiting", "commitment"]);
}

#[test]
fn repeated_posts_do_not_repeat_a_step() {
    let mut net = Net::new(2);
    ask(&mut net, 0, 1, 1);
    accept(&mut net, 1, 0);
    let sent = net.sent.clone();
    let states_before = (states(&net, 0), states(&net, 1));
    // The relay sends every post of the comparison once more.
    for (seq, frame) in (5000..).zip(sent) {
        let Ok(Frame::Post(post)) = Frame::decode(&frame) else {
            continue;
        };
        let posted = Posted {
            seq,
            t: 0,
            from: net.route_of(0),
            body: post.body,
        };
        let bytes = Frame::from(posted).encode().unwrap();
        let now = net.now;
        for client in [0, 1] {
            net.room(client).on_frame(&bytes, bytes.len(), now);
        }
    }
    net.settle();
    assert_eq!((states(&net, 0), states(&net, 1)), states_before);
    assert!(net.errors(0).contains(&"REPLAYED"));
}

#[test]
fn nobody_is_compared_with_who_is_not_there() {
    let mut net = Net::new(1);
    let now = net.now;
    let own = net.id(0);
    for member in ["", "nobody", &own] {
        for result in [
            net.room(0).compare(member, [1; 16], now),
            net.room(0).compare_accept(member, now),
            net.room(0).compare_confirm(member, true, now),
            net.room(0).compare_cancel(member, now),
        ] {
            assert_eq!(result.unwrap_err().code(), "UNKNOWN_MEMBER");
        }
    }
    net.room(0).leave();
    assert_eq!(net.room(0).compare(&own, [1; 16], now).unwrap_err().code(), "CLOSED");
}
