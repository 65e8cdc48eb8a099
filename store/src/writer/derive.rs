//! Values that follow from other rows: a change marks the rows whose derived columns it touches, and the
//! marks are worked off at the end of a unit and at start, from views of the schema.

use datalake_core::Derive;
use rusqlite::{Connection, OptionalExtension, params};

use super::Failure;
use crate::catalog::{Catalog, Plan};

/// A chain of owners longer than this is a circle in the plugin's datasets.
const LONGEST_CHAIN: usize = 16;

/// Marks a new row and its owners.
pub(crate) fn touch_new(
    db: &Connection,
    catalog: &Catalog,
    plan: &Plan,
    id: i64,
) -> Result<(), Failure> {
    if plan.dataset.derive.is_some() {
        mark(db, plan.dataset.name, id)?;
    }
    touch(db, catalog, plan, id)
}

/// Marks the owners that a row has now: called before and after a change, so that a row that moves marks the
/// old and the new one.
pub(crate) fn touch(
    db: &Connection,
    catalog: &Catalog,
    plan: &Plan,
    id: i64,
) -> Result<(), Failure> {
    for owner in plan.dataset.owners {
        let target = catalog.plan(owner.dataset)?.dataset;
        let sql = format!(
            "SELECT {} FROM {} WHERE id = ?1",
            owner.column, plan.dataset.table
        );
        let owned: Option<Option<i64>> = db
            .prepare_cached(&sql)?
            .query_row([id], |row| row.get(0))
            .optional()?;
        if let Some(Some(owned)) = owned {
            mark(db, target.name, owned)?;
        }
    }
    Ok(())
}

fn mark(db: &Connection, dataset: &str, id: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO dirty (dataset, row_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    db.prepare_cached(sql)?
        .execute(params![dataset, id])
        .map(drop)
}

/// Works off all marks.
pub(crate) fn drain(db: &Connection, catalog: &Catalog) -> Result<(), Failure> {
    for _ in 0..LONGEST_CHAIN {
        let marked: Vec<String> = db
            .prepare_cached("SELECT DISTINCT dataset FROM dirty")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if marked.is_empty() {
            return Ok(());
        }
        for dataset in marked {
            // A plugin that this program lacks leaves its marks for one that has it.
            match catalog.plan(&dataset) {
                Ok(plan) => drain_one(db, catalog, plan)?,
                Err(_) if only_unknown(db, catalog)? => return Ok(()),
                Err(_) => {}
            }
        }
    }
    Err(datalake_core::Error::bug("the owners of datasets form a circle").into())
}

fn only_unknown(db: &Connection, catalog: &Catalog) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached("SELECT DISTINCT dataset FROM dirty")?;
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(names.iter().all(|name| catalog.dataset(name).is_none()))
}

/// Computes the marked rows of one dataset and marks the owners of those that changed.
fn drain_one(db: &Connection, catalog: &Catalog, plan: &Plan) -> Result<(), Failure> {
    let name = plan.dataset.name;
    let mut statement = db.prepare_cached("SELECT row_id FROM dirty WHERE dataset = ?1")?;
    let ids = statement
        .query_map([name], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    db.prepare_cached("DELETE FROM dirty WHERE dataset = ?1")?
        .execute([name])?;
    let Some(derive) = plan.dataset.derive else {
        return Ok(());
    };
    for id in ids {
        if compute(db, plan, derive, id)? {
            touch(db, catalog, plan, id)?;
        }
    }
    Ok(())
}

/// Returns whether a derived column changed.
fn compute(db: &Connection, plan: &Plan, derive: Derive, id: i64) -> rusqlite::Result<bool> {
    let table = plan.dataset.table;
    let columns = derive.columns.join(", ");
    let own: Vec<String> = derive
        .columns
        .iter()
        .map(|column| format!("{table}.{column}"))
        .collect();
    let sql = format!(
        "UPDATE {table} SET ({columns}) = (SELECT {columns} FROM {view} AS d WHERE d.id = {table}.id)
         WHERE id = ?1 AND NOT EXISTS (
             SELECT {columns} FROM {view} AS d WHERE d.id = {table}.id INTERSECT SELECT {own})",
        view = derive.view,
        own = own.join(", "),
    );
    Ok(db.prepare_cached(&sql)?.execute([id])? > 0)
}
