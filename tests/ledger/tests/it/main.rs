//! The store from the outside, through a plugin that uses every part of it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../../../faults/campaign.rs"]
mod campaign;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../../../faults/power.rs"]
mod power;
mod search;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../../../faults/shim.rs"]
mod shim;
mod support;

mod cursors;
mod derived;
mod export;
mod failures;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod faults;
mod files;
mod forget;
mod group;
mod ingest;
mod links;
mod merging;
mod order;
mod outside;
mod raw;
mod readme;
mod rehearsal;
mod rejects;
mod runs;
mod scopes;
mod sources;
mod tags;
mod upgrade;
