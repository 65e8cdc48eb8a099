//! Ordinary rows: inserted when their key is new, else merged with the row that is there.

use datalake_core::{Dataset, Extras, Kind, Merge, RecordRef, Value, ValueRef};
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef as SqlRef};
use rusqlite::{Connection, OptionalExtension, Statement};

use super::batch::{Work, scope_id};
use super::tables::Tables;
use super::{Failure, delete, links, merge, tags, update};
use crate::catalog::Plan;

/// A record on its way into its table.
pub(crate) struct Incoming<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) record: RecordRef<'r>,
    /// Its values by column number, as the table will have them.
    pub(crate) slots: &'r [ValueRef<'r>],
    /// What decides between equal versions: the row, its links and its file.
    pub(crate) hash: [u8; 16],
    /// What decides whose "first" columns the row shows.
    pub(crate) first: Option<String>,
}

/// Writes one record.
pub(crate) fn write(
    work: &mut Work<'_>,
    tables: &mut Tables,
    record: RecordRef<'_>,
) -> Result<(), Failure> {
    let plan = work.catalog.plan(record.dataset.name)?;
    let adapted = adapted(plan, record, &work.texts);
    let mut slots = vec![ValueRef::Null; record.dataset.columns.len()];
    for (column, value) in record.values() {
        slots[column] = value;
    }
    for (column, value) in &adapted {
        slots[*column] = value.as_ref();
    }
    let missing = plan
        .key
        .iter()
        .find(|&&column| slots[column] == ValueRef::Null);
    if let Some(missing) = missing {
        let why = format!("the key column {} has no value", plan.name(*missing));
        return Err(Failure::Record(why));
    }
    let hash = state_hash(record);
    let incoming = Incoming {
        plan,
        record,
        slots: &slots,
        hash,
        first: first_order(plan, &slots, hash),
    };
    if record.extras.is_some_and(leaves_traces) {
        work.guard()?;
    }
    let kept = Kept::of(work, &incoming)?;
    let mut insert = work.db.prepare_cached(&plan.insert)?;
    let values = plan.written.iter().map(|&column| slots[column]);
    bind(&mut insert, values, &kept.in_order(plan))?;
    if insert.raw_execute()? == 1 {
        let id = work.db.last_insert_rowid();
        drop(insert);
        return inserted(work, tables, &incoming, id);
    }
    drop(insert);
    work.guard()?;
    update::update(work, tables, &incoming, kept)
}

/// Whether a record writes more than its row, which must go again when the row is refused.
fn leaves_traces(extras: &Extras) -> bool {
    let links = !extras.links.is_empty() || !extras.aliases.is_empty();
    links || extras.file.is_some() || extras.scope.is_some()
}

/// The values that the table would keep otherwise than they come: numbers of the other sort, unions that are not
/// sorted, and repeating texts by their `texts`. What is compared at the next reading must be what is stored.
fn adapted(plan: &Plan, record: RecordRef<'_>, texts: &[i64]) -> Vec<(usize, Value)> {
    let mut adapted = Vec::new();
    for (column, value) in record.values() {
        let declared = plan.dataset.columns[column];
        let other = match (declared.kind, value) {
            _ if declared.merge == Merge::Union => merge::sorted(value),
            (_, ValueRef::Entry(number)) => texts.get(number as usize).copied().map(Value::Integer),
            (Kind::Real, ValueRef::Integer(number)) => Some(Value::Real(number as f64)),
            (Kind::Integer, ValueRef::Real(number)) => whole(number).map(Value::Integer),
            (Kind::Text, ValueRef::Integer(number)) => Some(Value::Text(number.to_string())),
            _ => None,
        };
        adapted.extend(other.map(|other| (column, other)));
    }
    adapted
}

