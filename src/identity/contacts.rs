//! Whom this device has met, and which key belongs to which name in which room.
//!
//! Trust on first use: the first key that comes under a name in a room is accepted. Another one is *changed* until somebody
//! acknowledges it, or its key was verified by comparing safety numbers. Everything is bounded: what was met longest ago
//! goes first, what was verified last.

use super::fold::{place_of, place_of_partner, Place};
use crate::{
    error::Result,
    people::bytes::{push8, push_count, Reader},
    room::name::MAX_NAME_BYTES,
};

/// Most devices that are remembered.
pub const MAX_KNOWN: usize = 4_096;
/// Most names in rooms whose keys are remembered.
pub const MAX_PINS: usize = 4_096;
/// Most keys that are accepted for one name in one room.
pub const MAX_ACCEPTED_KEYS: usize = 8;
/// Most rooms for two whose other member is remembered.
pub const MAX_PARTNERS: usize = 4_096;

/// How a key stands to what is known of it, and of the name it came under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The first under its name, and never seen before. It is accepted.
    New,
    /// Accepted, or met elsewhere and the first under its name here.
    Known,
    /// Somebody has compared safety numbers with its holder.
    Verified,
    /// Another key has been accepted for this name, and nobody has acknowledged this one.
    Changed,
}

/// What a meeting led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// How the key stands.
    pub trust: Trust,
    /// With [`Trust::Changed`], the key that was accepted last for the name.
    pub previous: Option<[u8; 32]>,
}

/// A device that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its Ed25519 public key.
    pub key: [u8; 32],
    /// What it called itself last; empty if that was never heard.
    pub name: String,
    /// Whether its safety number was compared.
    pub verified: bool,
    /// When it was met first, Unix seconds.
    pub met_at: u64,
}

/// The keys that are accepted for a name in a room, the newest last. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pin {
    place: Place,
    keys: Vec<[u8; 32]>,
}

/// The contact book of a device.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    known: Vec<KnownDevice>,
    pins: Vec<Pin>,
    partners: Vec<(Place, [u8; 32])>,
    changed: bool,
}

/// By content: two books that say the same are the same.
impl PartialEq for Contacts {
    fn eq(&self, other: &Self) -> bool {
        self.known == other.known && self.pins == other.pins && self.partners == other.partners
    }
}

impl Contacts {
    /// All known devices, those met longest ago first.
    #[must_use]
    pub fn known(&self) -> &[KnownDevice] {
        &self.known
    }

    /// Whether anything is different since this was made or read.
    #[must_use]
    pub const fn changed(&self) -> bool {
        self.changed
    }

    /// How `key` stands, coming as `name` into the room `room_id`. Changes nothing.
    #[must_use]
    pub fn judge(&self, room_id: &str, name: &str, key: &[u8; 32]) -> Met {
        let known = self.known.iter().find(|device| device.key == *key);
        let place = place_of(room_id, name);
        let pin = self.pins.iter().find(|pin| pin.place == place);
        let accepted = pin.is_some_and(|pin| pin.keys.contains(key));
        let trust = match (known, pin) {
            (Some(KnownDevice { verified: true, .. }), _) => Trust::Verified,
            (_, Some(_)) if !accepted => Trust::Changed,
            (None, None) => Trust::New,
            _ => Trust::Known,
        };
        let previous = pin
            .filter(|_| trust == Trust::Changed)
            .and_then(|pin| pin.keys.last().copied());
        Met { trust, previous }
    }

    /// As [`Self::judge`], and remembers: a key that has not changed is accepted from now on. `now`: Unix seconds.
    pub fn meet(&mut self, room_id: &str, name: &str, key: &[u8; 32], now: u64) -> Met {
        let met = self.judge(room_id, name, key);
        if met.trust != Trust::Changed {
            self.remember(key, Some(name), now);
            self.accept(place_of(room_id, name), key);
        }
        met
    }

    /// Accepts `key` for that name in that room, whatever was accepted before.
    pub fn acknowledge(&mut self, room_id: &str, name: &str, key: &[u8; 32], now: u64) {
        self.remember(key, Some(name), now);
        let place = place_of(room_id, name);
        // It becomes the newest, also if it was accepted before.
        if let Some(pin) = self.pins.iter_mut().find(|pin| pin.place == place) {
            pin.keys.retain(|accepted| accepted != key);
        }
        self.accept(place, key);
    }

    /// Puts a pin at the end, with `key` among its own.
    fn accept(&mut self, place: Place, key: &[u8; 32]) {
        let at = self.pins.iter().position(|pin| pin.place == place);
        let mut keys = at.map_or_else(Vec::new, |at| self.pins.remove(at).keys);
        let known = keys.contains(key);
        self.changed |= !known || at != Some(self.pins.len());
        if !known {
            keys.push(*key);
        }
        let surplus = keys.len().saturating_sub(MAX_ACCEPTED_KEYS);
        keys.drain(..surplus);
        self.pins.push(Pin { place, keys });
        if self.pins.len() > MAX_PINS {
            let verified = |key: &[u8; 32]| self.known.iter().any(|device| device.verified && device.key == *key);
            let oldest = self.pins.iter().position(|pin| !pin.keys.iter().any(verified));
            self.pins.remove(oldest.unwrap_or(0));
        }
    }

