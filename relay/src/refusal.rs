//! Why the relay does not do what a client asks, and the frame that tells it.

use std::time::Duration;

use hushroom::frame::{arthas::error_code as arthas_code, error_code, ErrorFrame};
use thiserror::Error;

/// One variant for each thing a client can be told. The texts of the codes that Arthas has are its own: its clients look for
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("room not found")]
    RoomNotFound,
    #[error("room is full")]
    RoomFull,
    #[error("not in a room")]
    NotInRoom,
    #[error("room no longer exists")]
    RoomGone,
    #[error("rate limited")]
    RateLimited(Duration),
    #[error("{0}")]
    Invalid(&'static str),
    #[error("room expired")]
    RoomExpired,
    #[error("wrong password")]
    WrongPassword,
    #[error("the list of public rooms is full; the room is private")]
    ListingFull,
    #[error("{0}; the room is private")]
    InvalidListing(&'static str),
    #[error("not the room's token")]
    AdmissionDenied,
    #[error("the relay has no room for another room")]
    TooManyRooms,
    #[error("a frame is above the size limit")]
    FrameTooLarge,
    #[error("a receiver's queue is full")]
    BulkOverflow,
    #[error("a file was not read in time")]
    FileOverflow,
    #[error("this relay speaks hush1 only")]
    UnsupportedProtocol,
    #[error("another connection has taken this place over")]
    Replaced,
    #[error("the invitation was used")]
    InvitationUsed,
}

impl Refusal {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::RoomNotFound => error_code::ROOM_NOT_FOUND,
            Self::RoomFull => error_code::ROOM_FULL,
            Self::NotInRoom | Self::RoomGone => error_code::NOT_IN_ROOM,
            Self::RateLimited(_) => error_code::RATE_LIMITED,
            Self::Invalid(_) => error_code::INVALID_MESSAGE,
            Self::WrongPassword => arthas_code::WRONG_PASSWORD,
            Self::ListingFull => arthas_code::LISTING_FULL,
            Self::InvalidListing(_) => arthas_code::INVALID_LISTING,
            Self::RoomExpired => error_code::ROOM_EXPIRED,
            Self::AdmissionDenied => error_code::ADMISSION_DENIED,
            Self::TooManyRooms => error_code::TOO_MANY_ROOMS,
            Self::FrameTooLarge => error_code::FRAME_TOO_LARGE,
            Self::BulkOverflow | Self::FileOverflow => error_code::BULK_OVERFLOW,
            Self::UnsupportedProtocol => error_code::UNSUPPORTED_PROTOCOL,
            Self::Replaced => error_code::REPLACED,
            Self::InvitationUsed => error_code::INVITATION_USED,
        }
    }

    /// The error frame; `n` is that of the post that is refused.
    pub(crate) fn frame(self, n: Option<u32>) -> ErrorFrame {
        let retry_after = match self {
            // Rounded up: a client that waits exactly this long must not be too early.
            Self::RateLimited(wait) => Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)),
            _ => None,
        };
        ErrorFrame {
            code: self.code().to_owned(),
            msg: self.to_string(),
            n,
            retry_after,
        }
    }
}
