//! Why the directory does not do what it is asked.

use std::time::Duration;

use hushroom::frame::people::{refusal_code as code, Refused};
use thiserror::Error;

/// One variant for each thing a client can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("rate limited")]
    RateLimited(Duration),
    #[error("{0}")]
    Invalid(&'static str),
    #[error("no such user")]
    UnknownUser,
    #[error("the user id belongs to another key")]
    Taken,
    #[error("the sequence is not above the last one")]
    Stale,
    #[error("the challenge is over or the signature does not verify")]
    NotSigned,
    #[error("too many invitations wait for this user")]
    MailboxFull,
    #[error("the directory has no room for another user")]
    DirectoryFull,
}

impl Refusal {
    pub(super) fn frame(self) -> Refused {
        let code = match self {
            Self::RateLimited(_) => code::RATE_LIMITED,
            Self::Invalid(_) => code::INVALID,
            Self::UnknownUser => code::UNKNOWN_USER,
            Self::Taken => code::TAKEN,
            Self::Stale => code::STALE,
            Self::NotSigned => code::NOT_SIGNED,
            Self::MailboxFull => code::MAILBOX_FULL,
            Self::DirectoryFull => code::DIRECTORY_FULL,
        };
        let retry_after = match self {
            // Rounded up: a client that waits exactly this long must not be too early.
            Self::RateLimited(wait) => Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1)),
            _ => None,
        };
        Refused {
            code: code.to_owned(),
            msg: self.to_string(),
            retry_after,
        }
    }
}

/// What keeps a request from being done.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// The client is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed: nothing was done, and the client gets no answer.
    #[error("the database failed: {0}")]
    Storage(#[source] redb::Error),
}

/// Any of the database's errors.
pub(super) fn storage(error: impl Into<redb::Error>) -> Fault {
    Fault::Storage(error.into())
}
