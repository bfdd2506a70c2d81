//! A pass over a frame's bytes that bounds everything before anything is allocated.

use rmp::Marker;

use super::{Value, MAX_DEPTH, MAX_FRAME_BYTES, MAX_ITEMS};
use crate::error::{Error, Result};

/// A frame's type and the bytes of its data, which are known to be one well-formed map.
pub(super) struct Envelope<'a> {
    pub(super) kind: u32,
    pub(super) data: &'a [u8],
}

/// A frame's type and the bytes of its data: one well-formed value of any type, or nothing.
pub(super) struct Outline<'a> {
    pub(super) kind: u32,
    pub(super) data: Option<&'a [u8]>,
    is_map: bool,
}

pub(super) const TRUNCATED: Error = Error::InvalidFrame("ends too early");

/// Checks that `bytes` are exactly one frame within the limits.
pub(super) fn envelope(bytes: &[u8]) -> Result<Envelope<'_>> {
    let Outline { kind, data, is_map } = outline(bytes)?;
    match data {
        Some(data) if is_map => Ok(Envelope { kind, data }),
        Some(_) => Err(Error::InvalidFrame("data is not a map")),
        None => Err(Error::InvalidFrame("no data")),
    }
}

/// As [`envelope`], but the data may be anything or absent.
pub(super) fn outline(bytes: &[u8]) -> Result<Outline<'_>> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(Error::FrameTooLarge {
            limit: MAX_FRAME_BYTES,
            actual: bytes.len(),
        });
    }
    let mut scan = Scan::new(bytes);
    let entries = scan.map_len()?;
    let (mut kind, mut data, mut data_is_map) = (None, None, false);
    for _ in 0..entries {
        let key = scan.text()?;
        let start = scan.rest;
        let is_map = matches!(scan.peek()?, Marker::FixMap(_) | Marker::Map16 | Marker::Map32);
        scan.skip(1)?;
        let length = start.len().saturating_sub(scan.rest.len());
        let value = start.get(..length).ok_or(TRUNCATED)?;
        match key {
            b"type" if kind.is_none() => kind = Some(uint(value)?),
            b"data" if data.is_none() => (data, data_is_map) = (Some(value), is_map),
            b"type" | b"data" => return Err(Error::InvalidFrame("a key twice")),
            _ => {}
        }
    }
    if !scan.rest.is_empty() {
        return Err(Error::InvalidFrame("bytes after the frame"));
    }
    let kind = kind.ok_or(Error::InvalidFrame("no type"))?;
    Ok(Outline {
        kind,
        data,
        is_map: data_is_map,
    })
}

#[cfg(feature = "room")]
/// The entries of `data`, a map that an [`envelope`] held.
pub(super) fn entries(data: &[u8]) -> Result<Vec<(&[u8], &[u8])>> {
    let mut scan = Scan::new(data);
    let length = scan.map_len()?;
    let mut entries = Vec::new();
    for _ in 0..length {
        let key = scan.text()?;
        let start = scan.rest;
        scan.skip(1)?;
        let length = start.len().saturating_sub(scan.rest.len());
        entries.push((key, start.get(..length).ok_or(TRUNCATED)?));
    }
    Ok(entries)
}

fn uint(bytes: &[u8]) -> Result<u32> {
    const WRONG: Error = Error::InvalidFrame("type is not an unsigned integer");
    match super::read_value(bytes)? {
        Value::Uint(value) => u32::try_from(value).map_err(|_| WRONG),
        _ => Err(WRONG),
    }
}

/// What is left to read.
pub(super) struct Scan<'a> {
    pub(super) rest: &'a [u8],
    items: usize,
}

impl<'a> Scan<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, items: 0 }
    }

    pub(super) fn peek(&self) -> Result<Marker> {
        self.rest.first().map(|byte| Marker::from_u8(*byte)).ok_or(TRUNCATED)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, tail) = self.rest.split_at_checked(length).ok_or(TRUNCATED)?;
        self.rest = tail;
        Ok(head)
    }

    /// A big-endian integer of 1, 2, 4 or 8 bytes.
    pub(super) fn number(&mut self, width: usize) -> Result<u64> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// A big-endian length of 1, 2 or 4 bytes.
    pub(super) fn length(&mut self, width: usize) -> Result<usize> {
        usize::try_from(self.number(width)?).map_err(|_| TRUNCATED)
    }

    pub(super) fn map_len(&mut self) -> Result<usize> {
        let marker = self.peek()?;
        self.take(1)?;
        match marker {
            Marker::FixMap(length) => Ok(usize::from(length)),
            Marker::Map16 => self.length(2),
            Marker::Map32 => self.length(4),
            _ => Err(Error::InvalidFrame("not a map")),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'a [u8]> {
        let marker = self.peek()?;
        self.take(1)?;
        let length = match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length(1)?,
            Marker::Str16 => self.length(2)?,
            Marker::Str32 => self.length(4)?,
            _ => return Err(Error::InvalidFrame("a key is not a string")),
        };
        self.take(length)
    }

    /// Passes over one value at nesting level `depth`.
    fn skip(&mut self, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::InvalidFrame("nested too deeply"));
        }
        self.items = self.items.saturating_add(1);
        if self.items > MAX_ITEMS {
            return Err(Error::InvalidFrame("too many values"));
        }
        let marker = self.peek()?;
        self.take(1)?;
        let children = match marker {
            Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => 0,
            Marker::U8 | Marker::I8 => self.bytes(1)?,
            Marker::U16 | Marker::I16 => self.bytes(2)?,
            Marker::U32 | Marker::I32 | Marker::F32 => self.bytes(4)?,
            Marker::U64 | Marker::I64 | Marker::F64 => self.bytes(8)?,
            Marker::FixStr(length) => self.utf8(usize::from(length))?,
            Marker::Str8 => self.length(1).and_then(|length| self.utf8(length))?,
            Marker::Str16 => self.length(2).and_then(|length| self.utf8(length))?,
            Marker::Str32 => self.length(4).and_then(|length| self.utf8(length))?,
            Marker::Bin8 => self.length(1).and_then(|length| self.bytes(length))?,
            Marker::Bin16 => self.length(2).and_then(|length| self.bytes(length))?,
            Marker::Bin32 => self.length(4).and_then(|length| self.bytes(length))?,
            Marker::FixArray(length) => usize::from(length),
            Marker::Array16 => self.length(2)?,
            Marker::Array32 => self.length(4)?,
            Marker::FixMap(length) => usize::from(length).saturating_mul(2),
            Marker::Map16 => self.length(2)?.saturating_mul(2),
            Marker::Map32 => self.length(4)?.saturating_mul(2),
            _ => return Err(Error::InvalidFrame("an extension or reserved type")),
        };
        for _ in 0..children {
            self.skip(depth.saturating_add(1))?;
        }
        Ok(())
    }

    fn bytes(&mut self, length: usize) -> Result<usize> {
        self.take(length).map(|_| 0)
    }

    /// Refused here, because `rmp-serde` hands on a `str` that is not UTF-8 as if it were a `bin`.
    fn utf8(&mut self, length: usize) -> Result<usize> {
        let text = self.take(length)?;
        core::str::from_utf8(text)
            .map(|_| 0)
            .map_err(|_| Error::InvalidFrame("text is not UTF-8"))
    }
}
