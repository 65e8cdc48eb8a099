//! Merges a record into the row that has its key.

use datalake_core::{Value, ValueRef};
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef as SqlRef};
use rusqlite::{Connection, Row, params};

use super::batch::Work;
use super::merge::{Lost, State, merge};
use super::rows::{Incoming, Kept, bind, sql};
use super::tables::{Tables, reindexed};
use super::{Failure, derive, links, shares, tags};
use crate::catalog::{KEPT, Plan};

/// A row as the table has it.
struct Stored {
    id: i64,
    origin: Option<i64>,
    state: State,
    scope: Option<i64>,
    seen: Option<String>,
    file: Option<String>,
}

/// Merges a record into the row that has its key.
pub(crate) fn update(
    work: &mut Work<'_>,
    tables: &Tables,
    incoming: &Incoming<'_>,
    kept: Kept,
) -> Result<(), Failure> {
    let Some(old) = find(work.db, incoming)? else {
        // Another unique column than the key stands in the way.
        let why = "a row with another key has one of its unique values";
        return Err(Failure::Record(String::from(why)));
    };
    let before = work.db.total_changes();
    if merge_into(work, tables, incoming, kept, &old)? {
        work.receipt.changed += 1;
    } else {
        work.receipt.unchanged += 1;
    }
    if work.db.total_changes() > before {
        shares::note(work, incoming.plan.dataset, old.id, old.origin)?;
    }
    Ok(())
}

/// Returns whether what the row shows has changed.
fn merge_into(
    work: &mut Work<'_>,
    tables: &Tables,
    incoming: &Incoming<'_>,
    kept: Kept,
    old: &Stored,
) -> Result<bool, Failure> {
    let Incoming { plan, record, .. } = *incoming;
    let new = State {
        values: plan
            .written
            .iter()
            .map(|&column| Value::from(incoming.slots[column]))
            .collect(),
        version: kept.version.clone(),
        hash: incoming.hash.to_vec(),
        first: incoming.first.clone(),
    };
    let mut merged = old.state.clone();
    let (lost, wins) = merge(plan, &mut merged, &new);
    let file = if wins { kept.file } else { old.file.clone() };
    let (scope, seen) = later(work.db, old, kept.scope)?;
    let differs = merged.values != old.state.values || file != old.file;
    let change = Change {
        merged: &merged,
        scope,
        seen,
        file,
        origin: wins.then_some(kept.origin),
        batch: differs.then_some(work.number),
    };
    let indexed = !tables.is_new(record.dataset_number, old.id);
    if differs {
        derive::touch(work.db, plan, old.id)?;
        reindexed(work.db, plan, old.id, indexed, |db| {
            change.store(db, plan, old.id)
        })?;
        derive::touch(work.db, plan, old.id)?;
    } else if merged != old.state || change.seen != old.seen || change.scope != old.scope {
        change.store(work.db, plan, old.id)?;
    }
    if differs {
        revise(work.db, plan, old.id, &merged, &old.state)?;
    }
    keep(work.db, plan, old.id, &lost)?;
    let more = extras(work, incoming, old, wins, indexed)?;
    if more && !differs {
        let sql = format!("UPDATE {} SET batch = ?2 WHERE id = ?1", plan.dataset.table);
        work.db
            .prepare_cached(&sql)?
            .execute([old.id, work.number])?;
    }
    Ok(more || differs)
}

/// Tags, names and references that a record brings to a row that is there. Returns whether the row changed.
fn extras(
    work: &mut Work<'_>,
    incoming: &Incoming<'_>,
    old: &Stored,
    wins: bool,
    indexed: bool,
) -> Result<bool, Failure> {
    let Incoming { plan, record, .. } = *incoming;
    let none = Default::default();
    let extras = record.extras.unwrap_or(&none);
    let mut changed = false;
    if plan.dataset.tags && !extras.tags.is_empty() {
        changed |= tags::bring(work.db, plan, old.id, indexed, &extras.tags)?;
    }
    if wins {
        changed |= links::replace(work, plan, old.id, &extras.links)?;
    }
    if !extras.aliases.is_empty() {
        let key = incoming.row_key(work);
        links::name(work, plan, old.id, &key, &extras.aliases)?;
    }
    Ok(changed)
}

/// The scope and the version at which the row was last seen there: the greatest version, of several scopes
/// with the same one that of the greatest name.
fn later(
    db: &Connection,
    old: &Stored,
    new: Option<(i64, String)>,
) -> rusqlite::Result<(Option<i64>, Option<String>)> {
    let was = (old.scope, old.seen.clone());
    let Some((scope, seen)) = new else {
        return Ok(was);
    };
    let later = match (&old.scope, &old.seen) {
        (Some(before), Some(last)) if *last == seen && *before != scope => db
            .prepare_cached(
                "SELECT (SELECT name FROM scopes WHERE id = ?1) > (SELECT name FROM scopes WHERE id = ?2)",
            )?
            .query_row([scope, *before], |row| row.get(0))?,
        (Some(_), Some(last)) => seen > *last,
        _ => true,
    };
    Ok(if later {
        (Some(scope), Some(seen))
    } else {
        was
    })
}

