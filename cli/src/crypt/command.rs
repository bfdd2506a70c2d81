//! The commands.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use hushroom::{
    file::{Header, Opener, Sealer, SegmentKey, SegmentSize, HEADER_BYTES, HEADER_RANDOM_BYTES, TAG_BYTES},
    Error,
};
use serde_json::json;

use super::{
    engine::Engine,
    output::Output,
    pump::{pump, Cut},
    range::decrypt_range,
};
use crate::{
    args::{Decrypt, Encrypt, Format},
    failure::{Failure, Result},
    progress::Bar,
    random,
    report::Report,
};

/// What encrypted files end in.
const EXTENSION: &str = "hush";
const STANDARD: &str = "-";

/// Runs `hushroom encrypt`.
pub(crate) fn encrypt(args: &Encrypt, report: Report) -> Result<()> {
    let size = SegmentSize::new(args.format.segment_size)?;
    let mut input = Input::open(&args.input)?;
    let target = target(&args.input, &args.format, |name| {
        let mut name = name.to_owned();
        name.push(".");
        name.push(EXTENSION);
        Some(name)
    })?;
    if target.is_none() && io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "encrypted bytes are not for a terminal: give --output".to_owned(),
        ));
    }
    let mut output = open_output(target.as_deref(), args.format.force)?;
    let key = args.key.read()?;
    let header = Header::from_random(&random::bytes::<HEADER_RANDOM_BYTES>()?);
    let engine = Engine::new(&SegmentKey::derive(
        &key,
        &header,
        args.format.associated_data.as_bytes(),
    )?)?;
    drop(key);
    write_all(&mut output, &header.encode())?;
    let cut = Cut {
        first: size.capacity(0),
        rest: size.capacity(1),
        growth: TAG_BYTES,
    };
    let mut sealer = Some(Sealer::new(header, size));
    let mut bytes = 0_u64;
    let bar = Bar::new(&report, "encrypting", input.size);
    let turn = |buffer: &mut Vec<u8>, last| {
        bytes = bytes.saturating_add(buffer.len() as u64);
        let nonce = match (&mut sealer, last) {
            (Some(sealer), false) => sealer.next_segment(buffer.len())?,
            (sealer, _) => sealer
                .take()
                .ok_or(Error::Internal("sealer"))?
                .last_segment(buffer.len())?,
        };
        Ok(engine.seal(nonce, buffer)?)
    };
    pump(input.take()?, &mut output, cut, turn, |count| bar.add(count))?;
    output.finish()?;
    bar.finish();
    tell(report, "encrypted", &args.input, target.as_deref(), bytes)
}

/// Runs `hushroom decrypt`.
pub(crate) fn decrypt(args: &Decrypt, report: Report) -> Result<()> {
    let size = SegmentSize::new(args.format.segment_size)?;
    let mut input = Input::open(&args.input)?;
    let target = target(&args.input, &args.format, |name| {
        let path = Path::new(name);
        let stem = path.file_stem().map(OsString::from);
        stem.filter(|_| path.extension().is_some_and(|extension| extension == EXTENSION))
    })?;
    let mut output = open_output(target.as_deref(), args.format.force)?;
    let key = args.key.read()?;
    let associated_data = args.format.associated_data.as_bytes();
    let bytes = if let Some(range) = args.range {
        let mut file = input.take()?;
        decrypt_range(&mut file, (&key, associated_data), size, range, &mut output)?
    } else {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        let mut file = input.take()?;
        (&mut file)
            .take(HEADER_BYTES as u64)
            .read_to_end(&mut header)
            .map_err(|error| Failure::io("input", error))?;
        let header = Header::parse(&header)?;
        let engine = Engine::new(&SegmentKey::derive(&key, &header, associated_data)?)?;
        drop(key);
        let cut = Cut {
            first: size.full(0),
            rest: size.full(1),
            growth: 0,
        };
        let mut opener = Opener::new(header, size);
        let mut bytes = 0_u64;
        let bar = Bar::new(&report, "decrypting", input.size);
        let turn = |buffer: &mut Vec<u8>, last| {
            engine.open(opener.next_segment(buffer.len(), last)?, buffer)?;
            bytes = bytes.saturating_add(buffer.len() as u64);
            Ok(())
        };
        pump(file, &mut output, cut, turn, |count| bar.add(count))?;
        bar.finish();
        bytes
    };
    output.finish()?;
    tell(report, "decrypted", &args.input, target.as_deref(), bytes)
}

/// What is read, and its size if it is a file.
struct Input {
    file: Option<File>,
    size: Option<u64>,
}

impl Input {
    fn open(path: &Path) -> Result<Self> {
        let file = if path.as_os_str() == STANDARD {
            standard_input().map_err(|error| Failure::io("standard input", error))?
        } else {
            File::open(path).map_err(|error| Failure::file(path, error))?
        };
        let metadata = file.metadata().map_err(|error| Failure::file(path, error))?;
        if metadata.is_dir() {
            return Err(Failure::file(path, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Ok(Self {
            size: metadata.is_file().then_some(metadata.len()),
            file: Some(file),
        })
    }

    fn take(&mut self) -> Result<File> {
        Ok(self.file.take().ok_or(Error::Internal("input"))?)
    }
}

/// Standard input, without a buffer.
fn standard_input() -> io::Result<File> {
    #[cfg(unix)]
    return std::os::fd::AsFd::as_fd(&io::stdin())
        .try_clone_to_owned()
        .map(File::from);
    #[cfg(windows)]
    return std::os::windows::io::AsHandle::as_handle(&io::stdin())
        .try_clone_to_owned()
        .map(File::from);
}

/// Where to write: what `--output` says; else standard output for standard input, or the input's name as `rename` changes it.
fn target(input: &Path, format: &Format, rename: impl Fn(&OsString) -> Option<OsString>) -> Result<Option<PathBuf>> {
    match &format.output {
        Some(path) if path.as_os_str() == STANDARD => Ok(None),
        Some(path) => Ok(Some(path.clone())),
        None if input.as_os_str() == STANDARD => Ok(None),
        None => {
            let name = input.file_name().map(OsString::from).and_then(|name| rename(&name));
            let name = name.ok_or_else(|| Failure::Usage("where to write? --output says it".to_owned()))?;
            Ok(Some(input.with_file_name(name)))
        }
    }
}

fn open_output(target: Option<&Path>, force: bool) -> Result<Output> {
    target.map_or_else(Output::stdout, |path| Output::create(path, force))
}

fn write_all(output: &mut Output, bytes: &[u8]) -> Result<()> {
    io::Write::write_all(output, bytes).map_err(|error| Failure::io("output", error))
}

fn tell(report: Report, what: &str, input: &Path, target: Option<&Path>, bytes: u64) -> Result<()> {
    // Standard output may be the file itself.
    let Some(target) = target.filter(|_| report.json) else {
        return Ok(());
    };
    report.line(&json!({
        "type": what,
        "input": input.display().to_string(),
        "output": target.display().to_string(),
        "plaintextBytes": bytes,
    }))
}
