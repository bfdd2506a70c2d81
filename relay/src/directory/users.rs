//! What requests do to users: publish, look up, add keys, remove.

use hushroom::{
    frame::{
        people::{Done, Found, PeopleFrame, MAX_ONE_TIME_KEYS, MAX_REPLACEMENTS},
        Bin,
    },
    people::{Bundle, IdentityKey, OneTimeKey, Replacement},
};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::{
    refusal::{storage, Fault, Refusal},
    store::{all_of, KEYS, OWNERS, UNTIL, USERS},
};

/// How long a user id stays reserved after its keys have expired, or it was removed.
pub(super) const HOLD_SECONDS: u64 = 90 * 24 * 60 * 60;
/// Most users that one sweep deletes.
const SWEEP: usize = 200;

/// Whose a user id is.
///
/// ```text
/// identity key(32) | BE64(sequence) | BE64(reserved until) | BE32(highest one-time key id)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) identity: IdentityKey,
    pub(super) sequence: u64,
    pub(super) until: u64,
    pub(super) last_key: u32,
}

impl Owner {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.identity.0.to_vec();
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.until.to_be_bytes());
        bytes.extend_from_slice(&self.last_key.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (identity, rest) = bytes.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (until, last_key) = rest.split_first_chunk()?;
        Some(Self {
            identity: IdentityKey(*identity),
            sequence: u64::from_be_bytes(*sequence),
            until: u64::from_be_bytes(*until),
            last_key: u32::from_be_bytes(last_key.try_into().ok()?),
        })
    }

    /// Whose `user` is, in a snapshot.
    pub(super) fn of(transaction: &ReadTransaction, user: &str) -> Result<Option<Self>, Fault> {
        Self::get(&transaction.open_table(OWNERS).map_err(storage)?, user)
    }

    fn get(owners: &impl ReadableTable<&'static str, &'static [u8]>, user: &str) -> Result<Option<Self>, Fault> {
        let owner = owners.get(user).map_err(storage)?;
        owner
            .map(|bytes| Self::decode(bytes.value()).ok_or_else(broken))
            .transpose()
    }
}

/// A row that is none of ours.
pub(super) fn broken() -> Fault {
    storage(redb::Error::Corrupted("a row of the directory".to_owned()))
}

/// Makes or renews an entry. All signatures were checked before.
pub(super) fn publish(
    transaction: &WriteTransaction,
    (bundle, bytes): (&Bundle, Bin),
    replacement: Option<(Replacement, Bin)>,
    max_users: u64,
) -> Result<PeopleFrame, Fault> {
    let user = bundle.user.as_str();
    let mut owners = transaction.open_table(OWNERS).map_err(storage)?;
    let mut users = transaction.open_table(USERS).map_err(storage)?;
    let owner = Owner::get(&owners, user)?;
    let entry = users
        .get(user)
        .map_err(storage)?
        .map(|bytes| decode(bytes.value()))
        .transpose()?;
    let mut chain = entry.as_ref().map_or_else(Vec::new, |entry| entry.chain.clone());
    let same_key = owner.as_ref().is_some_and(|owner| owner.identity == bundle.identity);
    if entry.as_ref().is_some_and(|entry| entry.bundle == bytes) {
        // An answer got lost, and the client asks again.
        return Ok(Done::default().into());
    }
    match (&owner, replacement) {
        (None, None) if owners.len().map_err(storage)? >= max_users => return Err(Refusal::DirectoryFull.into()),
        (None, None) => {}
        (Some(owner), None) if same_key && bundle.sequence <= owner.sequence => return Err(Refusal::Stale.into()),
        (Some(_), None) if same_key => {}
        (Some(owner), Some((link, bytes))) if link.old == owner.identity && entry.is_some() => {
            if link.sequence <= owner.sequence || bundle.sequence < link.sequence {
                return Err(Refusal::Stale.into());
            }
            if chain.len() >= MAX_REPLACEMENTS {
                return Err(Refusal::Invalid("too many replacements").into());
            }
            chain.push(bytes);
        }
        _ => return Err(Refusal::Taken.into()),
    }
    if !same_key {
        remove_keys(transaction, user)?;
    }
    let found = Found {
        bundle: bytes,
        chain,
        one_time: None,
    };
    let found = PeopleFrame::from(found)
        .encode()
        .map_err(|_| Refusal::Invalid("too large"))?;
    users.insert(user, found.as_slice()).map_err(storage)?;
    let renewed = Owner {
        identity: bundle.identity,
        sequence: bundle.sequence,
        until: bundle.expires.saturating_add(HOLD_SECONDS),
        last_key: owner.map_or(0, |owner| owner.last_key),
    };
    owners.insert(user, renewed.encode().as_slice()).map_err(storage)?;
    reserve(transaction, user, owner, renewed.until)?;
    let keys = count_keys(transaction, user)?;
    Ok(Done { keys, waiting: 0 }.into())
}

fn reserve(transaction: &WriteTransaction, user: &str, before: Option<Owner>, until: u64) -> Result<(), Fault> {
    let mut index = transaction.open_table(UNTIL).map_err(storage)?;
    if let Some(before) = before {
        index.remove((before.until, user)).map_err(storage)?;
    }
    index.insert((until, user), ()).map_err(storage)?;
    Ok(())
}

