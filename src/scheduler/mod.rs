//! Runs sources. The agenda decides what is due, the scheduler starts it, the engine takes a source's lock, lists
//! its units and reads them side by side into the store, and keeps the account of it.

mod agenda;
mod backoff;
mod driver;
mod engine;
mod execution;
mod ingest;
mod replay;
mod report;
mod settle;
mod stop;
#[cfg(test)]
mod tests;
mod timer;
mod times;
mod trigger;
mod vital;
mod watch;

pub use agenda::{Agenda, Due, Planned, Skipped};
pub use driver::Scheduler;
pub use engine::{Engine, Limits, Observer, RunOptions};
pub use ingest::{Brought, Ingest, Noted};
pub use replay::{Replay, Untried};
pub use report::{Outcome, SourceReport};
pub use stop::Stop;
pub use timer::{SystemTimer, Timer};
pub use times::{next_due, next_runs};
pub use trigger::Trigger;
