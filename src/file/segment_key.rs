//! The key under which the segments of one file are sealed.

use hkdf::Hkdf;
use sha2::Sha256;

use super::header::Header;
use crate::{
    error::{Error, Result},
    secret::Key,
};

/// Derived from a file key, the salt of one file and the associated data. Wiped on drop.
#[derive(Debug)]
pub struct SegmentKey(Key);

impl SegmentKey {
    /// HKDF-SHA256 (RFC 5869) with `file_key` as input key material, the header's salt and `associated_data` as info.
    ///
    /// # Errors
    /// None in practice: [`Error::Internal`].
    pub fn derive(file_key: &Key, header: &Header, associated_data: &[u8]) -> Result<Self> {
        let hkdf = Hkdf::<Sha256>::new(Some(header.salt()), file_key.expose());
        Key::try_fill(|out| {
            hkdf.expand(associated_data, out)
                .map_err(|_| Error::Internal("hkdf length"))
        })
        .map(Self)
    }

    /// `key` as it is: the chunks of Arthas files are sealed under the room's key itself.
    ///
    /// # Errors
    /// None in practice: [`Error::Internal`].
    pub fn whole(key: &Key) -> Result<Self> {
        Key::from_slice(key.expose()).map(Self)
    }

    /// The bytes, for a cipher that is not [`super::SegmentCipher`]. Wipe every copy.
    #[must_use]
    pub fn expose(&self) -> &[u8; Key::LENGTH] {
        self.0.expose()
    }
}
