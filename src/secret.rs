//! Key material that is boxed, wiped on drop and never printed.

use core::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};

/// A secret of `N` bytes.
///
/// Boxed, so that moving it leaves no copy on the stack; wiped when dropped; neither `Clone` nor printable.
pub struct Secret<const N: usize>(Box<Zeroizing<[u8; N]>>);

/// A 256-bit key, the only key size this crate uses.
pub type Key = Secret<32>;

impl<const N: usize> Secret<N> {
    /// The secret's length in bytes.
    pub const LENGTH: usize = N;

    /// A secret filled by `fill`, which writes straight into the box.
    ///
    /// # Errors
    /// Whatever `fill` returns.
    pub fn try_fill(fill: impl FnOnce(&mut [u8; N]) -> Result<()>) -> Result<Self> {
        let mut bytes = Box::new(Zeroizing::new([0; N]));
        fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Copies `bytes`. The caller still owns, and should wipe, its own copy.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] when the length is not `N`.
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != N {
            return Err(Error::InvalidKey {
                expected: N,
                actual: bytes.len(),
            });
        }
        Self::try_fill(|out| {
            out.copy_from_slice(bytes);
            Ok(())
        })
    }

    /// Moves out of `bytes` and wipes it.
    #[must_use]
    pub fn take(bytes: &mut [u8; N]) -> Self {
        let mut boxed = Box::new(Zeroizing::new([0; N]));
        boxed.copy_from_slice(bytes.as_slice());
        bytes.zeroize();
        Self(boxed)
    }

    /// The bytes. Do not copy them anywhere that is not wiped.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_byte_of_the_secret() {
        let secret = Key::from_slice(&[0xab; 32]).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn take_wipes_what_it_takes() {
        let mut bytes = [7; 32];
        let key = Key::take(&mut bytes);
        assert_eq!(bytes, [0; 32]);
        assert_eq!(key.expose(), &[7; 32]);
    }

    #[test]
    fn a_wrong_length_says_both_lengths() {
        let error = Key::from_slice(&[0; 31]).unwrap_err();
        assert_eq!(
            error,
            Error::InvalidKey {
                expected: 32,
                actual: 31
            }
        );
    }
}
