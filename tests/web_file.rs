//! The bindings of files in a real browser: the vectors made with Google's Tink through both engines, and what only the
//! bindings do.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic"
)]

use hushroom::{
    file::{Header, Opener, RangeOpener, Sealer, SegmentKey, SegmentSize, HEADER_BYTES, HEADER_RANDOM_BYTES},
    frame::{
        arthas::{ArthasFrame, RoomJoined},
        Member, RelayId,
    },
    room::{Config, FileMeta, Opening, Room, Sealing},
    secret::Key,
    share_code::{Protocol, ShareCode},
    wasm::file::{
        Direction, Engine, EngineKind, FileKey, FileOpener, FileRangeOpener, FileSealer, IndexedOpener, IndexedSealer,
    },
};
use js_sys::{Promise, Reflect, Uint8Array};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

// In a worker, where there is no `window`, and the page stays free to report.
wasm_bindgen_test_configure!(run_in_dedicated_worker);

const ENGINES: [EngineKind; 2] = [EngineKind::WebCrypto, EngineKind::Wasm];

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    ikm_hex: String,
    ciphertext_segment_size: u32,
    derived_key_size: usize,
    hkdf_hash: String,
    tests: Vec<Positive>,
    #[serde(default)]
    negatives: Vec<Negative>,
}

#[derive(Deserialize)]
struct Positive {
    aad_hex: String,
    plaintext_len: usize,
    plaintext_seed: String,
    header_hex: String,
    ciphertext_sha256: String,
    ciphertext_hex: Option<String>,
}

#[derive(Deserialize)]
struct Negative {
    case: String,
    result: String,
    aad_hex: String,
    ciphertext_hex: String,
}

fn groups() -> Vec<Group> {
    let text = include_str!("vectors/tink/aes_gcm_hkdf_streaming.json");
    serde_json::from_str::<Vectors>(text).unwrap().groups
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn plaintext(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..u32::try_from(length.div_ceil(32)).unwrap())
        .flat_map(|i| sha256(&[seed.as_bytes(), &i.to_be_bytes()].concat()))
        .collect();
    bytes.truncate(length);
    bytes
}

/// A file's parameters, with segment sizes below the bounds of the public interface too.
struct Setup {
    kind: EngineKind,
    key: Vec<u8>,
    associated_data: Vec<u8>,
    size: SegmentSize,
}

impl Setup {
    fn new(kind: EngineKind, group: &Group, aad_hex: &str) -> Self {
        Self {
            kind,
            key: hex(&group.ikm_hex),
            associated_data: hex(aad_hex),
            size: SegmentSize::of_tink(group.ciphertext_segment_size).unwrap(),
        }
    }

    async fn engine(&self, header: &Header, direction: Direction) -> Engine {
        let key = Key::from_slice(&self.key).unwrap();
        let key = SegmentKey::derive(&key, header, &self.associated_data).unwrap();
        Engine::build(self.kind, key, direction).await.unwrap()
    }

    async fn seal(&self, header: Header, plaintext: &[u8]) -> Vec<u8> {
        let engine = self.engine(&header, Direction::Seal).await;
        let mut file = header.encode().to_vec();
        let mut sealer = FileSealer::new(Sealer::new(header, self.size), engine);
        let mut rest = plaintext;
        while rest.len() > sealer.capacity() {
            let (now, then) = rest.split_at(sealer.capacity());
            file.extend(settle(sealer.seal(&now.into(), false)).await.unwrap());
            rest = then;
        }
        file.extend(settle(sealer.seal(&rest.into(), true)).await.unwrap());
        file
    }

    async fn open(&self, file: &[u8]) -> Result<Vec<u8>, String> {
        let header = Header::parse(file).map_err(|error| error.code().to_owned())?;
        let engine = self.engine(&header, Direction::Open).await;
        let mut opener = FileOpener::new(Opener::new(header, self.size), engine);
        let (mut rest, mut plaintext) = (&file[HEADER_BYTES..], vec![]);
        loop {
            let (now, then) = rest.split_at(opener.capacity().min(rest.len()));
            plaintext.extend(settle(opener.open(&now.into(), then.is_empty())).await?);
            if then.is_empty() {
                return Ok(plaintext);
            }
            rest = then;
        }
    }

