//! `datalake runs`: the executions of sources, newest first, or one of them.

use std::time::Duration;

use datalake_core::{Error, Result, Zone};
use datalake_store::{Cell, Reader, Table};

use super::app::App;
use super::print::{self, Grid};
use super::{Exit, RunsArgs};

pub(super) const DEADLINE: Duration = Duration::from_secs(10);
const COLUMNS: &str = "id, source, plugin, device, \"trigger\", pid, started_at, ended_at, outcome, units, bytes, \
                       records, inserted, changed, unchanged, rejected, skipped, error";

pub(super) fn run(app: &App, args: &RunsArgs) -> Result<Exit> {
    let reader = app.reader()?;
    match args.id {
        Some(id) => show(app, &reader, id)?,
        None => list(app, &reader, args)?,
    }
    Ok(Exit::Done)
}

fn list(app: &App, reader: &Reader, args: &RunsArgs) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} FROM runs WHERE ?1 IS NULL OR source = ?1 ORDER BY id DESC LIMIT ?2"
    );
    let source = args.source.clone().map_or(Cell::Null, Cell::Text);
    let table = reader.table(
        &sql,
        &[source, Cell::Integer(i64::from(args.limit))],
        DEADLINE,
    )?;
    if app.json {
        return print::json(&objects(&table));
    }
    let zone = zone(reader)?;
    let mut grid = Grid::new(&[
        ">RUN",
        "SOURCE",
        "STARTED",
        "OUTCOME",
        ">READ",
        ">INSERTED",
        ">CHANGED",
        ">REJECTED",
        "BY",
    ]);
    for row in &table.rows {
        let text = |place: usize| print::cell(&row[place]);
        let started = print::local(&text(6), &zone);
        grid.row(vec![
            text(0),
            text(1),
            started,
            text(8),
            text(11),
            text(12),
            text(13),
            text(15),
            text(4),
        ]);
    }
    print::stdout(|out| grid.print(out))
}

fn show(app: &App, reader: &Reader, id: i64) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
    let table = reader.table(&sql, &[Cell::Integer(id)], DEADLINE)?;
    let Some(row) = table.rows.first() else {
        return Err(
            Error::permanent(format!("there is no run {id}")).hint("`datalake runs` lists them")
        );
    };
    if app.json {
        return print::json(&print::object(&table.columns, row));
    }
    print::stdout(|out| record(out, &table.columns, row))
}

/// One row, a line a column.
pub(super) fn record(
    out: &mut dyn std::io::Write,
    columns: &[String],
    row: &[Cell],
) -> std::io::Result<()> {
    let width = columns.iter().map(String::len).max().unwrap_or(0);
    for (name, value) in columns.iter().zip(row) {
        writeln!(
            out,
            "{name:width$}  {}",
            print::harmless(&print::cell(value))
        )?;
    }
    Ok(())
}

/// The rows of an answer as JSON objects.
pub(super) fn objects(table: &Table) -> Vec<serde_json::Value> {
    table
        .rows
        .iter()
        .map(|row| print::object(&table.columns, row))
        .collect()
}

/// The zone in which people see times.
pub(super) fn zone(reader: &Reader) -> Result<Zone> {
    let table = reader.table(
        "SELECT value FROM metadata WHERE key = 'zone'",
        &[],
        DEADLINE,
    )?;
    let name = table
        .rows
        .first()
        .and_then(|row| row.first())
        .map(print::cell)
        .unwrap_or_default();
    Ok(Zone::named(&name).unwrap_or_else(|_| Zone::utc()))
}