/// A user's entry as it is kept, and whether there is a one-time key to hand out.
pub(super) fn lookup(transaction: &ReadTransaction, user: &str) -> Result<(Vec<u8>, bool), Fault> {
    let users = transaction.open_table(USERS).map_err(storage)?;
    let entry = users.get(user).map_err(storage)?.ok_or(Refusal::UnknownUser)?;
    let keys = transaction.open_table(KEYS).map_err(storage)?;
    let mut range = keys.range(all_of(user, 0, u32::MAX)).map_err(storage)?;
    Ok((entry.value().to_vec(), range.next().is_some()))
}

/// A user's entry with a one-time key, which is forgotten.
pub(super) fn take_key(transaction: &WriteTransaction, user: &str) -> Result<PeopleFrame, Fault> {
    let users = transaction.open_table(USERS).map_err(storage)?;
    let entry = users.get(user).map_err(storage)?.ok_or(Refusal::UnknownUser)?;
    let mut found = decode(entry.value())?;
    let mut keys = transaction.open_table(KEYS).map_err(storage)?;
    let first = {
        let mut range = keys.range(all_of(user, 0, u32::MAX)).map_err(storage)?;
        let first = range.next().transpose().map_err(storage)?;
        first.map(|(key, value)| (key.value().1, Bin(value.value().to_vec())))
    };
    if let Some((id, key)) = first {
        keys.remove((user, id)).map_err(storage)?;
        found.one_time = Some(key);
    }
    Ok(found.into())
}

/// Keeps one-time keys whose ids are new. Their signatures were checked before, against `identity`.
pub(super) fn add_keys(
    transaction: &WriteTransaction,
    user: &str,
    identity: IdentityKey,
    new: &[(OneTimeKey, Bin)],
) -> Result<PeopleFrame, Fault> {
    let mut owners = transaction.open_table(OWNERS).map_err(storage)?;
    let mut owner = Owner::get(&owners, user)?.ok_or(Refusal::UnknownUser)?;
    if owner.identity != identity {
        return Err(Refusal::Taken.into());
    }
    let mut kept = usize::try_from(count_keys(transaction, user)?).unwrap_or(usize::MAX);
    let mut keys = transaction.open_table(KEYS).map_err(storage)?;
    for (key, bytes) in new {
        if kept >= MAX_ONE_TIME_KEYS {
            break;
        }
        // An id that was there before may have been handed out.
        if key.id > owner.last_key {
            owner.last_key = key.id;
            keys.insert((user, key.id), bytes.0.as_slice()).map_err(storage)?;
            kept += 1;
        }
    }
    owners.insert(user, owner.encode().as_slice()).map_err(storage)?;
    let keys = u32::try_from(kept).unwrap_or(u32::MAX);
    Ok(Done { keys, waiting: 0 }.into())
}

/// Forgets a user, but whose the id is.
pub(super) fn remove(transaction: &WriteTransaction, user: &str, now: u64) -> Result<PeopleFrame, Fault> {
    let mut owners = transaction.open_table(OWNERS).map_err(storage)?;
    let before = Owner::get(&owners, user)?.ok_or(Refusal::UnknownUser)?;
    let held = Owner {
        until: now.saturating_add(HOLD_SECONDS),
        ..before
    };
    owners.insert(user, held.encode().as_slice()).map_err(storage)?;
    reserve(transaction, user, Some(before), held.until)?;
    transaction
        .open_table(USERS)
        .map_err(storage)?
        .remove(user)
        .map_err(storage)?;
    remove_keys(transaction, user)?;
    super::mailbox::remove_all(transaction, user)?;
    Ok(Done::default().into())
}

/// Frees user ids whose time is over, some at a time.
pub(super) fn sweep(transaction: &WriteTransaction, now: u64) -> Result<u32, Fault> {
    let over: Vec<(u64, String)> = {
        let index = transaction.open_table(UNTIL).map_err(storage)?;
        let range = index.range(..(now, "")).map_err(storage)?;
        let take = range
            .take(SWEEP)
            .map(|row| row.map(|(key, _)| (key.value().0, key.value().1.to_owned())));
        take.collect::<Result<_, _>>().map_err(storage)?
    };
    for (until, user) in &over {
        let user = user.as_str();
        transaction
            .open_table(UNTIL)
            .map_err(storage)?
            .remove((*until, user))
            .map_err(storage)?;
        transaction
            .open_table(USERS)
            .map_err(storage)?
            .remove(user)
            .map_err(storage)?;
        transaction
            .open_table(OWNERS)
            .map_err(storage)?
            .remove(user)
            .map_err(storage)?;
        remove_keys(transaction, user)?;
        super::mailbox::remove_all(transaction, user)?;
    }
    Ok(u32::try_from(over.len()).unwrap_or(u32::MAX))
}

pub(super) fn count_keys(transaction: &WriteTransaction, user: &str) -> Result<u32, Fault> {
    let keys = transaction.open_table(KEYS).map_err(storage)?;
    let count = keys.range(all_of(user, 0, u32::MAX)).map_err(storage)?.count();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn remove_keys(transaction: &WriteTransaction, user: &str) -> Result<(), Fault> {
    let mut keys = transaction.open_table(KEYS).map_err(storage)?;
    keys.retain_in(all_of(user, 0, u32::MAX), |_, _| false).map_err(storage)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Found, Fault> {
    match PeopleFrame::decode(bytes) {
        Ok(PeopleFrame::Found(found)) => Ok(found),
        _ => Err(broken()),
    }
}
