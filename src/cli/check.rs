//! `datalake check`: the configuration, the database and the sources, without changing anything.

use std::collections::HashMap;
use std::path::Path;

use datalake_core::config::homeless;
use datalake_core::{Result, Timestamp, Zone};
use datalake_store::{Cell, FileKind, classify};
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
    if homeless(path).is_some() {
        return "does not exist: HOME is not set";
    }
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => "folder",
        Ok(metadata) if metadata.is_file() => "file",
        Ok(_) => "neither file nor folder",
        Err(error) if is_gone(&error) => "does not exist",
        Err(_) => "cannot be looked at",
    }
}

fn is_gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// What is known of the database before it is opened.
fn state(database: &Result<FileKind>) -> String {
    match database {
        Ok(FileKind::Ours(version)) => format!("schema version {version}"),
        Ok(FileKind::Missing) => {
            String::from("not there yet; `datalake init` or `datalake run` makes it")
        }
        Ok(FileKind::Seed(version)) => {
            format!("a database of the Python datalake, version {version}")
        }
        Err(error) => error.message().to_owned(),
    }
}

pub(super) fn run(app: &App) -> Result<Exit> {
    app.catalog()?.check()?;
    let store = &app.config.store;
    let database = classify(&store.db_file);
    let state = state(&database);
    let known = match database {
        Ok(FileKind::Ours(_)) => Known::read(app),
        _ => Ok(Known::default()),
    };
    // What cannot be read is said at the end; until then it is as if there were none.
    let (known, unread) = match known {
        Ok(known) => (known, None),
        Err(error) => (Known::default(), Some(error)),
    };
    let usable = matches!(database, Ok(FileKind::Ours(_) | FileKind::Missing)) && unread.is_none();
    let zone = app.config.time.zone.clone().or(known.zone);
    let zone = zone.unwrap_or_else(Zone::system);
    let lines = lines(app, &known.last, &zone);
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
    if let Some(error) = database.err().or(unread) {
        report(&error, app.json);
        return Ok(Exit::Failed);
    }
    Ok(if usable { Exit::Done } else { Exit::Failed })
}

/// What the database knows of schedules.
#[derive(Default)]
struct Known {
    /// What it was told when it was created.
    zone: Option<Zone>,
    /// The start of each source's last run that the scheduler began, other than a watch.
    last: HashMap<String, Timestamp>,
}

impl Known {
    fn read(app: &App) -> Result<Self> {
        let reader = app.reader()?;
        let sql = "SELECT source, max(started_at) FROM runs WHERE \"trigger\" IN ('schedule', 'once') GROUP BY source";
        let runs = reader.table(sql, &[], DEADLINE)?;
        let run = |row: &Vec<Cell>| {
            let started = print::cell(row.get(1)?).parse().ok()?;
            Some((print::cell(row.first()?), started))
        };
        Ok(Self {
            zone: Some(zone(&reader)?),
            last: runs.rows.iter().filter_map(run).collect(),
        })
    }
}

fn lines<'a>(app: &'a App, last: &HashMap<String, Timestamp>, zone: &Zone) -> Vec<Line<'a>> {
    let now = App::clock().now();
    let line = |source: &'a ConfiguredSource| {
        let settings = &source.settings;
        let last = last.get(&*source.name).copied();
        let shown = if settings.enabled { SHOWN_RUNS } else { 0 };
        let next = next_runs(&settings.schedule, zone, last, now);
        let next = next.take(shown).collect();
        Line { source, next }
    };
    app.config.sources.iter().map(line).collect()
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
                print::place(&root),
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
        .map(|root| json!({ "found": place(&root), "path": print::place(&root) }));
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
