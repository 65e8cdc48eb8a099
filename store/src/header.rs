//! Says what a database file is from its first 100 bytes, without SQLite: opening a file with SQLite may
//! already change it or lay files beside it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use datalake_core::{Error, Result};
use rusqlite::{Connection, OpenFlags};

use crate::create::{CURRENT_VERSION, beside};

/// The application id in the header of every datalake database: "dlak".
pub(crate) const APPLICATION_ID: i32 = 0x646C_616B;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What lies at the place of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Nothing.
    Missing,
    /// A database of ours, with its schema version.
    Ours(i32),
    /// A database of the predecessor, with the version its `metadata` table names.
    Seed(String),
}

/// Looks at the file at `path`, without changing it.
///
/// # Errors
/// The file is empty, cut short, no database, another program's, or of a newer datalake.
pub fn classify(path: &Path) -> Result<FileKind> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        // Where a link leads may be a disk that is not mounted; a new database would take the link's place.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.is_symlink() => {
            return Err(refuse(
                path,
                "this link leads to nothing",
                "mount or restore what it leads to, or remove the link",
            ));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(FileKind::Missing),
        Err(error) => return Err(Error::io(path.display(), error)),
    };
    if !metadata.is_file() {
        return Err(refuse(
            path,
            "this is not a file",
            "name a file with DB_FILE or [store] db_file",
        ));
    }
    let mut header = Vec::with_capacity(100);
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(|error| Error::io(path.display(), error))?;
    read_header(path, &header, metadata.len())
}

fn read_header(path: &Path, header: &[u8], size: u64) -> Result<FileKind> {
    if header.is_empty() {
        return Err(refuse(
            path,
            "the file is empty, so it is no database",
            "restore a backup, or delete the file to start anew",
        ));
    }
    if !header.starts_with(MAGIC) {
        return Err(refuse(
            path,
            "this is not a database, or its start is damaged",
            "restore a backup, or name another file with DB_FILE or [store] db_file",
        ));
    }
    let word = |at: usize| {
        header
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, i32::from_be_bytes)
    };
    let page = match header.get(16..18) {
        Some([0, 1]) => 65_536,
        Some(&[high, low]) => u64::from(high) << 8 | u64::from(low),
        _ => 0,
    };
    if header.len() < 100 || page < 512 || is_cut(size, page, &word) && !has_log(path) {
        return Err(damaged(path));
    }
    match (word(68), word(60)) {
        (APPLICATION_ID, version) if version > CURRENT_VERSION => Err(refuse(
            path,
            &format!(
                "the database has schema version {version}; this datalake knows {CURRENT_VERSION}"
            ),
            "use the newer datalake that wrote it",
        )),
        (APPLICATION_ID, version) if version > 0 => Ok(FileKind::Ours(version)),
        (0, _) => foreign(path),
        _ => Err(refuse(
            path,
            "the database belongs to another program",
            "name another file with DB_FILE or [store] db_file",
        )),
    }
}

/// Whether pages are missing at the end, or part of one. Both are so, too, where a process was stopped while it
/// copied pages from the write-ahead log: SQLite copies them again.
fn is_cut(size: u64, page: u64, word: &impl Fn(usize) -> i32) -> bool {
    let pages = u64::from(word(28).unsigned_abs());
    !size.is_multiple_of(page) || word(24) == word(92) && pages * page > size
}

fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "wal")).is_ok_and(|log| log.len() > 0)
}

/// A database without our mark: the predecessor's, or somebody else's.
fn foreign(path: &Path) -> Result<FileKind> {
    let other = || {
        refuse(
            path,
            "the database is not a datalake's",
            "name another file with DB_FILE or [store] db_file",
        )
    };
    seed_version(path).map(FileKind::Seed).ok_or_else(other)
}

/// The version in the predecessor's `metadata`, read without taking locks or laying files beside it.
fn seed_version(path: &Path) -> Option<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let escaped = path
        .to_str()?
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let connection =
        Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).ok()?;
    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('audio', 'transcripts', 'screenshots')",
            [],
            |row| row.get(0),
        )
        .ok()?;
    let version = connection
        .query_row(
            "SELECT value FROM metadata WHERE key = 'schema_version'",
            [],
            |row| row.get::<_, String>(0),
        )
        .ok()?;
    (tables == 3).then_some(version)
}

fn refuse(path: &Path, message: &str, hint: &str) -> Error {
    Error::permanent(message)
        .at(path.display().to_string())
        .hint(hint)
}

/// The error for a database that SQLite or we found damaged.
pub(crate) fn damaged(path: &Path) -> Error {
    refuse(
        path,
        "the database is damaged",
        "restore a backup; the damaged file is left as it is",
    )
}

/// The error for a database of the predecessor.
pub(crate) fn seed_found(path: &Path, version: &str) -> Error {
    refuse(
        path,
        &format!(
            "this is a database of the Python datalake, version {version}; it is left untouched"
        ),
        "name another file with DB_FILE or [store] db_file for the new database",
    )
}
