//! Ordinary rows: inserted when their key is new, else merged with the row that is there.

use std::ops::RangeInclusive;

use datalake_core::{Batch, Dataset, Merge, RecordRef, Value, ValueRef};
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef as SqlRef};
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::batch::{Work, scope_id};
use super::merge::{Lost, State, merge};
use super::{Failure, links, tags};
use crate::catalog::{Catalog, KEPT, Plan};

/// Which rows of each dataset a batch has inserted: they enter the full-text index together, at its end.
pub(crate) struct Tables {
    inserted: Vec<(&'static Dataset, Option<RangeInclusive<i64>>)>,
}

impl Tables {
    pub(crate) fn new(batch: &Batch) -> Self {
        Self {
            inserted: batch
                .datasets()
                .iter()
                .map(|dataset| (*dataset, None))
                .collect(),
        }
    }

    fn note(&mut self, number: usize, id: i64) {
        let range = &mut self.inserted[number].1;
        *range = Some(range.as_ref().map_or(id..=id, |range| {
            *range.start().min(&id)..=*range.end().max(&id)
        }));
    }

    fn is_new(&self, number: usize, id: i64) -> bool {
        self.inserted[number]
            .1
            .as_ref()
            .is_some_and(|range| range.contains(&id))
    }

    /// Adds the inserted rows to the full-text indexes.
    pub(crate) fn index(&self, db: &Connection, catalog: &Catalog) -> Result<(), Failure> {
        for (dataset, range) in &self.inserted {
            if let (Some(range), Some(sql)) = (range, &catalog.plan(dataset.name)?.index_range) {
                db.prepare_cached(sql)?
                    .execute((range.start(), range.end()))?;
            }
        }
        Ok(())
    }
}

/// Writes one record.
pub(crate) fn write(
    work: &mut Work<'_>,
    tables: &mut Tables,
    record: RecordRef<'_>,
) -> Result<(), Failure> {
    let catalog = work.catalog;
    let plan = catalog.plan(record.dataset.name)?;
    let mut slots = vec![ValueRef::Null; record.dataset.columns.len()];
    for (column, value) in record.values() {
        slots[column] = value;
    }
    if let Some(missing) = plan
        .key
        .iter()
        .find(|&&column| slots[column] == ValueRef::Null)
    {
        let why = format!("the key column {} has no value", plan.name(*missing));
        return work.reject_record(record, &why);
    }
    let extra = extra_values(work, plan, record)?;
    let mut insert = work.db.prepare_cached(&plan.insert)?;
    bind(
        &mut insert,
        plan.written.iter().map(|&column| slots[column]),
        &extra,
    )?;
    if insert.raw_execute()? == 1 {
        let id = work.db.last_insert_rowid();
        tables.note(record.dataset_number, id);
        work.receipt.inserted += 1;
        return inserted(work, plan, record, &slots, id);
    }
    drop(insert);
    update(work, tables, plan, record, &slots, &extra)
}

/// The values of the columns that the store keeps, in the order of [`Plan::extra_names`].
fn extra_values(
    work: &mut Work<'_>,
    plan: &Plan,
    record: RecordRef<'_>,
) -> Result<Vec<SqlValue>, Failure> {
    let extras = record.extras;
    let version = extras.map_or("", |extras| extras.version.as_str());
    let scope = match extras.and_then(|extras| extras.scope.as_ref()) {
        Some((scope, seen)) => (
            scope_id(work.db, scope.as_str())?.into(),
            seen.as_str().to_owned().into(),
        ),
        None => (SqlValue::Null, SqlValue::Null),
    };
    let pointer = record
        .pointer
        .map_or(SqlValue::Null, |pointer| pointer.to_string().into());
    let mut values = vec![
        work.origin.into(),
        (record.bytes.0 as i64).into(),
        (record.bytes.1 as i64).into(),
        pointer,
        version.to_owned().into(),
        record.hash.to_vec().into(),
        first_order(plan, record).map_or(SqlValue::Null, SqlValue::from),
        scope.0,
        scope.1,
        work.number.into(),
    ];
    if plan.dataset.file.is_some() {
        let path = match extras.and_then(|extras| extras.file.as_ref()) {
            Some(file) => work.file(file)?,
            None => None,
        };
        values.push(path.map_or(SqlValue::Null, SqlValue::from));
    }
    if plan.dataset.tags {
        let tags = tags::joined(extras.map_or(&[][..], |extras| &extras.tags));
        values.push(tags.map_or(SqlValue::Null, SqlValue::from));
    }
    Ok(values)
}

/// What decides which record the "first" columns come from: the time, then the hash.
fn first_order(plan: &Plan, record: RecordRef<'_>) -> Option<String> {
    plan.dataset
        .columns
        .iter()
        .find(|column| column.merge == Merge::First)?;
    let time = plan.dataset.time_column()?;
    let time =
        record
            .values()
            .find(|(column, _)| *column == time)
            .map_or(String::new(), |(_, value)| match value {
                ValueRef::Text(text) => text.to_owned(),
                _ => String::new(),
            });
    let hash: String = record
        .hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(format!("{time}/{hash}"))
}

fn bind<'v>(
    statement: &mut Statement<'_>,
    values: impl Iterator<Item = ValueRef<'v>>,
    extra: &[SqlValue],
) -> rusqlite::Result<()> {
    let mut parameter = 0;
    for value in values {
        parameter += 1;
        statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(sql(value)))?;
    }
    for value in extra {
        parameter += 1;
        statement.raw_bind_parameter(parameter, value)?;
    }
    Ok(())
}

