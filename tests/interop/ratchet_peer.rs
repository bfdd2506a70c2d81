//! Our side of the interoperability test of the ratchet: one member, driven by lines of JSON on standard input.
//!
//! `{"op": "new", "seed", "room"}`, `{"op": "hello", "to"}`, `{"op": "bundle", "from", "device_key", "bundle"}`, `{"op": "say",
//! "text"}`, `{"op": "say_to", "to", "text"}`, `{"op": "open", "from", "header", "counter", "inner"}`. Bytes are hex. Each answer is one
//! line: `{"ok": true, ...}`, or `{"ok": false, "code"}`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::{stdin, BufRead};

use ed25519_dalek::{Signer, SigningKey};
use hushroom::{
    ratchet::{Action, Config, Opened, Outer, Ratchet},
    room::hush1::InstanceId,
    Error,
};
use serde_json::{json, Value};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hex");
    (0..text.len() / 2)
        .map(|k| u8::from_str_radix(&text[2 * k..2 * k + 2], 16).expect("hex"))
        .collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("length")
}

struct Member {
    signing: SigningKey,
    instance: InstanceId,
    ratchet: Ratchet,
    counter: u64,
    previous: Option<u64>,
}

impl Member {
    fn new(job: &Value) -> Self {
        let room = job["room"].as_str().unwrap();
        let signing = SigningKey::from_bytes(&array(&job["seed"]));
        let device_key = signing.verifying_key().to_bytes();
        let instance = InstanceId::derive(room, &device_key, &[7; 16]);
        let config = Config {
            room_id: room,
            instance,
            device_key,
            keep_opened: false,
        };
        Self {
            ratchet: Ratchet::new(&config).unwrap(),
            signing,
            instance,
            counter: 0,
            previous: None,
        }
    }

    /// Seals one post under the next counter.
    fn post(
        &mut self,
        to: Option<InstanceId>,
        seal: impl FnOnce(&mut Ratchet, Outer<'_>) -> Result<Vec<u8>, Error>,
    ) -> Result<Value, Error> {
        let counter = self.counter;
        self.counter += 1;
        let mut header = vec![1];
        header.extend_from_slice(&self.instance.0);
        header.extend_from_slice(&counter.to_be_bytes());
        header.push(u8::from(to.is_some()));
        header.extend(to.iter().flat_map(|to| to.0));
        let outer = Outer {
            header: &header,
            counter,
        };
        let inner = seal(&mut self.ratchet, outer)?;
        Ok(json!({ "header": hex(&header), "counter": counter, "inner": hex(&inner) }))
    }

    fn pump(&mut self) -> Result<Vec<Value>, Error> {
        let mut posts = Vec::new();
        while let Some(action) = self.ratchet.poll() {
            if let Action::Post(note) = action {
                posts.push(self.post(Some(note.to), |ratchet, outer| ratchet.seal_note(&note, outer))?);
            }
        }
        Ok(posts)
    }

    fn run(&mut self, job: &Value) -> Result<Value, Error> {
        let instance = |name: &str| InstanceId(array(&job[name]));
        match job["op"].as_str().unwrap() {
            "hello" => {
                let to = job["to"].is_string().then(|| instance("to"));
                let signing = &self.signing;
                let bundle = self.ratchet.bundle(to, 0, |bytes| signing.sign(bytes).to_bytes())?;
                Ok(json!({ "bundle": hex(&bundle) }))
            }
            "bundle" => {
                let (key, bundle) = (array(&job["device_key"]), bytes(&job["bundle"]));
                self.ratchet.on_bundle(instance("from"), key, &bundle, 0)?;
                Ok(json!({ "posts": self.pump()? }))
            }
            "say" => {
                self.ratchet.prepare(0)?;
                let mut posts = self.pump()?;
                let (text, previous) = (job["text"].as_str().unwrap().to_owned(), self.previous);
                self.previous = Some(self.counter);
                posts.push(self.post(None, |ratchet, outer| ratchet.seal(outer, previous, text.as_bytes(), 0))?);
                Ok(json!({ "posts": posts }))
            }
            "say_to" => {
                let (text, previous, to) = (job["text"].as_str().unwrap().to_owned(), self.previous, instance("to"));
                let post = self.post(Some(to), |ratchet, outer| {
                    ratchet.seal_to(to, outer, previous, text.as_bytes())
                })?;
                Ok(json!({ "posts": [post] }))
            }
            "open" => {
                let (header, inner) = (bytes(&job["header"]), bytes(&job["inner"]));
                let outer = Outer {
                    header: &header,
                    counter: job["counter"].as_u64().unwrap(),
                };
                let opened = self.ratchet.open(instance("from"), outer, &inner, 0)?;
                let opened = opened.release(&self.ratchet).expect("nothing is kept");
                let said = match &opened {
                    Opened::Said(said) | Opened::SaidToUs(said) => Some(said),
                    _ => None,
                };
                let text = said.map(|said| String::from_utf8(said.event.to_vec()).unwrap());
                let previous = said.and_then(|said| said.previous);
                Ok(json!({ "text": text, "previous": previous, "posts": self.pump()? }))
            }
            other => panic!("unknown op {other}"),
        }
    }
}

fn main() {
    let mut member = None;
    for line in stdin().lock().lines() {
        let job: Value = serde_json::from_str(&line.expect("input")).expect("JSON");
        let answer = if job["op"] == "new" {
            let new = member.insert(Member::new(&job));
            let device_key = new.signing.verifying_key().to_bytes();
            Ok(json!({ "instance": hex(&new.instance.0), "device_key": hex(&device_key) }))
        } else {
            member.as_mut().expect("new comes first").run(&job)
        };
        let answer = match answer {
            Ok(mut answer) => {
                answer["ok"] = true.into();
                answer
            }
            Err(error) => json!({ "ok": false, "code": error.code() }),
        };
        println!("{answer}");
    }
}
