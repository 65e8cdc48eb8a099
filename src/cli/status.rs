//! `datalake status`: the store, and for each source what it is doing, its last run and its next; once, or again
//! and again.

use std::io::IsTerminal;
use std::time::Duration;

use datalake_core::{RELATE_UNIT, Result, SharedClock, Timestamp, Zone};
use datalake_store::{Cell, Holder, LockKind, LockUse, Reader, Table, lock_use};
use serde_json::json;

use super::app::App;
use super::print::{self, Grid};
use super::runs::{objects, zone};
use super::stats::{database_bytes, number, open_rejects};
use super::{Exit, StatusArgs};
use crate::scheduler::next_due;

const DEADLINE: Duration = Duration::from_secs(10);
/// How often `--watch` looks.
const REFRESH: Duration = Duration::from_secs(1);
/// Moves to the top of a terminal and clears what was there.
const CLEAR: &str = "\x1b[H\x1b[J";

/// A source of the configuration or of the store, and what is known of it.
struct Line {
    name: String,
    plugin: String,
    enabled: Option<bool>,
    /// Who watches it, and who reads it, just now.
    watched: LockUse,
    read: LockUse,
    last: Table,
    next: Option<Timestamp>,
    units: u64,
    missing: u64,
    rejects: u64,
}

pub(super) fn run(app: &App, args: &StatusArgs) -> Result<Exit> {
    let reader = app.reader()?;
    let clock = App::clock();
    if !args.watch {
        show(app, args, &reader, &clock)?;
        return Ok(Exit::Done);
    }
    let runtime = super::run::runtime()?;
    runtime.block_on(async {
        loop {
            show(app, args, &reader, &clock)?;
            tokio::select! {
                () = super::run::signal() => return Ok(Exit::Done),
                () = tokio::time::sleep(REFRESH) => {}
            }
        }
    })
}

fn show(app: &App, args: &StatusArgs, reader: &Reader, clock: &SharedClock) -> Result<()> {
    let zone = zone(reader)?;
    let lines = lines(app, reader, &zone, clock.now())?;
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
        let status = json!({
            "time": clock.now().to_string(),
            "database": app.config.store.db_file,
            "database_bytes": database_bytes(app),
            "data": app.config.store.data_dir,
            "device": device,
            "zone": zone.name(),
            "sources": sources,
        });
        // A line a look, for whoever reads along.
        return if args.watch {
            print::stdout(|out| writeln!(out, "{status}"))
        } else {
            print::json(&status)
        };
    }
    let clear = args.watch && std::io::stdout().is_terminal();
    text(app, &lines, &device, &zone, if clear { CLEAR } else { "" })
}

fn text(app: &App, lines: &[Line], device: &str, zone: &Zone, before: &str) -> Result<()> {
    let mut grid = Grid::new(&[
        "SOURCE", "TYPE", "NOW", "LAST RUN", "OUTCOME", "NEXT RUN", ">UNITS", ">GONE", ">REJECTS",
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
            line.now().to_owned(),
            print::local(&last(1), zone),
            line.outcome(&last(3)),
            line.next
                .map(|next| print::local(&next.to_string(), zone))
                .unwrap_or_default(),
            print::count(line.units),
            print::count(line.missing),
            print::count(line.rejects),
        ]);
    }
    print::stdout(|out| {
        let store = &app.config.store;
        write!(out, "{before}")?;
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

impl Line {
    /// What it is doing.
    fn now(&self) -> &'static str {
        match (&self.read, &self.watched) {
            (LockUse::Held(_), _) => "being read",
            (_, LockUse::Held(_)) => "watched",
            _ => "idle",
        }
    }

    /// The outcome of a run whose row says that it lives, but that nobody holds a lock for, is that it was killed.
    fn outcome(&self, stored: &str) -> String {
        let alive = match stored {
            "watching" => &self.watched,
            "running" => &self.read,
            _ => return stored.to_owned(),
        };
        let outcome = match alive {
            LockUse::Held(_) => stored,
            LockUse::Free => "interrupted",
        };
        outcome.to_owned()
    }
}

/// The sources of the configuration, then those that only the store knows.
fn lines(app: &App, reader: &Reader, zone: &Zone, now: Timestamp) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for source in &app.config.sources {
        let (name, enabled) = (&source.name, source.settings.enabled);
        let mut line = line(app, reader, name, source.entry.name, Some(enabled))?;
        if enabled {
            let last = last_due(reader, name)?;
            line.next = next_due(&source.settings.schedule, zone, last, now);
        }
        lines.push(line);
    }
    let stored = reader.table(
        "SELECT source, max(plugin) FROM runs GROUP BY source ORDER BY source",
        &[],
        DEADLINE,
    )?;
    for row in &stored.rows {
        let (name, plugin) = (print::cell(&row[0]), print::cell(&row[1]));
        if app.config.source(&name).is_none() {
            lines.push(line(app, reader, &name, &plugin, None)?);
        }
    }
    Ok(lines)
}

/// When the last run began that was due.
fn last_due(reader: &Reader, name: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT max(started_at) FROM runs WHERE source = ?1 AND \"trigger\" IN ('schedule', 'once')";
    let table = reader.table(sql, &[Cell::Text(name.to_owned())], DEADLINE)?;
    let cell = table.rows.first().and_then(|row| row.first());
    Ok(cell.and_then(|cell| print::cell(cell).parse().ok()))
}

fn line(
    app: &App,
    reader: &Reader,
    name: &str,
    plugin: &str,
    enabled: Option<bool>,
) -> Result<Line> {
    let parameter = [Cell::Text(name.to_owned())];
    let last = "SELECT id, started_at, ended_at, outcome, inserted, changed, unchanged, rejected, bytes, error
                FROM runs WHERE source = ?1 ORDER BY id DESC LIMIT 1";
    let units = "SELECT count(*), coalesce(sum(missing), 0) FROM checkpoints WHERE source = ?1 AND unit != ?2";
    let related = Cell::Text(RELATE_UNIT.to_owned());
    let units = reader.table(units, &[parameter[0].clone(), related], DEADLINE)?;
    let database = &app.config.store.db_file;
    Ok(Line {
        name: name.to_owned(),
        plugin: plugin.to_owned(),
        enabled,
        watched: lock_use(database, name, LockKind::Watch)?,
        read: lock_use(database, name, LockKind::Source)?,
        last: reader.table(last, &parameter, DEADLINE)?,
        next: None,
        units: number(&units, 0),
        missing: number(&units, 1),
        rejects: open_rejects(reader, name)?,
    })
}

fn as_json(line: &Line) -> serde_json::Value {
    let mut last = objects(&line.last).into_iter().next();
    if let Some(last) = last.as_mut() {
        let stored = last["outcome"].as_str().unwrap_or_default();
        last["outcome"] = line.outcome(stored).into();
    }
    json!({
        "source": line.name,
        "type": line.plugin,
        "enabled": line.enabled,
        "now": line.now(),
        "watched_by": holder(&line.watched),
        "read_by": holder(&line.read),
        "last_run": last,
        "next_run": line.next.map(|next| next.to_string()),
        "units": line.units,
        "missing_units": line.missing,
        "open_rejects": line.rejects,
    })
}

fn holder(held: &LockUse) -> Option<serde_json::Value> {
    match held {
        LockUse::Free => None,
        LockUse::Held(None) => Some(json!({})),
        LockUse::Held(Some(Holder {
            pid,
            trigger,
            since,
        })) => Some(json!({ "pid": pid, "trigger": trigger, "since": since.to_string() })),
    }
}
