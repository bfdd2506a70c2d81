//! Live comparisons with other members: [`crate::identity::sas`] over events for one member.

use super::{device::InstanceId, event::Compare, machine::Room};
use crate::{
    error::{Error, Result},
    frame::Bin,
    identity::sas::{self, Comparison, Device, Progress, Reason},
    room::output::{Picture, RoomEvent},
};

/// How long a comparison may take.
pub(super) const LIMIT_MS: u64 = 600_000;

/// Where the comparison with one member stands.
pub(super) struct Comparing {
    stage: Stage,
    /// What the user was told last.
    shown: &'static str,
    deadline: u64,
}

enum Stage {
    /// It has asked, and our user has not answered. The start.
    Asked(Vec<u8>),
    Running(Box<Comparison>),
}

const REQUESTED: &str = "requested";
const WAITING: &str = "waiting";

impl Room {
    /// Asks a member to compare, or accepts if it has asked. `id` is 16 fresh random bytes. One that was under way is given up.
    ///
    /// # Errors
    /// [`Error::UnknownMember`], [`Error::Closed`], [`Error::InvalidState`] when too much waits for the relay.
    pub fn compare(&mut self, member: &str, id: [u8; 16], now: u64) -> Result<()> {
        let (instance, other) = self.comparable(member)?;
        match self.comparisons.get(&instance).map(|comparing| &comparing.stage) {
            Some(Stage::Asked(_)) => return self.compare_accept(member, now),
            Some(Stage::Running(_)) => self.compare_cancel(member, now)?,
            None => {}
        }
        let (comparison, start) = Comparison::start(self.keys.room_id(), self.compared_as(), other, id);
        self.post_comparison(instance, start, now)?;
        let deadline = now.saturating_add(LIMIT_MS);
        self.begin(instance, comparison, deadline);
        self.show(instance);
        Ok(())
    }

    /// Agrees to compare with a member who has asked.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when it has not, or when too much waits for the relay; [`Error::UnknownMember`],
    /// [`Error::Closed`].
    pub fn compare_accept(&mut self, member: &str, now: u64) -> Result<()> {
        let (instance, _) = self.comparable(member)?;
        let Some(Comparing {
            stage: Stage::Asked(start),
            deadline,
            ..
        }) = self.comparisons.get(&instance)
        else {
            return Err(Error::InvalidState("that member has not asked to compare"));
        };
        let (start, deadline) = (start.clone(), *deadline);
        self.accept_start(instance, &start, deadline, now)?;
        self.show(instance);
        Ok(())
    }

    /// What our user says of the pictures.
    ///
    /// # Errors
    /// [`Error::InvalidState`] when there are none, after the first answer, or when too much waits for the relay;
    /// [`Error::UnknownMember`], [`Error::Closed`].
    pub fn compare_confirm(&mut self, member: &str, same: bool, now: u64) -> Result<()> {
        let (instance, _) = self.comparable(member)?;
        let Some(Comparing {
            stage: Stage::Running(comparison),
            ..
        }) = self.comparisons.get_mut(&instance)
        else {
            return Err(Error::InvalidState("there is nothing to compare now"));
        };
        let (message, progress) = comparison.confirm(same)?;
        self.advance(instance, message, progress, now)
    }

    /// Gives up, or declines. Nothing happens if there is no comparison with that member.
    ///
    /// # Errors
    /// [`Error::UnknownMember`], [`Error::Closed`], [`Error::InvalidState`] when too much waits for the relay.
    pub fn compare_cancel(&mut self, member: &str, now: u64) -> Result<()> {
        let (instance, _) = self.comparable(member)?;
        self.end_comparison(instance, Reason::GivenUp, now)
    }

    /// A message of another member.
    pub(super) fn on_comparison(&mut self, instance: InstanceId, message: &[u8], now: u64) -> Result<()> {
        let (kind, id) = sas::peek(message)?;
        if kind == sas::START {
            return self.on_start(instance, message, now);
        }
        let Some(comparing) = self.comparisons.get_mut(&instance) else {
            return Ok(());
        };
        match &mut comparing.stage {
            // Of one that was given up or replaced, and may still be on its way.
            Stage::Asked(start) if sas::peek(start)?.1 != id => Ok(()),
            Stage::Running(comparison) if *comparison.id() != id => Ok(()),
            Stage::Asked(_) => match sas::cancelled(message) {
                Some(reason) => {
                    self.fail(instance, reason_name(reason));
                    Ok(())
                }
                None => self.end_comparison(instance, Reason::Unexpected, now),
            },
            Stage::Running(comparison) => {
                let (answer, progress) = comparison.receive(message)?;
                self.advance(instance, answer, progress, now)
            }
        }
    }

    fn on_start(&mut self, instance: InstanceId, start: &[u8], now: u64) -> Result<()> {
        sas::check_start(start)?;
        let deadline = now.saturating_add(LIMIT_MS);
        let stage = self.comparisons.get(&instance).map(|comparing| &comparing.stage);
        if let Some(Stage::Running(comparison)) = stage {
            if comparison.has_only_asked() {
                // Both have asked at once: one start counts, and both users want the same.
                if self.device.instance < instance {
                    return Ok(());
                }
                return self.accept_start(instance, start, deadline, now);
            }
            self.fail(instance, reason_name(Reason::GivenUp));
        }
        let comparing = Comparing {
            stage: Stage::Asked(start.to_vec()),
            shown: "",
            deadline,
        };
        let before = self.comparisons.insert(instance, comparing);
        if let (Some(before), Some(comparing)) = (before, self.comparisons.get_mut(&instance)) {
            comparing.shown = before.shown;
        }
        self.show(instance);
        Ok(())
    }

