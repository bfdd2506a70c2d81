//! The ratchet of one device in one room, and the members it knows.

use std::collections::VecDeque;

use vodozemac::{olm::Account, Curve25519PublicKey};

use super::{
    bundle::{Bundle, Purpose},
    context::Party,
    drawn,
    inbound::Inbound,
    note::Content,
    outbound::Outbound,
    pair::Pair,
};
use crate::{
    error::{Error, Result},
    frame::MAX_MEMBERS,
    room::hush1::InstanceId,
    share_code::check_room_id,
    sorted::SortedMap,
};

/// Instances known at once: members, and some that are away.
pub(super) const MAX_PEERS: usize = 2 * MAX_MEMBERS;
/// How long one fallback key is given out, and how long after that it still opens a start, in milliseconds.
const FALLBACK_MS: u64 = 600_000;

/// What a ratchet starts from.
pub struct Config<'a> {
    /// The room's id, 21 characters.
    pub room_id: &'a str,
    /// Our instance.
    pub instance: InstanceId,
    /// Our device's Ed25519 public key, which the instance commits to.
    pub device_key: [u8; 32],
    /// Whether keys of opened messages are kept until their sender key ends, so that they can be shared on purpose with
    /// [`Ratchet::share_history`]. Off, an opened message cannot be opened again by who steals the state.
    pub keep_opened: bool,
}

/// Something for the room to do or to say.
#[derive(Debug)]
pub enum Action {
    /// Seal this with [`Ratchet::seal_note`] into a post to one instance, which is kept and repeated like any other.
    Post(Note),
    /// Post [`Ratchet::again`] to this instance: what it sends us cannot be opened.
    Report(InstanceId),
    /// What this instance sends cannot be opened. A new session is on its way; messages may be lost.
    Broken(InstanceId),
    /// The pair with this instance works again.
    Healed(InstanceId),
}

/// A note that waits to be sealed.
pub struct Note {
    /// Who is to get it.
    pub to: InstanceId,
    pub(super) content: Content,
}

impl core::fmt::Debug for Note {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Note(to {})", self.to)
    }
}

/// The keys of one device in one room. See the [module](super).
pub struct Ratchet {
    pub(super) room_id: String,
    pub(super) own: Party,
    pub(super) account: Box<Account>,
    fallback: Option<(Curve25519PublicKey, u64)>,
    /// Since when the fallback key before that one, which still opens a start, is not given out any more.
    old_fallback_since: Option<u64>,
    /// One-time keys that were given out and not used yet.
    given_out: SortedMap<InstanceId, Curve25519PublicKey>,
    pub(super) pairs: SortedMap<InstanceId, Pair>,
    pub(super) outbound: Option<Box<Outbound>>,
    pub(super) inbound: Inbound,
    pub(super) actions: VecDeque<Action>,
    /// Rises with every change of what is stored.
    pub(super) revision: u64,
    /// Up to which revision it is stored; the highest number if nothing is.
    pub(super) stored: u64,
}

impl Ratchet {
    /// Fresh keys for this start. vodozemac draws them from the platform's secure random source: it takes no source of ours.
    ///
    /// # Errors
    /// [`Error::InvalidShareCode`] when the room id is none.
    pub fn new(config: &Config<'_>) -> Result<Self> {
        check_room_id(config.room_id)?;
        let account = Box::new(Account::new());
        let own = Party {
            instance: config.instance,
            device_key: config.device_key,
            identity: account.curve25519_key(),
        };
        drawn::forget()?;
        Ok(Self {
            room_id: config.room_id.to_owned(),
            own,
            account,
            fallback: None,
            old_fallback_since: None,
            given_out: SortedMap::new(),
            pairs: SortedMap::new(),
            outbound: None,
            inbound: Inbound::new(config.keep_opened),
            actions: VecDeque::new(),
            revision: 0,
            stored: u64::MAX,
        })
    }

