//! Runs sources: takes a source's lock, lists its units, reads them side by side into the store, and keeps
//! the account of it.

mod engine;
mod execution;
mod report;
mod settle;
mod stop;
#[cfg(test)]
mod tests;
mod timer;
mod vital;
mod watch;

pub use engine::{Engine, Limits, Observer, RunOptions, Trigger};
pub use report::{Outcome, SourceReport};
pub use stop::Stop;
pub use timer::{SystemTimer, Timer};
