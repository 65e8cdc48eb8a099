//! `datalake ingest`: takes in single files of any kind, and says which rows they became.

mod answer;
mod input;
mod plan;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueHint};
use datalake_core::{Error, Result, SourceEntry, registry};

use super::app::{App, created_lines};
use super::progress::Bars;
use super::run::{engine_over, runtime, say};
use super::{Exit, Global};
use crate::scheduler::Ingest;
use answer::Answer;
use input::Named;
use plan::{Group, Plan};

/// The files that are taken in.
#[derive(Debug, Args)]
pub(super) struct IngestArgs {
    /// The files; each is recognised by its content, else by its name
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// Tags for what they become, with commas between them; instead of those that the configuration gives
    #[arg(long, value_name = "A,B")]
    tags: Vec<OsString>,
    /// What they are, whatever they look like: the name of a plugin, such as `audio`
    #[arg(long, value_name = "PLUGIN")]
    kind: Option<OsString>,
    /// The device they are from, where they do not say it
    #[arg(long, value_name = "NAME")]
    device: Option<OsString>,
}

pub(super) fn run(global: &Global, args: &IngestArgs) -> Result<Exit> {
    let entries = registry::sources()?;
    let kind = args
        .kind
        .as_deref()
        .map(|kind| input::kind(&entries, kind))
        .transpose()?;
    let overrides = input::overrides(&args.tags, args.device.as_deref())?;
    let named: Vec<Named> = args
        .files
        .iter()
        .map(|file| Named::look(file, kind, &entries))
        .collect();
    let plugins = plugins(&named);
    // Also where no file is of any use: a mistake in the configuration is one all the same.
    let app = App::load_for_plugins(global, plugins)?;
    let plan = Plan::of(&app, named, &overrides)?;
    let (plan, ingests) = if plan.groups.is_empty() {
        (plan, Vec::new())
    } else {
        ingest(&app, plan)?
    };
    let answers = answer::all(&app, plan, &ingests)?;
    if app.json {
        answer::print_json(&answers)?;
    } else {
        answer::print(&answers, overrides.tags.is_some())?;
    }
    Ok(exit(&answers))
}

/// The plugins of the files that are to be read.
fn plugins(named: &[Named]) -> Vec<&'static str> {
    let entries = named.iter().filter_map(|named| named.entry.as_ref().ok());
    let mut names: Vec<&'static str> = entries.map(|entry: &&SourceEntry| entry.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Reads one group after another; within one, files are read side by side.
fn ingest(app: &App, plan: Plan) -> Result<(Plan, Vec<Ingest>)> {
    let runtime = runtime()?;
    let done = runtime.block_on(async {
        let (store, created) = app.store(App::clock())?;
        say(&created_lines(app, &created));
        let engine = engine_over(app, Arc::new(store));
        let bars = Bars::new();
        let mut ingests = Vec::with_capacity(plan.groups.len());
        for Group { source, chosen, .. } in &plan.groups {
            ingests.push(engine.ingest(source, chosen.clone(), &bars).await);
        }
        Ok::<_, Error>(ingests)
    });
    // A reader that hangs must not keep the program from ending.
    runtime.shutdown_background();
    Ok((plan, done?))
}

/// What is worst decides.
fn exit(answers: &[Answer]) -> Exit {
    match () {
        () if answers.iter().any(|answer| answer.error.is_some()) => Exit::Failed,
        () if answers.iter().any(|answer| answer.receipt.rejected > 0) => Exit::Rejects,
        () => Exit::Done,
    }
}
