//! The row of a transcript.

use std::collections::BTreeMap;

use datalake_core::name_time::{Made, name_time};
use datalake_core::{
    Column, Dataset, Derive, FileRef, Link, Merge, Record, TimeSource, Timestamp, Version, Zone,
    hex,
};
use serde::Serialize;

use crate::bundle::{Merged, Variant};
use crate::format::Format;
use crate::model::{Flags, Segment};
use crate::name::FileName;

/// Transcripts. The key is the device and the path of the stem below the root, never the content: two recordings
/// of "Okay." have two transcripts.
pub static TRANSCRIPTS: Dataset = Dataset::rows("transcripts", "Transcripts of recordings")
    .columns(&[
        Column::text("source_device"),
        Column::text("stem"),
        Column::text("filename"),
        Column::integer("audio_id").merge(Merge::Derived),
        Column::text("audio_link").merge(Merge::Derived),
        Column::integer("linked_audio_id").merge(Merge::Link),
        Column::text("linked_by").merge(Merge::LinkedBy("linked_audio_id")),
        Column::text("content"),
        Column::integer("word_count"),
        Column::text("language"),
        Column::real("confidence"),
        Column::text("provider"),
        Column::text("model"),
        Column::real("duration_seconds"),
        Column::integer("size_bytes"),
        Column::time("created_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::integer("utc_offset").merge(Merge::Time),
        Column::text("formats"),
        Column::text("flags"),
        Column::text("metadata"),
        Column::text("segments"),
    ])
    .key(&["source_device", "stem"])
    .time("created_at")
    .title("filename")
    .text(&["content", "filename", "tags"])
    .file("file_path")
    .device("source_device")
    .tags()
    .derive(Derive {
        view: "transcripts_derived",
        columns: &["audio_id", "audio_link"],
    });

/// Files of transcripts that no row of [`TRANSCRIPTS`] shows: those that others tell more than, and those that could
/// not be read. They are kept like the others. The key holds the content, so that a file that is written again is two.
pub static TRANSCRIPT_FILES: Dataset = Dataset::rows(
    "transcript_files",
    "Files beside the one that a transcript shows, and files that could not be read",
)
.columns(&[
    Column::text("source_device"),
    Column::text("name"),
    Column::text("blake3"),
    Column::text("filename"),
    Column::integer("transcript_id").merge(Merge::Link),
    Column::text("format"),
    Column::text("problem"),
    Column::integer("size_bytes"),
    Column::time("created_at").merge(Merge::Time),
    Column::text("time_source").merge(Merge::Time),
    Column::integer("utc_offset").merge(Merge::Time),
])
.key(&["source_device", "name", "blake3"])
.time("created_at")
.title("filename")
.file("file_path")
.device("source_device");

/// Counts up when more or other things are read in files: what is read later wins.
const READING: u64 = 1;

#[derive(Serialize)]
struct FileRow<'a> {
    source_device: &'a str,
    name: String,
    blake3: String,
    filename: &'a str,
    format: Option<Format>,
    problem: Option<&'a str>,
    size_bytes: u64,
    created_at: Timestamp,
    time_source: TimeSource,
    utc_offset: i32,
}

/// A file of [`TRANSCRIPT_FILES`] on its way into the store.
#[derive(Debug, Clone)]
pub struct FileEntry<'a> {
    /// The device it is from.
    pub device: &'a str,
    /// What its transcript is called.
    pub stem: &'a str,
    /// Its own name.
    pub name: &'a str,
    /// When it was made.
    pub made: Made,
    /// What it is, or the code of what is wrong with it.
    pub says: Result<Format, &'static str>,
}

impl FileEntry<'_> {
    /// Its row, with a link to its transcript, and without the file itself.
    pub fn record(&self, kept: &FileRef) -> Record {
        let folder = self.stem.rfind('/');
        let folder = folder.map_or("", |slash| &self.stem[..=slash]);
        let row = FileRow {
            source_device: self.device,
            name: format!("{folder}{}", self.name),
            blake3: hex(kept.hash()),
            filename: self.name,
            format: self.says.ok(),
            problem: self.says.err(),
            size_bytes: kept.size(),
            created_at: self.made.time,
            time_source: self.made.source,
            utc_offset: self.made.offset,
        };
        let transcript = named(self.device, self.stem);
        Record::new(&TRANSCRIPT_FILES, &row)
            .version(Version::number(READING))
            .link(Link::new(
                "transcript_id",
                "transcripts",
                "stem",
                transcript,
            ))
    }
}

