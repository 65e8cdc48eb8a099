//! Runs sources: takes a source's lock, lists its units, reads them side by side into the store, and keeps
//! the account of it.

mod report;
mod run;

pub use report::{Outcome, SourceReport};
pub use run::{Engine, Observer, RunOptions};
