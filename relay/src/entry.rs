//! What a client must show to enter a room, checked as far as that needs no room.

use hushroom::{
    frame::{
        Create, Join, ADMISSION_TOKEN_BYTES, MAX_EXPIRY_SECONDS, MAX_MEMBERS, RESUME_TOKEN_BYTES, SEATS, SEAT_BYTES,
    },
    share_code::check_room_id,
};
use sha2::{Digest, Sha256};

use crate::{
    refusal::Refusal,
    seats::{SeatHash, Seats},
};

const PROTOCOL: &str = "hush1";
const MIN_MEMBERS: usize = 2;

/// SHA-256 of an admission token: what a room remembers of it.
pub(crate) type TokenHash = [u8; 32];
/// The token by which a dropped connection gets its place back.
pub(crate) type ResumeToken = [u8; RESUME_TOKEN_BYTES];

/// A well-formed Create or Join.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) room_id: String,
    pub(crate) token: TokenHash,
    pub(crate) resume: ResumeToken,
    pub(crate) seen: u64,
    /// Whom the relay knows the device as, in a room for two.
    pub(crate) seat: Option<SeatHash>,
    /// How to make the room if it is not there; `None` for Join.
    pub(crate) make: Option<Make>,
}

/// What a room is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Make {
    max_members: Option<usize>,
    /// Seconds from now; 0 for never.
    expiry: u64,
    /// Unix seconds; 0 for none. Comes before `expiry`.
    expires_at: u64,
    /// Of a room for two.
    seats: Option<Seats>,
}

impl Entry {
    pub(crate) fn create(frame: Create) -> Result<Self, Refusal> {
        let join = Join {
            proto: frame.proto,
            room_id: frame.room_id,
            auth: frame.auth,
            resume: frame.resume,
            seen: frame.seen,
            seat: frame.seat,
        };
        let mut entry = Self::well_formed(&join)?;
        let mut make = Make::well_formed(frame.max_members, frame.expiry, frame.expires_at)?;
        if let Some(seat) = entry.seat {
            if make.max_members != Some(SEATS) {
                return Err(Refusal::Invalid("a room with seats is for two"));
            }
            make.seats = Some(Seats::new(seat, &frame.seats)?);
        }
        entry.make = Some(make);
        entry.speaking(&join.proto)
    }

    pub(crate) fn join(frame: &Join) -> Result<Self, Refusal> {
        Self::well_formed(frame)?.speaking(&frame.proto)
    }

    fn well_formed(frame: &Join) -> Result<Self, Refusal> {
        check_room_id(&frame.room_id).map_err(|_| Refusal::Invalid("a malformed room id"))?;
        if frame.auth.0.len() != ADMISSION_TOKEN_BYTES {
            return Err(Refusal::Invalid("an admission token has 32 bytes"));
        }
        let seat = frame.seat.as_ref().map(|seat| &seat.0);
        if seat.is_some_and(|seat| seat.len() != SEAT_BYTES) {
            return Err(Refusal::Invalid("a seat has 32 bytes"));
        }
        Ok(Self {
            room_id: frame.room_id.clone(),
            token: Sha256::digest(&frame.auth.0).into(),
            resume: ResumeToken::try_from(frame.resume.0.as_slice())
                .map_err(|_| Refusal::Invalid("a resume token has 16 bytes"))?,
            seen: frame.seen,
            seat: seat.map(|seat| Sha256::digest(seat).into()),
            make: None,
        })
    }

    fn speaking(self, protocol: &str) -> Result<Self, Refusal> {
        if protocol == PROTOCOL {
            return Ok(self);
        }
        Err(Refusal::UnsupportedProtocol)
    }
}

