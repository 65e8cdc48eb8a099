//! The stock plugins: one Cargo feature and one `use` line each. The binary names this crate, or the linker
//! would drop the plugins and the registry would be empty.

#[cfg(feature = "audio")]
pub use datalake_audio as audio;
#[cfg(feature = "claude-sessions")]
pub use datalake_claude_sessions as claude_sessions;
#[cfg(feature = "memory-jsonl")]
pub use datalake_memory_jsonl as memory_jsonl;
#[cfg(feature = "screenshot")]
pub use datalake_screenshot as screenshot;
#[cfg(feature = "transcript")]
pub use datalake_transcript as transcript;
#[cfg(feature = "voice-typing")]
pub use datalake_voice_typing as voice_typing;
