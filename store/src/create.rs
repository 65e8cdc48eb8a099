//! Makes a database, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result, Timestamp};
use rusqlite::Connection;

use crate::error::explain;
use crate::header::{APPLICATION_ID, FileKind, classify};
use crate::lock::exclusive;
use crate::schema::Schema;

/// The version of the schema. Each change of `schema.sql` after a release counts it up.
pub const CURRENT_VERSION: i32 = 1;

/// The fact that names the schema and datasets a database was last opened for writing with.
pub(crate) const FINGERPRINT: &str = "schema_fingerprint";

/// What [`make`] writes into `metadata`.
pub(crate) struct Birth<'a> {
    pub(crate) device: &'a str,
    pub(crate) zone: &'a str,
    pub(crate) now: Timestamp,
    /// What the schema was made for.
    pub(crate) fingerprint: &'a str,
}

/// What opening made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Created {
    /// The database is new.
    pub database: bool,
    /// The data folder is new.
    pub data: bool,
    /// The database was brought up to date; a copy from before lies here.
    pub backup: Option<PathBuf>,
}

/// Makes the database at `path` unless it is there by now. It is built under another name and appears under
/// its own when it is complete, so that a kill leaves nothing half made. Returns whether it was made here.
pub(crate) fn make(path: &Path, schema: &Schema, birth: &Birth<'_>) -> Result<bool> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder.display(), error))?;
    }
    let _lock = exclusive(&beside(path, "lock"))?;
    if classify(path)? != FileKind::Missing {
        return Ok(false);
    }
    let draft = beside(path, "new");
    // Left by a killed process: the lock says nobody is writing it.
    remove(&draft)?;
    remove_companions(&draft)?;
    set_log_aside(path)?;
    private_file(&draft)?;
    fill(&draft, schema, birth).map_err(|error| explain(path, error))?;
    if !has_log_on(&draft)? {
        let cause = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
        return Err(explain(path, rusqlite::Error::SqliteFailure(cause, None)));
    }
    // SQLite does not say when it could not remove one.
    remove_companions(&draft)?;
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::io(draft.display(), error))?;
    fs::rename(&draft, path).map_err(|error| Error::io(path.display(), error))?;
    sync_folder(folder.unwrap_or(Path::new(".")))?;
    Ok(true)
}

/// Removes what SQLite lays beside a database.
fn remove_companions(path: &Path) -> Result<()> {
    ["journal", "wal", "shm"]
        .iter()
        .try_for_each(|suffix| remove(&beside(path, suffix)))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(path.display(), error)),
        _ => Ok(()),
    }
}

/// The log of a database that somebody has deleted would be played into the new one.
fn set_log_aside(path: &Path) -> Result<()> {
    let log = beside(path, "wal");
    if log.exists() {
        let aside = beside(path, "log-without-database");
        fs::rename(&log, aside).map_err(|error| Error::io(log.display(), error))?;
    }
    let _ = fs::remove_file(beside(path, "shm")); // an index of the log, made anew where it is missing
    Ok(())
}

fn fill(draft: &Path, schema: &Schema, birth: &Birth<'_>) -> rusqlite::Result<()> {
    let connection = Connection::open(draft)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(&schema.text)?;
    let mut insert =
        connection.prepare("INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)")?;
    let now = birth.now.to_string();
    let facts = [
        ("schema_version", "3.0.0"),
        ("created_at", now.as_str()),
        ("device", birth.device),
        ("zone", birth.zone),
        (FINGERPRINT, birth.fingerprint),
    ];
    for (key, value) in facts {
        insert.execute((key, value, &now))?;
    }
    drop(insert);
    connection.pragma_update(None, "user_version", CURRENT_VERSION)?;
    connection.execute_batch("COMMIT; PRAGMA journal_mode = WAL;")?;
    connection.close().map_err(|(_, error)| error)
}

/// Whether a database has the write-ahead log turned on. Where turning it on fails SQLite may well say nothing,
/// and nobody would do it later.
fn has_log_on(path: &Path) -> Result<bool> {
    let mut header = [0; 20];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut header))
        .map_err(|error| Error::io(path.display(), error))?;
    Ok(header[18..] == [2, 2])
}

/// The path with `.suffix` added to the whole name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(if matches!(suffix, "wal" | "shm" | "journal") {
        "-"
    } else {
        "."
    });
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes an empty file that only this user can read.
pub(crate) fn private_file(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| Error::io(path.display(), error))
}

/// Makes a new name in a folder last. Not every file system can, and those that cannot do it by themselves.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !is_impossible(&error) => Err(Error::io(folder.display(), error)),
        _ => Ok(()),
    }
}

/// Whether the file system does not open or sync folders at all.
fn is_impossible(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
    )
}
