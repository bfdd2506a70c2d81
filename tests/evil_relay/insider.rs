//! Somebody who holds the code and works with the relay: a client written from `docs/ratchet.md`, which can lie.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer, SigningKey};
use hushroom::frame::{FixedBin, RelayId};
use sha2::{Digest, Sha256};
use vodozemac::{
    megolm::{self, GroupSession, InboundGroupSession, MegolmMessage, SessionKey},
    olm::{self, Account, OlmMessage},
    Curve25519PublicKey,
};

use crate::wire::{
    self, base64url, event, read_event, signed_payload, text, unpad, Code, Header, Hello, Instance, Text,
};

/// What a bundle is for: its purpose, recipient and round.
pub(crate) type Purpose = (u8, Instance, u16);
pub(crate) const FOR_EVERYBODY: Purpose = (0, [0; 16], 0);

/// An honest device, as its hellos and notes show it.
pub(crate) struct Known {
    pub(crate) device_key: [u8; 32],
    pub(crate) identity: Curve25519PublicKey,
    session: Option<olm::Session>,
    round: u16,
    /// Sender keys by generation: as they came, and what they open.
    pub(crate) keys: BTreeMap<u16, (Vec<u8>, InboundGroupSession)>,
    has_ours: bool,
}

pub(crate) struct Insider {
    pub(crate) code: Code,
    pub(crate) route: RelayId,
    pub(crate) signing: SigningKey,
    pub(crate) nonce: [u8; 16],
    pub(crate) instance: Instance,
    account: Account,
    /// The identity key that its hellos claim: its own, unless it lies.
    pub(crate) identity: Curve25519PublicKey,
    pub(crate) fallback: Curve25519PublicKey,
    counter: u64,
    pub(crate) known: BTreeMap<Instance, Known>,
    pub(crate) megolm: GroupSession,
    pub(crate) generation: u16,
    /// The texts it could read, and who said them.
    pub(crate) heard: Vec<(Instance, String)>,
    pub(crate) heard_up_to: usize,
    /// Whether it answers hellos and shares.
    pub(crate) answers: bool,
}

impl Insider {
    pub(crate) fn new(code: &Code) -> Self {
        Self::numbered(code, 0xe1)
    }

    /// One of several, each with a device key and a route of its own.
    pub(crate) fn numbered(code: &Code, number: u8) -> Self {
        let mut account = Account::new();
        account.generate_fallback_key();
        let fallback = *account.fallback_key().values().next().unwrap();
        let (signing, nonce) = (SigningKey::from_bytes(&[number; 32]), [0xe2; 16]);
        let instance = wire::instance(&code.room_id, &signing.verifying_key().to_bytes(), &nonce);
        Self {
            code: code.clone(),
            route: RelayId(format!("bad{number:05x}")),
            signing,
            nonce,
            instance,
            identity: account.curve25519_key(),
            account,
            fallback,
            counter: 0,
            known: BTreeMap::new(),
            megolm: GroupSession::new(megolm::SessionConfig::version_1()),
            generation: 0,
            heard: vec![],
            heard_up_to: 0,
            answers: true,
        }
    }

    pub(crate) fn id(&self) -> String {
        base64url(&self.instance)
    }

