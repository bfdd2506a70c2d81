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
    tag: Secret<32>,
}

impl RoomKeys {
    pub(super) fn new(room_id: String, key: &Key) -> Result<Self> {
        let schedule = KeySchedule::extract(key);
        let tag = schedule.expand("signature", &[room_id.as_bytes()])?;
        Ok(Self { schedule, room_id, tag })
    }

    pub(super) fn room_id(&self) -> &str {
        &self.room_id
    }

    /// Stands in signatures, so that they hold under this key only: whoever makes rooms may give one id to two of them.
    pub(super) fn tag(&self) -> &[u8; 32] {
        self.tag.expose()
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
