//! base64url without padding (RFC 4648 section 5), in constant time, as used for keys and sealed messages.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Decodes strictly: no padding, no white space, spare bits zero. `None` when `text` is not of that form.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}
