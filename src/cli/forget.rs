//! `datalake forget`: takes out everything that came from a source.

use std::io::{self, Write};

use clap::Args;
use datalake_core::{INGESTED, Result};
use datalake_store::Forgotten;
use serde_json::{Value, json};

use super::app::App;
use super::progress::Spinner;
use super::run::runtime;
use super::{Exit, confirm, print, sources};

/// What is forgotten.
#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The source; it need not be in the configuration any more
    source: String,
    /// Only show what would go
    #[arg(long)]
    preview: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "preview")]
    yes: bool,
}

pub(super) fn run(app: &App, args: &ForgetArgs) -> Result<Exit> {
    let source = args.source.as_str();
    // Makes no database where there is none.
    let is_stored = sources::known(app, &app.reader()?, source)?;
    if !is_stored {
        return tell(app, source, &Forgotten::default(), "");
    }
    let is_asked = !args.preview && confirm::is_needed(app, args.yes)?;
    let (store, _) = app.store(App::clock())?;
    let runtime = runtime()?;
    if args.preview || is_asked {
        let spinner = Spinner::new("counting");
        let would = runtime.block_on(store.forget(source.into(), true));
        drop(spinner);
        tell(app, source, &would?, "would go")?;
    }
    let question = format!("Forget {source}? It is gone for good.");
    if args.preview {
        return Ok(Exit::Done);
    }
    if is_asked && !confirm::ask(&question)? {
        return Ok(Exit::Failed);
    }
    let spinner = Spinner::new("forgetting");
    let gone = runtime.block_on(store.forget(source.into(), false));
    drop(spinner);
    tell(app, source, &gone?, "is gone")
}

fn tell(app: &App, source: &str, forgotten: &Forgotten, what: &str) -> Result<Exit> {
    if app.json {
        print::json(&as_json(source, forgotten))?;
    } else {
        print::stdout(|out| write_text(out, source, forgotten, what))?;
    }
    Ok(Exit::Done)
}

fn write_text(
    out: &mut dyn Write,
    source: &str,
    forgotten: &Forgotten,
    what: &str,
) -> io::Result<()> {
    if is_nothing(forgotten) {
        return writeln!(out, "nothing is kept of {source}");
    }
    writeln!(out, "of {source} {what}:")?;
    for (dataset, rows) in &forgotten.rows {
        writeln!(out, "  {} of {dataset}", counted(*rows, "row"))?;
    }
    let Forgotten {
        files,
        file_bytes,
        rejects,
        units,
        runs,
        kept,
        others,
        ..
    } = forgotten;
    if *files > 0 {
        let size = print::bytes(*file_bytes);
        writeln!(out, "  {}, {size}", counted(*files, "file"))?;
    }
    let rest = [
        counted(*rejects, "reject"),
        counted(*units, "unit"),
        counted(*runs, "run"),
    ];
    writeln!(out, "  {}", rest.join(", "))?;
    if *kept > 0 {
        let rows = counted(*kept, "row");
        writeln!(
            out,
            "{rows} of other sources stay as they are, with what this one wrote into them"
        )?;
    }
    for other in others {
        if other.source.starts_with(INGESTED) {
            writeln!(
                out,
                "warning: what {} and {source} had in common does not come back by itself: ingest those files again",
                other.source
            )?;
            continue;
        }
        let units = counted(other.units, "unit");
        writeln!(
            out,
            "{} is read again at its next run: {units}",
            other.source
        )?;
        if other.missing > 0 {
            writeln!(
                out,
                "warning: {} has lost {}; what was in common with {source} does not come back",
                other.source,
                counted(other.missing, "unit")
            )?;
        }
    }
    Ok(())
}

fn is_nothing(forgotten: &Forgotten) -> bool {
    let Forgotten {
        rows,
        files,
        rejects,
        units,
        runs,
        ..
    } = forgotten;
    rows.is_empty() && files + rejects + units + runs == 0
}

fn counted(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {what}{ending}", print::count(number))
}

fn as_json(source: &str, forgotten: &Forgotten) -> Value {
    let rows = forgotten.rows.iter();
    let rows = rows.map(|(dataset, rows)| (dataset.clone(), json!(rows)));
    let others = forgotten.others.iter().map(
        |other| json!({ "source": other.source, "units": other.units, "missing_units": other.missing }),
    );
    json!({
        "source": source,
        "rows": rows.collect::<serde_json::Map<_, _>>(),
        "kept_rows": forgotten.kept,
        "files": forgotten.files,
        "file_bytes": forgotten.file_bytes,
        "rejects": forgotten.rejects,
        "units": forgotten.units,
        "runs": forgotten.runs,
        "read_again": others.collect::<Vec<_>>(),
    })
}
