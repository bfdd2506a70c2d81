//! The room machine for JavaScript. Time comes in as whole milliseconds of any steady clock.

mod files;

use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use zeroize::Zeroizing;

use super::{random, value, wipe::wiped};
use crate::{
    error::{Error, Result},
    frame::{self, BULK_PEEK_BYTES},
    identity::{Contacts, Identity},
    room::{Config, NewRoom, Output, RandomSource, Room},
    share_code::{Protocol, ShareCode},
};

/// A room. Not usable after `free`, which wipes its keys.
#[wasm_bindgen]
pub struct RoomMachine(Room);

#[wasm_bindgen]
impl RoomMachine {
    /// A room that is made, under a fresh key. Zeros stand for the defaults. `identity`: the state of an `IdentityMachine`.
    ///
    /// # Errors
    /// `INVALID_IDENTITY`, `INVALID_NAME`, `INVALID_ARGUMENT`, `UNSUPPORTED`, `RANDOM_UNAVAILABLE`.
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would have to be taken apart by hand"
    )]
    pub fn create(
        protocol: &str,
        name: String,
        password: Option<String>,
        max_members: f64,
        expiry_seconds: f64,
        ephemeral_seconds: f64,
        identity: Option<Vec<u8>>,
        now: f64,
    ) -> Result<Self> {
        let identity = identity.map(Zeroizing::new);
        wiped(|| {
            let room = NewRoom {
                max_members: integer(max_members),
                expiry_seconds: integer(expiry_seconds),
                ephemeral_seconds: integer(ephemeral_seconds),
            };
            let protocol = Protocol::parse(protocol)?;
            let config = Config::create(protocol, room, name, password.map(Zeroizing::new), source())?;
            enter(config, identity, now)
        })
    }

    /// The room of a share code. `identity`: as for `create`.
    ///
    /// # Errors
    /// `INVALID_SHARE_CODE`, `INVALID_IDENTITY`, `INVALID_NAME`, `UNSUPPORTED`, `RANDOM_UNAVAILABLE`.
    pub fn join(
        code: String,
        name: String,
        password: Option<String>,
        identity: Option<Vec<u8>>,
        now: f64,
    ) -> Result<Self> {
        let identity = identity.map(Zeroizing::new);
        wiped(|| {
            let code = ShareCode::parse(&Zeroizing::new(code))?;
            let config = Config::join(code, name, password.map(Zeroizing::new), source());
            enter(config, identity, now)
        })
    }

    /// The room's id, by which contacts are kept; of an Arthas room that is made, once it is entered.
    #[wasm_bindgen(js_name = roomId)]
    pub fn room_id(&self) -> Option<String> {
        self.0.room_id().map(str::to_owned)
    }

    /// The contacts as they are stored now, as `IdentityMachine.contacts` gives them.
    ///
    /// # Errors
    /// `INVALID_IDENTITY`.
    #[wasm_bindgen(js_name = setContacts)]
    pub fn set_contacts(&mut self, contacts: &[u8]) -> Result<()> {
        self.0.set_contacts(Contacts::decode(contacts)?);
        Ok(())
    }

    /// `hush1` or `arthas`.
    pub fn protocol(&self) -> String {
        self.0.protocol().name().to_owned()
    }

    /// The share code: once of a native room; of an Arthas room, always once it is entered.
    pub fn code(&mut self) -> Option<String> {
        wiped(|| self.0.code().map(|code| code.as_str().to_owned()))
    }

    /// Our own member id.
    #[wasm_bindgen(js_name = selfId)]
    pub fn self_id(&self) -> String {
        self.0.self_id()
    }

    /// Our device's public key, base64url.
    #[wasm_bindgen(js_name = deviceKey)]
    pub fn device_key(&self) -> String {
        self.0.device_key()
    }

    /// Our name, cleaned.
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    /// The next thing to do: a `Uint8Array` to send, an event, `{type: 'reconnect', afterMs}`, `{type: 'disconnect'}`, or
    /// `undefined`.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn poll(&mut self) -> Result<JsValue> {
        wiped(|| match self.0.poll() {
            None => Ok(JsValue::UNDEFINED),
            Some(Output::Send(bytes)) => Ok(Uint8Array::from(bytes.as_slice()).into()),
            Some(Output::Event(event)) => to_js(&event),
            Some(Output::Reconnect { after_ms }) => to_js(&Connection::Reconnect { after_ms }),
            Some(Output::Disconnect) => to_js(&Connection::Disconnect),
        })
    }

    /// The socket is open.
    ///
    /// # Errors
    /// `CLOSED`.
    #[wasm_bindgen(js_name = onConnected)]
    pub fn on_connected(&mut self, now: f64) -> Result<()> {
        wiped(|| self.0.on_connected(integer(now)))
    }

    /// The socket is gone.
    #[wasm_bindgen(js_name = onDisconnected)]
    pub fn on_disconnected(&mut self) {
        self.0.on_disconnected();
    }

    /// A frame has come. Of a bulk frame only the first bytes are copied; what to do with the rest is returned.
    ///
    /// # Errors
    /// `INTERNAL`.
    #[wasm_bindgen(js_name = onFrame)]
    pub fn on_frame(&mut self, frame: &Uint8Array, now: f64) -> Result<JsValue> {
        wiped(|| {
            let total = frame.length() as usize;
            let mut bytes = frame.subarray(0, BULK_PEEK_BYTES as u32).to_vec();
            // What cannot be a frame is refused, and reported, by its first bytes already.
            if self.0.needed(&bytes, total).unwrap_or(0) > bytes.len() {
                bytes = frame.to_vec();
            }
            match self.0.on_frame(&bytes, total, integer(now)) {
                Some(bulk) => Ok(files::bulk_in(&bulk)),
                None => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// Time has passed.
    #[wasm_bindgen(js_name = onTimer)]
    pub fn on_timer(&mut self, now: f64) {
        wiped(|| self.0.on_timer(integer(now)));
    }

    /// When `onTimer` wants to be called.
    pub fn deadline(&self, now: f64) -> Option<f64> {
        self.0.deadline(integer(now)).map(|at| at as f64)
    }

    /// Says something; the message's id.
    ///
    /// # Errors
    /// `TEXT_TOO_LONG`, `INVALID_ARGUMENT`, `CLOSED`, `INVALID_STATE`.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&mut self, text: String, reply_to: Option<String>, sent_at: f64, now: f64) -> Result<String> {
        let text = Zeroizing::new(text);
        wiped(|| {
            self.0
                .send_text(&text, reply_to.as_deref(), integer(sent_at), integer(now))
        })
    }

    /// Reacts to a message; the id that `accepted` will name.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `CLOSED`, `INVALID_STATE`.
    pub fn react(&mut self, message_id: &str, emoji: &str, remove: bool, now: f64) -> Result<String> {
        wiped(|| self.0.react(message_id, emoji, remove, integer(now)))
    }

    /// Tells others that we are typing, or no longer.
    ///
    /// # Errors
    /// `CLOSED`.
    #[wasm_bindgen(js_name = setTyping)]
    pub fn set_typing(&mut self, on: bool) -> Result<()> {
        wiped(|| self.0.set_typing(on))
    }

    /// Asks a member to compare, or agrees if it has asked.
    ///
    /// # Errors
    /// `UNSUPPORTED`, `UNKNOWN_MEMBER`, `CLOSED`, `INVALID_STATE`, `RANDOM_UNAVAILABLE`.
    pub fn compare(&mut self, member: &str, now: f64) -> Result<()> {
        wiped(|| self.0.compare(member, integer(now)))
    }

    /// Agrees to compare with a member who has asked.
    ///
    /// # Errors
    /// `UNSUPPORTED`, `UNKNOWN_MEMBER`, `CLOSED`, `INVALID_STATE`.
    #[wasm_bindgen(js_name = compareAccept)]
    pub fn compare_accept(&mut self, member: &str, now: f64) -> Result<()> {
        wiped(|| self.0.compare_accept(member, integer(now)))
    }

    /// What our user says of the pictures.
    ///
    /// # Errors
    /// `UNSUPPORTED`, `UNKNOWN_MEMBER`, `CLOSED`, `INVALID_STATE`.
    #[wasm_bindgen(js_name = compareConfirm)]
    pub fn compare_confirm(&mut self, member: &str, same: bool, now: f64) -> Result<()> {
        wiped(|| self.0.compare_confirm(member, same, integer(now)))
    }

    /// Gives a comparison up.
    ///
    /// # Errors
    /// `UNSUPPORTED`, `UNKNOWN_MEMBER`, `CLOSED`, `INVALID_STATE`.
    #[wasm_bindgen(js_name = compareCancel)]
    pub fn compare_cancel(&mut self, member: &str, now: f64) -> Result<()> {
        wiped(|| self.0.compare_cancel(member, integer(now)))
    }

    /// Leaves for good.
    pub fn leave(&mut self) {
        wiped(|| self.0.leave());
    }
}

fn enter(config: Config, identity: Option<Zeroizing<Vec<u8>>>, now: f64) -> Result<RoomMachine> {
    let config = match identity {
        Some(state) => config.with_identity(Identity::load(&state)?),
        None => config,
    };
    Room::new(config, integer(now)).map(RoomMachine)
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Connection {
    Reconnect { after_ms: u64 },
    Disconnect,
}

/// By way of MessagePack and [`Value`]: converting each type directly takes much more code.
fn to_js(value: &impl Serialize) -> Result<JsValue> {
    let bytes = Zeroizing::new(frame::to_vec(value).map_err(|_| Error::Internal("encoding an event"))?);
    let value = frame::read_value(&bytes).map_err(|_| Error::Internal("encoding an event"))?;
    value::to_js(&value).ok_or(Error::Internal("an integer above 2^53 - 1"))
}

/// The platform's random source, for a room to draw from.
fn source() -> RandomSource {
    Box::new(random::fill)
}

/// The TypeScript layer passes whole numbers from 0 to 2^53 - 1; the cast saturates all others.
fn integer(value: f64) -> u64 {
    value as u64
}
