//! `datalake stats`: what the store holds.

use std::time::Duration;

use datalake_core::{Dataset, Result, Shape};
use datalake_store::{Cell, Reader, Table};
use serde_json::json;

use super::Exit;
use super::app::App;
use super::print::{self, Grid};
use super::runs::zone;

const DEADLINE: Duration = Duration::from_secs(60);

pub(super) fn run(app: &App) -> Result<Exit> {
    let catalog = app.catalog()?;
    let reader = app.reader()?;
    let mut counts = Vec::new();
    for dataset in catalog.datasets() {
        counts.push((
            dataset.name,
            reader.table(&counting(dataset), &[], DEADLINE)?,
        ));
    }
    let files = reader.table(
        "SELECT count(*), coalesce(sum(size), 0) FROM files",
        &[],
        DEADLINE,
    )?;
    let rejects = reader.table(
        "SELECT count(*) FROM rejects WHERE status = 'open'",
        &[],
        DEADLINE,
    )?;
    if app.json {
        let datasets: serde_json::Map<_, _> = counts
            .iter()
            .map(|(name, table)| {
                let row = |place: usize| {
                    table
                        .rows
                        .first()
                        .map_or(json!(null), |row| json!(row[place]))
                };
                (
                    (*name).to_owned(),
                    json!({ "rows": row(0), "first": row(1), "last": row(2) }),
                )
            })
            .collect();
        print::json(&json!({
            "datasets": datasets,
            "files": number(&files, 0),
            "file_bytes": number(&files, 1),
            "open_rejects": number(&rejects, 0),
            "database_bytes": database_bytes(app),
        }))?;
        return Ok(Exit::Done);
    }
    let zone = zone(&reader)?;
    let mut grid = Grid::new(&["DATASET", ">ROWS", "FIRST", "LAST"]);
    for (name, table) in &counts {
        let time = |place: usize| {
            table
                .rows
                .first()
                .map(|row| print::local(&print::cell(&row[place]), &zone))
        };
        let (first, last) = (time(1).unwrap_or_default(), time(2).unwrap_or_default());
        grid.row(vec![
            (*name).to_owned(),
            print::count(number(table, 0)),
            first,
            last,
        ]);
    }
    print::stdout(|out| {
        grid.print(out)?;
        writeln!(out)?;
        writeln!(
            out,
            "files     {}, {}",
            print::count(number(&files, 0)),
            print::bytes(number(&files, 1))
        )?;
        writeln!(out, "rejects   {} open", print::count(number(&rejects, 0)))?;
        writeln!(out, "database  {}", print::bytes(database_bytes(app)))
    })?;
    Ok(Exit::Done)
}

/// Rows, first and last instant.
fn counting(dataset: &Dataset) -> String {
    let Dataset { table, time, .. } = dataset;
    match dataset.shape {
        // The ends of the key; the instants come from integers.
        Shape::Series => {
            let text = |end: &str| {
                format!(
                    "strftime('%Y-%m-%dT%H:%M:%SZ', (SELECT {end}({time}) FROM {table}) / 1000000, 'unixepoch')"
                )
            };
            format!(
                "SELECT (SELECT count(*) FROM {table}), {}, {}",
                text("min"),
                text("max")
            )
        }
        Shape::Rows => format!(
            "SELECT (SELECT count(*) FROM {table}), (SELECT min({time}) FROM {table}), (SELECT max({time}) FROM {table})"
        ),
    }
}

/// A number of an answer's first row.
pub(super) fn number(table: &Table, place: usize) -> u64 {
    match table.rows.first().and_then(|row| row.get(place)) {
        Some(Cell::Integer(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

/// How much room the database takes, with what has not been moved into it yet.
pub(super) fn database_bytes(app: &App) -> u64 {
    let database = &app.config.store.db_file;
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let size =
        |path: &std::path::Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    size(database) + size(log.as_ref())
}

/// Open rejects a source.
pub(super) fn open_rejects(reader: &Reader, source: &str) -> Result<u64> {
    let sql = "SELECT count(*) FROM rejects AS r JOIN origins AS o ON o.id = r.origin
               WHERE r.status = 'open' AND o.source = ?1";
    Ok(number(
        &reader.table(sql, &[Cell::Text(source.to_owned())], DEADLINE)?,
        0,
    ))
}
