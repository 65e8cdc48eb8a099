//! What the environment may ask of the kit: the one place that looks.

use std::path::PathBuf;

use datalake_core::config::Environment;

/// In a child process: the folder that holds what it is to do.
pub(crate) const CHILD: &str = "DATALAKE_TESTKIT_CHILD";
const DEEP: &str = "DATALAKE_TEST_DEEP";
const GOLDEN: &str = "DATALAKE_TEST_GOLDEN";

/// Whether somebody has the time for more rounds: `cargo xtask test --deep` sets `DATALAKE_TEST_DEEP`.
pub fn deep() -> bool {
    Environment::from_process().get(DEEP).is_some()
}

/// Whether golden files are to be written anew: `DATALAKE_TEST_GOLDEN=write`.
pub(crate) fn writes_golden() -> bool {
    Environment::from_process().get(GOLDEN) == Some("write")
}

/// The folder of a child's work, in a child.
pub(crate) fn child() -> Option<PathBuf> {
    Environment::from_process().get(CHILD).map(PathBuf::from)
}
