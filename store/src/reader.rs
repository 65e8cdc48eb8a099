//! Reading: connections that cannot write, and queries that end at their deadline.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use datalake_core::{Dataset, Error, Result, Value};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, params_from_iter};
use serde::Serialize;

use crate::database::open_reader;
use crate::error::{explain, plain};
use crate::history::{self, LastRun};
use crate::lookup::{self, FoundRow};
use crate::rejects::{self, StoredReject};

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// Text; what is not UTF-8 in it is replaced.
    Text(String),
    /// The length of bytes that are no text.
    Bytes(String),
}

impl Cell {
    pub(crate) fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Blob(bytes) => {
                Self::Bytes(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
            }
        }
    }
}

/// An answer as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A connection that cannot write.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    database: PathBuf,
    deadline: Deadline,
}

impl Reader {
    /// Opens the database at `path` for reading.
    pub fn open(path: &Path, busy_timeout: Duration) -> Result<Self> {
        let mut connection = open_reader(path, busy_timeout)?;
        let limited = connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0);
        let deadline = limited.and_then(|_| Deadline::install(&mut connection));
        let deadline = deadline.map_err(|error| explain(path, error))?;
        Ok(Self {
            connection,
            database: path.to_owned(),
            deadline,
        })
    }

    /// Runs one statement and hands out its rows until `take` says stop by returning false.
    ///
    /// # Errors
    /// The statement is wrong or would write (usage), or ran past `deadline` and was cancelled.
    pub fn each(
        &self,
        sql: &str,
        parameters: &[Cell],
        deadline: Duration,
        mut take: impl FnMut(&[String], Vec<Cell>) -> Result<bool>,
    ) -> Result<Vec<String>> {
        self.deadline.set(deadline);
        let failed = |error| self.explain(error);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        if !statement.readonly() {
            return Err(Error::usage(
                "this statement would change the database; only reading is allowed here",
            ));
        }
        let columns: Vec<String> = statement.column_names().map(String::from).collect();
        let mut rows = statement
            .query(params_from_iter(parameters))
            .map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let cells = (0..columns.len()).map(|place| row.get_ref(place).map(Cell::of));
            let cells = cells
                .collect::<rusqlite::Result<Vec<_>>>()
                .map_err(failed)?;
            if !take(&columns, cells)? {
                break;
            }
        }
        Ok(columns)
    }

    /// Runs one statement and collects its rows.
    ///
    /// # Errors
    /// As [`Reader::each`].
    pub fn table(&self, sql: &str, parameters: &[Cell], deadline: Duration) -> Result<Table> {
        let mut rows = Vec::new();
        let columns = self.each(sql, parameters, deadline, |_, row| {
            rows.push(row);
            Ok(true)
        })?;
        Ok(Table { columns, rows })
    }

    /// The newest run of a source that one of `triggers` started; with none given, the newest of all.
    ///
    /// # Errors
    /// The database cannot be read, or not before `deadline`.
    pub fn last_run(
        &self,
        source: &str,
        triggers: &[&str],
        deadline: Duration,
    ) -> Result<Option<LastRun>> {
        self.read(deadline, |db| history::last_run(db, source, triggers))
    }

    /// Whether a run that was to happen once has happened: one with the trigger `once` ended well.
    ///
    /// # Errors
    /// As [`Reader::last_run`].
    pub fn once_done(&self, source: &str, deadline: Duration) -> Result<bool> {
        self.read(deadline, |db| history::once_done(db, source))
    }

    /// The row of a dataset of ordinary rows that has this key, its values in the order of [`Dataset::key`].
    ///
    /// # Errors
    /// As [`Reader::last_run`].
    pub fn row(
        &self,
        dataset: &Dataset,
        key: &[Value],
        deadline: Duration,
    ) -> Result<Option<FoundRow>> {
        self.read(deadline, |db| lookup::by_key(db, dataset, key))
    }

    /// A page of the open rejects: see [`Store::open_rejects`](crate::Store::open_rejects).
    ///
    /// # Errors
    /// As [`Reader::last_run`].
    pub fn open_rejects(
        &self,
        source: Option<&str>,
        ids: &[i64],
        after: i64,
        deadline: Duration,
    ) -> Result<Vec<StoredReject>> {
        self.read(deadline, |db| rejects::open(db, source, ids, after))
    }

    /// Runs `work`, which has to end by `deadline`.
    pub(crate) fn read<T>(
        &self,
        deadline: Duration,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.deadline.set(deadline);
        work(&self.connection).map_err(|error| self.explain(error))
    }

    /// Gives what is being read so much time from now on.
    pub(crate) fn allow(&self, deadline: Duration) {
        self.deadline.set(deadline);
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn explain(&self, error: rusqlite::Error) -> Error {
        match &error {
            rusqlite::Error::SqlInputError {
                msg, sql, offset, ..
            } => point_at(msg, sql, *offset),
            rusqlite::Error::MultipleStatement => Error::usage("give one statement at a time"),
            rusqlite::Error::SqliteFailure(code, _) if code.code == ErrorCode::Unknown => {
                Error::usage(plain(&error))
            }
            rusqlite::Error::InvalidParameterCount(..) => Error::usage(
                "the statement has parameters (? or :name) and nothing to fill them with",
            ),
            _ => explain(&self.database, error),
        }
    }
}

/// Shows the place of a mistake in a statement.
fn point_at(message: &str, sql: &str, offset: i32) -> Error {
    let Some(before) = usize::try_from(offset)
        .ok()
        .and_then(|offset| sql.get(..offset))
    else {
        return Error::usage(message.to_owned());
    };
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = sql[start..].lines().next().unwrap_or_default();
    let column = before[start..].chars().count();
    Error::usage(format!("{message}\n  {line}\n  {}^", " ".repeat(column)))
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => rusqlite::types::Null.into(),
            Self::Integer(number) => (*number).into(),
            Self::Real(number) => (*number).into(),
            Self::Text(text) | Self::Bytes(text) => text.as_str().into(),
        })
    }
}

/// The instant at which the running query must end, in nanoseconds since the connection was opened. SQLite
/// asks now and then, cancels the query when it has passed, and the connection can be used again.
#[derive(Debug, Clone)]
struct Deadline {
    opened: Instant,
    end: Arc<AtomicU64>,
}

impl Deadline {
    fn install(connection: &mut Connection) -> rusqlite::Result<Self> {
        let deadline = Self {
            opened: Instant::now(),
            end: Arc::new(AtomicU64::new(u64::MAX)),
        };
        let own = deadline.clone();
        // 4,000 steps of SQLite's machine are a few tens of microseconds.
        connection.progress_handler(4_000, Some(move || own.has_passed()))?;
        Ok(deadline)
    }

    fn has_passed(&self) -> bool {
        self.opened.elapsed().as_nanos() >= u128::from(self.end.load(Ordering::Relaxed))
    }

    fn set(&self, limit: Duration) {
        let end = self.opened.elapsed().saturating_add(limit).as_nanos();
        self.end
            .store(u64::try_from(end).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
