//! Rejects as they are read: for a replay, and to show what a rehearsal met.

use datalake_core::{Kept, Origin, Sample, SourceName, Timestamp, UnitId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, params};

/// A page of rejects ends after so many, or after so many bytes of input: each may keep 64 KiB.
const PAGE: usize = 500;
const PAGE_BYTES: usize = 4 << 20;

/// A rejected input as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReject {
    /// Its number.
    pub id: i64,
    /// The source that met it.
    pub source: SourceName,
    /// The unit it stands in, under the name that its content has now.
    pub unit: UnitId,
    /// The generation of the unit's content.
    pub generation: u32,
    /// Where it stands and what was kept of it. Nothing counts as kept where a record was refused by its table:
    /// its values are kept for people to look at, and are no input.
    pub kept: Kept,
    /// A short name of the fault that never changes.
    pub code: String,
    /// What is wrong with it, in words.
    pub message: String,
    /// When it was met first.
    pub first_seen: Timestamp,
}

const SELECT: &str =
    "SELECT r.id, o.source, o.unit, o.generation, r.place_start, r.place_end, r.pointer, r.code,
    r.message, r.bytes, r.hash, r.length, r.first_seen_at FROM rejects AS r JOIN origins AS o ON o.id = r.origin";

/// A page of the open rejects with a number above `after`, in the order of their numbers; empty when there are no
/// more. No `source` stands for all of them, and so do no `ids`.
pub(crate) fn open(
    db: &Connection,
    source: Option<&str>,
    ids: &[i64],
    after: i64,
) -> rusqlite::Result<Vec<StoredReject>> {
    let sql = format!(
        "{SELECT} WHERE r.status = 'open' AND r.id > ?1 AND (?2 IS NULL OR o.source = ?2)
             AND (?3 IS NULL OR r.id IN (SELECT value FROM json_each(?3))) ORDER BY r.id LIMIT {PAGE}"
    );
    let ids = (!ids.is_empty()).then(|| list(ids));
    page(db, &sql, params![after, source, ids])
}

/// At most `limit` open rejects that were met after the run `run`.
pub(crate) fn met_after(
    db: &Connection,
    run: i64,
    limit: usize,
) -> rusqlite::Result<Vec<StoredReject>> {
    let sql =
        format!("{SELECT} WHERE r.status = 'open' AND r.last_run > ?1 ORDER BY r.id LIMIT ?2");
    page(db, &sql, params![run, limit.min(PAGE) as i64])
}

fn page(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
) -> rusqlite::Result<Vec<StoredReject>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let reject = stored(row)?;
        bytes += reject.kept.sample.head.len();
        page.push(reject);
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(page)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredReject> {
    let code: String = row.get(7)?;
    let pointer: String = row.get(6)?;
    let head = match row.get_ref(9)? {
        ValueRef::Blob(bytes) if code != crate::writer::CANNOT_STORE => bytes.to_vec(),
        _ => Vec::new(),
    };
    let hash: Vec<u8> = row.get(10)?;
    let first_seen: String = row.get(12)?;
    Ok(StoredReject {
        id: row.get(0)?,
        source: row.get::<_, String>(1)?.into(),
        unit: UnitId::new(row.get::<_, String>(2)?),
        generation: row.get(3)?,
        kept: Kept {
            origin: Origin {
                start: row.get::<_, i64>(4)? as u64,
                end: row.get::<_, i64>(5)? as u64,
                pointer: (!pointer.is_empty()).then(|| pointer.into()),
            },
            sample: Sample {
                head,
                hash: hash.try_into().unwrap_or_default(),
                length: row.get::<_, i64>(11)? as u64,
            },
        },
        code,
        message: row.get(8)?,
        first_seen: first_seen.parse().unwrap_or(Timestamp::EPOCH),
    })
}

/// Numbers as the JSON array that statements take them in: one parameter, however many there are.
pub(crate) fn list(ids: &[i64]) -> String {
    serde_json::Value::from(ids).to_string()
}
