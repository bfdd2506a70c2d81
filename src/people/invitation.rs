//! Invitations: a room's code, sealed to one user, with the sender's name inside.
//!
//! ```text
//! sealed  = header | enc(32) | HPKE ciphertext of content
//! header  = 0x01 | kind (0x00 pre-key, 0x01 one-time key) | BE32(key id)
//! info    = "hushroom/1 people invitation" | 0x00 | len8(recipient id) | recipient's identity key(32) | recipient's key(32)
//! aad     = header
//! content = 0x01 | len8(sender id) | sender's identity key(32) | BE64(time) | len8(room code) | len16(text) | signature(64)
//!           | 0x80 | 0x00 ...     up to the next power of two, at least 1,024 bytes
//! signature = signed("invitation sender", len16(info) | header | enc | content before the signature)
//! ```
//! The signature covers `enc` and the recipient, so nobody can pass it off as meant for somebody else.

use core::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    bytes::{push16, push8, Reader},
    hpke::{self, PublicKey, SecretKey, ENC_BYTES, TAG_BYTES},
    signing::{Identity, IdentityKey, Label},
    user_id::UserId,
};
use crate::{
    error::{Error, Result},
    frame::people::MAX_SEALED_BYTES,
    secret::Key,
    share_code::ShareCode,
};

/// Longest text of an invitation, in UTF-8 bytes.
pub const MAX_INVITATION_TEXT_BYTES: usize = 2_000;

const VERSION: u8 = 1;
const INFO_LABEL: &[u8] = b"hushroom/1 people invitation\0";
const MIN_CONTENT_BYTES: usize = 1_024;
const PADDING_MARK: u8 = 0x80;
const SIGNATURE_BYTES: usize = 64;

/// Which of a recipient's keys something is sealed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// The pre-key of a bundle.
    PreKey,
    /// A one-time key.
    OneTime,
}

/// What an invitation says in the open: only which key opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The kind of key.
    pub kind: KeyKind,
    /// The key's id.
    pub id: u32,
}

impl Header {
    const LENGTH: usize = 6;

    fn encode(self) -> [u8; Self::LENGTH] {
        let [a, b, c, d] = self.id.to_be_bytes();
        [VERSION, u8::from(self.kind == KeyKind::OneTime), a, b, c, d]
    }

    /// Which key opens `sealed`.
    ///
    /// # Errors
    /// [`Error::DecryptFailed`].
    pub fn parse(sealed: &[u8]) -> Result<Self> {
        let (kind, id) = match sealed {
            [VERSION, 0, id @ ..] => (KeyKind::PreKey, id),
            [VERSION, 1, id @ ..] => (KeyKind::OneTime, id),
            _ => return Err(Error::DecryptFailed),
        };
        let id = id.first_chunk().map(|id| u32::from_be_bytes(*id));
        Ok(Self {
            kind,
            id: id.ok_or(Error::DecryptFailed)?,
        })
    }
}

/// For whom an invitation is.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The identity key that has signed the key.
    pub identity: IdentityKey,
    /// The key to seal to.
    pub key: PublicKey,
}

impl Recipient<'_> {
    fn info(&self) -> Result<Vec<u8>> {
        let mut info = INFO_LABEL.to_vec();
        push8(&mut info, self.user.as_str().as_bytes())?;
        info.extend_from_slice(&self.identity.0);
        info.extend_from_slice(&self.key.0);
        Ok(info)
    }
}

/// What an invitation says.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents {
    /// Who the sender says to be. [`Self::identity`] proves it to who knows that user's key, and to nobody else.
    pub sender: UserId,
    /// The key that has signed the invitation.
    pub identity: IdentityKey,
    /// The sender's clock, Unix seconds.
    pub time: u64,
    /// The share code of the room. A secret.
    pub code: Zeroizing<String>,
    /// A few words, at most [`MAX_INVITATION_TEXT_BYTES`].
    pub text: Zeroizing<String>,
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contents(..)")
    }
}