    /// The last third.
    async fn open_end(&self, file: &[u8], length: usize) -> Vec<u8> {
        let header = Header::parse(file).unwrap();
        let engine = self.engine(&header, Direction::Open).await;
        let opener = FileRangeOpener::new(RangeOpener::new(header, self.size, file.len() as u64).unwrap(), engine);
        let number = |cell: &JsValue, name: &str| get(cell, name).as_f64().unwrap() as usize;
        let bytes = |cell: &JsValue| {
            let (offset, length) = (number(cell, "offset"), number(cell, "length"));
            Uint8Array::from(&file[offset..offset + length])
        };
        let (start, end) = ((length - length / 3) as f64, length as f64);
        assert_eq!(code(&opener.segments(start, end).unwrap_err().into()), "INVALID_STATE");
        settle(opener.open_last(&bytes(&opener.last()))).await.unwrap();
        let segments = opener.segments(start, end).unwrap();
        let mut plaintext = vec![0; length / 3];
        for index in number(&segments, "from")..number(&segments, "to") {
            let cell = opener.cell(index as u32, start, end).unwrap();
            let segment = settle(opener.open(index as u32, &bytes(&cell))).await.unwrap();
            let part = &segment[number(&cell, "from")..number(&cell, "to")];
            plaintext[number(&cell, "at")..][..part.len()].copy_from_slice(part);
        }
        plaintext
    }
}

/// Awaits what a method returned: its bytes, or its error's code.
async fn settle(promise: hushroom::Result<Promise>) -> Result<Vec<u8>, String> {
    let promise = promise.map_err(|error| error.code().to_owned())?;
    let bytes = JsFuture::from(promise).await.map_err(|error| code(&error))?;
    Ok(bytes.unchecked_into::<Uint8Array>().to_vec())
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn code(error: &JsValue) -> String {
    assert_eq!(get(error, "name"), "HushError");
    get(error, "code").as_string().unwrap()
}

#[wasm_bindgen_test]
async fn positive_vectors() {
    let (mut exact, mut foreign) = (0, 0);
    for group in &groups() {
        let ours = group.derived_key_size == 32 && group.hkdf_hash == "SHA256";
        for test in &group.tests {
            let expected = plaintext(&test.plaintext_seed, test.plaintext_len);
            for kind in ENGINES {
                let setup = Setup::new(kind, group, &test.aad_hex);
                if ours {
                    exact += 1;
                    let file = setup
                        .seal(Header::parse(&hex(&test.header_hex)).unwrap(), &expected)
                        .await;
                    assert_eq!(sha256(&file), hex(&test.ciphertext_sha256));
                    assert!(setup.open(&file).await.unwrap() == expected);
                    let third = expected.len() / 3;
                    assert!(setup.open_end(&file, expected.len()).await == expected[expected.len() - third..]);
                } else {
                    foreign += 1;
                    let file = hex(test.ciphertext_hex.as_ref().unwrap());
                    assert_eq!(setup.open(&file).await, Err("DECRYPT_FAILED".into()));
                }
            }
        }
    }
    assert_eq!((exact, foreign), (2 * 61, 2 * 8));
}

#[wasm_bindgen_test]
async fn negative_vectors() {
    const TRUNCATED: [&str; 8] = [
        "empty_file",
        "header_truncated",
        "header_only",
        "header_plus_15",
        "truncate_to_tag_minus_1_in_last",
        "truncate_at_segment_boundary_last_dropped",
        "truncate_to_first_segment",
        "final_segment_not_flagged_last",
    ];
    for kind in ENGINES {
        let mut ran = 0;
        for group in &groups() {
            for test in &group.negatives {
                let opened = Setup::new(kind, group, &test.aad_hex)
                    .open(&hex(&test.ciphertext_hex))
                    .await;
                let expected = match test.case.as_str() {
                    _ if test.result == "acceptable" => Ok(plaintext("y", 72)),
                    case if TRUNCATED.contains(&case) => Err("TRUNCATED".to_owned()),
                    _ => Err("DECRYPT_FAILED".to_owned()),
                };
                assert_eq!(opened, expected, "{}", test.case);
                ran += 1;
            }
        }
        assert_eq!(ran, 28);
    }
}

fn header() -> Header {
    Header::from_random(&[7; HEADER_RANDOM_BYTES])
}

fn key() -> Key {
    Key::from_slice(&[1; 32]).unwrap()
}

fn sealing<'a>(key: &'a Key, associated_data: &[u8]) -> Sealing<'a> {
    Sealing::Segments {
        key,
        header: header(),
        associated_data: associated_data.to_vec(),
    }
}

fn opening<'a>(key: &'a Key, associated_data: &[u8]) -> Opening<'a> {
    Opening::Segments {
        key,
        header: header(),
        associated_data: associated_data.to_vec(),
    }
}

