//! User ids: what a directory finds people by.

use core::fmt;

use crate::{
    error::{Error, Result},
    frame::people::{UserName, MAX_USER_ID_BYTES},
};

/// 2 to 64 characters of `a-z 0-9 . _ -`, so that no two ids look or normalise alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

impl UserId {
    /// Shortest user id, in bytes.
    pub const MIN_BYTES: usize = 2;

    /// Takes `text` as it is: nothing is trimmed or folded.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is no user id.
    pub fn parse(text: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if (Self::MIN_BYTES..=MAX_USER_ID_BYTES).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::InvalidArgument(
            "a user id has 2 to 64 characters of a-z 0-9 . _ -",
        ))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it stands in frames.
    #[must_use]
    pub fn to_name(&self) -> UserName {
        UserName(self.0.clone())
    }
}

/// Says nothing of who it is, so that no log does.
impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(..)")
    }
}
