//! What a person changes: tags, and the columns that are theirs. Ingestion never touches either.

use datalake_core::{Error, Merge, Result, Value};
use rusqlite::types::Value as SqlValue;

use super::{Failure, Writer, rows, tags};

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
        let plan = catalog.plan(dataset)?;
        self.transact(|db| {
            if !rows::exists(db, plan.dataset, id)? {
                return Err(Error::usage(format!("{dataset} has no row {id}")).into());
            }
            match edit {
                Edit::AddTag(tag) => tags::set(db, plan.dataset, id, tag, false)?,
                Edit::RemoveTag(tag) => tags::set(db, plan.dataset, id, tag, true)?,
                Edit::Set(column, value) => {
                    let own = plan
                        .dataset
                        .columns
                        .iter()
                        .find(|own| own.name == column && own.merge == Merge::User);
                    let Some(own) = own else {
                        return Err(Error::usage(format!(
                            "{dataset} has no column {column} for notes of yours"
                        ))
                        .into());
                    };
                    let sql = format!(
                        "UPDATE {} SET {} = ?2 WHERE id = ?1",
                        plan.dataset.table, own.name
                    );
                    rows::reindexed(db, plan, id, true, |db| {
                        db.prepare_cached(&sql)?
                            .execute((id, sql_value(value)))
                            .map(drop)
                    })?;
                    return Ok(());
                }
            }
            if plan.dataset.tags {
                tags::refresh(db, plan, id, true)?;
            }
            Ok::<_, Failure>(())
        })
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
