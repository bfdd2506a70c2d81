//! The keys of a room, all expanded from the share code's key (`docs/protocol.md` section 2).

use crate::{
    error::Result,
    kdf::KeySchedule,
    secret::{Key, Secret},
};

use super::device::InstanceId;

/// The key schedule of one room.
pub(super) struct RoomKeys {
    schedule: KeySchedule,
    room_id: String,
}

impl RoomKeys {
    pub(super) fn new(room_id: String, key: &Key) -> Self {
        Self {
            schedule: KeySchedule::extract(key),
            room_id,
        }
    }

    pub(super) fn room_id(&self) -> &str {
        &self.room_id
    }

    /// What the relay is shown to be let in.
    pub(super) fn admission(&self) -> Result<Secret<32>> {
        self.schedule.expand("admission", &[self.room_id.as_bytes()])
    }

    /// The AES-GCM key of one instance's posts.
    pub(super) fn post(&self, instance: InstanceId) -> Result<Key> {
        self.schedule.expand("post", &[self.room_id.as_bytes(), &instance.0])
    }
}
