//! The plugin against the rules that every plugin keeps.

use datalake_weather as _;

datalake_testkit::conformance!("weather");
