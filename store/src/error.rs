//! Turns SQLite's failures into words with a cause and a cure.

use std::path::Path;

use datalake_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// Explains a failure of SQLite at `database`.
pub(crate) fn explain(database: &Path, error: rusqlite::Error) -> Error {
    let place = database.display().to_string();
    let code = error.sqlite_error_code();
    let (kind, message, hint) = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ErrorKind::Temporary,
            "the database is locked by another program",
            "close what has it open (another datalake, a database browser) and run again",
        ),
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Temporary,
            "the disk is full, or the database has reached [store] max_size",
            "make room, then run again: what was committed stays and the rest is read again",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            ErrorKind::Permanent,
            "the database is read-only",
            "make the file and its folder writable for this user",
        ),
        Some(ErrorCode::DatabaseCorrupt) => (
            ErrorKind::Permanent,
            "the database is damaged",
            "restore a backup; the damaged file is left as it is",
        ),
        Some(ErrorCode::NotADatabase) => (
            ErrorKind::Permanent,
            "this is not a database",
            "name another file with DB_FILE or [store] db_file",
        ),
        Some(ErrorCode::CannotOpen) => (
            ErrorKind::Permanent,
            "the database cannot be opened",
            "check that the folder exists and may be written by this user",
        ),
        Some(ErrorCode::SystemIoFailure) => (
            ErrorKind::Temporary,
            "reading or writing the database failed",
            "make room if the disk is full, else check it; then run again",
        ),
        Some(ErrorCode::OperationInterrupted) => (
            ErrorKind::Cancelled,
            "the query took too long and was stopped",
            "narrow it or allow it more time",
        ),
        _ => return Error::bug(plain(&error)).at(place).caused_by(error),
    };
    Error::new(kind, message)
        .at(place)
        .hint(hint)
        .caused_by(error)
}

/// SQLite's own words, without the wrapping.
pub(crate) fn plain(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

/// Whether trying the same transaction again may help.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Whether a single record broke a rule of its table, so that it alone is at fault.
pub(crate) fn is_record_fault(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    )
}
