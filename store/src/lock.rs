//! Operating-system locks: one a source, so that two processes never read the same source at once. A killed
//! process releases its locks by dying; nothing is left to clean up.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result};

/// A lock on a source, held until dropped.
#[derive(Debug)]
pub struct SourceLock {
    _file: File,
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum LockState {
    /// It is ours now.
    Taken(SourceLock),
    /// Somebody has it; what they wrote about themselves.
    Held(String),
}

/// Asks for the lock of `source` of the database at `database`, without waiting. `holder` is what others are
/// told about us while we hold it.
pub(crate) fn try_source(database: &Path, source: &str, holder: &str) -> Result<LockState> {
    let path = lock_path(database, source)?;
    let mut file = open(&path)?;
    match file.try_lock() {
        Ok(()) => {
            let written = file
                .set_len(0)
                .and_then(|()| file.write_all(holder.as_bytes()))
                .and_then(|()| file.flush());
            written.map_err(|error| Error::io(path.display(), error))?;
            Ok(LockState::Taken(SourceLock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // The holder may be writing it just now; the name alone is told then.
            let _ = file
                .seek(SeekFrom::Start(0))
                .and_then(|_| file.read_to_string(&mut text));
            Ok(LockState::Held(text))
        }
        Err(TryLockError::Error(error)) => Err(Error::io(path.display(), error)),
    }
}

/// The lock file of a source. The name is made safe, and told apart by a hash where that changed it.
fn lock_path(database: &Path, source: &str) -> Result<PathBuf> {
    let mut folder = database.as_os_str().to_owned();
    folder.push(".locks");
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder).map_err(|error| Error::io(folder.display(), error))?;
    let safe: String = source
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let tail = if safe == source {
        String::new()
    } else {
        format!("-{}", &blake3::hash(source.as_bytes()).to_hex()[..8])
    };
    Ok(folder.join(format!("{safe}{tail}.lock")))
}

/// Waits for and takes the lock file at `path`.
pub(crate) fn exclusive(path: &Path) -> Result<File> {
    let file = open(path)?;
    file.lock()
        .map_err(|error| Error::io(path.display(), error))?;
    Ok(file)
}

/// Takes the lock file at `path` unless somebody has it.
pub(crate) fn try_exclusive(path: &Path) -> Result<Option<File>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(path.display(), error)),
    }
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| Error::io(path.display(), error))
}
