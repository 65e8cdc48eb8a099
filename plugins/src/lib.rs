//! The stock plugins: one Cargo feature and one `use` line each. The binary names this crate, or the linker
//! would drop the plugins and the registry would be empty.

#[cfg(feature = "memory-jsonl")]
pub use datalake_memory_jsonl as memory_jsonl;
