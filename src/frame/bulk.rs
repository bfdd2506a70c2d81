//! Bulk frames, split so that file bytes need not pass through this code.
//!
//! In wasm the ciphertext of a file stays in JavaScript's memory: the head of a bulk frame is made here and the body
//! appended outside, and of a received frame only the first [`BULK_PEEK_BYTES`] are read. A relay finds the body in the
//! frame it received and copies it once, into the frame it sends. That is why `body` is the last entry of the map.

use rmp::decode;

use super::{Bin, Bulk, BulkFrom, Frame, RelayId, MAX_FRAME_BYTES, MAX_MEMBERS, MAX_MEMBER_ID_BYTES};
use crate::error::{Error, Result};

/// How much of a received frame [`peek_bulk_from`] needs, in bytes; a whole frame if it is shorter.
pub const BULK_PEEK_BYTES: usize = 256;

const BULK: u32 = 0x41;
const BULK_FROM: u32 = 0x51;
const WRONG: Error = Error::InvalidFrame("a bulk frame is not in canonical order");

/// The head of a received `BulkFrom` frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkFromHead {
    /// The sender.
    pub from: RelayId,
    /// The sender's number for the transfer.
    pub stream: u32,
    /// Where the body belongs in the ciphertext, in bytes.
    pub offset: u64,
    /// Where the body starts in the frame; it reaches to the frame's end.
    pub body_start: usize,
    /// The body's length in bytes.
    pub body_length: usize,
}

/// The head of a received `Bulk` frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkHead {
    /// The receivers, 1 to [`MAX_MEMBERS`].
    pub to: Vec<RelayId>,
    /// The sender's number for the transfer.
    pub stream: u32,
    /// Where the body belongs in the ciphertext, in bytes.
    pub offset: u64,
    /// Where the body starts in the frame; it reaches to the frame's end.
    pub body_start: usize,
}

/// The bytes of a `Bulk` frame up to its body of `body_length` bytes, which the caller appends.
///
/// # Errors
/// [`Error::FrameTooLarge`] when the whole frame would be above the limit.
pub fn bulk_frame_head(to: &[RelayId], stream: u32, offset: u64, body_length: usize) -> Result<Vec<u8>> {
    let empty = Bulk {
        to: to.to_vec(),
        stream,
        offset,
        body: Bin::default(),
    };
    head(&empty.into(), body_length)
}

/// A whole `BulkFrom` frame, in one allocation and with one copy of `body`.
///
/// # Errors
/// [`Error::FrameTooLarge`] when the frame would be above the limit.
pub fn bulk_from_frame(from: &RelayId, stream: u32, offset: u64, body: &[u8]) -> Result<Vec<u8>> {
    let empty = BulkFrom {
        from: from.clone(),
        stream,
        offset,
        body: Bin::default(),
    };
    let mut frame = head(&empty.into(), body.len())?;
    frame.reserve_exact(body.len());
    frame.extend_from_slice(body);
    Ok(frame)
}

/// The bytes of `empty`, a frame that ends in an empty body, up to a body of `body_length` bytes instead.
fn head(empty: &Frame, body_length: usize) -> Result<Vec<u8>> {
    with_body(empty.encode()?, body_length)
}

/// The bytes of a frame that ends in an empty body, up to a body of `body_length` bytes instead.
pub(super) fn with_body(mut head: Vec<u8>, body_length: usize) -> Result<Vec<u8>> {
    // An empty body is the two bytes `c4 00` at the very end.
    head.truncate(head.len().saturating_sub(2));
    let length = u32::try_from(body_length).unwrap_or(u32::MAX);
    rmp::encode::write_bin_len(&mut head, length).map_err(|_| WRONG)?;
    check_size(head.len().saturating_add(body_length))?;
    Ok(head)
}

