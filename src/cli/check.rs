//! `datalake check`: the configuration, the database and the sources, without changing anything.

use std::path::Path;

use datalake_core::Result;
use datalake_store::{FileKind, classify};
use serde_json::json;

use super::app::App;
use super::print::{self, Grid};
use super::{Exit, report};
use crate::config::ConfiguredSource;

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
    if app.json {
        let sources: Vec<_> = app.config.sources.iter().map(as_json).collect();
        print::json(&json!({
            "configuration": app.config.file,
            "database": { "path": store.db_file, "state": state, "usable": usable },
            "data": store.data_dir,
            "sources": sources,
            "warnings": app.config.warnings.iter().map(|warning| warning.render()).collect::<Vec<_>>(),
        }))?;
    } else {
        text(app, &state)?;
    }
    if let Err(error) = database {
        report(&error, app.json);
        return Ok(Exit::Failed);
    }
    Ok(if usable { Exit::Done } else { Exit::Failed })
}

fn text(app: &App, state: &str) -> Result<()> {
    let store = &app.config.store;
    let mut grid = Grid::new(&["SOURCE", "TYPE", "SCHEDULE", "PLACE", "FOUND"]);
    for source in &app.config.sources {
        let schedule = if source.settings.enabled {
            source.settings.schedule.0.join(", ")
        } else {
            "off".into()
        };
        for root in source.source.roots() {
            let path = root.display().to_string();
            let found = place(&root).to_owned();
            grid.row(vec![
                source.name.to_string(),
                source.entry.name.into(),
                schedule.clone(),
                path,
                found,
            ]);
        }
    }
    print::stdout(|out| {
        let file = app
            .config
            .file
            .as_ref()
            .map_or("the built-in one".into(), |file| file.display().to_string());
        writeln!(out, "configuration  {file}")?;
        writeln!(out, "database       {} ({state})", store.db_file.display())?;
        writeln!(out, "data           {}\n", store.data_dir.display())?;
        grid.print(out)
    })
}

fn as_json(source: &ConfiguredSource) -> serde_json::Value {
    let places = source
        .source
        .roots()
        .into_iter()
        .map(|root| json!({ "found": place(&root), "path": root }));
    json!({
        "source": &*source.name,
        "type": source.entry.name,
        "enabled": source.settings.enabled,
        "schedule": source.settings.schedule.0,
        "places": places.collect::<Vec<_>>(),
    })
}
