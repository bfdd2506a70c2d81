//! Anything at all from the relay of an open room with one other member in it.

use hushroom::room::hush1::{Output, RoomEvent};

use super::{world::World, Input};

/// `data` is a list of frames, each behind two bytes of length.
pub(crate) fn check(data: &[u8]) {
    let mut world = World::acquainted();
    let mut input = Input::new(data);
    while !input.is_empty() {
        let length = input.short();
        let frame = input.take(length);
        world.now += 1 + u64::from(frame.first().copied().unwrap_or(0)) * 100;
        let now = world.now;
        let room = &mut world.members[1].room;
        let bulk = room.on_frame(frame, frame.len(), now);
        assert!(bulk.is_none_or(|bulk| bulk.body_start <= frame.len()));
        room.on_timer(now);
        let mut outputs = 0;
        while let Some(output) = room.poll() {
            outputs += 1;
            // Nobody without the room's key can say anything, or make somebody say it.
            assert!(!matches!(
                output,
                Output::Event(RoomEvent::Message { .. } | RoomEvent::FileOffer { .. })
            ));
        }
        assert!(outputs <= 16, "{outputs} outputs for one frame");
    }
}
