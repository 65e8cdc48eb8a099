//! The keys of a transcript source.

use datalake_core::{FileMode, Paths};

datalake_core::config! {
    /// Transcripts of recordings, as speech recognition and subtitles have them.
    pub struct TranscriptConfig {
        /// A folder with transcripts, a file, or a list of both.
        pub path: Paths = ["~/Recordings"],
        /// Whether the files are copied below the data folder or stay where they are.
        pub mode: FileMode = "copy",
        /// Who made the transcripts that do not say it themselves.
        #[example("assemblyai")]
        pub provider: Option<String>,
        /// The language of those that do not say it; where files of one transcript are of several, this one counts.
        #[example("en")]
        pub language: Option<String>,
    }
}
