//! Samples: inserted many a statement, each once. Texts that repeat are numbers; a value that is absent is an
//! empty text, as the columns of a key cannot be NULL.

use datalake_core::{Dataset, Kind, RecordRef, ValueRef};
use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::batch::Work;
use super::{Failure, TEXTS_REMEMBERED};
use crate::error::{is_record_fault, plain};

/// Rows a statement. More rows save nothing measurable and cost memory in the statement.
const ROWS: usize = 32;

/// A dataset's samples of one batch on their way into the table.
pub(crate) struct SeriesInsert<'a> {
    many: CachedStatement<'a>,
    one: CachedStatement<'a>,
    /// Parameters a row: the columns and the two of the origin.
    width: usize,
    columns: Vec<Kind>,
    /// The numbers of the batch's texts.
    texts: Vec<i64>,
    origin: i64,
    waiting: Vec<RecordRef<'a>>,
}

impl<'a> SeriesInsert<'a> {
    /// Prepares the statements and looks up the numbers of the batch's texts.
    pub(crate) fn new(work: &mut Work<'a>, dataset: &'static Dataset) -> Result<Self, Failure> {
        let plan = work.catalog.plan(dataset.name)?;
        let texts = text_numbers(work)?;
        let width = dataset.columns.len() + 2;
        let row = format!("({})", vec!["?"; width].join(", "));
        let many = plan
            .insert
            .replace(&row, &vec![row.as_str(); ROWS].join(", "));
        Ok(Self {
            many: work.db.prepare_cached(&many)?,
            one: work.db.prepare_cached(&plan.insert)?,
            width,
            columns: dataset.columns.iter().map(|column| column.kind).collect(),
            texts,
            origin: work.origin,
            waiting: Vec::with_capacity(ROWS),
        })
    }

    /// Adds a sample.
    pub(crate) fn add(
        &mut self,
        work: &mut Work<'a>,
        record: RecordRef<'a>,
    ) -> Result<(), Failure> {
        self.waiting.push(record);
        if self.waiting.len() == ROWS {
            self.flush(work)
        } else {
            Ok(())
        }
    }

    /// Writes what still waits.
    pub(crate) fn finish(mut self, work: &mut Work<'a>) -> Result<(), Failure> {
        self.single(work)
    }

    fn flush(&mut self, work: &mut Work<'a>) -> Result<(), Failure> {
        for (number, record) in self.waiting.iter().enumerate() {
            bind(
                &mut self.many,
                number * self.width,
                &self.columns,
                &self.texts,
                self.origin,
                record,
            )?;
        }
        match self.many.raw_execute() {
            Ok(inserted) => {
                work.receipt.inserted += inserted as u64;
                work.receipt.unchanged += (self.waiting.len() - inserted) as u64;
                self.waiting.clear();
                Ok(())
            }
            // One of them is at fault; the statement left none of them behind.
            Err(error) if is_record_fault(&error) => self.single(work),
            Err(error) => Err(error.into()),
        }
    }

    fn single(&mut self, work: &mut Work<'a>) -> Result<(), Failure> {
        for record in std::mem::take(&mut self.waiting) {
            bind(
                &mut self.one,
                0,
                &self.columns,
                &self.texts,
                self.origin,
                &record,
            )?;
            match self.one.raw_execute() {
                Ok(inserted) => {
                    work.receipt.inserted += inserted as u64;
                    work.receipt.unchanged += 1 - inserted as u64;
                }
                Err(error) if is_record_fault(&error) => {
                    work.reject_record(record, &plain(&error))?
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Binds a sample's values behind parameter `offset`. Values come in the order of the columns more often than
/// not; what lies between two is absent.
fn bind(
    statement: &mut CachedStatement<'_>,
    offset: usize,
    columns: &[Kind],
    texts: &[i64],
    origin: i64,
    record: &RecordRef<'_>,
) -> rusqlite::Result<()> {
    let mut next = 0;
    for (column, value) in record.values() {
        while next < column {
            bind_absent(statement, offset + next, columns[next])?;
            next += 1;
        }
        let value = match value {
            ValueRef::Null => {
                bind_absent(statement, offset + column, columns[column])?;
                next = next.max(column + 1);
                continue;
            }
            ValueRef::Integer(number) => SqlRef::Integer(number),
            ValueRef::Real(number) => SqlRef::Real(number),
            ValueRef::Text(text) => SqlRef::Text(text.as_bytes()),
            ValueRef::Blob(bytes) => SqlRef::Blob(bytes),
            ValueRef::Entry(number) => SqlRef::Integer(texts[number as usize]),
        };
        statement.raw_bind_parameter(offset + column + 1, ToSqlOutput::Borrowed(value))?;
        next = next.max(column + 1);
    }
    for (column, kind) in columns.iter().enumerate().skip(next) {
        bind_absent(statement, offset + column, *kind)?;
    }
    let end = offset + columns.len();
    statement.raw_bind_parameter(end + 1, origin)?;
    statement.raw_bind_parameter(end + 2, record.bytes.0 as i64)
}

fn bind_absent(
    statement: &mut CachedStatement<'_>,
    parameter: usize,
    kind: Kind,
) -> rusqlite::Result<()> {
    match kind {
        Kind::Dictionary => statement.raw_bind_parameter(parameter + 1, 0),
        _ => statement.raw_bind_parameter(parameter + 1, ""),
    }
}

/// The numbers of the batch's texts in `texts`, made where they are new.
fn text_numbers(work: &mut Work<'_>) -> rusqlite::Result<Vec<i64>> {
    if work.caches.texts.len() > TEXTS_REMEMBERED {
        work.caches.texts.clear();
    }
    let mut numbers = Vec::with_capacity(work.batch.dictionary().len());
    for text in work.batch.dictionary() {
        let number = match work.caches.texts.get(text) {
            Some(number) => *number,
            None => {
                let number = text_number(work.db, text)?;
                work.caches.texts.insert(text.clone(), number);
                number
            }
        };
        numbers.push(number);
    }
    Ok(numbers)
}

fn text_number(db: &Connection, text: &str) -> rusqlite::Result<i64> {
    let known = db
        .prepare_cached("SELECT id FROM texts WHERE value = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()?;
    match known {
        Some(number) => Ok(number),
        None => {
            db.prepare_cached("INSERT INTO texts (value) VALUES (?1)")?
                .execute([text])?;
            Ok(db.last_insert_rowid())
        }
    }
}
