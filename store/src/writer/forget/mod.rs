//! Takes out everything that came from a source, in one transaction: its rows with all that hangs on them, its
//! files, rejects, runs and places.
//!
//! A row that several sources brought is one row, and stands under the source whose state it shows. So that
//! nothing of another source is lost, the units of all sources that bring the same datasets are read again at
//! their next run, which restores such rows. Rows of another source that this one has written to as well go too,
//! and come back without what it added; but those that could not come back, and those that carry something of
//! the user's own, stay as they are. So do rows whose files were ingested one by one, whoever has them besides.

mod doomed;
mod leftovers;
mod remove;

use datalake_core::{Error, INGESTED, Result, Timestamp};
use rusqlite::{Connection, params};

use super::transaction::{Mode, Transaction};
use super::{Caches, Writer, derive};
use crate::catalog::Catalog;
use doomed::Doomed;
pub(crate) use leftovers::LAST_FORGOTTEN;

/// What forgetting a source takes out, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// How many rows of which dataset, by name; those of none are left out.
    pub rows: Vec<(String, u64)>,
    /// Rows of other sources that stay although this source has written to them: they could not be read again,
    /// or carry something of the user's own.
    pub kept: u64,
    /// Files of the tree that no row uses any more.
    pub files: u64,
    /// Their size in bytes.
    pub file_bytes: u64,
    /// Rejects.
    pub rejects: u64,
    /// Units.
    pub units: u64,
    /// Runs.
    pub runs: u64,
    /// The sources that are read again at their next run.
    pub others: Vec<OtherSource>,
}

/// A source that brings the same datasets as one that is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSource {
    /// Its name.
    pub source: String,
    /// How many units it has.
    pub units: u64,
    /// How many of them were gone at the last look, or were ingested file by file: what they share with the
    /// forgotten source is not read again.
    pub missing: u64,
}

impl Writer {
    /// The other sources that forgetting `source` concerns, and what time it is.
    pub(crate) fn concerned(&mut self, source: &str) -> Result<(Vec<OtherSource>, Timestamp)> {
        let others = others(&self.connection, &self.catalog, source);
        let others = others.map_err(|error| self.explain(error))?;
        Ok((others, self.clock.now()))
    }

    /// Counts what forgetting `source` would take out.
    pub(crate) fn preview_forget(&mut self, source: &str) -> Result<Forgotten> {
        let (catalog, database) = (self.catalog.clone(), self.settings.database.clone());
        // Never committed, the transaction leaves nothing behind.
        let counted = Transaction::begin(&mut self.connection, self.mode)
            .and_then(|db| Doomed::mark(&db, &catalog, source)?.counts());
        counted.map_err(|failure| failure.explain(&database))
    }

    /// Takes out everything of `source`. Nothing comes of it when another source than `locked` turns out to be
    /// concerned. The caller holds the locks of all of them.
    pub(crate) fn forget(
        &mut self,
        source: &str,
        locked: &[OtherSource],
    ) -> Result<Option<Forgotten>> {
        if self.mode == Mode::Rehearsal {
            return Err(Error::usage("nothing can be forgotten in a rehearsal"));
        }
        let (catalog, tree) = (self.catalog.clone(), self.tree.clone());
        // What refers to what is followed a whole table at a time: SQLite would do it row by row, and search
        // through tables for each.
        self.foreign_keys(false)?;
        let done = self.transact(|db| {
            let doomed = Doomed::mark(db, &catalog, source)?;
            let found = doomed.counts()?;
            let is_locked =
                |other: &OtherSource| locked.iter().any(|locked| locked.source == other.source);
            if !found.others.iter().all(is_locked) {
                doomed.unmark()?;
                return Ok(None);
            }
            let removal = tree.removal(doomed.files()?)?;
            remove::rows(&doomed)?;
            remove::series(&doomed)?;
            leftovers::clear(&doomed, &found.others)?;
            doomed.unmark()?;
            derive::drain(db, &catalog)?;
            Ok(Some((found, removal)))
        });
        // It may name what is gone.
        self.caches = Caches::default();
        self.foreign_keys(true)?;
        Ok(done?.map(|(found, removal)| {
            removal.carry_out();
            found
        }))
    }

    fn foreign_keys(&self, on: bool) -> Result<()> {
        let set = self.connection.pragma_update(None, "foreign_keys", on);
        set.map_err(|error| self.explain(error))
    }
}

/// The other sources that bring a dataset of this source's, or one whose rows go with them. A source of which it
/// is not known what it brings is taken for one.
fn others(db: &Connection, catalog: &Catalog, source: &str) -> rusqlite::Result<Vec<OtherSource>> {
    let datasets = doomed::datasets(db, catalog, source)?;
    let sql = format!(
        "SELECT s.source, count(c.unit), coalesce(sum(c.missing OR c.source GLOB '{INGESTED}*'), 0)
        FROM (SELECT source FROM checkpoints UNION SELECT source FROM origins) AS s
            LEFT JOIN checkpoints AS c ON c.source = s.source
        WHERE s.source != ?1 AND (
            EXISTS (SELECT 1 FROM source_datasets AS d
                    WHERE d.source = s.source AND d.dataset IN (SELECT value FROM json_each(?2)))
            OR NOT EXISTS (SELECT 1 FROM source_datasets AS d WHERE d.source = s.source)
            OR NOT EXISTS (SELECT 1 FROM source_datasets AS d WHERE d.source = ?1))
        GROUP BY s.source ORDER BY s.source"
    );
    let datasets = serde_json::Value::from(datasets).to_string();
    db.prepare_cached(&sql)?
        .query_map(params![source, datasets], |row| {
            Ok(OtherSource {
                source: row.get(0)?,
                units: row.get::<_, i64>(1)? as u64,
                missing: row.get::<_, i64>(2)? as u64,
            })
        })?
        .collect()
}