impl Make {
    fn well_formed(max_members: u64, expiry: u64, expires_at: u64) -> Result<Self, Refusal> {
        let max_members = match usize::try_from(max_members) {
            Ok(0) => None,
            Ok(count @ MIN_MEMBERS..=MAX_MEMBERS) => Some(count),
            _ => return Err(Refusal::Invalid("a room has 2 to 50 members")),
        };
        if expiry > MAX_EXPIRY_SECONDS {
            return Err(Refusal::Invalid("a room lasts at most 7 days"));
        }
        Ok(Self {
            max_members,
            expiry,
            expires_at,
            seats: None,
        })
    }

    /// Those of a room for two.
    pub(crate) const fn seats(self) -> Option<Seats> {
        self.seats
    }

    /// How many members the room may have.
    pub(crate) fn max_members(self, default: usize) -> usize {
        self.max_members.unwrap_or(default)
    }

    /// When the room ends, in Unix seconds; 0 for never. `now` is in Unix milliseconds.
    pub(crate) fn expires_at(self, now: u64) -> Result<u64, Refusal> {
        if self.expires_at == 0 && self.expiry == 0 {
            return Ok(0);
        }
        // Rounded up, so that a room never ends before its time.
        let now = now.div_ceil(1000);
        if self.expires_at == 0 {
            return Ok(now.saturating_add(self.expiry));
        }
        match self.expires_at.checked_sub(now) {
            None | Some(0) => Err(Refusal::RoomExpired),
            Some(1..=MAX_EXPIRY_SECONDS) => Ok(self.expires_at),
            Some(_) => Err(Refusal::Invalid("a room lasts at most 7 days")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_500;

    fn ends(expiry: u64, expires_at: u64) -> Result<u64, Refusal> {
        Make::well_formed(0, expiry, expires_at)?.expires_at(NOW)
    }

    #[test]
    fn a_room_ends_when_its_maker_says() {
        assert_eq!(ends(0, 0), Ok(0));
        assert_eq!(ends(60, 0), Ok(1061));
        assert_eq!(ends(0, 1002), Ok(1002));
        assert_eq!(ends(60, 2000), Ok(2000), "the moment comes before the span");
        assert_eq!(ends(0, 1000), Err(Refusal::RoomExpired));
        assert_eq!(ends(0, 1001), Err(Refusal::RoomExpired));
        assert_eq!(ends(0, 1001 + MAX_EXPIRY_SECONDS), Ok(1001 + MAX_EXPIRY_SECONDS));
        for too_long in [
            ends(0, 1002 + MAX_EXPIRY_SECONDS),
            ends(MAX_EXPIRY_SECONDS + 1, 0),
            ends(0, u64::MAX),
        ] {
            assert_eq!(too_long.unwrap_err().code(), "E005");
        }
    }

    #[test]
    fn the_number_of_members_has_bounds() {
        for (asked, given) in [
            (0, Some(7)),
            (1, None),
            (2, Some(2)),
            (50, Some(50)),
            (51, None),
            (u64::MAX, None),
        ] {
            let make = Make::well_formed(asked, 0, 0);
            assert_eq!(make.ok().map(|make| make.max_members(7)), given, "{asked}");
        }
    }

    #[test]
    fn form_is_checked_before_the_protocol() {
        let join = |proto: &str, room: &str, auth: usize, resume: usize| {
            Entry::join(&Join {
                proto: proto.into(),
                room_id: room.into(),
                auth: vec![0; auth].into(),
                resume: vec![0; resume].into(),
                seen: 0,
                seat: None,
            })
            .map_err(Refusal::code)
            .map(|entry| entry.room_id)
        };
        let room = "V1StGXR8_Z5jdHi6B-myT";
        assert_eq!(join("hush1", room, 32, 16), Ok(room.to_owned()));
        assert_eq!(join("hush2", room, 32, 16), Err("E024"));
        assert_eq!(join("hush2", room, 31, 16), Err("E005"));
        assert_eq!(join("hush1", room, 32, 17), Err("E005"));
        assert_eq!(join("hush1", "short", 32, 16), Err("E005"));
    }
}
