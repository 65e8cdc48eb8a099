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
use datalake_transcript::{TRANSCRIPT_FILES, TRANSCRIPTS};

use source::VoiceTyping;

pub use sessions::VOICE_SESSIONS;

datalake_core::register_source! {
    name: "voice-typing",
    summary: "Dictations of the voice typing gateway: recordings, transcripts, and which belongs to which",
    stability: Beta,
    cursor_version: 2,
    config: config::VoiceConfig,
    datasets: [&AUDIO, &TRANSCRIPTS, &TRANSCRIPT_FILES, &VOICE_SESSIONS],
    fixtures: [
        "logs/gateway.log",
        "longform_segments/1a2b3c4d_003_1767225600.wav",
        "recordings/20260105_211652_audio.wav",
        "recordings/20260105_211724_audio.wav",
        "recordings/20260105_211751_audio.wav",
        "recordings/20260213_091500_audio.wav",
        "recordings/20260213_091730_audio.wav",
        "transcripts/20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b.txt",
        "transcripts/20260105_211757_86752b10-c16e-4cb4-9ac4-06d864144564.txt",
        "transcripts/20260213_091500_nova-2.txt",
        "transcripts/20260213_092000_local-whisper.txt",
        "transcripts/20260213_092100_nova-2.txt",
    ],
    fixture_config: "recordings = \"{root}\"\ntranscripts = \"{root}\"\npeaks = false\n",
    golden: "tests/golden.txt",
    build: |section| Some(file_source(VoiceTyping::new(config::checked(section)?))),
}
