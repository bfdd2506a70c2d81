use super::*;

#[test]
fn a_resumed_connection_misses_nothing_and_repeats_nothing() {
    let mut net = Net::new(2);
    net.say(0, "one");
    net.disconnect(1);
    net.say(0, "two");
    let now = net.now;
    net.room(1).send_text("mine", None, now, now).unwrap();
    net.settle();
    net.connect(1);
    net.settle();
    net.say(0, "three");
    assert_eq!(net.texts(1), ["one", "two", "three"]);
    assert_eq!(net.texts(0), ["mine"]);
    assert!(net.errors(0).is_empty() && net.errors(1).is_empty());
    let presence = net
        .take_events(0)
        .iter()
        .any(|event| matches!(event, RoomEvent::MemberPresence { .. }));
    assert!(!presence, "others notice nothing");
}

#[test]
fn a_post_whose_answer_was_lost_is_not_posted_twice() {
    let mut net = Net::new(2);
    let now = net.now;
    net.room(0).send_text("once", None, now, now).unwrap();
    net.step_client(0);
    net.disconnect(0);
    net.settle();
    net.connect(0);
    net.settle();
    assert_eq!(net.texts(1), ["once"]);
    let accepted = net
        .take_events(0)
        .iter()
        .filter(|event| matches!(event, RoomEvent::Accepted { .. }))
        .count();
    assert_eq!(accepted, 1);
}

#[test]
fn a_relay_that_dies_costs_no_message() {
    let mut net = Net::new(3);
    net.say(0, "one");
    // Accepted by the relay, but lost before client 2 got it.
    net.meddle = Some(Box::new(|client, frame| if client == 2 { vec![] } else { vec![frame] }));
    net.say(0, "two");
    net.say(1, "from one");
    net.meddle = None;
    net.restart_relay();
    let now = net.now;
    net.room(1).send_text("while it was down", None, now, now).unwrap();
    for client in [2, 0, 1] {
        net.connect(client);
        net.settle();
    }
    net.say(2, "three");
    net.pass(1000);
    assert_eq!(net.texts(0), ["from one", "while it was down", "three"]);
    assert_eq!(net.texts(1), ["one", "two", "three"]);
    let mut texts = net.texts(2);
    texts.sort();
    assert_eq!(texts, ["from one", "one", "two", "while it was down"]);
    for client in 0..3 {
        assert!(net.errors(client).is_empty(), "{:?}", net.errors(client));
        let left = net
            .take_events(client)
            .iter()
            .any(|event| matches!(event, RoomEvent::MemberLeft { .. }));
        assert!(!left);
    }
}

#[test]
fn who_was_away_for_longer_than_the_grace_time_gets_what_it_missed() {
    let mut net = Net::new(2);
    net.disconnect(1);
    net.drop_place(1);
    net.settle();
    let id = net.id(1);
    assert!(net.clients[0].events.contains(&RoomEvent::MemberPresence {
        id: id.clone(),
        here: false
    }));
    for text in ["a", "b", "c"] {
        net.say(0, text);
    }
    net.connect(1);
    net.settle();
    net.pass(500);
    assert_eq!(net.texts(1), ["a", "b", "c"]);
    assert!(net.clients[0]
        .events
        .contains(&RoomEvent::MemberPresence { id, here: true }));
    assert!(net.errors(0).is_empty() && net.errors(1).is_empty());
}

#[test]
fn more_than_the_outbox_holds_is_reported_lost() {
    let mut net = Net::new(2);
    net.disconnect(1);
    net.drop_place(1);
    for index in 0..600 {
        net.say(0, &index.to_string());
    }
    net.connect(1);
    net.settle();
    net.pass(500);
    // One place of the 512 is taken by the post that says so.
    assert_eq!(net.texts(1).len(), 511);
    assert!(net.errors(1).contains(&"MESSAGES_LOST"));
}

#[test]
fn who_stays_away_is_let_go() {
    let mut net = Net::new(2);
    net.disconnect(1);
    net.drop_place(1);
    net.settle();
    net.pass(599_000);
    let left = RoomEvent::MemberLeft { id: net.id(1) };
    assert!(!net.clients[0].events.contains(&left));
    net.pass(2000);
    assert!(net.clients[0].events.contains(&left));
}

#[test]
fn what_cannot_be_sent_for_long_is_refused_rather_than_forgotten() {
    let mut net = Net::new(2);
    net.disconnect(0);
    let now = net.now;
    for _ in 0..512 {
        net.room(0).send_text("x", None, now, now).unwrap();
    }
    assert_eq!(
        net.room(0).send_text("x", None, now, now).unwrap_err().code(),
        "INVALID_STATE"
    );
    net.connect(0);
    net.settle();
    assert_eq!(net.texts(1).len(), 512);
}
