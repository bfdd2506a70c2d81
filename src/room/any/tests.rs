use super::*;
use crate::{
    room::{NewRoom, RoomEvent},
    secret::Key,
};

fn random() -> RandomSource {
    let mut count = 0_u8;
    Box::new(move |out| {
        count = count.wrapping_add(1);
        out.fill(count);
        Ok(())
    })
}

fn create(protocol: Protocol, room: NewRoom, password: Option<&str>) -> Result<Room> {
    let password = password.map(|text| Zeroizing::new(text.to_owned()));
    Room::new(Config::create(protocol, room, "Ada".into(), password, random())?, 0)
}

#[test]
fn the_code_says_which_protocol_is_spoken() {
    for protocol in [Protocol::Hush1, Protocol::Arthas] {
        let code = ShareCode::generate(protocol, (&[1; 21], Key::take(&mut [2; 32])));
        let room = Room::new(Config::join(code, "Ada".into(), None, random()), 0).unwrap();
        assert_eq!(room.protocol(), protocol);
        assert_eq!(
            (room.name(), room.self_id().len(), room.device_key().len()),
            ("Ada", 22, 43)
        );
    }
}

#[test]
fn a_native_code_is_given_once() {
    let room = NewRoom {
        ephemeral_seconds: 30,
        ..NewRoom::default()
    };
    let mut room = create(Protocol::Hush1, room, None).unwrap();
    let code = room.code().unwrap();
    assert!(code.starts_with("hush1:") && code.ends_with(":30"));
    assert!(room.code().is_none());
}

#[test]
fn an_arthas_code_waits_for_the_relay() {
    let mut room = create(Protocol::Arthas, NewRoom::default(), Some("secret")).unwrap();
    assert!(room.code().is_none());
    room.on_connected(0).unwrap();
    assert!(matches!(room.poll(), Some(Output::Send(_))));
}

#[test]
fn what_a_protocol_cannot_do_has_a_code_of_its_own() {
    let members = NewRoom {
        max_members: 5,
        ..NewRoom::default()
    };
    let long = NewRoom {
        ephemeral_seconds: 604_801,
        ..NewRoom::default()
    };
    for (protocol, room, password, code) in [
        (Protocol::Hush1, NewRoom::default(), Some("x"), "UNSUPPORTED"),
        (Protocol::Arthas, members, None, "UNSUPPORTED"),
        (Protocol::Arthas, long, None, "INVALID_ARGUMENT"),
        (Protocol::Hush1, long, None, "INVALID_ARGUMENT"),
        (Protocol::Arthas, NewRoom::default(), Some(""), "INVALID_ARGUMENT"),
    ] {
        assert_eq!(create(protocol, room, password).unwrap_err().code(), code);
    }
}

#[test]
fn a_random_source_that_fails_is_said() {
    let failing: RandomSource = Box::new(|_| Err(Error::RandomUnavailable));
    let config = Config::create(Protocol::Arthas, NewRoom::default(), "Ada".into(), None, failing);
    assert_eq!(config.err(), Some(Error::RandomUnavailable));
    let code = ShareCode::generate(Protocol::Hush1, (&[1; 21], Key::take(&mut [2; 32])));
    let failing: RandomSource = Box::new(|_| Err(Error::RandomUnavailable));
    let room = Room::new(Config::join(code, "Ada".into(), None, failing), 0);
    assert_eq!(room.err(), Some(Error::RandomUnavailable));
}

#[test]
fn a_room_may_move_between_threads_and_prints_nothing() {
    const fn send<T: Send>() {}
    send::<Room>();
    send::<RoomEvent>();
    let room = create(Protocol::Hush1, NewRoom::default(), None).unwrap();
    assert_eq!(format!("{room:?}"), "Room(hush1)");
}
