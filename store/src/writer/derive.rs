//! Values that follow from other rows: a change marks the rows whose derived columns it touches, and the
//! marks are worked off at the end of a unit and at start, from views of the schema.

use std::ops::RangeInclusive;

use datalake_core::Derive;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params, params_from_iter};

use super::Failure;
use super::tables::reindexed;
use crate::catalog::{Catalog, Plan};
use crate::error::{is_record_fault, plain};

/// A chain of owners longer than this is taken for a circle. Rows can be linked in circles by what the input
/// says, so that it ends the computation and not the batch.
const LONGEST_CHAIN: usize = 256;

/// Marks a row and the owners it has now: called before and after a change, so that a row that moves marks the old
/// and the new owner.
pub(crate) fn touch(db: &Connection, plan: &Plan, id: i64) -> rusqlite::Result<()> {
    touch_range(db, plan, &(id..=id))
}

/// Marks rows and the owners they have now: called for new rows, many at once.
///
/// A statement that can fail halfway is one that SQLite must be able to take back by itself, and before it begins one
/// it has every full-text index write down what it holds in memory. `OR IGNORE` cannot fail, so that the indexes are
/// written once a transaction.
pub(crate) fn touch_range(
    db: &Connection,
    plan: &Plan,
    ids: &RangeInclusive<i64>,
) -> rusqlite::Result<()> {
    if plan.dataset.derive.is_some() {
        let sql = format!(
            "INSERT OR IGNORE INTO dirty (dataset, row_id) SELECT ?1, id FROM {} WHERE id BETWEEN ?2 AND ?3",
            plan.dataset.table
        );
        db.prepare_cached(&sql)?
            .execute(params![plan.dataset.name, ids.start(), ids.end()])?;
    }
    mark_owners(db, plan, ids)
}

/// Marks the owners that a row has now.
pub(crate) fn touch_owners(db: &Connection, plan: &Plan, id: i64) -> rusqlite::Result<()> {
    mark_owners(db, plan, &(id..=id))
}

fn mark_owners(db: &Connection, plan: &Plan, ids: &RangeInclusive<i64>) -> rusqlite::Result<()> {
    for owner in plan.dataset.owners {
        let sql = format!(
            "INSERT OR IGNORE INTO dirty (dataset, row_id) SELECT DISTINCT ?1, {0} FROM {1}
             WHERE id BETWEEN ?2 AND ?3 AND {0} IS NOT NULL",
            owner.column,
            owner.view.unwrap_or(plan.dataset.table)
        );
        db.prepare_cached(&sql)?
            .execute(params![owner.dataset, ids.start(), ids.end()])?;
    }
    Ok(())
}

/// Works off all marks but those of datasets that this program lacks: they wait for one that has them.
pub(crate) fn drain(db: &Connection, catalog: &Catalog) -> Result<(), Failure> {
    for _ in 0..LONGEST_CHAIN {
        let marked: Vec<String> = db
            .prepare_cached("SELECT DISTINCT dataset FROM dirty")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let known = marked.iter().filter_map(|name| catalog.plan(name).ok());
        let mut any = false;
        for plan in known {
            drain_one(db, plan)?;
            any = true;
        }
        if !any {
            return Ok(());
        }
    }
    tracing::warn!("rows own one another in a circle; their derived values are not exact");
    for plan in catalog.plans() {
        db.prepare_cached("DELETE FROM dirty WHERE dataset = ?1")?
            .execute([plan.dataset.name])?;
    }
    Ok(())
}

/// Computes the marked rows of one dataset and marks the owners of those that changed.
fn drain_one(db: &Connection, plan: &Plan) -> Result<(), Failure> {
    let name = plan.dataset.name;
    let ids = db
        .prepare_cached("SELECT row_id FROM dirty WHERE dataset = ?1")?
        .query_map([name], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    db.prepare_cached("DELETE FROM dirty WHERE dataset = ?1")?
        .execute([name])?;
    let Some(derive) = plan.dataset.derive else {
        return Ok(());
    };
    for id in ids {
        match compute(db, plan, derive, id) {
            Ok(true) => touch_owners(db, plan, id)?,
            Ok(false) => {}
            // Sums can overflow and break the table's rules. The rows are worth more than their totals.
            Err(error) if is_no_value(&error) => {
                tracing::warn!(dataset = name, id, "cannot be computed: {}", plain(&error));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn is_no_value(error: &rusqlite::Error) -> bool {
    is_record_fault(error) || error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

/// Returns whether a derived column changed.
fn compute(db: &Connection, plan: &Plan, derive: Derive, id: i64) -> rusqlite::Result<bool> {
    let table = plan.dataset.table;
    let columns = derive.columns.join(", ");
    // The view may go through many rows: it is asked once.
    let sql = format!("SELECT {columns} FROM {} WHERE id = ?1", derive.view);
    let width = derive.columns.len();
    let computed = db
        .prepare_cached(&sql)?
        .query_row([id], |row| (0..width).map(|place| row.get(place)).collect());
    let computed: Option<Vec<Value>> = computed.optional()?;
    let mut parameters = computed.unwrap_or(vec![Value::Null; width]);
    parameters.push(id.into());
    let marks = vec!["?"; width].join(", ");
    let differs = format!("SELECT 1 FROM {table} WHERE ({columns}) IS NOT ({marks}) AND id = ?");
    if !db
        .prepare_cached(&differs)?
        .exists(params_from_iter(&parameters))?
    {
        return Ok(false);
    }
    let searched = derive
        .columns
        .iter()
        .any(|column| plan.dataset.text.contains(column));
    // A row that moves leaves the owners it had.
    touch_owners(db, plan, id)?;
    let update = format!("UPDATE {table} SET ({columns}) = ({marks}) WHERE id = ?");
    reindexed(db, plan, id, searched, |db| {
        db.prepare_cached(&update)?
            .execute(params_from_iter(&parameters))
    })?;
    Ok(true)
}
