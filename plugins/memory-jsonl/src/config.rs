//! The keys of a memory-jsonl source.

use datalake_core::Paths;

datalake_core::config! {
    /// Memory logs of assistants.
    pub struct MemoryConfig {
        /// A folder with `metrics.jsonl` and `events.jsonl`, a file of either kind, or a list of both.
        pub path: Paths = ["/var/log/claude-memory"],
    }
}
