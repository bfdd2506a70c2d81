//! What a room starts from: its code or its limits, and who enters it.

use zeroize::Zeroizing;

use super::{
    hush1::Entrance,
    random::{bytes, key, RandomSource},
};
use crate::{
    error::{Error, Result},
    identity::Identity,
    share_code::{Protocol, ShareCode, ROOM_ID_LENGTH},
};

/// Longest time a message may stay before it vanishes, in seconds: 7 days, as for rooms.
const MAX_EPHEMERAL_SECONDS: u64 = 604_800;

/// What a room starts from.
pub struct Config {
    /// The share code; it says which protocol is spoken. Of an Arthas room that is made, the room id does not matter: the
    /// relay gives it one.
    pub code: ShareCode,
    /// The name that others see.
    pub name: String,
    /// How to enter.
    pub entrance: Entrance,
    /// What the relay asks for, in Arthas rooms only.
    pub password: Option<Zeroizing<String>>,
    /// In a room for two, the device key of whom we have talked to there before, if that is known: nobody else is let near.
    pub partner: Option<[u8; 32]>,
    /// Who we are, and whom we know. A new one, for this room only, if there is none.
    pub identity: Option<Identity>,
    /// Where keys, ids and IVs come from, for as long as the room lives.
    pub random: RandomSource,
}

/// What a room that is made is to be like. Zeros stand for the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NewRoom {
    /// 2 to 50; 0 for the relay's default. 2 makes a room for two, whose code lets one more device in, once. Not in Arthas.
    pub max_members: u64,
    /// Seconds until the room ends, up to 604,800; 0 for never.
    pub expiry_seconds: u64,
    /// Seconds after which messages vanish, up to 604,800; 0 for never.
    pub ephemeral_seconds: u64,
}

impl Config {
    /// To make a room, under a fresh key.
    ///
    /// # Errors
    /// [`Error::RandomUnavailable`], [`Error::InvalidArgument`].
    pub fn create(
        protocol: Protocol,
        room: NewRoom,
        name: String,
        password: Option<Zeroizing<String>>,
        mut random: RandomSource,
    ) -> Result<Self> {
        if room.ephemeral_seconds > MAX_EPHEMERAL_SECONDS {
            return Err(Error::InvalidArgument("ephemeralSeconds is at most 604800"));
        }
        let id: [u8; ROOM_ID_LENGTH] = bytes(&mut random)?;
        let mut code = ShareCode::generate(protocol, (&id, key(&mut random)?));
        code.ephemeral_seconds = room.ephemeral_seconds;
        if room.max_members == 2 {
            code = code.for_two()?;
        }
        Ok(Self {
            code,
            name,
            entrance: Entrance::Create {
                max_members: room.max_members,
                expiry_seconds: room.expiry_seconds,
            },
            password,
            partner: None,
            identity: None,
            random,
        })
    }

    /// To join the room of `code`.
    #[must_use]
    pub fn join(code: ShareCode, name: String, password: Option<Zeroizing<String>>, random: RandomSource) -> Self {
        Self {
            code,
            name,
            entrance: Entrance::Join,
            password,
            partner: None,
            identity: None,
            random,
        }
    }

    /// With a kept identity.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }
}
