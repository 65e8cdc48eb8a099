//! Finds what is to go, and counts it. What is found stands in temporary tables:
//!
//! - `gone`: the origins of the source
//! - `doomed`: rows to be taken out, by the number of their dataset
//! - `spare`: files that no other row uses
//! - `claimed`: files that were ingested one by one, by their paths, each with the origin of an ingest

use std::collections::BTreeSet;

use datalake_core::{Dataset, Error, INGESTED, Merge, Shape};
use rusqlite::{Connection, params};

use super::super::Failure;
use super::super::delete::{Cascade, cascades};
use super::{Forgotten, others};
use crate::catalog::{Catalog, Plan};

const TABLES: &str = "
    CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE doomed (dataset INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (dataset, id)) WITHOUT ROWID;
    CREATE TEMP TABLE spare (id INTEGER PRIMARY KEY, path TEXT, size INTEGER NOT NULL);
    CREATE TEMP TABLE claimed (path TEXT PRIMARY KEY, origin INTEGER NOT NULL) WITHOUT ROWID;";
const DROP: &str =
    "DROP TABLE temp.gone; DROP TABLE temp.doomed; DROP TABLE temp.spare; DROP TABLE temp.claimed;";

/// Everything that is to go.
pub(super) struct Doomed<'a> {
    pub(super) db: &'a Connection,
    pub(super) catalog: &'a Catalog,
    pub(super) source: &'a str,
    /// Tables with rows of plugins that no plugin of this program knows.
    pub(super) strangers: Vec<Stranger>,
}

/// A table that looks like one that plugins write, of a plugin that this program lacks.
pub(super) struct Stranger {
    pub(super) table: String,
    columns: Vec<String>,
}

impl Stranger {
    /// Whether it has a column of this name.
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|own| own == column)
    }
}

