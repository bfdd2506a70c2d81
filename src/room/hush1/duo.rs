//! Rooms for two: one partner, and nobody else.
//!
//! The relay keeps a third out by the *seats* (`docs/protocol.md` section 6); this keeps a third out whom a lying relay lets in.

use std::collections::VecDeque;

use sha2::{Digest, Sha256};

use super::{device::InstanceId, machine::Room};
use crate::{
    error::{Error, Result},
    frame::{Bin, FixedBin},
    kdf::KeySchedule,
    secret::{Key, Secret},
};

/// Instances of others that are remembered, so that nothing of theirs waits.
const MAX_REFUSED: usize = 64;

/// Our seat, and who the other one is.
pub(super) struct Duo {
    seat: Secret<32>,
    own: [u8; 32],
    /// The partner's device key, once it is known.
    partner: Option<[u8; 32]>,
    /// The hash of its seat, as it says.
    partner_seat: Option<[u8; 32]>,
    refused: VecDeque<InstanceId>,
}

impl Duo {
    /// The seat follows from the device's seed: who comes back with the same device comes back to its seat.
    pub(super) fn new(room_id: &str, seed: &Key, partner: Option<[u8; 32]>) -> Result<Self> {
        let seat: Secret<32> = KeySchedule::extract(seed).expand("seat", &[room_id.as_bytes()])?;
        Ok(Self {
            own: Sha256::digest(seat.expose()).into(),
            seat,
            partner,
            partner_seat: None,
            refused: VecDeque::new(),
        })
    }

    /// What the relay is shown.
    pub(super) fn seat(&self) -> Bin {
        Bin(self.seat.expose().to_vec())
    }

    /// What the partner is told, so that it can name it to a relay that has lost the room.
    pub(super) const fn seat_hash(&self) -> FixedBin<32> {
        FixedBin(self.own)
    }

    /// The seats we know of.
    pub(super) fn seats(&self) -> Vec<FixedBin<32>> {
        core::iter::once(self.own)
            .chain(self.partner_seat)
            .map(FixedBin)
            .collect()
    }

    /// Whether the device of `key`, whose hello has verified, is the one we talk to.
    fn check(&self, own_key: &[u8; 32], key: &[u8; 32]) -> Result<()> {
        if key == own_key {
            return Err(Error::WeakKey);
        }
        match self.partner {
            Some(partner) if partner != *key => Err(Error::InvitationUsed),
            _ => Ok(()),
        }
    }
}

impl Room {
    /// In a room for two: refuses whoever is not the partner. Its hello has verified.
    pub(super) fn refuse_thirds(
        &mut self,
        instance: InstanceId,
        key: &[u8; 32],
        seat: Option<FixedBin<32>>,
    ) -> Result<()> {
        let own = self.device.public_key();
        let Some(duo) = &mut self.duo else {
            return Ok(());
        };
        duo.check(&own, key).inspect_err(|_| {
            duo.refused.push_back(instance);
            if duo.refused.len() > MAX_REFUSED {
                duo.refused.pop_front();
            }
        })?;
        // Without it a relay that was restarted could not keep the seat free.
        if seat.is_none_or(|FixedBin(seat)| seat == duo.own) {
            return Err(Error::InvalidFrame("a hello without a seat in a room for two"));
        }
        Ok(())
    }

    /// Whoever that is has become a member: from now on it is the partner.
    pub(super) fn set_partner(&mut self, instance: InstanceId, key: [u8; 32], seat: Option<FixedBin<32>>) {
        let Some(duo) = &mut self.duo else {
            return;
        };
        duo.partner.get_or_insert(key);
        duo.partner_seat = duo.partner_seat.or(seat.map(|FixedBin(seat)| seat));
        // Its earlier starts, which never come back.
        let before = self
            .peers
            .iter()
            .filter(|(known, peer)| **known != instance && peer.route.is_none())
            .map(|(known, _)| *known)
            .collect::<Vec<_>>();
        for earlier in before {
            self.remove_peer(earlier);
        }
    }

    /// Whether posts of an instance that has not said hello are no business of ours: nobody else is to come.
    pub(super) fn is_third(&self, instance: InstanceId) -> bool {
        self.duo.as_ref().is_some_and(|duo| {
            let partner_is_here = || self.peers.values().any(|peer| peer.route.is_some());
            duo.refused.contains(&instance) || (duo.partner.is_some() && partner_is_here())
        })
    }
}
