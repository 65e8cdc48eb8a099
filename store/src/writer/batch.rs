//! What one batch writes: rows, rejects, files, scopes, the checkpoint, the log and the run's counts.

use std::rc::Rc;

use datalake_core::{Batch, FileRef, Preview, Receipt, RecordRef, Shape, Version};
use rusqlite::{Connection, OptionalExtension, params};

use super::files::{Seen, place, show};
use super::forget::LAST_FORGOTTEN;
use super::series::{SeriesInsert, text_numbers};
use super::tables::Tables;
use super::{Caches, Failure, checkpoints, delete, raw, rejects, rows, runs, shares};
use crate::catalog::Catalog;
use crate::error::{is_record_fault, plain};
use crate::tree::Placing;

/// Everything a transaction needs to know while it works through a batch.
pub(crate) struct Work<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) catalog: &'a Catalog,
    pub(crate) batch: &'a Batch,
    pub(crate) zone: &'a datalake_core::Zone,
    pub(crate) placing: &'a mut Placing,
    /// The instant of the transaction, as text.
    pub(crate) now: &'a str,
    /// The device of the run.
    pub(crate) device: String,
    /// The run's row.
    pub(crate) run: i64,
    /// The origin of the unit's content.
    pub(crate) origin: i64,
    /// The number this batch has in the log.
    pub(crate) number: i64,
    /// The numbers that the batch's repeating texts have in `texts`.
    pub(crate) texts: Rc<[i64]>,
    pub(crate) receipt: Receipt,
    /// Whether what the present record writes can be taken back.
    guarded: bool,
    /// The first and last byte that its records and rejects come from.
    range: Option<(u64, u64)>,
}

/// What stands before the transaction begins, and is the same for all of its batches.
pub(crate) struct Prepared<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) zone: &'a datalake_core::Zone,
    /// The instant of the transaction, as text.
    pub(crate) now: &'a str,
}

impl<'a> Prepared<'a> {
    /// Writes a batch into the transaction at hand. Nothing of it counts if this fails.
    pub(crate) fn write(
        &self,
        db: &'a Connection,
        caches: &mut Caches,
        placing: &'a mut Placing,
        batch: &'a Batch,
        run: &mut runs::RunState,
    ) -> Result<Receipt, Failure> {
        let row = runs::ensure_row(db, run)?;
        let origin = checkpoints::origin(db, caches, batch, &run.start.device)?;
        shares::note_datasets(db, caches, batch)?;
        let number = next_number(db)?;
        let texts = text_numbers(db, caches, batch)?;
        let mut work = Work {
            db,
            catalog: self.catalog,
            batch,
            zone: self.zone,
            placing,
            now: self.now,
            device: run.start.device.to_string(),
            run: row,
            origin,
            number,
            texts,
            receipt: Receipt::default(),
            guarded: false,
            range: None,
        };
        work.all(run)?;
        Ok(work.receipt)
    }
}

impl<'a> Work<'a> {
    fn all(&mut self, run: &mut runs::RunState) -> Result<(), Failure> {
        self.records()?;
        for reject in self.batch.rejects() {
            self.reject(reject)?;
        }
        let (blocks, end) = (self.batch.raw(), self.batch.raw_end);
        raw::store(self.db, self.origin, blocks, end)?;
        self.scopes()?;
        if let Some(checkpoint) = &self.batch.checkpoint {
            checkpoints::store(self.db, self.batch, checkpoint, self.now)?;
        }
        self.log()?;
        run.add(self.batch, self.receipt);
        runs::store_counts(self.db, run, self.run)?;
        Ok(())
    }

    fn records(&mut self) -> Result<(), Failure> {
        let batch = self.batch;
        let mut series: Vec<Option<SeriesInsert<'a>>> =
            batch.datasets().iter().map(|_| None).collect();
        let mut tables = Tables::new(batch);
        for record in batch.records() {
            self.widen(record.bytes);
            match record.dataset.shape {
                Shape::Series => {
                    let slot = &mut series[record.dataset_number];
                    if slot.is_none() {
                        *slot = Some(SeriesInsert::new(self, record.dataset)?);
                    }
                    if let Some(insert) = slot {
                        insert.add(self, record)?;
                    }
                }
                Shape::Rows => self.row(&mut tables, record)?,
            }
        }
        for insert in series.into_iter().flatten() {
            insert.finish(self)?;
        }
        tables.finish(self.db, self.catalog)
    }

    fn row(&mut self, tables: &mut Tables, record: RecordRef<'_>) -> Result<(), Failure> {
        let (receipt, placed) = (self.receipt, self.placing.count());
        let why = match rows::write(self, tables, record) {
            Ok(()) => return self.end_guard("RELEASE record"),
            Err(Failure::Sqlite(error)) if is_record_fault(&error) => plain(&error),
            Err(Failure::Record(why)) => why,
            Err(failure) => return Err(failure),
        };
        self.end_guard("ROLLBACK TO record; RELEASE record")?;
        self.placing.take_back(placed);
        self.receipt = receipt;
        self.reject_record(record, &why)
    }

