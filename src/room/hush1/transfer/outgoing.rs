//! A file we send, to one receiver or several.
//!
//! Every receiver has a cursor of its own. Those with the same cursor share frames, and the group waits for whom it has to,
//! within a budget; who exceeds it is left behind, goes on alone and is in the group again where the cursors meet.

use super::{super::device::InstanceId, cell_length, pacer::Pacer, TransferId, SEGMENT};
use crate::{
    error::{Error, Result},
    secret::Key,
    sorted::{in_order, SortedMap},
};

/// How long one receiver may hold up the others, in all: this, and a tenth of the transfer's time.
const HOLD_MS: u64 = 500;
/// Without an acknowledgement for this long, a receiver counts as stalled.
const STALLED_MS: u64 = 15_000;
/// A stalled receiver of a source that cannot be read again is given up after this long, any other after ten minutes.
const GIVE_UP_STREAM_MS: u64 = 30_000;
const GIVE_UP_MS: u64 = 600_000;

/// Where one receiver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::room::hush1) enum ReceiverState {
    Offered,
    Running,
    Stalled,
    Done,
    Declined,
    Failed,
    Left,
}

impl ReceiverState {
    pub(in crate::room::hush1) const fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Done => "done",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }

    pub(in crate::room::hush1) const fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Stalled)
    }

    const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Declined | Self::Failed | Self::Left)
    }
}

/// One receiver of a file.
pub(in crate::room::hush1) struct Receiver {
    pub(in crate::room::hush1) state: ReceiverState,
    pub(in crate::room::hush1) delivered: u64,
    limit: u64,
    cursor: u64,
    /// The highest cursor ever: what it can have received.
    sent: u64,
    /// Rises with each rewind, so that frames made before it are not sent after it.
    epoch: u32,
    pacer: Pacer,
    held_ms: u64,
    held_since: Option<u64>,
    progress_at: u64,
    /// Why it failed, once it has.
    failure: Option<Error>,
}

impl Receiver {
    const fn new(now: u64) -> Self {
        Self {
            state: ReceiverState::Offered,
            delivered: 0,
            limit: 0,
            cursor: 0,
            sent: 0,
            epoch: 0,
            pacer: Pacer::new(now),
            held_ms: 0,
            held_since: None,
            progress_at: now,
            failure: None,
        }
    }

    pub(in crate::room::hush1) fn fail(&mut self, error: Error) {
        self.state = ReceiverState::Failed;
        self.failure = Some(error);
    }

    const fn can_take(&self, length: u64) -> bool {
        let end = self.cursor.saturating_add(length);
        end <= self.limit && end.saturating_sub(self.delivered) <= self.pacer.window()
    }

    fn rewind(&mut self) {
        self.cursor = self.delivered;
        self.epoch = self.epoch.wrapping_add(1);
        self.pacer.forget();
    }
}

/// One segment to be sealed and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::room::hush1) struct Job {
    pub(in crate::room::hush1) transfer: TransferId,
    pub(in crate::room::hush1) offset: u64,
    pub(in crate::room::hush1) length: u64,
    pub(in crate::room::hush1) last: bool,
    to: Vec<(InstanceId, u32)>,
}

/// A file we send.
pub(in crate::room::hush1) struct Outgoing {
    pub(in crate::room::hush1) id: TransferId,
    pub(in crate::room::hush1) stream: u32,
    pub(in crate::room::hush1) key: Key,
    pub(in crate::room::hush1) header: [u8; 40],
    pub(in crate::room::hush1) receivers: SortedMap<InstanceId, Receiver>,
    /// Bytes of ciphertext, once known.
    pub(in crate::room::hush1) total: Option<u64>,
    /// The source can give its bytes up to here.
    ready: u64,
    /// The source can no longer give its bytes before here.
    pub(in crate::room::hush1) floor: u64,
    /// Whether the source can be read again from any place.
    replayable: bool,
    /// Whether the receivers know the total: the last segment waits for it.
    pub(in crate::room::hush1) total_announced: bool,
    /// Whether somebody seals it already.
    pub(in crate::room::hush1) sealing: bool,
    started: u64,
    turn: usize,
}

impl Outgoing {
    pub(in crate::room::hush1) fn new(
        (id, stream): (TransferId, u32),
        key: Key,
        header: [u8; 40],
        total: Option<u64>,
        replayable: bool,
        to: &[InstanceId],
        now: u64,
    ) -> Self {
        Self {
            id,
            stream,
            key,
            header,
            receivers: to.iter().map(|instance| (*instance, Receiver::new(now))).collect(),
            total,
            ready: if replayable { u64::MAX } else { 0 },
            floor: 0,
            replayable,
            total_announced: total.is_some(),
            sealing: false,
            started: now,
            turn: 0,
        }
    }

