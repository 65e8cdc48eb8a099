//! Configuration, from the side of whoever needs a setting: a struct declared with
//! [`config!`](crate::config!) is read from a [`Section`] of `datalake.toml`, and its table of
//! [`Field`]s feeds the sample file, the JSON schema and the reference page.
//!
//! Every value remembers the place it came from, so that a mistake is shown with its file, line
//! and column, or with the name of the environment variable. Nothing stops at the first mistake:
//! each value is read by itself and all problems are reported together.

mod document;
mod environment;
mod field;
mod item;
mod macros;
mod nearest;
mod numbers;
mod paths;
mod problem;
mod reader;
mod section;
#[cfg(test)]
mod tests;
mod units;
mod value;

pub use document::{Document, DocumentKind, Place};
pub use environment::Environment;
pub use field::Field;
#[doc(hidden)]
pub use field::key_of;
pub use item::{Data, Entry, Item, parse_document, parse_override, toml_string};
pub use nearest::{by_distance, nearest, suggestion};
pub use paths::{Folders, Paths, homeless};
pub use problem::{Problem, Severity, into_error, sort_problems};
pub use reader::Reader;
pub use section::{Row, Section};
#[doc(hidden)]
pub use serde_json::Value as Json;
pub use units::{ByteSize, parse_duration};
pub use value::{ConfigEnum, ConfigValue, Secret, parse_enum};
