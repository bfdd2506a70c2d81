//! Where results go: a file that appears only when it is whole, or a stream.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tempfile::NamedTempFile;

use crate::failure::{Failure, Result};

/// What is removed when a signal ends the process in the middle of a file: nothing else would run then.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes files that are not whole. The process has to end after that.
pub(crate) fn remove_unfinished() {
    for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(path);
    }
}

fn forget(path: &Path) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.retain(|known| known != path);
}

/// An output that is being written. Dropped without [`Output::finish`], a file leaves nothing behind.
pub(crate) enum Output {
    /// Beside its target, with which it changes places in the end.
    File {
        temporary: NamedTempFile,
        target: PathBuf,
        replace: bool,
    },
    /// Standard output, a device or a named pipe.
    Stream(File),
}

impl Output {
    /// A file at `path`, which is refused if something is there and `replace` is not set. Devices and named pipes are written
    /// to as they are.
    pub(crate) fn create(path: &Path, replace: bool) -> Result<Self> {
        let failed = |error| Failure::file(path, error);
        let mut target = path.to_owned();
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(failed(io::Error::from(io::ErrorKind::IsADirectory))),
            Ok(found) if !found.is_file() => {
                let stream = File::options().write(true).open(path).map_err(failed)?;
                return Ok(Self::Stream(stream));
            }
            Ok(_) if replace => target = fs::canonicalize(path).map_err(failed)?,
            Ok(_) => {
                let message = "there is a file of that name; --force replaces it";
                return Err(failed(io::Error::new(io::ErrorKind::AlreadyExists, message)));
            }
            Err(_) => {}
        }
        let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hushroom-");
        // As any new file: the user's mask applies.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.push(temporary.path().to_owned());
        Ok(Self::File {
            temporary,
            target,
            replace,
        })
    }

    /// Standard output, without the buffer that looks for line breaks.
    pub(crate) fn stdout() -> Result<Self> {
        #[cfg(unix)]
        let stream = std::os::fd::AsFd::as_fd(&io::stdout())
            .try_clone_to_owned()
            .map(File::from);
        #[cfg(windows)]
        let stream = std::os::windows::io::AsHandle::as_handle(&io::stdout())
            .try_clone_to_owned()
            .map(File::from);
        stream
            .map(Self::Stream)
            .map_err(|error| Failure::io("standard output", error))
    }

    /// Everything is written: the file takes its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush().map_err(|error| Failure::io("output", error))?;
        let Self::File {
            temporary,
            target,
            replace,
        } = self
        else {
            return Ok(());
        };
        forget(temporary.path());
        let persisted = if replace {
            temporary.persist(&target)
        } else {
            temporary.persist_noclobber(&target)
        };
        persisted
            .map(|_| ())
            .map_err(|error| Failure::file(&target, error.error))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { temporary, .. } => temporary.as_file_mut().write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { temporary, .. } => temporary.as_file_mut().flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}
