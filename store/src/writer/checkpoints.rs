//! Rows about units: how far each has been read, what it looked like, and the content its rows came from.

use std::collections::HashMap;

use datalake_core::{Batch, Checkpoint, KnownUnit, RELATE_UNIT, Timestamp, UnitId, UnitState};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Caches, Failure};

/// The number of the content that the batch's rows come from, made if it is new. A unit that carries on
/// another after a rename takes over its content.
pub(crate) fn origin(
    db: &Connection,
    caches: &mut Caches,
    batch: &Batch,
    device: &str,
) -> Result<i64, Failure> {
    let source = &batch.ticket.source;
    let unit = &batch.ticket.unit;
    let generation = batch.state.generation;
    let key = (source.clone(), unit.clone(), generation);
    if let Some(id) = caches.origins.get(&key) {
        return Ok(*id);
    }
    let find = "SELECT id FROM origins WHERE source = ?1 AND unit = ?2 AND generation = ?3";
    let mut id: Option<i64> = db
        .prepare_cached(find)?
        .query_row(params![source, unit.as_str(), generation], |row| row.get(0))
        .optional()?;
    if let (None, Some(adopted)) = (id, &batch.state.adopts) {
        id = db
            .prepare_cached(
                "UPDATE origins SET unit = ?2, generation = ?3
                 WHERE source = ?1 AND unit = ?4 AND generation = ?5 RETURNING id",
            )?
            .query_row(
                params![
                    source,
                    unit.as_str(),
                    generation,
                    adopted.unit.as_str(),
                    adopted.generation
                ],
                |row| row.get(0),
            )
            .optional()?;
        caches.origins.clear();
    }
    let id = match id {
        Some(id) => id,
        None => {
            let sql =
                "INSERT INTO origins (source, unit, generation, device) VALUES (?1, ?2, ?3, ?4)";
            db.prepare_cached(sql)?
                .execute(params![source, unit.as_str(), generation, device])?;
            db.last_insert_rowid()
        }
    };
    caches.origins.insert(key, id);
    Ok(id)
}

/// Moves a unit's checkpoint.
pub(crate) fn store(
    db: &Connection,
    batch: &Batch,
    checkpoint: &Checkpoint,
    now: &str,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO checkpoints
                   (source, unit, version, cursor, generation, size, modified_at, content_hash, missing, updated_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?9)
               ON CONFLICT DO UPDATE SET version = excluded.version, cursor = excluded.cursor,
                   generation = excluded.generation, size = excluded.size, modified_at = excluded.modified_at,
                   content_hash = excluded.content_hash, missing = excluded.missing, updated_at = excluded.updated_at";
    let state = &batch.state;
    db.prepare_cached(sql)?
        .execute(params![
            batch.ticket.source,
            batch.ticket.unit.as_str(),
            checkpoint.version,
            checkpoint.cursor,
            state.generation,
            state.size as i64,
            state.modified.map(|time| time.to_string()),
            state.hash.as_ref().map(|hash| &hash[..]),
            now,
            state.missing
        ])
        .map(drop)
}

const COLUMNS: &str = "unit, version, cursor, generation, size, modified_at, content_hash, missing";

fn known(row: &Row<'_>) -> rusqlite::Result<KnownUnit> {
    let cursor: Option<String> = row.get(2)?;
    let version: Option<u32> = row.get(1)?;
    let hash: Option<Vec<u8>> = row.get(6)?;
    let modified: Option<String> = row.get(5)?;
    Ok(KnownUnit {
        id: UnitId::new(row.get::<_, String>(0)?),
        checkpoint: version.zip(cursor).map(|(version, cursor)| Checkpoint {
            version,
            cursor: cursor.into(),
        }),
        state: UnitState {
            generation: row.get(3)?,
            size: row.get::<_, i64>(4)? as u64,
            modified: modified.and_then(|text| text.parse::<Timestamp>().ok()),
            hash: hash.and_then(|hash| hash.try_into().ok()),
            missing: false,
            adopts: None,
        },
        missing: row.get(7)?,
        raw: 0,
    })
}

