//! Samples: inserted many a statement, each once. Texts that repeat are numbers; a value that is absent is an
//! empty text, as the columns of a key cannot be NULL.

use std::rc::Rc;
use std::sync::Arc;

use datalake_core::{Batch, Dataset, Kind, RecordRef, ValueRef};
use rusqlite::types::{ToSqlOutput, ValueRef as SqlRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::batch::Work;
use super::{Caches, Failure, TEXTS_REMEMBERED};
use crate::error::{is_record_fault, plain};

/// Rows a statement. More rows save nothing measurable and cost memory in the statement.
const ROWS: usize = 32;

/// A dataset's samples of one batch on their way into the table.
pub(crate) struct SeriesInsert<'a> {
    many: Binder<'a>,
    one: Binder<'a>,
    row: RowKind,
    waiting: Vec<RecordRef<'a>>,
}

/// What all rows of a batch's series have in common.
struct RowKind {
    columns: Vec<Kind>,
    /// The numbers of the batch's texts.
    texts: Rc<[i64]>,
    origin: i64,
}

impl<'a> SeriesInsert<'a> {
    /// Prepares the statements.
    pub(crate) fn new(work: &mut Work<'a>, dataset: &'static Dataset) -> Result<Self, Failure> {
        let plan = work.catalog.plan(dataset.name)?;
        let columns: Vec<Kind> = dataset.columns.iter().map(|column| column.kind).collect();
        // The columns and the two of the origin.
        let width = columns.len() + 2;
        let row = format!("({})", vec!["?"; width].join(", "));
        let many = plan
            .insert
            .replace(&row, &vec![row.as_str(); ROWS].join(", "));
        Ok(Self {
            many: Binder::new(work.db.prepare_cached(&many)?, width * ROWS),
            one: Binder::new(work.db.prepare_cached(&plan.insert)?, width),
            row: RowKind {
                columns,
                texts: work.texts.clone(),
                origin: work.origin,
            },
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
        let mut parameter = 0;
        for record in &self.waiting {
            parameter = self.many.row(parameter, &self.row, record)?;
        }
        match self.many.statement.raw_execute() {
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
            self.one.row(0, &self.row, &record)?;
            match self.one.statement.raw_execute() {
                Ok(inserted) => {
                    work.receipt.inserted += inserted as u64;
                    work.receipt.unchanged += 1 - inserted as u64;
                }
                Err(error) if is_record_fault(&error) => {
                    work.reject_record(record, &plain(&error))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// A statement and what its parameters hold: they keep their values from one execution to the next, and most
/// are to be the same again (device, command, origin, what is absent).
struct Binder<'a> {
    statement: CachedStatement<'a>,
    bound: Vec<Bound>,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Other,
    Absent,
    Integer(i64),
}

impl<'a> Binder<'a> {
    fn new(statement: CachedStatement<'a>, parameters: usize) -> Self {
        Self {
            statement,
            bound: vec![Bound::Other; parameters],
        }
    }

    /// Binds a row from parameter `offset` on; returns where the next begins. Values come in the order of the
    /// columns more often than not; what lies between two is absent.
    fn row(
        &mut self,
        offset: usize,
        row: &RowKind,
        record: &RecordRef<'_>,
    ) -> rusqlite::Result<usize> {
        let mut next = 0;
        for (column, value) in record.values() {
            for absent in next..column {
                self.absent(offset + absent, row.columns[absent])?;
            }
            next = next.max(column + 1);
            let parameter = offset + column;
            match value {
                ValueRef::Integer(number) => self.integer(parameter, number)?,
                ValueRef::Entry(number) => self.integer(parameter, row.texts[number as usize])?,
                ValueRef::Null => self.absent(parameter, row.columns[column])?,
                ValueRef::Real(number) => self.other(parameter, SqlRef::Real(number))?,
                ValueRef::Text(text) => self.other(parameter, SqlRef::Text(text.as_bytes()))?,
                ValueRef::Blob(bytes) => self.other(parameter, SqlRef::Blob(bytes))?,
            }
        }
        for absent in next..row.columns.len() {
            self.absent(offset + absent, row.columns[absent])?;
        }
        let end = offset + row.columns.len();
        self.integer(end, row.origin)?;
        self.integer(end + 1, record.bytes.0 as i64)?;
        Ok(end + 2)
    }

    fn integer(&mut self, parameter: usize, number: i64) -> rusqlite::Result<()> {
        if self.bound[parameter] == Bound::Integer(number) {
            return Ok(());
        }
        self.bound[parameter] = Bound::Integer(number);
        self.statement.raw_bind_parameter(parameter + 1, number)
    }

    fn absent(&mut self, parameter: usize, kind: Kind) -> rusqlite::Result<()> {
        if kind == Kind::Dictionary {
            return self.integer(parameter, 0);
        }
        if self.bound[parameter] == Bound::Absent {
            return Ok(());
        }
        self.bound[parameter] = Bound::Absent;
        self.statement.raw_bind_parameter(parameter + 1, "")
    }

    fn other(&mut self, parameter: usize, value: SqlRef<'_>) -> rusqlite::Result<()> {
        self.bound[parameter] = Bound::Other;
        self.statement
            .raw_bind_parameter(parameter + 1, ToSqlOutput::Borrowed(value))
    }
}

/// The numbers of the batch's texts in `texts`, made where they are new. They are made before any record is written,
/// so that a record that is taken back takes none of them along.
pub(crate) fn text_numbers(
    db: &Connection,
    caches: &mut Caches,
    batch: &Batch,
) -> rusqlite::Result<Rc<[i64]>> {
    if caches.texts.len() > TEXTS_REMEMBERED {
        caches.texts.clear();
    }
    let number = |text: &Arc<str>| match caches.texts.get(text) {
        Some(number) => Ok(*number),
        None => {
            let number = text_number(db, text)?;
            caches.texts.insert(text.clone(), number);
            Ok(number)
        }
    };
    batch.dictionary().iter().map(number).collect()
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
