//! What is told: what there is, what was written, and what to know of it.

use std::io::Write;
use std::path::Path;

use datalake_core::{Error, Result};
use datalake_store::{RawContent, RawFile};
use serde_json::{Value, json};

use super::super::Exit;
use super::super::app::App;
use super::super::print::{self, Grid};
use super::choose::Found;

/// Lists what there is.
pub(super) fn list(app: &App, found: &Found) -> Result<Exit> {
    let contents: Vec<&RawContent> = found.contents.iter().chain(&found.below).collect();
    if app.json {
        print::json(
            &contents
                .iter()
                .map(|content| as_json(content))
                .collect::<Vec<_>>(),
        )?;
        return Ok(Exit::Done);
    }
    if contents.is_empty() {
        print::stdout(|out| writeln!(out, "nothing is kept"))?;
        return Ok(Exit::Done);
    }
    let mut grid = Grid::new(&["SOURCE", "UNIT", ">GENERATION", ">BYTES", "KEPT", "FILE"]);
    for content in contents {
        grid.row(vec![
            content.source.clone(),
            content.unit.clone(),
            content.generation.to_string(),
            print::count(content.bytes),
            state(content).to_owned(),
            file(content).to_owned(),
        ]);
    }
    print::stdout(|out| grid.print(out))?;
    Ok(Exit::Done)
}

/// How much of the content is kept.
fn state(content: &RawContent) -> &'static str {
    match (content.ended, content.torn) {
        (false, _) => "not to its end",
        (true, true) => "all, its last line has no end",
        (true, false) => "all",
    }
}

/// What has become of the file.
fn file(content: &RawContent) -> &'static str {
    match content.file {
        RawFile::Present => "there",
        RawFile::Replaced => "replaced",
        RawFile::Gone => "gone",
    }
}

fn as_json(content: &RawContent) -> Value {
    json!({
        "source": content.source,
        "unit": content.unit,
        "generation": content.generation,
        "bytes": content.bytes,
        "complete": content.ended && !content.torn,
        "read_to_its_end": content.ended,
        "torn": content.torn,
        "file": file(content),
    })
}

/// Says what was written where.
pub(super) fn written(app: &App, content: &RawContent, path: &Path) -> Result<()> {
    let shown = path.display().to_string();
    if app.json {
        let mut told = as_json(content);
        told["written"] = json!(shown);
        return print::json(&told);
    }
    let bytes = print::bytes(content.bytes);
    print::stdout(|out| writeln!(out, "wrote {} ({bytes})", print::line(&shown)))
}

/// Says on stderr what to know of the bytes that were given back.
pub(super) fn remarks(app: &App, content: &RawContent, found: &Found) -> Result<()> {
    let mut remarks = Vec::new();
    if !content.ended {
        remarks.push(String::from("the file was not read to its end yet"));
    }
    if !found.below.is_empty() && !app.json {
        let files = found.below.len();
        let what = if files == 1 {
            "content lies"
        } else {
            "contents lie"
        };
        remarks.push(format!(
            "{files} more {what} in a folder of this name; --list shows them"
        ));
    }
    for remark in remarks {
        writeln!(std::io::stderr(), "note: {remark}")
            .map_err(|error| Error::io("stderr", error))?;
    }
    Ok(())
}
