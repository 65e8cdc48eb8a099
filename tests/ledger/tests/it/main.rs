//! The store from the outside, through a plugin that uses every part of it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod search;
mod support;

mod derived;
mod failures;
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
