//! The two seats of a room for two: the maker's, and that of the first who comes with another one.
//!
//! A seat is taken for as long as the room lives. So a code lets one more device in, once, whoever asks later and whoever is away.

use ctutils::CtEq;
use hushroom::frame::{FixedBin, SEATS, SEAT_BYTES};

use crate::refusal::Refusal;

/// SHA-256 of the secret that a device comes with: what a room remembers of it.
pub(crate) type SeatHash = [u8; SEAT_BYTES];

/// Which seats are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seats([Option<SeatHash>; SEATS]);

impl Seats {
    /// Those of a room that the holder of `own` makes, or makes again: it may know both.
    pub(crate) fn new(own: SeatHash, known: &[FixedBin<SEAT_BYTES>]) -> Result<Self, Refusal> {
        let mut seats = Self([Some(own), None]);
        for FixedBin(seat) in known {
            seats
                .take(Some(*seat))
                .map_err(|_| Refusal::Invalid("a room for two has two seats"))?;
        }
        Ok(seats)
    }

    /// Lets the holder of `seat` in, and gives it a seat if it has none.
    pub(crate) fn take(&mut self, seat: Option<SeatHash>) -> Result<(), Refusal> {
        let free = self.0.iter().position(Option::is_none);
        let Some(seat) = seat else {
            let refusal = Refusal::Invalid("this room is for two, and its code says so");
            return Err(free.map_or(Refusal::InvitationUsed, |_| refusal));
        };
        if self.0.iter().flatten().any(|taken| taken.ct_eq(&seat).to_bool()) {
            return Ok(());
        }
        let place = self.0.iter_mut().find(|taken| taken.is_none());
        *place.ok_or(Refusal::InvitationUsed)? = Some(seat);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seats_are_taken_and_no_third() {
        let mut seats = Seats::new([1; 32], &[]).unwrap();
        assert_eq!(seats.take(None).unwrap_err().code(), "E005");
        seats.take(Some([1; 32])).unwrap();
        seats.take(Some([2; 32])).unwrap();
        for _ in 0..2 {
            assert_eq!(seats.take(Some([3; 32])), Err(Refusal::InvitationUsed));
            assert_eq!(seats.take(None), Err(Refusal::InvitationUsed));
            seats.take(Some([2; 32])).unwrap();
            seats.take(Some([1; 32])).unwrap();
        }
    }

    #[test]
    fn a_room_is_made_again_with_both() {
        let known = [FixedBin([1; 32]), FixedBin([2; 32])];
        for own in [[1; 32], [2; 32]] {
            let mut seats = Seats::new(own, &known).unwrap();
            assert_eq!(seats.take(Some([3; 32])), Err(Refusal::InvitationUsed));
            seats.take(Some([1; 32])).unwrap();
            seats.take(Some([2; 32])).unwrap();
        }
        assert_eq!(Seats::new([3; 32], &known).unwrap_err().code(), "E005");
        let mut seats = Seats::new([1; 32], &known[..1]).unwrap();
        seats.take(Some([3; 32])).unwrap();
    }
}