    /// # Errors
    /// [`Error::InvalidState`] when the receiver was not offered the file or has answered; [`Error::TransferCancelled`] when
    /// the beginning of the source is gone.
    pub(in crate::room::hush1) fn accept(&mut self, from: InstanceId, now: u64) -> Result<()> {
        let gone = self.floor > 0;
        let receiver = self.receivers.get_mut(&from).ok_or(Error::UnknownTransfer)?;
        if receiver.state != ReceiverState::Offered {
            return Err(Error::InvalidState("answered already"));
        }
        if gone {
            receiver.fail(Error::TransferCancelled);
            return Err(Error::TransferCancelled);
        }
        receiver.state = ReceiverState::Running;
        receiver.progress_at = now;
        Ok(())
    }

    /// The source has its bytes up to `offset`, and none any more before [`Self::floor`].
    pub(in crate::room::hush1) fn source_ready(&mut self, offset: u64) {
        self.ready = self.ready.max(offset);
    }

    /// The lowest offset that an active receiver still needs.
    pub(in crate::room::hush1) fn needed_from(&self) -> Option<u64> {
        let active = self.receivers.values().filter(|receiver| receiver.state.is_active());
        active.map(|receiver| receiver.delivered).min()
    }

    /// # Errors
    /// [`Error::RelayProtocol`] for a window that cannot be.
    pub(in crate::room::hush1) fn on_window(
        &mut self,
        from: InstanceId,
        (delivered, limit, rewind): (u64, u64, bool),
        now: u64,
    ) -> Result<()> {
        let total = self.total;
        let receiver = self.receivers.get_mut(&from).ok_or(Error::UnknownTransfer)?;
        if !receiver.state.is_active() {
            return Ok(());
        }
        let aligned = delivered.is_multiple_of(SEGMENT) || Some(delivered) == total;
        if delivered > receiver.sent || !aligned || limit < delivered {
            return Err(Error::RelayProtocol("a window that cannot be"));
        }
        receiver.limit = receiver.limit.max(limit);
        if delivered > receiver.delivered {
            receiver
                .pacer
                .on_ack(delivered, delivered.saturating_sub(receiver.delivered), now);
            receiver.delivered = delivered;
            receiver.progress_at = now;
            receiver.state = ReceiverState::Running;
        }
        receiver.cursor = receiver.cursor.max(receiver.delivered);
        if rewind {
            receiver.rewind();
            receiver.progress_at = now;
        }
        Ok(())
    }

    /// What was under way to `member` is lost.
    pub(in crate::room::hush1) fn rewind(&mut self, member: InstanceId) {
        let receiver = self
            .receivers
            .get_mut(&member)
            .filter(|receiver| receiver.state.is_active());
        receiver.into_iter().for_each(Receiver::rewind);
    }

    /// What was under way is lost: every receiver continues where it said it was.
    pub(in crate::room::hush1) fn rewind_all(&mut self, now: u64) {
        for receiver in self
            .receivers
            .values_mut()
            .filter(|receiver| receiver.state.is_active())
        {
            receiver.rewind();
            receiver.progress_at = now;
        }
    }

    /// The next segment that may be sent, and to whom of those that `reachable` names.
    pub(in crate::room::hush1) fn next_job(&mut self, now: u64, reachable: impl Fn(InstanceId) -> bool) -> Option<Job> {
        let cursors = self
            .receivers
            .iter()
            .filter(|(instance, receiver)| receiver.state.is_active() && reachable(**instance))
            .map(|(_, receiver)| receiver.cursor)
            .filter(|cursor| self.is_available(*cursor));
        let mut cursors = in_order(cursors);
        cursors.dedup();
        let start = self.turn.checked_rem(cursors.len())?;
        let order = cursors.iter().cycle().skip(start).take(cursors.len());
        let to = order
            .copied()
            .find_map(|cursor| Some((cursor, self.group(cursor, now, &reachable)?)));
        let (offset, to) = to?;
        self.turn = self.turn.wrapping_add(1);
        let length = cell_length(offset, self.total);
        let end = offset.saturating_add(length);
        for (instance, _) in &to {
            if let Some(receiver) = self.receivers.get_mut(instance) {
                receiver.cursor = end;
                receiver.sent = receiver.sent.max(end);
                receiver.pacer.on_sent(end, now);
            }
        }
        Some(Job {
            transfer: self.id,
            offset,
            length,
            last: self.total == Some(end),
            to,
        })
    }

    fn is_available(&self, cursor: u64) -> bool {
        let end = cursor.saturating_add(cell_length(cursor, self.total));
        let beyond = self.total.is_some_and(|total| cursor >= total);
        let last = self.total == Some(end);
        !beyond && end <= self.ready && cursor >= self.floor && (!last || self.total_announced)
    }

