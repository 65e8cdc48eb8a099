//! `datalake plugins`: which plugins this program has, and what each can be told.

use datalake_core::config::nearest;
use datalake_core::{Error, Result, SourceEntry, registry};
use serde_json::json;

use super::print::{self, Grid};
use super::{Exit, PluginsCommand, new, plugin_test};

pub(super) fn run(command: &PluginsCommand, json: bool) -> Result<Exit> {
    let entries = registry::sources()?;
    match command {
        PluginsCommand::List => list(&entries, json)?,
        PluginsCommand::Describe { name } => describe(find(&entries, name)?, json)?,
        PluginsCommand::New(args) => return new::run(args, json),
        PluginsCommand::Test {
            child: Some(folder),
            ..
        } => plugin_test::child(folder)?,
        PluginsCommand::Test { name, deep, .. } => {
            return plugin_test::run(find(&entries, name)?, *deep, json);
        }
    }
    Ok(Exit::Done)
}

fn list(entries: &[&SourceEntry], json: bool) -> Result<()> {
    if json {
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name,
                    "summary": entry.summary,
                    "stability": entry.stability.name(),
                    "datasets": entry.datasets.iter().map(|dataset| dataset.name).collect::<Vec<_>>(),
                })
            })
            .collect();
        return print::json(&rows);
    }
    let mut grid = Grid::new(&["NAME", "STABILITY", "SUMMARY"]);
    for entry in entries {
        grid.row(vec![
            entry.name.into(),
            entry.stability.name().into(),
            entry.summary.into(),
        ]);
    }
    print::stdout(|out| grid.print(out))
}

fn find<'a>(entries: &[&'a SourceEntry], name: &str) -> Result<&'a SourceEntry> {
    entries
        .iter()
        .find(|entry| entry.name == name)
        .copied()
        .ok_or_else(|| {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            let hint = match nearest(name, names.iter().copied()) {
                Some(near) => format!(
                    "did you mean `{near}`? The plugins are: {}",
                    names.join(", ")
                ),
                None => format!("the plugins are: {}", names.join(", ")),
            };
            Error::usage(format!("there is no plugin `{name}`")).hint(hint)
        })
}

fn describe(entry: &SourceEntry, json: bool) -> Result<()> {
    if json {
        let fields: Vec<_> = entry
            .fields
            .iter()
            .map(|field| {
                json!({
                    "name": field.name,
                    "type": field.kind(),
                    "default": field.default(),
                    "required": field.required,
                    "doc": field.doc(),
                })
            })
            .collect();
        let datasets: Vec<_> = entry
            .datasets
            .iter()
            .map(|dataset| json!({ "name": dataset.name, "summary": dataset.summary, "key": dataset.key }))
            .collect();
        return print::json(&json!({
            "name": entry.name,
            "summary": entry.summary,
            "stability": entry.stability.name(),
            "keys": fields,
            "datasets": datasets,
        }));
    }
    print::stdout(|out| {
        writeln!(
            out,
            "{}: {} ({})\n",
            entry.name,
            entry.summary,
            entry.stability.name()
        )?;
        writeln!(out, "Keys of a source with type = \"{}\":\n", entry.name)?;
        for field in entry.fields {
            let default = field.default().map_or_else(
                || String::from("no default"),
                |text| format!("default {text}"),
            );
            writeln!(out, "  {} ({}, {default})", field.name, field.kind())?;
            for line in field.doc().lines() {
                writeln!(out, "      {line}")?;
            }
        }
        writeln!(out, "\nDatasets:\n")?;
        entry
            .datasets
            .iter()
            .try_for_each(|dataset| writeln!(out, "  {}: {}", dataset.name, dataset.summary))
    })
}
