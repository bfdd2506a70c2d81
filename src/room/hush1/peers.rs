//! The other members, as their own sealed hellos name them.

use std::collections::VecDeque;

use super::{
    device::InstanceId,
    duo::Duo,
    event::{Have, Hello, Lost},
    inner::Unverified,
    machine::Room,
    post::Header,
    posting::Item,
    replay::ReplayWindow,
};
use crate::{
    error::{Error, Result},
    frame::{Bin, FixedBin, Posted, RelayId, MAX_MEMBERS},
    room::{device_key::DeviceKey, name::clean_member_name, output::RoomEvent},
    secret::Key,
    sorted::{SortedMap, SortedSet},
};

/// How long a member whose connection is lost is waited for.
const AWAY_MS: u64 = 600_000;
/// How long a post that somebody says to have sent may be missing.
const GAP_MS: u64 = 10_000;
/// How often to ask for it.
const ASK_MS: u64 = 3_000;
const MAX_PEERS: usize = 2 * MAX_MEMBERS;
const MAX_DEPARTED: usize = 256;
const MAX_GAPS: usize = 256;
const MAX_PENDING: usize = 64;
const MAX_PENDING_BYTES: usize = 256 * 1024;

/// Another member.
pub(super) struct Peer {
    pub(super) key: DeviceKey,
    pub(super) post_key: Key,
    pub(super) window: ReplayWindow,
    /// Where to reach it; none while it is away.
    pub(super) route: Option<RelayId>,
    pub(super) away_since: Option<u64>,
    /// Our counter when we came to know it: older posts were not for it.
    since: u64,
    /// When we came to know it.
    pub(super) known_since: u64,
    /// Its counter when we came to know it: older posts were not for us.
    pub(super) first: u64,
    /// Repeated posts below this counter are expected: it came back and posted again what it was not sure of.
    pub(super) repeats_below: u64,
}

/// A post that should have come, or whose key should have.
pub(super) struct Gap {
    peer: InstanceId,
    counter: u64,
    /// Whether its sender keeps it, so that it can be had again. The relay says so, where the post has not opened.
    kept: bool,
    /// The post is here and cannot be opened.
    lacks_key: bool,
    ask_at: u64,
    deadline: u64,
}

struct Waiting {
    of: InstanceId,
    posted: Posted,
    since: u64,
}

/// Posts of instances whose hello has not come yet, or whose sender key has not.
#[derive(Default)]
pub(super) struct Pending {
    posts: VecDeque<Waiting>,
    bytes: usize,
    /// Whom we asked for a hello, and when.
    asked: VecDeque<(InstanceId, u64)>,
}

impl Pending {
    pub(super) fn push(&mut self, instance: InstanceId, posted: Posted, now: u64) {
        // What waits is asked for again with the rest. Compared by its bytes, so that nothing forged takes its place.
        let same = |known: &Waiting| known.of == instance && known.posted.body == posted.body;
        if self.posts.iter().any(same) {
            return;
        }
        self.bytes = self.bytes.saturating_add(posted.body.0.len());
        self.posts.push_back(Waiting {
            of: instance,
            posted,
            since: now,
        });
        while self.posts.len() > MAX_PENDING || self.bytes > MAX_PENDING_BYTES {
            match self.posts.pop_front() {
                Some(oldest) => self.bytes = self.bytes.saturating_sub(oldest.posted.body.0.len()),
                None => return,
            }
        }
    }

    pub(super) fn take(&mut self, instance: InstanceId) -> Vec<Posted> {
        let (taken, kept): (VecDeque<_>, _) = core::mem::take(&mut self.posts)
            .into_iter()
            .partition(|waiting| waiting.of == instance);
        self.posts = kept;
        self.bytes = self.posts.iter().map(|waiting| waiting.posted.body.0.len()).sum();
        taken.into_iter().map(|waiting| waiting.posted).collect()
    }

    /// Of whom posts wait that are no peers, and until when.
    fn unknown<'a>(&'a self, peers: &'a SortedMap<InstanceId, Peer>) -> impl Iterator<Item = (InstanceId, u64)> + 'a {
        let unknown = self.posts.iter().filter(|waiting| !peers.contains_key(&waiting.of));
        unknown.map(|waiting| (waiting.of, waiting.since.saturating_add(GAP_MS)))
    }

