//! Chunk frames of Arthas' files, split so that file bytes need not be copied. Unlike our bulk frames they come from relays that
//! write the entries of a map in any order.

use core::ops::Range;

use rmp::decode;

use super::{
    arthas::SendFileChunk,
    bulk::with_body,
    client::ClientFrame,
    scan::{entries, envelope},
    strict::Bin,
};
use crate::error::{Error, Result};

const RELAYED_CHUNK: u32 = 0x1B;
const MAX_ID_BYTES: usize = 64;
const WRONG: Error = Error::InvalidFrame("fields missing or of the wrong type");

/// What a received `RelayFileChunk` says, but for its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkHead {
    /// The sender's id.
    pub sender_id: String,
    /// The transfer's id.
    pub transfer_id: String,
    /// The chunk's index as its sender wrote it.
    pub index: i64,
    /// What it was sealed with.
    pub iv: [u8; 12],
    /// Where in the frame its ciphertext is.
    pub body: Range<usize>,
}

/// The bytes of a `SendFileChunk` frame up to its ciphertext of `length` bytes, which the caller appends.
///
/// # Errors
/// [`Error::FrameTooLarge`] when the whole frame would be above the limit.
pub fn chunk_frame_head(transfer_id: &str, index: u32, iv: &[u8; 12], length: usize) -> Result<Vec<u8>> {
    let empty = SendFileChunk {
        transfer_id: transfer_id.to_owned(),
        index: i64::from(index),
        iv: Bin(iv.to_vec()),
        data: Bin::default(),
    };
    with_body(empty.encode()?, length)
}

/// Reads a whole `RelayFileChunk` frame without copying its data; `None` for every other frame.
///
/// # Errors
/// [`Error::FrameTooLarge`] and [`Error::InvalidFrame`], as decoding has them.
pub fn peek_chunk(frame: &[u8]) -> Result<Option<ChunkHead>> {
    let envelope = envelope(frame)?;
    if envelope.kind != RELAYED_CHUNK {
        return Ok(None);
    }
    let (mut sender_id, mut transfer_id, mut index, mut iv, mut body) = (None, None, None, None, None);
    for (key, value) in entries(envelope.data)? {
        match key {
            b"senderId" if sender_id.is_none() => sender_id = Some(id(value)?),
            b"transferId" if transfer_id.is_none() => transfer_id = Some(id(value)?),
            b"index" if index.is_none() => {
                let mut value = value;
                index = Some(decode::read_int(&mut value).map_err(|_| WRONG)?);
            }
            b"iv" if iv.is_none() => iv = Some(bin(value)?.try_into().map_err(|_| WRONG)?),
            b"data" if body.is_none() => body = Some(range(frame, bin(value)?)?),
            b"senderId" | b"transferId" | b"index" | b"iv" | b"data" => {
                return Err(Error::InvalidFrame("a key twice"));
            }
            _ => {}
        }
    }
    let found = (|| {
        Some(ChunkHead {
            sender_id: sender_id?,
            transfer_id: transfer_id?,
            index: index?,
            iv: iv?,
            body: body?,
        })
    })();
    found.map(Some).ok_or(WRONG)
}

fn id(mut value: &[u8]) -> Result<String> {
    let length = decode::read_str_len(&mut value).map_err(|_| WRONG)?;
    if usize::try_from(length) != Ok(value.len()) || value.len() > MAX_ID_BYTES {
        return Err(WRONG);
    }
    core::str::from_utf8(value).map(str::to_owned).map_err(|_| WRONG)
}

fn bin(mut value: &[u8]) -> Result<&[u8]> {
    let length = decode::read_bin_len(&mut value).map_err(|_| WRONG)?;
    if usize::try_from(length) != Ok(value.len()) {
        return Err(WRONG);
    }
    Ok(value)
}

/// Where `part` of `frame` is.
fn range(frame: &[u8], part: &[u8]) -> Result<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(frame.as_ptr().addr()).ok_or(WRONG)?;
    let end = start.checked_add(part.len()).filter(|end| *end <= frame.len());
    Ok(start..end.ok_or(WRONG)?)
}

#[cfg(test)]
mod tests {
    use super::super::{
        arthas::{ArthasFrame, RelayFileChunk},
        RelayId, Value,
    };
    use super::*;

    fn chunk(data: Vec<u8>) -> RelayFileChunk {
        RelayFileChunk {
            sender_id: RelayId("a1b2c3d4".into()),
            transfer_id: "t".into(),
            index: 300,
            iv: Bin(vec![7; 12]),
            data: Bin(data),
        }
    }

    #[test]
    fn a_chunk_is_found_in_any_order_of_the_entries() {
        let frame = ArthasFrame::from(chunk(vec![9; 65_552])).encode().unwrap();
        let head = peek_chunk(&frame).unwrap().unwrap();
        assert_eq!(
            (head.sender_id.as_str(), head.transfer_id.as_str(), head.index),
            ("a1b2c3d4", "t", 300)
        );
        assert_eq!(head.iv, [7; 12]);
        assert_eq!(frame[head.body], [9; 65_552]);

        let text = |text: &str| Value::Text(text.into());
        let map = Value::Map(vec![
            ("data".into(), Value::Bin(vec![9; 40])),
            ("extra".into(), Value::List(vec![Value::Nil])),
            ("index".into(), Value::Uint(300)),
            ("iv".into(), Value::Bin(vec![7; 12])),
            ("transferId".into(), text("t")),
            ("senderId".into(), text("a1b2c3d4")),
        ]);
        let envelope = Value::Map(vec![("data".into(), map), ("type".into(), Value::Uint(0x1B))]);
        let frame = rmp_serde::to_vec_named(&envelope).unwrap();
        let again = peek_chunk(&frame).unwrap().unwrap();
        assert_eq!(frame[again.body.clone()], [9; 40]);
        assert_eq!((again.index, again.iv), (300, [7; 12]));
    }

    #[test]
    fn what_is_no_chunk_is_left_or_refused() {
        let other = ArthasFrame::from(super::super::Ping { t: 1 }).encode().unwrap();
        assert_eq!(peek_chunk(&other), Ok(None));
        let short = RelayFileChunk {
            iv: Bin(vec![7; 11]),
            ..chunk(vec![1])
        };
        let frame = ArthasFrame::from(short).encode().unwrap();
        assert_eq!(peek_chunk(&frame).unwrap_err().code(), "INVALID_FRAME");
        let frame = ArthasFrame::from(chunk(vec![9; 40])).encode().unwrap();
        for end in 0..frame.len() {
            assert!(peek_chunk(&frame[..end]).is_err());
        }
    }

    #[test]
    fn a_head_and_its_body_are_the_frame() {
        let mut frame = chunk_frame_head("transfer", 79, &[3; 12], 65_552).unwrap();
        frame.resize(frame.len() + 65_552, 5);
        let whole = SendFileChunk {
            transfer_id: "transfer".into(),
            index: 79,
            iv: Bin(vec![3; 12]),
            data: Bin(vec![5; 65_552]),
        };
        assert_eq!(ArthasFrame::decode(&frame).unwrap(), whole.into());
        assert_eq!(
            chunk_frame_head("t", 0, &[3; 12], 131_072).unwrap_err().code(),
            "FRAME_TOO_LARGE"
        );
    }
}
