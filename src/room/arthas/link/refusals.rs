//! What the relay refuses.

use super::{State, RETRY_MS};
use crate::{
    error::{Error, Result},
    frame::{arthas::error_code as arthas_code, error_code, ErrorFrame},
    room::{arthas::machine::Room, Output, RoomEvent},
};

impl Room {
    pub(super) fn on_error_frame(&mut self, frame: &ErrorFrame, now: u64) -> Result<()> {
        if self.link.state == State::Entering {
            self.on_refused(frame);
            return Ok(());
        }
        match (frame.code.as_str(), frame.n) {
            (error_code::RATE_LIMITED, Some(n)) => self.queue.refuse(n, frame.retry_after, now),
            (error_code::RATE_LIMITED, None) => {
                self.queue.hold(frame.retry_after, now);
                // With receipts everything but an announcement has a number.
                if self.link.receipts {
                    self.announce_soon(now);
                } else {
                    return Err(Error::RateLimited);
                }
            }
            (error_code::ROOM_EXPIRED, _) => self.close_with(&Error::RoomExpired),
            (error_code::NOT_IN_ROOM | error_code::ROOM_NOT_FOUND, _) => self.close_with(&Error::RoomNotFound),
            // The room is not listed as it was asked to be: nobody asked.
            (arthas_code::LISTING_FULL | arthas_code::INVALID_LISTING, _) => {}
            (_, Some(n)) => {
                if let Some(post) = self.queue.settle(n, now) {
                    self.event(RoomEvent::Rejected {
                        id: post.id,
                        code: Error::RelayRefused.code(),
                        message: Error::RelayRefused.to_string(),
                    });
                }
            }
            // It does not say what: of what has no number only files are refused.
            (_, None) if self.fail_active_transfer(&Error::RelayRefused) => {}
            (_, None) => return Err(Error::RelayRefused),
        }
        Ok(())
    }

    /// The relay does not let us in.
    fn on_refused(&mut self, frame: &ErrorFrame) {
        let error = match frame.code.as_str() {
            error_code::ROOM_NOT_FOUND => Error::RoomNotFound,
            error_code::ROOM_FULL => Error::RoomFull,
            error_code::ROOM_EXPIRED => Error::RoomExpired,
            error_code::RATE_LIMITED => Error::RateLimited,
            error_code::TOO_MANY_ROOMS => Error::RelayLimit("rooms"),
            error_code::UNSUPPORTED_PROTOCOL => Error::RelayLimit("protocols"),
            arthas_code::WRONG_PASSWORD => Error::WrongPassword,
            _ => Error::RelayRefused,
        };
        // Our former connection may still take the last place. Who asks for the first time decides itself.
        if self.link.entered && matches!(error, Error::RoomFull | Error::RateLimited) {
            let after_ms = frame.retry_after.unwrap_or(RETRY_MS).clamp(RETRY_MS, 60_000);
            self.report(&error, None);
            self.output(Output::Reconnect { after_ms });
        } else {
            self.close_with(&error);
        }
    }
}
