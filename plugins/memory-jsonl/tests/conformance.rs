//! The plugin against the rules that every plugin keeps.

use datalake_memory_jsonl as _;

datalake_testkit::conformance!("memory-jsonl");
