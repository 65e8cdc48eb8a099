//! Finds a row by its key.

use datalake_core::{Dataset, Kind, Value};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::writer::bindable;

/// A row that was found by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    /// Its number.
    pub id: i64,
    /// Where its file is, if it has one: a path below the data folder, or the place of one kept by reference.
    pub file: Option<String>,
}

/// The row of a dataset that has this key, its values in the order of [`Dataset::key`].
pub(crate) fn by_key(
    db: &Connection,
    dataset: &Dataset,
    key: &[Value],
) -> rusqlite::Result<Option<FoundRow>> {
    let conditions: Vec<String> = dataset
        .key
        .iter()
        .map(|name| {
            match dataset
                .column(name)
                .map(|column| dataset.columns[column].kind)
            {
                Some(Kind::Dictionary) => {
                    format!("{name} = (SELECT id FROM texts WHERE value = ?)")
                }
                _ => format!("{name} = ?"),
            }
        })
        .collect();
    let sql = format!(
        "SELECT id, {} FROM {} WHERE {}",
        dataset.file.unwrap_or("NULL"),
        dataset.table,
        conditions.join(" AND ")
    );
    let values = key
        .iter()
        .map(|value| ToSqlOutput::Borrowed(bindable(value.as_ref())));
    db.prepare_cached(&sql)?
        .query_row(params_from_iter(values), |row| {
            Ok(FoundRow {
                id: row.get(0)?,
                file: row.get(1)?,
            })
        })
        .optional()
}
