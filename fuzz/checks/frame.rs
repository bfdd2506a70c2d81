//! Frames: whatever decodes can be encoded again, to the same thing, and the bulk shortcut sees what decoding sees.

use hushroom::{
    frame::{peek_bulk, peek_bulk_from, Frame, BULK_PEEK_BYTES, MAX_FRAME_BYTES},
    room::hush1::Room,
};

/// `data` is what came in over the socket.
pub(crate) fn check(data: &[u8]) {
    let decoded = Frame::decode(data);
    if let Ok(frame) = &decoded {
        assert!(data.len() <= MAX_FRAME_BYTES);
        // Writers use the shortest form and leave unknown keys out, so it never grows above the limit.
        let once = frame.encode();
        assert!(once.is_ok(), "{once:?}");
        if let Ok(once) = once {
            assert!(once.len() <= data.len() + LONGER);
            let again = Frame::decode(&once).and_then(|frame| frame.encode());
            assert_eq!(again.as_ref(), Ok(&once), "encoding is stable");
        }
    }
    let prefix = &data[..data.len().min(BULK_PEEK_BYTES)];
    let needed = Room::needed(prefix, data.len());
    assert!(needed.unwrap_or(0) <= data.len());
    if let Ok(Some(head)) = peek_bulk_from(prefix, data.len()) {
        let Ok(Frame::BulkFrom(frame)) = &decoded else {
            assert!(decoded.is_err(), "only a bulk frame looks like one");
            return;
        };
        assert_eq!(
            (&head.from, head.stream, head.offset),
            (&frame.from, frame.stream, frame.offset)
        );
        assert_eq!(&data[head.body_start..], frame.body.0);
        assert_eq!(head.body_length, frame.body.0.len());
    }
    if let Ok(Some(head)) = peek_bulk(data) {
        let Ok(Frame::Bulk(frame)) = &decoded else {
            assert!(decoded.is_err(), "only a bulk frame looks like one");
            return;
        };
        assert_eq!(
            (&head.to, head.stream, head.offset),
            (&frame.to, frame.stream, frame.offset)
        );
        assert_eq!(&data[head.body_start..], frame.body.0);
    }
}

/// Fields that have a default may be left out by others and are written by us.
const LONGER: usize = 4096;
