//! What a dataset must keep to so that merging commutes and what is stored is what was compared.

use datalake_core::{Column, Dataset, Error, Kind, Merge, Result};
use rusqlite::Connection;

use crate::error::plain;

/// Holds the declarations of a dataset of rows against one another and against its table.
pub(crate) fn check(memory: &Connection, dataset: &Dataset) -> Result<()> {
    check_merges(dataset)?;
    check_derived(memory, dataset)?;
    check_types(memory, dataset)
}

fn column<'d>(dataset: &'d Dataset, name: &str) -> Result<&'d Column> {
    let mut columns = dataset.columns.iter();
    columns.find(|column| column.name == name).ok_or_else(|| {
        Error::bug(format!(
            "it names the column {name}, which it does not declare"
        ))
    })
}

fn check_merges(dataset: &Dataset) -> Result<()> {
    for name in dataset.key {
        if column(dataset, name)?.merge != Merge::Version {
            return Err(Error::bug(format!(
                "its key column {name} has a merge rule"
            )));
        }
    }
    for column in dataset.columns {
        let time = dataset.time_column().map(|time| dataset.columns[time]);
        match column.merge {
            Merge::Time if time.is_none_or(|time| time.merge != Merge::Time) => {
                return Err(Error::bug(format!(
                    "{} comes with the time, but the time itself ({}) merges otherwise",
                    column.name, dataset.time
                )));
            }
            Merge::First if time.is_none() => {
                return Err(Error::bug(format!("{} needs a time column", column.name)));
            }
            Merge::Link if dataset.text.contains(&column.name) => {
                return Err(Error::bug(format!("{} is no text to search", column.name)));
            }
            Merge::LinkedBy(link) => check_linked_by(dataset, column, link)?,
            merge
                if column.kind == Kind::Dictionary
                    && (merge != Merge::Version || dataset.text.contains(&column.name)) =>
            {
                return Err(Error::bug(format!(
                    "{} is stored by number: it merges with the version and is not searched",
                    column.name
                )));
            }
            _ => {}
        }
    }
    let kept = dataset
        .file
        .into_iter()
        .chain(dataset.tags.then_some("tags"));
    for name in kept {
        if dataset.column(name).is_some() {
            return Err(Error::bug(format!(
                "it declares {name}, which the store keeps"
            )));
        }
    }
    Ok(())
}

fn check_linked_by(dataset: &Dataset, column: &Column, link: &str) -> Result<()> {
    let is_link = self::column(dataset, link)?.merge == Merge::Link;
    if is_link && column.kind == Kind::Text && !dataset.text.contains(&column.name) {
        return Ok(());
    }
    Err(Error::bug(format!(
        "{} says how {link} was found: it must be a text that is not searched, and {link} a link",
        column.name
    )))
}

fn check_derived(memory: &Connection, dataset: &Dataset) -> Result<()> {
    for owner in dataset.owners {
        let Some(view) = owner.view else {
            column(dataset, owner.column)?;
            continue;
        };
        memory
            .prepare(&format!("SELECT id, {} FROM {view}", owner.column))
            .map_err(|error| Error::bug(format!("its view {view}: {}", plain(&error))))?;
    }
    let derived = dataset.derive.map_or(&[][..], |derive| derive.columns);
    for name in derived {
        column(dataset, name)?;
    }
    for column in dataset.columns {
        if (column.merge == Merge::Derived) != derived.contains(&column.name) {
            return Err(Error::bug(format!(
                "nothing, or not only its view, fills {}",
                column.name
            )));
        }
    }
    let Some(derive) = dataset.derive else {
        return Ok(());
    };
    let sql = format!(
        "SELECT id, {} FROM {}",
        derive.columns.join(", "),
        derive.view
    );
    memory
        .prepare(&sql)
        .map(drop)
        .map_err(|error| Error::bug(format!("its view {}: {}", derive.view, plain(&error))))
}

/// SQLite turns values into the type of the column; one that comes back otherwise than it was written would
/// count as changed at every reading.
fn check_types(memory: &Connection, dataset: &Dataset) -> Result<()> {
    let failed = |error| Error::bug(plain(&error));
    let mut statement = memory
        .prepare("SELECT name, upper(type) FROM pragma_table_info(?1)")
        .map_err(failed)?;
    let rows = statement
        .query_map([dataset.table], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<(String, String)>>>)
        .map_err(failed)?;
    for (name, declared) in rows {
        let mut columns = dataset.columns.iter();
        let Some(column) = columns.find(|column| column.name == name) else {
            continue;
        };
        if !keeps(&declared, column.kind) {
            return Err(Error::bug(format!(
                "{name} is {:?}, and {declared} in the table, which would change its values",
                column.kind
            )));
        }
    }
    Ok(())
}

/// Whether a column of this type keeps values of this kind as they are, by the rules of SQLite.
fn keeps(declared: &str, kind: Kind) -> bool {
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    let integer = has(&["INT"]);
    let text = !integer && has(&["CHAR", "CLOB", "TEXT"]);
    let any = !integer && !text && (declared.is_empty() || has(&["BLOB", "ANY"]));
    let real = !integer && !text && !any && has(&["REAL", "FLOA", "DOUB"]);
    match kind {
        Kind::Blob => true,
        Kind::Integer => !text && !real,
        Kind::Real => real || any,
        Kind::Text | Kind::Time => text || any,
        Kind::Dictionary => integer,
        Kind::Milli => false,
    }
}
