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
