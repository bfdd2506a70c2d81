//! Replays what fuzzing starts from and what it has found: `fuzz/corpus/TARGET/*`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the checks are tests"
)]

#[path = "../fuzz/checks/mod.rs"]
mod checks;

use std::{fs, path::Path};

/// Runs `check` on every input of `target`.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no inputs in {}", folder.display());
    for file in files {
        // The name of the input that fails stands above its panic.
        println!("{}", file.display());
        check(&fs::read(file).unwrap());
    }
}

#[test]
fn arthas_frame() {
    replay("arthas_frame", checks::arthas_frame::check);
}

#[test]
fn frame() {
    replay("frame", checks::frame::check);
}

#[test]
fn share_code() {
    replay("share_code", checks::share_code::check);
}

#[test]
fn post() {
    replay("post", checks::post::check);
}

#[test]
fn meddle() {
    replay("meddle", checks::meddle::check);
}

#[test]
fn file_open() {
    replay("file_open", checks::file_open::check);
}

#[test]
fn people() {
    replay("people", checks::people::check);
}

#[test]
fn ratchet() {
    replay("ratchet", checks::ratchet::check);
}

#[test]
fn sas() {
    replay("sas", checks::sas::check);
}
