//! What a person changes: tags, and the columns that are theirs. Ingestion never touches either.

use datalake_core::{Error, Merge, Result, Shape, Value};
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;

use super::tables::reindexed;
use super::{Failure, Writer, derive, rows, tags};
use crate::catalog::Plan;
use crate::error::{is_record_fault, plain};

/// A change by the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Sets a tag.
    AddTag(String),
    /// Removes a tag; reading the input again does not bring it back.
    RemoveTag(String),
    /// Sets a column of the user's.
    Set(String, Value),
}

impl Writer {
    /// Carries out a change of the user's at a row.
    ///
    /// # Errors
    /// There is no such dataset, row or column, or the column is not the user's.
    pub(crate) fn edit(&mut self, dataset: &str, id: i64, edit: &Edit) -> Result<()> {
        let catalog = self.catalog.clone();
        let plan = catalog
            .plan(dataset)
            .ok()
            .filter(|plan| plan.dataset.shape == Shape::Rows)
            .ok_or_else(|| Error::usage(format!("there are no rows of {dataset} to change")))?;
        self.transact(|db| {
            if !rows::exists(db, plan.dataset, id)? {
                return Err(Error::usage(format!("{dataset} has no row {id}")).into());
            }
            match edit {
                Edit::AddTag(tag) => set_tag(db, plan, id, tag, false)?,
                Edit::RemoveTag(tag) => set_tag(db, plan, id, tag, true)?,
                Edit::Set(column, value) => set_column(db, plan, id, column, value)?,
            }
            derive::touch(db, plan, id)?;
            derive::drain(db, &catalog)
        })
    }
}

fn set_tag(db: &Connection, plan: &Plan, id: i64, tag: &str, removed: bool) -> Result<(), Failure> {
    let name = plan.dataset.name;
    if !plan.dataset.tags {
        return Err(Error::usage(format!("rows of {name} have no tags")).into());
    }
    if !tags::is_any(tag) {
        return Err(Error::usage("a tag has at least one letter").into());
    }
    Ok(tags::set(db, plan, id, tag, removed)?)
}

fn set_column(
    db: &Connection,
    plan: &Plan,
    id: i64,
    column: &str,
    value: &Value,
) -> Result<(), Failure> {
    let (name, table) = (plan.dataset.name, plan.dataset.table);
    let mut columns = plan.dataset.columns.iter();
    let own = columns.find(|own| own.name == column && own.merge == Merge::User);
    let Some(own) = own else {
        let message = format!("{name} has no column {column} for notes of yours");
        return Err(Error::usage(message).into());
    };
    let sql = format!("UPDATE {table} SET {} = ?2 WHERE id = ?1", own.name);
    let set = reindexed(db, plan, id, true, |db| {
        db.prepare_cached(&sql)?.execute((id, sql_value(value)))
    });
    match set {
        // What a person types is no bug of the program's.
        Err(error) if is_record_fault(&error) => {
            Err(Error::usage(format!("{column} cannot be that: {}", plain(&error))).into())
        }
        other => Ok(other.map(drop)?),
    }
}

fn sql_value(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => (*number).into(),
        Value::Real(number) => (*number).into(),
        Value::Text(text) => text.clone().into(),
        Value::Blob(bytes) => bytes.clone().into(),
    }
}
