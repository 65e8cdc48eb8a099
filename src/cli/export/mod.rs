//! `datalake export --raw`: gives a file back byte for byte, from what is kept of it.

mod choose;
mod output;
mod tell;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use datalake_core::Result;

use super::Exit;
use super::app::App;

/// A single question to the store, or reading a piece of a file.
const DEADLINE: Duration = Duration::from_secs(30);

/// What is given back.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Give back the file itself, byte for byte
    #[arg(long, required = true)]
    raw: bool,
    /// The file: its path or its name, with or without its ending; or the key of a row that came from it, such as
    /// the id of a session; or a dataset, with the number of a row
    #[arg(required_unless_present_any = ["list", "unit"])]
    name: Option<String>,
    /// The number of a row, where the name is a dataset
    #[arg(requires = "name")]
    id: Option<i64>,
    /// Only what this source has read
    #[arg(long)]
    source: Option<String>,
    /// Only this file, by its path below the folder of its source
    #[arg(long)]
    unit: Option<String>,
    /// Only this content of a file that was rewritten, counted from 0
    #[arg(long, value_name = "NUMBER")]
    generation: Option<u32>,
    /// Write it to this file, which must not be there yet, instead of stdout
    #[arg(long, short, value_name = "FILE", conflicts_with = "list")]
    output: Option<PathBuf>,
    /// Only list what there is
    #[arg(long)]
    list: bool,
}

pub(super) fn run(app: &App, args: &ExportArgs) -> Result<Exit> {
    let reader = app.reader()?;
    let found = choose::find(app, &reader, args)?;
    if args.list {
        return tell::list(app, &found);
    }
    let content = found.only(&reader, args)?;
    match &args.output {
        Some(path) => {
            let written = output::to_file(&reader, content, path)?;
            tell::written(app, content, &written)?;
        }
        None => output::to_stdout(&reader, content)?,
    }
    tell::remarks(app, content, &found)?;
    Ok(Exit::Done)
}
