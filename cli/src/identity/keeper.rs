//! Keeps a room's contacts: each change is a turn at the file, on a thread of its own, as somebody else may be at it.

use std::{path::Path, sync::mpsc, thread, time::Duration};

use hushroom::identity::{Contacts, Identity};
use tokio::{sync::mpsc as async_mpsc, task, time::timeout};

use super::IdentityFile;
use crate::{
    failure::{Failure, Result},
    random,
};

/// Longest wait for another process when the program ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

type Change = Box<dyn FnOnce(&mut Contacts) + Send>;

/// Takes changes, and gives the contacts as they are after each.
pub(crate) struct Keeper {
    changes: mpsc::Sender<Change>,
    kept: async_mpsc::UnboundedReceiver<Result<Contacts>>,
    waiting: usize,
}

/// Opens the identity at `path`, made at first use, or a new one in memory.
///
/// # Errors
/// [`Failure::Io`], [`Failure::Core`].
pub(crate) async fn open(path: Option<&Path>) -> Result<(Identity, Keeper)> {
    let Some(path) = path else {
        let identity = Identity::new(random::key()?);
        let contacts = identity.contacts.clone();
        return Ok((identity, Keeper::start(Place::Memory(contacts))));
    };
    let file = IdentityFile::at(path);
    let opened = task::spawn_blocking(move || {
        let identity = file.turn()?.load_or_make()?;
        // Its whole path is known now that it is there.
        let file = IdentityFile::at(file.path());
        Ok::<_, Failure>((identity, file))
    });
    let (identity, file) = opened.await.map_err(|_| hushroom::Error::Internal("thread"))??;
    Ok((identity, Keeper::start(Place::File(file))))
}

impl Keeper {
    fn start(mut place: Place) -> Self {
        let (changes, to_do) = mpsc::channel::<Change>();
        let (done, kept) = async_mpsc::unbounded_channel();
        thread::spawn(move || {
            while let Ok(change) = to_do.recv() {
                if done.send(place.apply(change)).is_err() {
                    return;
                }
            }
        });
        Self {
            changes,
            kept,
            waiting: 0,
        }
    }

    /// Changes the contacts; [`Self::next`] tells what came of it.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Contacts) + Send + 'static) {
        // The thread ends only after us.
        if self.changes.send(Box::new(change)).is_ok() {
            self.waiting = self.waiting.saturating_add(1);
        }
    }

    /// The contacts after the next change. Never resolves while nothing is changed; may be dropped before it resolves.
    pub(crate) async fn next(&mut self) -> Result<Contacts> {
        match self.kept.recv().await {
            Some(kept) => {
                self.waiting = self.waiting.saturating_sub(1);
                kept
            }
            None => std::future::pending().await,
        }
    }

    /// Whether there are changes that are not kept yet.
    pub(crate) const fn is_busy(&self) -> bool {
        self.waiting > 0
    }

    /// Waits until everything is kept.
    pub(crate) async fn close(self) {
        let Self { changes, mut kept, .. } = self;
        drop(changes);
        let drained = async { while kept.recv().await.is_some() {} };
        let _ = timeout(CLOSE_TIMEOUT, drained).await;
    }
}

enum Place {
    Memory(Contacts),
    File(IdentityFile),
}

impl Place {
    fn apply(&mut self, change: Change) -> Result<Contacts> {
        match self {
            Self::Memory(contacts) => {
                change(contacts);
                Ok(contacts.clone())
            }
            Self::File(file) => {
                let turn = file.turn()?;
                let gone = || Failure::file(file.path(), std::io::ErrorKind::NotFound.into());
                let mut identity = turn.load()?.ok_or_else(gone)?;
                change(&mut identity.contacts);
                if identity.contacts.changed() {
                    turn.save(&identity.state()?)?;
                }
                Ok(identity.contacts)
            }
        }
    }
}
