//! Reading a [`Value`] from MessagePack.
//!
//! Not by `rmp-serde`, which is generic over everything and takes a `bin` for a map's key.

use rmp::Marker;

use super::{
    scan::{Scan, TRUNCATED},
    Value, MAX_DEPTH,
};
use crate::error::{Error, Result};

/// Exactly one value, of at most [`MAX_DEPTH`] levels. Its keys are strings, and none comes twice in a map.
///
/// Takes at most 32 times as much memory as `bytes`; of frames, [`super::scan`] has counted the items before.
///
/// # Errors
/// [`Error::InvalidFrame`].
pub(crate) fn read_value(bytes: &[u8]) -> Result<Value> {
    let mut scan = Scan::new(bytes);
    let value = scan.value(1)?;
    match scan.rest {
        [] => Ok(value),
        _ => Err(Error::InvalidFrame("bytes after the value")),
    }
}

impl Scan<'_> {
    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(Error::InvalidFrame("nested too deeply"));
        }
        let inner = depth.saturating_add(1);
        let marker = self.peek()?;
        match marker {
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => return self.string().map(Value::Text),
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => return self.map(inner),
            _ => {}
        }
        self.take(1)?;
        Ok(match marker {
            Marker::Null => Value::Nil,
            Marker::True => Value::Bool(true),
            Marker::False => Value::Bool(false),
            Marker::FixPos(value) => Value::Uint(value.into()),
            Marker::FixNeg(value) => Value::Int(value.into()),
            Marker::U8 => Value::Uint(self.number(1)?),
            Marker::U16 => Value::Uint(self.number(2)?),
            Marker::U32 => Value::Uint(self.number(4)?),
            Marker::U64 => Value::Uint(self.number(8)?),
            Marker::I8 => self.signed(1)?,
            Marker::I16 => self.signed(2)?,
            Marker::I32 => self.signed(4)?,
            Marker::I64 => self.signed(8)?,
            Marker::F32 => {
                let bits = u32::try_from(self.number(4)?).map_err(|_| TRUNCATED)?;
                Value::Float(f32::from_bits(bits).into())
            }
            Marker::F64 => Value::Float(f64::from_bits(self.number(8)?)),
            Marker::Bin8 => self.bin(1)?,
            Marker::Bin16 => self.bin(2)?,
            Marker::Bin32 => self.bin(4)?,
            Marker::FixArray(length) => self.list(length.into(), inner)?,
            Marker::Array16 => {
                let length = self.length(2)?;
                self.list(length, inner)?
            }
            Marker::Array32 => {
                let length = self.length(4)?;
                self.list(length, inner)?
            }
            _ => return Err(Error::InvalidFrame("an extension or reserved type")),
        })
    }

    /// A big-endian integer of 1, 2, 4 or 8 bytes that can be negative.
    fn signed(&mut self, width: usize) -> Result<Value> {
        let unsigned = self.number(width)?;
        let value = match width {
            1 => i64::from(unsigned as i8),
            2 => i64::from(unsigned as i16),
            4 => i64::from(unsigned as i32),
            _ => unsigned as i64,
        };
        Ok(u64::try_from(value).map_or(Value::Int(value), Value::Uint))
    }

    fn bin(&mut self, width: usize) -> Result<Value> {
        let length = self.length(width)?;
        Ok(Value::Bin(self.take(length)?.to_vec()))
    }

    fn string(&mut self) -> Result<String> {
        core::str::from_utf8(self.text()?)
            .map(str::to_owned)
            .map_err(|_| Error::InvalidFrame("text is not UTF-8"))
    }

    fn list(&mut self, length: usize, depth: usize) -> Result<Value> {
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.value(depth)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, depth: usize) -> Result<Value> {
        let length = self.map_len()?;
        let mut entries: Vec<(String, Value)> = Vec::new();
        for _ in 0..length {
            let key = self.string()?;
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(Error::InvalidFrame("a key twice"));
            }
            entries.push((key, self.value(depth)?));
        }
        Ok(Value::Map(entries))
    }
}