/// The integer that a float is, where it is one that both can hold.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// A hash of the record with its file: two states that differ in the file alone are two.
fn state_hash(record: RecordRef<'_>) -> [u8; 16] {
    let Some(file) = record.extras.and_then(|extras| extras.file.as_ref()) else {
        return record.hash;
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&record.hash).update(file.hash());
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

/// What decides which record the "first" columns come from: the time, then the hash. As text, in an order
/// that is that of the times; a record without a time comes last.
fn first_order(plan: &Plan, slots: &[ValueRef<'_>], hash: [u8; 16]) -> Option<String> {
    let columns = &mut plan.dataset.columns.iter();
    columns.find(|column| column.merge == Merge::First)?;
    let time = match slots[plan.dataset.time_column()?] {
        ValueRef::Text(text) => text.to_owned(),
        ValueRef::Integer(number) => ordered(number as f64),
        ValueRef::Real(number) => ordered(number),
        _ => String::from("~"),
    };
    Some(format!("{time}/{}", hex(&hash)))
}

/// A number as text of one width whose order is the numbers'.
fn ordered(number: f64) -> String {
    let bits = number.to_bits();
    let bits = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    format!("{bits:016x}")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The values of the columns that the store keeps.
pub(crate) struct Kept {
    /// The origin, its first byte and the one behind the last, and the pointer.
    pub(crate) origin: [SqlValue; 4],
    pub(crate) version: String,
    hash: [u8; 16],
    first: Option<String>,
    pub(crate) scope: Option<(i64, String)>,
    batch: i64,
    /// The path of the file.
    pub(crate) file: Option<String>,
    tags: Option<String>,
}

impl Kept {
    fn of(work: &mut Work<'_>, incoming: &Incoming<'_>) -> Result<Self, Failure> {
        let record = incoming.record;
        let extras = record.extras;
        let pointer = record.pointer.map(|pointer| pointer.to_string());
        let scope = match extras.and_then(|extras| extras.scope.as_ref()) {
            Some((scope, seen)) => {
                Some((scope_id(work.db, scope.as_str())?, seen.as_str().to_owned()))
            }
            None => None,
        };
        let file = match extras.map(|extras| (&extras.file, &extras.previews[..])) {
            Some((Some(file), previews)) if incoming.plan.dataset.file.is_some() => {
                work.file(file, previews)?
            }
            Some((_, [_, ..])) => {
                let why = String::from("it has a preview of a file, and no file");
                return Err(Failure::Record(why));
            }
            _ => None,
        };
        Ok(Self {
            origin: [
                work.origin.into(),
                (record.bytes.0 as i64).into(),
                (record.bytes.1 as i64).into(),
                pointer.into(),
            ],
            version: extras.map_or_else(String::new, |extras| extras.version.as_str().to_owned()),
            hash: incoming.hash,
            first: incoming.first.clone(),
            scope,
            batch: work.number,
            file,
            tags: tags::joined(extras.map_or(&[][..], |extras| &extras.tags)),
        })
    }

    /// In the order of [`Plan::extra_names`].
    fn in_order(&self, plan: &Plan) -> Vec<SqlValue> {
        let (scope, seen) = self.scope.clone().unzip();
        let mut values = self.origin.to_vec();
        values.extend([
            self.version.clone().into(),
            self.hash.to_vec().into(),
            self.first.clone().into(),
            scope.into(),
            seen.into(),
            self.batch.into(),
        ]);
        if plan.dataset.file.is_some() {
            values.push(self.file.clone().into());
        }
        if plan.dataset.tags {
            values.push(self.tags.clone().into());
        }
        values
    }
}

pub(crate) fn bind<'v>(
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

pub(crate) fn sql(value: ValueRef<'_>) -> SqlRef<'_> {
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
    tables: &mut Tables,
    incoming: &Incoming<'_>,
    id: i64,
) -> Result<(), Failure> {
    let Incoming { plan, record, .. } = *incoming;
    if tables.is_reused(work.db, record.dataset_number, id)? {
        delete::forget(work.db, work.catalog, plan.dataset.name, id)?;
    }
    if let Some(extras) = record.extras {
        if plan.dataset.tags {
            tags::add(work.db, plan.dataset, id, &extras.tags)?;
        }
        links::set(work, plan, id, &extras.links)?;
        if !extras.aliases.is_empty() {
            let key = incoming.row_key(work);
            links::name(work, plan, id, &key, &extras.aliases)?;
        }
    }
    tables.note(record.dataset_number, id);
    work.receipt.inserted += 1;
    Ok(())
}

impl Incoming<'_> {
    /// The key of the row as text, to compare candidates of a link by.
    pub(crate) fn row_key(&self, work: &Work<'_>) -> String {
        let entries = self
            .record
            .values()
            .filter_map(|(column, value)| match value {
                ValueRef::Entry(entry) => Some((column, &work.batch.dictionary()[entry as usize])),
                _ => None,
            });
        let texts: Vec<_> = entries.collect();
        let text = |column| {
            texts
                .iter()
                .find(|(at, _)| *at == column)
                .map(|(_, text)| text)
        };
        let parts = self.plan.key.iter().map(|&column| {
            if let Some(text) = text(column) {
                return serde_json::Value::from(&***text);
            }
            match self.slots[column] {
                ValueRef::Integer(number) => serde_json::Value::from(number),
                ValueRef::Real(number) => serde_json::Value::from(number),
                ValueRef::Text(text) => serde_json::Value::from(text),
                ValueRef::Blob(bytes) => serde_json::Value::from(hex(bytes)),
                ValueRef::Null | ValueRef::Entry(_) => serde_json::Value::Null,
            }
        });
        serde_json::Value::from_iter(parts).to_string()
    }
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
