//! Takes rows out with everything that hangs on them.

use std::collections::HashSet;

use datalake_core::Shape;
use rusqlite::{Connection, params};

use super::{Failure, derive, links};
use crate::catalog::{Catalog, Plan};

/// A table whose rows the schema deletes together with those of another.
pub(crate) struct Cascade<'c> {
    pub(crate) parent: String,
    pub(crate) child: &'c Plan,
    pub(crate) column: String,
}

/// Deletes the rows of a scope that were last seen before `version`.
pub(crate) fn older_than(
    db: &Connection,
    catalog: &Catalog,
    scope: i64,
    version: &str,
) -> Result<(), Failure> {
    let cascades = cascades(db, catalog)?;
    let rows = catalog
        .plans()
        .filter(|plan| plan.dataset.shape == Shape::Rows);
    for plan in rows {
        let sql = format!(
            "SELECT id FROM {} WHERE scope = ?1 AND seen < ?2",
            plan.dataset.table
        );
        let ids: Vec<i64> = db
            .prepare_cached(&sql)?
            .query_map(params![scope, version], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut seen = HashSet::new();
        for id in ids {
            tree(db, catalog, &cascades, plan, id, &mut seen)?;
        }
    }
    Ok(())
}

pub(crate) fn cascades<'c>(
    db: &Connection,
    catalog: &'c Catalog,
) -> rusqlite::Result<Vec<Cascade<'c>>> {
    let mut found = Vec::new();
    for child in catalog.plans() {
        let sql = "SELECT \"table\", \"from\" FROM pragma_foreign_key_list(?1) WHERE on_delete = 'CASCADE'";
        let mut statement = db.prepare_cached(sql)?;
        let keys = statement.query_map([child.dataset.table], |row| {
            Ok(Cascade {
                parent: row.get(0)?,
                child,
                column: row.get(1)?,
            })
        })?;
        found.extend(keys.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(found)
}

/// Deletes a row, and before it those that the schema deletes with it: SQLite would do so without a word to
/// the full-text index.
fn tree<'c>(
    db: &Connection,
    catalog: &'c Catalog,
    cascades: &[Cascade<'c>],
    plan: &'c Plan,
    id: i64,
    seen: &mut HashSet<(&'c str, i64)>,
) -> Result<(), Failure> {
    if !seen.insert((plan.dataset.name, id)) {
        return Ok(());
    }
    for Cascade { child, column, .. } in cascades
        .iter()
        .filter(|cascade| cascade.parent == plan.dataset.table)
    {
        let sql = format!("SELECT id FROM {} WHERE {column} = ?1", child.dataset.table);
        let ids: Vec<i64> = db
            .prepare_cached(&sql)?
            .query_map([id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in ids {
            tree(db, catalog, cascades, child, id, seen)?;
        }
    }
    row(db, catalog, plan, id)
}

/// Deletes one row: its owners are marked, its texts leave the index, its names free what pointed to them.
fn row(db: &Connection, catalog: &Catalog, plan: &Plan, id: i64) -> Result<(), Failure> {
    derive::touch_owners(db, plan, id)?;
    if let Some(sql) = &plan.unindex {
        db.prepare_cached(sql)?.execute([id])?;
    }
    forget(db, catalog, plan.dataset.name, id)?;
    db.prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", plan.dataset.table))?
        .execute([id])?;
    Ok(())
}

/// Takes out what hangs on a row, or hung on one that somebody deleted with SQL of their own.
pub(crate) fn forget(
    db: &Connection,
    catalog: &Catalog,
    dataset: &str,
    id: i64,
) -> Result<(), Failure> {
    let aliases: Vec<(String, String)> = db
        .prepare_cached("SELECT kind, value FROM aliases WHERE dataset = ?1 AND row_id = ?2")?
        .query_map(params![dataset, id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for table in ["aliases", "links", "tags", "revisions", "shares", "dirty"] {
        let sql = format!("DELETE FROM {table} WHERE dataset = ?1 AND row_id = ?2");
        db.prepare_cached(&sql)?.execute(params![dataset, id])?;
    }
    for (kind, value) in aliases {
        links::resolve_waiting(db, catalog, dataset, &kind, &value)?;
    }
    Ok(())
}
