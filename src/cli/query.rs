//! `datalake query`: one SQL statement that reads, under a deadline; on a terminal without one, the menu.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use datalake_core::{Error, Result};
use datalake_store::{Cell, Reader};

use super::app::App;
use super::print::{self, Grid};
use super::{Exit, QueryArgs, menu};

/// Rows that a table is laid out by; what follows keeps its columns.
const LAID_OUT: usize = 1_000;

pub(super) fn run(app: &App, args: &QueryArgs) -> Result<Exit> {
    let reader = app.reader()?;
    let deadline = Duration::from_secs(args.timeout);
    match &args.sql {
        Some(sql) if app.json => json(&reader, sql, deadline)?,
        Some(sql) => table(&reader, sql, &[], deadline)?,
        None if std::io::stdin().is_terminal() && !app.json => menu::run(&reader, deadline)?,
        None => {
            return Err(Error::usage("give an SQL statement")
                .hint("for example: datalake query \"SELECT * FROM runs\""));
        }
    }
    Ok(Exit::Done)
}

/// Prints the answer as a table.
pub(super) fn table(
    reader: &Reader,
    sql: &str,
    parameters: &[Cell],
    deadline: Duration,
) -> Result<()> {
    let out = &mut std::io::BufWriter::new(std::io::stdout().lock());
    let mut waiting: Vec<Vec<String>> = Vec::new();
    let mut printed = false;
    let columns = reader.each(sql, parameters, deadline, |columns, row| {
        waiting.push(row.iter().map(print::cell).collect());
        if waiting.len() == LAID_OUT {
            let pipe = flush(out, columns, &mut waiting);
            printed = true;
            return pipe;
        }
        Ok(true)
    })?;
    if !printed || !waiting.is_empty() {
        flush(out, &columns, &mut waiting)?;
    }
    is_read(out.flush()).map(drop)
}

/// Prints what waits; false when nobody reads any more.
fn flush(out: &mut dyn Write, columns: &[String], waiting: &mut Vec<Vec<String>>) -> Result<bool> {
    let mut grid = Grid::new(&columns.iter().map(String::as_str).collect::<Vec<_>>());
    waiting.drain(..).for_each(|row| grid.row(row));
    is_read(grid.print(out))
}

/// Whether somebody still reads what was written. A reader that has gone away wants nothing more; a disk
/// that is full is a failure.
fn is_read(written: std::io::Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("stdout", error)),
    }
}

/// Prints the answer as a JSON array, row by row.
fn json(reader: &Reader, sql: &str, deadline: Duration) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut first = true;
    reader.each(sql, &[], deadline, |columns, row| {
        let separator = if std::mem::take(&mut first) {
            "[\n  "
        } else {
            ",\n  "
        };
        is_read(write!(out, "{separator}{}", print::ordered(columns, &row)?))
    })?;
    let end = if first { "[]\n" } else { "\n]\n" };
    is_read(out.write_all(end.as_bytes()).and_then(|()| out.flush())).map(drop)
}
