//! The file of an identity.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use hushroom::identity::Identity;
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Result},
    random,
};

/// More than any identity takes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Where an identity is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityFile(PathBuf);

/// The file, while no other process of this program changes it.
#[derive(Debug)]
pub(crate) struct Turn {
    path: PathBuf,
    /// Unlocked when it is closed.
    _lock: File,
}

impl IdentityFile {
    /// The file at `path`, which need not be there. Of a symbolic link, the file it leads to.
    pub(crate) fn at(path: &Path) -> Self {
        Self(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Waits until nobody else is at it. Blocks.
    ///
    /// # Errors
    /// [`Failure::Io`].
    pub(crate) fn turn(&self) -> Result<Turn> {
        let mut name = self.0.clone().into_os_string();
        name.push(".lock");
        let lock_path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&lock_path).and_then(|lock| lock.lock().map(|()| lock));
        Ok(Turn {
            path: self.0.clone(),
            _lock: lock.map_err(|error| Failure::file(&lock_path, error))?,
        })
    }
}

impl Turn {
    /// What is kept, if anything is.
    ///
    /// # Errors
    /// [`Failure::Io`], also when others may read it; [`Failure::Core`] when it is no identity.
    pub(crate) fn load(&self) -> Result<Option<Identity>> {
        match self.read() {
            Ok(bytes) => Identity::load(&bytes).map(Some).map_err(Into::into),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(&self.path, error)),
        }
    }

    /// What is kept, or a new identity, which is kept from now on.
    ///
    /// # Errors
    /// As [`Self::load`] and [`Self::save`].
    pub(crate) fn load_or_make(&self) -> Result<Identity> {
        if let Some(identity) = self.load()? {
            return Ok(identity);
        }
        let identity = Identity::new(random::key()?);
        self.save(&identity.state()?)?;
        Ok(identity)
    }

    /// Keeps `state`: whoever looks sees the old one or the new one, also after a crash.
    ///
    /// # Errors
    /// [`Failure::Io`].
    pub(crate) fn save(&self, state: &[u8]) -> Result<()> {
        self.write(state).map_err(|error| Failure::file(&self.path, error))
    }

    fn read(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        check_private(&metadata)?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a stored identity"));
        }
        // With room for all of it, so that nothing is moved while it grows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0)));
        file.take(metadata.len()).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn write(&self, state: &[u8]) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        // Of mode 0600, and gone again if anything fails.
        let mut file = tempfile::Builder::new().prefix(".hushroom-").tempfile_in(folder)?;
        file.write_all(state)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // The new name is on disk only with its folder.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

/// A key that others can read is theirs too.
#[cfg(unix)]
fn check_private(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if metadata.mode() & 0o077 == 0 {
        return Ok(());
    }
    let message = "other users may read or change this identity: chmod 600 it if you trust it still";
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

#[cfg(not(unix))]
fn check_private(_: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn file() -> (tempfile::TempDir, IdentityFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = IdentityFile::at(&folder.path().join("me.identity"));
        (folder, file)
    }

    #[test]
    fn it_is_made_once_and_stays() {
        let (folder, file) = file();
        assert!(file.turn().unwrap().load().unwrap().is_none());
        let first = file.turn().unwrap().load_or_make().unwrap().device_key();
        assert_eq!(file.turn().unwrap().load_or_make().unwrap().device_key(), first);
        let names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it_or_it_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, file) = file();
        file.turn().unwrap().load_or_make().unwrap();
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            let failure = file.turn().unwrap().load().unwrap_err();
            assert_eq!(failure.exit_code(), 3);
            assert!(failure.to_string().contains("chmod 600"), "{failure}");
        }
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o400)).unwrap();
        assert!(file.turn().unwrap().load().unwrap().is_some());
    }

    #[test]
    fn what_is_no_identity_is_left_alone() {
        let (folder, file) = file();
        let turn = file.turn().unwrap();
        turn.save(b"something else").unwrap();
        assert_eq!(turn.load_or_make().unwrap_err().code(), "INVALID_IDENTITY");
        assert_eq!(fs::read(file.path()).unwrap(), b"something else");
        turn.save(&[]).unwrap();
        assert_eq!(turn.load_or_make().unwrap_err().code(), "INVALID_IDENTITY");
        let absent = IdentityFile::at(&folder.path().join("absent/me.identity"));
        assert_eq!(absent.turn().unwrap_err().exit_code(), 3);
    }

    #[test]
    fn nobody_overwrites_what_another_has_changed() {
        const EACH: u8 = 20;
        let (_folder, file) = file();
        let add = |who: u8| {
            for number in 0..EACH {
                let turn = file.turn().unwrap();
                let mut identity = turn.load_or_make().unwrap();
                identity
                    .contacts
                    .verify(&[who, number].repeat(16).try_into().unwrap(), true, 1);
                turn.save(&identity.state().unwrap()).unwrap();
            }
        };
        thread::scope(|scope| {
            for who in 0..4 {
                scope.spawn(move || add(who));
            }
        });
        let identity = file.turn().unwrap().load().unwrap().unwrap();
        assert_eq!(identity.contacts.known().len(), 4 * usize::from(EACH));
    }
}