    /// Whether to ask this instance for a hello now.
    pub(super) fn ask(&mut self, instance: InstanceId, now: u64) -> bool {
        self.asked.retain(|(_, at)| now.saturating_sub(*at) < GAP_MS);
        if self.asked.len() >= MAX_PENDING || self.asked.iter().any(|(asked, _)| *asked == instance) {
            return false;
        }
        self.asked.push_back((instance, now));
        true
    }
}

impl Room {
    /// A hello for the present state, to everybody or to one instance; `again` if that one is asked to start the pair anew.
    pub(super) fn hello(&mut self, to: Option<InstanceId>, answer: bool, again: bool) -> Result<Hello> {
        let sign = |bytes: &[u8]| self.device.sign(bytes);
        let bundle = match to {
            Some(to) if again => self.ratchet.again(to, sign)?,
            _ => self.ratchet.bundle(to, self.clock, sign)?,
        };
        let bundle = bundle.try_into().map_err(|_| Error::Internal("bundle length"))?;
        // One instance asks only for its own: in a large room all of them would be most of what a newcomer gets.
        let told = self
            .peers
            .iter()
            .filter(|(instance, _)| to.is_none_or(|to| to == **instance));
        let have = told.filter_map(|(instance, peer)| {
            let top = peer.window.top()?;
            Some(Have {
                instance: (*instance).into(),
                top,
                seen: Bin(peer.window.bitmap()),
            })
        });
        Ok(Hello {
            key: FixedBin(self.device.public_key()),
            nonce: FixedBin(self.device.nonce()),
            name: self.name.clone(),
            bundle: FixedBin(bundle),
            answer,
            seat: self.duo.as_ref().map(Duo::seat_hash),
            have: have.collect(),
        })
    }

    /// A hello whose outer layer has opened. It brings the key that its signature is checked with.
    pub(super) fn on_hello(
        &mut self,
        (header, header_bytes): (&Header, &[u8]),
        unverified: &Unverified<'_>,
        hello: Hello,
        from: RelayId,
        now: u64,
    ) -> Result<()> {
        let instance = header.instance;
        if InstanceId::derive(self.keys.room_id(), &hello.key.0, &hello.nonce.0) != instance {
            return Err(Error::BadSignature);
        }
        let key = DeviceKey::from_bytes(&hello.key.0)?;
        unverified.verify(&self.keys, &key, header_bytes)?;
        let name = clean_member_name(&hello.name)?;
        self.expected.remove(&from);
        self.refuse_thirds(instance, &hello.key.0, hello.seat)?;
        if self.peers.contains_key(&instance) {
            self.ratchet.on_bundle(instance, hello.key.0, &hello.bundle.0, now)?;
            let was_away = self.refresh_peer(instance, header.counter, from);
            if was_away || hello.answer {
                self.restart_transfers_with(instance)?;
            }
        } else {
            self.add_peer(
                instance,
                header.counter,
                (key, hello.key.0, &hello.bundle.0),
                name,
                from,
            )?;
            self.set_partner(instance, hello.key.0, hello.seat);
        }
        if hello.answer {
            self.say_hello_to(instance);
        }
        self.repeat_missing(instance, &hello.have)?;
        let answered = self.run_ratchet();
        for posted in self.pending.take(instance) {
            self.on_posted(posted, now);
        }
        answered.and(self.flush(now))
    }

    fn add_peer(
        &mut self,
        instance: InstanceId,
        counter: u64,
        (key, key_bytes, bundle): (DeviceKey, [u8; 32], &[u8]),
        name: String,
        from: RelayId,
    ) -> Result<()> {
        if self.peers.len() >= MAX_PEERS {
            let oldest = self
                .peers
                .iter()
                .filter_map(|(id, peer)| Some((peer.away_since?, *id)))
                .min();
            let (_, oldest) = oldest.ok_or(Error::RelayProtocol("too many members"))?;
            self.remove_peer(oldest);
        }
        let mut window = self.departed_window(instance).cloned().unwrap_or_default();
        if window.has(counter) {
            return Err(Error::Replayed);
        }
        self.ratchet.on_bundle(instance, key_bytes, bundle, self.clock)?;
        self.departed.retain(|(id, _)| *id != instance);
        window.mark(counter);
        self.routes.insert(from.clone(), instance);
        self.event(RoomEvent::MemberJoined {
            id: instance.to_string(),
            name,
            device_key: key.to_base64url(),
        });
        let peer = Peer {
            key,
            post_key: self.keys.post(instance)?,
            window,
            route: Some(from),
            away_since: None,
            since: self.counter,
            known_since: self.clock,
            first: counter,
            repeats_below: counter,
        };
        self.peers.insert(instance, peer);
        Ok(())
    }

