//! The keys of a source of this type.

use datalake_core::Paths;

datalake_core::config! {
    /// Documents, one a file.
    pub struct Config {
        /// Folders with `*.md` and `*.txt` files, files, or a list of both.
        pub path: Paths = ["~/{{name}}"],
    }
}
