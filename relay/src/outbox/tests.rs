use super::*;

fn outbox(limit: usize) -> (Outbox, Arc<Budget>) {
    let budget = Arc::new(Budget::new(limit));
    (Outbox::new(&budget, &Arc::new(Counters::default())), budget)
}

fn frame(byte: u8, length: usize) -> Bytes {
    vec![byte; length].into()
}

#[test]
fn the_first_queue_comes_before_each_bulk_frame() {
    let (outbox, _) = outbox(usize::MAX);
    outbox.push_bulk(frame(1, 10));
    outbox.push_bulk(frame(2, 10));
    outbox.push(frame(3, 10));
    assert_eq!(outbox.pop(), Some(Next::First(frame(3, 10))));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(1, 10))));
    outbox.push(frame(4, 10));
    assert_eq!(outbox.pop(), Some(Next::First(frame(4, 10))));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(2, 10))));
    assert_eq!(outbox.pop(), None);
}

#[test]
fn a_full_first_queue_closes_and_frees() {
    let (outbox, budget) = outbox(usize::MAX);
    outbox.push_bulk(frame(1, 1000));
    for _ in 0..FIRST_QUEUE_BYTES / (1000 + FRAME_OVERHEAD_BYTES) {
        outbox.push(frame(1, 1000));
    }
    assert_eq!(outbox.close_reason(), None);
    outbox.push(frame(1, 1000));
    assert_eq!(outbox.pop(), Some(Next::Close(Close::TooSlow)));
    assert_eq!(budget.used(), 0);
    assert_eq!(outbox.counters.snapshot().too_slow_total, 1);
    outbox.push(frame(1, 1));
    assert!(outbox.push_bulk(frame(1, 1)));
    outbox.close(Close::Replaced, None);
    assert_eq!(
        outbox.pop(),
        Some(Next::Close(Close::TooSlow)),
        "the first reason stands"
    );
}

#[test]
fn a_full_bulk_queue_refuses() {
    let (outbox, budget) = outbox(usize::MAX);
    let taken = (0..100).filter(|_| outbox.push_bulk(frame(1, 65_600))).count();
    assert_eq!(taken, BULK_QUEUE_BYTES / (65_600 + FRAME_OVERHEAD_BYTES));
    assert!(budget.used() <= BULK_QUEUE_BYTES);
    outbox.pop();
    assert!(outbox.push_bulk(frame(1, 65_600)));
    assert_eq!(outbox.close_reason(), None);
    drop(outbox);
    assert_eq!(budget.used(), 0);
}

#[test]
fn empty_frames_cost_something_too() {
    let (outbox, _) = outbox(usize::MAX);
    let taken = (0..1_000_000).take_while(|_| outbox.push_bulk(Bytes::new())).count();
    assert_eq!(taken, BULK_QUEUE_BYTES / FRAME_OVERHEAD_BYTES);
}

#[test]
fn the_common_budget_bounds_bulk() {
    let (outbox, _) = outbox(100_000);
    assert!(outbox.push_bulk(frame(1, 65_536)));
    assert!(!outbox.push_bulk(frame(1, 65_536)));
}

#[test]
fn what_is_sent_again_has_room_beyond_the_limit() {
    let (outbox, _) = outbox(usize::MAX);
    outbox.push_again((0..16).map(|_| frame(1, 60_000)));
    for _ in 0..200 {
        outbox.push(frame(2, 1000));
    }
    assert_eq!(outbox.close_reason(), None);
    for _ in 0..216 {
        assert!(matches!(outbox.pop(), Some(Next::First(_))));
    }
    assert_eq!(outbox.pop(), None);
    for _ in 0..300 {
        outbox.push(frame(2, 1000));
    }
    assert_eq!(outbox.close_reason(), Some(Close::TooSlow), "the allowance is used up");
}

#[test]
fn a_close_comes_after_what_waits_and_the_last_word() {
    let (outbox, _) = outbox(usize::MAX);
    outbox.push(frame(1, 1));
    outbox.push_bulk(frame(2, 1));
    outbox.close(Close::Expired, Some(frame(3, 1)));
    assert_eq!(outbox.pop(), Some(Next::First(frame(1, 1))));
    assert_eq!(outbox.pop(), Some(Next::First(frame(3, 1))));
    assert_eq!(outbox.pop(), Some(Next::Close(Close::Expired)));
}

