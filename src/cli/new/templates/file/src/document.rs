//! The format: what a file says, and what may be wrong with it.

use datalake_core::{FileRef, Naming, Record, Reject, Timestamp, TrackedFile};
use serde::Serialize;

use crate::DOCUMENTS;

/// A larger file is no document that anybody wrote, and would have to be held in memory.
pub(crate) const LARGEST: u64 = 16 << 20;

/// A row, but for its hash, which the store finds when it takes the file.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    filename: String,
    at: Timestamp,
    title: &'a str,
    body: &'a str,
}

impl<'a> Document<'a> {
    /// The first line is the title, the rest is the body.
    pub(crate) fn parse(bytes: &'a [u8], file: &TrackedFile) -> Result<Self, Reject> {
        if bytes.len() as u64 > LARGEST {
            return Err(Reject::new("too-large", "it has more than 16 MiB"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Reject::new("not-utf8", format!("it is no text: {error}")))?;
        if text.contains('\0') {
            return Err(Reject::new("nul", "it is no text: it has a NUL byte"));
        }
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        Ok(Self {
            filename: filename(file),
            at: file.modified().unwrap_or_default(),
            title: title.trim_start_matches('#').trim(),
            body: body.trim(),
        })
    }

    /// Where the file is kept: below `data/{{name}}/`, in the folder of the day on which it was made.
    pub(crate) fn naming(&self) -> Naming {
        Naming {
            folder: "{{name}}",
            name: self.filename.clone(),
            made: self.at,
        }
    }

    /// The record, with the file that was kept for it.
    pub(crate) fn record(&self, kept: FileRef) -> Record {
        /// The fields are the columns.
        #[derive(Serialize)]
        struct Row<'a> {
            hash: String,
            filename: &'a str,
            at: Timestamp,
            title: &'a str,
            body: &'a str,
        }
        let hash = kept.hash().iter();
        let row = Row {
            hash: hash.map(|byte| format!("{byte:02x}")).collect(),
            filename: &self.filename,
            at: self.at,
            title: self.title,
            body: self.body,
        };
        Record::new(&DOCUMENTS, &row).file(kept)
    }
}

fn filename(file: &TrackedFile) -> String {
    let name = file.path().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
