//! The plugin against the rules that every plugin keeps.

use datalake_audio as _;

datalake_testkit::conformance!("audio");