fn sql(value: ValueRef<'_>) -> SqlRef<'_> {
    match value {
        ValueRef::Null | ValueRef::Entry(_) => SqlRef::Null,
        ValueRef::Integer(number) => SqlRef::Integer(number),
        ValueRef::Real(number) => SqlRef::Real(number),
        ValueRef::Text(text) => SqlRef::Text(text.as_bytes()),
        ValueRef::Blob(bytes) => SqlRef::Blob(bytes),
    }
}

/// What follows from a new row: tags, names, references, and whose totals it changes.
fn inserted(
    work: &mut Work<'_>,
    plan: &Plan,
    record: RecordRef<'_>,
    slots: &[ValueRef<'_>],
    id: i64,
) -> Result<(), Failure> {
    if let Some(extras) = record.extras {
        if plan.dataset.tags {
            tags::add(work.db, plan.dataset, id, &extras.tags)?;
        }
        links::set(work, plan, id, &extras.links)?;
        links::name(work, plan, id, &row_key(plan, slots), &extras.aliases)?;
    }
    super::derive::touch_new(work.db, work.catalog, plan, id)
}

/// The key of a row as text, to compare candidates of a link by.
fn row_key(plan: &Plan, slots: &[ValueRef<'_>]) -> String {
    let parts = plan.key.iter().map(|&column| match slots[column] {
        ValueRef::Integer(number) => serde_json::Value::from(number),
        ValueRef::Real(number) => serde_json::Value::from(number),
        ValueRef::Text(text) => serde_json::Value::from(text),
        ValueRef::Blob(bytes) => {
            serde_json::Value::from(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())
        }
        ValueRef::Null | ValueRef::Entry(_) => serde_json::Value::Null,
    });
    serde_json::Value::from_iter(parts).to_string()
}

/// A row as the table has it.
struct Stored {
    id: i64,
    state: State,
    scope: Option<i64>,
    seen: Option<String>,
    file: Option<String>,
}

fn stored(plan: &Plan, row: &Row<'_>) -> rusqlite::Result<Stored> {
    let width = plan.written.len();
    let mut values = Vec::with_capacity(width);
    for place in 0..width {
        values.push(value(row.get_ref(place + 1)?));
    }
    let kept = |place: usize| width + 1 + place;
    Ok(Stored {
        id: row.get(0)?,
        state: State {
            values,
            version: row.get(kept(4))?,
            hash: row.get(kept(5))?,
            first: row.get(kept(6))?,
        },
        scope: row.get(kept(7))?,
        seen: row.get(kept(8))?,
        file: if plan.dataset.file.is_some() {
            row.get(kept(10))?
        } else {
            None
        },
    })
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

/// Merges a record into the row that has its key.
fn update(
    work: &mut Work<'_>,
    tables: &Tables,
    plan: &Plan,
    record: RecordRef<'_>,
    slots: &[ValueRef<'_>],
    extra: &[SqlValue],
) -> Result<(), Failure> {
    let Some(old) = find(work.db, plan, slots)? else {
        // Another unique column than the key stands in the way.
        return work.reject_record(
            record,
            "a row with another key has one of its unique values",
        );
    };
    let new = State {
        values: plan
            .written
            .iter()
            .map(|&column| Value::from(slots[column]))
            .collect(),
        version: record
            .extras
            .map_or_else(String::new, |extras| extras.version.as_str().to_owned()),
        hash: record.hash.to_vec(),
        first: first_order(plan, record),
    };
    let mut merged = old.state.clone();
    let (lost, wins) = merge(plan, &mut merged, &new);
    let changed_values = merged.values != old.state.values;
    let file = old
        .file
        .is_none()
        .then(|| extra.get(10).cloned())
        .flatten()
        .filter(|_| plan.dataset.file.is_some());
    let (scope, seen) = later(&old, extra);
    let kept = Kept {
        merged: &merged,
        scope,
        seen,
        file: file.as_ref(),
        origin: wins.then_some(&extra[..4]),
    };
    let indexed = !tables.is_new(record.dataset_number, old.id);
    let mut changed = false;
    if changed_values || file.as_ref().is_some_and(|file| *file != SqlValue::Null) {
        super::derive::touch(work.db, work.catalog, plan, old.id)?;
        reindexed(work.db, plan, old.id, indexed, |db| {
            kept.store(db, plan, old.id, Some(work.number))
        })?;
        super::derive::touch(work.db, work.catalog, plan, old.id)?;
        changed = true;
    } else if merged != old.state || kept.seen != old.seen || kept.scope != old.scope {
        kept.store(work.db, plan, old.id, None)?;
    }
    revise(work.db, plan, old.id, &merged, &lost)?;
    changed |= extras(work, plan, record, slots, &old, wins, indexed)?;
    if changed {
        work.receipt.changed += 1;
    } else {
        work.receipt.unchanged += 1;
    }
    Ok(())
}

/// Tags, names and references that a record brings to a row that is there. Returns whether the row changed.
fn extras(
    work: &mut Work<'_>,
    plan: &Plan,
    record: RecordRef<'_>,
    slots: &[ValueRef<'_>],
    old: &Stored,
    wins: bool,
    indexed: bool,
) -> Result<bool, Failure> {
    let Some(extras) = record.extras else {
        return Ok(false);
    };
    let mut changed = false;
    if plan.dataset.tags && tags::add(work.db, plan.dataset, old.id, &extras.tags)? {
        changed |= tags::refresh(work.db, plan, old.id, indexed)?;
    }
    if wins {
        changed |= links::replace(work, plan, old.id, &extras.links)?;
    }
    links::name(work, plan, old.id, &row_key(plan, slots), &extras.aliases)?;
    Ok(changed)
}

/// The scope and the version at which the row was last seen there.
fn later(old: &Stored, extra: &[SqlValue]) -> (Option<i64>, Option<String>) {
    match (&extra[7], &extra[8]) {
        (SqlValue::Integer(scope), SqlValue::Text(seen))
            if old.seen.as_ref().is_none_or(|old| seen > old) =>
        {
            (Some(*scope), Some(seen.clone()))
        }
        _ => (old.scope, old.seen.clone()),
    }
}

fn find(db: &Connection, plan: &Plan, slots: &[ValueRef<'_>]) -> rusqlite::Result<Option<Stored>> {
    let mut select = db.prepare_cached(&plan.select)?;
    for (place, &column) in plan.key.iter().enumerate() {
        select.raw_bind_parameter(place + 1, ToSqlOutput::Borrowed(sql(slots[column])))?;
    }
    let mut rows = select.raw_query();
    rows.next()?.map(|row| stored(plan, row)).transpose()
}

/// What an update writes.
struct Kept<'a> {
    merged: &'a State,
    scope: Option<i64>,
    seen: Option<String>,
    file: Option<&'a SqlValue>,
    /// Where the record comes from that the row now shows, if it is another.
    origin: Option<&'a [SqlValue]>,
}

impl Kept<'_> {
    fn store(
        &self,
        db: &Connection,
        plan: &Plan,
        id: i64,
        batch: Option<i64>,
    ) -> rusqlite::Result<()> {
        let mut sets: Vec<String> = plan
            .written
            .iter()
            .map(|&column| format!("{} = ?", plan.name(column)))
            .collect();
        sets.extend(
            ["version", "version_hash", "first_order", "scope", "seen"]
                .map(|name| format!("{name} = ?")),
        );
        sets.push(String::from("batch = coalesce(?, batch)"));
        if let (Some(_), Some(column)) = (self.file, plan.dataset.file) {
            sets.push(format!("{column} = ?"));
        }
        if self.origin.is_some() {
            sets.extend(KEPT[..4].iter().map(|name| format!("{name} = ?")));
        }
        let sql = format!(
            "UPDATE {} SET {} WHERE id = ?",
            plan.dataset.table,
            sets.join(", ")
        );
        let mut extra: Vec<SqlValue> = vec![
            self.merged.version.clone().into(),
            self.merged.hash.clone().into(),
            self.merged
                .first
                .clone()
                .map_or(SqlValue::Null, SqlValue::from),
            self.scope.map_or(SqlValue::Null, SqlValue::from),
            self.seen.clone().map_or(SqlValue::Null, SqlValue::from),
            batch.map_or(SqlValue::Null, SqlValue::from),
        ];
        extra.extend(self.file.cloned());
        extra.extend(self.origin.into_iter().flatten().cloned());
        extra.push(id.into());
        let mut update = db.prepare_cached(&sql)?;
        bind(
            &mut update,
            self.merged.values.iter().map(Value::as_ref),
            &extra,
        )?;
        update.raw_execute().map(drop)
    }
}

/// Changes a row and keeps the full-text index right: the old texts go out before, the new ones in after.
/// A row of this batch is not in the index yet.
pub(crate) fn reindexed(
    db: &Connection,
    plan: &Plan,
    id: i64,
    indexed: bool,
    change: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if let (true, Some(sql)) = (indexed, &plan.unindex) {
        db.prepare_cached(sql)?.execute([id])?;
    }
    change(db)?;
    if let (true, Some(sql)) = (indexed, &plan.index_range) {
        db.prepare_cached(sql)?.execute([id, id])?;
    }
    Ok(())
}

/// Keeps the texts that lost, each once with the greatest version it had, and drops what is current again.
fn revise(
    db: &Connection,
    plan: &Plan,
    id: i64,
    merged: &State,
    lost: &[Lost],
) -> rusqlite::Result<()> {
    if lost.is_empty() {
        return Ok(());
    }
    let keep = "INSERT INTO revisions (dataset, row_id, column_name, text_hash, version, text)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                ON CONFLICT DO UPDATE SET version = max(version, excluded.version)";
    for Lost {
        column,
        version,
        text,
    } in lost
    {
        let hash = blake3::hash(text.as_bytes());
        db.prepare_cached(keep)?.execute(params![
            plan.dataset.name,
            id,
            column,
            &hash.as_bytes()[..16],
            version,
            text
        ])?;
    }
    let drop = "DELETE FROM revisions WHERE dataset = ?1 AND row_id = ?2 AND column_name = ?3 AND text_hash = ?4";
    for (place, &column) in plan.written.iter().enumerate() {
        if let Value::Text(text) = &merged.values[place] {
            let hash = blake3::hash(text.as_bytes());
            db.prepare_cached(drop)?.execute(params![
                plan.dataset.name,
                id,
                plan.name(column),
                &hash.as_bytes()[..16]
            ])?;
        }
    }
    Ok(())
}

/// Whether a row exists.
pub(crate) fn exists(db: &Connection, dataset: &Dataset, id: i64) -> rusqlite::Result<bool> {
    let sql = format!("SELECT 1 FROM {} WHERE id = ?1", dataset.table);
    Ok(db
        .prepare_cached(&sql)?
        .query_row([id], |_| Ok(()))
        .optional()?
        .is_some())
}
