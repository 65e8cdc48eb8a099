//! A whole plugin in 40 lines, and the program around it: one note a line becomes a searchable dataset.
//! Try it: `cargo run --example notes -- run --source notes --set path=examples/notes.jsonl`

use datalake_core::*;

static NOTES: Dataset = Dataset::rows("notes", "Notes, one a line")
    .columns(&[Column::time("at"), Column::text("body")])
    .key(&["at", "body"])
    .time("at")
    .text(&["body"]);

#[derive(serde::Serialize, serde::Deserialize)]
struct Note {
    at: Timestamp,
    body: String,
}

config! {
    /// Notes, one JSON object a line.
    struct Notes {
        /// Files or folders with `*.jsonl` files.
        path: Paths = ["~/notes"],
    }
}

impl LineSource for Notes {
    fn files(&self) -> Files {
        Files::append_only(self.path.0.clone()).named(["*.jsonl"])
    }
    fn line(&self, _: &Context, _: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()> {
        let note = out.json::<Note>();
        note.map_or(Ok(()), |note| out.push(Record::new(&NOTES, &note)))
    }
}

register_source! {
    name: "notes", summary: "Notes, one a line", stability: Stable, cursor_version: 1,
    config: Notes, datasets: [&NOTES],
    schema: "CREATE TABLE notes (id INTEGER PRIMARY KEY, at TEXT, body TEXT /* kept by the store */,
                 UNIQUE (at, body));
             CREATE VIRTUAL TABLE notes_fts USING fts5(body, content=notes, content_rowid=id);",
    build: |section| Some(line_source(Notes::from_section(section)?)),
}

// The program: the stock plugins and this one.
use datalake_plugins as _;

fn main() -> std::process::ExitCode {
    datalake::main()
}