/// Reads the head of a whole `Bulk` frame without copying its body; `None` for every other frame.
///
/// # Errors
/// [`Error::FrameTooLarge`] and [`Error::InvalidFrame`] as [`Frame::decode`] has them; the latter also when the entries
/// are not in the order the protocol prescribes.
pub fn peek_bulk(frame: &[u8]) -> Result<Option<BulkHead>> {
    check_size(frame.len())?;
    let mut rest = frame;
    if !is_kind(&mut rest, BULK) {
        return Ok(None);
    }
    let (to, stream, offset, body_length) = bulk_fields(&mut rest).ok_or(WRONG)?;
    Ok(Some(BulkHead {
        to,
        stream,
        offset,
        body_start: body_start(frame, rest, body_length, frame.len())?,
    }))
}

/// Reads the head of a `BulkFrom` frame of `total` bytes from its first bytes; `None` for every other frame.
///
/// # Errors
/// [`Error::FrameTooLarge`] and [`Error::InvalidFrame`] as [`Frame::decode`] has them.
pub fn peek_bulk_from(prefix: &[u8], total: usize) -> Result<Option<BulkFromHead>> {
    check_size(total)?;
    let mut rest = prefix;
    if !is_kind(&mut rest, BULK_FROM) {
        return Ok(None);
    }
    let (from, stream, offset, body_length) = bulk_from_fields(&mut rest).ok_or(WRONG)?;
    Ok(Some(BulkFromHead {
        from,
        stream,
        offset,
        body_start: body_start(prefix, rest, body_length, total)?,
        body_length,
    }))
}

fn check_size(actual: usize) -> Result<()> {
    if actual > MAX_FRAME_BYTES {
        return Err(Error::FrameTooLarge {
            limit: MAX_FRAME_BYTES,
            actual,
        });
    }
    Ok(())
}

fn is_kind(rest: &mut &[u8], kind: u32) -> bool {
    decode::read_map_len(rest).is_ok_and(|length| length == 2)
        && key(rest, b"type").is_some()
        && decode::read_int::<u32, _>(rest).is_ok_and(|found| found == kind)
}

/// Where the body starts in `read`, of which `rest` is left unread; it must end where the frame of `total` bytes does.
fn body_start(read: &[u8], rest: &[u8], body_length: usize, total: usize) -> Result<usize> {
    let start = read.len().saturating_sub(rest.len());
    if start.checked_add(body_length) != Some(total) {
        return Err(Error::InvalidFrame("a bulk body does not fill its frame"));
    }
    Ok(start)
}

fn bulk_fields(rest: &mut &[u8]) -> Option<(Vec<RelayId>, u32, u64, usize)> {
    data(rest)?;
    key(rest, b"to")?;
    let count = usize::try_from(decode::read_array_len(rest).ok()?).ok()?;
    if count == 0 || count > MAX_MEMBERS {
        return None;
    }
    let to = (0..count).map(|_| relay_id(rest)).collect::<Option<Vec<_>>>()?;
    let (stream, offset, length) = place(rest)?;
    Some((to, stream, offset, length))
}

fn bulk_from_fields(rest: &mut &[u8]) -> Option<(RelayId, u32, u64, usize)> {
    data(rest)?;
    key(rest, b"from")?;
    let from = relay_id(rest)?;
    let (stream, offset, length) = place(rest)?;
    Some((from, stream, offset, length))
}

/// The start of `data`, which has four entries in both frames.
fn data(rest: &mut &[u8]) -> Option<()> {
    key(rest, b"data")?;
    (decode::read_map_len(rest).ok()? == 4).then_some(())
}

/// The three entries that both frames end with; of the body only its length.
fn place(rest: &mut &[u8]) -> Option<(u32, u64, usize)> {
    key(rest, b"stream")?;
    let stream = decode::read_int(rest).ok()?;
    key(rest, b"offset")?;
    let offset = decode::read_int(rest).ok()?;
    key(rest, b"body")?;
    let length = decode::read_bin_len(rest).ok()?;
    Some((stream, offset, usize::try_from(length).ok()?))
}

fn relay_id(rest: &mut &[u8]) -> Option<RelayId> {
    let id = text(rest)?;
    if id.len() > MAX_MEMBER_ID_BYTES {
        return None;
    }
    Some(RelayId(core::str::from_utf8(id).ok()?.to_owned()))
}

fn key(rest: &mut &[u8], expected: &[u8]) -> Option<()> {
    (text(rest)? == expected).then_some(())
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(decode::read_str_len(rest).ok()?).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}
