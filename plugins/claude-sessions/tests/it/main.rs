//! The plugin through the real store: what public logs come to, and what is made of what sessions say.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod expected;
mod garden;
mod lake;
mod links;
mod odd;
mod sessions;
