//! The checks, one file each: what every plugin promises, whoever wrote it.

mod append;
mod batches;
mod cancel;
mod config;
mod cursor;
mod damage;
mod docs;
mod empty_run;
mod files;
mod golden;
mod kill;
mod memory;
mod order;
mod registry;
mod rerun;
mod secrets;
mod sink;
mod source_name;
mod stop;
mod surroundings;
mod telemetry;
mod ties;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::failure::{Failure, Result};
use crate::suite::Check;

/// All checks, in the order in which they are run.
pub const CHECKS: &[Check] = &[
    registry::CHECK,
    config::CHECK,
    golden::CHECK,
    rerun::CHECK,
    stop::CHECK,
    kill::CHECK,
    damage::CHECK,
    append::CHECK,
    files::CHECK,
    order::CHECK,
    batches::CHECK,
    surroundings::CHECK,
    source_name::CHECK,
    memory::CHECK,
    cancel::CHECK,
    cursor::CHECK,
    empty_run::CHECK,
    ties::CHECK,
    sink::CHECK,
    telemetry::CHECK,
    secrets::CHECK,
    docs::CHECK,
];

/// What the checks that need inputs say of a plugin without any.
const NO_INPUTS: &str = "the plugin carries no fixtures; name a folder with some";
/// What the checks about files that grow say of a plugin that reads none.
const NOT_GROWING: &str = "none of its inputs is read on when it grows";

/// Work on one of many things of the same kind waits mostly for the disk, so a few are done at once.
const SIDE_BY_SIDE: usize = 4;

/// Does the work for all of them; the failure is that of the first in order that failed.
fn side_by_side<T: Sync>(all: &[T], work: impl Fn(&T) -> Result + Sync) -> Result {
    let next = AtomicUsize::new(0);
    let failed: Mutex<BTreeMap<usize, Failure>> = Mutex::default();
    let some = || loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(one) = all.get(place) else { return };
        if let Err(failure) = work(one) {
            failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(place, failure);
            // What has begun is ended, and nothing more begun.
            next.store(all.len(), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(some);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.into_values().next().map_or(Ok(()), Err)
}
