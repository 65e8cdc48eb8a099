//! The plugin `{{name}}`: entries of a log, one JSON object a line.

mod config;
mod line;

use datalake_core::{
    Column, Context, Dataset, Files, Line, LineEmit, LineSource, Record, Result, line_source,
};

use config::Config;

const SUMMARY: &str = "Entries of a log, one JSON object a line";

/// The table and what its columns mean. Entries that agree in the key are one; the other columns then come
/// from one of them, the same one in whatever order they were read.
pub static ENTRIES: Dataset = Dataset::rows("{{table}}", SUMMARY)
    .columns(&[
        Column::text("device"),
        Column::time("at"),
        Column::text("title"),
        Column::text("body"),
    ])
    .key(&["device", "at", "title"])
    .time("at")
    .title("title")
    .text(&["title", "body"])
    .device("device");

struct Reader(Config);

impl LineSource for Reader {
    fn files(&self) -> Files {
        // Rotation makes `x.jsonl.1` and `x.jsonl.2.gz` of `x.jsonl`.
        Files::append_only(self.0.path.0.clone()).named(["*.jsonl", "*.jsonl.*"])
    }

    fn line(&self, cx: &Context, line: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()> {
        match line::entry(line, cx) {
            Ok(entry) => out.push(Record::new(&ENTRIES, &entry))?,
            Err(why) => out.reject(why),
        }
        Ok(())
    }
}

datalake_core::register_source! {
    name: "{{name}}",
    summary: SUMMARY,
    stability: Experimental,
    cursor_version: 1,
    config: Config,
    datasets: [&ENTRIES],
    schema: include_str!("../schema.sql"),
    fixtures: ["entries.jsonl", "odd.jsonl"],
    golden: "tests/golden.txt",
    build: |section| Some(line_source(Reader(Config::from_section(section)?))),
}
