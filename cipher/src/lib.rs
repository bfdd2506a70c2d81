//! AES-256-GCM, in functions that are not generic.
//!
//! A crate of its own, because generic code is compiled where it is used, with the options of that crate: hushroom's are to
//! make little wasm, which makes this cipher three times slower. See `[profile.room]` in the workspace's `Cargo.toml`.

use core::fmt;

use aes_gcm::{
    aead::{inout::InOutBuf, AeadInOut, KeyInit},
    Aes256Gcm, Nonce, Tag,
};

/// Length of a key in bytes.
pub const KEY_BYTES: usize = 32;
/// Length of a nonce in bytes.
pub const NONCE_BYTES: usize = 12;
/// Length of a tag in bytes.
pub const TAG_BYTES: usize = 16;

/// A plaintext too long for the cipher, or a ciphertext that is not authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl core::error::Error for Refused {}

/// A key, ready for use. Boxed, and wiped on drop.
pub struct Cipher(Box<Aes256Gcm>);

impl Cipher {
    /// The cipher of `key`.
    #[must_use]
    #[inline(never)]
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(Box::new(Aes256Gcm::new(key.into())))
    }

    /// Turns the plaintext in `buffer` into as many bytes of ciphertext, and returns the tag.
    ///
    /// # Errors
    /// [`Refused`] above 2^36 - 32 bytes.
    #[inline(never)]
    pub fn seal(&self, nonce: &[u8; NONCE_BYTES], aad: &[u8], buffer: &mut [u8]) -> Result<[u8; TAG_BYTES], Refused> {
        self.0
            .encrypt_inout_detached(&Nonce::from(*nonce), aad, InOutBuf::from(buffer))
            .map(Into::into)
            .map_err(|_| Refused)
    }

    /// Turns the ciphertext in `buffer` into its plaintext. When that fails, `buffer` is as it was.
    ///
    /// # Errors
    /// [`Refused`] for whatever is not authentic.
    #[inline(never)]
    pub fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), Refused> {
        self.0
            .decrypt_inout_detached(&Nonce::from(*nonce), aad, InOutBuf::from(buffer), &Tag::from(*tag))
            .map_err(|_| Refused)
    }

    /// Seals a copy: ciphertext and tag.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_copy(&self, nonce: &[u8; NONCE_BYTES], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Refused> {
        // One allocation of the final length: no copy of the plaintext is left behind by growing.
        let mut buffer = Vec::with_capacity(plaintext.len().saturating_add(TAG_BYTES));
        buffer.extend_from_slice(plaintext);
        let tag = self.seal(nonce, aad, &mut buffer)?;
        buffer.extend_from_slice(&tag);
        Ok(buffer)
    }

    /// Opens a copy of ciphertext and tag.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_copy(&self, nonce: &[u8; NONCE_BYTES], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Refused> {
        let (ciphertext, tag) = sealed.split_last_chunk().ok_or(Refused)?;
        let mut buffer = ciphertext.to_vec();
        self.open(nonce, aad, &mut buffer, tag)?;
        Ok(buffer)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 14 of McGrew and Viega, The Galois/Counter Mode of Operation.
    #[test]
    fn the_first_vector() {
        let cipher = Cipher::new(&[0; 32]);
        let sealed = cipher.seal_copy(&[0; 12], &[], &[0; 16]).unwrap();
        let expected = [
            0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18, 0xd0, 0xd1,
            0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19,
        ];
        assert_eq!(sealed, expected);
        assert_eq!(cipher.open_copy(&[0; 12], &[], &sealed), Ok(vec![0; 16]));
    }

    #[test]
    fn every_change_is_refused_and_leaves_the_buffer_as_it_was() {
        let cipher = Cipher::new(&[1; 32]);
        let sealed = cipher.seal_copy(&[2; 12], b"aad", b"text").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(cipher.open_copy(&[2; 12], b"aad", &changed), Err(Refused));
            let (body, tag) = changed.split_last_chunk_mut().unwrap();
            let before = body.to_vec();
            assert_eq!(cipher.open(&[2; 12], b"aad", body, tag), Err(Refused));
            assert_eq!(body, before);
        }
        assert_eq!(cipher.open_copy(&[3; 12], b"aad", &sealed), Err(Refused));
        assert_eq!(cipher.open_copy(&[2; 12], b"", &sealed), Err(Refused));
        assert_eq!(cipher.open_copy(&[2; 12], b"aad", &sealed[..15]), Err(Refused));
        assert_eq!(format!("{cipher:?}"), "Cipher(..)");
    }
}
