//! Dictations of the voice typing gateway: recordings, their transcripts, and which belongs to which.
mod link;
mod log;
mod name;
mod pairs;
mod spelling;
