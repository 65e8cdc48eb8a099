//! What runs were there before: what a scheduler needs to know to tell what is due.

use datalake_core::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A run of a source, as its row tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub started: Timestamp,
    /// When it ended; nothing for one that lives or was interrupted.
    pub ended: Option<Timestamp>,
    /// How it ended: see the table `runs`.
    pub outcome: String,
    /// What started it.
    pub trigger: String,
}

/// The newest run of a source that one of `triggers` started; with none given, the newest of all.
pub(crate) fn last_run(
    db: &Connection,
    source: &str,
    triggers: &[&str],
) -> rusqlite::Result<Option<LastRun>> {
    let wanted = (!triggers.is_empty()).then(|| serde_json::Value::from(triggers).to_string());
    let sql = "SELECT started_at, ended_at, outcome, \"trigger\" FROM runs
               WHERE source = ?1 AND (?2 IS NULL OR \"trigger\" IN (SELECT value FROM json_each(?2)))
               ORDER BY id DESC LIMIT 1";
    db.prepare_cached(sql)?
        .query_row(params![source, wanted], |row| {
            Ok(LastRun {
                started: instant(row, 0)?.unwrap_or(Timestamp::EPOCH),
                ended: instant(row, 1)?,
                outcome: row.get(2)?,
                trigger: row.get(3)?,
            })
        })
        .optional()
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| {
        text.parse().map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
        })
    };
    text.map(parse).transpose()
}

/// Whether a run that was to happen once has happened.
pub(crate) fn once_done(db: &Connection, source: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM runs
               WHERE source = ?1 AND \"trigger\" = 'once' AND outcome IN ('done', 'rejects') LIMIT 1";
    db.prepare_cached(sql)?.exists([source])
}