#[derive(Serialize)]
struct Row<'a> {
    source_device: &'a str,
    stem: &'a str,
    filename: &'a str,
    content: &'a str,
    word_count: usize,
    language: Option<&'a str>,
    confidence: Option<f64>,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    duration_seconds: Option<f64>,
    size_bytes: u64,
    created_at: Timestamp,
    time_source: TimeSource,
    utc_offset: i32,
    formats: &'a BTreeMap<String, Format>,
    flags: Option<&'a Flags>,
    metadata: Option<Metadata<'a>>,
    segments: Option<&'a [Segment]>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    variants: &'a [Variant],
}

/// When a transcript was made: the time that the content says, else the one in the name, else when the file was last
/// changed.
pub fn made(
    created: Option<Timestamp>,
    name: &str,
    modified: Option<Timestamp>,
    zone: &Zone,
) -> Made {
    let embedded = created.map(|time| Made::at(time, TimeSource::Embedded, zone));
    let written = embedded.or_else(|| Made::find(None, name_time(name), zone));
    written.unwrap_or_else(|| Made::at(modified.unwrap_or_default(), TimeSource::Mtime, zone))
}

/// A transcript on its way into the store.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The device it is from.
    pub device: &'a str,
    /// What it is called: the path of its files below the root without their endings.
    pub stem: &'a str,
    /// When it was made.
    pub made: Made,
    /// What it says.
    pub merged: &'a Merged,
}

impl Entry<'_> {
    /// Its row, with its version, the names `stem` and `sibling`, and the links to its recording: by the hash that
    /// the recogniser named, by the same stem, by the stem in another folder beside this one.
    pub fn record(&self) -> Record {
        let Merged {
            transcript,
            file,
            size,
            formats,
            variants,
            ..
        } = self.merged;
        let record = Record::new(
            &TRANSCRIPTS,
            &Row {
                source_device: self.device,
                stem: self.stem,
                filename: file,
                content: &transcript.text,
                word_count: transcript.word_count(),
                language: transcript.language.as_deref(),
                confidence: transcript.confidence,
                provider: transcript.provider.as_deref(),
                model: transcript.model.as_deref(),
                duration_seconds: transcript.duration.map(|millis| f64::from(millis) / 1e3),
                size_bytes: *size,
                created_at: self.made.time,
                time_source: self.made.source,
                utc_offset: self.made.offset,
                formats,
                flags: Some(&transcript.flags).filter(|flags| !flags.is_empty()),
                metadata: (!variants.is_empty()).then_some(Metadata { variants }),
                segments: Some(&transcript.segments[..]).filter(|segments| !segments.is_empty()),
            },
        );
        let record = record
            .version(self.merged.version())
            .alias("stem", self.named(self.stem))
            .alias("sibling", self.named(&beside(self.stem)));
        self.links().into_iter().fold(record, Record::link)
    }

    fn named(&self, stem: &str) -> String {
        named(self.device, stem)
    }

    fn links(&self) -> Vec<Link> {
        let hash = self.merged.transcript.audio_sha256.clone();
        let mut links: Vec<Link> = hash
            .into_iter()
            .map(|hash| to_audio("sha256", hash))
            .collect();
        links.push(to_audio("stem", self.named(self.stem)));
        // The recording of `a.en.json` may be called `a.en.wav` itself.
        let longer = FileName::of(&self.merged.file).with_language;
        let folder = self
            .stem
            .rfind('/')
            .map_or("", |slash| &self.stem[..=slash]);
        let longer = format!("{folder}{longer}");
        if longer != self.stem {
            links.push(to_audio("stem", self.named(&longer)));
        }
        links.push(to_audio("sibling", self.named(&beside(self.stem))));
        links
    }
}

/// A name of a device.
fn named(device: &str, stem: &str) -> String {
    format!("{device}/{stem}")
}

/// The link of a transcript to the recording that has the alias (`kind`, `value`).
pub fn to_audio(kind: &'static str, value: impl Into<Box<str>>) -> Link {
    Link::new("linked_audio_id", "audio", kind, value)
}

/// A path without its last folder: what lies in `x/recordings` and in `x/transcripts` meets in `x`.
fn beside(stem: &str) -> String {
    match stem.rsplit_once('/') {
        Some((folders, name)) => match folders.rsplit_once('/') {
            Some((rest, _)) => format!("{rest}/{name}"),
            None => name.to_owned(),
        },
        None => stem.to_owned(),
    }
}
