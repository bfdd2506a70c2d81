//! File keys: from a file, from the environment, or new.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::Path,
};

use base64ct::{Base64UrlUnpadded, Encoding};
use hushroom::secret::Key;
use zeroize::Zeroizing;

use crate::{
    args::{KeyFrom, KeyFromOrNew},
    failure::{Failure, Result},
    random,
};

/// More than any form of a key has.
const MAX_KEY_FILE_BYTES: u64 = 256;

impl KeyFrom {
    /// The key.
    pub(super) fn read(&self) -> Result<Key> {
        match (&self.key_file, &self.key_env) {
            (Some(path), _) => from_file(path),
            (None, Some(name)) => from_env(name),
            (None, None) => Err(Failure::Usage("no key was given".to_owned())),
        }
    }
}

impl KeyFromOrNew {
    /// The key, which is made first if that was asked for.
    pub(super) fn read(&self) -> Result<Key> {
        match (&self.generate_key, &self.key_file, &self.key_env) {
            (Some(path), ..) => generate(path),
            (None, Some(path), _) => from_file(path),
            (None, None, Some(name)) => from_env(name),
            (None, None, None) => Err(Failure::Usage("no key was given".to_owned())),
        }
    }
}

fn from_file(path: &Path) -> Result<Key> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE_BYTES as usize + 32));
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_FILE_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| Failure::file(path, error))?;
    if bytes.len() == Key::LENGTH {
        return Ok(Key::from_slice(&bytes)?);
    }
    decode(&bytes)
}

fn from_env(name: &OsStr) -> Result<Key> {
    let text = std::env::var_os(name)
        .map(|value| Zeroizing::new(value.into_encoded_bytes()))
        .ok_or_else(|| Failure::Usage(format!("the environment has no {}", name.display())))?;
    decode(&text)
}

/// base64url of 32 bytes, with white space around it.
fn decode(text: &[u8]) -> Result<Key> {
    let invalid = || Failure::Usage("a key is 32 bytes, or 43 characters of base64url".to_owned());
    Key::try_fill(|key| {
        Base64UrlUnpadded::decode(text.trim_ascii(), key)
            .ok()
            .filter(|bytes| bytes.len() == Key::LENGTH)
            .map(|_| ())
            .ok_or(hushroom::Error::InvalidArgument("key"))
    })
    .map_err(|_| invalid())
}

/// Makes a key and keeps it in a new file that only this user can read.
fn generate(path: &Path) -> Result<Key> {
    let key = random::key()?;
    let mut text = Zeroizing::new(Base64UrlUnpadded::encode_string(key.expose()));
    text.push('\n');
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = fs::remove_file(path);
        }
        written
    });
    written.map_err(|error| Failure::file(path, error))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_key() {
        let text = Base64UrlUnpadded::encode_string(&[0xfb; 32]);
        for good in [text.clone(), format!("{text}\n"), format!("  {text}\r\n")] {
            assert_eq!(decode(good.as_bytes()).unwrap().expose(), &[0xfb; 32]);
        }
        for bad in [
            "",
            "AAAA",
            &text[1..],
            &format!("{text}="),
            &format!("{text}A"),
            &text.replace('-', "+"),
        ] {
            assert_eq!(decode(bad.as_bytes()).unwrap_err().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn a_new_key_is_private_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = generate(&path).unwrap();
        assert_eq!(from_file(&path).unwrap().expose(), key.expose());
        assert_eq!(generate(&path).unwrap_err().exit_code(), 3);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, [5; 32]).unwrap();
        assert_eq!(from_file(&path).unwrap().expose(), &[5; 32]);
    }
}
