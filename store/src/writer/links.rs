//! References between rows. A row has names (aliases) and references to names of other datasets. A reference
//! is kept whether its target is there or not; of several targets the least key wins, and a better one that
//! comes later takes over.

use datalake_core::{Alias, Link};
use rusqlite::{Connection, OptionalExtension, params};

use super::batch::Work;
use super::{Failure, derive};
use crate::catalog::{Catalog, Plan};

/// Notes the references of a new row and resolves them.
pub(crate) fn set(
    work: &mut Work<'_>,
    plan: &Plan,
    id: i64,
    links: &[Link],
) -> Result<(), Failure> {
    let sql = "INSERT INTO links (dataset, row_id, column_name, rank, target, kind, value)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    for (rank, link) in links.iter().enumerate() {
        let column = plan
            .dataset
            .column(link.column)
            .filter(|column| plan.links.contains(column));
        if column.is_none() {
            let message = format!(
                "the dataset {} has no link column {}",
                plan.dataset.name, link.column
            );
            return Err(datalake_core::Error::bug(message).into());
        }
        work.db.prepare_cached(sql)?.execute(params![
            plan.dataset.name,
            id,
            link.column,
            rank as i64,
            link.dataset,
            link.kind,
            link.value
        ])?;
    }
    for column in columns(links) {
        resolve(work.db, work.catalog, plan, id, column)?;
    }
    Ok(())
}

/// Replaces the references of a row by those of its newer version. Returns whether one points elsewhere now.
pub(crate) fn replace(
    work: &mut Work<'_>,
    plan: &Plan,
    id: i64,
    links: &[Link],
) -> Result<bool, Failure> {
    if plan.links.is_empty() {
        return Ok(false);
    }
    let before = targets(work.db, plan, id)?;
    work.db
        .prepare_cached("DELETE FROM links WHERE dataset = ?1 AND row_id = ?2")?
        .execute(params![plan.dataset.name, id])?;
    set(work, plan, id, links)?;
    for &column in &plan.links {
        if links.iter().all(|link| link.column != plan.name(column)) {
            resolve(work.db, work.catalog, plan, id, plan.name(column))?;
        }
    }
    Ok(targets(work.db, plan, id)? != before)
}

fn targets(db: &Connection, plan: &Plan, id: i64) -> rusqlite::Result<Vec<Option<i64>>> {
    let names: Vec<&str> = plan.links.iter().map(|&column| plan.name(column)).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE id = ?1",
        names.join(", "),
        plan.dataset.table
    );
    db.prepare_cached(&sql)?.query_row([id], |row| {
        (0..names.len()).map(|place| row.get(place)).collect()
    })
}

fn columns(links: &[Link]) -> Vec<&'static str> {
    let mut columns: Vec<&'static str> = links.iter().map(|link| link.column).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Points a link column to the best target there is now.
fn resolve(
    db: &Connection,
    catalog: &Catalog,
    plan: &Plan,
    id: i64,
    column: &str,
) -> Result<(), Failure> {
    let best: Option<i64> = db
        .prepare_cached(
            "SELECT a.row_id FROM links AS l JOIN aliases AS a
                 ON a.dataset = l.target AND a.kind = l.kind AND a.value = l.value
             WHERE l.dataset = ?1 AND l.row_id = ?2 AND l.column_name = ?3
             ORDER BY l.rank, a.row_key LIMIT 1",
        )?
        .query_row(params![plan.dataset.name, id, column], |row| row.get(0))
        .optional()?;
    let table = plan.dataset.table;
    let differs = db
        .prepare_cached(&format!(
            "SELECT 1 FROM {table} WHERE id = ?1 AND {column} IS NOT ?2"
        ))?
        .query_row(params![id, best], |_| Ok(()))
        .optional()?
        .is_some();
    if differs {
        derive::touch(db, catalog, plan, id)?;
        db.prepare_cached(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"))?
            .execute(params![id, best])?;
        derive::touch(db, catalog, plan, id)?;
    }
    Ok(())
}

/// Gives a row names, and points to it what waited for one of them.
pub(crate) fn name(
    work: &mut Work<'_>,
    plan: &Plan,
    id: i64,
    row_key: &str,
    aliases: &[Alias],
) -> Result<(), Failure> {
    let sql =
        "INSERT INTO aliases (dataset, kind, value, row_key, row_id) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO NOTHING";
    for alias in aliases {
        let new = work.db.prepare_cached(sql)?.execute(params![
            plan.dataset.name,
            alias.kind,
            alias.value,
            row_key,
            id
        ])?;
        if new > 0 {
            resolve_waiting(
                work.db,
                work.catalog,
                plan.dataset.name,
                alias.kind,
                &alias.value,
            )?;
        }
    }
    Ok(())
}

/// Resolves again whatever refers to a name.
pub(crate) fn resolve_waiting(
    db: &Connection,
    catalog: &Catalog,
    target: &str,
    kind: &str,
    value: &str,
) -> Result<(), Failure> {
    let waiting: Vec<(String, i64, String)> = db
        .prepare_cached(
            "SELECT DISTINCT dataset, row_id, column_name FROM links WHERE target = ?1 AND kind = ?2 AND value = ?3",
        )?
        .query_map(params![target, kind, value], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (dataset, id, column) in waiting {
        resolve(db, catalog, catalog.plan(&dataset)?, id, &column)?;
    }
    Ok(())
}
