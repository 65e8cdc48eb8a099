//! Runs sources: takes a source's lock, lists its units, reads them side by side into the store, and keeps
//! the account of it.

mod agenda;
mod backoff;
mod report;
mod run;
#[cfg(test)]
mod tests;
mod times;

pub use agenda::{Agenda, Due, Planned, Skipped, Trigger};
pub use report::{Outcome, SourceReport};
pub use run::{Engine, Observer, RunOptions};
pub use times::{next_due, next_runs};
