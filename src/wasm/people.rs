//! The key directory for JavaScript. Times are Unix seconds.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use zeroize::Zeroizing;

use super::{object::object, random, wipe::wiped};
use crate::{
    error::{Error, Result},
    identity::{
        safety_number::{self, SafetyNumber},
        Identity,
    },
    people::{pins::Standing, Acquaintance, IdentityKey, InvitationSeen, Person, Sender, UserId},
    secret::Key,
};

/// A user of a directory. Not usable after `free`, which wipes its keys.
#[wasm_bindgen]
pub struct PeopleMachine(Person);

/// Somebody who was looked up.
#[wasm_bindgen]
pub struct FoundPerson {
    found: Acquaintance,
    number: String,
}

#[wasm_bindgen]
impl PeopleMachine {
    /// A new user, on a kept identity if there is one; `directory` is the directory's key if it is known.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `INVALID_IDENTITY`, `INVALID_STATE` if the identity is a user's, `RANDOM_UNAVAILABLE`.
    pub fn create(user: &str, directory: Option<String>, identity: Option<Vec<u8>>) -> Result<PeopleMachine> {
        let identity = identity.map(Zeroizing::new);
        wiped(|| {
            let directory = directory.as_deref().map(IdentityKey::from_base64url).transpose()?;
            let identity = match identity {
                Some(state) => Identity::load(&state)?,
                None => Identity::new(random::key()?),
            };
            Person::register(identity, UserId::parse(user)?, directory).map(Self)
        })
    }

    /// Whether a kept identity is a user's.
    ///
    /// # Errors
    /// `INVALID_IDENTITY`.
    #[wasm_bindgen(js_name = isRegistered)]
    pub fn is_registered(state: Vec<u8>) -> Result<bool> {
        let state = Zeroizing::new(state);
        wiped(|| Identity::load(&state).map(|identity| identity.user().is_some()))
    }

    /// A user that was kept.
    ///
    /// # Errors
    /// `INVALID_IDENTITY`, `INVALID_STATE` when the identity is not a user's.
    pub fn load(state: Vec<u8>) -> Result<PeopleMachine> {
        let state = Zeroizing::new(state);
        wiped(|| Person::from_state(&state).map(Self))
    }

