//! A good plugin of another kind: it reads files as a whole, and keeps them.

use std::io::Read;

use datalake_core::{
    Blob, Column, Content, Context, Dataset, Error, FileEmit, FileMode, FileSource, Files, Merge,
    Origin, Paths, Record, Reject, Result, Sample, Timestamp, TrackedFile, file_source,
};
use serde::Serialize;

use crate::model::{LogConfig, SCHEMA, WORDS, source};

static DOCUMENTS: Dataset = Dataset::rows("documents", "Documents, one a file")
    .columns(&[
        Column::text("hash"),
        Column::text("name").merge(Merge::Least),
        Column::time("made_at").merge(Merge::Least),
        Column::text("body"),
    ])
    .key(&["hash"])
    .time("made_at")
    .text(&["body"])
    .file("file_path")
    .tags();

#[derive(Serialize)]
struct Document<'a> {
    hash: String,
    name: &'a str,
    made_at: Timestamp,
    body: &'a str,
}

datalake_core::config! {
    /// Documents.
    struct Documents {
        /// Files or folders with `*.txt` files.
        path: Paths = ["~/documents"],
    }
}

impl FileSource for Documents {
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole(self.path.0.clone()).named(["*.txt"])
    }

    fn read(
        &self,
        _: &Context,
        file: &mut TrackedFile,
        _: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| Error::io(file.path().display(), error))?;
        let origin = Origin::bytes(0, bytes.len() as u64);
        match std::str::from_utf8(&bytes) {
            Ok(body) if !body.contains('\0') => self.document(file, body, origin, out)?,
            _ => out.reject(
                origin,
                Reject::new("no-text", "it is no text"),
                Sample::of(&bytes),
            ),
        }
        out.commit(&file.end()?, &())
    }
}

impl Documents {
    fn document(
        &self,
        file: &TrackedFile,
        body: &str,
        origin: Origin,
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let name = file
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let made = file.modified().unwrap_or_default();
        let kept = out.file(Blob {
            content: Content::Path(file.path().to_owned()),
            folder: "documents",
            name: name.to_string(),
            made,
            mode: FileMode::Copy,
        })?;
        let document = Document {
            hash: kept
                .hash()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            name: &name,
            made_at: made,
            body,
        };
        out.push(
            Record::new(&DOCUMENTS, &document)
                .origin(origin)
                .file(kept)
                .tag("document"),
        )
    }
}

datalake_core::register_source! {
    name: "documents",
    summary: "Documents made up for tests",
    stability: Experimental,
    cursor_version: 1,
    config: Documents,
    datasets: [&DOCUMENTS],
    schema: "
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT, made_at TEXT, body TEXT, file_path TEXT,
            tags TEXT /* kept by the store */
        );
        CREATE VIRTUAL TABLE documents_fts USING fts5(body, content = documents, content_rowid = id);",
    fixtures: ["documents/bread.txt", "documents/same.txt", "documents/copy.txt"],
    build: |section| Some(file_source(Documents::from_section(section)?)),
}

/// Like the model, and brings nothing to be tested with.
struct Plain;

impl crate::model::Parts for Plain {
    fn new(_: &LogConfig) -> Self {
        Self
    }
}

datalake_core::register_source! {
    name: "carries-nothing",
    summary: "Logs made up for tests",
    stability: Experimental,
    cursor_version: 2,
    config: LogConfig,
    datasets: [&WORDS],
    schema: SCHEMA,
    fixture_config: "path = [\"{root}\"]\ntoken = \"open sesame\"\n",
    build: source::<Plain>,
}
