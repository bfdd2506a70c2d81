//! Decrypting a part of a file, of which only the segments that hold it are read.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    ops::Range,
};

use hushroom::{
    file::{Cell, Header, RangeOpener, SegmentKey, SegmentSize, HEADER_BYTES},
    secret::Key,
};
use zeroize::Zeroizing;

use super::engine::Engine;
use crate::failure::{Failure, Result};

/// Bytes of a plaintext: from `start` to before `end`, or to the plaintext's own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    start: u64,
    end: Option<u64>,
}

/// Reads `START..END`, where both may be left out.
pub(crate) fn parse_range(text: &str) -> std::result::Result<ByteRange, String> {
    let number = |digits: &str| match digits {
        "" => Ok(None),
        _ if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map(Some).map_err(|_| ()),
        _ => Err(()),
    };
    let parsed = text.split_once("..").and_then(|(start, end)| {
        Some(ByteRange {
            start: number(start).ok()?.unwrap_or(0),
            end: number(end).ok()?,
        })
    });
    parsed
        .filter(|range| range.end.is_none_or(|end| range.start <= end))
        .ok_or_else(|| "expected START..END in bytes, such as 0..1024".to_owned())
}

/// Writes the plaintext bytes of `range` to `sink` and returns how many they are.
pub(super) fn decrypt_range(
    file: &mut File,
    (key, associated_data): (&Key, &[u8]),
    size: SegmentSize,
    range: ByteRange,
    sink: &mut impl Write,
) -> Result<u64> {
    let length = file
        .seek(SeekFrom::End(0))
        .map_err(|error| Failure::io("input", error))?;
    let mut head = Vec::with_capacity(HEADER_BYTES);
    read_at(file, 0, HEADER_BYTES, &mut head)?;
    let header = Header::parse(&head)?;
    let engine = Engine::new(&SegmentKey::derive(key, &header, associated_data)?)?;
    let mut opener = RangeOpener::new(header, size, length)?;
    let mut buffer = Zeroizing::new(Vec::with_capacity(size.full(1)));
    // The last segment vouches for the length.
    let last = opener.last();
    open(file, &engine, &opener, last, &mut buffer)?;
    opener.verified();
    let end = match range.end {
        Some(end) => end,
        None => hushroom::file::decrypted_size(length, size.bytes())?.max(range.start),
    };
    let range: Range<u64> = range.start..end;
    for index in opener.segments(&range)? {
        open(file, &engine, &opener, opener.cell(index)?, &mut buffer)?;
        let part = opener.part(index, &range).of_segment;
        let plaintext = buffer.get(part.start..part.end.min(buffer.len())).unwrap_or_default();
        sink.write_all(plaintext)
            .map_err(|error| Failure::io("output", error))?;
    }
    Ok(range.end.saturating_sub(range.start))
}

fn open(file: &mut File, engine: &Engine, opener: &RangeOpener, cell: Cell, buffer: &mut Vec<u8>) -> Result<()> {
    read_at(file, cell.offset, cell.length, buffer)?;
    let attempt = opener.attempt(cell.index, buffer.len())?;
    Ok(engine.open(attempt, buffer)?)
}

/// Reads up to `length` bytes into `buffer`, in place of what it holds.
fn read_at(file: &mut File, offset: u64, length: usize, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.clear();
    file.seek(SeekFrom::Start(offset))
        .and_then(|_| file.take(length as u64).read_to_end(buffer))
        .map(|_| ())
        .map_err(|error| Failure::io("input", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |start, end| Ok(ByteRange { start, end });
        assert_eq!(parse_range("0..10"), range(0, Some(10)));
        assert_eq!(parse_range("5.."), range(5, None));
        assert_eq!(parse_range("..7"), range(0, Some(7)));
        assert_eq!(parse_range("3..3"), range(3, Some(3)));
        for text in [
            "",
            "5",
            "5..4",
            "a..b",
            "-1..4",
            "+1..4",
            "1...4",
            "1..99999999999999999999",
            "1..=4",
        ] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }
}
