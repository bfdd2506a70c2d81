//! Signatures: Ed25519 over canonical JSON.

use ed25519_dalek::{Signer, SigningKey};

use super::{
    canonical::{canonical, Form},
    json::{object, Map},
};
use crate::{encoding, error::Result, room::device_key::DeviceKey, secret::Key};

const SIGNATURE_BYTES: usize = 64;

/// Our own key pair: one for the life of a room.
pub(super) struct Signing(Box<SigningKey>);

impl Signing {
    pub(super) fn new(seed: &Key) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed.expose())))
    }

    /// base64url.
    pub(super) fn public_key(&self) -> String {
        encoding::encode(&self.0.verifying_key().to_bytes())
    }

    /// Adds `sig` to `payload`.
    pub(super) fn sign(&self, payload: &mut Map) {
        let signature = self.0.sign(canonical(payload, Form::Js).as_bytes());
        let text = encoding::encode(&signature.to_bytes());
        payload.insert("sig".into(), text.as_str().into());
    }

    /// The payload that tells others our key.
    pub(super) fn announcement(&self) -> Map {
        let mut payload = announcement(&self.public_key());
        self.sign(&mut payload);
        payload
    }
}

fn announcement(key: &str) -> Map {
    object([("pubkey", key.into()), ("text", "".into()), ("type", "pubkey".into())])
}

/// A signature and what it is over, kept until the key is known.
pub(super) struct Signed {
    /// None if it is not of the form of one.
    signature: Option<[u8; SIGNATURE_BYTES]>,
    js: String,
    /// If it is another than the first.
    go: Option<String>,
}

impl Signed {
    /// Of a payload with a string `sig`.
    pub(super) fn of(mut payload: Map) -> Option<Self> {
        let signature = payload.remove(&"sig".into())?.as_text()?.to_lossy();
        let (js, go) = (canonical(&payload, Form::Js), canonical(&payload, Form::Go));
        Some(Self {
            signature: encoding::decode(&signature).and_then(|bytes| bytes.try_into().ok()),
            go: (go != js).then_some(go),
            js,
        })
    }

    pub(super) fn is_by(&self, key: &DeviceKey) -> bool {
        let Some(signature) = &self.signature else {
            return false;
        };
        let go = self.go.as_ref();
        key.verify(self.js.as_bytes(), signature).is_ok()
            || go.is_some_and(|go| key.verify(go.as_bytes(), signature).is_ok())
    }

    /// Bytes it takes to keep.
    pub(super) fn weight(&self) -> usize {
        let go = self.go.as_ref().map_or(0, String::len);
        self.js.len().saturating_add(go).saturating_add(SIGNATURE_BYTES)
    }
}

/// The key that `payload` announces, if its holder signed that.
pub(super) fn announced_key(payload: &Map) -> Result<DeviceKey> {
    use crate::error::Error::BadSignature;
    let text = super::json::text_of(payload, "pubkey").ok_or(BadSignature)?;
    let key = parse_key(&text)?;
    // Nothing else is covered by the signature, whatever stands there.
    let mut signed = announcement(&text);
    let signature = payload.get(&"sig".into()).ok_or(BadSignature)?;
    signed.insert("sig".into(), signature.clone());
    let signed = Signed::of(signed).ok_or(BadSignature)?;
    if signed.is_by(&key) {
        Ok(key)
    } else {
        Err(BadSignature)
    }
}

/// A public key in base64url.
pub(super) fn parse_key(text: &str) -> Result<DeviceKey> {
    let bytes = encoding::decode(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    DeviceKey::from_bytes(&bytes.ok_or(crate::error::Error::BadSignature)?)
}
