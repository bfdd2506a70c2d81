//! Replays what fuzzing starts from and what it has found: `fuzz/corpus/relay/*`.

use std::{fs, path::Path};

#[path = "../../../fuzz/checks/relay.rs"]
mod relay;

#[test]
fn corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/relay");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no inputs in {}", folder.display());
    for file in files {
        // The name of the input that fails stands above its panic.
        println!("{}", file.display());
        relay::check(&fs::read(file).unwrap());
    }
}
