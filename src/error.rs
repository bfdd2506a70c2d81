//! Every error a caller of this crate can meet, with the stable code that reaches JavaScript.

use thiserror::Error;

/// The result of every fallible call of this crate.
pub type Result<T> = core::result::Result<T, Error>;

/// One variant for each thing a caller can act on.
///
/// Messages are for people and may change; [`Error::code`] is stable. Lengths and limits say what was expected and what
/// came. An authentication failure says nothing: a wrong key, a flipped bit and a forged tag are one and the same.
/// No variant ever carries a key, a plaintext or a share code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is neither a share code nor a link that holds one.
    #[error("not a share code: {0}")]
    InvalidShareCode(&'static str),
    /// A key had the wrong length.
    #[error("a key has {expected} bytes, this one has {actual}")]
    InvalidKey {
        /// The length every key of this kind has, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// A sealed message is not of the form `{iv, ciphertext}`.
    #[error("not a sealed message: {0}")]
    InvalidMessage(&'static str),
    /// An argument was out of its range.
    #[error("invalid argument: {0}")]
    InvalidArgument(&'static str),
    /// Authentication failed: wrong key, wrong associated data or changed bytes.
    #[error("decryption failed")]
    DecryptFailed,
    /// A stream ended before its final segment.
    #[error("the stream ended before its final segment")]
    Truncated,
    /// A segment size outside the accepted bounds.
    #[error("segment size {actual} is outside {min}..={max} bytes")]
    InvalidSegmentSize {
        /// Smallest accepted ciphertext segment, in bytes.
        min: u32,
        /// Largest accepted ciphertext segment, in bytes.
        max: u32,
        /// The size that was given, in bytes.
        actual: u32,
    },
    /// More data than the format, or the limit that was set, can hold.
    #[error("too large: at most {limit} bytes, got {actual}")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
        /// What was asked for, in bytes.
        actual: u64,
    },
    /// A byte range that does not lie within the plaintext.
    #[error("range {start}..{end} is outside the {size} bytes of the plaintext")]
    OutOfRange {
        /// First byte asked for.
        start: u64,
        /// One past the last byte asked for.
        end: u64,
        /// The plaintext's size in bytes.
        size: u64,
    },
    /// The source gave other bytes for a segment than it gave the first time.
    #[error("the source changed while it was being sent")]
    SourceChanged,
    /// Bytes that are not a frame of this protocol.
    #[error("not a valid frame: {0}")]
    InvalidFrame(&'static str),
    /// A frame above the size limit; it was not decoded.
    #[error("frame of {actual} bytes is above the limit of {limit}")]
    FrameTooLarge {
        /// The limit in bytes.
        limit: usize,
        /// The frame's size in bytes.
        actual: usize,
    },
    /// The object was closed, finished or already used up.
    #[error("already closed")]
    Closed,
    /// The platform's secure random source failed.
    #[error("the secure random source is not available")]
    RandomUnavailable,
    /// The relay has no such room.
    #[error("room not found")]
    RoomNotFound,
    /// The room has as many members as it may have.
    #[error("room is full")]
    RoomFull,
    /// The room is for two, and somebody else has used its code: no other device gets in any more.
    #[error("the invitation was used: this room is for two others")]
    InvitationUsed,
    /// The room's lifetime is over.
    #[error("room expired")]
    RoomExpired,
    /// The relay refused the admission token: the code is not this room's.
    #[error("the relay refused the admission token")]
    AdmissionDenied,
    /// The relay asks to slow down.
    #[error("rate limited by the relay")]
    RateLimited,
    /// The relay holds as many rooms or connections as it may.
    #[error("the relay is at its limit: {0}")]
    RelayLimit(&'static str),
    /// The relay refused a frame of ours as malformed.
    #[error("the relay refused a frame")]
    RelayRefused,
    /// The relay broke the protocol.
    #[error("the relay broke the protocol: {0}")]
    RelayProtocol(&'static str),
    /// This action cannot be done in the room's present state.
    #[error("not possible now: {0}")]
    InvalidState(&'static str),
    /// A post was seen before, or is too old to tell.
    #[error("a post was replayed")]
    Replayed,
    /// A post's signature is not that of the device it names.
    #[error("a post is not signed by the member it names")]
    BadSignature,
    /// A post names a room, sender, recipient or version other than the one it arrived under.
    #[error("a post does not belong where it arrived")]
    Misdirected,
    /// A member's key is not one that can be used: it is one of the few weak ones, or our own.
    #[error("a key of a member cannot be used")]
    WeakKey,
    /// The stored state is older than one that was already in use: a backup came back, or the store was tampered with.
    #[error("the stored state is version {actual}, at least {expected} was expected")]
    RolledBack {
        /// The lowest version that may be opened.
        expected: u64,
        /// The version that was found.
        actual: u64,
    },
    /// What was stored is no identity of ours: cut off, changed, or written by a newer version.
    #[error("not a stored identity: {0}")]
    InvalidIdentity(&'static str),
    /// What a member sends cannot be opened. A new session with it is being agreed on; what was said before may be lost.
    #[error("the session with a member is broken and is started anew")]
    SessionBroken,
    /// Posts of a member can no longer be had: it was away for longer than its peers keep them.
    #[error("{0} or more posts of a member are lost")]
    MessagesLost(u32),
    /// No member of that id.
    #[error("no such member")]
    UnknownMember,
    /// No transfer of that id, or it is over.
    #[error("no such transfer")]
    UnknownTransfer,
    /// More transfers at once than are allowed.
    #[error("at most {limit} transfers at once")]
    TransferLimit {
        /// The limit.
        limit: usize,
    },
    /// A text longer than a post can carry.
    #[error("text of {actual} bytes is above the limit of {limit}")]
    TextTooLong {
        /// The limit in UTF-8 bytes.
        limit: usize,
        /// The text's length in UTF-8 bytes.
        actual: usize,
    },
    /// A name that is empty or too long once cleaned.
    #[error("a name has 1 to {limit} {unit} of printable text")]
    InvalidName {
        /// The limit.
        limit: usize,
        /// What the limit counts: `bytes` of UTF-8, or `characters`.
        unit: &'static str,
    },
    /// The room's protocol has no such thing.
    #[error("not possible in a room of this protocol: {0}")]
    Unsupported(&'static str),
    /// The room has another password, or has one where none was given.
    #[error("wrong room password")]
    WrongPassword,
    /// Every receiver declined the file.
    #[error("the file was declined")]
    TransferDeclined,
    /// The other side cancelled the transfer.
    #[error("the transfer was cancelled")]
    TransferCancelled,
    /// The other side has shown no progress for too long.
    #[error("the transfer stalled")]
    TransferStalled,
    /// The other side left the room during the transfer.
    #[error("the other side left")]
    MemberLeft,
    /// The directory knows no user of that id.
    #[error("the directory has no such user")]
    UnknownUser,
    /// The user id belongs to somebody with another identity key.
    #[error("the user id belongs to another key")]
    UserTaken,
    /// A user has replaced the identity key, with proof, and nobody has acknowledged that yet.
    #[error("the user's key has changed: compare the safety number and acknowledge it")]
    KeyChanged,
    /// The directory shows another identity key than the one that is trusted, without proof that its owner replaced it.
    #[error("the user's key is another one, without proof from the old one")]
    KeyUnproven,
    /// The user has not renewed the keys in time.
    #[error("the user's keys have expired")]
    BundleExpired,
    /// The directory shows older keys than it did before, or two at once.
    #[error("the directory shows older keys than before")]
    DirectoryRolledBack,
    /// The directory's answer is not what it signed for this question, or what it shows is not signed by whom it names.
    #[error("the directory's answer does not verify")]
    DirectoryProof,
    /// A state that cannot arise; please report it.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl Error {
    /// The stable code of this error, the same string that JavaScript sees as `error.code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidShareCode(_) => "INVALID_SHARE_CODE",
            Self::InvalidKey { .. } => "INVALID_KEY",
            Self::InvalidMessage(_) => "INVALID_MESSAGE",
            Self::InvalidArgument(_) => "INVALID_ARGUMENT",
            Self::DecryptFailed => "DECRYPT_FAILED",
            Self::Truncated => "TRUNCATED",
            Self::InvalidSegmentSize { .. } => "INVALID_SEGMENT_SIZE",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::OutOfRange { .. } => "OUT_OF_RANGE",
            Self::SourceChanged => "SOURCE_CHANGED",
            Self::InvalidFrame(_) => "INVALID_FRAME",
            Self::FrameTooLarge { .. } => "FRAME_TOO_LARGE",
            Self::Closed => "CLOSED",
            Self::RandomUnavailable => "RANDOM_UNAVAILABLE",
            Self::RoomNotFound => "ROOM_NOT_FOUND",
            Self::RoomFull => "ROOM_FULL",
            Self::InvitationUsed => "INVITATION_USED",
            Self::RoomExpired => "ROOM_EXPIRED",
            Self::AdmissionDenied => "ADMISSION_DENIED",
            Self::RateLimited => "RATE_LIMITED",
            Self::RelayLimit(_) => "RELAY_LIMIT",
            Self::RelayRefused => "RELAY_REFUSED",
            Self::RelayProtocol(_) => "RELAY_PROTOCOL",
            Self::InvalidState(_) => "INVALID_STATE",
            Self::Replayed => "REPLAYED",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::Misdirected => "MISDIRECTED",
            Self::WeakKey => "WEAK_KEY",
            Self::RolledBack { .. } => "ROLLED_BACK",
            Self::InvalidIdentity(_) => "INVALID_IDENTITY",
            Self::SessionBroken => "SESSION_BROKEN",
            Self::MessagesLost(_) => "MESSAGES_LOST",
            Self::UnknownMember => "UNKNOWN_MEMBER",
            Self::UnknownTransfer => "UNKNOWN_TRANSFER",
            Self::TransferLimit { .. } => "TRANSFER_LIMIT",
            Self::TextTooLong { .. } => "TEXT_TOO_LONG",
            Self::InvalidName { .. } => "INVALID_NAME",
            Self::Unsupported(_) => "UNSUPPORTED",
            Self::WrongPassword => "WRONG_PASSWORD",
            Self::TransferDeclined => "TRANSFER_DECLINED",
            Self::TransferCancelled => "TRANSFER_CANCELLED",
            Self::TransferStalled => "TRANSFER_STALLED",
            Self::MemberLeft => "MEMBER_LEFT",
            Self::UnknownUser => "UNKNOWN_USER",
            Self::UserTaken => "USER_TAKEN",
            Self::KeyChanged => "KEY_CHANGED",
            Self::KeyUnproven => "KEY_UNPROVEN",
            Self::BundleExpired => "BUNDLE_EXPIRED",
            Self::DirectoryRolledBack => "DIRECTORY_ROLLED_BACK",
            Self::DirectoryProof => "DIRECTORY_PROOF",
            Self::Internal(_) => "INTERNAL",
        }
    }
}
