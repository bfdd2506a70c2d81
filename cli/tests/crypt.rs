//! `hushroom encrypt` and `decrypt`: files and pipes, ranges, and what goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop"
)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use hushroom::{
    file::{Header, Opener, SegmentCipher, SegmentKey, SegmentSize, HEADER_BYTES},
    secret::Key,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use support::{kill, program, run};
use tempfile::TempDir;

const KEY: [u8; 32] = [42; 32];

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), KEY).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn hushroom(&self, arguments: &[&str], input: &[u8]) -> (i32, Vec<u8>, String) {
        let mut command = program(arguments);
        command.current_dir(self.0.path());
        run(command, input)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// With the core alone.
fn open(file: &[u8], segment_size: u32, associated_data: &[u8]) -> Vec<u8> {
    let header = Header::parse(file).unwrap();
    let key = SegmentKey::derive(&Key::from_slice(&KEY).unwrap(), &header, associated_data).unwrap();
    let cipher = SegmentCipher::new(&key);
    let mut opener = Opener::new(header, SegmentSize::new(segment_size).unwrap());
    let mut rest = &file[HEADER_BYTES..];
    let mut plaintext = vec![];
    loop {
        let (segment, behind) = rest.split_at(rest.len().min(opener.capacity()));
        let mut buffer = segment.to_vec();
        cipher
            .open(
                opener.next_segment(segment.len(), behind.is_empty()).unwrap(),
                &mut buffer,
            )
            .unwrap();
        plaintext.extend(buffer);
        if behind.is_empty() {
            return plaintext;
        }
        rest = behind;
    }
}

#[test]
fn files_and_pipes_around_every_edge() {
    const SEGMENT: usize = 4096;
    let folder = Folder::new();
    let size = ["--segment-size", "4096", "--associated-data", "a", "--key-file", "key"];
    for length in [
        0,
        1,
        SEGMENT - 57,
        SEGMENT - 56,
        SEGMENT - 55,
        2 * SEGMENT - 72,
        2 * SEGMENT - 71,
        100_000,
    ] {
        let plaintext = bytes(length);
        let (code, encrypted, _) = folder.hushroom(&[&["encrypt"], &size[..]].concat(), &plaintext);
        assert_eq!(code, 0);
        assert_eq!(open(&encrypted, SEGMENT as u32, b"a"), plaintext);
        let (code, decrypted, _) = folder.hushroom(&[&["decrypt"], &size[..]].concat(), &encrypted);
        assert_eq!((code, decrypted == plaintext), (0, true), "{length}");
        fs::write(folder.path("plain"), &plaintext).unwrap();
        let (code, ..) = folder.hushroom(&[&["encrypt", "plain", "--force"], &size[..]].concat(), b"");
        assert_eq!(code, 0);
        assert_eq!(
            open(&fs::read(folder.path("plain.hush")).unwrap(), SEGMENT as u32, b"a"),
            plaintext
        );
        fs::remove_file(folder.path("plain")).unwrap();
        let (code, ..) = folder.hushroom(&[&["decrypt", "plain.hush"], &size[..]].concat(), b"");
        assert_eq!((code, fs::read(folder.path("plain")).unwrap() == plaintext), (0, true));
    }
    assert_eq!(folder.names(), ["key", "plain", "plain.hush"]);
}

#[test]
fn tinks_own_vectors_are_read() {
    let folder = Folder::new();
    let text = include_str!("../../tests/vectors/tink/aes_gcm_hkdf_streaming.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut read = 0;
    for group in vectors["groups"].as_array().unwrap() {
        let segment_size = group["ciphertext_segment_size"].as_u64().unwrap();
        // Smaller ones are Tink's own; this format starts at 4 KiB.
        if segment_size < 4096 {
            continue;
        }
        let segment_size = segment_size.to_string();
        fs::write(folder.path("tink-key"), unhex(group["ikm_hex"].as_str().unwrap())).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let text = |name: &str| test[name].as_str().map(unhex);
            let Some(ciphertext) = text("ciphertext_hex") else {
                continue;
            };
            let aad = String::from_utf8(text("aad_hex").unwrap()).unwrap();
            let mut arguments = vec!["decrypt", "--key-file", "tink-key", "--segment-size", &segment_size];
            arguments.extend(["--associated-data", &aad]);
            let (code, decrypted, error) = folder.hushroom(&arguments, &ciphertext);
            assert_eq!(code, 0, "{error}");
            assert_eq!(Sha256::digest(&decrypted).to_vec(), text("plaintext_sha256").unwrap());
            read += 1;
        }
    }
    assert!(read > 0, "no vector fits");
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

#[test]
fn ranges() {
    let folder = Folder::new();
    let plaintext = bytes(700_000);
    fs::write(folder.path("plain"), &plaintext).unwrap();
    assert_eq!(folder.hushroom(&["encrypt", "plain", "--key-file", "key"], b"").0, 0);
    let decrypt = |range: &str| {
        folder.hushroom(
            &[
                "decrypt",
                "plain.hush",
                "--key-file",
                "key",
                "-o",
                "-",
                "--range",
                range,
            ],
            b"",
        )
    };
    for (range, start, end) in [
        ("0..1", 0, 1),
        ("0..0", 0, 0),
        ("262087..262089", 262_087, 262_089),
        ("100..600000", 100, 600_000),
        ("699999..", 699_999, 700_000),
        ("..10", 0, 10),
        ("..", 0, 700_000),
    ] {
        let (code, part, error) = decrypt(range);
        assert_eq!((code, error.as_str()), (0, ""), "{range}");
        assert_eq!(part, plaintext[start..end], "{range}");
    }
    assert_eq!(decrypt("0..700001").0, 2);
    assert_eq!(decrypt("700001..").0, 2);
    assert_eq!(decrypt("2..1").0, 2);
    // A file that was cut at a segment's end is noticed though the range lies before it.
    let encrypted = fs::read(folder.path("plain.hush")).unwrap();
    fs::write(folder.path("plain.hush"), &encrypted[..262_144]).unwrap();
    let (code, part, error) = decrypt("0..10");
    assert_eq!((code, part.len()), (4, 0));
    assert!(error.contains("ended before"), "{error}");
}

#[test]
fn what_does_not_open_leaves_no_file() {
    let folder = Folder::new();
    let encrypted = folder.hushroom(&["encrypt", "--key-file", "key"], &bytes(600_000)).1;
    fs::write(folder.path("other"), [43; 32]).unwrap();
    let changed = |at: usize| {
        let mut file = encrypted.clone();
        file[at] ^= 1;
        file
    };
    let longer = [&encrypted[..], b"x"].concat();
    for (key, file, message) in [
        ("other", encrypted.clone(), "decryption failed"),
        ("key", changed(0), "decryption failed"),
        ("key", changed(30), "decryption failed"),
        ("key", changed(300_000), "decryption failed"),
        ("key", longer, "decryption failed"),
        ("key", encrypted[..524_288].to_vec(), "ended before"),
        ("key", encrypted[..20].to_vec(), "ended before"),
        ("key", vec![], "ended before"),
    ] {
        fs::write(folder.path("in.hush"), file).unwrap();
        let (code, out, error) = folder.hushroom(&["decrypt", "in.hush", "-o", "out", "--key-file", key], b"");
        assert_eq!((code, out.len()), (4, 0));
        assert!(error.contains(message), "{error}");
        assert_eq!(folder.names(), ["in.hush", "key", "other"]);
    }
}

#[test]
fn nothing_is_replaced_unless_asked() {
    let folder = Folder::new();
    fs::write(folder.path("plain"), "plain").unwrap();
    fs::write(folder.path("out"), "precious").unwrap();
    let encrypt = ["encrypt", "plain", "-o", "out", "--key-file", "key"];
    let (code, _, error) = folder.hushroom(&encrypt, b"");
    assert_eq!((code, error.contains("--force")), (3, true), "{error}");
    assert_eq!(fs::read(folder.path("out")).unwrap(), b"precious");
    assert_eq!(folder.hushroom(&[&encrypt[..], &["--force"]].concat(), b"").0, 0);
    assert_eq!(open(&fs::read(folder.path("out")).unwrap(), 262_144, b""), b"plain");
    // In place.
    assert_eq!(
        folder
            .hushroom(
                &["encrypt", "plain", "-o", "plain", "--force", "--key-file", "key"],
                b""
            )
            .0,
        0
    );
    assert_eq!(open(&fs::read(folder.path("plain")).unwrap(), 262_144, b""), b"plain");
    #[cfg(unix)]
    {
        let (code, ..) = folder.hushroom(
            &["encrypt", "plain", "-o", "/dev/null", "--force", "--key-file", "key"],
            b"",
        );
        assert_eq!(code, 0);
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }
}

#[test]
fn keys() {
    let folder = Folder::new();
    let (code, encrypted, _) = folder.hushroom(&["encrypt", "--generate-key", "new"], b"text");
    assert_eq!(code, 0);
    let text = fs::read_to_string(folder.path("new")).unwrap();
    assert_eq!(text.trim_end().len(), 43);
    assert_eq!(
        folder.hushroom(&["decrypt", "--key-file", "new"], &encrypted).1,
        b"text"
    );
    let mut command = program(&["decrypt", "--key-env", "THE_KEY"]);
    command.env("THE_KEY", text.trim_end());
    assert_eq!(run(command, &encrypted).1, b"text");
    for (arguments, code) in [
        (&["encrypt", "--generate-key", "new"][..], 3),
        (&["encrypt", "--key-file", "absent"], 3),
        (&["encrypt", "--key-env", "ABSENT"], 2),
        (&["encrypt"], 2),
        (&["encrypt", "--key-file", "key", "--key-env", "X"], 2),
        (&["decrypt", "--generate-key", "x"], 2),
        (&["decrypt", "absent", "-o", "-", "--key-file", "key"], 3),
        (&["decrypt", "key", "--key-file", "key"], 2),
        (&["encrypt", ".", "-o", "-", "--key-file", "key"], 3),
        (&["encrypt", "--key-file", "key", "--segment-size", "100"], 2),
    ] {
        let (found, out, error) = folder.hushroom(arguments, b"");
        assert_eq!(
            (found, out.len(), error.is_empty()),
            (code, 0, false),
            "{arguments:?}: {error}"
        );
        assert!(!error.contains(text.trim_end()), "{error}");
    }
    fs::write(folder.path("short"), "AAAA").unwrap();
    assert_eq!(folder.hushroom(&["encrypt", "--key-file", "short"], b"").0, 2);
}

#[test]
fn lines_for_scripts() {
    let folder = Folder::new();
    fs::write(folder.path("plain"), "12345").unwrap();
    let (code, line, _) = folder.hushroom(&["encrypt", "plain", "--key-file", "key", "--json"], b"");
    let told: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        (code, &told["type"], &told["plaintextBytes"]),
        (0, &"encrypted".into(), &5.into())
    );
    let (code, line, _) = folder.hushroom(&["decrypt", "plain.hush", "--key-file", "key", "--json"], b"");
    let told: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        (code, &told["type"], &told["code"]),
        (3, &"failed".into(), &"IO".into())
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    use std::{io::Write, process::Stdio};
    let folder = Folder::new();
    for signal in ["INT", "TERM"] {
        let mut command = program(&["encrypt", "--key-file", "key", "-o", "out"]);
        let mut child = command
            .current_dir(folder.0.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // More than the pipe and the buffers hold: it is in the middle of its work when this returns.
        stdin.write_all(&vec![0; 4 << 20]).unwrap();
        kill(child.id(), signal);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(folder.names(), ["key"]);
    }
}
