//! The database: `redb`, one file. Readers see a snapshot; one thread writes, and commits for everybody who waits at once.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::mpsc::{sync_channel, Receiver, SyncSender},
    thread,
};

use hushroom::{frame::people::PeopleFrame, secret::Key};
use redb::{Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use thiserror::Error;
use tokio::sync::oneshot;

use super::refusal::{storage, Fault};

/// `"key"`: the directory's signing seed. `"next"`: the id of the next invitation. `"format"`: 1.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// A user's entry: an encoded `Found` without a one-time key.
pub(super) const USERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("users");
/// Whose a user id is: see `users::Owner`. Outlives the entry.
pub(super) const OWNERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("owners");
/// When a user id is free again, Unix seconds.
pub(super) const UNTIL: TableDefinition<'_, (u64, &str), ()> = TableDefinition::new("until");
/// One-time keys by id.
pub(super) const KEYS: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("keys");
/// Invitations: BE64(time of arrival) | sealed.
pub(super) const MAIL: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("mail");
/// For whom an invitation is. Ids rise with time.
pub(super) const ARRIVALS: TableDefinition<'_, u64, &str> = TableDefinition::new("arrivals");

const FORMAT: &[u8] = &[1];
/// Memory for pages that were read.
const CACHE_BYTES: usize = 64 << 20;
/// Requests that wait for the writer; others wait in line before them.
const QUEUE: usize = 256;
/// Most requests in one commit.
const BATCH: usize = 256;

/// Why a directory does not open.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be opened, belongs to another process, or is none of ours.
    #[error("the directory {path} cannot be opened: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<redb::Error>,
    },
    /// The file has another format.
    #[error("the directory {path} is of another version")]
    Version {
        /// The file.
        path: PathBuf,
    },
    /// The system has no random numbers, or no thread.
    #[error("the system has no random numbers")]
    Random,
}

/// What the writer does: all of it or, if it returns an error, none.
type Work = Box<dyn FnOnce(&WriteTransaction) -> Result<PeopleFrame, Fault> + Send>;

struct Job {
    work: Work,
    done: oneshot::Sender<Result<PeopleFrame, Fault>>,
}

pub(super) struct Store {
    database: std::sync::Arc<Database>,
    jobs: SyncSender<Job>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store(..)")
    }
}

impl Store {
    /// Opens the database at `path`, or makes it, with `fresh` as the seed of its signing key. Gives the seed that holds.
    pub(super) fn open(path: &Path, fresh: &Key) -> Result<(Self, Key), OpenError> {
        let failed = |source: redb::Error| OpenError::File {
            path: path.to_owned(),
            source: Box::new(source),
        };
        // Nobody else on the machine is to read the directory's signing key.
        create_private(path).map_err(|error| failed(redb::Error::Io(error)))?;
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(|error| failed(error.into()))?;
        let seed = prepare(&database, fresh).map_err(failed)?;
        let seed = seed.ok_or_else(|| OpenError::Version { path: path.to_owned() })?;
        let database = std::sync::Arc::new(database);
        let (jobs, queue) = sync_channel(QUEUE);
        let own = std::sync::Arc::clone(&database);
        thread::Builder::new()
            .name("directory".to_owned())
            .spawn(move || write_all(&own, &queue))
            .map_err(|error| failed(redb::Error::Io(error)))?;
        Ok((Self { database, jobs }, seed))
    }

    /// A snapshot.
    pub(super) fn read(&self) -> Result<ReadTransaction, Fault> {
        self.database.begin_read().map_err(storage)
    }

    /// Does `work` in a transaction, and returns once that is on disk.
    pub(super) fn write(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<PeopleFrame, Fault> + Send + 'static,
    ) -> Result<PeopleFrame, Fault> {
        const GONE: fn() -> Fault = || storage(redb::Error::PreviousIo);
        let (done, result) = oneshot::channel();
        let work = Box::new(work);
        self.jobs.send(Job { work, done }).map_err(|_| GONE())?;
        result.blocking_recv().map_err(|_| GONE())?
    }

    /// Deletes some of what is over, and tells how much.
    pub(super) fn sweep(&self, now: u64, mail_before: u64) -> Result<u32, Fault> {
        let swept = self.write(move |transaction| {
            let users = super::users::sweep(transaction, now)?;
            let waiting = super::mailbox::sweep(transaction, mail_before)?;
            Ok(hushroom::frame::people::Done { keys: users, waiting }.into())
        })?;
        match swept {
            PeopleFrame::Done(done) => Ok(done.keys.saturating_add(done.waiting)),
            _ => Ok(0),
        }
    }
}

/// Makes all tables. The seed, unless the file is of another version.
fn prepare(database: &Database, fresh: &Key) -> Result<Option<Key>, redb::Error> {
    let transaction = begin(database)?;
    let seed = {
        let mut meta = transaction.open_table(META)?;
        if meta.get("format")?.is_some_and(|format| format.value() != FORMAT) {
            return Ok(None);
        }
        meta.insert("format", FORMAT)?;
        let known = meta.get("key")?.map(|seed| Key::from_slice(seed.value()));
        match known {
            Some(seed) => seed.ok(),
            None => {
                meta.insert("key", fresh.expose().as_slice())?;
                Key::from_slice(fresh.expose()).ok()
            }
        }
    };
    transaction.open_table(USERS)?;
    transaction.open_table(OWNERS)?;
    transaction.open_table(UNTIL)?;
    transaction.open_table(KEYS)?;
    transaction.open_table(MAIL)?;
    transaction.open_table(ARRIVALS)?;
    transaction.commit()?;
    Ok(seed)
}

/// A transaction that is on disk once it is committed. In two phases: with one, whoever chooses the content, as strangers do
/// here, and can make the process crash might have a half-written page pass for a whole one (`redb`, "security of 1PC+C").
fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Until the last sender is gone.
fn write_all(database: &Database, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter()).take(BATCH);
        write_batch(database, jobs.collect());
    }
}

fn write_batch(database: &Database, jobs: Vec<Job>) {
    let mut results = Vec::with_capacity(jobs.len());
    let outcome = begin(database).map_err(Fault::Storage).and_then(|transaction| {
        for Job { work, done } in jobs {
            let result = work(&transaction);
            // What a refused request may have written must not be committed, so they check first and write then. A
            // database that fails fails them all.
            let failed = matches!(result, Err(Fault::Storage(_)));
            results.push((done, result));
            if failed {
                return Err(storage(redb::Error::PreviousIo));
            }
        }
        transaction.commit().map_err(storage)
    });
    if let Err(error) = outcome {
        tracing::error!("{error}");
        for (done, _) in results {
            let _ = done.send(Err(storage(redb::Error::PreviousIo)));
        }
        return;
    }
    for (done, result) in results {
        // Who asked may be gone by now.
        let _ = done.send(result);
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true).mode(0o600).open(path).map(drop)
}

#[cfg(not(unix))]
fn create_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The end of a range over everything of one user.
pub(super) fn all_of<K: Copy>(user: &str, min: K, max: K) -> std::ops::RangeInclusive<(&str, K)> {
    (user, min)..=(user, max)
}
