//! Rows about rejects. The same bytes at the same place with the same fault are one reject, however often
//! they are read.

use std::sync::Arc;

use datalake_core::{Origin, RecordRef, Reject, Rejected, Sample, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

/// The code of a record that its table refused.
pub(crate) const CANNOT_STORE: &str = "cannot-store";

/// Stores a reject, or notes that it was met again. Returns whether it counts: one that a person has dropped
/// does not.
pub(crate) fn store(
    db: &Connection,
    origin: i64,
    run: i64,
    now: &str,
    reject: &Rejected,
) -> rusqlite::Result<bool> {
    let pointer = reject.origin.pointer.as_deref().unwrap_or_default();
    let place = reject.origin.start as i64;
    // The same line of an earlier generation of the same unit is the same reject.
    let known: Option<i64> = db
        .prepare_cached(
            "SELECT r.id FROM origins AS own
             JOIN origins AS o ON o.source = own.source AND o.unit = own.unit
             JOIN rejects AS r ON r.origin = o.id
             WHERE own.id = ?1 AND r.place_start = ?2 AND r.pointer = ?3 AND r.hash = ?4 AND r.code = ?5
             ORDER BY r.origin = own.id DESC LIMIT 1",
        )?
        .query_row(params![origin, place, pointer, &reject.sample.hash[..], reject.why.code], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        // It belongs to the content it was last met in: that one has a reject, and completes no scope. What a
        // person has dropped stays dropped.
        let sql = "UPDATE rejects SET last_run = ?2, last_seen_at = ?3,
                       origin = iif(status = 'dropped', origin, ?4), status = iif(status = 'dropped', status, 'open')
                   WHERE id = ?1 RETURNING status = 'open'";
        return db
            .prepare_cached(sql)?
            .query_row(params![id, run, now, origin], |row| row.get(0));
    }
    let sql = "INSERT INTO rejects (origin, place_start, place_end, pointer, code, message, bytes, hash, length,
               first_run, last_run, first_seen_at, last_seen_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?11)";
    db.prepare_cached(sql)?
        .execute(params![
            origin,
            place,
            reject.origin.end as i64,
            pointer,
            reject.why.code,
            reject.why.message,
            reject.sample.head,
            &reject.sample.hash[..],
            reject.sample.length as i64,
            run,
            now
        ])
        .map(|_| true)
}

/// Whether anything of this content is still rejected: it may be a row that a scope would have. What was
/// replayed is a row by now; what was dropped a person has declared to be none, so that the scope is complete
/// without it.
pub(crate) fn any(db: &Connection, origin: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM rejects WHERE origin = ?1 AND status = 'open' LIMIT 1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([origin], |_| Ok(()))
        .optional()?
        .is_some())
}

/// A reject for a record that its table refused. Its bytes are its values as JSON: the input itself has been
/// parsed long ago, and its place says where it stands.
pub(crate) fn of_record(record: RecordRef<'_>, texts: &[Arc<str>], why: &str) -> Rejected {
    let values = record.values().map(|(column, value)| {
        let value = match value {
            ValueRef::Null => serde_json::Value::Null,
            ValueRef::Entry(number) => texts.get(number as usize).map(|text| &**text).into(),
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(text) => text.into(),
            ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
        };
        (record.dataset.columns[column].name.to_owned(), value)
    });
    let text = serde_json::Value::from(values.collect::<serde_json::Map<_, _>>()).to_string();
    Rejected {
        origin: Origin {
            start: record.bytes.0,
            end: record.bytes.1,
            pointer: record.pointer.cloned(),
        },
        why: Reject::new(CANNOT_STORE, format!("{}: {why}", record.dataset.name)),
        sample: Sample::of(text.as_bytes()),
    }
}
