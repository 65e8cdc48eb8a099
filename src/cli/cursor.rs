//! `datalake cursor`: how far each unit of a source has been read, and how to have it read again.

use std::time::Duration;

use clap::{Args, Subcommand};
use datalake_core::{Checkpoint, Covered, Error, RELATE_UNIT, Result, UnitId};
use datalake_store::{Cell, Holder, LockState, Reader, SourceLock, Store};
use serde_json::{Value, json};

use super::app::App;
use super::confirm::confirm;
use super::print::{self, Grid};
use super::run::runtime;
use super::runs::zone;
use super::{Exit, sources};

const DEADLINE: Duration = Duration::from_secs(60);
/// How often a lock that somebody else holds is asked for again.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// What is to be done with the cursors.
#[derive(Debug, Subcommand)]
pub(super) enum CursorCommand {
    /// Show how far each unit of a source has been read
    Show(ShowArgs),
    /// Have one unit, or all of a source, read from the start again at the next run
    Reset(ResetArgs),
}

/// The units that are shown.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The source
    source: String,
    /// The unit, with its cursor as JSON; without one, all units
    unit: Option<String>,
}

/// The units that are read again.
#[derive(Debug, Args)]
pub(super) struct ResetArgs {
    /// The source
    source: String,
    /// The unit; without one, all that are not gone
    unit: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// A unit and how far it has been read.
struct Line {
    unit: String,
    state: &'static str,
    checkpoint: Option<Checkpoint>,
    size: u64,
    generation: u64,
    modified: String,
    updated: String,
}

pub(super) fn run(app: &App, command: &CursorCommand) -> Result<Exit> {
    let reader = app.reader()?;
    match command {
        CursorCommand::Show(args) => show(app, &reader, args),
        CursorCommand::Reset(args) => reset(app, &reader, args),
    }
}

fn check(app: &App, reader: &Reader, source: &str, unit: Option<&str>) -> Result<()> {
    sources::known(app, reader, source)?;
    unit.map_or(Ok(()), |unit| sources::known_unit(reader, source, unit))
}

fn show(app: &App, reader: &Reader, args: &ShowArgs) -> Result<Exit> {
    check(app, reader, &args.source, args.unit.as_deref())?;
    let lines = lines(app, reader, &args.source, args.unit.as_deref())?;
    if app.json {
        print::json(&lines.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    match (&args.unit, lines.first()) {
        (Some(_), Some(line)) => one(reader, line)?,
        (_, None) => print::stdout(|out| writeln!(out, "no units"))?,
        (None, _) => table(reader, &lines)?,
    }
    Ok(Exit::Done)
}

fn lines(app: &App, reader: &Reader, source: &str, unit: Option<&str>) -> Result<Vec<Line>> {
    let version = app
        .config
        .source(source)
        .map(|known| known.entry.cursor_version);
    let sql = "SELECT unit, version, cursor, size, generation, modified_at, updated_at, missing FROM checkpoints
               WHERE source = ?1 AND unit != ?3 AND (?2 IS NULL OR unit = ?2) ORDER BY unit";
    let unit = unit.map_or(Cell::Null, |unit| Cell::Text(unit.to_owned()));
    let related = Cell::Text(RELATE_UNIT.to_owned());
    let mut lines = Vec::new();
    reader.each(
        sql,
        &[Cell::Text(source.to_owned()), unit, related],
        DEADLINE,
        |_, row| {
            lines.push(line(&row, version));
            Ok(true)
        },
    )?;
    Ok(lines)
}

fn line(row: &[Cell], version: Option<u32>) -> Line {
    let text = |place: usize| print::cell(&row[place]);
    let number = |place: usize| match row[place] {
        Cell::Integer(number) => u64::try_from(number).unwrap_or(0),
        _ => 0,
    };
    let checkpoint = match (&row[1], &row[2]) {
        (Cell::Integer(version), Cell::Text(cursor)) => Some(Checkpoint {
            version: u32::try_from(*version).unwrap_or(0),
            cursor: cursor.as_str().into(),
        }),
        _ => None,
    };
    let state = match &checkpoint {
        _ if number(7) != 0 => "gone",
        None => "to be read again",
        // Its plugin reads it anew.
        Some(checkpoint) if version.is_some_and(|own| own != checkpoint.version) => "outdated",
        Some(_) => "read",
    };
    Line {
        unit: text(0),
        state,
        checkpoint,
        size: number(3),
        generation: number(4),
        modified: text(5),
        updated: text(6),
    }
}

impl Line {
    fn version(&self) -> Option<u32> {
        self.checkpoint
            .as_ref()
            .map(|checkpoint| checkpoint.version)
    }

    fn covered(&self) -> Option<Covered> {
        self.checkpoint.as_ref().and_then(Covered::of)
    }

    /// How much of how much.
    fn position(&self) -> String {
        match self.covered() {
            Some(covered) if covered.all => format!("all of {}", print::bytes(self.size)),
            Some(covered) => {
                format!(
                    "{} of {}",
                    print::bytes(covered.bytes),
                    print::bytes(self.size)
                )
            }
            None if self.checkpoint.is_none() => format!("nothing of {}", print::bytes(self.size)),
            None => print::bytes(self.size),
        }
    }
}

fn table(reader: &Reader, lines: &[Line]) -> Result<()> {
    let zone = zone(reader)?;
    let mut grid = Grid::new(&[
        "UNIT",
        "STATE",
        "READ",
        ">GENERATION",
        ">VERSION",
        "UPDATED",
    ]);
    for line in lines {
        grid.row(vec![
            line.unit.clone(),
            line.state.to_owned(),
            line.position(),
            line.generation.to_string(),
            line.version()
                .map(|version| version.to_string())
                .unwrap_or_default(),
            print::local(&line.updated, &zone),
        ]);
    }
    print::stdout(|out| grid.print(out))
}

fn one(reader: &Reader, line: &Line) -> Result<()> {
    let zone = zone(reader)?;
    let cursor = cursor(line);
    let cursor = serde_json::to_string_pretty(&cursor).map_err(|e| Error::bug(e.to_string()))?;
    print::stdout(|out| {
        writeln!(out, "unit        {}", print::line(&line.unit))?;
        writeln!(out, "state       {}", line.state)?;
        writeln!(out, "read        {}", line.position())?;
        writeln!(out, "generation  {}", line.generation)?;
        writeln!(out, "modified    {}", print::local(&line.modified, &zone))?;
        writeln!(out, "updated     {}", print::local(&line.updated, &zone))?;
        if let Some(version) = line.version() {
            writeln!(out, "version     {version}")?;
        }
        writeln!(out, "cursor      {}", print::harmless(&cursor))
    })
}

/// The plugin's own cursor, as it is.
fn cursor(line: &Line) -> Value {
    let Some(checkpoint) = &line.checkpoint else {
        return Value::Null;
    };
    serde_json::from_str(&checkpoint.cursor)
        .unwrap_or_else(|_| Value::String(checkpoint.cursor.to_string()))
}

fn as_json(line: &Line) -> Value {
    let covered = line.covered();
    let time = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "unit": line.unit,
        "state": line.state,
        "read_bytes": covered.map(|covered| covered.bytes),
        "read_all": covered.map(|covered| covered.all),
        "size": line.size,
        "generation": line.generation,
        "version": line.version(),
        "modified_at": time(&line.modified),
        "updated_at": time(&line.updated),
        "cursor": cursor(line),
    })
}

fn reset(app: &App, reader: &Reader, args: &ResetArgs) -> Result<Exit> {
    let source = args.source.as_str();
    check(app, reader, source, args.unit.as_deref())?;
    let what = match &args.unit {
        Some(unit) => format!("`{unit}` of {source}"),
        None => format!("all of {source}"),
    };
    let question = format!("Have {what} read from the start again at the next run?");
    if !confirm(app, &question, args.yes)? {
        return Ok(Exit::Failed);
    }
    let (store, _) = app.store(App::clock())?;
    let _lock = lock(app, &store, source)?;
    let unit = args.unit.as_deref().map(UnitId::new);
    let reset = runtime()?.block_on(store.reset_cursor(source.into(), unit))?;
    if app.json {
        print::json(&json!({ "source": source, "reset": reset }))?;
    } else {
        let units = if reset == 1 { "unit" } else { "units" };
        print::stdout(|out| {
            let count = print::count(reset as u64);
            writeln!(
                out,
                "{count} {units} of {source} will be read from the start at the next run"
            )
        })?;
    }
    Ok(Exit::Done)
}

/// Takes the source's lock; a watch has it for instants only, so that it is worth to wait a little.
fn lock(app: &App, store: &Store, source: &str) -> Result<SourceLock> {
    let holder = Holder::this_process("cursor reset", App::clock().now());
    let mut left = app.config.store.busy_timeout;
    loop {
        match store.lock_source(source, &holder)? {
            LockState::Taken(lock) => return Ok(lock),
            LockState::Held(other) if left.is_zero() => {
                let holder = other.map(|holder| holder.to_string());
                return Err(sources::busy(source, holder));
            }
            LockState::Held(_) => {
                std::thread::sleep(LOCK_POLL);
                left = left.saturating_sub(LOCK_POLL);
            }
        }
    }
}
