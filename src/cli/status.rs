//! `datalake status`: the store, and each source's last run and position.

use std::time::Duration;

use datalake_core::{Result, Zone};
use datalake_store::{Cell, Reader, Table};
use serde_json::json;

use super::Exit;
use super::app::App;
use super::print::{self, Grid};
use super::runs::{objects, zone};
use super::stats::{database_bytes, number, open_rejects};

const DEADLINE: Duration = Duration::from_secs(10);

/// A source of the configuration or of the store, and what is known of it.
struct Line {
    name: String,
    plugin: String,
    enabled: Option<bool>,
    last: Table,
    units: u64,
    missing: u64,
    rejects: u64,
}

pub(super) fn run(app: &App) -> Result<Exit> {
    let reader = app.reader()?;
    let lines = lines(app, &reader)?;
    let zone = zone(&reader)?;
    let device = reader.table(
        "SELECT value FROM metadata WHERE key = 'device'",
        &[],
        DEADLINE,
    )?;
    let device = device
        .rows
        .first()
        .map(|row| print::cell(&row[0]))
        .unwrap_or_default();
    if app.json {
        let sources: Vec<_> = lines.iter().map(as_json).collect();
        print::json(&json!({
            "database": app.config.store.db_file,
            "database_bytes": database_bytes(app),
            "data": app.config.store.data_dir,
            "device": device,
            "zone": zone.name(),
            "sources": sources,
        }))?;
        return Ok(Exit::Done);
    }
    text(app, &lines, &device, &zone)?;
    Ok(Exit::Done)
}

fn text(app: &App, lines: &[Line], device: &str, zone: &Zone) -> Result<()> {
    let mut grid = Grid::new(&[
        "SOURCE", "TYPE", "LAST RUN", "OUTCOME", ">UNITS", ">GONE", ">REJECTS",
    ]);
    for line in lines {
        let last = |place: usize| {
            line.last
                .rows
                .first()
                .map(|row| print::cell(&row[place]))
                .unwrap_or_default()
        };
        let note = if line.enabled == Some(false) {
            " (off)"
        } else {
            ""
        };
        grid.row(vec![
            format!("{}{note}", line.name),
            line.plugin.clone(),
            print::local(&last(1), zone),
            last(3),
            print::count(line.units),
            print::count(line.missing),
            print::count(line.rejects),
        ]);
    }
    print::stdout(|out| {
        let store = &app.config.store;
        writeln!(
            out,
            "database  {} ({})",
            store.db_file.display(),
            print::bytes(database_bytes(app))
        )?;
        writeln!(out, "data      {}", store.data_dir.display())?;
        writeln!(out, "device    {device}, times in {}\n", zone.name())?;
        grid.print(out)
    })
}

/// The sources of the configuration, then those that only the store knows.
fn lines(app: &App, reader: &Reader) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for source in &app.config.sources {
        lines.push(line(
            reader,
            &source.name,
            source.entry.name,
            Some(source.settings.enabled),
        )?);
    }
    let stored = reader.table(
        "SELECT source, max(plugin) FROM runs GROUP BY source ORDER BY source",
        &[],
        DEADLINE,
    )?;
    for row in &stored.rows {
        let (name, plugin) = (print::cell(&row[0]), print::cell(&row[1]));
        if app.config.source(&name).is_none() {
            lines.push(line(reader, &name, &plugin, None)?);
        }
    }
    Ok(lines)
}

fn line(reader: &Reader, name: &str, plugin: &str, enabled: Option<bool>) -> Result<Line> {
    let parameter = [Cell::Text(name.to_owned())];
    let last = "SELECT id, started_at, ended_at, outcome, inserted, changed, unchanged, rejected, bytes, error
                FROM runs WHERE source = ?1 ORDER BY id DESC LIMIT 1";
    let units = "SELECT count(*), coalesce(sum(missing), 0) FROM checkpoints WHERE source = ?1";
    let units = reader.table(units, &parameter, DEADLINE)?;
    Ok(Line {
        name: name.to_owned(),
        plugin: plugin.to_owned(),
        enabled,
        last: reader.table(last, &parameter, DEADLINE)?,
        units: number(&units, 0),
        missing: number(&units, 1),
        rejects: open_rejects(reader, name)?,
    })
}

fn as_json(line: &Line) -> serde_json::Value {
    json!({
        "source": line.name,
        "type": line.plugin,
        "enabled": line.enabled,
        "last_run": objects(&line.last).into_iter().next(),
        "units": line.units,
        "missing_units": line.missing,
        "open_rejects": line.rejects,
    })
}
