//! The plugin against the rules that every plugin keeps.

use datalake_{{table}} as _;

datalake_testkit::conformance!("{{name}}");
