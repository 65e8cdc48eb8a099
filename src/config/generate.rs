//! Every file that is generated from the configuration's tables.

use datalake_core::SourceEntry;

use super::{json_schema, reference, sample};

/// The files by their path in the repository.
pub fn generated_files(entries: &[&'static SourceEntry]) -> Vec<(&'static str, String)> {
    vec![
        ("datalake.toml", sample(entries)),
        ("docs/reference/configuration.md", reference(entries)),
        (
            "docs/reference/datalake.schema.json",
            format!("{:#}\n", json_schema(entries)),
        ),
    ]
}
