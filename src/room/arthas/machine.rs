//! The state of a room, and the parts of it that everything else uses.

use std::collections::VecDeque;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    files::{Incoming, Job, Outgoing},
    link::Link,
    members::Members,
    messages::Messages,
    pacing::{Budget, Queue},
    sealing::{Iv, RoomCipher, Seen},
    signing::Signing,
};
use crate::{
    encoding,
    error::{Error, Result},
    frame::{arthas::MAX_NAME_CHARS, client::ClientFrame, MAX_EXPIRY_SECONDS},
    room::{
        ephemeral::Ephemeral,
        name::clean_member_name,
        random::{self, RandomSource},
        Entrance, Output, RoomEvent,
    },
    secret::Key,
    share_code::{check_room_id, Protocol, ShareCode},
};

/// What a room starts from.
pub struct Config {
    /// The share code. Where the room is made its room id does not matter: the relay makes one.
    pub code: ShareCode,
    /// The name that others see: 1 to 20 code points.
    pub name: String,
    /// How to enter. There is no limit of members to choose.
    pub entrance: Entrance,
    /// What the relay asks for.
    pub password: Option<Zeroizing<String>>,
    /// Seed of the key that we sign with: fresh, or a kept one.
    pub device_seed: Key,
    /// Where keys, ids and IVs come from.
    pub random: RandomSource,
}

/// One member of one room. See the [module](super).
pub struct Room {
    pub(super) key: Key,
    pub(super) cipher: RoomCipher,
    pub(super) signing: Signing,
    /// What the application calls us. The relay has another name for us on each connection.
    pub(super) self_id: String,
    pub(super) name: String,
    /// SHA-256 in hexadecimal; empty for none.
    pub(super) password: Zeroizing<String>,
    pub(super) link: Link,
    pub(super) ephemeral: Ephemeral,
    pub(super) members: Members,
    pub(super) messages: Messages,
    pub(super) queue: Queue,
    pub(super) budget: Budget,
    /// When to tell newcomers our key.
    pub(super) announce_at: Option<u64>,
    /// When we last did, with somebody there to hear it.
    pub(super) announced_at: Option<u64>,
    /// Who has which emoji on which message: ours under our own id.
    pub(super) reactions: VecDeque<((String, String), String)>,
    pub(super) seen: Seen,
    pub(super) outgoing: VecDeque<Outgoing>,
    pub(super) incoming: Vec<Incoming>,
    pub(super) jobs: Vec<Job>,
    pub(super) next_job: u32,
    /// How many posts we have made.
    pub(super) posts: u64,
    /// The time of the last call that said it.
    pub(super) now: u64,
    pub(super) random: RandomSource,
    outputs: VecDeque<Output>,
}

impl Room {
    /// A room that is not connected yet.
    ///
    /// # Errors
    /// [`Error::InvalidShareCode`] for a code of another protocol, [`Error::InvalidName`], [`Error::Unsupported`] for a limit of
    /// members, [`Error::InvalidArgument`] for an expiry out of range or an empty password, [`Error::RandomUnavailable`].
    pub fn new(config: Config, now: u64) -> Result<Self> {
        let Config {
            code,
            name,
            entrance,
            password,
            device_seed,
            mut random,
        } = config;
        if code.protocol != Protocol::Arthas {
            return Err(Error::InvalidShareCode("not an Arthas code"));
        }
        check_room_id(&code.room_id)?;
        let name = clean_member_name(&name)?;
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(Error::InvalidName {
                limit: MAX_NAME_CHARS,
                unit: "characters",
            });
        }
        let room_id = match entrance {
            Entrance::Join => Some(code.room_id),
            Entrance::Create { max_members: 1.., .. } => return Err(Error::Unsupported("a limit of members")),
            Entrance::Create { expiry_seconds, .. } if expiry_seconds > MAX_EXPIRY_SECONDS => {
                return Err(Error::InvalidArgument("expirySeconds is at most 604800"));
            }
            Entrance::Create { .. } => None,
        };
        let self_id: [u8; 16] = random::bytes(&mut random)?;
        Ok(Self {
            cipher: RoomCipher::new(&code.key)?,
            key: code.key,
            signing: Signing::new(&device_seed),
            self_id: encoding::encode(&self_id),
            name,
            password: hash_password(password)?,
            link: Link::new(entrance, room_id, now),
            ephemeral: Ephemeral::new(code.ephemeral_seconds),
            members: Members::default(),
            messages: Messages::default(),
            queue: Queue::default(),
            budget: Budget::default(),
            announce_at: None,
            announced_at: None,
            reactions: VecDeque::new(),
            seen: Seen::default(),
            outgoing: VecDeque::new(),
            incoming: Vec::new(),
            jobs: Vec::new(),
            next_job: 1,
            posts: 0,
            now,
            random,
            outputs: VecDeque::new(),
        })
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The share code, once the relay has said which room it is. Its numbers are the relay's.
    #[must_use]
    pub fn code(&self) -> Option<Zeroizing<String>> {
        let room_id = self.link.entered_room()?.to_owned();
        let code = ShareCode {
            protocol: Protocol::Arthas,
            room_id,
            key: Key::from_slice(self.key.expose()).ok()?,
            ephemeral_seconds: self.ephemeral.seconds(),
            expires_at: self.link.expires_at(),
            members: 0,
        };
        Some(code.encode())
    }