/// The datasets of a source, and those whose rows the schema deletes with theirs.
pub(super) fn datasets(
    db: &Connection,
    catalog: &Catalog,
    source: &str,
) -> rusqlite::Result<Vec<String>> {
    let mut found: BTreeSet<String> = db
        .prepare_cached("SELECT dataset FROM source_datasets WHERE source = ?1")?
        .query_map([source], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let cascades = cascades(db, catalog)?;
    loop {
        let before = found.len();
        for cascade in &cascades {
            let has = |name: &String| {
                let parent = catalog.dataset(name);
                parent.is_some_and(|parent| parent.table == cascade.parent)
            };
            if found.iter().any(has) {
                found.insert(cascade.child.dataset.name.to_owned());
            }
        }
        if found.len() == before {
            return Ok(found.into_iter().collect());
        }
    }
}

impl<'a> Doomed<'a> {
    /// Finds it. Nothing but temporary tables is written.
    pub(super) fn mark(
        db: &'a Connection,
        catalog: &'a Catalog,
        source: &'a str,
    ) -> Result<Self, Failure> {
        db.execute_batch(TABLES)?;
        let origins = "INSERT INTO gone SELECT id FROM origins WHERE source = ?1";
        db.execute(origins, [source])?;
        let claimed = format!(
            "INSERT OR IGNORE INTO claimed SELECT coalesce(f.path, p.path), p.origin
             FROM places AS p JOIN origins AS o ON o.id = p.origin JOIN files AS f ON f.id = p.file
             WHERE o.source GLOB '{INGESTED}*' AND o.source != ?1 ORDER BY p.origin"
        );
        db.execute(&claimed, [source])?;
        let doomed = Self {
            strangers: strangers(db, catalog)?,
            db,
            catalog,
            source,
        };
        doomed.refuse_strangers()?;
        for (number, plan) in doomed.rows() {
            doomed.mark_own(number, plan)?;
        }
        doomed.mark_cascades()?;
        doomed.mark_files()?;
        Ok(doomed)
    }

    /// Drops the temporary tables.
    pub(super) fn unmark(&self) -> rusqlite::Result<()> {
        self.db.execute_batch(DROP)
    }

    /// The datasets of ordinary rows, with their numbers.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &'a Plan)> + use<'a> {
        let plans = self.catalog.plans().enumerate();
        plans.filter(|(_, plan)| plan.dataset.shape == Shape::Rows)
    }

    /// The series.
    pub(super) fn series(&self) -> impl Iterator<Item = &'static Dataset> + use<'a> {
        let plans = self.catalog.plans().map(|plan| plan.dataset);
        plans.filter(|dataset| dataset.shape == Shape::Series)
    }

    /// How many rows of a dataset are to go.
    pub(super) fn count(&self, number: usize) -> rusqlite::Result<u64> {
        let sql = "SELECT count(*) FROM doomed WHERE dataset = ?1";
        let count: i64 = self.db.query_row(sql, [number as i64], |row| row.get(0))?;
        Ok(count as u64)
    }

    /// Rows of the source, and rows of others that it has written to and that the others can bring again. Nobody
    /// brings again by itself what was ingested file by file: a row of such a file stays.
    fn mark_own(&self, number: usize, plan: &Plan) -> rusqlite::Result<()> {
        let Dataset {
            table, name, file, ..
        } = plan.dataset;
        let stays = file.map_or_else(String::new, |file| {
            format!("AND coalesce({file}, '') NOT IN (SELECT path FROM claimed)")
        });
        let own = format!(
            "INSERT INTO doomed SELECT ?1, id FROM {table} WHERE origin IN (SELECT id FROM gone) {stays}"
        );
        self.db.execute(&own, [number as i64])?;
        let shared = format!(
            "INSERT OR IGNORE INTO doomed SELECT ?1, t.id FROM shares AS s JOIN {table} AS t ON t.id = s.row_id
             WHERE s.source = ?2 AND s.dataset = ?3 AND t.origin IS NOT NULL
                 AND t.origin NOT IN (SELECT id FROM gone) AND NOT ({}) AND NOT EXISTS (
                 SELECT 1 FROM origins AS o JOIN checkpoints AS c ON c.source = o.source AND c.unit = o.unit
                 WHERE o.id = t.origin
                     AND (c.missing OR c.generation != o.generation OR o.source GLOB '{INGESTED}*'))",
            users(plan.dataset)
        );
        self.db
            .execute(&shared, params![number as i64, self.source, name])?;
        Ok(())
    }

    /// Puts rows of the source that stay under the ingest that has claimed their files.
    pub(super) fn hand_over(&self) -> rusqlite::Result<()> {
        for (_, plan) in self.rows() {
            let Dataset { table, file, .. } = plan.dataset;
            if let Some(file) = file {
                self.db.execute_batch(&format!(
                    "UPDATE {table} SET origin = (SELECT origin FROM claimed WHERE path = {file})
                     WHERE origin IN (SELECT id FROM gone) AND {file} IN (SELECT path FROM claimed)"
                ))?;
            }
        }
        Ok(())
    }

    /// Rows that the schema deletes with those that go.
    fn mark_cascades(&self) -> rusqlite::Result<()> {
        let cascades = cascades(self.db, self.catalog)?;
        let number = |table: &str| self.rows().find(|(_, plan)| plan.dataset.table == table);
        loop {
            let mut more = 0;
            for Cascade {
                parent,
                child,
                column,
            } in &cascades
            {
                let child = child.dataset.table;
                if let (Some((parent, _)), Some((number, _))) = (number(parent), number(child)) {
                    let sql = format!(
                        "INSERT OR IGNORE INTO doomed SELECT ?1, id FROM {child}
                         WHERE {column} IN (SELECT id FROM doomed WHERE dataset = ?2)"
                    );
                    let numbers = params![number as i64, parent as i64];
                    more += self.db.execute(&sql, numbers)?;
                }
            }
            if more == 0 {
                return Ok(());
            }
        }
    }

    /// Files that this source brought, or nobody knows who, and that no row uses which stays.
    fn mark_files(&self) -> rusqlite::Result<()> {
        self.db.execute_batch(
            "INSERT INTO spare SELECT id, path, size FROM files
             WHERE origin IS NULL OR origin IN (SELECT id FROM gone)",
        )?;
        let mut used = Vec::new();
        for (number, plan) in self.rows() {
            let Dataset { table, file, .. } = plan.dataset;
            if let Some(file) = file {
                used.push(format!(
                    "SELECT {file} FROM {table} AS t WHERE {file} IS NOT NULL
                     AND NOT EXISTS (SELECT 1 FROM doomed WHERE dataset = {number} AND id = t.id)"
                ));
            }
        }
        let strangers = self.strangers.iter();
        used.extend(
            strangers
                .filter(|stranger| stranger.has("file_path"))
                .map(|stranger| format!("SELECT file_path FROM \"{}\"", stranger.table)),
        );
        for used in used {
            self.db.execute_batch(&format!(
                "DELETE FROM spare WHERE path IN ({used});
                 DELETE FROM spare WHERE id IN (SELECT file FROM places WHERE path IN ({used}));"
            ))?;
        }
        Ok(())
    }

    /// Rows of this source that nobody here knows how to take out.
    fn refuse_strangers(&self) -> Result<(), Failure> {
        for Stranger { table, .. } in &self.strangers {
            let sql =
                format!("SELECT 1 FROM \"{table}\" WHERE origin IN (SELECT id FROM gone) LIMIT 1");
            if self.db.prepare(&sql)?.exists([])? {
                let message = format!(
                    "the table {table} has rows of the source {}, and no plugin of this program knows it",
                    self.source
                );
                return Err(Error::permanent(message)
                    .hint("use the datalake that has the plugin, or drop the table; nothing was changed")
                    .into());
            }
        }
        Ok(())
    }

    /// The paths of the files that are to go.
    pub(super) fn files(&self) -> rusqlite::Result<Vec<String>> {
        self.db
            .prepare("SELECT path FROM spare WHERE path IS NOT NULL")?
            .query_map([], |row| row.get(0))?
            .collect()
    }

    /// Counts everything that was found.
    pub(super) fn counts(&self) -> Result<Forgotten, Failure> {
        let count = |sql: &str| -> rusqlite::Result<u64> {
            let count: i64 = self.db.query_row(sql, [], |row| row.get(0))?;
            Ok(count as u64)
        };
        let of_source = |table: &str| -> rusqlite::Result<u64> {
            let sql = format!("SELECT count(*) FROM {table} WHERE source = ?1");
            let count: i64 = self.db.query_row(&sql, [self.source], |row| row.get(0))?;
            Ok(count as u64)
        };
        let from_gone = |table: &str| {
            count(&format!(
                "SELECT count(*) FROM {table} WHERE origin IN (SELECT id FROM gone)"
            ))
        };
        let mut rows = Vec::new();
        for (number, plan) in self.catalog.plans().enumerate() {
            let count = match plan.dataset.shape {
                Shape::Rows => self.count(number)?,
                Shape::Series => from_gone(plan.dataset.table)?,
            };
            if count > 0 {
                rows.push((plan.dataset.name.to_owned(), count));
            }
        }
        Ok(Forgotten {
            rows,
            kept: self.kept()?,
            files: count("SELECT count(path) FROM spare")?,
            file_bytes: count("SELECT coalesce(sum(size), 0) FROM spare WHERE path IS NOT NULL")?,
            rejects: from_gone("rejects")?,
            units: of_source("checkpoints")?,
            runs: of_source("runs")?,
            others: others(self.db, self.catalog, self.source)?,
        })
    }

    /// Rows that this source has written to and that stay.
    fn kept(&self) -> rusqlite::Result<u64> {
        let mut kept = 0;
        for (number, plan) in self.rows() {
            let sql = "SELECT count(*) FROM shares AS s WHERE s.source = ?1 AND s.dataset = ?2
                AND NOT EXISTS (SELECT 1 FROM doomed WHERE dataset = ?3 AND id = s.row_id)";
            let name = plan.dataset.name;
            let count: i64 =
                self.db
                    .query_row(sql, params![self.source, name, number as i64], |row| {
                        row.get(0)
                    })?;
            kept += count as u64;
        }
        Ok(kept)
    }
}

