//! Takes rows out with everything that hangs on them.

use rusqlite::{Connection, params};

use super::{Failure, derive, links};
use crate::catalog::{Catalog, Plan};

/// Deletes the rows of a scope that were last seen before `version`.
pub(crate) fn older_than(
    db: &Connection,
    catalog: &Catalog,
    scope: i64,
    version: &str,
) -> Result<(), Failure> {
    for plan in catalog
        .plans()
        .filter(|plan| plan.dataset.shape == datalake_core::Shape::Rows)
    {
        let sql = format!(
            "SELECT id FROM {} WHERE scope = ?1 AND seen < ?2",
            plan.dataset.table
        );
        let ids: Vec<i64> = db
            .prepare_cached(&sql)?
            .query_map(params![scope, version], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in ids {
            row(db, catalog, plan, id)?;
        }
    }
    Ok(())
}

/// Deletes one row: its texts leave the index, its names free what pointed to them, its owners are marked.
pub(crate) fn row(db: &Connection, catalog: &Catalog, plan: &Plan, id: i64) -> Result<(), Failure> {
    let name = plan.dataset.name;
    derive::touch(db, catalog, plan, id)?;
    if let Some(sql) = &plan.unindex {
        db.prepare_cached(sql)?.execute([id])?;
    }
    let aliases: Vec<(String, String)> = db
        .prepare_cached("SELECT kind, value FROM aliases WHERE dataset = ?1 AND row_id = ?2")?
        .query_map(params![name, id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for table in ["aliases", "links", "tags", "revisions", "dirty"] {
        db.prepare_cached(&format!(
            "DELETE FROM {table} WHERE dataset = ?1 AND row_id = ?2"
        ))?
        .execute(params![name, id])?;
    }
    for (kind, value) in aliases {
        links::resolve_waiting(db, catalog, name, &kind, &value)?;
    }
    db.prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", plan.dataset.table))?
        .execute([id])?;
    Ok(())
}