    pub(crate) fn device_key(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// The next header of its own.
    pub(crate) fn header(&mut self, to: Option<Instance>) -> Header {
        self.counter += 1;
        Header {
            instance: self.instance,
            counter: self.counter,
            recipients: to.into_iter().collect(),
        }
    }

    /// An inner layer signed with its key, for a post under `header`.
    pub(crate) fn signed(&self, header: &Header, event: &[u8]) -> Vec<u8> {
        let payload = signed_payload(event);
        let message = [
            b"hushroom/1 post\0",
            self.code.room_id.as_bytes(),
            &self.code.tag(),
            &header.encode(),
            &payload,
        ];
        let signature = self.signing.sign(&message.concat()).to_bytes();
        [&[1], &signature[..], &payload].concat()
    }

    /// A bundle over any keys, signed with its key.
    pub(crate) fn bundle(&self, (purpose, to, round): Purpose, identity: [u8; 32], pre_key: [u8; 32]) -> [u8; 148] {
        let head = [&[1, purpose], &to[..], &round.to_be_bytes(), &identity, &pre_key].concat();
        let message = [
            b"hushroom/1 bundle\0",
            self.code.room_id.as_bytes(),
            &self.instance,
            &self.device_key(),
            &head,
        ];
        let signature = self.signing.sign(&message.concat()).to_bytes();
        [&head[..], &signature].concat().try_into().unwrap()
    }

    pub(crate) fn own_bundle(&self) -> [u8; 148] {
        self.bundle(FOR_EVERYBODY, self.identity.to_bytes(), self.fallback.to_bytes())
    }

    pub(crate) fn hello_event(&self, bundle: [u8; 148], answer: bool) -> Hello {
        Hello {
            key: FixedBin(self.device_key()),
            nonce: FixedBin(self.nonce),
            name: "Mallory".into(),
            bundle: FixedBin(bundle),
            answer,
            have: vec![],
        }
    }

    /// A post that says hello with `bundle`.
    pub(crate) fn hello_with(&mut self, to: Option<Instance>, bundle: [u8; 148], answer: bool) -> Vec<u8> {
        let header = self.header(to);
        let event = event(1, self.hello_event(bundle, answer));
        self.code.seal(&header, &self.signed(&header, &event))
    }

    pub(crate) fn hello(&mut self) -> Vec<u8> {
        self.hello_with(None, self.own_bundle(), true)
    }

    /// Enters honestly: says hello, and hears what comes of it.
    pub(crate) fn enter(&mut self, world: &mut crate::World) {
        self.heard_up_to = world.recorded.len();
        let hello = self.hello();
        world.spread(self, &hello);
        world.settle_with(self);
    }

    /// Says something to all it has sessions with: the posts to pass on.
    pub(crate) fn say(&mut self, said: &str) -> Vec<Vec<u8>> {
        let key = self.megolm.session_key().to_bytes();
        let mut posts = self.share(self.generation, &key);
        let header = self.header(None);
        posts.push(self.group(&header, &text(said)));
        posts
    }

    /// Gives everybody who has none of its keys this one, as the key of `generation`.
    pub(crate) fn share(&mut self, generation: u16, key: &[u8]) -> Vec<Vec<u8>> {
        let lacking = self
            .known
            .iter()
            .filter(|(_, known)| !known.has_ours && known.session.is_some());
        let lacking: BTreeSet<Instance> = lacking.map(|(instance, _)| *instance).collect();
        let content = [&generation.to_be_bytes()[..], key].concat();
        lacking
            .into_iter()
            .map(|to| {
                self.known.get_mut(&to).unwrap().has_ours = true;
                self.note(to, 2, &content)
            })
            .collect()
    }

    /// A post under `header` that its present sender key seals.
    pub(crate) fn group(&mut self, header: &Header, event: &[u8]) -> Vec<u8> {
        let binding = group_binding(&self.code, &self.device_key(), self.generation, header);
        let mut plaintext = [&binding[..], &[0, 0], event].concat();
        pad(&mut plaintext);
        let message = self.megolm.encrypt(&plaintext).to_bytes();
        let inner = [&[2], &self.generation.to_be_bytes()[..], &message].concat();
        self.code.seal(header, &inner)
    }

    /// A note to one, who must be known and have a session with it.
    pub(crate) fn note(&mut self, to: Instance, kind: u8, content: &[u8]) -> Vec<u8> {
        let header = self.header(Some(to));
        let own = party(&self.instance, &self.device_key(), &self.identity);
        let known = self.known.get_mut(&to).unwrap();
        let other = party(&to, &known.device_key, &known.identity);
        let round = known.round.to_be_bytes();
        let binding = pair_binding(&self.code, [&own, &other], kind, known.round, &header);
        let mut plaintext = [&[kind], &round[..], &binding, content].concat();
        if kind == 3 {
            pad(&mut plaintext);
        }
        let session = known.session.as_mut().expect("a session");
        let inner = match session.encrypt(&plaintext).unwrap() {
            OlmMessage::Normal(message) => [&[3], &message.to_bytes()[..]].concat(),
            OlmMessage::PreKey(message) => [&[4], &message.to_bytes()[..]].concat(),
        };
        self.code.seal(&header, &inner)
    }

    /// Takes in whatever it can open. Returns what an honest client would say to that.
    pub(crate) fn hear(&mut self, body: &[u8]) -> Vec<Vec<u8>> {
        let Some((header, inner)) = self.code.open(body) else {
            return vec![];
        };
        let for_us = header.recipients.is_empty() || header.recipients.contains(&self.instance);
        if !for_us || header.instance == self.instance {
            return vec![];
        }
        let replies = match inner[0] {
            1 => self.hear_hello(&header, &inner),
            2 => self.hear_group(&header, &inner),
            _ => self.hear_note(&header, &inner),
        };
        if self.answers {
            replies
        } else {
            vec![]
        }
    }

    fn hear_hello(&mut self, header: &Header, inner: &[u8]) -> Vec<Vec<u8>> {
        if is_bye(inner) {
            return vec![];
        }
        let hello = read_hello(inner).expect("only hellos and byes are signed");
        let key = |at: usize| Curve25519PublicKey::from_slice(&hello.bundle.0[at..at + 32]).unwrap();
        let (identity, pre_key) = (key(20), key(52));
        let from = header.instance;
        let known = self.known.entry(from).or_insert(Known {
            device_key: hello.key.0,
            identity,
            session: None,
            round: 0,
            keys: BTreeMap::new(),
            has_ours: false,
        });
        let starts = known.session.is_none() && self.identity.as_bytes() < identity.as_bytes();
        if starts {
            let config = olm::SessionConfig::version_1();
            known.session = Some(self.account.create_outbound_session(config, identity, pre_key).unwrap());
        }
        let mut replies = vec![];
        if hello.answer {
            replies.push(self.hello_with(Some(from), self.own_bundle(), false));
        }
        if starts {
            replies.push(self.note(from, 1, &[]));
        }
        replies
    }

    fn hear_group(&mut self, header: &Header, inner: &[u8]) -> Vec<Vec<u8>> {
        let Some(opened) = self.open_group(header, inner) else {
            return vec![];
        };
        if let Some(Text { text, .. }) = read_event(2, &opened) {
            self.heard.push((header.instance, text));
        }
        vec![]
    }

    /// The event in a post to everybody, if it holds the key.
    fn open_group(&mut self, header: &Header, inner: &[u8]) -> Option<Vec<u8>> {
        let generation = u16::from_be_bytes(inner[1..3].try_into().unwrap());
        let known = self.known.get_mut(&header.instance)?;
        let (_, session) = known.keys.get_mut(&generation)?;
        let message = MegolmMessage::from_bytes(&inner[3..]).unwrap();
        let plaintext = session.decrypt(&message).ok()?.plaintext;
        let content = unpad(&plaintext);
        let binding = group_binding(&self.code, &known.device_key, generation, header);
        assert_eq!(content[..16], binding, "docs/ratchet.md, section 4");
        Some(content[18..].to_vec())
    }

    fn hear_note(&mut self, header: &Header, inner: &[u8]) -> Vec<Vec<u8>> {
        let from = header.instance;
        let Some(plaintext) = self.open_note(header, inner) else {
            return vec![];
        };
        let own = party(&self.instance, &self.device_key(), &self.identity);
        let known = self.known.get_mut(&from).unwrap();
        let other = party(&from, &known.device_key, &known.identity);
        let (kind, round) = (plaintext[0], u16::from_be_bytes([plaintext[1], plaintext[2]]));
        let binding = pair_binding(&self.code, [&other, &own], kind, round, header);
        assert_eq!(plaintext[3..19], binding, "docs/ratchet.md, section 3");
        known.round = round;
        if kind != 2 {
            return vec![];
        }
        let (generation, key) = plaintext[19..].split_at(2);
        let session = SessionKey::from_bytes(key).unwrap();
        let session = InboundGroupSession::new(&session, megolm::SessionConfig::version_1());
        let generation = u16::from_be_bytes(generation.try_into().unwrap());
        known.keys.entry(generation).or_insert((key.to_vec(), session));
        vec![self.note(from, 1, &[])]
    }

    fn open_note(&mut self, header: &Header, inner: &[u8]) -> Option<Vec<u8>> {
        let known = self.known.get_mut(&header.instance)?;
        let kind = match inner[0] {
            3 => 1,
            _ => 0,
        };
        let message = OlmMessage::from_parts(kind, &inner[1..]).ok()?;
        if let Some(plaintext) = known
            .session
            .as_mut()
            .and_then(|session| session.decrypt(&message).ok())
        {
            return Some(plaintext);
        }
        let OlmMessage::PreKey(message) = message else {
            return None;
        };
        let config = olm::SessionConfig::version_1();
        let created = self
            .account
            .create_inbound_session(config, known.identity, &message)
            .ok()?;
        known.session = Some(created.session);
        Some(created.plaintext)
    }
}

/// The hello in an inner layer, if it is a signed one.
pub(crate) fn read_hello(inner: &[u8]) -> Option<Hello> {
    let payload = inner.strip_prefix(&[1])?.get(64..)?;
    read_event(1, &unpad(payload)[8..])
}

/// Whether an inner layer is a signed bye, which says nothing but that.
pub(crate) fn is_bye(inner: &[u8]) -> bool {
    let payload = inner.strip_prefix(&[1]).and_then(|signed| signed.get(64..));
    let event = payload.map(unpad);
    event.is_some_and(|event| read_event::<BTreeMap<String, u8>>(5, &event[8..]).is_some_and(|data| data.is_empty()))
}

fn group_binding(code: &Code, device_key: &[u8; 32], generation: u16, header: &Header) -> [u8; 16] {
    binding(&[
        b"hushroom/1 group\0",
        code.room_id.as_bytes(),
        device_key,
        &generation.to_be_bytes(),
        &header.encode(),
    ])
}

fn pair_binding(code: &Code, [from, to]: [&[u8]; 2], kind: u8, round: u16, header: &Header) -> [u8; 16] {
    binding(&[
        b"hushroom/1 pair\0",
        code.room_id.as_bytes(),
        from,
        to,
        &[kind],
        &round.to_be_bytes(),
        &header.encode(),
    ])
}

fn party(instance: &Instance, device_key: &[u8; 32], identity: &Curve25519PublicKey) -> Vec<u8> {
    [&instance[..], device_key, identity.as_bytes()].concat()
}

fn binding(parts: &[&[u8]]) -> [u8; 16] {
    Sha256::digest(parts.concat())[..16].try_into().unwrap()
}

/// The padding of ratcheted events.
fn pad(plaintext: &mut Vec<u8>) {
    let least = (plaintext.len() + 2).max(64);
    let exponent = least.ilog2();
    let unit = (1 << (exponent - exponent.ilog2() - 1)).max(16);
    plaintext.push(0x80);
    plaintext.resize(least.next_multiple_of(unit) - 1, 0);
}
