//! Batches that wait for the writer together are one transaction: the syncs, of which there are several a transaction,
//! are by far the dearest part of a small batch.
//!
//! A group is all or nothing only in passing. If anything in it fails, it is taken back as a whole, and each of its
//! batches is written again by itself, so that each failure is its own batch's. Only a failed sync ends them all.

use std::collections::HashMap;

use datalake_core::{Batch, Error, Receipt, Result};
use rusqlite::Connection;

use super::batch::Prepared;
use super::runs::RunState;
use super::transaction::Transaction;
use super::{Caches, Failure, Writer, derive};
use crate::error::explain;
use crate::tree::{NotPlaced, Placing};

/// How often a batch is written again because a name was taken that it had chosen.
const NAMES_TAKEN: usize = 8;

/// Why a group was not written.
enum NotWritten {
    /// Nothing of it counts.
    Failed(Error),
    /// Nothing of it counts, and another try chooses other names.
    NameTaken(Error),
    /// Nothing of it counts, or it may count after the next start; either way nothing is tried again.
    Final(Error),
}

impl From<Error> for NotWritten {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes batches of different attempts. The answers are in their order.
pub(crate) fn write(writer: &mut Writer, batches: &[&Batch]) -> Vec<Result<Receipt>> {
    match transact(writer, batches) {
        Ok(receipts) => receipts.into_iter().map(Ok).collect(),
        Err(NotWritten::Final(error)) => batches.iter().map(|_| Err(error.in_words())).collect(),
        Err(NotWritten::Failed(error)) if batches.len() == 1 => vec![Err(error)],
        Err(_) => batches.iter().map(|batch| alone(writer, batch)).collect(),
    }
}

fn alone(writer: &mut Writer, batch: &Batch) -> Result<Receipt> {
    let mut tries = 1;
    loop {
        match transact(writer, &[batch]) {
            Ok(receipts) => return Ok(receipts.into_iter().next().unwrap_or_default()),
            Err(NotWritten::NameTaken(_)) if tries < NAMES_TAKEN => tries += 1,
            Err(
                NotWritten::Failed(error) | NotWritten::NameTaken(error) | NotWritten::Final(error),
            ) => return Err(error),
        }
    }
}

/// Writes batches in one transaction.
fn transact(writer: &mut Writer, batches: &[&Batch]) -> Result<Vec<Receipt>, NotWritten> {
    let done = try_transact(writer, batches);
    if done.is_err() {
        writer.caches = Caches::default();
    }
    done
}

fn try_transact(writer: &mut Writer, batches: &[&Batch]) -> Result<Vec<Receipt>, NotWritten> {
    let mut runs: HashMap<i64, RunState> = HashMap::new();
    for batch in batches {
        let run = batch.ticket.run;
        runs.insert(run, writer.run_state(run)?);
    }
    let (catalog, now) = (writer.catalog.clone(), writer.clock.now().to_string());
    let database = writer.settings.database.clone();
    let mut placing = writer.tree.placing();
    let prepared = Prepared {
        catalog: &catalog,
        zone: &writer.zone,
        now: &now,
    };
    let transaction = Transaction::begin(&mut writer.connection, writer.mode)
        .map_err(|failure| failure.explain(&database))?;
    // Dropped without being done, what was placed is taken back.
    let receipts = prepared
        .write_all(
            &transaction,
            &mut writer.caches,
            &mut placing,
            batches,
            &mut runs,
        )
        .map_err(|failure| failure.explain(&database))?;
    placing.settle().map_err(|not| match not {
        NotPlaced::Taken(error) => NotWritten::NameTaken(error),
        NotPlaced::NotSynced(error) => NotWritten::Final(error),
        NotPlaced::Failed(error) => NotWritten::Failed(error),
    })?;
    if let Err(error) = transaction.commit() {
        // The commit may stand in the log all the same, and count after the next start: that decides.
        placing.leave();
        return Err(NotWritten::Final(explain(&database, error)));
    }
    placing.done();
    writer.runs.extend(runs);
    Ok(receipts)
}

impl Prepared<'_> {
    fn write_all(
        &self,
        db: &Connection,
        caches: &mut Caches,
        placing: &mut Placing,
        batches: &[&Batch],
        runs: &mut HashMap<i64, RunState>,
    ) -> Result<Vec<Receipt>, Failure> {
        let mut receipts = Vec::with_capacity(batches.len());
        for batch in batches {
            let run = runs.get_mut(&batch.ticket.run);
            let run = run.ok_or_else(|| Error::bug("a batch of a run that has not begun"))?;
            receipts.push(self.write(db, caches, placing, batch, run)?);
        }
        if batches.iter().any(|batch| batch.last) {
            derive::drain(db, self.catalog)?;
        }
        Ok(receipts)
    }
}