    /// Who of the receivers at `cursor` gets the next frame; `None` while the group waits.
    fn group(
        &mut self,
        cursor: u64,
        now: u64,
        reachable: impl Fn(InstanceId) -> bool,
    ) -> Option<Vec<(InstanceId, u32)>> {
        let length = cell_length(cursor, self.total);
        let budget = HOLD_MS.saturating_add(now.saturating_sub(self.started) / 10);
        let (mut to, mut waits) = (Vec::new(), false);
        let members = self
            .receivers
            .iter_mut()
            .filter(|(instance, receiver)| {
                receiver.cursor == cursor && receiver.state.is_active() && reachable(**instance)
            })
            .collect::<Vec<_>>();
        let somebody_can = members.iter().any(|(_, receiver)| receiver.can_take(length));
        for (instance, receiver) in members {
            if receiver.can_take(length) {
                let since = receiver.held_since.take().unwrap_or(now);
                receiver.held_ms = receiver.held_ms.saturating_add(now.saturating_sub(since));
                to.push((*instance, receiver.epoch));
            } else if somebody_can {
                let since = *receiver.held_since.get_or_insert(now);
                waits |= receiver.held_ms.saturating_add(now.saturating_sub(since)) < budget;
            }
        }
        (somebody_can && !waits).then_some(to)
    }

    /// Who still is to get `job`: nobody who went back or ended since it was handed out.
    pub(in crate::room::hush1) fn receivers_of(&self, job: &Job) -> Vec<InstanceId> {
        let current = job.to.iter().filter(|(instance, epoch)| {
            self.receivers
                .get(instance)
                .is_some_and(|receiver| receiver.epoch == *epoch && receiver.state.is_active())
        });
        current.map(|(instance, _)| *instance).collect()
    }

    /// Notes who has stalled and gives up who has for too long; whether anything changed.
    pub(in crate::room::hush1) fn on_timer(&mut self, now: u64) -> bool {
        let give_up = if self.replayable { GIVE_UP_MS } else { GIVE_UP_STREAM_MS };
        let mut changed = false;
        for receiver in self
            .receivers
            .values_mut()
            .filter(|receiver| receiver.state.is_active())
        {
            let idle = now.saturating_sub(receiver.progress_at);
            if idle >= give_up {
                receiver.fail(Error::TransferStalled);
                changed = true;
            } else if idle >= STALLED_MS && receiver.state == ReceiverState::Running {
                receiver.state = ReceiverState::Stalled;
                // What is under way may be lost without the receiver knowing: nothing came behind it. Once for each stall.
                receiver.rewind();
                changed = true;
            }
        }
        changed
    }

    /// When [`Self::on_timer`] or [`Self::next_job`] has to be asked again at the latest.
    pub(in crate::room::hush1) fn deadline(&self, now: u64) -> Option<u64> {
        let active = self.receivers.values().filter(|receiver| receiver.state.is_active());
        let budget = HOLD_MS.saturating_add(now.saturating_sub(self.started) / 10);
        let times = active.map(|receiver| {
            let idle = if receiver.state == ReceiverState::Stalled {
                GIVE_UP_STREAM_MS
            } else {
                STALLED_MS
            };
            let stall = receiver.progress_at.saturating_add(idle).max(now.saturating_add(1000));
            let held = receiver
                .held_since
                .map(|since| since.saturating_add(budget.saturating_sub(receiver.held_ms)));
            held.filter(|held| *held > now).map_or(stall, |held| held.min(stall))
        });
        times.min()
    }

