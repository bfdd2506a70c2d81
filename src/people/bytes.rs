//! Reading and writing binary layouts: statements, and stored identities.

use crate::error::{Error, Result};

/// What every statement that is not one is refused with.
pub(crate) const MALFORMED: Error = Error::DirectoryProof;

/// Takes fields off the front. Whatever is not there is the same error.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    error: Error,
}

impl<'a> Reader<'a> {
    /// For statements: [`MALFORMED`].
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self::with(bytes, MALFORMED)
    }

    pub(crate) const fn with(bytes: &'a [u8], error: Error) -> Self {
        Self { bytes, error }
    }

    /// What the rest is refused with.
    pub(crate) fn error(&self) -> Error {
        self.error.clone()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, tail) = self.bytes.split_at_checked(length).ok_or_else(|| self.error())?;
        self.bytes = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk().ok_or_else(|| self.error())?;
        self.bytes = tail;
        Ok(*head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.error()),
        }
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A field behind its length in one byte.
    pub(crate) fn len8(&mut self) -> Result<&'a [u8]> {
        let length = usize::from(self.byte()?);
        self.take(length)
    }

    /// A field behind its length in two bytes.
    pub(crate) fn len16(&mut self) -> Result<&'a [u8]> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    pub(crate) fn text8(&mut self) -> Result<&'a str> {
        let bytes = self.len8()?;
        core::str::from_utf8(bytes).map_err(|_| self.error())
    }

    /// As many of what `item` reads as the two bytes before them say, at most `limit`.
    pub(crate) fn list<T>(&mut self, limit: usize, item: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = usize::from(self.u16()?);
        if count > limit {
            return Err(self.error());
        }
        (0..count).map(|_| item(self)).collect()
    }

    pub(crate) fn version(&mut self, expected: u8) -> Result<()> {
        if self.byte()? == expected {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.bytes)
    }

    /// Nothing may be left over.
    pub(crate) fn end(self) -> Result<()> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(self.error)
        }
    }
}

/// `bytes` behind their length in one byte.
///
/// # Errors
/// [`Error::Internal`] above 255 bytes, which callers have made sure of.
pub(crate) fn push8(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    out.push(u8::try_from(bytes.len()).map_err(|_| Error::Internal("a field above 255 bytes"))?);
    out.extend_from_slice(bytes);
    Ok(())
}

/// `bytes` behind their length in two bytes.
///
/// # Errors
/// [`Error::Internal`] above 65,535 bytes.
pub(crate) fn push16(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    let length = u16::try_from(bytes.len()).map_err(|_| Error::Internal("a field above 65,535 bytes"))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Splits off a signature at the end.
pub(crate) fn split_signature(bytes: &[u8]) -> Result<(&[u8], &[u8; 64])> {
    bytes.split_last_chunk().ok_or(MALFORMED)
}

/// How many follow, in two bytes.
///
/// # Errors
/// [`Error::Internal`] above 65,535, which callers have made sure of.
pub(crate) fn push_count(out: &mut Vec<u8>, count: usize) -> Result<()> {
    let count = u16::try_from(count).map_err(|_| Error::Internal("a list above 65,535 items"))?;
    out.extend_from_slice(&count.to_be_bytes());
    Ok(())
}