#[wasm_bindgen_test]
async fn an_indexed_sealer_lets_out_one_plaintext_for_each_index() {
    for kind in ENGINES {
        let sealer = IndexedSealer::build(sealing(&key(), b"ad"), kind).await.unwrap();
        let opener = IndexedOpener::build(&opening(&key(), b"ad"), kind).await.unwrap();
        assert_eq!(sealer.header().to_vec(), header().encode());
        let plaintext = vec![9; 65_520];
        let first = settle(sealer.seal(3, false, &plaintext.as_slice().into()))
            .await
            .unwrap();
        let again = settle(sealer.seal(3, false, &plaintext.as_slice().into()))
            .await
            .unwrap();
        assert!(first == again);
        assert!(
            settle(opener.open(3, false, &first.as_slice().into(), None))
                .await
                .unwrap()
                == plaintext
        );

        let changed = settle(sealer.seal(3, false, &vec![8; 65_520].as_slice().into())).await;
        assert_eq!(changed.unwrap_err(), "SOURCE_CHANGED");
        let shorter = settle(sealer.seal(2, true, &[1].as_slice().into())).await;
        assert_eq!(shorter.unwrap_err(), "SOURCE_CHANGED");
        assert_eq!(
            settle(sealer.seal(4, false, &[1].as_slice().into())).await.unwrap_err(),
            "INVALID_ARGUMENT"
        );
        assert_eq!(
            settle(opener.open(4, false, &first.as_slice().into(), None))
                .await
                .unwrap_err(),
            "DECRYPT_FAILED"
        );
        assert_eq!(
            settle(opener.open(3, true, &first.as_slice().into(), None))
                .await
                .unwrap_err(),
            "TRUNCATED"
        );
        assert_eq!(
            settle(opener.open(3, true, &first[..15].into(), None))
                .await
                .unwrap_err(),
            "TRUNCATED"
        );
    }
}

#[wasm_bindgen_test]
async fn two_plaintexts_for_one_index_under_way_at_once() {
    for kind in ENGINES {
        let sealer = IndexedSealer::build(sealing(&key(), b""), kind).await.unwrap();
        let one = sealer.seal(0, true, &[1].as_slice().into());
        let other = sealer.seal(0, true, &[2].as_slice().into());
        let (one, other) = (settle(one).await, settle(other).await);
        assert!(one.is_ok() != other.is_ok(), "exactly one may leave");
        assert!([one, other].contains(&Err("SOURCE_CHANGED".into())));
    }
}

#[wasm_bindgen_test]
async fn arguments_may_be_overwritten_and_objects_freed_while_segments_are_under_way() {
    for kind in ENGINES {
        let setup = Setup {
            kind,
            key: vec![1; 32],
            associated_data: vec![],
            size: SegmentSize::ROOM,
        };
        let engine = setup.engine(&header(), Direction::Seal).await;
        let mut sealer = FileSealer::new(Sealer::new(header(), SegmentSize::ROOM), engine);
        let (buffer, mut work) = (Uint8Array::new_with_length(65_520), vec![]);
        for index in 0..4_u8 {
            buffer.fill(index, 0, buffer.length());
            let part = buffer.subarray(0, sealer.capacity() as u32);
            work.push(sealer.seal(&part, index == 3));
        }
        buffer.fill(0xff, 0, buffer.length());
        assert_eq!(sealer.seal(&buffer, true).unwrap_err().code(), "CLOSED");
        assert_eq!(sealer.capacity(), 0);
        drop(sealer);
        let mut file = header().encode().to_vec();
        for promise in work {
            file.extend(settle(promise).await.unwrap());
        }
        let plaintext = setup.open(&file).await.unwrap();
        assert_eq!(plaintext.len(), 4 * 65_520 - 40);
        assert!(plaintext[..65_480].iter().all(|byte| *byte == 0));
        assert!(plaintext[3 * 65_520 - 40..].iter().all(|byte| *byte == 3));

        let engine = setup.engine(&header(), Direction::Open).await;
        let mut opener = FileOpener::new(Opener::new(header(), SegmentSize::ROOM), engine);
        // The last segment may be opened twice, so its bytes must have been kept.
        let last = Uint8Array::from(&file[40..65_536]);
        let opening = opener.open(&last, true);
        last.fill(0, 0, last.length());
        drop(opener);
        assert_eq!(settle(opening).await.unwrap_err(), "TRUNCATED");
    }
}

