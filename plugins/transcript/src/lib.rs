//! Transcripts of recordings, in the formats that speech recognition writes.

mod cues;
mod encoding;
mod format;
mod json;
mod language;
mod model;
mod name;

pub use format::{Format, LONGEST_FILE, parse, too_large};
pub use model::{Flag, Flags, Millis, Richness, Segment, Transcript, Word};
pub use name::{FileName, provider_of};
