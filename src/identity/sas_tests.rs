use super::*;

const ROOM: &str = "abcdefghijklmnopqrstu";

fn device(seed: u8) -> Device {
    Device {
        instance: InstanceId([seed; 16]),
        key: [seed; 32],
    }
}

/// Both sides, up to the pictures.
fn shown() -> (Comparison, Comparison) {
    let (mut a, start) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
    let (mut b, accept) = Comparison::accept(ROOM, device(2), device(1), &start).unwrap();
    assert_eq!((a.progress(), b.progress()), (Progress::Waiting, Progress::Waiting));
    assert!(a.pictures().is_none() && a.confirm(true).is_err());
    let (key_a, _) = a.receive(&accept).unwrap();
    let (key_b, progress) = b.receive(&key_a.unwrap()).unwrap();
    assert_eq!(progress, Progress::Compare);
    assert_eq!(a.receive(&key_b.unwrap()).unwrap(), (None, Progress::Compare));
    (a, b)
}

#[test]
fn two_devices_see_the_same_pictures_and_verify_each_other() {
    let (mut a, mut b) = shown();
    assert_eq!(a.pictures(), b.pictures());
    assert_eq!(a.decimals(), b.decimals());
    assert!(a
        .pictures()
        .unwrap()
        .iter()
        .all(|(picture, name)| !picture.is_empty() && !name.is_empty()));
    let (mac_a, progress) = a.confirm(true).unwrap();
    assert_eq!(progress, Progress::Waiting);
    // The other's word before our own user's.
    assert_eq!(b.receive(&mac_a.unwrap()).unwrap(), (None, Progress::Compare));
    let (mac_b, progress) = b.confirm(true).unwrap();
    assert_eq!(progress, Progress::Verified);
    assert_eq!(a.receive(&mac_b.unwrap()).unwrap(), (None, Progress::Verified));
    assert!(a.confirm(true).is_err() && a.cancel().is_none());
}

#[test]
fn a_user_who_sees_other_pictures_ends_it_for_both() {
    let (mut a, mut b) = shown();
    let (cancel, progress) = a.confirm(false).unwrap();
    assert_eq!(progress, Progress::Ended(Reason::PicturesDiffer));
    let differ = Progress::Ended(Reason::PicturesDiffer);
    assert_eq!(b.receive(&cancel.unwrap()).unwrap(), (None, differ));
    // Nothing brings it back.
    let (mut c, _) = shown();
    let (mac, _) = c.confirm(true).unwrap();
    assert_eq!(b.receive(&mac.unwrap()).unwrap(), (None, differ));
    assert!(b.confirm(true).is_err());
}

/// Somebody between them runs a comparison with each. The pictures differ, all but once in 2^42.
#[test]
fn somebody_in_between_shows_them_different_pictures() {
    let (mut a, start) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
    let (mut evil_b, accept) = Comparison::accept(ROOM, device(2), device(1), &start).unwrap();
    let (mut evil_a, start) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
    let (mut b, accept_b) = Comparison::accept(ROOM, device(2), device(1), &start).unwrap();
    let key = a.receive(&accept).unwrap().0.unwrap();
    a.receive(&evil_b.receive(&key).unwrap().0.unwrap()).unwrap();
    let key = evil_a.receive(&accept_b).unwrap().0.unwrap();
    b.receive(&key).unwrap();
    assert_ne!(a.pictures(), b.pictures());
}

#[test]
fn a_key_other_than_the_committed_one_is_noticed() {
    let (mut a, start) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
    let (_, accept) = Comparison::accept(ROOM, device(2), device(1), &start).unwrap();
    a.receive(&accept).unwrap();
    let other = [&[KEY], [9; 16].as_slice(), &[8; 32]].concat();
    let (cancel, progress) = a.receive(&other).unwrap();
    assert_eq!(progress, Progress::Ended(Reason::WrongCommitment));
    assert_eq!(cancel.unwrap().last(), Some(&2));
}

/// The pictures are the same only if both sides mean the same two devices in the same room.
#[test]
fn room_devices_and_instances_are_part_of_it() {
    let wrong = [(ROOM, device(3)), ("bbcdefghijklmnopqrstu", device(1))];
    for (room, starter) in wrong {
        let (mut a, start) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
        let (mut b, accept) = Comparison::accept(room, device(2), starter, &start).unwrap();
        let key = a.receive(&accept).unwrap().0.unwrap();
        let key = b.receive(&key).unwrap().0.unwrap();
        assert_eq!(a.receive(&key).unwrap().1, Progress::Ended(Reason::WrongCommitment));
    }
}

/// Whoever agreed with one device cannot pass for another.
#[test]
fn a_wrong_code_over_the_device_key_is_noticed() {
    let (mut a, mut b) = shown();
    let mut mac = b.confirm(true).unwrap().0.unwrap();
    *mac.last_mut().unwrap() ^= 1;
    assert_eq!(a.receive(&mac).unwrap().1, Progress::Ended(Reason::WrongCode));
    // Our own code, sent back.
    let (mut a, _) = shown();
    let mac = a.confirm(true).unwrap().0.unwrap();
    assert_eq!(a.receive(&mac).unwrap().1, Progress::Ended(Reason::WrongCode));
}

#[test]
fn messages_out_of_turn_of_another_comparison_or_malformed() {
    let (mut a, start) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
    for wrong in [
        &[][..],
        &[0; 17],
        &[6; 17],
        &[1; 16],
        &[[2; 17].as_slice(), &[0; 33]].concat(),
    ] {
        assert_eq!(a.receive(wrong).unwrap_err().code(), "INVALID_FRAME");
    }
    let other = [&[ACCEPT], [8; 16].as_slice(), &[0; 32]].concat();
    assert_eq!(a.receive(&other).unwrap_err().code(), "INVALID_FRAME");
    assert!(Comparison::accept(ROOM, device(2), device(1), &other).is_err());
    assert_eq!(a.progress(), Progress::Waiting);
    for kind in [START, KEY, MAC] {
        let (mut a, _) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
        let message = [&[kind], [9; 16].as_slice(), &[7; 32]].concat();
        assert_eq!(a.receive(&message).unwrap().1, Progress::Ended(Reason::Unexpected));
    }
    // A point that contributes nothing.
    let (mut b, _) = Comparison::accept(ROOM, device(2), device(1), &start).unwrap();
    let zero = [&[KEY], [9; 16].as_slice(), &[0; 32]].concat();
    assert_eq!(b.receive(&zero).unwrap().1, Progress::Ended(Reason::Unexpected));
    let (mut a, _) = Comparison::start(ROOM, device(1), device(2), [9; 16]);
    assert_eq!(a.cancel().unwrap().last(), Some(&0));
}

#[test]
fn the_pictures_are_64_different_ones() {
    let unique: std::collections::BTreeSet<_> = EMOJI.iter().map(|(picture, _)| picture).collect();
    assert_eq!(unique.len(), 64);
}