#[test]
fn what_waits_of_a_transfer_can_be_taken_back() {
    let (outbox, budget) = outbox(usize::MAX);
    for (tag, byte) in [(1, 1), (2, 2), (1, 3), (2, 4)] {
        assert!(outbox.push_file(tag, frame(byte, 100)));
    }
    outbox.drop_file(1);
    assert_eq!(budget.used(), 2 * (100 + FRAME_OVERHEAD_BYTES));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(2, 100))));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(4, 100))));
    assert_eq!(outbox.pop(), None);
    outbox.push_file(3, frame(5, 100));
    outbox.drop_bulk();
    assert_eq!((outbox.pop(), budget.used()), (None, 0));
}

#[test]
fn what_goes_behind_overtakes_no_file() {
    let (outbox, _) = outbox(usize::MAX);
    outbox.push_behind(frame(1, 10));
    outbox.push_file(1, frame(2, 10));
    outbox.push_behind(frame(3, 10));
    outbox.push(frame(4, 10));
    assert_eq!(outbox.pop(), Some(Next::First(frame(1, 10))));
    assert_eq!(outbox.pop(), Some(Next::First(frame(4, 10))));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(2, 10))));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(3, 10))));
    // Without room it goes first: better early than never.
    while outbox.push_file(1, frame(5, 100_000)) {}
    while outbox.push_file(1, frame(5, 10)) {}
    outbox.push_behind(frame(6, 10));
    assert_eq!(outbox.pop(), Some(Next::First(frame(6, 10))));
}

#[test]
fn a_receiver_is_behind_while_it_takes_something() {
    let (outbox, _) = outbox(usize::MAX);
    let now = Instant::now();
    assert!(!outbox.is_behind(now));
    assert_eq!(outbox.pop(), None, "the writer has nothing to do");
    while !outbox.is_behind(Instant::now()) {
        assert!(outbox.push_file(1, frame(1, 65_536)));
    }
    assert!(outbox.queues.lock().bulk_share.bytes() < BULK_QUEUE_BYTES / 2 + 70_000);
    assert!(!outbox.is_behind(now + STALLED_AFTER * 2), "it has stalled");
    outbox.pop();
    assert!(!outbox.is_behind(Instant::now()), "there is room");
    // Taking the file back gives a stalled writer no new start.
    let later = now + STALLED_AFTER * 2;
    outbox.drop_file(1);
    while outbox.push_file(2, frame(1, 65_536)) {}
    assert!(outbox.is_behind(Instant::now()) && !outbox.is_behind(later));
    let moved = outbox.queues.lock().bulk_moved;
    outbox.drop_file(2);
    outbox.push_file(3, frame(1, 10));
    assert_eq!(outbox.queues.lock().bulk_moved, moved);
    outbox.pop();
    outbox.pop();
    outbox.push_file(4, frame(1, 10));
    assert!(outbox.queues.lock().bulk_moved > moved);
}

#[test]
fn a_ping_waits_for_nothing_but_the_first_queue() {
    let (outbox, _) = outbox(usize::MAX);
    outbox.push_bulk(frame(1, 10));
    outbox.ping();
    outbox.ping();
    outbox.push(frame(2, 10));
    assert_eq!(outbox.pop(), Some(Next::First(frame(2, 10))));
    assert_eq!(outbox.pop(), Some(Next::Ping));
    assert_eq!(outbox.pop(), Some(Next::Bulk(frame(1, 10))));
    assert_eq!(outbox.pop(), None);
}

#[test]
fn a_replaced_connection_gets_the_last_word_only() {
    let (outbox, _) = outbox(usize::MAX);
    outbox.push(frame(1, 1));
    outbox.close(Close::Replaced, Some(frame(3, 1)));
    assert_eq!(outbox.pop(), Some(Next::First(frame(3, 1))));
    assert_eq!(outbox.pop(), Some(Next::Close(Close::Replaced)));
}
