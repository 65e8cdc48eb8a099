//! The keys of a source of this type.

use datalake_core::Paths;

datalake_core::config! {
    /// Logs with one JSON object a line.
    pub struct Config {
        /// Folders with `*.jsonl` files, files, or a list of both.
        pub path: Paths = ["~/{{name}}"],
    }
}
