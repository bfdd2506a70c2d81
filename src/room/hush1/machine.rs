//! The state of a room, and the parts of it that everything else uses.

use std::collections::VecDeque;

use super::{
    comparing::Comparing,
    device::{Device, InstanceId},
    duo::Duo,
    keys::RoomKeys,
    link::Link,
    long_text::LongTexts,
    outbox::Outbox,
    peers::{Gap, Peer, Pending},
    posting::Queue,
    replay::ReplayWindow,
    sessions::Deferred,
    transfer::{Incoming, Job, Outgoing, TransferId},
};
use crate::{
    encoding,
    error::{Error, Result},
    frame::{Frame, RelayId, MAX_EXPIRY_SECONDS, MAX_MEMBERS},
    ratchet::{self, Ratchet},
    room::{
        ephemeral::Ephemeral,
        name::clean_member_name,
        output::{Output, RoomEvent},
    },
    secret::{Key, Secret},
    share_code::{check_room_id, Protocol, ShareCode},
    sorted::SortedMap,
};

/// How a room is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// It is ours to make.
    Create {
        /// 2 to 50; 0 for the relay's default.
        max_members: u64,
        /// Up to 604,800; 0 for never.
        expiry_seconds: u64,
    },
    /// It must be there.
    Join,
}

/// What a room starts from. All randomness of its life comes in here, but for the keys of files and those of the ratchet and of
/// comparisons: `vodozemac` draws its own.
pub struct Config {
    /// The share code, of protocol `hush1`. It says whether the room is for two.
    pub code: ShareCode,
    /// The name that others see.
    pub name: String,
    /// How to enter.
    pub entrance: Entrance,
    /// Seed of the device's Ed25519 key: fresh, or a kept one.
    pub device_seed: Key,
    /// In a room for two, the device key of whom we have talked to there before: nobody else is let near.
    pub partner: Option<[u8; 32]>,
    /// 16 fresh random bytes: what tells this start from all others.
    pub nonce: [u8; 16],
    /// 16 fresh random bytes, known to the relay only: what gets a dropped connection its place back.
    pub resume: [u8; 16],
}

/// One device in one room. See the [module](super).
pub struct Room {
    pub(super) keys: RoomKeys,
    pub(super) post_key: Key,
    pub(super) admission: Secret<32>,
    pub(super) device: Device,
    /// In a room for two.
    pub(super) duo: Option<Duo>,
    pub(super) ratchet: Ratchet,
    /// What waits for sessions with those it is for.
    pub(super) deferred: VecDeque<Deferred>,
    /// Members that the relay named and whose hello has not come, and until when they are waited for.
    pub(super) expected: SortedMap<RelayId, u64>,
    /// The latest time we were told.
    pub(super) clock: u64,
    pub(super) name: String,
    pub(super) resume: [u8; 16],
    pub(super) link: Link,
    pub(super) ephemeral: Ephemeral,
    /// The counter of the next post.
    pub(super) counter: u64,
    /// The counter of the last post to everybody that is kept.
    pub(super) previous: Option<u64>,
    pub(super) outbox: Outbox,
    pub(super) queue: Queue,
    pub(super) peers: SortedMap<InstanceId, Peer>,
    pub(super) routes: SortedMap<RelayId, InstanceId>,
    pub(super) pending: Pending,
    pub(super) gaps: Vec<Gap>,
    pub(super) long_texts: LongTexts,
    pub(super) comparisons: SortedMap<InstanceId, Comparing>,
    pub(super) outgoing: SortedMap<TransferId, Outgoing>,
    pub(super) incoming: SortedMap<TransferId, Incoming>,
    pub(super) jobs: SortedMap<u32, Job>,
    /// Posts that say how large a stream is, until the relay has taken them.
    pub(super) announcements: SortedMap<u64, TransferId>,
    /// Windows of members that are gone, so that their old posts do not bring them back.
    pub(super) departed: VecDeque<(InstanceId, ReplayWindow)>,
    pub(super) next_stream: u32,
    pub(super) next_job: u32,
    /// Whose turn it is to send a piece of a file.
    pub(super) turn: usize,
    outputs: VecDeque<Output>,
}