    /// Marks a key whose safety number was compared, or takes that back. A key that was never met is remembered without a name.
    pub fn verify(&mut self, key: &[u8; 32], verified: bool, now: u64) {
        if verified {
            self.remember(key, None, now);
        }
        if let Some(device) = self.known.iter_mut().find(|device| device.key == *key) {
            self.changed |= device.verified != verified;
            device.verified = verified;
        }
    }

    /// Forgets a key wherever it is. Who comes with it again is new.
    pub fn forget(&mut self, key: &[u8; 32]) {
        let before = (self.known.len(), self.partners.len());
        self.known.retain(|device| device.key != *key);
        self.partners.retain(|(_, partner)| partner != key);
        self.changed |= before != (self.known.len(), self.partners.len());
        for pin in &mut self.pins {
            let count = pin.keys.len();
            pin.keys.retain(|accepted| accepted != key);
            self.changed |= count != pin.keys.len();
        }
        self.pins.retain(|pin| !pin.keys.is_empty());
    }

    /// The other member of a room for two, if it is known.
    #[must_use]
    pub fn partner(&self, room_id: &str) -> Option<[u8; 32]> {
        let place = place_of_partner(room_id);
        let partner = self.partners.iter().find(|(of, _)| *of == place);
        partner.map(|(_, key)| *key)
    }

    /// Remembers the other member of a room for two.
    pub fn set_partner(&mut self, room_id: &str, key: &[u8; 32]) {
        let entry = (place_of_partner(room_id), *key);
        if self.partners.contains(&entry) {
            return;
        }
        self.partners.retain(|(of, _)| *of != entry.0);
        self.partners.push(entry);
        let surplus = self.partners.len().saturating_sub(MAX_PARTNERS);
        self.partners.drain(..surplus);
        self.changed = true;
    }

    /// Puts a device at the end of those that are known.
    fn remember(&mut self, key: &[u8; 32], name: Option<&str>, now: u64) {
        let at = self.known.iter().position(|device| device.key == *key);
        let mut device = at.map(|at| self.known.remove(at)).unwrap_or_else(|| KnownDevice {
            key: *key,
            name: String::new(),
            verified: false,
            met_at: now,
        });
        let name = name.map(shortened).filter(|name| *name != device.name);
        self.changed |= at != Some(self.known.len()) || name.is_some();
        if let Some(name) = name {
            device.name = name.to_owned();
        }
        self.known.push(device);
        if self.known.len() > MAX_KNOWN {
            let oldest = self.known.iter().position(|device| !device.verified);
            self.known.remove(oldest.unwrap_or(0));
        }
    }

    /// The bytes that [`Self::decode`] reads. No secrets.
    ///
    /// # Errors
    /// [`crate::Error::Internal`].
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.size_bound());
        self.write(&mut out)?;
        Ok(out)
    }

    /// # Errors
    /// [`crate::Error::InvalidIdentity`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::with(bytes, super::state::BROKEN);
        let contacts = Self::read(&mut reader)?;
        reader.end()?;
        Ok(contacts)
    }

    /// Not less than [`Self::write`] writes.
    pub(super) fn size_bound(&self) -> usize {
        let sizes = [
            self.known.len().saturating_mul(42 + MAX_NAME_BYTES),
            self.pins.len().saturating_mul(17 + 32 * MAX_ACCEPTED_KEYS),
            self.partners.len().saturating_mul(48),
            6,
        ];
        sizes.iter().sum()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        push_count(out, self.known.len())?;
        for device in &self.known {
            out.extend_from_slice(&device.key);
            out.push(u8::from(device.verified));
            out.extend_from_slice(&device.met_at.to_be_bytes());
            push8(out, device.name.as_bytes())?;
        }
        push_count(out, self.pins.len())?;
        for pin in &self.pins {
            out.extend_from_slice(&pin.place);
            // At most `MAX_ACCEPTED_KEYS`.
            out.push(pin.keys.len() as u8);
            out.extend_from_slice(pin.keys.as_flattened());
        }
        push_count(out, self.partners.len())?;
        for (place, key) in &self.partners {
            out.extend_from_slice(place);
            out.extend_from_slice(key);
        }
        Ok(())
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let known = reader.list(MAX_KNOWN, |reader| {
            Ok(KnownDevice {
                key: reader.array()?,
                verified: reader.flag()?,
                met_at: reader.u64()?,
                name: reader.text8()?.to_owned(),
            })
        })?;
        let pins = reader.list(MAX_PINS, |reader| {
            let place = reader.array()?;
            let count = usize::from(reader.byte()?);
            if !(1..=MAX_ACCEPTED_KEYS).contains(&count) {
                return Err(reader.error());
            }
            let keys = (0..count).map(|_| reader.array()).collect::<Result<_>>()?;
            Ok(Pin { place, keys })
        })?;
        let partners = reader.list(MAX_PARTNERS, |reader| Ok((reader.array()?, reader.array()?)))?;
        if known.iter().any(|device| device.name.len() > MAX_NAME_BYTES) {
            return Err(reader.error());
        }
        Ok(Self {
            known,
            pins,
            partners,
            changed: false,
        })
    }
}

/// Rooms clean and bound names; what others hand in is bounded here.
fn shortened(name: &str) -> &str {
    let end = (0..=MAX_NAME_BYTES.min(name.len()))
        .rev()
        .find(|end| name.is_char_boundary(*end));
    name.get(..end.unwrap_or_default()).unwrap_or_default()
}
