//! `datalake rejects drop`: a person decides that nothing is lost with what was rejected.

use std::time::Duration;

use clap::Args;
use datalake_core::Result;
use datalake_store::{Cell, Reader};
use serde_json::json;

use super::app::App;
use super::confirm::confirm;
use super::run::{inputs, runtime};
use super::{Exit, print, replay, sources};

const DEADLINE: Duration = Duration::from_secs(10);

/// Which rejects are dropped.
#[derive(Debug, Args)]
pub(super) struct DropArgs {
    /// Their numbers
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with_all = ["all", "source"])]
    ids: Vec<i64>,
    /// Those of this source, with --all
    #[arg(long, value_name = "NAME", requires = "all")]
    source: Option<String>,
    /// All open ones of the source
    #[arg(long, requires = "source")]
    all: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(app: &App, args: &DropArgs) -> Result<Exit> {
    let reader = app.reader()?;
    if let Some(source) = &args.source {
        sources::known(app, &reader, source)?;
    }
    let settled = replay::settled(&reader, &args.ids)?;
    let open = open(&reader, args)?;
    let mut dropped = 0;
    if !open.is_empty() {
        let question = format!(
            "Drop {}? What was kept of it goes for good, and it is never a reject again.",
            inputs(open.len() as u64)
        );
        if !confirm(app, &question, args.yes)? {
            return Ok(Exit::Failed);
        }
        let (store, _) = app.store(App::clock())?;
        dropped = runtime()?.block_on(store.drop_rejects(open))?;
    }
    if app.json {
        let settled: Vec<i64> = settled.iter().map(|(id, _)| *id).collect();
        print::json(&json!({ "dropped": dropped, "not_open": settled }))?;
    } else {
        print::stdout(|out| {
            replay::settled_lines(out, &settled)?;
            writeln!(out, "dropped {}", inputs(dropped as u64))
        })?;
    }
    Ok(Exit::Done)
}

/// The numbers of the chosen rejects that are open.
fn open(reader: &Reader, args: &DropArgs) -> Result<Vec<i64>> {
    let sql = "SELECT r.id FROM rejects AS r JOIN origins AS o ON o.id = r.origin
               WHERE r.status = 'open' AND (o.source = ?1 OR r.id IN (SELECT value FROM json_each(?2)))
               ORDER BY r.id";
    let source = args.source.clone().map_or(Cell::Null, Cell::Text);
    let ids = Cell::Text(json!(args.ids).to_string());
    let table = reader.table(sql, &[source, ids], DEADLINE)?;
    Ok(print::integers(&table))
}
