//! Frames on their way out.

use bytes::Bytes;
use hushroom::frame::Frame;

/// Encodes a frame of our own making; `None`, and a line in the log, if it were above the size limit.
pub(crate) fn encode(frame: impl Into<Frame>) -> Option<Bytes> {
    let frame = frame.into();
    match frame.encode() {
        Ok(bytes) => Some(bytes.into()),
        Err(error) => {
            tracing::error!(kind = frame.kind(), code = error.code(), "a frame cannot be encoded");
            None
        }
    }
}
