//! HPKE (RFC 9180) in the one suite that invitations use: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
//!
//! The `hpke` crate wants a random generator. It draws 32 bytes once, the `ikmE` of the RFC's test vectors, which the caller hands in.

use core::{convert::Infallible, fmt};

use hpke::{
    aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256, setup_receiver, setup_sender_with_rng, Deserializable,
    Kem as _, OpModeR, OpModeS, Serializable,
};
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    secret::{Key, Secret},
};

type Kem = X25519HkdfSha256;

/// Length of an encapsulated key, in bytes.
pub(super) const ENC_BYTES: usize = 32;
/// Length of a tag, in bytes.
pub(super) const TAG_BYTES: usize = 16;

/// An X25519 public key. Not every value is usable: that shows when something is sealed to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey(pub [u8; 32]);

/// An X25519 secret key. Wiped when dropped, never printed.
pub struct SecretKey(Key);

impl SecretKey {
    /// The key pair of 32 random bytes: `DeriveKeyPair` of RFC 9180 section 7.1.3.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn derive(seed: &Key) -> Result<Self> {
        let (secret, _) = Kem::derive_keypair(seed.expose());
        let mut bytes = Zeroizing::new([0; 32]);
        secret.write_exact(bytes.as_mut_slice());
        Ok(Self(Secret::take(&mut bytes)))
    }

    /// A key that was kept.
    pub(super) const fn from_key(key: Key) -> Self {
        Self(key)
    }

    pub(super) const fn key(&self) -> &Key {
        &self.0
    }

    /// # Errors
    /// [`Error::Internal`].
    pub(super) fn public(&self) -> Result<PublicKey> {
        let public = Kem::sk_to_pk(&self.private()?);
        let mut bytes = [0; 32];
        public.write_exact(&mut bytes);
        Ok(PublicKey(bytes))
    }

    fn private(&self) -> Result<<Kem as hpke::Kem>::PrivateKey> {
        Deserializable::from_bytes(self.0.expose()).map_err(|_| Error::Internal("an X25519 key"))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// Seals what `content` makes of the encapsulated key, which it may sign.
///
/// # Errors
/// [`Error::WeakKey`] for a key of small order, [`Error::Internal`], and whatever `content` returns.
pub(super) fn seal(
    to: &PublicKey,
    info: &[u8],
    aad: &[u8],
    random: Key,
    content: impl FnOnce(&[u8; ENC_BYTES]) -> Result<Zeroizing<Vec<u8>>>,
) -> Result<([u8; ENC_BYTES], Vec<u8>)> {
    let to = <Kem as hpke::Kem>::PublicKey::from_bytes(&to.0).map_err(|_| Error::WeakKey)?;
    let mut random = OneDraw::new(random);
    let (enc, mut context) =
        setup_sender_with_rng::<AesGcm256, HkdfSha256, Kem>(&OpModeS::Base, &to, info, &mut random)
            .map_err(|_| Error::WeakKey)?;
    random.used_once()?;
    let mut bytes = [0; ENC_BYTES];
    enc.write_exact(&mut bytes);
    let content = content(&bytes)?;
    let ciphertext = context
        .seal(&content, aad)
        .map_err(|_| Error::Internal("sealing an invitation"))?;
    Ok((bytes, ciphertext))
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`Error::DecryptFailed`], whatever is wrong.
pub(super) fn open(
    key: &SecretKey,
    enc: &[u8; ENC_BYTES],
    info: &[u8],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| Error::DecryptFailed)?;
    setup_receiver::<AesGcm256, HkdfSha256, Kem>(&OpModeR::Base, &key.private()?, &enc, info)
        .and_then(|mut context| context.open(ciphertext, aad))
        .map(Zeroizing::new)
        .map_err(|_| Error::DecryptFailed)
}

/// A random generator that has 32 bytes and gives them out once.
struct OneDraw {
    bytes: Key,
    draws: u32,
}

impl OneDraw {
    const fn new(bytes: Key) -> Self {
        Self { bytes, draws: 0 }
    }

    /// A version of `hpke` that draws otherwise must not seal anything: it would use these bytes twice, or others.
    const fn used_once(&self) -> Result<()> {
        if self.draws == 1 {
            Ok(())
        } else {
            Err(Error::Internal("hpke draws its randomness in another way"))
        }
    }
}

impl TryRng for OneDraw {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> core::result::Result<u32, Infallible> {
        self.draws = u32::MAX;
        Ok(0)
    }

    fn try_next_u64(&mut self) -> core::result::Result<u64, Infallible> {
        self.draws = u32::MAX;
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> core::result::Result<(), Infallible> {
        match <&mut [u8; 32]>::try_from(out) {
            Ok(out) => {
                out.copy_from_slice(self.bytes.expose());
                self.draws = self.draws.saturating_add(1);
            }
            Err(_) => self.draws = u32::MAX,
        }
        Ok(())
    }
}

impl TryCryptoRng for OneDraw {}
