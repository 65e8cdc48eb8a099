//! What all tests of the built binary share: a clean place to run it in, what came of it as text for
//! snapshots, its database, and made-up inputs.
//!
//! Each test target uses its own part of this.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod context;
pub(crate) mod database;
pub(crate) mod input;
pub(crate) mod output;
pub(crate) mod system;
