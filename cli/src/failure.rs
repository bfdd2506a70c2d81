//! Why a command did not do what it was asked to, and the exit code that says so.

use std::{io, path::Path};

use hushroom::Error;
use thiserror::Error as ThisError;

/// What `--help` says of exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    an error of this program
  2    wrong usage
  3    a file or the terminal could not be read or written
  4    not decrypted: another key, changed bytes, or cut off
  5    the relay cannot be reached, or does not keep to the protocol
  6    the relay refused: no such room, full, expired, wrong password, an invitation that was used,
       no such user, a user id that is taken, too many requests
  7    a file was not transferred: declined, cancelled, stalled, or nobody was there
  8    a key of the directory is not trusted: changed, expired, not proved, older than before
  130  interrupted";

/// The failure of a command.
#[derive(Debug, ThisError)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file, or a standard stream.
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    /// The relay cannot be reached.
    #[error("the relay cannot be reached: {0}")]
    Connect(String),
    /// A transfer ended without its file.
    #[error("the file was not transferred: {message}")]
    Transfer { code: &'static str, message: String },
    /// There is no key directory at that relay.
    #[error("this relay keeps no directory of people")]
    NoDirectory,
    /// The room ended.
    #[error("{message}")]
    Room { code: &'static str, message: String },
    /// The core refused.
    #[error(transparent)]
    Core(#[from] Error),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// The result of a command.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Of reading or writing `path`.
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        let what = crate::text::clean_line(&path.display().to_string());
        Self::Io { what, source }
    }

    /// Of a standard stream, or of the system.
    pub(crate) fn io(what: &str, source: io::Error) -> Self {
        let what = what.to_owned();
        Self::Io { what, source }
    }

    /// A stable name of what went wrong, for `--json`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Usage(_) => "USAGE",
            Self::Io { .. } => "IO",
            Self::Connect(_) => "CONNECT_FAILED",
            Self::NoDirectory => "UNSUPPORTED",
            Self::Transfer { code, .. } | Self::Room { code, .. } => code,
            Self::Core(error) => error.code(),
            Self::Interrupted => "INTERRUPTED",
        }
    }

    /// The process's exit code: see [`EXIT_CODES`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::NoDirectory => 2,
            Self::Io { .. } => 3,
            Self::Connect(_) => 5,
            Self::Transfer { .. } => 7,
            Self::Interrupted => 130,
            Self::Core(_) | Self::Room { .. } => exit_code_of(self.code()),
        }
    }
}

fn exit_code_of(code: &str) -> u8 {
    match code {
        "INVALID_SHARE_CODE"
        | "INVALID_KEY"
        | "INVALID_ARGUMENT"
        | "INVALID_SEGMENT_SIZE"
        | "INVALID_NAME"
        | "OUT_OF_RANGE"
        | "TOO_LARGE"
        | "TEXT_TOO_LONG"
        | "UNSUPPORTED" => 2,
        "INVALID_IDENTITY" => 3,
        "DECRYPT_FAILED" | "TRUNCATED" => 4,
        "RELAY_PROTOCOL" | "RELAY_REFUSED" | "INVALID_FRAME" | "FRAME_TOO_LARGE" => 5,
        "ROOM_NOT_FOUND" | "ROOM_FULL" | "ROOM_EXPIRED" | "ADMISSION_DENIED" | "WRONG_PASSWORD" | "RATE_LIMITED"
        | "RELAY_LIMIT" | "INVITATION_USED" | "UNKNOWN_USER" | "USER_TAKEN" => 6,
        "SOURCE_CHANGED" | "TRANSFER_LIMIT" | "TRANSFER_DECLINED" | "TRANSFER_CANCELLED" | "TRANSFER_STALLED"
        | "MEMBER_LEFT" | "UNKNOWN_MEMBER" | "UNKNOWN_TRANSFER" => 7,
        "KEY_CHANGED"
        | "KEY_UNPROVEN"
        | "BUNDLE_EXPIRED"
        | "DIRECTORY_ROLLED_BACK"
        | "DIRECTORY_PROOF"
        | "WEAK_KEY" => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_exit_code() {
        let io = || io::Error::from(io::ErrorKind::NotFound);
        let room = |code| Failure::Room {
            code,
            message: String::new(),
        };
        for (failure, code) in [
            (Failure::Usage(String::new()), 2),
            (Failure::file(Path::new("x"), io()), 3),
            (Failure::Core(Error::DecryptFailed), 4),
            (Failure::Core(Error::Truncated), 4),
            (Failure::Connect(String::new()), 5),
            (room("ROOM_NOT_FOUND"), 6),
            (room("WRONG_PASSWORD"), 6),
            (room("INVITATION_USED"), 6),
            (Failure::Core(Error::UnknownUser), 6),
            (Failure::Core(Error::KeyChanged), 8),
            (Failure::Core(Error::InvalidIdentity("")), 3),
            (Failure::Core(Error::TransferDeclined), 7),
            (Failure::Core(Error::Internal("")), 1),
            (Failure::Interrupted, 130),
        ] {
            assert_eq!(failure.exit_code(), code, "{failure:?}");
        }
    }

    #[test]
    fn a_path_cannot_write_to_the_terminal() {
        let failure = Failure::file(Path::new("a\u{1b}[2Jb"), io::Error::from(io::ErrorKind::NotFound));
        assert!(!failure.to_string().contains('\u{1b}'));
    }
}