/// Seals an invitation. `identity` is the sender's; `random` must be fresh.
///
/// # Errors
/// [`Error::InvalidShareCode`], [`Error::TextTooLong`], [`Error::WeakKey`] for a recipient's key of small order,
/// [`Error::InvalidArgument`] when `contents` names another identity.
pub fn seal(
    contents: &Contents,
    identity: &Identity,
    to: &Recipient<'_>,
    header: Header,
    random: Key,
) -> Result<Vec<u8>> {
    if contents.identity != identity.public() {
        return Err(Error::InvalidArgument("another identity"));
    }
    if contents.text.len() > MAX_INVITATION_TEXT_BYTES {
        return Err(Error::TextTooLong {
            limit: MAX_INVITATION_TEXT_BYTES,
            actual: contents.text.len(),
        });
    }
    let code = ShareCode::parse(&contents.code)?.encode();
    let (info, header) = (to.info()?, header.encode());
    let (enc, ciphertext) = hpke::seal(&to.key, &info, &header, random, |enc| {
        // In one piece from the start: a buffer that grows leaves copies behind.
        let mut content = Zeroizing::new(Vec::with_capacity(4 * MIN_CONTENT_BYTES));
        content.push(VERSION);
        push8(&mut content, contents.sender.as_str().as_bytes())?;
        content.extend_from_slice(&contents.identity.0);
        content.extend_from_slice(&contents.time.to_be_bytes());
        push8(&mut content, code.as_bytes())?;
        push16(&mut content, contents.text.as_bytes())?;
        let signature = identity.sign(Label::Sender, &[&signed_head(&info, &header, enc)?, &content]);
        content.extend_from_slice(&signature);
        content.push(PADDING_MARK);
        let padded = content.len().max(MIN_CONTENT_BYTES).next_power_of_two();
        content.resize(padded, 0);
        Ok(content)
    })?;
    Ok([header.as_slice(), &enc, &ciphertext].concat())
}

/// Opens an invitation to `user` with the key its header names. `identity` is the identity key that has signed that key.
///
/// # Errors
/// [`Error::DecryptFailed`], whatever is wrong.
pub fn open(sealed: &[u8], user: &UserId, identity: IdentityKey, key: &SecretKey) -> Result<Contents> {
    let refused = |_| Error::DecryptFailed;
    let (header, rest) = sealed.split_at_checked(Header::LENGTH).ok_or(Error::DecryptFailed)?;
    Header::parse(header)?;
    let (enc, ciphertext) = rest.split_first_chunk::<ENC_BYTES>().ok_or(Error::DecryptFailed)?;
    if sealed.len() > MAX_SEALED_BYTES || ciphertext.len() < TAG_BYTES {
        return Err(Error::DecryptFailed);
    }
    let to = Recipient {
        user,
        identity,
        key: key.public()?,
    };
    let info = to.info()?;
    let content = hpke::open(key, enc, &info, header, ciphertext)?;
    parse(&content, &signed_head(&info, header, enc)?).map_err(refused)
}

fn parse(content: &[u8], head: &[u8]) -> Result<Contents> {
    let end = content
        .iter()
        .rposition(|byte| *byte != 0)
        .ok_or(Error::DecryptFailed)?;
    let (unpadded, padding) = content.split_at_checked(end).ok_or(Error::DecryptFailed)?;
    let (signed, signature) = unpadded
        .split_last_chunk::<SIGNATURE_BYTES>()
        .ok_or(Error::DecryptFailed)?;
    let mut reader = Reader::new(signed);
    reader.version(VERSION)?;
    let contents = Contents {
        sender: UserId::parse(reader.text8()?)?,
        identity: IdentityKey(reader.array()?),
        time: reader.u64()?,
        code: Zeroizing::new(reader.text8()?.to_owned()),
        text: Zeroizing::new(utf8(reader.len16()?)?.to_owned()),
    };
    reader.end()?;
    contents.identity.verify(Label::Sender, &[head, signed], signature)?;
    ShareCode::parse(&contents.code)?;
    if padding.first() != Some(&PADDING_MARK) || contents.text.len() > MAX_INVITATION_TEXT_BYTES {
        return Err(Error::DecryptFailed);
    }
    Ok(contents)
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    core::str::from_utf8(bytes).map_err(|_| Error::DecryptFailed)
}

fn signed_head(info: &[u8], header: &[u8], enc: &[u8; ENC_BYTES]) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    push16(&mut head, info)?;
    head.extend_from_slice(header);
    head.extend_from_slice(enc);
    Ok(head)
}

/// Tells invitations apart, so that none is shown again: the first 16 bytes of SHA-256.
pub(super) fn digest(sealed: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(Sha256::digest(sealed))
        .for_each(|(to, from)| *to = from);
    short
}