    /// A known member has come (again); whether it was away.
    fn refresh_peer(&mut self, instance: InstanceId, counter: u64, from: RelayId) -> bool {
        let Some(peer) = self.peers.get_mut(&instance) else {
            return false;
        };
        peer.window.mark(counter);
        peer.repeats_below = peer.repeats_below.max(counter);
        if let Some(old) = peer.route.replace(from.clone()) {
            if old != from {
                self.routes.remove(&old);
            }
        }
        let was_away = peer.away_since.take().is_some();
        self.routes.insert(from, instance);
        if was_away {
            self.event(RoomEvent::MemberPresence {
                id: instance.to_string(),
                here: true,
            });
        }
        was_away
    }

    /// Posts again what `instance` should have of ours and lacks.
    fn repeat_missing(&mut self, instance: InstanceId, have: &[Have]) -> Result<()> {
        let Some(peer) = self.peers.get(&instance) else {
            return Ok(());
        };
        let own = FixedBin::from(self.device.instance);
        let held = have
            .iter()
            .find(|have| have.instance == own)
            .and_then(|have| ReplayWindow::from_parts(have.top, &have.seen.0))
            .unwrap_or_default();
        let missing = self
            .outbox
            .counters(instance, |counter| counter >= peer.since && !held.has(counter));
        let lost = self
            .outbox
            .dropped()
            .is_some_and(|dropped| dropped >= peer.since && !held.has(dropped));
        // Some of it may be on its way: a hello before it tells that repeated posts are to be expected.
        if !missing.is_empty() {
            self.say_hello_to(instance);
        }
        for counter in missing {
            self.queue.push(Item::Repeat { counter, to: instance });
        }
        if lost {
            self.post(&Lost { count: 1 }.into(), vec![instance], self.clock)?;
        }
        Ok(())
    }

    /// The relay says that a connection is gone.
    pub(super) fn on_route_gone(&mut self, route: &RelayId, now: u64) {
        let Some(instance) = self.routes.remove(route) else {
            return;
        };
        if !self.peers.contains_key(&instance) {
            // It was gone before we knew of it, and so was what it said to others.
            self.pending.take(instance);
        }
        self.set_away(instance, now);
    }

    /// What we had of somebody who is gone.
    pub(super) fn departed_window(&self, instance: InstanceId) -> Option<&ReplayWindow> {
        let departed = self.departed.iter().find(|(id, _)| *id == instance);
        departed.map(|(_, window)| window)
    }

    /// A member has said that it leaves for good: whatever is shown of it later is old.
    pub(super) fn on_bye(&mut self, instance: InstanceId) {
        if let Some(peer) = self.peers.get_mut(&instance) {
            peer.window.close();
        }
        self.remove_peer(instance);
    }

    pub(super) fn set_away(&mut self, instance: InstanceId, now: u64) {
        let Some(peer) = self.peers.get_mut(&instance) else {
            return;
        };
        peer.route = None;
        if peer.away_since.is_none() {
            peer.away_since = Some(now);
            self.event(RoomEvent::MemberPresence {
                id: instance.to_string(),
                here: false,
            });
        }
    }

    /// Forgets a member and ends its transfers.
    pub(super) fn remove_peer(&mut self, instance: InstanceId) {
        let Some(peer) = self.peers.remove(&instance) else {
            return;
        };
        if let Some(route) = peer.route {
            self.routes.remove(&route);
        }
        self.departed.push_back((instance, peer.window));
        if self.departed.len() > MAX_DEPARTED {
            self.departed.pop_front();
        }
        let gaps = self.gaps.len();
        self.gaps.retain(|gap| gap.peer != instance || !gap.kept);
        let lost = u32::try_from(gaps.saturating_sub(self.gaps.len())).unwrap_or(u32::MAX);
        if lost > 0 {
            self.report(&Error::MessagesLost(lost), Some(instance));
        }
        self.gaps.retain(|gap| gap.peer != instance);
        self.pending.take(instance);
        self.deferred.retain(|deferred| deferred.recipients[..] != [instance]);
        self.ratchet.remove(instance, self.clock);
        self.end_transfers_of(instance);
        self.end_comparison_of(instance);
        self.tear_texts_of(instance);
        self.event(RoomEvent::MemberLeft {
            id: instance.to_string(),
        });
    }

