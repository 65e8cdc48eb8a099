//! `datalake stats`: what the store holds.

use std::time::Duration;

use datalake_core::{Dataset, Result, Zone};
use datalake_store::{Cell, Reader, Table};
use serde_json::json;

use super::Exit;
use super::app::App;
use super::print::{self, Grid};
use super::runs::zone;

const DEADLINE: Duration = Duration::from_secs(60);

/// What is counted.
struct Counts {
    datasets: Vec<(&'static str, Table)>,
    files: Table,
    rejects: Table,
    database_bytes: u64,
}

pub(super) fn run(app: &App) -> Result<Exit> {
    let catalog = app.catalog()?;
    let reader = app.reader()?;
    let count = |sql: &str| reader.table(sql, &[], DEADLINE);
    let mut datasets = Vec::new();
    for dataset in catalog.datasets() {
        datasets.push((dataset.name, count(&counting(dataset))?));
    }
    let counts = Counts {
        datasets,
        files: count("SELECT count(*), coalesce(sum(size), 0) FROM files")?,
        rejects: count("SELECT count(*) FROM rejects WHERE status = 'open'")?,
        database_bytes: database_bytes(app),
    };
    if app.json {
        print::json(&as_json(&counts))?
    } else {
        text(&counts, &zone(&reader)?)?
    }
    Ok(Exit::Done)
}

fn as_json(counts: &Counts) -> serde_json::Value {
    let datasets = counts.datasets.iter().map(|(name, table)| {
        let cell = |place: usize| {
            table
                .rows
                .first()
                .map_or(json!(null), |row| json!(row[place]))
        };
        (
            (*name).to_owned(),
            json!({ "rows": cell(0), "first": cell(1), "last": cell(2) }),
        )
    });
    json!({
        "datasets": datasets.collect::<serde_json::Map<_, _>>(),
        "files": number(&counts.files, 0),
        "file_bytes": number(&counts.files, 1),
        "open_rejects": number(&counts.rejects, 0),
        "database_bytes": counts.database_bytes,
    })
}

fn text(counts: &Counts, zone: &Zone) -> Result<()> {
    let mut grid = Grid::new(&["DATASET", ">ROWS", "FIRST", "LAST"]);
    for (name, table) in &counts.datasets {
        let time = |place: usize| {
            table
                .rows
                .first()
                .map(|row| print::local(&print::cell(&row[place]), zone))
                .unwrap_or_default()
        };
        grid.row(vec![
            (*name).to_owned(),
            print::count(number(table, 0)),
            time(1),
            time(2),
        ]);
    }
    let (files, size) = (number(&counts.files, 0), number(&counts.files, 1));
    print::stdout(|out| {
        grid.print(out)?;
        writeln!(out)?;
        writeln!(
            out,
            "files     {}, {}",
            print::count(files),
            print::bytes(size)
        )?;
        writeln!(
            out,
            "rejects   {} open",
            print::count(number(&counts.rejects, 0))
        )?;
        writeln!(out, "database  {}", print::bytes(counts.database_bytes))
    })
}

/// Rows, first and last instant: the ends of an index.
fn counting(dataset: &Dataset) -> String {
    let Dataset { table, time, .. } = dataset;
    let end = |end: &str| match dataset.time_is_number() {
        // One that is absent is an empty text, which is more than any number.
        true => format!(
            "strftime('%Y-%m-%dT%H:%M:%SZ', (SELECT {end}({time}) FROM {table} WHERE {time} < '') / 1000000, 'unixepoch')"
        ),
        false => format!("(SELECT {end}({time}) FROM {table})"),
    };
    let (first, last) = (end("min"), end("max"));
    format!("SELECT (SELECT count(*) FROM {table}), {first}, {last}")
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