    /// From here on what the present record writes can be taken back by itself. A plain insert needs none of
    /// it: SQLite takes back a statement that fails.
    pub(crate) fn guard(&mut self) -> rusqlite::Result<()> {
        if !self.guarded {
            self.db.prepare_cached("SAVEPOINT record")?.execute([])?;
            self.guarded = true;
        }
        Ok(())
    }

    fn end_guard(&mut self, sql: &str) -> Result<(), Failure> {
        if std::mem::take(&mut self.guarded) {
            for statement in sql.split("; ") {
                self.db.prepare_cached(statement)?.execute([])?;
            }
        }
        Ok(())
    }

    /// A record that breaks a rule of its table is the only one to suffer from it.
    pub(crate) fn reject_record(
        &mut self,
        record: RecordRef<'_>,
        why: &str,
    ) -> Result<(), Failure> {
        self.reject(&rejects::of_record(record, self.batch.dictionary(), why))
    }

    fn reject(&mut self, reject: &datalake_core::Rejected) -> Result<(), Failure> {
        self.widen((reject.origin.start, reject.origin.end));
        let counts = rejects::store(self.db, self.origin, self.run, self.now, reject)?;
        self.receipt.rejected += u64::from(counts);
        Ok(())
    }

    fn widen(&mut self, (start, end): (u64, u64)) {
        self.range = Some(
            self.range
                .map_or((start, end), |(low, high)| (low.min(start), high.max(end))),
        );
    }

    /// Scopes seen whole, unless something of the unit was rejected or cut short; and sets to be replaced.
    fn scopes(&mut self) -> Result<(), Failure> {
        let batch = self.batch;
        let complete = batch
            .complete
            .iter()
            .filter(|(_, version)| *version != Version::default());
        if complete.clone().next().is_some()
            && !batch.truncated
            && !rejects::any(self.db, self.origin)?
        {
            for (scope, version) in complete {
                self.complete(scope_id(self.db, scope.as_str())?, version.as_str())?;
            }
        }
        for (scope, version) in &batch.replaced {
            let id = scope_id(self.db, scope.as_str())?;
            delete::older_than(self.db, self.catalog, id, version.as_str())?;
        }
        Ok(())
    }

    fn complete(&self, scope: i64, version: &str) -> rusqlite::Result<()> {
        let own = "INSERT INTO completions (scope, source, complete) VALUES (?1, ?2, ?3)
                   ON CONFLICT DO UPDATE SET complete = excluded.complete WHERE excluded.complete > complete";
        self.db
            .prepare_cached(own)?
            .execute(params![scope, self.batch.ticket.source, version])?;
        self.db
            .prepare_cached("UPDATE scopes SET complete = ?2 WHERE id = ?1 AND complete < ?2")?
            .execute(params![scope, version])
            .map(drop)
    }

    /// The log has no entry for a batch that brought nothing.
    fn log(&self) -> Result<(), Failure> {
        let Receipt {
            inserted,
            changed,
            rejected,
            ..
        } = self.receipt;
        if inserted + changed == 0 {
            return Ok(());
        }
        let (start, end) = self.range.unwrap_or_default();
        let (first, last) = self.batch.times().unzip();
        let sql = "INSERT INTO batches (id, run, origin, range_start, range_end, first_time, last_time, inserted,
                   changed, rejected, committed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        self.db.prepare_cached(sql)?.execute(params![
            self.number,
            self.run,
            self.origin,
            start as i64,
            end as i64,
            first,
            last,
            inserted as i64,
            changed as i64,
            rejected as i64,
            self.now
        ])?;
        Ok(())
    }

    /// The path of a record's file, placed in the tree if it is new.
    pub(crate) fn file(
        &mut self,
        file: &FileRef,
        previews: &[Preview],
    ) -> Result<Option<String>, Failure> {
        let seen = Seen {
            device: &self.device,
            now: self.now,
            origin: self.origin,
        };
        let kept = place(self.db, self.placing, file, self.zone, &seen)?;
        show(self.db, kept.id, previews)?;
        Ok(kept.path)
    }
}

/// The number that the next batch gets in the log. None is ever given twice.
pub(crate) fn next_number(db: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT max(coalesce((SELECT max(id) FROM batches), 0),
                   coalesce((SELECT CAST(value AS INTEGER) FROM metadata WHERE key = ?1), 0)) + 1";
    db.prepare_cached(sql)?
        .query_row([LAST_FORGOTTEN], |row| row.get(0))
}

/// The number of a scope, made if it is new.
pub(crate) fn scope_id(db: &Connection, name: &str) -> rusqlite::Result<i64> {
    let known = db
        .prepare_cached("SELECT id FROM scopes WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => {
            db.prepare_cached("INSERT INTO scopes (name) VALUES (?1)")?
                .execute([name])?;
            Ok(db.last_insert_rowid())
        }
    }
}
