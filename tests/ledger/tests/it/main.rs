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
#[path = "../../../support/chance.rs"]
mod chance;
mod digest;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../../../faults/power.rs"]
mod power;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../../../faults/shim.rs"]
mod shim;
mod support;

mod derived;
mod failures;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod faults;
mod files;
mod links;
mod merging;
mod order;
mod outside;
mod readme;
mod scopes;
mod sources;
mod tags;
mod upgrade;