/// SQL for whether a row `t` carries something of the user's own.
fn users(dataset: &Dataset) -> String {
    let own = dataset.columns.iter();
    let own = own
        .filter(|column| column.merge == Merge::User)
        .map(|column| format!("t.{} IS NOT NULL", column.name));
    let tags = format!(
        "EXISTS (SELECT 1 FROM tags WHERE dataset = '{}' AND row_id = t.id AND set_by = 'user')",
        dataset.name
    );
    own.chain([tags]).collect::<Vec<_>>().join(" OR ")
}

/// Stock tables are there without their plugins: only those with rows are of any interest.
fn strangers(db: &Connection, catalog: &Catalog) -> rusqlite::Result<Vec<Stranger>> {
    let sql = "SELECT m.name, group_concat(c.name, ' ') AS columns
        FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
        WHERE m.type = 'table' GROUP BY m.name
        HAVING sum(c.name IN ('origin', 'origin_start')) = 2";
    let mut strangers = db
        .prepare(sql)?
        .query_map([], |row| {
            let columns: String = row.get(1)?;
            Ok(Stranger {
                table: row.get(0)?,
                columns: columns.split(' ').map(String::from).collect(),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    strangers.retain(|stranger| {
        let mut datasets = catalog.datasets().iter();
        !datasets.any(|dataset| dataset.table == stranger.table)
    });
    let mut some = Vec::new();
    for stranger in strangers {
        let any = format!("SELECT 1 FROM \"{}\" LIMIT 1", stranger.table);
        if db.prepare(&any)?.exists([])? {
            some.push(stranger);
        }
    }
    Ok(some)
}
