//! `datalake rejects replay`: reads rejected inputs again, and says what became of each.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use datalake_core::{Error, INGESTED, Result, UnitId};
use datalake_store::{Cell, Reader, StoredReject};
use serde_json::{Value, json};

use super::app::App;
use super::preview::place_and_reason;
use super::progress::Bars;
use super::run::{engine_over, exit, inputs, runtime};
use super::{Exit, print, sources};
use crate::scheduler::{Replay, SourceReport, Untried};

const DEADLINE: Duration = Duration::from_secs(10);
/// At most so many rejects are told one by one; `--json` has all of them.
const SHOWN: usize = 20;

/// Which rejects are read again.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Their numbers; without any, all open ones
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// Only those of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

/// What came of all of it.
#[derive(Default)]
struct Outcome {
    replays: Vec<(String, Replay)>,
    still: Vec<StoredReject>,
    /// Those that were met for the first time, in files that were read again.
    new: Vec<StoredReject>,
}

pub(super) fn run(app: &App, args: &ReplayArgs) -> Result<Exit> {
    let reader = app.reader()?;
    if let Some(source) = &args.source {
        sources::known(app, &reader, source)?;
    }
    let settled = settled(&reader, &args.ids)?;
    let open = open(&reader, args)?;
    if open.is_empty() {
        return nothing(app, &settled);
    }
    let runtime = runtime()?;
    let outcome = runtime.block_on(replay(app, open));
    // A reader that hangs must not keep the program from ending.
    runtime.shutdown_background();
    let mut outcome = outcome?;
    outcome.still = rejects(&reader, &outcome.still_ids())?;
    outcome.new = rejects(&reader, &new(&reader, &outcome)?)?;
    if app.json {
        print::json(&as_json(&outcome))?;
    } else {
        print::stdout(|out| text(out, &outcome, &settled))?;
        super::run::say(&errors(&outcome));
    }
    Ok(exit_of(&outcome))
}

/// Those of the named rejects that are not open, with what they are.
///
/// # Errors
/// One of them does not exist.
pub(super) fn settled(reader: &Reader, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    let mut settled = Vec::new();
    for id in ids {
        let sql = "SELECT status FROM rejects WHERE id = ?1";
        let table = reader.table(sql, &[Cell::Integer(*id)], DEADLINE)?;
        let Some(row) = table.rows.first() else {
            return Err(Error::usage(format!("there is no reject {id}"))
                .hint("`datalake rejects list` lists them"));
        };
        let status = print::cell(&row[0]);
        if status != "open" {
            settled.push((*id, status));
        }
    }
    Ok(settled)
}

/// Open rejects by their sources: their numbers, and the units they stand in.
type Open = BTreeMap<String, Vec<(i64, String)>>;

/// The chosen open rejects.
fn open(reader: &Reader, args: &ReplayArgs) -> Result<Open> {
    let mut open = Open::new();
    let sql = "SELECT r.id, o.source, o.unit FROM rejects AS r JOIN origins AS o ON o.id = r.origin
               WHERE r.status = 'open' AND (?1 IS NULL OR o.source = ?1)
                   AND (?2 IS NULL OR r.id IN (SELECT value FROM json_each(?2))) ORDER BY r.id";
    let source = args.source.clone().map_or(Cell::Null, Cell::Text);
    let ids = match args.ids.is_empty() {
        true => Cell::Null,
        false => Cell::Text(json!(args.ids).to_string()),
    };
    reader.each(sql, &[source, ids], DEADLINE, |_, row| {
        if let [Cell::Integer(id), Cell::Text(source), Cell::Text(unit)] = &row[..] {
            let rejects = open.entry(source.clone()).or_default();
            rejects.push((*id, unit.clone()));
        }
        Ok(true)
    })?;
    Ok(open)
}

fn nothing(app: &App, settled: &[(i64, String)]) -> Result<Exit> {
    if app.json {
        print::json(&as_json(&Outcome::default()))?;
    } else {
        print::stdout(|out| {
            settled_lines(out, settled)?;
            writeln!(out, "no open rejects to read again")
        })?;
    }
    Ok(Exit::Done)
}

async fn replay(app: &App, open: Open) -> Result<Outcome> {
    let (store, _) = app.store(App::clock())?;
    let engine = engine_over(app, Arc::new(store));
    let bars = Bars::new();
    let mut outcome = Outcome::default();
    for (name, rejects) in open {
        let replay = match app.config.source(&name) {
            Some(source) => {
                let ids: Vec<i64> = rejects.into_iter().map(|(id, _)| id).collect();
                engine.replay(source, &ids, &bars).await?
            }
            None => without_source(&name, rejects),
        };
        outcome.replays.push((name, replay));
    }
    Ok(outcome)
}

/// Nobody can read them.
fn without_source(source: &str, rejects: Vec<(i64, String)>) -> Replay {
    let why = match source.starts_with(INGESTED) {
        true => "it stands in a file that was ingested by itself: ingest it again",
        false => "its source is no longer in the configuration",
    };
    let untried = rejects.into_iter().map(|(id, unit)| Untried {
        id,
        unit: UnitId::new(unit),
        why: why.to_owned(),
    });
    Replay {
        untried: untried.collect(),
        ..Replay::default()
    }
}

/// Those of these rejects that are open, without what was kept of them.
fn rejects(reader: &Reader, ids: &[i64]) -> Result<Vec<StoredReject>> {
    let mut rejects: Vec<StoredReject> = Vec::new();
    while !ids.is_empty() {
        let after = rejects.last().map_or(0, |reject| reject.id);
        let page = reader.open_rejects(None, ids, after, DEADLINE)?;
        if page.is_empty() {
            break;
        }
        rejects.extend(page.into_iter().map(|mut reject| {
            reject.kept.sample.head = Vec::new();
            reject
        }));
    }
    Ok(rejects)
}

