//! Transcripts of recordings, in the formats that speech recognition writes.
