//! The key schedule: HKDF-SHA256 (RFC 5869) with one label for each use.
//!
//! ```text
//! prk = HKDF-Extract(salt = "hushroom/1", ikm = secret)
//! key = HKDF-Expand(prk, info = label | 0x00 | context_1 | context_2 ..., L)
//! ```
//! Labels contain no zero byte and every context of a label has one fixed length, so no two uses share an `info`.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    secret::{Key, Secret},
};

const SALT: &[u8] = b"hushroom/1";

/// The pseudorandom key of one secret, from which every key of its room or file is expanded.
pub struct KeySchedule(Box<Zeroizing<[u8; 32]>>);

impl KeySchedule {
    /// Extracts from `secret`, which must have the full entropy of a key: this is no password hash.
    #[must_use]
    pub fn extract(secret: &Key) -> Self {
        let mut prk = Box::new(Zeroizing::new([0; 32]));
        let (mut output, _) = Hkdf::<Sha256>::extract(Some(SALT), secret.expose());
        prk.copy_from_slice(&output);
        zeroize::Zeroize::zeroize(output.as_mut_slice());
        Self(prk)
    }

    /// Expands `N` bytes (at most 8,160) for one use.
    ///
    /// # Errors
    /// [`Error::Internal`] when `N` is above the limit of HKDF.
    pub fn expand<const N: usize>(&self, label: &str, context: &[&[u8]]) -> Result<Secret<N>> {
        let hkdf = Hkdf::<Sha256>::from_prk(self.0.as_slice()).map_err(|_| Error::Internal("prk"))?;
        let mut info = Vec::with_capacity(2 + context.len());
        info.push(label.as_bytes());
        info.push(&[0]);
        info.extend_from_slice(context);
        Secret::try_fill(|out| {
            hkdf.expand_multi_info(&info, out)
                .map_err(|_| Error::Internal("hkdf length"))
        })
    }
}

impl core::fmt::Debug for KeySchedule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KeySchedule(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_and_context_gives_another_key() {
        let schedule = KeySchedule::extract(&Key::from_slice(&[1; 32]).unwrap());
        let derive = |label, context: &[&[u8]]| *schedule.expand::<32>(label, context).unwrap().expose();
        let keys = [
            derive("post", &[b"a"]),
            derive("post", &[b"b"]),
            derive("posta", &[]),
            derive("admission", &[b"a"]),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key));
        }
        assert_eq!(derive("post", &[b"a"]), keys[0]);
    }
}
