//! A device's identity for JavaScript, and safety numbers. Times are Unix seconds, keys base64url.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use zeroize::Zeroizing;

use super::{object::object, random, wipe::wiped};
use crate::{
    error::Result,
    identity::{
        safety_number::{self, SafetyNumber, Scan},
        Identity, KnownDevice, Trust,
    },
    people::IdentityKey,
};

/// A device and its contacts. Not usable after `free`, which wipes its key.
#[wasm_bindgen]
pub struct IdentityMachine(Identity);

#[wasm_bindgen]
impl IdentityMachine {
    /// A new one.
    ///
    /// # Errors
    /// `RANDOM_UNAVAILABLE`.
    pub fn create() -> Result<IdentityMachine> {
        wiped(|| Ok(Self(Identity::new(random::key()?))))
    }

    /// One that was kept.
    ///
    /// # Errors
    /// `INVALID_IDENTITY`.
    pub fn load(state: Vec<u8>) -> Result<IdentityMachine> {
        let state = Zeroizing::new(state);
        wiped(|| Identity::load(&state).map(Self))
    }

    /// What has to be kept. Holds secrets.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn state(&self) -> Result<Uint8Array> {
        wiped(|| self.0.state().map(|state| Uint8Array::from(state.as_slice())))
    }

    /// Whether the contacts are different since it was made or loaded.
    pub fn changed(&self) -> bool {
        self.0.contacts.changed()
    }

    /// The contacts alone, for `RoomMachine.setContacts`. No secrets.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn contacts(&self) -> Result<Uint8Array> {
        self.0
            .contacts
            .encode()
            .map(|contacts| Uint8Array::from(contacts.as_slice()))
    }

    /// The device's key.
    #[wasm_bindgen(js_name = deviceKey)]
    pub fn device_key(&self) -> String {
        wiped(|| IdentityKey(self.0.device_key()).to_base64url())
    }

    /// `[{deviceKey, name, verified, metAt}]`.
    #[wasm_bindgen(js_name = knownDevices)]
    pub fn known_devices(&self) -> Array {
        self.0.contacts.known().iter().map(device).collect()
    }

    /// Remembers who came under a name into a room: `new`, `known`, `verified` or `changed`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn meet(&mut self, room_id: &str, name: &str, key: &str, now: f64) -> Result<String> {
        let met = self.0.contacts.meet(room_id, name, &parse(key)?, now as u64);
        Ok(match met.trust {
            Trust::New => "new",
            Trust::Known => "known",
            Trust::Verified => "verified",
            Trust::Changed => "changed",
        }
        .to_owned())
    }

    /// Accepts a key for a name in a room.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn acknowledge(&mut self, room_id: &str, name: &str, key: &str, now: f64) -> Result<()> {
        self.0.contacts.acknowledge(room_id, name, &parse(key)?, now as u64);
        Ok(())
    }

    /// Marks a key as compared, or takes that back.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn verify(&mut self, key: &str, verified: bool, now: f64) -> Result<()> {
        self.0.contacts.verify(&parse(key)?, verified, now as u64);
        Ok(())
    }

    /// Forgets a key.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn forget(&mut self, key: &str) -> Result<()> {
        self.0.contacts.forget(&parse(key)?);
        Ok(())
    }

    /// The other member of a room for two, if it is known.
    pub fn partner(&self, room_id: &str) -> Option<String> {
        let partner = self.0.contacts.partner(room_id);
        partner.map(|key| IdentityKey(key).to_base64url())
    }

    /// Remembers the other member of a room for two.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    #[wasm_bindgen(js_name = setPartner)]
    pub fn set_partner(&mut self, room_id: &str, key: &str) -> Result<()> {
        self.0.contacts.set_partner(room_id, &parse(key)?);
        Ok(())
    }
}

/// The safety number of our key and another: `{digits, scannable}`. Takes about 20 ms.
///
/// # Errors
/// `INVALID_ARGUMENT`.
#[wasm_bindgen(js_name = safetyNumber)]
pub fn safety_number(own: &str, other: &str) -> Result<JsValue> {
    let (own_key, other_key) = (parse(own)?, parse(other)?);
    let number = SafetyNumber::new(named(own, &own_key), named(other, &other_key))?;
    let scannable = Uint8Array::from(number.scannable().as_slice());
    Ok(object(&[
        ("digits", number.digits().into()),
        ("scannable", scannable.into()),
    ]))
}

/// Compares our scannable payload with what was scanned: `same`, `different` or `other-version`.
///
/// # Errors
/// `INVALID_MESSAGE` when that is no such payload.
#[wasm_bindgen(js_name = compareSafetyNumbers)]
pub fn compare_safety_numbers(own: &[u8], scanned: &[u8]) -> Result<String> {
    let scan = SafetyNumber::parse(own)?.compare(scanned)?;
    Ok(match scan {
        Scan::Match => "same",
        Scan::Mismatch => "different",
        Scan::OtherVersion(_) => "other-version",
    }
    .to_owned())
}

/// The number of a room with these keys in it.
///
/// # Errors
/// `INVALID_ARGUMENT`.
#[wasm_bindgen(js_name = roomSafetyNumber)]
pub fn room_safety_number(keys: Vec<String>) -> Result<String> {
    let parsed = keys.iter().map(|key| parse(key)).collect::<Result<Vec<_>>>()?;
    let members: Vec<_> = keys.iter().zip(&parsed).map(|(text, key)| named(text, key)).collect();
    safety_number::room_number(&members)
}

/// A device is named by its key's text: that means the same to everybody, in every room.
fn named<'a>(text: &'a str, key: &'a [u8; 32]) -> safety_number::Identity<'a> {
    safety_number::Identity {
        id: text.as_bytes(),
        key,
    }
}

fn parse(key: &str) -> Result<[u8; 32]> {
    IdentityKey::from_base64url(key).map(|key| key.0)
}

fn device(device: &KnownDevice) -> JsValue {
    object(&[
        ("deviceKey", IdentityKey(device.key).to_base64url().into()),
        ("name", device.name.as_str().into()),
        ("verified", device.verified.into()),
        ("metAt", (device.met_at as f64).into()),
    ])
}
