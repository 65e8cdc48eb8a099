//! The plugin against the rules that every plugin keeps.

use datalake_transcript as _;

datalake_testkit::conformance!("transcript");
