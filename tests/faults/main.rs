//! Faults while data is read: kills at any instant, stops at every commit point, two processes at once, full
//! disks and locks. Afterwards one clean run must give exactly the rows and rejects of the input.
//!
//! What the shim does (`shim.c`: each call that fails, disks of any size, losses of power) needs Linux with glibc.
//!
//! DATALAKE_TEST_DEEP=1 makes more rounds.

#[path = "../support/mod.rs"]
mod support;

mod again;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod campaign;
mod full;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod ingest;
mod kill;
mod locked;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod media;
mod memory;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod nth;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod outage;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod power;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod shim;
mod stop;
mod two;
mod watch;
