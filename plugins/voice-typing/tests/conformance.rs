//! The plugin against the rules that every plugin keeps.

use datalake_voice_typing as _;

datalake_testkit::conformance!("voice-typing");
