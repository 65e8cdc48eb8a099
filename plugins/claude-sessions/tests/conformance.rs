//! The plugin against the rules that every plugin keeps.

use datalake_claude_sessions as _;

datalake_testkit::conformance!("claude-sessions");
