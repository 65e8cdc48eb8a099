//! `datalake rejects`: inputs that could not become records, with place, reason and bytes.

use std::time::Duration;

use clap::ValueEnum;
use datalake_core::{Error, Result};
use datalake_store::{Cell, Reader};

use super::app::App;
use super::print::{self, Grid};
use super::runs::{objects, zone};
use super::{Exit, RejectsCommand, discard, replay};

const DEADLINE: Duration = Duration::from_secs(10);
const COLUMNS: &str = "r.id AS id, o.source AS source, o.unit AS unit, o.generation AS generation, \
                       r.place_start AS byte_offset, r.place_end AS byte_end, r.pointer AS pointer, r.code AS code, \
                       r.message AS message, r.length AS length, lower(hex(r.hash)) AS hash, r.status AS status, \
                       r.first_run AS first_run, r.last_run AS last_run, r.first_seen_at AS first_seen_at, \
                       r.last_seen_at AS last_seen_at";

/// What may have become of a reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Status {
    /// Nothing yet
    Open,
    /// Read again, and found to be good or not there any more
    Replayed,
    /// Dropped by a person
    Dropped,
    /// Any of these
    All,
}

impl Status {
    /// Its name in the table, where it is one of them.
    fn stored(self) -> Option<&'static str> {
        match self {
            Self::Open => Some("open"),
            Self::Replayed => Some("replayed"),
            Self::Dropped => Some("dropped"),
            Self::All => None,
        }
    }
}

pub(super) fn run(app: &App, command: &RejectsCommand) -> Result<Exit> {
    match command {
        RejectsCommand::List {
            source,
            status,
            limit,
        } => list(app, &app.reader()?, source.as_deref(), *status, *limit)?,
        RejectsCommand::Show { id } => show(app, &app.reader()?, *id)?,
        RejectsCommand::Replay(args) => return replay::run(app, args),
        RejectsCommand::Drop(args) => return discard::run(app, args),
    }
    Ok(Exit::Done)
}

fn list(
    app: &App,
    reader: &Reader,
    source: Option<&str>,
    status: Status,
    limit: u32,
) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rejects AS r JOIN origins AS o ON o.id = r.origin
         WHERE (?3 IS NULL OR r.status = ?3) AND (?1 IS NULL OR o.source = ?1) ORDER BY r.id DESC LIMIT ?2"
    );
    let source = source.map_or(Cell::Null, |source| Cell::Text(source.to_owned()));
    let stored = status.stored();
    let stored = stored.map_or(Cell::Null, |status| Cell::Text(status.to_owned()));
    let limit = Cell::Integer(i64::from(limit));
    let table = reader.table(&sql, &[source, limit, stored], DEADLINE)?;
    if app.json {
        return print::json(&objects(&table));
    }
    if table.rows.is_empty() {
        return print::stdout(|out| writeln!(out, "no rejects"));
    }
    let mut columns = vec![
        (">ID", 0),
        ("SOURCE", 1),
        ("UNIT", 2),
        (">BYTE", 4),
        (">LENGTH", 9),
        ("CODE", 7),
        ("REASON", 8),
    ];
    if status != Status::Open {
        columns.insert(1, ("STATUS", 11));
    }
    let (names, places): (Vec<&str>, Vec<usize>) = columns.into_iter().unzip();
    let mut grid = Grid::new(&names);
    for row in &table.rows {
        grid.row(
            places
                .iter()
                .map(|&place| print::cell(&row[place]))
                .collect(),
        );
    }
    print::stdout(|out| grid.print(out))
}

fn show(app: &App, reader: &Reader, id: i64) -> Result<()> {
    let sql = format!(
        "SELECT {COLUMNS}, r.bytes AS bytes FROM rejects AS r JOIN origins AS o ON o.id = r.origin WHERE r.id = ?1"
    );
    let table = reader.table(&sql, &[Cell::Integer(id)], DEADLINE)?;
    let Some(row) = table.rows.first() else {
        return Err(Error::permanent(format!("there is no reject {id}"))
            .hint("`datalake rejects list` lists them"));
    };
    let (bytes, fields) = match row.split_last() {
        Some((Cell::Bytes(hex), fields)) => (unhex(hex), fields),
        _ => (Vec::new(), row.as_slice()),
    };
    let text = String::from_utf8_lossy(&bytes);
    if app.json {
        let mut object = print::object(&table.columns[..fields.len()], fields);
        object["text"] = text.into();
        object["bytes_hex"] = bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into();
        return print::json(&object);
    }
    let zone = zone(reader)?;
    let cell = |place: usize| print::harmless(&print::cell(&fields[place]));
    print::stdout(|out| {
        writeln!(out, "reject {} of {}", cell(0), cell(1))?;
        writeln!(
            out,
            "where   {}, byte {} to {}{}",
            cell(2),
            cell(4),
            cell(5),
            cell(6)
        )?;
        writeln!(out, "reason  {} ({})", cell(8), cell(7))?;
        if cell(11) != "open" {
            writeln!(out, "status  {}", cell(11))?;
        }
        writeln!(
            out,
            "seen    {}, run {}",
            print::local(&cell(14), &zone),
            cell(12)
        )?;
        writeln!(out, "input   {} bytes, BLAKE3 {}", cell(9), cell(10))?;
        writeln!(out, "\n{}", print::harmless(&text))
    })
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