    /// Notices that `counter` of `instance` is missing, or its key, and asks for it.
    pub(super) fn note_gap(&mut self, post: (InstanceId, u64), kept: bool, lacks_key: bool, now: u64) {
        let known = self.gaps.iter().any(|gap| gap.peer == post.0);
        self.remember_gap(post, kept, lacks_key, now);
        if !known {
            self.say_hello_to(post.0);
        }
    }

    /// Notices it only: its sender is leaving.
    pub(super) fn remember_gap(&mut self, post: (InstanceId, u64), kept: bool, lacks_key: bool, now: u64) {
        let (peer, counter) = post;
        let same = |gap: &Gap| gap.peer == peer && gap.counter == counter;
        if let Some(gap) = self.gaps.iter_mut().find(|gap| same(gap)) {
            gap.lacks_key |= lacks_key;
            gap.kept |= kept;
        } else if self.gaps.len() < MAX_GAPS {
            let (ask_at, deadline) = (now.saturating_add(ASK_MS), now.saturating_add(GAP_MS));
            self.gaps.push(Gap {
                peer,
                counter,
                kept,
                lacks_key,
                ask_at,
                deadline,
            });
        }
    }

    /// Opens what waited for a key of `instance`. What still cannot be opened is missing anew.
    pub(super) fn retry_pending(&mut self, instance: InstanceId, now: u64) {
        self.gaps.retain(|gap| gap.peer != instance || gap.kept);
        for posted in self.pending.take(instance) {
            self.on_posted(posted, now);
        }
    }

    /// Says what we hold of `instance`, which posts the rest again.
    fn say_hello_to(&mut self, instance: InstanceId) {
        self.queue.push(Item::Hello {
            to: Some(instance),
            answer: false,
        });
    }

    /// Gives up members that are away for too long and posts that never came.
    pub(super) fn on_peer_timer(&mut self, now: u64) {
        let gone = self
            .peers
            .iter()
            .filter(|(_, peer)| {
                peer.away_since
                    .is_some_and(|since| now.saturating_sub(since) >= AWAY_MS)
            })
            .map(|(instance, _)| *instance)
            .collect::<Vec<_>>();
        for instance in gone {
            self.remove_peer(instance);
        }
        let peers = &self.peers;
        self.gaps
            .retain(|gap| peers.get(&gap.peer).is_some_and(|peer| !peer.window.has(gap.counter)));
        let (due, mut open): (Vec<Gap>, Vec<Gap>) = core::mem::take(&mut self.gaps)
            .into_iter()
            .partition(|gap| gap.deadline <= now);
        let mut ask = SortedSet::new();
        for gap in open.iter_mut().filter(|gap| gap.ask_at <= now) {
            gap.ask_at = now.saturating_add(ASK_MS);
            ask.insert(gap.peer);
        }
        self.gaps = open;
        ask.into_iter().for_each(|instance| self.say_hello_to(instance));
        for gap in due {
            if gap.lacks_key {
                self.pending.take(gap.peer);
                self.ratchet.key_overdue(gap.peer, now);
            }
            if gap.kept {
                self.tear_texts_with(gap.peer, gap.counter);
                self.report(&Error::MessagesLost(1), Some(gap.peer));
            }
        }
        let mut nameless = SortedSet::new();
        for (instance, until) in self.pending.unknown(&self.peers) {
            if until <= now {
                nameless.insert(instance);
            }
        }
        for instance in nameless {
            let lost = u32::try_from(self.pending.take(instance).len()).unwrap_or(u32::MAX);
            self.report(&Error::MessagesLost(lost), None);
        }
        let asked = self.run_ratchet();
        self.check(asked, None);
    }

    pub(super) fn peer_deadline(&self) -> Option<u64> {
        let away = self
            .peers
            .values()
            .filter_map(|peer| Some(peer.away_since?.saturating_add(AWAY_MS)));
        let nameless = self.pending.unknown(&self.peers).map(|(_, until)| until);
        away.chain(self.gaps.iter().map(|gap| gap.ask_at.min(gap.deadline)))
            .chain(nameless)
            .min()
    }
}
