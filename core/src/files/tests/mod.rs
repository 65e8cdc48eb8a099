//! The files module against real files: every way in which they change between two looks.

mod bundles;
mod chosen;
mod current;
mod decisions;
mod gone;
mod intake;
mod line_reader;
mod lines_to_records;
mod packed;
mod packed_damage;
mod random;
mod replay;
mod scanning;
mod whole_files;
mod whole_units;
