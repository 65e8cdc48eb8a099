//! The floor: the fastest simple program that does the same insertions as the memory ingest.
//!
//! What the real program costs is given as a multiple of this, because seconds differ from
//! machine to machine and from hour to hour. So that nobody can make the floor slow by accident,
//! it does each thing once: one reader, one prepared statement, no allocation for a row.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};
use serde::Deserialize;

use crate::Outcome;

/// SQLite's page cache, the same as the program is given.
pub(crate) const CACHE_MIB: u32 = 16;
const ROWS_PER_TRANSACTION: u64 = 10_000;
const READER: usize = 1 << 20;
const MIB: f64 = 1_048_576.0;
const DEVICE: &str = "desktop";
/// The real schema, so that the floor cannot fall behind when the table changes.
const SCHEMA: &str = include_str!("../../schema.sql");
const INSERT: &str = "INSERT INTO memory_samples \
    (device, time, pid, rss_bytes, rss_mb, rate, session, command, extra) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '') ON CONFLICT DO NOTHING";
const WIDE: &str = "\
    CREATE TABLE memory_metrics (
        device TEXT NOT NULL,
        ts INTEGER NOT NULL,
        pid INTEGER NOT NULL,
        rss_bytes INTEGER NOT NULL,
        rss_mb REAL,
        rate_mb_min REAL,
        command TEXT,
        session_id TEXT
    );
    CREATE UNIQUE INDEX memory_metrics_key ON memory_metrics(device, ts, pid);";
const INSERT_WIDE: &str = "INSERT INTO memory_metrics \
    (device, ts, pid, rss_bytes, rss_mb, rate_mb_min, command, session_id) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";

/// One line, borrowed from the read buffer.
#[derive(Deserialize)]
struct Line<'a> {
    timestamp: i64,
    pid: i64,
    rss_bytes: i64,
    rss_mb: f64,
    rate_mb_min: f64,
    command: &'a str,
    session_id: &'a str,
}

/// A decimal as the table holds it: see the comment on `memory_samples` in schema.sql.
enum Decimal {
    Derived,
    Thousandths(i64),
    Float(f64),
}

impl Decimal {
    fn new(value: f64) -> Self {
        let thousandths = (value * 1000.0).round();
        if thousandths.abs() < 1e15 && thousandths / 1000.0 == value {
            Self::Thousandths(thousandths as i64)
        } else {
            Self::Float(value)
        }
    }

    fn of_rss(megabytes: f64, bytes: i64) -> Self {
        if megabytes == bytes as f64 / MIB {
            Self::Derived
        } else {
            Self::new(megabytes)
        }
    }
}

impl ToSql for Decimal {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Derived => ValueRef::Text(b""),
            Self::Thousandths(thousandths) => ValueRef::Integer(thousandths),
            Self::Float(value) => ValueRef::Real(value),
        }))
    }
}

/// The numbers that stand for texts, in the schema's `texts`.
struct Dictionary<'a> {
    insert: Statement<'a>,
    known: HashMap<String, i64>,
}

impl<'a> Dictionary<'a> {
    fn new(connection: &'a Connection) -> Outcome<Self> {
        let insert = connection.prepare("INSERT INTO texts(value) VALUES (?1)")?;
        Ok(Self {
            insert,
            known: HashMap::new(),
        })
    }

    fn id(&mut self, text: &str) -> Outcome<i64> {
        if let Some(id) = self.known.get(text) {
            return Ok(*id);
        }
        let id = self.insert.insert([text])?;
        self.known.insert(text.to_owned(), id);
        Ok(id)
    }
}

/// Puts the lines of `file` into a new database in the program's own compact table.
pub(crate) fn compact(file: &Path, database: &Path) -> Outcome<()> {
    let connection = open(database)?;
    connection.execute_batch(&table("texts")?)?;
    connection.execute_batch(&table("memory_samples")?)?;
    {
        let mut dictionary = Dictionary::new(&connection)?;
        let mut insert = connection.prepare(INSERT)?;
        // SQLite keeps what is bound, so what never changes is bound once.
        insert.raw_bind_parameter(1, dictionary.id(DEVICE)?)?;
        each_line(file, &connection, |line| {
            insert.raw_bind_parameter(2, line.timestamp * 1_000_000)?;
            insert.raw_bind_parameter(3, line.pid)?;
            insert.raw_bind_parameter(4, line.rss_bytes)?;
            insert.raw_bind_parameter(5, Decimal::of_rss(line.rss_mb, line.rss_bytes))?;
            insert.raw_bind_parameter(6, Decimal::new(line.rate_mb_min))?;
            insert.raw_bind_parameter(7, dictionary.id(line.session_id)?)?;
            insert.raw_bind_parameter(8, dictionary.id(line.command)?)?;
            insert.raw_execute()?;
            Ok(())
        })?;
    }
    close(connection)
}

