//! Operating-system locks: one a source while it is read, so that two processes never read the same source at
//! once, and one a source for as long as it is watched. A killed process releases its locks by dying; nothing
//! is left to clean up.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use datalake_core::{Error, Result, Timestamp};

/// Whoever looks at a lock has it for an instant; a lock that is refused so often, so far apart, is held.
const ATTEMPTS: u32 = 3;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(1);

/// Who holds a lock: what others are told while it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// What it holds the lock for: what started its run, `forget`, `preview`.
    pub trigger: String,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// This process, from `since` on.
    pub fn this_process(trigger: impl Into<String>, since: Timestamp) -> Self {
        Self {
            pid: std::process::id(),
            trigger: trigger.into(),
            since,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            trigger,
            since,
        } = self;
        write!(f, "process {pid} ({trigger}), since {since}")
    }
}

/// A text that names no holder of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAHolder;

impl fmt::Display for NotAHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this names no holder of a lock")
    }
}

impl std::error::Error for NotAHolder {}

impl FromStr for Holder {
    type Err = NotAHolder;

    fn from_str(text: &str) -> Result<Self, NotAHolder> {
        let parse = || {
            let (pid, rest) = text.strip_prefix("process ")?.split_once(" (")?;
            let (trigger, since) = rest.rsplit_once("), since ")?;
            Some(Self {
                pid: pid.parse().ok()?,
                trigger: trigger.to_owned(),
                since: since.parse().ok()?,
            })
        };
        parse().ok_or(NotAHolder)
    }
}

/// What a lock is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// Reading a source.
    Source,
    /// Watching a source: held for days, while the source's own lock comes and goes.
    Watch,
}

/// A lock on a source, held until dropped.
#[derive(Debug)]
pub struct SourceLock {
    file: File,
}

impl Drop for SourceLock {
    fn drop(&mut self) {
        // Whoever only wants to know need not try the lock then. What is left by a killed process is tried.
        let _ = self.file.set_len(0);
    }
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum LockState {
    /// It is ours now.
    Taken(SourceLock),
    /// Somebody has it, and says so unless they have only just taken it.
    Held(Option<Holder>),
}

/// What a look at a lock showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockUse {
    /// Nobody has it.
    Free,
    /// Somebody has it, and says so unless they have only just taken it.
    Held(Option<Holder>),
}

/// Asks for a lock on `source` of the database at `database`, without waiting. `holder` is what others are
/// told about us while we hold it.
pub(crate) fn try_lock(
    database: &Path,
    source: &str,
    kind: LockKind,
    holder: &Holder,
) -> Result<LockState> {
    let folder = lock_folder(database);
    fs::create_dir_all(&folder).map_err(|error| Error::io(folder.display(), error))?;
    let path = folder.join(lock_name(source, kind));
    let failed = |error| Error::io(path.display(), error);
    let mut file = open(&path)?;
    for attempt in 1..=ATTEMPTS {
        match file.try_lock() {
            Ok(()) => {
                let written = file
                    .set_len(0)
                    .and_then(|()| file.write_all(holder.to_string().as_bytes()));
                written.map_err(failed)?;
                return Ok(LockState::Taken(SourceLock { file }));
            }
            Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => {
                std::thread::sleep(BETWEEN_ATTEMPTS);
            }
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    Ok(LockState::Held(read_holder(&mut file)))
}

/// Looks who has a lock on `source` of the database at `database`, without taking it, making files or keeping
/// anybody waiting.
///
/// # Errors
/// The lock cannot be looked at.
pub fn lock_use(database: &Path, source: &str, kind: LockKind) -> Result<LockUse> {
    let path = lock_folder(database).join(lock_name(source, kind));
    let failed = |error| Error::io(path.display(), error);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LockUse::Free),
        Err(error) => return Err(failed(error)),
    };
    // Without a word in it nobody has it, but for one who is about to write it.
    if file.metadata().map_err(failed)?.len() == 0 {
        return Ok(LockUse::Free);
    }
    match file.try_lock_shared() {
        Ok(()) => Ok(LockUse::Free),
        Err(TryLockError::WouldBlock) => Ok(LockUse::Held(read_holder(&mut file))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// What the holder wrote about itself; it may be writing it just now.
fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    text.parse().ok()
}

fn lock_folder(database: &Path) -> PathBuf {
    let mut folder = database.as_os_str().to_owned();
    folder.push(".locks");
    PathBuf::from(folder)
}

/// The lock file of a source. The name is made safe, and told apart by a hash where that changed it.
fn lock_name(source: &str, kind: LockKind) -> String {
    let safe: String = source
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || c == '-' || c == '_' => c,
            _ => '_',
        })
        .collect();
    let tail = if safe == source {
        String::new()
    } else {
        format!("-{}", &blake3::hash(source.as_bytes()).to_hex()[..8])
    };
    let suffix = match kind {
        LockKind::Source => "lock",
        LockKind::Watch => "watch.lock",
    };
    format!("{safe}{tail}.{suffix}")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(trigger: &str) -> Holder {
        Holder::this_process(trigger, Timestamp::EPOCH)
    }

    #[test]
    fn a_holder_reads_what_it_shows() {
        for trigger in ["manual", "", "a (b), since c"] {
            let holder = holder(trigger);
            assert_eq!(holder.to_string().parse(), Ok(holder));
        }
        assert_eq!(
            holder("watch").to_string(),
            format!(
                "process {} (watch), since 1970-01-01T00:00:00.000000Z",
                std::process::id()
            )
        );
        for odd in [
            "",
            "process",
            "process x (y), since z",
            "process 1 (manual)",
        ] {
            assert_eq!(odd.parse::<Holder>(), Err(NotAHolder), "{odd}");
        }
    }

    #[test]
    fn a_look_tells_the_holder_and_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("lake.db");
        let look = |kind| lock_use(&database, "mails", kind).unwrap();
        assert_eq!(look(LockKind::Source), LockUse::Free);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let take = |kind, trigger| try_lock(&database, "mails", kind, &holder(trigger)).unwrap();
        let LockState::Taken(watch) = take(LockKind::Watch, "watch") else {
            panic!("nobody has it");
        };
        assert_eq!(look(LockKind::Watch), LockUse::Held(Some(holder("watch"))));
        assert_eq!(look(LockKind::Source), LockUse::Free);
        // A run comes in between.
        let LockState::Taken(run) = take(LockKind::Source, "manual") else {
            panic!("nobody has it");
        };
        assert_eq!(
            look(LockKind::Source),
            LockUse::Held(Some(holder("manual")))
        );
        let refused = take(LockKind::Source, "schedule");
        assert!(matches!(refused, LockState::Held(Some(who)) if who == holder("manual")));
        drop((run, watch));
        assert_eq!(look(LockKind::Source), LockUse::Free);
        assert_eq!(look(LockKind::Watch), LockUse::Free);
        assert!(matches!(take(LockKind::Source, "x"), LockState::Taken(_)));
    }

    #[test]
    fn what_a_killed_holder_wrote_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("lake.db");
        let kind = LockKind::Source;
        drop(try_lock(&database, "a/b", kind, &holder("manual")).unwrap());
        let file = lock_folder(&database).join(lock_name("a/b", kind));
        fs::write(&file, holder("killed").to_string()).unwrap();
        assert_eq!(lock_use(&database, "a/b", kind).unwrap(), LockUse::Free);
    }
}