#[wasm_bindgen_test]
async fn keys_are_checked_and_used_through_their_object() {
    let refused = |key: &[u8], size, engine| FileKey::new(key.to_vec(), vec![], size, engine).unwrap_err().code();
    assert_eq!(refused(&[1; 31], 4096, "auto"), "INVALID_KEY");
    assert_eq!(refused(&[1; 32], 4095, "auto"), "INVALID_SEGMENT_SIZE");
    assert_eq!(refused(&[1; 32], 4096, "AUTO"), "INVALID_ARGUMENT");

    let file_key = FileKey::new(vec![1; 32], vec![], 4096, "auto").unwrap();
    let sealer = JsFuture::from(file_key.sealer().unwrap()).await.unwrap();
    let header: Uint8Array = call(&sealer, "header");
    assert_eq!(call::<JsValue>(&sealer, "engineName"), "webcrypto");
    assert!(JsFuture::from(file_key.opener(&header).unwrap()).await.is_ok());
    assert_eq!(
        file_key.opener(&header.subarray(0, 39)).unwrap_err().code(),
        "TRUNCATED"
    );
    assert_eq!(file_key.range_opener(&header, 55.0).unwrap_err().code(), "TRUNCATED");
    for size in [-1.0, 0.5, f64::NAN, f64::INFINITY, 1e16] {
        assert_eq!(
            file_key.range_opener(&header, size).unwrap_err().code(),
            "INVALID_ARGUMENT"
        );
    }
}

fn call<T: JsCast>(object: &JsValue, method: &str) -> T {
    let function: js_sys::Function = get(object, method).unchecked_into();
    function.call0(object).unwrap().unchecked_into()
}

/// A chunk sealer comes out of a room that sends a file, and nowhere else.
fn arthas_room() -> Room {
    let mut count = 0_u8;
    let random = Box::new(move |out: &mut [u8]| {
        count = count.wrapping_add(1);
        out.fill(count);
        Ok(())
    });
    let code = ShareCode::generate(Protocol::Arthas, (&[1; 21], key()));
    let room_id = code.room_id.clone();
    let mut room = Room::new(Config::join(code, "Ada".into(), None, random), 0).unwrap();
    room.on_connected(0).unwrap();
    let member = |id: &str| Member {
        id: RelayId(id.into()),
        name: id.into(),
        color: String::new(),
    };
    let joined = RoomJoined {
        room_id,
        members: vec![member("a"), member("b")],
        has_password: false,
        ephemeral: 0,
        expires_at: 0,
        receipts: true,
    };
    let frame = ArthasFrame::from(joined).encode().unwrap();
    room.on_frame(&frame, frame.len(), 0);
    room
}

#[wasm_bindgen_test]
async fn chunks_are_sealed_once_each_under_their_own_iv() {
    for kind in ENGINES {
        let mut room = arthas_room();
        let meta = FileMeta {
            name: "a".into(),
            size: Some(65_540),
            replayable: true,
            ..FileMeta::default()
        };
        let id = room.offer_file(&meta, 0).unwrap();
        let sealer = IndexedSealer::build(room.sealing(&id).unwrap(), kind).await.unwrap();
        let key = key();
        let opener = IndexedOpener::build(&Opening::Chunks { key: &key }, kind)
            .await
            .unwrap();
        assert_eq!(sealer.header().length(), 0);
        assert_eq!(room.sealing(&id).err().map(|error| error.code()), Some("INVALID_STATE"));

        for (index, plaintext) in [(0, vec![7; 65_536]), (1, b"last".to_vec())] {
            let job = room.next_bulk(50).unwrap();
            assert_eq!((job.segment, job.last), (index, index == 1));
            let body = settle(sealer.seal(index, job.last, &plaintext.as_slice().into()))
                .await
                .unwrap();
            let mut frame = room.bulk_head(job.ticket, body.len()).unwrap().unwrap();
            frame.extend_from_slice(&body);
            let Ok(ArthasFrame::SendFileChunk(chunk)) = ArthasFrame::decode(&frame) else {
                panic!("not a chunk");
            };
            let open = |iv: Option<Vec<u8>>| opener.open(index, job.last, &body.as_slice().into(), iv);
            assert!(settle(open(Some(chunk.iv.0.clone()))).await.unwrap() == plaintext);
            assert_eq!(settle(open(Some(vec![9; 12]))).await.unwrap_err(), "DECRYPT_FAILED");
            for iv in [None, Some(vec![9; 11])] {
                assert_eq!(settle(open(iv)).await.unwrap_err(), "INVALID_ARGUMENT");
            }
            let again = sealer.seal(index, job.last, &plaintext.as_slice().into());
            assert_eq!(settle(again).await.unwrap_err(), "SOURCE_CHANGED");
        }
        assert_eq!(
            settle(sealer.seal(1, true, &[1].as_slice().into())).await.unwrap_err(),
            "INVALID_ARGUMENT"
        );
    }
}
