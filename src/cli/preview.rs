//! `datalake preview`: what a run would insert, change and reject. The run happens, and all of it is taken back.

use std::io::{self, Write};
use std::sync::Arc;

use clap::Args;
use datalake_core::Result;
use datalake_store::{
    Catalog, Cell, Changes, DatasetChanges, LockKind, LockUse, RowChange, StoredReject, lock_use,
};
use serde_json::{Value, json};

use super::app::App;
use super::progress::Bars;
use super::run::{engine_over, exit, remarks, runtime, say};
use super::{Exit, print, sources};
use crate::config::ConfiguredSource;
use crate::scheduler::{Outcome, RunOptions, SourceReport, Trigger};

/// Columns that a row is shown with.
const SHOWN: usize = 8;

/// The run whose effect is shown.
#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    /// The source: its name or its type
    pub(super) source: String,
    /// Override a key: `server.api=…`, `source.NAME.path=…`, or `path=…` for this source
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// As if everything were read again, whatever has been read before
    #[arg(long)]
    full: bool,
    /// Show at most so many new rows, changed rows and rejects of each dataset
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=500))]
    samples: u32,
}

pub(super) fn run(app: &App, args: &PreviewArgs) -> Result<Exit> {
    let sources: Vec<_> = app.config.selected().cloned().collect();
    for source in &sources {
        refuse_busy(app, &source.name)?;
    }
    let catalog = app.catalog()?;
    let runtime = runtime()?;
    let rehearsed = runtime.block_on(rehearse(app, args, &sources));
    // A reader that hangs must not keep the program from ending.
    runtime.shutdown_background();
    let (reports, changes) = rehearsed?;
    if app.json {
        print::json(&as_json(&reports, &changes))?;
    } else {
        print::stdout(|out| text(out, &catalog, &reports, &changes))?;
        say(&reports.iter().flat_map(problems).collect::<Vec<_>>());
    }
    Ok(exit(&reports))
}

/// Nobody else can write while a run is rehearsed: whoever reads the source now would fail.
fn refuse_busy(app: &App, source: &str) -> Result<()> {
    let database = &app.config.store.db_file;
    match lock_use(database, source, LockKind::Source)? {
        LockUse::Free => Ok(()),
        LockUse::Held(holder) => Err(sources::busy(
            source,
            holder.map(|holder| holder.to_string()),
        )),
    }
}

async fn rehearse(
    app: &App,
    args: &PreviewArgs,
    sources: &[ConfiguredSource],
) -> Result<(Vec<SourceReport>, Changes)> {
    let store = Arc::new(app.rehearsal(App::clock())?);
    let engine = engine_over(app, store.clone());
    let bars = Bars::new();
    let options = RunOptions {
        full: args.full,
        trigger: Trigger::Preview,
    };
    let mut reports = Vec::new();
    for source in sources {
        let report = engine.run(source, options, &bars).await;
        if report.outcome == Outcome::Overlapped {
            return Err(sources::busy(&source.name, None));
        }
        reports.push(report);
    }
    let changes = store.changes(args.samples as usize).await?;
    Ok((reports, changes))
}

fn text(
    out: &mut dyn Write,
    catalog: &Catalog,
    reports: &[SourceReport],
    changes: &Changes,
) -> io::Result<()> {
    for report in reports {
        writeln!(out, "{}", summary(report))?;
    }
    for dataset in &changes.datasets {
        writeln!(
            out,
            "\n{}: {} new, {} changed",
            dataset.dataset,
            print::count(dataset.inserted),
            print::count(dataset.changed)
        )?;
        let key = catalog
            .dataset(&dataset.dataset)
            .map_or(&[][..], |known| known.key);
        samples(out, dataset, key)?;
    }
    let rejected: u64 = reports.iter().map(|report| report.receipt.rejected).sum();
    if rejected > 0 {
        writeln!(out, "\nrejects")?;
    }
    for reject in &changes.rejects {
        writeln!(out, "  ! {}", print::line(&place_and_reason(reject)))?;
    }
    more(out, rejected, changes.rejects.len(), "rejects")
}

fn summary(report: &SourceReport) -> String {
    let receipt = report.receipt;
    let name = &report.name;
    match report.outcome {
        Outcome::Absent => format!("{name}: there is nothing to read"),
        _ => format!(
            "{name}: a run would insert {}, change {}, find {} unchanged and reject {}; nothing was written",
            print::count(receipt.inserted),
            print::count(receipt.changed),
            print::count(receipt.unchanged),
            print::count(receipt.rejected)
        ),
    }
}