    fn accept_start(&mut self, instance: InstanceId, start: &[u8], deadline: u64, now: u64) -> Result<()> {
        let other = self.device_of(instance)?;
        let (comparison, message) = Comparison::accept(self.keys.room_id(), self.compared_as(), other, start)?;
        self.post_comparison(instance, message, now)?;
        self.begin(instance, comparison, deadline);
        Ok(())
    }

    fn begin(&mut self, instance: InstanceId, comparison: Comparison, deadline: u64) {
        let stage = Stage::Running(Box::new(comparison));
        let shown = self.comparisons.get(&instance).map_or("", |before| before.shown);
        self.comparisons.insert(instance, Comparing { stage, shown, deadline });
    }

    /// A comparison has moved on. One whose message cannot be sent is over.
    fn advance(&mut self, instance: InstanceId, message: Option<Vec<u8>>, progress: Progress, now: u64) -> Result<()> {
        let sent = message.map_or(Ok(()), |message| self.post_comparison(instance, message, now));
        match progress {
            Progress::Ended(reason) => self.fail(instance, reason_name(reason)),
            _ if sent.is_err() => self.fail(instance, reason_name(Reason::GivenUp)),
            _ => self.show(instance),
        }
        sent
    }

    /// Ends a comparison from our side.
    fn end_comparison(&mut self, instance: InstanceId, reason: Reason, now: u64) -> Result<()> {
        let Some(comparing) = self.comparisons.get_mut(&instance) else {
            return Ok(());
        };
        let message = match &mut comparing.stage {
            Stage::Asked(start) => Some(sas::refuse(start, reason)?),
            Stage::Running(comparison) => comparison.cancel(),
        };
        let sent = message.map_or(Ok(()), |message| self.post_comparison(instance, message, now));
        self.fail(instance, reason_name(reason));
        sent
    }

    fn post_comparison(&mut self, instance: InstanceId, message: Vec<u8>, now: u64) -> Result<()> {
        let message = Bin(message);
        self.post(&Compare { message }.into(), vec![instance], now)?;
        Ok(())
    }

    /// Tells where the comparison stands, if that is new.
    fn show(&mut self, instance: InstanceId) {
        let Some(comparing) = self.comparisons.get_mut(&instance) else {
            return;
        };
        let (state, comparison) = match &comparing.stage {
            Stage::Asked(_) => (REQUESTED, None),
            Stage::Running(comparison) => match (comparison.progress(), comparison.pictures()) {
                (Progress::Verified, _) => ("verified", None),
                (Progress::Compare, _) => ("pictures", Some(comparison)),
                (_, Some(_)) => ("confirmed", Some(comparison)),
                _ => (WAITING, None),
            },
        };
        if comparing.shown == state {
            return;
        }
        comparing.shown = state;
        let pictures = comparison.and_then(|comparison| comparison.pictures());
        let decimals = comparison.and_then(|comparison| comparison.decimals());
        let event = RoomEvent::Comparison {
            member: instance.to_string(),
            state,
            pictures: pictures.map(|pictures| Box::new(pictures.map(|(emoji, name)| Picture { emoji, name }))),
            decimals: decimals.map(|(a, b, c)| [a, b, c]),
            reason: None,
        };
        if state == "verified" {
            self.comparisons.remove(&instance);
        }
        self.event(event);
    }

    /// Forgets a comparison that has come to nothing.
    fn fail(&mut self, instance: InstanceId, reason: &'static str) {
        if self.comparisons.remove(&instance).is_some() {
            self.event(RoomEvent::Comparison {
                member: instance.to_string(),
                state: "failed",
                pictures: None,
                decimals: None,
                reason: Some(reason),
            });
        }
    }

    /// The member is gone.
    pub(super) fn end_comparison_of(&mut self, instance: InstanceId) {
        self.fail(instance, "left");
    }

    /// The room is over.
    pub(super) fn end_all_comparisons(&mut self) {
        let all: Vec<InstanceId> = self.comparisons.keys().copied().collect();
        for instance in all {
            self.fail(instance, reason_name(Reason::GivenUp));
        }
    }

    pub(super) fn on_comparison_timer(&mut self, now: u64) {
        let overdue = |comparing: &Comparing| comparing.deadline <= now;
        let due: Vec<InstanceId> = self
            .comparisons
            .iter()
            .filter(|(_, comparing)| overdue(comparing))
            .map(|(instance, _)| *instance)
            .collect();
        for instance in due {
            let ended = self.end_comparison(instance, Reason::GivenUp, now);
            self.check(ended, Some(instance));
        }
    }

    pub(super) fn comparison_deadline(&self) -> Option<u64> {
        self.comparisons.values().map(|comparing| comparing.deadline).min()
    }

    fn comparable(&self, member: &str) -> Result<(InstanceId, Device)> {
        self.ensure_usable()?;
        let instance = InstanceId::parse(member)?;
        Ok((instance, self.device_of(instance)?))
    }

    fn device_of(&self, instance: InstanceId) -> Result<Device> {
        let peer = self.peers.get(&instance).ok_or(Error::UnknownMember)?;
        let key = peer.key.to_bytes();
        Ok(Device { instance, key })
    }

    fn compared_as(&self) -> Device {
        Device {
            instance: self.device.instance,
            key: self.device.public_key(),
        }
    }
}

const fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::GivenUp => "cancelled",
        Reason::PicturesDiffer => "mismatch",
        Reason::WrongCommitment => "commitment",
        Reason::WrongCode => "code",
        Reason::Unexpected => "unexpected",
    }
}
