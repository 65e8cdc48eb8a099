//! Transcripts of recordings, in the formats that speech recognition and subtitles have.
//!
//! [`parse`] makes a [`Transcript`] of the bytes of one file, [`merge`] one of the files of one recording, and
//! [`Entry`] the row of it. Other plugins that meet transcripts use these.

mod bundle;
mod config;
mod cues;
mod encoding;
mod format;
mod json;
mod language;
mod model;
mod name;
mod recognise;
mod record;
mod source;
#[cfg(test)]
mod source_tests;

use datalake_core::bundle_source;

use config::TranscriptConfig;
use source::Transcripts;

pub use bundle::{Merged, Part, Variant, merge};
pub use format::{Format, LONGEST_FILE, MOST_PARTS, memory, parse};
pub use model::{Flag, Flags, Millis, Richness, Segment, Transcript, Word};
pub use name::{FileName, provider_of};
pub use record::{Entry, FileEntry, TRANSCRIPT_FILES, TRANSCRIPTS, made, to_audio};

datalake_core::register_source! {
    name: "transcript",
    summary: "Transcripts of recordings: Whisper and its kin, subtitles, the JSON of speech services, plain text",
    stability: Beta,
    cursor_version: 2,
    config: TranscriptConfig,
    datasets: [&TRANSCRIPTS, &TRANSCRIPT_FILES],
    recognises: recognise::recognises,
    fixtures: ["talk.json", "talk.en.srt", "call.json", "lecture.vtt", "20260213_101500_nova-2.txt"],
    build: |section| Some(bundle_source(Transcripts::new(TranscriptConfig::from_section(section)?))),
}
