//! The plugin `{{name}}`: documents, one a file. The file itself is kept beside its row.

mod config;
mod document;

use std::io::Read;

use datalake_core::{
    Column, Context, Dataset, Error, FileEmit, FileMode, FileSource, Files, Merge, Origin, Result,
    Sample, TrackedFile, file_source,
};

use config::Config;
use document::{Document, LARGEST};

const SUMMARY: &str = "Documents, one a file";

/// The table and what its columns mean. The key is the content, so that a copy or a renamed file is the same
/// document; of several names and times the least is shown, in whatever order they were read.
pub static DOCUMENTS: Dataset = Dataset::rows("{{table}}", SUMMARY)
    .columns(&[
        Column::text("hash"),
        Column::text("filename").merge(Merge::Least),
        Column::time("at").merge(Merge::Least),
        Column::text("title"),
        Column::text("body"),
    ])
    .key(&["hash"])
    .time("at")
    .title("title")
    .text(&["title", "body"])
    .file("file_path")
    .tags();

struct Reader(Config);

impl FileSource for Reader {
    // A file that is read as a whole needs no cursor of its own.
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole(self.0.path.0.clone()).named(["*.md", "*.txt"])
    }

    fn read(
        &self,
        _cx: &Context,
        file: &mut TrackedFile,
        _from: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        document(file, out)?;
        out.commit(&file.end()?, &())
    }
}

/// Reads the file and keeps a copy of it in the same pass.
fn document(file: &mut TrackedFile, out: &mut FileEmit<'_, ()>) -> Result<()> {
    let mut intake = out.intake(file, FileMode::Copy)?;
    let mut bytes = Vec::new();
    // One byte more than is taken shows that there is more, without holding all of it.
    let read = intake.by_ref().take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::io(intake.file().path().display(), error))?;
    let origin = Origin::bytes(0, bytes.len() as u64);
    match Document::parse(&bytes, intake.file()) {
        Ok(document) => {
            let kept = out.keep(intake, document.naming())?;
            out.push(document.record(kept).origin(origin))
        }
        Err(why) => {
            out.reject(origin, why, Sample::of(&bytes));
            Ok(())
        }
    }
}

datalake_core::register_source! {
    name: "{{name}}",
    summary: SUMMARY,
    stability: Experimental,
    cursor_version: 1,
    config: Config,
    datasets: [&DOCUMENTS],
    schema: include_str!("../schema.sql"),
    fixtures: ["bread.md", "copy-of-bread.md", "tea.txt", "odd.txt"],
    golden: "tests/golden.txt",
    build: |section| Some(file_source(Reader(Config::from_section(section)?))),
}
