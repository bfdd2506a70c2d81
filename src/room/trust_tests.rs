//! Whoever comes is judged, and what they say with them.

use super::*;

const ROOM: &str = "V1StGXR8_Z5jdHi6B-myT";
const NOW: u64 = 1_790_000_000;

fn key(index: u8) -> DeviceKey {
    [index; 32]
}

fn text(index: u8) -> String {
    encoding::encode(&key(index))
}

fn book() -> TrustBook {
    TrustBook::new(Contacts::default(), Some(&text(200)))
}

/// What the caller hears when the machine says this.
fn hear(book: &mut TrustBook, event: RoomEvent) -> Vec<RoomEvent> {
    let first = book.look_at(Output::Event(event), Some(ROOM));
    first
        .into_iter()
        .chain(core::iter::from_fn(|| book.poll()))
        .map(unwrap)
        .collect()
}

fn told(book: &mut TrustBook, contacts: &Contacts) -> Vec<RoomEvent> {
    book.set_contacts(contacts.clone(), ROOM);
    core::iter::from_fn(|| book.poll()).map(unwrap).collect()
}

fn unwrap(output: Output) -> RoomEvent {
    match output {
        Output::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn joined(id: &str, name: &str, device_key: String) -> RoomEvent {
    RoomEvent::MemberJoined {
        id: id.into(),
        name: name.into(),
        device_key,
    }
}

fn announced(id: &str, index: u8, changed: bool) -> RoomEvent {
    RoomEvent::MemberKey {
        id: id.into(),
        device_key: text(index),
        changed,
    }
}

fn trust(id: &str, verified: bool, previous: Option<u8>) -> RoomEvent {
    RoomEvent::MemberTrust {
        id: id.into(),
        verified,
        key_changed: previous.is_some(),
        previous_key: previous.map(text),
    }
}

fn looked_at(id: &str, from: &str, verification: Verification) -> RoomEvent {
    RoomEvent::MessageVerified {
        id: id.into(),
        from: from.into(),
        verification,
    }
}

/// What a message counts as that the machine calls `verification`.
fn says(book: &mut TrustBook, from: &str, id: &str, verification: Verification) -> Verification {
    let message = RoomEvent::Message {
        id: id.into(),
        from: from.into(),
        text: "x".into(),
        reply_to: None,
        quote: None,
        verification,
        sent_at: 0,
        received_at: 0,
    };
    match hear(book, message).as_slice() {
        [RoomEvent::Message { verification, .. }] => *verification,
        other => panic!("{other:?}"),
    }
}

use Verification::{Failed, KeyChanged, Unknown, Unsigned, Verified};

#[test]
fn who_comes_with_another_key_is_told_before_it_comes() {
    let mut book = book();
    let ada = joined("1", "Ada", text(1));
    assert_eq!(hear(&mut book, ada.clone()), [ada], "nothing to say of the first");
    let other = joined("2", "ada", text(2));
    assert_eq!(hear(&mut book, other.clone()), [trust("2", false, Some(1)), other]);
    assert_eq!(says(&mut book, "1", "a", Verified), Verified);
    assert_eq!(says(&mut book, "2", "b", Verified), KeyChanged);
    // Who leaves and comes back is who was there before.
    let left = RoomEvent::MemberLeft { id: "1".into() };
    assert_eq!(hear(&mut book, left.clone()), [left]);
    let back = joined("3", "Ada", text(1));
    assert_eq!(hear(&mut book, back.clone()), [back]);
    let again = joined("4", "Ada", text(2));
    assert_eq!(hear(&mut book, again.clone()), [trust("4", false, Some(1)), again]);
}

#[test]
fn an_acknowledged_key_makes_its_messages_count_also_of_who_has_left() {
    let mut book = book();
    hear(&mut book, joined("1", "Ada", text(1)));
    hear(&mut book, joined("2", "Ada", text(2)));
    hear(&mut book, joined("3", "Ada", text(3)));
    for (from, id) in [("2", "b"), ("3", "c"), ("2", "d")] {
        assert_eq!(says(&mut book, from, id, Verified), KeyChanged);
    }
    hear(&mut book, RoomEvent::MemberLeft { id: "2".into() });
    let mut contacts = book.contacts.clone();
    contacts.acknowledge(ROOM, "Ada", &key(2), NOW);
    assert_eq!(
        told(&mut book, &contacts),
        [
            trust("3", false, Some(2)),
            looked_at("b", "2", Verified),
            looked_at("d", "2", Verified)
        ],
        "and the third has another one to be compared with"
    );
    contacts.verify(&key(3), true, NOW);
    let expected = [trust("3", true, None), looked_at("c", "3", Verified)];
    assert_eq!(told(&mut book, &contacts), expected);
    assert_eq!(told(&mut book, &contacts), []);
    contacts.verify(&key(3), false, NOW);
    assert_eq!(
        told(&mut book, &contacts),
        [trust("3", false, Some(2))],
        "not accepted, only verified"
    );
}

#[test]
fn one_key_twice_is_trusted_alike_and_our_own_is_ours() {
    let mut contacts = Contacts::default();
    contacts.verify(&key(1), true, NOW);
    let mut book = TrustBook::new(contacts, Some(&text(200)));
    for id in ["1", "2"] {
        let ada = joined(id, "Ada", text(1));
        assert_eq!(hear(&mut book, ada.clone()), [trust(id, true, None), ada]);
    }
    let ours = joined("3", "Ada", text(200));
    assert_eq!(
        hear(&mut book, ours.clone()),
        [trust("3", true, None), ours],
        "another tab"
    );
    assert_eq!(says(&mut book, "3", "a", Verified), Verified);
    // Where anybody can repeat an announcement, our key with somebody else says nothing.
    let mut arthas = TrustBook::new(Contacts::default(), None);
    let ours = joined("3", "Ada", text(200));
    assert_eq!(hear(&mut arthas, ours.clone()), [ours]);
}

#[test]
fn keys_that_are_announced_late_and_later_ones() {
    let mut book = book();
    let (ada, first, second) = (
        joined("1", "Ada", String::new()),
        announced("1", 1, false),
        announced("1", 2, true),
    );
    assert_eq!(hear(&mut book, ada.clone()), [ada]);
    assert_eq!(says(&mut book, "1", "a", Unsigned), Unsigned);
    assert_eq!(says(&mut book, "1", "b", Unknown), Unknown);
    assert_eq!(hear(&mut book, first.clone()), [first]);
    assert_eq!(
        hear(&mut book, looked_at("b", "1", Verified)),
        [looked_at("b", "1", Verified)]
    );
    assert_eq!(hear(&mut book, second.clone()), [second, trust("1", false, Some(1))]);
    assert_eq!(says(&mut book, "1", "c", Unknown), Unknown, "under the first");
    assert_eq!(says(&mut book, "1", "d", Verified), KeyChanged, "under the second");
    assert_eq!(says(&mut book, "1", "e", Failed), Failed);
    let back = announced("1", 1, true);
    assert_eq!(hear(&mut book, back.clone()), [back, trust("1", false, None)]);
    assert_eq!(says(&mut book, "1", "c", Verified), Verified);
    hear(&mut book, announced("1", 2, true));
    let mut contacts = book.contacts.clone();
    contacts.acknowledge(ROOM, "Ada", &key(2), NOW);
    assert_eq!(
        told(&mut book, &contacts),
        [trust("1", false, None), looked_at("d", "1", Verified)]
    );
    assert_eq!(says(&mut book, "1", "f", Verified), Verified);

    // The first key that is announced may be another than the one that is pinned.
    hear(&mut book, joined("2", "Ada", String::new()));
    let third = announced("2", 3, false);
    assert_eq!(hear(&mut book, third.clone()), [third, trust("2", false, Some(2))]);
    assert_eq!(
        hear(&mut book, looked_at("g", "2", Verified)),
        [looked_at("g", "2", KeyChanged)]
    );
    hear(&mut book, announced("9", 4, false));
}

#[test]
fn a_book_that_does_not_know_the_last_meeting_yet_changes_nothing() {
    let mut book = book();
    hear(&mut book, joined("1", "Ada", text(1)));
    // A turn that began before has ended.
    assert_eq!(told(&mut book, &Contacts::default()), []);
    let other = joined("2", "Ada", text(2));
    assert_eq!(hear(&mut book, other.clone()), [trust("2", false, Some(1)), other]);
}

#[test]
fn what_waits_to_be_acknowledged_is_bounded() {
    let mut book = book();
    hear(&mut book, joined("1", "Ada", text(1)));
    hear(&mut book, joined("2", "Ada", text(2)));
    for message in 0..=MAX_DOUBTFUL {
        says(&mut book, "2", &message.to_string(), Verified);
    }
    assert_eq!(book.doubtful.len(), MAX_DOUBTFUL);
    for member in 0..=MAX_JUDGED {
        hear(&mut book, joined(&format!("x{member}"), "Eve", text(3)));
    }
    assert_eq!(book.members.len(), MAX_JUDGED);
    assert_eq!(says(&mut book, "1", "?", Verified), Verified, "no longer judged");
}

#[test]
fn nothing_is_judged_before_the_room_is_known() {
    let mut book = book();
    let ada = joined("1", "Ada", text(1));
    assert!(book.look_at(Output::Event(ada), None).is_some());
    assert!(book.members.is_empty() && book.poll().is_none());
    let send = book.look_at(Output::Send(vec![1]), Some(ROOM));
    assert!(matches!(send, Some(Output::Send(_))));
}
