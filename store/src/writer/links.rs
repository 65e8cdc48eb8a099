//! References between rows. A row has names (aliases) and references to names of other datasets. A reference
//! is kept whether its target is there or not; of several targets the least key wins, and a better one that
//! comes later takes over.

use datalake_core::{Alias, Error, Link};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::batch::Work;
use super::{Failure, derive, rows};
use crate::catalog::{Catalog, Plan};
use crate::error::{is_record_fault, plain};

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
            return Err(Error::bug(message).into());
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

fn targets(db: &Connection, plan: &Plan, id: i64) -> rusqlite::Result<Vec<Value>> {
    let links = plan.links.iter().map(|&column| plan.name(column));
    let names: Vec<&str> = links
        .flat_map(|name| [Some(name), plan.linked_by(name)])
        .flatten()
        .collect();
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
pub(crate) fn resolve(
    db: &Connection,
    catalog: &Catalog,
    plan: &Plan,
    id: i64,
    column: &str,
) -> Result<(), Failure> {
    let (target, kind) = best(db, catalog, plan, id, column)?.unzip();
    let mut set = vec![(column, Value::from(target))];
    set.extend(plan.linked_by(column).map(|says| (says, Value::from(kind))));
    let of_each = |form: &str, between: &str| {
        let parts = set.iter().enumerate();
        let parts = parts.map(|(number, (name, _))| format!("{name} {form} ?{}", number + 2));
        parts.collect::<Vec<_>>().join(between)
    };
    let table = plan.dataset.table;
    let values = || {
        params_from_iter(
            [Value::from(id)]
                .into_iter()
                .chain(set.iter().map(|(_, value)| value.clone())),
        )
    };
    let differs = of_each("IS NOT", " OR ");
    let differs = db
        .prepare_cached(&format!(
            "SELECT 1 FROM {table} WHERE id = ?1 AND ({differs})"
        ))?
        .exists(values())?;
    if differs {
        derive::touch(db, plan, id)?;
        let sql = format!("UPDATE {table} SET {} WHERE id = ?1", of_each("=", ", "));
        match db.prepare_cached(&sql)?.execute(values()) {
            // The row's own table does not let it point there; whoever brings the target is not at fault.
            Err(error) if is_record_fault(&error) => {
                tracing::warn!(table, id, column, "cannot be linked: {}", plain(&error));
            }
            other => drop(other?),
        }
        derive::touch(db, plan, id)?;
    }
    Ok(())
}

/// The best target of a link column that is there, and by what kind of name it was found. Names can be left of rows
/// that somebody deleted with SQL of their own.
fn best(
    db: &Connection,
    catalog: &Catalog,
    plan: &Plan,
    id: i64,
    column: &str,
) -> Result<Option<(i64, String)>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT a.row_id, a.dataset, a.kind FROM links AS l JOIN aliases AS a
             ON a.dataset = l.target AND a.kind = l.kind AND a.value = l.value
         WHERE l.dataset = ?1 AND l.row_id = ?2 AND l.column_name = ?3
         ORDER BY l.rank, a.row_key",
    )?;
    let mut rows = statement.query(params![plan.dataset.name, id, column])?;
    while let Some(row) = rows.next()? {
        let (target, dataset): (i64, String) = (row.get(0)?, row.get(1)?);
        if is_there(db, catalog, &dataset, target)? {
            return Ok(Some((target, row.get(2)?)));
        }
    }
    Ok(None)
}

/// Whether a row is there, as far as this program knows its dataset.
fn is_there(db: &Connection, catalog: &Catalog, dataset: &str, id: i64) -> rusqlite::Result<bool> {
    match catalog.dataset(dataset) {
        Some(dataset) => rows::exists(db, dataset, id),
        None => Ok(true),
    }
}

/// Gives a row names, and points to it what waited for one of them.
pub(crate) fn name(
    work: &mut Work<'_>,
    plan: &Plan,
    id: i64,
    row_key: &str,
    aliases: &[Alias],
) -> Result<(), Failure> {
    // The row of this key may have been deleted with somebody's own SQL and come back with another id.
    let sql =
        "INSERT INTO aliases (dataset, kind, value, row_key, row_id) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO UPDATE SET row_id = excluded.row_id WHERE row_id != excluded.row_id";
    let dataset = plan.dataset.name;
    for Alias { kind, value } in aliases {
        let new = work
            .db
            .prepare_cached(sql)?
            .execute(params![dataset, kind, value, row_key, id])?;
        if new > 0 && is_best(work.db, plan, id, kind, value)? {
            resolve_waiting(work.db, work.catalog, dataset, kind, value)?;
        }
    }
    Ok(())
}

/// Whether nothing else of this name would be taken before the row: then nobody needs to look again. A name
/// that thousands of rows have must not make each of them look at all that wait for it.
fn is_best(
    db: &Connection,
    plan: &Plan,
    id: i64,
    kind: &str,
    value: &str,
) -> rusqlite::Result<bool> {
    let sql = "SELECT row_id FROM aliases WHERE dataset = ?1 AND kind = ?2 AND value = ?3
               ORDER BY row_key LIMIT 1";
    let best: i64 = db
        .prepare_cached(sql)?
        .query_row(params![plan.dataset.name, kind, value], |row| row.get(0))?;
    Ok(best == id || !rows::exists(db, plan.dataset, best)?)
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
        // Rows of a plugin that this program lacks are left to one that has it.
        if let Ok(plan) = catalog.plan(&dataset) {
            resolve(db, catalog, plan, id, &column)?;
        }
    }
    Ok(())
}