/// The numbers of those that the replay met for the first time.
fn new(reader: &Reader, outcome: &Outcome) -> Result<Vec<i64>> {
    let runs: Vec<i64> = outcome.reports().filter_map(|report| report.run).collect();
    let sql = "SELECT id FROM rejects WHERE status = 'open'
                   AND first_run IN (SELECT value FROM json_each(?1)) ORDER BY id";
    let table = reader.table(sql, &[Cell::Text(json!(runs).to_string())], DEADLINE)?;
    Ok(print::integers(&table))
}

impl Outcome {
    fn replayed(&self) -> u64 {
        self.replays.iter().map(|(_, one)| one.replayed).sum()
    }

    fn still_ids(&self) -> Vec<i64> {
        let replays = self.replays.iter();
        replays
            .flat_map(|(_, replay)| replay.still.iter().copied())
            .collect()
    }

    fn untried(&self) -> impl Iterator<Item = &Untried> {
        let replays = self.replays.iter();
        replays.flat_map(|(_, replay)| &replay.untried)
    }

    fn reports(&self) -> impl Iterator<Item = &SourceReport> {
        self.replays.iter().flat_map(|(_, replay)| &replay.reports)
    }
}

fn text(out: &mut dyn Write, outcome: &Outcome, settled: &[(i64, String)]) -> io::Result<()> {
    settled_lines(out, settled)?;
    for (name, replay) in &outcome.replays {
        let receipt = replay.receipt();
        writeln!(
            out,
            "{name}: {} no longer rejected, {} rejected again, {} not tried; {} inserted, {} changed, {} unchanged",
            print::count(replay.replayed),
            print::count(replay.still.len() as u64),
            print::count(replay.untried.len() as u64),
            print::count(receipt.inserted),
            print::count(receipt.changed),
            print::count(receipt.unchanged),
        )?;
    }
    listed(out, "rejected again", &outcome.still)?;
    listed(out, "rejected for the first time", &outcome.new)?;
    let untried: Vec<&Untried> = outcome.untried().collect();
    if !untried.is_empty() {
        writeln!(out, "\nnot tried")?;
    }
    for one in untried.iter().take(SHOWN) {
        let line = format!("{}: {}", one.unit, one.why);
        writeln!(out, "  {}  {}", one.id, print::line(&line))?;
    }
    more(out, untried.len())
}

fn listed(out: &mut dyn Write, heading: &str, rejects: &[StoredReject]) -> io::Result<()> {
    if !rejects.is_empty() {
        writeln!(out, "\n{heading}")?;
    }
    for reject in rejects.iter().take(SHOWN) {
        let line = place_and_reason(reject);
        writeln!(out, "  {}  {}", reject.id, print::line(&line))?;
    }
    more(out, rejects.len())
}

pub(super) fn settled_lines(out: &mut dyn Write, settled: &[(i64, String)]) -> io::Result<()> {
    settled
        .iter()
        .try_for_each(|(id, status)| writeln!(out, "reject {id} is not open: it was {status}"))
}

fn more(out: &mut dyn Write, all: usize) -> io::Result<()> {
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        left => writeln!(out, "  and {} more", inputs(left as u64)),
    }
}

fn errors(outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    for report in outcome.reports() {
        if let Some(error) = &report.error {
            lines.push(format!("error: {}: {error}", report.name));
            lines.extend(error.hint_text().map(|hint| format!("hint: {hint}")));
        }
    }
    lines
}

fn exit_of(outcome: &Outcome) -> Exit {
    let reports = outcome
        .replays
        .iter()
        .map(|(_, replay)| &replay.reports[..]);
    let rejected = !outcome.still.is_empty() || !outcome.new.is_empty();
    let open = rejected || outcome.untried().next().is_some();
    let worst = reports
        .map(exit)
        .find(|exit| matches!(exit, Exit::Failed | Exit::Usage));
    match worst {
        Some(failed) => failed,
        None if open => Exit::Rejects,
        None => Exit::Done,
    }
}

fn as_json(outcome: &Outcome) -> Value {
    let untried =
        |one: &Untried| json!({ "id": one.id, "unit": one.unit.as_str(), "reason": one.why });
    let replays = outcome.replays.iter().map(|(name, replay)| {
        let receipt = replay.receipt();
        json!({
            "source": name,
            "runs": replay.reports.iter().map(|report| report.run).collect::<Vec<_>>(),
            "replayed": replay.replayed,
            "inserted": receipt.inserted,
            "changed": receipt.changed,
            "unchanged": receipt.unchanged,
            "errors": replay.reports.iter().filter_map(|r| r.error.as_ref().map(ToString::to_string))
                .collect::<Vec<_>>(),
        })
    });
    let rejects = |rejects: &[StoredReject]| rejects.iter().map(reject).collect::<Vec<_>>();
    json!({
        "replayed": outcome.replayed(),
        "sources": replays.collect::<Vec<_>>(),
        "still_rejected": rejects(&outcome.still),
        "newly_rejected": rejects(&outcome.new),
        "not_tried": outcome.untried().map(untried).collect::<Vec<_>>(),
    })
}

fn reject(reject: &StoredReject) -> Value {
    json!({
        "id": reject.id,
        "source": &*reject.source,
        "unit": reject.unit.as_str(),
        "byte_offset": reject.kept.origin.start,
        "code": reject.code,
        "message": reject.message,
    })
}