    /// The room's id, once the relay has said it.
    #[must_use]
    pub fn room_id(&self) -> Option<&str> {
        self.link.entered_room()
    }

    /// Our own id, for the application only.
    #[must_use]
    pub fn self_id(&self) -> String {
        self.self_id.clone()
    }

    /// Our public key, base64url.
    #[must_use]
    pub fn device_key(&self) -> String {
        self.signing.public_key()
    }

    /// Our name, cleaned.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn send(&mut self, frame: impl ClientFrame) -> Result<()> {
        let bytes = frame.encode()?;
        self.outputs.push_back(Output::Send(bytes));
        Ok(())
    }

    pub(super) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn event(&mut self, event: RoomEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn report(&mut self, error: &Error, from: Option<&str>) {
        self.event(RoomEvent::error(error, from.map(str::to_owned)));
    }

    /// Reports what went wrong in something nobody waits for.
    pub(super) fn check(&mut self, result: Result<()>, from: Option<&str>) {
        if let Err(error) = result {
            self.report(&error, from);
        }
    }

    pub(super) fn ensure_usable(&self) -> Result<()> {
        if self.link.is_closed() {
            return Err(Error::Closed);
        }
        Ok(())
    }

    /// Seals under a fresh IV, which is remembered: whoever sends it back to us replays it.
    pub(super) fn seal(&mut self, plaintext: Vec<u8>) -> Result<(Iv, Vec<u8>)> {
        let iv: Iv = random::bytes(&mut self.random)?;
        if !self.seen.insert(iv) {
            return Err(Error::RandomUnavailable);
        }
        Ok((iv, self.cipher.seal(iv, plaintext)?))
    }

    /// What only we would know by that number of our posts.
    pub(super) fn post_id(&self, post: u64) -> String {
        format!("{}.{post}", self.self_id)
    }
}

impl core::fmt::Debug for Room {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Room(..)")
    }
}

/// As Arthas' clients send it. It keeps nobody out who can ask the relay often enough, and protects no message.
fn hash_password(password: Option<Zeroizing<String>>) -> Result<Zeroizing<String>> {
    let Some(password) = password else {
        return Ok(Zeroizing::new(String::new()));
    };
    if password.is_empty() {
        return Err(Error::InvalidArgument("an empty password"));
    }
    let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password.as_bytes())));
    let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(64));
    digest
        .iter()
        .flat_map(|byte| [hex(byte >> 4), hex(byte & 15)])
        .for_each(|digit| text.push(digit));
    Ok(text)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_password_is_sent_as_its_hash() {
        let hash = hash_password(Some(Zeroizing::new("hunter22".into()))).unwrap();
        assert_eq!(
            *hash,
            "20d2fe5e369db54ec7090639a9dc30ec4d608604936239d39e2de07fda09eb0b"
        );
        assert_eq!(*hash_password(None).unwrap(), "");
        assert_eq!(
            hash_password(Some(Zeroizing::default())).unwrap_err().code(),
            "INVALID_ARGUMENT"
        );
    }
}
