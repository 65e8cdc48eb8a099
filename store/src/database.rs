//! The one place that opens connections, and what they are set to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use datalake_core::Result;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::explain;

/// How sure a commit is before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// It survives a power loss.
    #[default]
    Full,
    /// A power loss may take the last commits, rows and checkpoints together; they are read again.
    Normal,
}

/// Where the store is and how it works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database.
    pub database: PathBuf,
    /// The root of the file tree.
    pub data: PathBuf,
    /// How long to wait for another program's lock.
    pub busy_timeout: Duration,
    /// The page cache of the writer, in bytes.
    pub cache: u64,
    /// How sure a commit is.
    pub synchronous: Synchronous,
    /// The database never grows beyond this many bytes.
    pub max_size: Option<u64>,
}

impl Settings {
    /// The usual settings for a database and a data folder.
    pub fn new(database: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self {
            database: database.into(),
            data: data.into(),
            busy_timeout: Duration::from_secs(10),
            cache: 16 << 20,
            synchronous: Synchronous::default(),
            max_size: None,
        }
    }
}

/// The writer's connection. Triggers are off: the writer keeps the full-text indexes itself, a batch at a time.
pub(crate) fn open_writer(settings: &Settings) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&settings.database, flags)?;
        connection.busy_timeout(settings.busy_timeout)?;
        let synchronous = match settings.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -((settings.cache >> 10) as i64))?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // 16 MiB of log: a page that many batches change is copied into the database once.
        connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        if let Some(size) = settings.max_size {
            let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
            connection.pragma_update(None, "max_page_count", (size as i64 / page.max(1)).max(1))?;
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        connection.set_prepared_statement_cache_capacity(256);
        // Plans do not follow the values: or SQLite would make those of the large views anew for every row.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    };
    open().map_err(|error| explain(&settings.database, error))
}

/// A connection that cannot write.
pub(crate) fn open_reader(database: &Path, busy_timeout: Duration) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(busy_timeout)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    open().map_err(|error| explain(database, error))
}
