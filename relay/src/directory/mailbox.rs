//! Invitations that wait. Their content is none of the directory's business, and who sent them it does not know.

use hushroom::frame::{
    people::{Done, Invitations, PeopleFrame, Waiting, MAX_INVITATIONS},
    Bin,
};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use super::{
    refusal::{storage, Fault, Refusal},
    store::{all_of, ARRIVALS, MAIL, META, USERS},
    users::broken,
};

/// Most bytes that wait for one user.
const MAX_WAITING_BYTES: usize = 512 * 1024;
/// Most bytes of invitations in one answer: it has to fit into a frame.
const ANSWER_BYTES: usize = 96 * 1024;
/// Most invitations that one sweep deletes.
const SWEEP: usize = 200;

/// Keeps an invitation.
pub(super) fn put(transaction: &WriteTransaction, user: &str, sealed: &[u8], now: u64) -> Result<PeopleFrame, Fault> {
    if transaction
        .open_table(USERS)
        .map_err(storage)?
        .get(user)
        .map_err(storage)?
        .is_none()
    {
        return Err(Refusal::UnknownUser.into());
    }
    let mut mail = transaction.open_table(MAIL).map_err(storage)?;
    let mut waiting = (0usize, sealed.len());
    for row in mail.range(all_of(user, 0, u64::MAX)).map_err(storage)? {
        let (_, value) = row.map_err(storage)?;
        waiting = (waiting.0 + 1, waiting.1 + value.value().len());
    }
    if waiting.0 >= MAX_INVITATIONS || waiting.1 > MAX_WAITING_BYTES {
        return Err(Refusal::MailboxFull.into());
    }
    let id = next_id(transaction)?;
    let value = [&now.to_be_bytes()[..], sealed].concat();
    mail.insert((user, id), value.as_slice()).map_err(storage)?;
    transaction
        .open_table(ARRIVALS)
        .map_err(storage)?
        .insert(id, user)
        .map_err(storage)?;
    // How many wait is nobody's business but the user's.
    Ok(Done::default().into())
}

fn next_id(transaction: &WriteTransaction) -> Result<u64, Fault> {
    let mut meta = transaction.open_table(META).map_err(storage)?;
    let next = match meta.get("next").map_err(storage)? {
        Some(bytes) => bytes.value().try_into().map(u64::from_be_bytes).map_err(|_| broken())?,
        None => 1,
    };
    meta.insert("next", next.saturating_add(1).to_be_bytes().as_slice())
        .map_err(storage)?;
    Ok(next)
}

/// The invitations after `after`, as many as fit.
pub(super) fn fetch(transaction: &ReadTransaction, user: &str, after: u64) -> Result<PeopleFrame, Fault> {
    let mail = transaction.open_table(MAIL).map_err(storage)?;
    let mut answer = Invitations::default();
    let mut bytes = 0usize;
    let first = after.saturating_add(1);
    for row in mail.range(all_of(user, first, u64::MAX)).map_err(storage)? {
        let (key, value) = row.map_err(storage)?;
        let (time, sealed) = value.value().split_first_chunk().ok_or_else(broken)?;
        bytes = bytes.saturating_add(sealed.len());
        if bytes > ANSWER_BYTES || answer.items.len() >= MAX_INVITATIONS {
            answer.more = true;
            break;
        }
        answer.items.push(Waiting {
            id: key.value().1,
            t: u64::from_be_bytes(*time),
            sealed: Bin(sealed.to_vec()),
        });
    }
    Ok(answer.into())
}

/// Forgets invitations of `user`; ids that are not there are passed over.
pub(super) fn acknowledge(transaction: &WriteTransaction, user: &str, ids: &[u64]) -> Result<PeopleFrame, Fault> {
    let mut mail = transaction.open_table(MAIL).map_err(storage)?;
    let mut arrivals = transaction.open_table(ARRIVALS).map_err(storage)?;
    for id in ids {
        if mail.remove((user, *id)).map_err(storage)?.is_some() {
            arrivals.remove(*id).map_err(storage)?;
        }
    }
    let waiting = mail.range(all_of(user, 0, u64::MAX)).map_err(storage)?.count();
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
    Ok(Done { keys: 0, waiting }.into())
}

pub(super) fn remove_all(transaction: &WriteTransaction, user: &str) -> Result<(), Fault> {
    let mut mail = transaction.open_table(MAIL).map_err(storage)?;
    let mut arrivals = transaction.open_table(ARRIVALS).map_err(storage)?;
    let ids: Vec<u64> = {
        let range = mail.range(all_of(user, 0, u64::MAX)).map_err(storage)?;
        range
            .map(|row| row.map(|(key, _)| key.value().1))
            .collect::<Result<_, _>>()
            .map_err(storage)?
    };
    for id in ids {
        mail.remove((user, id)).map_err(storage)?;
        arrivals.remove(id).map_err(storage)?;
    }
    Ok(())
}

/// Forgets invitations from before `before`, some at a time.
pub(super) fn sweep(transaction: &WriteTransaction, before: u64) -> Result<u32, Fault> {
    let mut mail = transaction.open_table(MAIL).map_err(storage)?;
    let mut arrivals = transaction.open_table(ARRIVALS).map_err(storage)?;
    let first: Vec<(u64, String)> = {
        let rows = arrivals.iter().map_err(storage)?.take(SWEEP);
        rows.map(|row| row.map(|(id, user)| (id.value(), user.value().to_owned())))
            .collect::<Result<_, _>>()
            .map_err(storage)?
    };
    let mut swept = 0;
    for (id, user) in first {
        let time = {
            let row = mail.get((user.as_str(), id)).map_err(storage)?;
            row.and_then(|row| row.value().first_chunk().map(|time| u64::from_be_bytes(*time)))
        };
        // Ids rise with time: what comes after this one is younger.
        if time.is_some_and(|time| time >= before) {
            break;
        }
        mail.remove((user.as_str(), id)).map_err(storage)?;
        arrivals.remove(id).map_err(storage)?;
        swept += 1;
    }
    Ok(swept)
}
