//! Dictations of the voice typing gateway: recordings, their transcripts, and which belongs to which.
mod name;
mod pairs;
