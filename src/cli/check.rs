//! `datalake check`: the configuration, the database and the sources, without changing anything.

use std::path::Path;

use datalake_core::{Result, Timestamp, Zone};
use datalake_store::{Cell, FileKind, Reader, classify};
use serde_json::json;

use super::app::App;
use super::print::{self, Grid};
use super::runs::{DEADLINE, zone};
use super::{Exit, report};
use crate::config::{ConfiguredSource, Schedule, Schedules};
use crate::scheduler::next_runs;

/// How many of the coming runs of a source are shown.
const SHOWN_RUNS: usize = 3;

/// A source, and when it would be read if `datalake serve` started now.
struct Line<'a> {
    source: &'a ConfiguredSource,
    next: Vec<Timestamp>,
}

/// What is known of one place of a source.
fn place(path: &Path) -> &'static str {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => "folder",
        Ok(metadata) if metadata.is_file() => "file",
        Ok(_) => "neither file nor folder",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "does not exist",
        Err(_) => "cannot be looked at",
    }
}

pub(super) fn run(app: &App) -> Result<Exit> {
    app.catalog()?.check()?;
    let store = &app.config.store;
    let database = classify(&store.db_file);
    let state = match &database {
        Ok(FileKind::Ours(version)) => format!("schema version {version}"),
        Ok(FileKind::Missing) => {
            String::from("not there yet; `datalake init` or `datalake run` makes it")
        }
        Ok(FileKind::Seed(version)) => {
            format!("a database of the Python datalake, version {version}")
        }
        Err(error) => error.message().to_owned(),
    };
    let usable = matches!(database, Ok(FileKind::Ours(_) | FileKind::Missing));
    let reader = match database {
        Ok(FileKind::Ours(_)) => Some(app.reader()?),
        _ => None,
    };
    let zone = lake_zone(app, reader.as_ref())?;
    let lines = lines(app, reader.as_ref(), &zone)?;
    if app.json {
        let sources: Vec<_> = lines.iter().map(as_json).collect();
        print::json(&json!({
            "configuration": app.config.file,
            "database": { "path": store.db_file, "state": state, "usable": usable },
            "data": store.data_dir,
            "zone": zone.name(),
            "sources": sources,
            "warnings": app.config.warnings.iter().map(|warning| warning.render()).collect::<Vec<_>>(),
        }))?;
    } else {
        text(app, &state, &lines, &zone)?;
    }
    if let Err(error) = database {
        report(&error, app.json);
        return Ok(Exit::Failed);
    }
    Ok(if usable { Exit::Done } else { Exit::Failed })
}

/// The zone of the schedules: what the configuration says, else what the database was told, else what a new one
/// would be told.
fn lake_zone(app: &App, reader: Option<&Reader>) -> Result<Zone> {
    match (&app.config.time.zone, reader) {
        (Some(configured), _) => Ok(configured.clone()),
        (None, Some(reader)) => zone(reader),
        (None, None) => Ok(Zone::system()),
    }
}

fn lines<'a>(app: &'a App, reader: Option<&Reader>, zone: &Zone) -> Result<Vec<Line<'a>>> {
    let now = App::clock().now();
    let line = |source: &'a ConfiguredSource| {
        let settings = &source.settings;
        let last = match reader {
            Some(reader) => last_run(reader, &source.name)?,
            None => None,
        };
        let next = next_runs(&settings.schedule, zone, last, now);
        let shown = if settings.enabled { SHOWN_RUNS } else { 0 };
        Ok(Line {
            source,
            next: next.take(shown).collect(),
        })
    };
    app.config.sources.iter().map(line).collect()
}

/// The start of the last run that the scheduler began, other than a watch.
fn last_run(reader: &Reader, source: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT max(started_at) FROM runs WHERE source = ?1 AND \"trigger\" IN ('schedule', 'once')";
    let table = reader.table(sql, &[Cell::Text(source.to_owned())], DEADLINE)?;
    let started = table.rows.first().and_then(|row| row.first());
    Ok(started.and_then(|started| print::cell(started).parse().ok()))
}

fn text(app: &App, state: &str, lines: &[Line<'_>], zone: &Zone) -> Result<()> {
    let store = &app.config.store;
    let mut places = Grid::new(&["SOURCE", "TYPE", "PLACE", "FOUND"]);
    let mut schedules = Grid::new(&["SOURCE", "SCHEDULE", "NEXT RUN", "THEN", "THEN"]);
    for Line { source, next } in lines {
        for root in source.source.roots() {
            places.row(vec![
                source.name.to_string(),
                source.entry.name.into(),
                root.display().to_string(),
                place(&root).to_owned(),
            ]);
        }
        let settings = &source.settings;
        let schedule = settings.schedule.to_string();
        let mut cells = vec![source.name.to_string(), schedule];
        match next.is_empty() {
            _ if !settings.enabled => cells.push("off".into()),
            true => cells.push(without_times(&settings.schedule).into()),
            false => cells.extend(
                next.iter()
                    .map(|time| print::local(&time.to_string(), zone)),
            ),
        }
        schedules.row(cells);
    }
    print::stdout(|out| {
        let file = app
            .config
            .file
            .as_ref()
            .map_or("the built-in one".into(), |file| file.display().to_string());
        writeln!(out, "configuration  {file}")?;
        writeln!(out, "database       {} ({state})", store.db_file.display())?;
        writeln!(out, "data           {}", store.data_dir.display())?;
        writeln!(out, "time zone      {}\n", zone.name())?;
        places.print(out)?;
        writeln!(out, "\nIf `datalake serve` started now:\n")?;
        schedules.print(out)
    })
}

/// When a source is read whose schedules have no times.
fn without_times(schedules: &Schedules) -> &'static str {
    let has = |schedule| schedules.iter().any(|known| *known == schedule);
    if has(Schedule::Watch) {
        "as soon as something changes"
    } else if has(Schedule::Once) {
        "once, at the first start"
    } else {
        "only by hand"
    }
}

fn as_json(line: &Line<'_>) -> serde_json::Value {
    let Line { source, next } = line;
    let places = source
        .source
        .roots()
        .into_iter()
        .map(|root| json!({ "found": place(&root), "path": root }));
    let schedules = source.settings.schedule.iter();
    json!({
        "source": &*source.name,
        "type": source.entry.name,
        "enabled": source.settings.enabled,
        "schedule": schedules.map(Schedule::to_string).collect::<Vec<_>>(),
        "next_runs": next,
        "places": places.collect::<Vec<_>>(),
    })
}