fn samples(out: &mut dyn Write, dataset: &DatasetChanges, key: &[&str]) -> io::Result<()> {
    let (changed, new): (Vec<_>, Vec<_>) = dataset
        .samples
        .iter()
        .partition(|sample| sample.before.is_some());
    for sample in &new {
        writeln!(
            out,
            "  + {}",
            print::line(&columns(&sample.values, |_| true))
        )?;
    }
    more(out, dataset.inserted, new.len(), "new")?;
    for sample in &changed {
        let is_key = |name: &str| key.contains(&name);
        writeln!(out, "  ~ {}", print::line(&columns(&sample.values, is_key)))?;
        for (name, old, now) in differences(sample) {
            let change = format!("{name}: {} → {}", shown(old), shown(now));
            writeln!(out, "      {}", print::line(&change))?;
        }
    }
    more(out, dataset.changed, changed.len(), "changed")
}

fn more(out: &mut dyn Write, all: u64, shown: usize, what: &str) -> io::Result<()> {
    match all.saturating_sub(shown as u64) {
        0 => Ok(()),
        left => writeln!(out, "    and {} more {what}", print::count(left)),
    }
}

/// The first columns that have a value.
fn columns(values: &[(String, Cell)], wanted: impl Fn(&str) -> bool) -> String {
    let filled = values
        .iter()
        .filter(|(name, value)| wanted(name) && *value != Cell::Null);
    let pairs: Vec<String> = filled
        .take(SHOWN)
        .map(|(name, value)| format!("{name}={}", shown(value)))
        .collect();
    pairs.join("  ")
}

/// The columns of a changed row that differ: what they were and what they would be.
fn differences(sample: &RowChange) -> Vec<(&str, &Cell, &Cell)> {
    let now = |name: &str| sample.values.iter().find(|(known, _)| known == name);
    let before = sample.before.iter().flatten();
    before
        .filter_map(|(name, old)| now(name).map(|(_, now)| (name.as_str(), old, now)))
        .collect()
}

fn shown(value: &Cell) -> String {
    match value {
        Cell::Null => String::from("nothing"),
        value => print::shorten(&print::cell(value)),
    }
}

pub(super) fn place_and_reason(reject: &StoredReject) -> String {
    let origin = &reject.kept.origin;
    let pointer = origin.pointer.as_deref().unwrap_or_default();
    format!(
        "{}, byte {} to {}{pointer}: {} ({})",
        reject.unit, origin.start, origin.end, reject.message, reject.code
    )
}

/// What a run would say as well, but for its rejects: those are not in the store.
fn problems(report: &SourceReport) -> Vec<String> {
    let mut lines = remarks(report);
    lines.retain(|line| !line.contains("`datalake rejects list"));
    lines
}

fn as_json(reports: &[SourceReport], changes: &Changes) -> Value {
    let sources = reports.iter().map(|report| {
        let mut source = super::run::as_json(report);
        // There is no such run.
        source["run"] = Value::Null;
        source
    });
    let datasets = changes.datasets.iter().map(|dataset| {
        json!({
            "dataset": dataset.dataset,
            "inserted": dataset.inserted,
            "changed": dataset.changed,
            "samples": dataset.samples.iter().map(sample_as_json).collect::<Vec<_>>(),
        })
    });
    let rejects = changes.rejects.iter().map(|reject| {
        json!({
            "source": &*reject.source,
            "unit": reject.unit.as_str(),
            "byte_offset": reject.kept.origin.start,
            "byte_end": reject.kept.origin.end,
            "pointer": reject.kept.origin.pointer.as_deref(),
            "code": reject.code,
            "message": reject.message,
            "length": reject.kept.sample.length,
        })
    });
    json!({
        "sources": sources.collect::<Vec<_>>(),
        "datasets": datasets.collect::<Vec<_>>(),
        "rejects": rejects.collect::<Vec<_>>(),
    })
}

fn sample_as_json(sample: &RowChange) -> Value {
    let object = |pairs: &[(String, Cell)]| {
        let pairs = pairs.iter().map(|(name, cell)| (name.clone(), json!(cell)));
        Value::Object(pairs.collect())
    };
    json!({
        "row": object(&sample.values),
        "before": sample.before.as_deref().map(object),
    })
}