impl Room {
    /// A room that is not connected yet. Wipes the share code's key: the keys of the room are derived here.
    ///
    /// # Errors
    /// [`Error::InvalidShareCode`] for a code of another protocol, [`Error::InvalidName`], [`Error::InvalidArgument`] for
    /// limits outside their range, and for 2 members unless the code says so.
    pub fn new(config: Config, now: u64) -> Result<Self> {
        let Config {
            code,
            name,
            entrance,
            device_seed,
            partner,
            nonce,
            resume,
        } = config;
        if code.protocol != Protocol::Hush1 {
            return Err(Error::InvalidShareCode("not a hush1 code"));
        }
        check_room_id(&code.room_id)?;
        let name = clean_member_name(&name)?;
        let for_two = code.members == 2;
        if let Entrance::Create {
            max_members,
            expiry_seconds,
        } = entrance
        {
            if max_members != 0 && !(2..=MAX_MEMBERS as u64).contains(&max_members) {
                return Err(Error::InvalidArgument("maxMembers is 2 to 50"));
            }
            if (max_members == 2) != for_two {
                return Err(Error::InvalidArgument("the share code of a room for two says so"));
            }
            if expiry_seconds > MAX_EXPIRY_SECONDS {
                return Err(Error::InvalidArgument("expirySeconds is at most 604800"));
            }
        }
        let keys = RoomKeys::new(code.room_id, &code.key)?;
        let duo = for_two
            .then(|| Duo::new(keys.room_id(), &device_seed, partner))
            .transpose()?;
        let device = Device::new(keys.room_id(), &device_seed, nonce);
        let ratchet = Ratchet::new(&ratchet::Config {
            room_id: keys.room_id(),
            instance: device.instance,
            device_key: device.public_key(),
            keep_opened: false,
        })?;
        Ok(Self {
            post_key: keys.post(device.instance)?,
            admission: keys.admission()?,
            keys,
            device,
            duo,
            ratchet,
            deferred: VecDeque::new(),
            expected: SortedMap::new(),
            clock: now,
            name,
            resume,
            link: Link::new(entrance, now),
            ephemeral: Ephemeral::new(code.ephemeral_seconds),
            counter: 0,
            previous: None,
            outbox: Outbox::default(),
            queue: Queue::default(),
            peers: SortedMap::new(),
            routes: SortedMap::new(),
            pending: Pending::default(),
            gaps: Vec::new(),
            long_texts: LongTexts::default(),
            comparisons: SortedMap::new(),
            outgoing: SortedMap::new(),
            incoming: SortedMap::new(),
            jobs: SortedMap::new(),
            announcements: SortedMap::new(),
            departed: VecDeque::new(),
            next_stream: 1,
            next_job: 1,
            turn: 0,
            outputs: VecDeque::new(),
        })
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The room's id.
    #[must_use]
    #[allow(
        clippy::unnecessary_wraps,
        reason = "that of other protocols is not known from the start"
    )]
    pub fn room_id(&self) -> Option<&str> {
        Some(self.keys.room_id())
    }

    /// Our own id, as others see it.
    #[must_use]
    pub fn self_id(&self) -> String {
        self.device.instance.to_string()
    }

    /// Our device's public key, base64url.
    #[must_use]
    pub fn device_key(&self) -> String {
        encoding::encode(&self.device.public_key())
    }

    /// Our name, cleaned.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn send(&mut self, frame: impl Into<Frame>) -> Result<()> {
        let bytes = frame.into().encode()?;
        self.outputs.push_back(Output::Send(bytes));
        Ok(())
    }

    pub(super) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn event(&mut self, event: RoomEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn report(&mut self, error: &Error, from: Option<InstanceId>) {
        self.event(RoomEvent::error(error, from.map(|instance| instance.to_string())));
    }

    /// Reports what went wrong in something nobody waits for.
    pub(super) fn check(&mut self, result: Result<()>, from: Option<InstanceId>) {
        if let Err(error) = result {
            self.report(&error, from);
        }
    }

    /// Time never runs backwards.
    pub(super) fn set_clock(&mut self, now: u64) {
        self.clock = self.clock.max(now);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    pub(super) fn ensure_usable(&self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::Closed);
        }
        Ok(())
    }
}

impl core::fmt::Debug for Room {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Room(..)")
    }
}
