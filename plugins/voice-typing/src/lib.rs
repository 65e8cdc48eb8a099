//! Dictations of the voice typing gateway: recordings, their transcripts, and which belongs to which.

mod config;
mod known;
mod link;
mod log;
mod name;
mod pairs;
mod sessions;
mod spelling;

pub use sessions::VOICE_SESSIONS;
