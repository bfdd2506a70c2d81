//! Invitations that have come.

use super::Person;
use crate::{
    error::{Error, Result},
    frame::people::{Acknowledge, Fetch, PeopleFrame, Waiting},
    people::{
        bundle::MAX_CLOCK_SKEW_SECONDS,
        invitation::{self, Contents, Header, KeyKind},
        state::MAX_SEEN,
    },
};

/// How long a directory keeps an invitation: 14 days.
pub const INVITATION_SECONDS: u64 = 14 * 24 * 60 * 60;
/// How long an invitation may be under way in all, clocks that differ included.
pub(super) const INVITATION_LIFE_SECONDS: u64 = INVITATION_SECONDS + MAX_CLOCK_SKEW_SECONDS;

/// What is known of an invitation's sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The key is the one that is pinned for the user the invitation names.
    Known,
    /// Nobody of that id is pinned: a lookup would tell.
    Unconfirmed,
    /// Another key is pinned: a lookup tells whether it was replaced.
    OtherKey,
}

/// An invitation that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationSeen {
    /// To be handed back when it is acknowledged.
    pub receipt: [u8; Receipt::LENGTH],
    /// What it says.
    pub contents: Contents,
    /// Whether its key is the sender's.
    pub sender: Sender,
}

/// Names an invitation at the directory and here.
struct Receipt {
    id: u64,
    header: Header,
    digest: [u8; 16],
}

impl Receipt {
    const LENGTH: usize = 8 + 1 + 4 + 16;

    fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let kind = [u8::from(self.header.kind == KeyKind::OneTime)];
        let fields = [
            &self.id.to_be_bytes()[..],
            &kind,
            &self.header.id.to_be_bytes(),
            &self.digest,
        ];
        bytes.iter_mut().zip(fields.concat()).for_each(|(to, from)| *to = from);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        const WRONG: Error = Error::InvalidArgument("not a receipt");
        let (id, rest) = bytes.split_first_chunk().ok_or(WRONG)?;
        let (kind, rest) = rest.split_first().ok_or(WRONG)?;
        let (key, digest) = rest.split_first_chunk().ok_or(WRONG)?;
        Ok(Self {
            id: u64::from_be_bytes(*id),
            header: Header {
                kind: if *kind == 1 { KeyKind::OneTime } else { KeyKind::PreKey },
                id: u32::from_be_bytes(*key),
            },
            digest: digest.try_into().map_err(|_| WRONG)?,
        })
    }
}

/// Invitations that have come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail {
    /// Those that open.
    pub invitations: Vec<InvitationSeen>,
    /// Receipts of those that do not, or were acknowledged before.
    pub useless: Vec<[u8; Receipt::LENGTH]>,
    /// Where to go on, for [`Person::fetch`].
    pub last: Option<u64>,
    /// Whether there are others.
    pub more: bool,
}

impl Person {
    /// Asks for the invitations after the one that the directory calls `after`.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn fetch(&self, challenge: [u8; 32], after: u64) -> Result<Vec<u8>> {
        self.sign(challenge, Fetch { after })
    }

    /// Reads the answer to [`Self::fetch`].
    ///
    /// # Errors
    /// As [`Self::done`].
    pub fn fetched(&mut self, request: &[u8], answer: &[u8], now: u64) -> Result<Mail> {
        let PeopleFrame::Invitations(invitations) = self.check(request, answer, now)? else {
            return Err(Error::RelayProtocol("not what was asked for"));
        };
        let mut mail = Mail {
            last: invitations.items.last().map(|item| item.id),
            more: invitations.more,
            ..Mail::default()
        };
        for waiting in &invitations.items {
            match self.read(waiting, now) {
                Ok(invitation) => mail.invitations.push(invitation),
                Err(receipt) => mail.useless.push(receipt),
            }
        }
        Ok(mail)
    }

    /// Opens an invitation; else the receipt to have it forgotten with.
    fn read(&self, waiting: &Waiting, now: u64) -> core::result::Result<InvitationSeen, [u8; Receipt::LENGTH]> {
        let digest = invitation::digest(&waiting.sealed.0);
        let header = Header::parse(&waiting.sealed.0);
        let receipt = Receipt {
            id: waiting.id,
            // What cannot be opened does not cost a key.
            header: Header {
                kind: KeyKind::PreKey,
                id: 0,
            },
            digest,
        };
        let useless = receipt.encode();
        let header = header.map_err(|_| useless)?;
        let key = self.profile.keyring.find(header).ok_or(useless)?;
        let contents = invitation::open(&waiting.sealed.0, &self.profile.user, key.owner, &key.secret);
        let contents = contents.map_err(|_| useless)?;
        let early = contents.time > now.saturating_add(MAX_CLOCK_SKEW_SECONDS);
        let late = contents.time.saturating_add(INVITATION_LIFE_SECONDS) < now;
        if early || late || self.profile.seen.iter().any(|(seen, _)| *seen == digest) {
            return Err(useless);
        }
        let sender = match self.profile.pin(&contents.sender) {
            None => Sender::Unconfirmed,
            Some(pin) if pin.identity == contents.identity && pin.changed.is_none() => Sender::Known,
            Some(_) => Sender::OtherKey,
        };
        Ok(InvitationSeen {
            receipt: Receipt { header, ..receipt }.encode(),
            contents,
            sender,
        })
    }

    /// Deletes the secrets of invitations that were dealt with, and asks the directory to forget them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what is no receipt.
    pub fn acknowledge(&mut self, challenge: [u8; 32], receipts: &[&[u8]], now: u64) -> Result<Vec<u8>> {
        let receipts = receipts
            .iter()
            .map(|bytes| Receipt::parse(bytes))
            .collect::<Result<Vec<_>>>()?;
        let profile = &mut self.profile;
        for receipt in &receipts {
            if receipt.header.kind == KeyKind::OneTime {
                profile.keyring.spend(receipt.header.id);
            }
            // Longer than its content passes for new.
            let until = now.saturating_add(INVITATION_LIFE_SECONDS + MAX_CLOCK_SKEW_SECONDS);
            profile.seen.retain(|(digest, _)| *digest != receipt.digest);
            profile.seen.push((receipt.digest, until));
        }
        profile.keyring.prune(now);
        profile.seen.retain(|(_, until)| *until > now);
        let surplus = profile.seen.len().saturating_sub(MAX_SEEN);
        profile.seen.drain(..surplus);
        let ids = receipts.iter().map(|receipt| receipt.id).collect();
        self.sign(challenge, Acknowledge { ids })
    }
}
