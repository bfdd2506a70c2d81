//! What is said of files on the way in and out of a room, of whatever protocol.

/// Longest voice message, in seconds, as far as anybody is told.
pub(super) const MAX_VOICE_SECONDS: u32 = 3_600;

/// What is said of a file when it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileMeta {
    /// Any text; receivers get a file name made of it.
    pub name: String,
    /// A MIME type; anything else becomes `application/octet-stream`.
    pub mime: String,
    /// Bytes, if known.
    pub size: Option<u64>,
    /// Whether the source can be read again from any place. If so, `size` must be known.
    pub replayable: bool,
    /// The receivers' ids; empty for everybody here.
    pub to: Vec<String>,
    /// Length in seconds, of a voice message.
    pub voice_seconds: Option<u32>,
}

/// A piece of a file to be read, sealed and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkJob {
    /// To be given to `bulk_head`.
    pub ticket: u32,
    /// The transfer's id.
    pub transfer: String,
    /// Index of the segment, or chunk, in its file.
    pub segment: u32,
    /// Where its plaintext starts in the file, in bytes.
    pub plaintext_offset: u64,
    /// The plaintext's length in bytes.
    pub plaintext_length: u64,
    /// Whether it is the file's last.
    pub last: bool,
}

/// A piece of a file that has come in and is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkIn {
    /// The transfer's id.
    pub transfer: String,
    /// Index of the segment, or chunk, in its file.
    pub segment: u32,
    /// Whether it is the file's last.
    pub last: bool,
    /// Where it ends, in bytes of ciphertext (`hush1`) or of the file (Arthas): what to give to `delivered`.
    pub end: u64,
    /// Where in the frame its ciphertext starts.
    pub body_start: usize,
    /// Where in the frame its ciphertext ends.
    pub body_end: usize,
    /// What it was sealed with, where that is not known beforehand: Arthas.
    pub iv: Option<[u8; 12]>,
}