/// Puts them into a plain table with texts in it and one unique index, as most people would.
pub(crate) fn wide(file: &Path, database: &Path) -> Outcome<()> {
    let connection = open(database)?;
    connection.execute_batch(WIDE)?;
    {
        let mut insert = connection.prepare(INSERT_WIDE)?;
        insert.raw_bind_parameter(1, DEVICE)?;
        each_line(file, &connection, |line| {
            insert.raw_bind_parameter(2, line.timestamp)?;
            insert.raw_bind_parameter(3, line.pid)?;
            insert.raw_bind_parameter(4, line.rss_bytes)?;
            insert.raw_bind_parameter(5, line.rss_mb)?;
            insert.raw_bind_parameter(6, line.rate_mb_min)?;
            insert.raw_bind_parameter(7, line.command)?;
            insert.raw_bind_parameter(8, line.session_id)?;
            insert.raw_execute()?;
            Ok(())
        })?;
    }
    close(connection)
}

fn open(database: &Path) -> Outcome<Connection> {
    let connection = Connection::open(database)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -{};",
        CACHE_MIB * 1024
    ))?;
    Ok(connection)
}

/// Closing moves the write-ahead log into the database: part of the work, so part of the cost.
fn close(connection: Connection) -> Outcome<()> {
    connection.close().map_err(|(_, error)| error.into())
}

/// Hands each line to `insert`, a transaction around every ten thousand.
fn each_line(
    file: &Path,
    connection: &Connection,
    mut insert: impl FnMut(Line<'_>) -> Outcome<()>,
) -> Outcome<()> {
    let mut reader = BufReader::with_capacity(READER, File::open(file)?);
    let mut buffer = Vec::with_capacity(READER);
    let mut lines = 0_u64;
    connection.execute_batch("BEGIN")?;
    while reader.read_until(b'\n', &mut buffer)? > 0 {
        // Checking the whole line for UTF-8 at once is cheaper than string by string.
        insert(serde_json::from_str(std::str::from_utf8(&buffer)?)?)?;
        buffer.clear();
        lines += 1;
        if lines.is_multiple_of(ROWS_PER_TRANSACTION) {
            connection.execute_batch("COMMIT; BEGIN")?;
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// The statement that creates a table, from schema.sql, without the columns of the origin.
fn table(name: &str) -> Outcome<String> {
    let head = format!("CREATE TABLE {name} (");
    let statement = SCHEMA
        .find(&head)
        .map(|start| &SCHEMA[start..])
        .and_then(|rest| rest.split_inclusive(';').next())
        .ok_or_else(|| format!("schema.sql has no table {name}"))?;
    let kept = statement
        .lines()
        .filter(|line| !line.trim_start().starts_with("origin"));
    Ok(kept.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_keeps_every_line_once() {
        let folder = tempfile::tempdir().unwrap();
        let (file, database) = (
            folder.path().join("metrics.jsonl"),
            folder.path().join("f.db"),
        );
        let mut lines = Vec::new();
        crate::generate::memory(&mut lines, 12_345).unwrap();
        std::fs::write(&file, [lines.as_slice(), lines.as_slice()].concat()).unwrap();
        compact(&file, &database).unwrap();
        let connection = Connection::open(&database).unwrap();
        let rows = "SELECT count(*), count(DISTINCT session) > 1 FROM memory_samples";
        let found: (i64, bool) = connection
            .query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(found, (12_345, true));
    }

    #[test]
    fn the_floor_has_no_origin() {
        let statement = table("memory_samples").unwrap();
        assert!(statement.contains("WITHOUT ROWID"), "{statement}");
        assert!(!statement.contains("origin"), "{statement}");
    }

    #[test]
    fn decimals_are_kept_without_loss() {
        assert!(matches!(
            Decimal::of_rss(500.0, 524_288_000),
            Decimal::Derived
        ));
        assert!(matches!(
            Decimal::of_rss(500.1, 524_288_000),
            Decimal::Thousandths(500_100)
        ));
        assert!(matches!(Decimal::new(-0.25), Decimal::Thousandths(-250)));
        assert!(matches!(Decimal::new(0.1234), Decimal::Float(_)));
    }
}
