//! Looks into the database of a test, and makes the odd ones that a person may point the program at.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::FromSql;

use crate::support::context::TestContext;

impl TestContext {
    /// The database at its usual place.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.path("datalake.db")).unwrap()
    }

    /// The first column of every row.
    #[track_caller]
    pub(crate) fn column<T: FromSql>(&self, sql: &str) -> Vec<T> {
        column(&self.database(), sql)
    }

    /// The one value that a statement gives.
    #[track_caller]
    pub(crate) fn value<T: FromSql>(&self, sql: &str) -> T {
        self.database()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }

    /// Samples, events and open rejects.
    #[track_caller]
    pub(crate) fn counts(&self) -> (i64, i64, i64) {
        let count = |table: &str| self.value(&format!("SELECT count(*) FROM {table}"));
        (
            count("memory_samples"),
            count("memory_events"),
            count("rejects"),
        )
    }

    /// Every reject: unit, first byte and code.
    #[track_caller]
    pub(crate) fn rejects(&self) -> Vec<(String, i64, String)> {
        let database = self.database();
        let mut statement = database
            .prepare(
                "SELECT o.unit, r.place_start, r.code FROM rejects AS r JOIN origins AS o ON o.id = r.origin
                 ORDER BY 1, 2, 3",
            )
            .unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Every file below the folder with its content, but for logs, and for the shared memory and the empty
    /// log that SQLite's readers lay beside a database.
    ///
    /// Not while the test itself holds a lock on one of them: closing a file gives back all locks that the
    /// process has on it.
    pub(crate) fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = BTreeMap::new();
        collect(self.root(), "", &mut all);
        all.retain(|name, content| {
            let of_readers = name.ends_with("-shm") || name.ends_with("-wal") && content.is_empty();
            !of_readers && !name.ends_with("logs/") && !name.ends_with(".log")
        });
        all
    }
}

fn collect(folder: &Path, name: &str, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            all.insert(format!("{name}/"), Vec::new());
            collect(&entry.path(), &format!("{name}/"), all);
        } else {
            // A pipe would wait for a writer for ever; what cannot be read is there all the same.
            let is_file = entry.path().is_file();
            let content = is_file.then(|| fs::read(entry.path()).unwrap_or_default());
            let content = content.unwrap_or_default();
            all.insert(name, content);
        }
    }
}

/// The first column of every row.
#[track_caller]
pub(crate) fn column<T: FromSql>(database: &Connection, sql: &str) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// SQLite's check of the file and FTS5's check of every full-text index against its table.
#[track_caller]
pub(crate) fn assert_sound(database: &Connection) {
    datalake_testkit::sound_database(database).unwrap();
}

/// The tables of the predecessor's version 1.0.0 that tell it from others, with a row each.
pub(crate) fn seed_1(path: &Path) {
    let database = Connection::open(path).unwrap();
    database.execute_batch(SEED_1).unwrap();
    database.execute_batch(&seed_rows("1.0.0")).unwrap();
}

/// Those of version 2.0.0: the columns of version 1 and the device, and the tables of memory logs.
pub(crate) fn seed_2(path: &Path) {
    let database = Connection::open(path).unwrap();
    database.execute_batch(SEED_1).unwrap();
    for table in ["audio", "transcripts", "screenshots"] {
        database
            .execute_batch(&format!(
                "ALTER TABLE {table} ADD COLUMN source_device TEXT"
            ))
            .unwrap();
    }
    database.execute_batch(SEED_2).unwrap();
    database.execute_batch(&seed_rows("2.0.0")).unwrap();
    // The seed's own database was in WAL mode from here on.
    let mode: String = database
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}

fn seed_rows(version: &str) -> String {
    format!(
        "INSERT INTO metadata (key, value) VALUES ('schema_version', '{version}');
         INSERT INTO audio (file_path, filename, created_at) VALUES ('audio/a.wav', 'a.wav', '2026-01-10 12:00:00');
         INSERT INTO transcripts (file_path, filename, content, created_at)
             VALUES ('transcripts/a.txt', 'a.txt', 'some words', '2026-01-10 12:00:00');"
    )
}

const SEED_1: &str = "
    CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE audio (id INTEGER PRIMARY KEY AUTOINCREMENT, file_path TEXT NOT NULL UNIQUE, filename TEXT NOT NULL,
        original_filename TEXT, duration_seconds REAL, format TEXT, sample_rate INTEGER, channels INTEGER,
        size_bytes INTEGER, tags TEXT, created_at TEXT NOT NULL, ingested_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
        metadata TEXT);
    CREATE TABLE transcripts (id INTEGER PRIMARY KEY AUTOINCREMENT, file_path TEXT NOT NULL UNIQUE,
        filename TEXT NOT NULL, audio_id INTEGER REFERENCES audio(id) ON DELETE SET NULL, content TEXT NOT NULL,
        word_count INTEGER, language TEXT, confidence REAL, provider TEXT, size_bytes INTEGER, tags TEXT,
        created_at TEXT NOT NULL, ingested_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, metadata TEXT);
    CREATE TABLE screenshots (id INTEGER PRIMARY KEY AUTOINCREMENT, file_path TEXT NOT NULL UNIQUE,
        filename TEXT NOT NULL, width INTEGER, height INTEGER, format TEXT, size_bytes INTEGER, tags TEXT,
        created_at TEXT NOT NULL, ingested_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, metadata TEXT);
    CREATE VIRTUAL TABLE transcripts_fts USING fts5(content, filename, tags, content = 'transcripts', content_rowid = 'id');
    CREATE TRIGGER transcripts_ai AFTER INSERT ON transcripts BEGIN
        INSERT INTO transcripts_fts(rowid, content, filename, tags)
            VALUES (new.id, new.content, new.filename, new.tags);
    END;
    CREATE INDEX idx_audio_created_at ON audio(created_at);";

const SEED_2: &str = "
    CREATE TABLE devices (id INTEGER PRIMARY KEY AUTOINCREMENT, device_name TEXT NOT NULL UNIQUE, device_type TEXT,
        hostname TEXT, last_seen_at TEXT, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, metadata TEXT);
    CREATE TABLE memory_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, session_id TEXT,
        rss_bytes INTEGER NOT NULL, rss_mb REAL NOT NULL, memory_rate_mb_min REAL, command TEXT,
        timestamp TEXT NOT NULL, timestamp_unix INTEGER NOT NULL, source_device TEXT NOT NULL DEFAULT 'desktop',
        ingested_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
    INSERT INTO memory_metrics (pid, rss_bytes, rss_mb, timestamp, timestamp_unix)
        VALUES (1, 1048576, 1.0, '2026-01-10T12:00:00', 1768046400);";