    /// The next thing to do or say, oldest first.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The bundle of a hello: to everybody, or to one instance. `sign` signs with the device key.
    ///
    /// # Errors
    /// [`Error::Internal`] if vodozemac made no key.
    pub fn bundle(
        &mut self,
        to: Option<InstanceId>,
        now: u64,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Vec<u8>> {
        let awaited = to.filter(|to| self.pairs.get(to).is_some_and(Pair::awaits_start));
        let (purpose, pre_key) = match awaited {
            Some(to) => (Purpose::One(to), self.unused_one_time_key(to)?),
            None => (Purpose::Everybody, self.fallback_key(now)?),
        };
        drawn::forget()?;
        Ok(self.encode_bundle(purpose, pre_key, sign))
    }

    /// The bundle that asks `to` to start anew, after [`Action::Report`].
    ///
    /// # Errors
    /// [`Error::UnknownMember`]; [`Error::InvalidState`] after 65,535 rounds.
    pub fn again(&mut self, to: InstanceId, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Result<Vec<u8>> {
        let pair = self.pairs.get(&to).ok_or(Error::UnknownMember)?;
        let round = next_round(pair)?;
        let pre_key = self.one_time_key(to)?;
        drawn::forget()?;
        Ok(self.encode_bundle(Purpose::Again(to, round), pre_key, sign))
    }

    fn encode_bundle(
        &self,
        purpose: Purpose,
        pre_key: Curve25519PublicKey,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Vec<u8> {
        let bundle = Bundle {
            purpose,
            identity: self.own.identity,
            pre_key,
        };
        bundle.encode(&self.room_id, self.own.instance, &self.own.device_key, sign)
    }

    /// The key that `to` was given and may be using right now, or a fresh one.
    fn unused_one_time_key(&mut self, to: InstanceId) -> Result<Curve25519PublicKey> {
        match self.given_out.get(&to) {
            Some(key) => Ok(*key),
            None => self.one_time_key(to),
        }
    }

    /// A fresh key for `to` alone, in place of an earlier one.
    fn one_time_key(&mut self, to: InstanceId) -> Result<Curve25519PublicKey> {
        let made = self.account.generate_one_time_keys(1).created;
        self.account.mark_keys_as_published();
        let key = *made.first().ok_or(Error::Internal("one-time key"))?;
        if let Some(earlier) = self.given_out.insert(to, key) {
            self.account.remove_one_time_key(earlier);
        }
        Ok(key)
    }

    fn fallback_key(&mut self, now: u64) -> Result<Curve25519PublicKey> {
        match self.fallback {
            Some((key, made_at)) if now.saturating_sub(made_at) < FALLBACK_MS => Ok(key),
            _ => {
                self.account.generate_fallback_key();
                let key = self.account.fallback_key().into_values().next();
                let key = key.ok_or(Error::Internal("fallback key"))?;
                self.account.mark_keys_as_published();
                self.old_fallback_since = self.fallback.map(|(_, made_at)| made_at.saturating_add(FALLBACK_MS));
                self.fallback = Some((key, now));
                Ok(key)
            }
        }
    }

    /// The bundle of `from`'s hello. `device_key` is the key that the hello was signed with and `from` commits to. May be
    /// called again with each hello.
    ///
    /// # Errors
    /// [`Error::InvalidFrame`], [`Error::BadSignature`]; [`Error::Misdirected`] for one made for somebody else, or one that
    /// changes the keys of an instance; [`Error::WeakKey`]; [`Error::InvalidState`] when too many members are known.
    pub fn on_bundle(&mut self, from: InstanceId, device_key: [u8; 32], bytes: &[u8], now: u64) -> Result<()> {
        let bundle = Bundle::decode(bytes, &self.room_id, from, &device_key)?;
        let for_us = match bundle.purpose {
            Purpose::Everybody => true,
            Purpose::One(to) | Purpose::Again(to, _) => to == self.own.instance,
        };
        if !for_us || from == self.own.instance {
            return Err(Error::Misdirected);
        }
        let party = Party {
            instance: from,
            device_key,
            identity: bundle.identity,
        };
        let full = self.pairs.len() >= MAX_PEERS;
        match self.pairs.get_mut(&from) {
            Some(pair) if pair.party != party => return Err(Error::Misdirected),
            Some(pair) => pair.set_pre_key(bundle.pre_key),
            None if full => return Err(Error::InvalidState("too many members")),
            None => {
                let pair = Pair::new(&self.own, party, bundle.pre_key)?;
                self.pairs.insert(from, pair);
            }
        }
        let started = self.start_if_due(from, bundle.purpose, now);
        drawn::forget().and(started)
    }

    fn start_if_due(&mut self, from: InstanceId, purpose: Purpose, now: u64) -> Result<()> {
        let Some(pair) = self.pairs.get_mut(&from) else {
            return Ok(());
        };
        let round = match purpose {
            Purpose::Again(_, asked) if pair.restarts.allow(now) => asked.max(next_round(pair)?),
            Purpose::Again(..) => return Ok(()),
            Purpose::One(_) if pair.was_forgotten() && pair.restarts.allow(now) => next_round(pair)?,
            _ if pair.wants_start() => 0,
            _ => return Ok(()),
        };
        if let Err(error) = pair.start(&self.account, round) {
            if !pair.can_send() {
                self.pairs.remove(&from);
            }
            return Err(error);
        }
        if round > 0 {
            self.share_again(from);
        }
        self.post_note(from, Content::Turn);
        Ok(())
    }

    /// Whether the ratchet knows this instance's keys.
    #[must_use]
    pub fn knows(&self, instance: InstanceId) -> bool {
        self.pairs.contains_key(&instance)
    }

    /// `instance` is gone for good: its keys are forgotten, and what is said from now on needs a key it does not have.
    pub fn remove(&mut self, instance: InstanceId, now: u64) {
        self.pairs.remove(&instance);
        if let Some(key) = self.given_out.remove(&instance) {
            self.account.remove_one_time_key(key);
        }
        if let Some(outbound) = &mut self.outbound {
            outbound.exclude(instance);
        }
        self.actions
            .retain(|action| !matches!(action, Action::Post(note) if note.to == instance));
        self.inbound.leave(instance, now);
        self.revision = self.revision.saturating_add(1);
    }

    /// A post of `sender` has waited in vain for its key, for as long as the room repeats what was lost: asks to start the
    /// pair anew, which brings the present key. Bounded, like every report.
    pub fn key_overdue(&mut self, sender: InstanceId, now: u64) {
        if self.pairs.get_mut(&sender).is_some_and(|pair| pair.reports.allow(now)) {
            self.actions.push_back(Action::Broken(sender));
            self.actions.push_back(Action::Report(sender));
        }
    }

    /// To be called at [`Self::deadline`], or whenever: forgets keys that have served.
    pub fn on_timer(&mut self, now: u64) {
        if self.inbound.drop_late(now) {
            self.revision = self.revision.saturating_add(1);
        }
        for pair in self.pairs.values_mut() {
            pair.drop_waiting(now);
        }
        if let Some((_, made_at)) = self.fallback {
            if now.saturating_sub(made_at) >= 2 * FALLBACK_MS {
                // Puts a key in its place that is never given out: one that lay here would be known to who robs us before its
                // hello. The next hello makes another.
                self.account.generate_fallback_key();
                self.account.mark_keys_as_published();
                self.account.forget_fallback_key();
                self.fallback = None;
                self.old_fallback_since = None;
                // Without randomness now, the next step does it, or fails.
                drawn::forget().unwrap_or_default();
            }
        }
        if self
            .old_fallback_since
            .is_some_and(|since| now.saturating_sub(since) >= FALLBACK_MS)
        {
            self.account.forget_fallback_key();
            self.old_fallback_since = None;
        }
    }

    /// When [`Self::on_timer`] has something to do, in the caller's milliseconds.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        let fallback = self
            .fallback
            .map(|(_, made_at)| made_at.saturating_add(2 * FALLBACK_MS));
        let old = self.old_fallback_since.map(|since| since.saturating_add(FALLBACK_MS));
        let waiting = self.pairs.values().filter_map(Pair::deadline).min();
        let times = [self.inbound.deadline(), fallback, old, waiting];
        times.into_iter().flatten().min()
    }

    pub(super) fn post_note(&mut self, to: InstanceId, content: Content) {
        self.actions.push_back(Action::Post(Note { to, content }));
    }

    /// The pair started anew: our sender key goes out to `instance` once more.
    pub(super) fn share_again(&mut self, instance: InstanceId) {
        if let Some(outbound) = &mut self.outbound {
            outbound.give_again(instance);
        }
    }

    /// A start was opened: its one-time key is used up.
    pub(super) fn start_opened(&mut self, from: InstanceId) {
        if self.account.stored_one_time_key_count() < self.given_out.len() {
            self.given_out.remove(&from);
        }
    }
}

fn next_round(pair: &Pair) -> Result<u16> {
    let next = pair.round().map_or(Some(1), |round| round.checked_add(1));
    next.ok_or(Error::InvalidState("a pair that was started anew too often"))
}

impl core::fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ratchet(..)")
    }
}

#[cfg(test)]
impl Ratchet {
    /// A copy of everything in memory: what a thief of the running device has.
    pub(crate) fn steal(&self) -> Self {
        Self {
            room_id: self.room_id.clone(),
            account: Box::new(Account::from_pickle(self.account.pickle())),
            given_out: self.given_out.clone(),
            pairs: self.pairs.iter().map(|(id, pair)| (*id, pair.steal())).collect(),
            outbound: self.outbound.as_ref().map(|outbound| Box::new(outbound.steal())),
            inbound: self.inbound.steal(),
            actions: VecDeque::new(),
            ..*self
        }
    }

    /// As after a bug: nothing the others send over Olm can be opened, nor what we send.
    pub(super) fn break_sessions(&mut self) {
        let pairs = self.pairs.values_mut();
        pairs.for_each(|pair| pair.break_sessions(&self.account));
    }

    pub(super) fn poll_is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}