    /// How the transfer ended, once it has: some receiver has the file, or why none does.
    pub(in crate::room::hush1) fn outcome(&self) -> Option<Result<()>> {
        let states = || self.receivers.values().map(|receiver| receiver.state);
        if !states().all(ReceiverState::is_over) {
            return None;
        }
        let failure = self.receivers.values().find_map(|receiver| receiver.failure.clone());
        Some(if states().any(|state| state == ReceiverState::Done) {
            Ok(())
        } else if let Some(failure) = failure {
            Err(failure)
        } else if states().any(|state| state == ReceiverState::Left) {
            Err(Error::MemberLeft)
        } else {
            Err(Error::TransferDeclined)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: InstanceId = InstanceId([1; 16]);
    const B: InstanceId = InstanceId([2; 16]);
    const TOTAL: u64 = 400 * SEGMENT + 100;

    fn transfer(to: &[InstanceId]) -> Outgoing {
        let key = Key::take(&mut [0; 32]);
        let mut transfer = Outgoing::new(([0; 16], 1), key, [0; 40], Some(TOTAL), true, to, 0);
        for instance in to {
            transfer.accept(*instance, 0).unwrap();
            transfer.on_window(*instance, (0, 1 << 20, false), 0).unwrap();
        }
        transfer
    }

    fn drain(transfer: &mut Outgoing, now: u64) -> Vec<Job> {
        core::iter::from_fn(|| transfer.next_job(now, |_| true)).collect()
    }

    #[test]
    fn a_lone_receiver_gets_everything_once_and_in_order() {
        let mut transfer = transfer(&[A]);
        let (mut next, mut now) = (0, 0);
        while next < TOTAL {
            let jobs = drain(&mut transfer, now);
            assert!(!jobs.is_empty());
            for job in jobs {
                assert_eq!(job.offset, next);
                next += job.length;
                assert_eq!(job.last, next == TOTAL);
            }
            now += 5;
            transfer.on_window(A, (next, next + (1 << 20), false), now).unwrap();
        }
        assert!(drain(&mut transfer, now).is_empty());
    }

    #[test]
    fn who_stalls_is_left_behind_and_catches_up_alone() {
        let mut transfer = transfer(&[A, B]);
        let shared = drain(&mut transfer, 0);
        assert!(shared.iter().all(|job| transfer.receivers_of(job) == [A, B]));
        let sent = shared.last().map(|job| job.offset + job.length).unwrap();
        transfer.on_window(A, (sent, sent + (1 << 20), false), 10).unwrap();
        assert!(drain(&mut transfer, 10).is_empty(), "the group waits for B at first");
        assert!(transfer.deadline(10).unwrap() <= 520);
        let alone = drain(&mut transfer, 600);
        assert!(!alone.is_empty() && alone.iter().all(|job| transfer.receivers_of(job) == [A]));
        transfer.on_window(B, (sent, sent + (1 << 20), false), 700).unwrap();
        let behind = drain(&mut transfer, 700);
        assert!(behind
            .iter()
            .any(|job| job.offset == sent && transfer.receivers_of(job) == [B]));
    }

    #[test]
    fn a_rewind_sends_again_and_drops_what_was_prepared() {
        let mut transfer = transfer(&[A]);
        let jobs = drain(&mut transfer, 0);
        transfer.on_window(A, (SEGMENT, 1 << 20, true), 5).unwrap();
        assert!(transfer.receivers_of(&jobs[2]).is_empty());
        assert_eq!(transfer.next_job(5, |_| true).unwrap().offset, SEGMENT);
    }

    #[test]
    fn windows_that_cannot_be_are_refused() {
        let mut transfer = transfer(&[A]);
        drain(&mut transfer, 0);
        for window in [(1, 1 << 20, false), (1 << 30, 1 << 31, false), (SEGMENT, 0, false)] {
            assert_eq!(transfer.on_window(A, window, 1).unwrap_err().code(), "RELAY_PROTOCOL");
        }
        assert_eq!(
            transfer.on_window(B, (0, 0, false), 1).unwrap_err().code(),
            "UNKNOWN_TRANSFER"
        );
    }

    #[test]
    fn a_stream_waits_for_its_source_and_announces_its_end_before_it() {
        let key = Key::take(&mut [0; 32]);
        let mut transfer = Outgoing::new(([0; 16], 1), key, [0; 40], None, false, &[A, B], 0);
        transfer.accept(A, 0).unwrap();
        transfer.on_window(A, (0, 1 << 20, false), 0).unwrap();
        assert!(drain(&mut transfer, 0).is_empty());
        transfer.source_ready(SEGMENT);
        assert_eq!(drain(&mut transfer, 0).len(), 1);
        transfer.total = Some(SEGMENT + 50);
        transfer.source_ready(SEGMENT + 50);
        assert!(drain(&mut transfer, 0).is_empty());
        transfer.total_announced = true;
        assert!(drain(&mut transfer, 0)[0].last);
        transfer.floor = SEGMENT;
        assert_eq!(transfer.accept(B, 0).unwrap_err(), Error::TransferCancelled);
    }

    #[test]
    fn the_outcome_is_the_best_of_all_receivers() {
        let mut transfer = transfer(&[A, B]);
        assert_eq!(transfer.outcome(), None);
        for (a, b, outcome) in [
            (ReceiverState::Done, ReceiverState::Declined, Ok(())),
            (
                ReceiverState::Declined,
                ReceiverState::Declined,
                Err(Error::TransferDeclined),
            ),
            (ReceiverState::Left, ReceiverState::Declined, Err(Error::MemberLeft)),
        ] {
            transfer.receivers.get_mut(&A).unwrap().state = a;
            transfer.receivers.get_mut(&B).unwrap().state = b;
            assert_eq!(transfer.outcome(), Some(outcome));
        }
        transfer.receivers.get_mut(&A).unwrap().fail(Error::TransferStalled);
        assert_eq!(transfer.outcome(), Some(Err(Error::TransferStalled)));
    }
}