fn find(db: &Connection, incoming: &Incoming<'_>) -> rusqlite::Result<Option<Stored>> {
    let plan = incoming.plan;
    let mut select = db.prepare_cached(&plan.select)?;
    for (place, &column) in plan.key.iter().enumerate() {
        let value = sql(incoming.slots[column]);
        select.raw_bind_parameter(place + 1, ToSqlOutput::Borrowed(value))?;
    }
    let mut rows = select.raw_query();
    rows.next()?.map(|row| stored(plan, row)).transpose()
}

/// Reads a row. Somebody else may have written it, with values of any type.
fn stored(plan: &Plan, row: &Row<'_>) -> rusqlite::Result<Stored> {
    let width = plan.written.len();
    let mut values = Vec::with_capacity(width);
    for place in 0..width {
        values.push(value(row.get_ref(place + 1)?));
    }
    let kept = |place: usize| row.get_ref(width + 1 + place);
    Ok(Stored {
        id: row.get(0)?,
        origin: integer(kept(0)?),
        state: State {
            values,
            version: text(kept(4)?).unwrap_or_default(),
            hash: match kept(5)? {
                SqlRef::Blob(bytes) | SqlRef::Text(bytes) => bytes.to_vec(),
                _ => Vec::new(),
            },
            first: text(kept(6)?),
        },
        scope: integer(kept(7)?),
        seen: text(kept(8)?),
        file: if plan.dataset.file.is_some() {
            text(kept(10)?)
        } else {
            None
        },
    })
}

fn integer(value: SqlRef<'_>) -> Option<i64> {
    match value {
        SqlRef::Integer(number) => Some(number),
        _ => None,
    }
}

fn text(value: SqlRef<'_>) -> Option<String> {
    match value {
        SqlRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

fn value(value: SqlRef<'_>) -> Value {
    match value {
        SqlRef::Null => Value::Null,
        SqlRef::Integer(number) => Value::Integer(number),
        SqlRef::Real(number) => Value::Real(number),
        SqlRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        SqlRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

/// What an update writes.
struct Change<'a> {
    merged: &'a State,
    scope: Option<i64>,
    seen: Option<String>,
    file: Option<String>,
    /// Where the record comes from that the row now shows, if it is another.
    origin: Option<[SqlValue; 4]>,
    /// The batch, if what the row shows changes.
    batch: Option<i64>,
}

impl Change<'_> {
    fn store(&self, db: &Connection, plan: &Plan, id: i64) -> rusqlite::Result<()> {
        let written = plan.written.iter().map(|&column| plan.name(column));
        let mut names: Vec<&str> = written.collect();
        names.extend(["version", "version_hash", "first_order", "scope", "seen"]);
        let mut extra: Vec<SqlValue> = vec![
            self.merged.version.clone().into(),
            self.merged.hash.clone().into(),
            self.merged.first.clone().into(),
            self.scope.into(),
            self.seen.clone().into(),
        ];
        if let Some(column) = plan.dataset.file {
            names.push(column);
            extra.push(self.file.clone().into());
        }
        if let Some(origin) = &self.origin {
            names.extend(&KEPT[..4]);
            extra.extend(origin.iter().cloned());
        }
        if let Some(batch) = self.batch {
            names.push("batch");
            extra.push(batch.into());
        }
        extra.push(id.into());
        let sql = format!(
            "UPDATE {} SET {} = ? WHERE id = ?",
            plan.dataset.table,
            names.join(" = ?, ")
        );
        let mut update = db.prepare_cached(&sql)?;
        let values = self.merged.values.iter().map(Value::as_ref);
        bind(&mut update, values, &extra)?;
        update.raw_execute().map(drop)
    }
}

/// Keeps the texts that lost, each once with the greatest version it had.
fn keep(db: &Connection, plan: &Plan, id: i64, lost: &[Lost]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO revisions (dataset, row_id, column_name, text_hash, version, text)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT DO UPDATE SET version = excluded.version WHERE excluded.version > version";
    for Lost {
        column,
        version,
        text,
    } in lost
    {
        let hash = text_hash(text);
        db.prepare_cached(sql)?.execute(params![
            plan.dataset.name,
            id,
            column,
            hash,
            version,
            text
        ])?;
    }
    Ok(())
}

/// Takes texts that are current again out of the revisions.
fn revise(
    db: &Connection,
    plan: &Plan,
    id: i64,
    merged: &State,
    old: &State,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM revisions
               WHERE dataset = ?1 AND row_id = ?2 AND column_name = ?3 AND text_hash = ?4";
    for (place, &column) in plan.written.iter().enumerate() {
        let (now, before) = (&merged.values[place], &old.values[place]);
        if let (true, ValueRef::Text(text)) = (now != before, now.as_ref())
            && plan.dataset.text.contains(&plan.name(column))
        {
            let hash = text_hash(text);
            db.prepare_cached(sql)?.execute(params![
                plan.dataset.name,
                id,
                plan.name(column),
                hash
            ])?;
        }
    }
    Ok(())
}

fn text_hash(text: &str) -> Vec<u8> {
    blake3::hash(text.as_bytes()).as_bytes()[..16].to_vec()
}
