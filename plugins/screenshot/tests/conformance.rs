//! The plugin against the rules that every plugin keeps.

use datalake_screenshot as _;

datalake_testkit::conformance!("screenshot");
