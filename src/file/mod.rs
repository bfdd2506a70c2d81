//! Streaming file encryption: Tink's AES-GCM-HKDF streaming AEAD with AES-256 and HKDF-SHA256, byte for byte.
//!
//! ```text
//! file      = header | segment 0 | segment 1 | ... | segment n-1
//!
//! header      0        1                                33               40
//!             +--------+--------------------------------+----------------+
//!             |  0x28  |  salt, 32 random bytes         |  nonce prefix  |
//!             +--------+--------------------------------+----------------+
//! key       = HKDF-SHA256(ikm = file key, salt = salt, info = associated data, L = 32)
//!
//! nonce i     0                    7                11              12
//!             +--------------------+----------------+----------------+
//!             |  nonce prefix      |  i, big-endian |  1 if i = n-1  |
//!             +--------------------+----------------+----------------+
//! segment i = AES-256-GCM(key, nonce i, plaintext i, no associated data) | tag(16)
//!
//! cells       0           S           2S                  (n-1)S
//!             +-----------+-----------+-------  ...  -----+---------+
//!             | header+s0 | segment 1 |                   | s n-1   |
//!             +-----------+-----------+-------  ...  -----+---------+
//! ```
//! With segment size S, a file is cut into cells at multiples of S, and the header shares cell 0 with segment 0. So segment
//! 0 holds up to S-56 bytes of plaintext and every other up to S-16. All but the last are full. The last may be full: an
//! exact fit adds no segment. An empty file is one empty segment, 56 bytes in all. i is at most 2^32 - 2.
//!
//! Beyond Tink: whatever follows the last segment is refused, even after a full one; random access opens the last segment
//! first, because it authenticates the length; and the segment size is bounded, so that nobody is made to buffer more than
//! 1 MiB before the first tag is checked.
//!
//! Errors. An input that ends where a segment ends (or has no room for a tag there) is [`Error::Truncated`]: either its
//! last segment opens as one that others follow, or there is none. A cut inside a segment cannot be told from tampering and
//! is [`Error::DecryptFailed`], as is everything else.
//!
//! Sans-IO, and apart from the cipher: [`Sealer`], [`Opener`], [`RangeOpener`], [`IndexedSealer`] and [`IndexedOpener`] own
//! counters and nonces and say how each segment is sealed or opened; [`SegmentCipher`] or WebCrypto does it.
//!
//! [`Error::Truncated`]: crate::Error::Truncated
//! [`Error::DecryptFailed`]: crate::Error::DecryptFailed

mod cipher;
mod header;
mod indexed;
mod layout;
mod nonce;
mod open;
mod seal;
mod seek;
mod segment_key;
mod segment_size;
mod tags;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

pub use cipher::SegmentCipher;
pub use header::{Header, HEADER_BYTES, HEADER_RANDOM_BYTES};
pub use indexed::{IndexedOpener, IndexedSealer};
pub use layout::{decrypted_size, encrypted_size, Cell, Layout, MAX_SEGMENTS, TAG_BYTES};
pub use nonce::{Attempt, Nonce, NONCE_BYTES};
pub use open::Opener;
pub use seal::Sealer;
pub use seek::{Part, RangeOpener};
pub use segment_key::SegmentKey;
pub use segment_size::{
    SegmentSize, DEFAULT_SEGMENT_SIZE_BYTES, MAX_SEGMENT_SIZE_BYTES, MIN_SEGMENT_SIZE_BYTES, ROOM_SEGMENT_SIZE_BYTES,
};
