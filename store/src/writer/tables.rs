//! What a batch did to each table: the rows it inserted enter the full-text index together, at its end, and mark
//! together what follows from them.

use std::ops::RangeInclusive;

use datalake_core::Batch;
use rusqlite::Connection;

use super::{Failure, derive};
use crate::catalog::{Catalog, Plan};

/// The inserted rows of one dataset.
#[derive(Debug, Default)]
struct Inserted {
    /// Ids in the order in which they were given. They follow one another, but for a table that somebody has
    /// filled up to the greatest id there is: SQLite then picks free ones at random.
    ranges: Vec<RangeInclusive<i64>>,
    /// The greatest id that tags, names, references, revisions or shares stand for, once it has been asked for. A
    /// new row up to it has the id of one that somebody deleted with SQL of their own.
    remembered: Option<i64>,
}

/// Which rows of each dataset a batch has inserted.
pub(crate) struct Tables {
    inserted: Vec<(&'static str, Inserted)>,
}

impl Tables {
    pub(crate) fn new(batch: &Batch) -> Self {
        let datasets = batch.datasets().iter();
        Self {
            inserted: datasets
                .map(|dataset| (dataset.name, Inserted::default()))
                .collect(),
        }
    }

    /// Notes an inserted row.
    pub(crate) fn note(&mut self, number: usize, id: i64) {
        let ranges = &mut self.inserted[number].1.ranges;
        match ranges.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(id) => *last = *last.start()..=id,
            _ => ranges.push(id..=id),
        }
    }

    /// Whether this batch has inserted a row, so that it is not in the index yet.
    pub(crate) fn is_new(&self, number: usize, id: i64) -> bool {
        let mut ranges = self.inserted[number].1.ranges.iter();
        ranges.any(|range| range.contains(&id))
    }

    /// Whether something may be left of an earlier row with this id.
    pub(crate) fn is_reused(
        &mut self,
        db: &Connection,
        number: usize,
        id: i64,
    ) -> rusqlite::Result<bool> {
        let (name, inserted) = &mut self.inserted[number];
        let remembered = match inserted.remembered {
            Some(remembered) => remembered,
            None => {
                let sql = "SELECT max(coalesce((SELECT max(row_id) FROM aliases WHERE dataset = ?1), 0),
                                      coalesce((SELECT max(row_id) FROM links WHERE dataset = ?1), 0),
                                      coalesce((SELECT max(row_id) FROM tags WHERE dataset = ?1), 0),
                                      coalesce((SELECT max(row_id) FROM revisions WHERE dataset = ?1), 0),
                                      coalesce((SELECT max(row_id) FROM shares WHERE dataset = ?1), 0),
                                      coalesce((SELECT max(row_id) FROM dirty WHERE dataset = ?1), 0))";
                let found = db
                    .prepare_cached(sql)?
                    .query_row([*name], |row| row.get(0))?;
                *inserted.remembered.insert(found)
            }
        };
        Ok(id <= remembered && !self.is_new(number, id))
    }

    /// Adds the inserted rows to the full-text indexes, and marks what is to be computed for them and their owners.
    pub(crate) fn finish(&self, db: &Connection, catalog: &Catalog) -> Result<(), Failure> {
        for (dataset, inserted) in &self.inserted {
            let plan = catalog.plan(dataset)?;
            for range in &inserted.ranges {
                if let Some(sql) = &plan.index_range {
                    db.prepare_cached(sql)?
                        .execute((range.start(), range.end()))?;
                }
                derive::touch_range(db, plan, range)?;
            }
        }
        Ok(())
    }
}

/// Changes a row and keeps the full-text index right: the old texts go out before, the new ones in after. A
/// change that fails has changed nothing, so that the old texts go in again.
pub(crate) fn reindexed<T>(
    db: &Connection,
    plan: &Plan,
    id: i64,
    indexed: bool,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let (Some(unindex), Some(index), true) = (&plan.unindex, &plan.index_range, indexed) else {
        return change(db);
    };
    db.prepare_cached(unindex)?.execute([id])?;
    let done = change(db);
    db.prepare_cached(index)?.execute([id, id])?;
    done
}
