//! The plugin `audio`: recordings, one a file. The file itself is kept beside its row, with the shape of its sound
//! for the player.
//!
//! Other plugins that meet recordings hand them to [`ingest()`], so that a recording is the same row whoever brings it.

mod config;
mod ingest;
pub mod probe;
mod recognise;

use datalake_core::{
    Column, Context, Dataset, FileEmit, FileSource, Files, Merge, Result, TrackedFile, file_source,
};

use config::AudioConfig;
pub use ingest::{Options, Recording, ingest, sibling, stem};

const SUMMARY: &str = "Recordings: what they are, how long they last, when they were made";

/// The table and what its columns mean. The key is the content: a copy or a renamed file is the same recording. What
/// the content says is the same wherever it lies; of names and devices the first counts, of times the best.
pub static AUDIO: Dataset = Dataset::rows("audio", SUMMARY)
    .columns(&[
        Column::text("blake3"),
        Column::text("sha256"),
        Column::text("filename").merge(Merge::First),
        Column::text("original_filename").merge(Merge::First),
        Column::text("source_device").merge(Merge::First),
        Column::text("source_project").merge(Merge::First),
        Column::time("created_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::integer("utc_offset").merge(Merge::Time),
        Column::integer("size_bytes"),
        Column::text("format"),
        Column::text("codec"),
        Column::integer("sample_rate"),
        Column::integer("channels"),
        Column::integer("bits_per_sample"),
        Column::real("duration_seconds"),
        Column::text("duration_source"),
        Column::text("duration_reason"),
        Column::integer("truncated"),
        Column::text("warnings"),
        Column::text("title"),
        Column::text("artist"),
        Column::text("album"),
        Column::text("comment"),
        Column::text("metadata"),
    ])
    .key(&["blake3"])
    .time("created_at")
    .title("filename")
    .text(&["filename", "title", "artist", "album", "comment", "tags"])
    .device("source_device")
    .file("file_path")
    .tags();

struct Audio(AudioConfig);

impl FileSource for Audio {
    // A file that is read as a whole needs no cursor of its own.
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole(self.0.path.0.clone())
            .named(PATTERNS)
            .ignore_case()
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        _from: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let options = Options {
            mode: self.0.mode,
            peaks: self.0.peaks,
        };
        if let Some(recording) = ingest(cx, file, out, options)? {
            out.push(recording.record)?;
        }
        out.commit(&file.end()?, &())
    }
}

/// The names of recordings. Videos are among them where recorders of meetings and screens write them.
#[rustfmt::skip]
const PATTERNS: [&str; 43] = [
    "*.wav", "*.wave", "*.bwf", "*.rf64", "*.w64", "*.mp3", "*.mp2", "*.mpga", "*.flac", "*.fla", "*.ogg", "*.oga",
    "*.opus", "*.spx", "*.m4a", "*.m4b", "*.m4r", "*.mp4", "*.m4v", "*.mov", "*.qt", "*.3gp", "*.3gpp", "*.3g2", "*.aac",
    "*.adts", "*.caf", "*.aif", "*.aiff", "*.aifc", "*.au", "*.snd", "*.webm", "*.weba", "*.mkv", "*.mka", "*.amr",
    "*.awb", "*.wma", "*.wmv", "*.wv", "*.ac3", "*.ogv",
];

datalake_core::register_source! {
    name: "audio",
    summary: SUMMARY,
    stability: Stable,
    cursor_version: 1,
    config: AudioConfig,
    datasets: [&AUDIO],
    recognises: recognise::recognises,
    fixtures: ["tagged.wav", "cut.wav", "cbr.mp3", "voice.m4a", "voice.opus", "text.wav"],
    golden: "tests/golden.txt",
    build: |section| Some(file_source(Audio(AudioConfig::from_section(section)?))),
}