/// All units a source ever had; what was related of them is none.
pub(crate) fn all(db: &Connection, source: &str) -> rusqlite::Result<Vec<KnownUnit>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM checkpoints WHERE source = ?1 AND unit != '{RELATE_UNIT}' ORDER BY unit"
    );
    let mut units: Vec<KnownUnit> = db
        .prepare_cached(&sql)?
        .query_map([source], known)?
        .collect::<rusqlite::Result<_>>()?;
    let mut raw = raw_lengths(db, source)?;
    if raw.is_empty() {
        return Ok(units);
    }
    for unit in &mut units {
        let key = (unit.id.clone(), unit.state.generation);
        unit.raw = raw.remove(&key).unwrap_or_default();
    }
    Ok(units)
}

/// How many raw bytes are kept of which contents of a source.
fn raw_lengths(db: &Connection, source: &str) -> rusqlite::Result<HashMap<(UnitId, u32), u64>> {
    let sql = "SELECT o.unit, o.generation, c.length FROM raw_contents AS c JOIN origins AS o ON o.id = c.origin
               WHERE o.source = ?1";
    db.prepare_cached(sql)?
        .query_map([source], |row| {
            let unit = UnitId::new(row.get::<_, String>(0)?);
            Ok(((unit, row.get(1)?), row.get::<_, i64>(2)? as u64))
        })?
        .collect()
}

/// One unit of a source.
pub(crate) fn one(
    db: &Connection,
    source: &str,
    unit: &str,
) -> rusqlite::Result<Option<KnownUnit>> {
    let sql = format!("SELECT {COLUMNS} FROM checkpoints WHERE source = ?1 AND unit = ?2");
    let found = db
        .prepare_cached(&sql)?
        .query_row([source, unit], known)
        .optional()?;
    let Some(mut found) = found else {
        return Ok(None);
    };
    let raw = "SELECT c.length FROM origins AS o JOIN raw_contents AS c ON c.origin = o.id
               WHERE o.source = ?1 AND o.unit = ?2 AND o.generation = ?3";
    let raw: Option<i64> = db
        .prepare_cached(raw)?
        .query_row(params![source, unit, found.state.generation], |row| {
            row.get(0)
        })
        .optional()?;
    found.raw = raw.unwrap_or_default() as u64;
    Ok(Some(found))
}

/// The version of a cursor that no source can read.
const OUTDATED: u32 = 0;

/// Takes the cursor of one unit, or of all that are there, so that they are read from their start again; what follows
/// from the units is related again, too.
///
/// Units that are gone, and whose content another has taken over after a rename, keep a cursor that nobody can
/// read: a file without a cursor of its own would carry on where its old name stopped.
pub(crate) fn reset(
    db: &Connection,
    source: &str,
    unit: Option<&UnitId>,
) -> rusqlite::Result<usize> {
    let outdate = "UPDATE checkpoints SET version = ?2
                   WHERE source = ?1 AND missing AND cursor IS NOT NULL AND NOT EXISTS (
                       SELECT 1 FROM origins AS o WHERE o.source = checkpoints.source
                           AND o.unit = checkpoints.unit AND o.generation = checkpoints.generation)";
    db.prepare_cached(outdate)?
        .execute(params![source, OUTDATED])?;
    let relate = "DELETE FROM checkpoints WHERE source = ?1 AND unit = ?2";
    db.prepare_cached(relate)?.execute([source, RELATE_UNIT])?;
    let reset = "UPDATE checkpoints SET version = NULL, cursor = NULL
                 WHERE source = ?1 AND cursor IS NOT NULL AND iif(?2 IS NULL, NOT missing, unit = ?2)";
    db.prepare_cached(reset)?
        .execute(params![source, unit.map(UnitId::as_str)])
}

/// Marks a unit as gone or back. Nothing that was read from it is touched.
pub(crate) fn mark(
    db: &Connection,
    source: &str,
    unit: &UnitId,
    missing: bool,
) -> rusqlite::Result<()> {
    let sql = "UPDATE checkpoints SET missing = ?3 WHERE source = ?1 AND unit = ?2";
    db.prepare_cached(sql)?
        .execute(params![source, unit.as_str(), missing])
        .map(drop)
}
