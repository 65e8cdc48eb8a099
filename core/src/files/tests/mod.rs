//! The files module against real files: every way in which they change between two looks.

mod decisions;
mod line_reader;
mod lines_to_records;
mod random;
mod scanning;
mod whole_files;
