//! A plugin that exists only for tests: a ledger of books, accounts and entries that uses every part of
//! records, datasets, outputs and the store. See the README beside this folder.

mod datasets;
pub mod ops;
mod source;

pub use datasets::{ACCOUNTS, BOOKS, ENTRIES, PAIRS, SAMPLES};
pub use ops::Op;
pub use source::Ledger;

use datalake_core::{Dataset, Paths, Recognised, Sniffed, file_source};

/// The plugin's tables, beside the stock schema.
pub const SCHEMA: &str = include_str!("../schema.sql");

/// All of its datasets.
pub const DATASETS: [&Dataset; 5] = [&BOOKS, &ACCOUNTS, &ENTRIES, &PAIRS, &SAMPLES];

datalake_core::config! {
    /// Ledgers made up for tests.
    pub struct LedgerConfig {
        /// Files or folders with `*.ledger` files.
        pub path: Paths = ["~/ledgers"],
        /// After how many lines the source commits; 0 leaves it to the size of the batch.
        pub commit_every: u64 = 0,
    }
}

/// By its first line, else by its name.
fn recognises(file: &Sniffed<'_>) -> Recognised {
    match file.lines().next() {
        Some(line) if line.starts_with(b"{\"op\":") => Recognised::Content,
        _ if file.ends_with(&[".ledger"]) => Recognised::Name,
        _ => Recognised::No,
    }
}

datalake_core::register_source! {
    name: "ledger",
    summary: "Ledgers made up for tests, one operation a line",
    stability: Experimental,
    cursor_version: 1,
    config: LedgerConfig,
    datasets: [&BOOKS, &ACCOUNTS, &ENTRIES, &PAIRS, &SAMPLES],
    schema: SCHEMA,
    recognises: recognises,
    fixtures: ["accounts.ledger", "entries.ledger", "odd.ledger", "scopes.ledger"],
    golden: "tests/golden.txt",
    build: |section| Some(file_source(Ledger::new(LedgerConfig::from_section(section)?))),
}
