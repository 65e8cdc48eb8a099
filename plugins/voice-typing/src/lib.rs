//! Dictations of the voice typing gateway: recordings, their transcripts, and which belongs to which.

mod config;
mod known;
mod link;
mod log;
mod name;
mod pairs;
mod sessions;
mod source;
mod spelling;

use datalake_audio::AUDIO;
use datalake_core::file_source;
use datalake_transcript::TRANSCRIPTS;

use source::VoiceTyping;

pub use sessions::VOICE_SESSIONS;

datalake_core::register_source! {
    name: "voice-typing",
    summary: "Dictations of the voice typing gateway: recordings, transcripts, and which belongs to which",
    stability: Beta,
    cursor_version: 1,
    config: config::VoiceConfig,
    datasets: [&AUDIO, &TRANSCRIPTS, &VOICE_SESSIONS],
    build: |section| Some(file_source(VoiceTyping::new(config::checked(section)?))),
}
