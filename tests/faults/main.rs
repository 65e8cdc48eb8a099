//! Faults while data is read: kills at any instant, stops at every commit point, two processes at once, full
//! disks and locks. Afterwards one clean run must give exactly the rows and rejects of the input.
//!
//! DATALAKE_TEST_DEEP=1 makes more rounds.

#[path = "../support/mod.rs"]
mod support;

use support::chance;

mod again;
mod campaign;
mod full;
mod kill;
mod locked;
mod nth;
mod shim;
mod stop;
mod two;
