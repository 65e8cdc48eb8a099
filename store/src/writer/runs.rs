//! Rows about runs. A run that brings nothing is written once, at its end; one that brings something gets its
//! row with its first batch, so that a killed run is seen.

use std::cmp::Reverse;
use std::sync::Arc;

use datalake_core::{Batch, Error, Receipt, Result, SourceName, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Failure, Writer};

/// What a run is.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// The source.
    pub source: SourceName,
    /// Its plugin.
    pub plugin: String,
    /// The device its records belong to.
    pub device: Arc<str>,
    /// What started it: `manual`, `schedule`, `watch`.
    pub trigger: &'static str,
    /// Whether it is a watch: one run that lives for days and holds the source's lock only while it reads, so
    /// that other runs of the source come in between.
    pub watch: bool,
}

impl RunStart {
    /// The outcome that its row has while it lives.
    fn alive(&self) -> &'static str {
        if self.watch { "watching" } else { "running" }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct RunEnd {
    /// `done`, `rejects`, `failed` or `cancelled`.
    pub outcome: &'static str,
    /// Units looked at.
    pub units: u64,
    /// Units left out.
    pub skipped: u64,
    /// What went wrong.
    pub error: Option<String>,
}

/// A run that is under way in this process.
#[derive(Debug, Clone)]
pub(crate) struct RunState {
    pub(crate) start: RunStart,
    started_at: Timestamp,
    /// Its row, once it has one.
    pub(crate) row: Option<i64>,
    overlapped: u64,
    bytes: u64,
    records: u64,
    receipt: Receipt,
}

impl RunState {
    /// Adds what a batch brought.
    pub(crate) fn add(&mut self, batch: &Batch, receipt: Receipt) {
        self.bytes += batch.read;
        self.records += batch.len() as u64;
        self.receipt += receipt;
    }
}

impl Writer {
    /// Begins a run and returns the number under which its batches come. The caller holds the source's lock, or
    /// for a watch the lock on watching it, so that any other run of this sort that still counts as alive was
    /// interrupted.
    pub(crate) fn begin_run(&mut self, start: RunStart) -> Result<i64> {
        let of_this_sort = (start.source.clone(), start.alive());
        let sql = "SELECT 1 FROM runs WHERE source = ?1 AND outcome = ?2";
        let interrupted = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut s| s.exists(params![of_this_sort.0, of_this_sort.1]));
        if interrupted.map_err(|error| self.explain(error))? {
            self.transact(|db| {
                let sql =
                    "UPDATE runs SET outcome = 'interrupted' WHERE source = ?1 AND outcome = ?2";
                Ok(db.execute(sql, params![of_this_sort.0, of_this_sort.1])?)
            })?;
        }
        self.next_run += 1;
        let state = RunState {
            started_at: self.clock.now(),
            row: None,
            overlapped: 0,
            bytes: 0,
            records: 0,
            receipt: Receipt::default(),
            start,
        };
        self.runs.insert(self.next_run, state);
        Ok(self.next_run)
    }

    /// Ends a run; returns its row's id. Its device is noted as seen.
    pub(crate) fn end_run(&mut self, run: i64, end: &RunEnd) -> Result<i64> {
        let mut state = self.run_state(run)?;
        let now = self.clock.now().to_string();
        let id = self.transact(|db| {
            let id = ensure_row(db, &mut state)?;
            let sql = "UPDATE runs SET ended_at = ?2, outcome = ?3, units = ?4, skipped = ?5, error = ?6 WHERE id = ?1";
            db.execute(sql, params![id, now, end.outcome, end.units as i64, end.skipped as i64, end.error])?;
            let device = "INSERT INTO devices (device_name, hostname, last_seen_at, created_at) VALUES (?1, ?1, ?2, ?2)
                          ON CONFLICT (device_name) DO UPDATE SET last_seen_at = excluded.last_seen_at";
            db.execute(device, params![state.start.device, now])?;
            Ok(id)
        })?;
        self.runs.remove(&run);
        Ok(id)
    }

    /// Counts a due time of a source that was skipped because it was still being read: at its run in this
    /// process, else at the one that another has under way. Returns whether there is one.
    pub(crate) fn count_overlap(&mut self, source: &str) -> Result<bool> {
        let own = self
            .runs
            .iter()
            .filter(|(_, run)| *run.start.source == *source)
            .min_by_key(|(number, run)| (run.start.watch, Reverse(**number)))
            .map(|(number, run)| (*number, run.row));
        let row = match own {
            Some((_, row)) => row,
            None => {
                let sql =
                    "SELECT id FROM runs WHERE source = ?1 AND outcome IN ('running', 'watching')
                           ORDER BY outcome, id DESC LIMIT 1";
                let row = self.connection.query_row(sql, [source], |row| row.get(0));
                row.optional().map_err(|error| self.explain(error))?
            }
        };
        if let Some(row) = row {
            self.transact(|db| {
                let sql = "UPDATE runs SET overlapped = overlapped + 1 WHERE id = ?1";
                Ok(db.execute(sql, [row])?)
            })?;
        }
        if let Some(run) = own.and_then(|(number, _)| self.runs.get_mut(&number)) {
            run.overlapped += 1;
        }
        Ok(own.is_some() || row.is_some())
    }

    /// What is known of a run under way.
    pub(crate) fn run_state(&self, run: i64) -> Result<RunState> {
        self.runs
            .get(&run)
            .cloned()
            .ok_or_else(|| Error::bug(format!("run {run} has not begun")))
    }
}

/// The row of a run, made if there is none yet.
pub(crate) fn ensure_row(db: &Connection, run: &mut RunState) -> Result<i64, Failure> {
    if let Some(id) = run.row {
        return Ok(id);
    }
    let sql = "INSERT INTO runs (source, plugin, device, \"trigger\", pid, started_at, outcome, overlapped)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let RunStart {
        source,
        plugin,
        device,
        trigger,
        ..
    } = &run.start;
    db.prepare_cached(sql)?.execute(params![
        source,
        plugin,
        device,
        trigger,
        std::process::id(),
        run.started_at.to_string(),
        run.start.alive(),
        run.overlapped as i64
    ])?;
    let id = db.last_insert_rowid();
    run.row = Some(id);
    Ok(id)
}

/// Writes a run's counts.
pub(crate) fn store_counts(db: &Connection, run: &RunState, id: i64) -> Result<(), Failure> {
    let sql = "UPDATE runs SET bytes = ?2, records = ?3, inserted = ?4, changed = ?5, unchanged = ?6, rejected = ?7
               WHERE id = ?1";
    let Receipt {
        inserted,
        changed,
        unchanged,
        rejected,
    } = run.receipt;
    db.prepare_cached(sql)?.execute(params![
        id,
        run.bytes as i64,
        run.records as i64,
        inserted as i64,
        changed as i64,
        unchanged as i64,
        rejected as i64
    ])?;
    Ok(())
}
