//! The conformance kit: the rules that every plugin keeps, each as a check that runs on the plugin's own
//! inputs through the real store. A plugin's `tests/conformance.rs` is two lines ([`conformance!`]);
//! `datalake plugins test NAME` runs the same checks from the program.
//!
//! The kit stands on the core and the store and knows no plugin. What it says of a store ([`digest()`],
//! [`sound()`]) is the one measure for all tests of the project.

mod checks;
mod child;
mod digest;
mod failure;
mod kit;
mod lake;
mod logs;
mod mutate;
mod observe;
mod random;
mod reading;
mod sink;
mod sound;
mod suite;
mod switches;

pub use checks::CHECKS;
pub use child::{ChildCommand, child_main, child_test};
pub use digest::{Detail, count, digest, keys};
pub use failure::{Failure, Result, Verdict};
pub use kit::{Effort, Kit};
pub use random::Random;
pub use sink::{Plan, Probe, Seen};
pub use sound::{files_below, files_of_rows, nothing_staged, sound, sound_database};
pub use suite::{Check, Report, test};
pub use switches::deep;
