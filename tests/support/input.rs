//! Made-up inputs: memory logs that follow from a seed, with what must be in the store afterwards.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use rusqlite::Connection;

pub(crate) use datalake_testkit::Random;

/// One sample: time in seconds, pid, bytes.
type Sample = (i64, i64, i64);

/// What must be in the store after everything was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) samples: Vec<Sample>,
    /// Time and message.
    pub(crate) events: Vec<(i64, String)>,
    /// Unit and first byte.
    pub(crate) rejects: Vec<(String, i64)>,
}

/// How much of what an input has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) files: usize,
    pub(crate) lines: usize,
    /// One bad line after so many lines.
    pub(crate) bad_every: usize,
}

/// What no line of a log may be, each in its own way.
const BAD: &[&[u8]] = &[
    b"not json at all",
    b"{\"timestamp\": 1, \"pid\": ",
    b"[1, 2, 3]",
    b"{\"timestamp\": 1, \"command\": \"\xff\xfe\"}",
    b"{\"timestamp\": 99999999999999999999}",
    b"{\"timestamp\": 1, \"command\": \"\\ud800\"}",
    b"{\"pid\": 7}",
];

/// Writes files of samples, and one of events for every two of them, below `folder`.
pub(crate) fn make(folder: &Path, seed: u64, size: Size) -> Expected {
    make_named(folder, "", seed, size)
}

/// As [`make`], with `part` in the name of each file.
pub(crate) fn make_named(folder: &Path, part: &str, seed: u64, size: Size) -> Expected {
    fs::create_dir_all(folder).unwrap();
    let mut expected = Expected::default();
    let mut random = Random(seed);
    for file in 0..size.files {
        let events = file % 3 == 2;
        let name = format!(
            "{}-{part}{file:02}.jsonl",
            if events { "events" } else { "metrics" }
        );
        let mut text = Vec::new();
        for line in 0..size.lines / size.files {
            if line % size.bad_every == size.bad_every / 2 {
                expected.rejects.push((name.clone(), text.len() as i64));
                text.extend_from_slice(BAD[random.below(BAD.len() as u64) as usize]);
            } else if events {
                text.extend_from_slice(event(&mut random, &mut expected).as_bytes());
            } else {
                text.extend_from_slice(sample(&mut random, &mut expected).as_bytes());
            }
            text.push(b'\n');
        }
        fs::write(folder.join(name), text).unwrap();
    }
    sort(&mut expected.samples);
    sort(&mut expected.events);
    sort(&mut expected.rejects);
    expected
}

/// Equal lines are one row.
fn sort<T: Ord>(all: &mut Vec<T>) {
    all.sort_unstable();
    all.dedup();
}

/// Few enough seconds and pids that some lines come twice.
fn sample(random: &mut Random, expected: &mut Expected) -> String {
    let time = 1_736_847_600 + random.below(50_000) as i64;
    let pid = 100 + random.below(8) as i64;
    let bytes = 1_048_576 * (1 + random.below(500) as i64);
    expected.samples.push((time, pid, bytes));
    let mut line = String::new();
    write!(
        line,
        r#"{{"timestamp": {time}, "pid": {pid}, "rss_bytes": {bytes}, "rss_mb": {}.0, "command": "claude"}}"#,
        bytes / 1_048_576
    )
    .unwrap();
    line
}

fn event(random: &mut Random, expected: &mut Expected) -> String {
    let time = 1_736_847_600 + random.below(50_000) as i64;
    let message = format!(
        "process {} grew past {} MB",
        random.below(100),
        random.below(1000)
    );
    let line = format!(
        r#"{{"timestamp": {time}, "type": "hook_warn", "severity": "warning", "message": "{message}"}}"#
    );
    expected.events.push((time, message));
    line
}

impl Expected {
    /// What a database has.
    pub(crate) fn found(database: &Connection) -> Self {
        let rejects =
            "SELECT o.unit, r.place_start FROM rejects AS r JOIN origins AS o ON o.id = r.origin";
        Self {
            samples: rows(
                database,
                "SELECT time / 1000000, pid, rss_bytes FROM memory_samples",
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            ),
            events: rows(
                database,
                "SELECT timestamp_unix, message FROM memory_events",
                |row| Ok((row.get(0)?, row.get(1)?)),
            ),
            rejects: rows(database, rejects, |row| Ok((row.get(0)?, row.get(1)?))),
        }
    }

    /// Fails unless the database has exactly this, in a sound state.
    #[track_caller]
    pub(crate) fn assert_in(&self, database: &Connection) {
        let found = Self::found(database);
        let sizes = |it: &Self| (it.samples.len(), it.events.len(), it.rejects.len());
        assert_eq!(sizes(&found), sizes(self), "samples, events, rejects");
        assert!(found == *self, "as many rows, but others");
        crate::support::database::assert_sound(database);
    }

    /// What is there after two inputs.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.samples.extend(other.samples);
        self.events.extend(other.events);
        self.rejects.extend(other.rejects);
        sort(&mut self.samples);
        sort(&mut self.events);
        sort(&mut self.rejects);
        self
    }
}

/// All rows, in order; none may come twice.
fn rows<T: Ord>(
    database: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap();
    let mut all: Vec<T> = statement
        .query_map([], read)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let count = all.len();
    sort(&mut all);
    assert_eq!(all.len(), count, "a row comes twice: {sql}");
    all
}