    /// What has to be kept before the next request is sent. Holds secrets.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn state(&self) -> Result<Uint8Array> {
        wiped(|| self.0.state().map(|state| Uint8Array::from(state.as_slice())))
    }

    /// The user id.
    pub fn user(&self) -> String {
        self.0.user().as_str().to_owned()
    }

    /// Our identity key, base64url.
    #[wasm_bindgen(js_name = identityKey)]
    pub fn identity_key(&self) -> String {
        self.0.identity().to_base64url()
    }

    /// The directory's key, base64url, once it is known.
    #[wasm_bindgen(js_name = directoryKey)]
    pub fn directory_key(&self) -> Option<String> {
        self.0.directory().map(|key| key.to_base64url())
    }

    /// Takes another identity key.
    ///
    /// # Errors
    /// `INVALID_STATE`, `RANDOM_UNAVAILABLE`.
    #[wasm_bindgen(js_name = replaceIdentity)]
    pub fn replace_identity(&mut self) -> Result<()> {
        wiped(|| self.0.replace_identity(random::key()?))
    }

    /// A request for a challenge.
    ///
    /// # Errors
    /// `RANDOM_UNAVAILABLE`.
    pub fn hail(&self) -> Result<Vec<u8>> {
        self.0.hail(random::bytes()?)
    }

    /// Reads its answer.
    ///
    /// # Errors
    /// `DIRECTORY_PROOF`, and those of refusals, as everywhere below.
    pub fn challenge(&mut self, request: &[u8], answer: &[u8], now: f64) -> Result<Vec<u8>> {
        self.0
            .challenge(request, answer, now as u64)
            .map(|challenge| challenge.to_vec())
    }

    /// A request for a user's entry.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `RANDOM_UNAVAILABLE`.
    pub fn lookup(&self, user: &str, one_time: bool) -> Result<Vec<u8>> {
        self.0.lookup(&UserId::parse(user)?, one_time, random::bytes()?)
    }

    /// Reads the answer to a lookup of ourselves: whether there is anything to publish.
    ///
    /// # Errors
    /// `USER_TAKEN`, `INVALID_NAME`.
    #[wasm_bindgen(js_name = lookupOwn)]
    pub fn lookup_own(&mut self, request: &[u8], answer: &[u8], name: Option<String>, now: f64) -> Result<bool> {
        wiped(|| self.0.lookup_own(request, answer, name.as_deref(), now as u64))
    }

    /// A new bundle.
    ///
    /// # Errors
    /// `INVALID_NAME`, `RANDOM_UNAVAILABLE`.
    pub fn publish(&mut self, challenge: &[u8], name: Option<String>, now: f64) -> Result<Vec<u8>> {
        wiped(|| {
            self.0
                .publish(fixed(challenge)?, name.as_deref(), &random::key()?, now as u64)
        })
    }

    /// Reads the answer to `publish`: how many one-time keys are left.
    ///
    /// # Errors
    /// `USER_TAKEN`, `RELAY_LIMIT`.
    pub fn published(&mut self, request: &[u8], answer: &[u8], now: f64) -> Result<u32> {
        wiped(|| self.0.published(request, answer, now as u64).map(|done| done.keys))
    }

    /// `count` more one-time keys, at most 100; with 0, only a question how many there are.
    ///
    /// # Errors
    /// `RANDOM_UNAVAILABLE`.
    #[wasm_bindgen(js_name = addKeys)]
    pub fn add_keys(&mut self, challenge: &[u8], count: u32, now: f64) -> Result<Vec<u8>> {
        wiped(|| {
            let seeds: Vec<Key> = (0..count).map(|_| random::key()).collect::<Result<_>>()?;
            self.0.add_keys(fixed(challenge)?, &seeds, now as u64)
        })
    }

    /// Reads the answer to a request that only wants to be done: how many one-time keys are left.
    ///
    /// # Errors
    /// Those of refusals.
    pub fn done(&mut self, request: &[u8], answer: &[u8], now: f64) -> Result<u32> {
        wiped(|| self.0.done(request, answer, now as u64).map(|done| done.keys))
    }

    /// Reads the answer to a lookup.
    ///
    /// # Errors
    /// `UNKNOWN_USER`, `BUNDLE_EXPIRED`, `KEY_UNPROVEN`, `DIRECTORY_ROLLED_BACK`.
    #[wasm_bindgen(js_name = lookedUp)]
    pub fn looked_up(&mut self, user: &str, request: &[u8], answer: &[u8], now: f64) -> Result<FoundPerson> {
        wiped(|| {
            let found = self.0.looked_up(&UserId::parse(user)?, request, answer, now as u64)?;
            let number = self.number(&found.user, found.identity)?;
            Ok(FoundPerson { found, number })
        })
    }

    /// Trusts the key that has taken another's place.
    ///
    /// # Errors
    /// `UNKNOWN_USER`, `KEY_UNPROVEN`.
    #[wasm_bindgen(js_name = acknowledgeKey)]
    pub fn acknowledge_key(&mut self, user: &str, key: &str) -> Result<()> {
        self.0
            .acknowledge_key(&UserId::parse(user)?, IdentityKey::from_base64url(key)?)
    }

    /// A sealed invitation.
    ///
    /// # Errors
    /// `KEY_CHANGED`, `INVALID_SHARE_CODE`, `TEXT_TOO_LONG`, `WEAK_KEY`, `RANDOM_UNAVAILABLE`.
    pub fn invite(&self, to: &FoundPerson, code: String, text: String, now: f64) -> Result<Vec<u8>> {
        let (code, text) = (Zeroizing::new(code), Zeroizing::new(text));
        wiped(|| {
            let random = (random::key()?, random::bytes()?);
            self.0.invite(&to.found, &code, &text, random, now as u64)
        })
    }

    /// A request for invitations.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn fetch(&self, challenge: &[u8], after: f64) -> Result<Vec<u8>> {
        wiped(|| self.0.fetch(fixed(challenge)?, after as u64))
    }

    /// Reads its answer: `{invitations, useless, last, more}`.
    ///
    /// # Errors
    /// Those of refusals.
    pub fn fetched(&mut self, request: &[u8], answer: &[u8], now: f64) -> Result<JsValue> {
        wiped(|| {
            let mail = self.0.fetched(request, answer, now as u64)?;
            let invitations = mail.invitations.iter().map(|seen| self.invitation(seen));
            let invitations = invitations.collect::<Result<Array>>()?;
            let useless: Array = mail.useless.iter().map(|receipt| bytes(receipt)).collect();
            let last = mail.last.map_or(JsValue::UNDEFINED, |last| (last as f64).into());
            Ok(object(&[
                ("invitations", invitations.into()),
                ("useless", useless.into()),
                ("last", last),
                ("more", mail.more.into()),
            ]))
        })
    }

    /// A request to forget invitations, by their receipts. Deletes the keys that opened them.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn acknowledge(&mut self, challenge: &[u8], receipts: Vec<Uint8Array>, now: f64) -> Result<Vec<u8>> {
        wiped(|| {
            let receipts: Vec<Vec<u8>> = receipts.iter().map(Uint8Array::to_vec).collect();
            let receipts: Vec<&[u8]> = receipts.iter().map(Vec::as_slice).collect();
            self.0.acknowledge(fixed(challenge)?, &receipts, now as u64)
        })
    }

    /// A request to be removed.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`.
    pub fn remove(&self, challenge: &[u8]) -> Result<Vec<u8>> {
        wiped(|| self.0.remove(fixed(challenge)?))
    }

    fn number(&self, user: &UserId, key: IdentityKey) -> Result<String> {
        let own = safety_number::Identity {
            id: self.0.user().as_str().as_bytes(),
            key: &self.0.identity().0,
        };
        let other = safety_number::Identity {
            id: user.as_str().as_bytes(),
            key: &key.0,
        };
        SafetyNumber::new(own, other).map(|number| number.digits())
    }

    fn invitation(&self, seen: &InvitationSeen) -> Result<JsValue> {
        let InvitationSeen {
            receipt,
            contents,
            sender,
        } = seen;
        let sender = match sender {
            Sender::Known => "known",
            Sender::Unconfirmed => "unconfirmed",
            Sender::OtherKey => "other-key",
        };
        let number = self.number(&contents.sender, contents.identity)?;
        Ok(object(&[
            ("receipt", bytes(receipt)),
            ("from", contents.sender.as_str().into()),
            ("identityKey", contents.identity.to_base64url().into()),
            ("sender", sender.into()),
            ("safetyNumber", number.into()),
            ("code", contents.code.as_str().into()),
            ("text", contents.text.as_str().into()),
            ("sentAt", (contents.time as f64).into()),
        ]))
    }
}

#[wasm_bindgen]
impl FoundPerson {
    /// `{userId, identityKey, trustedKey, status, name, expiresAt, safetyNumber}`.
    pub fn details(&self) -> JsValue {
        let Acquaintance {
            user,
            identity,
            trusted,
            standing,
            name,
            expires,
            ..
        } = &self.found;
        let status = match standing {
            Standing::New => "new",
            Standing::Same => "same",
            Standing::Changed => "changed",
        };
        object(&[
            ("userId", user.as_str().into()),
            ("identityKey", identity.to_base64url().into()),
            ("trustedKey", trusted.to_base64url().into()),
            ("status", status.into()),
            ("name", name.as_str().into()),
            ("expiresAt", (*expires as f64).into()),
            ("safetyNumber", self.number.as_str().into()),
        ])
    }
}

fn fixed(challenge: &[u8]) -> Result<[u8; 32]> {
    challenge
        .try_into()
        .map_err(|_| Error::InvalidArgument("a challenge has 32 bytes"))
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}
