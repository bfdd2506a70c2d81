//! Reading and writing the binary layouts of statements.

use crate::error::{Error, Result};

/// What every statement that is not one is refused with.
pub(super) const MALFORMED: Error = Error::DirectoryProof;

/// Takes fields off the front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(MALFORMED)?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk().ok_or(MALFORMED)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A field behind its length in one byte.
    pub(super) fn len8(&mut self) -> Result<&'a [u8]> {
        let length = usize::from(self.byte()?);
        self.take(length)
    }

    /// A field behind its length in two bytes.
    pub(super) fn len16(&mut self) -> Result<&'a [u8]> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        self.take(length)
    }

    pub(super) fn text8(&mut self) -> Result<&'a str> {
        core::str::from_utf8(self.len8()?).map_err(|_| MALFORMED)
    }

    pub(super) fn version(&mut self, expected: u8) -> Result<()> {
        if self.byte()? == expected {
            Ok(())
        } else {
            Err(MALFORMED)
        }
    }

    /// Nothing may be left over.
    pub(super) const fn end(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(MALFORMED)
        }
    }
}

/// `bytes` behind their length in one byte.
///
/// # Errors
/// [`Error::Internal`] above 255 bytes, which callers have made sure of.
pub(super) fn push8(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    out.push(u8::try_from(bytes.len()).map_err(|_| Error::Internal("a field above 255 bytes"))?);
    out.extend_from_slice(bytes);
    Ok(())
}

/// `bytes` behind their length in two bytes.
///
/// # Errors
/// [`Error::Internal`] above 65,535 bytes.
pub(super) fn push16(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    let length = u16::try_from(bytes.len()).map_err(|_| Error::Internal("a field above 65,535 bytes"))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// Splits off a signature at the end.
pub(super) fn split_signature(bytes: &[u8]) -> Result<(&[u8], &[u8; 64])> {
    bytes.split_last_chunk().ok_or(MALFORMED)
}
