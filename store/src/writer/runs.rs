//! Rows about runs. A run that brings nothing is written once, at its end; one that brings something gets its
//! row with its first batch, so that a killed run is seen.

use std::sync::Arc;

use datalake_core::{Batch, Error, Receipt, Result, SourceName, Timestamp};
use rusqlite::{Connection, params};

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
    row: Option<i64>,
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
    /// Begins a run and returns the number under which its batches come. The caller holds the source's lock,
    /// so that any other run of it that still counts as running was interrupted.
    pub(crate) fn begin_run(&mut self, start: RunStart) -> Result<i64> {
        let sql = "SELECT 1 FROM runs WHERE source = ?1 AND outcome = 'running'";
        let interrupted = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut s| s.exists([&start.source]));
        if interrupted.map_err(|error| self.explain(error))? {
            self.transact(|db| {
                let sql = "UPDATE runs SET outcome = 'interrupted' WHERE source = ?1 AND outcome = 'running'";
                Ok(db.execute(sql, [&start.source])?)
            })?;
        }
        self.next_run += 1;
        let state = RunState {
            started_at: self.clock.now(),
            row: None,
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
    let sql = "INSERT INTO runs (source, plugin, device, \"trigger\", pid, started_at, outcome)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running')";
    let RunStart {
        source,
        plugin,
        device,
        trigger,
    } = &run.start;
    db.prepare_cached(sql)?.execute(params![
        source,
        plugin,
        device,
        trigger,
        std::process::id(),
        run.started_at.to_string()
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
