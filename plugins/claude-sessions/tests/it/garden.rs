//! What the tests of sessions share: the plugin's own fixtures, and lines to make others of.

use std::fs;
use std::path::Path;

use crate::lake::Lake;

pub(crate) const A: &str = "4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11";
pub(crate) const B: &str = "6a2d9c3b-7e58-4f0a-8b1c-5e4f3d2c1b00";

/// The plugin's own fixtures.
pub(crate) fn fixtures() -> Vec<(&'static str, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entry = datalake_core::registry::find("claude-sessions").unwrap();
    let files = entry.fixtures.files.iter();
    files
        .map(|(name, _)| (*name, fs::read(root.join(name)).unwrap()))
        .collect()
}

/// A lake with those of the fixtures whose names are wanted, read.
pub(crate) fn garden(wanted: impl Fn(&str) -> bool) -> Lake {
    let lake = Lake::new();
    for (name, bytes) in fixtures() {
        if wanted(name) {
            lake.put(name, bytes);
        }
    }
    lake.read();
    lake
}

/// Columns of the session of an id, as JSON.
pub(crate) fn session(lake: &Lake, id: &str, columns: &str) -> String {
    lake.get(&format!(
        "SELECT json_array({columns}) FROM claude_sessions WHERE session_id = '{id}'"
    ))
}

pub(crate) const TOTALS: &str = "responses, total_input_tokens, total_output_tokens, total_cache_creation_tokens, total_cache_read_tokens,
    total_cache_5m_tokens, total_cache_1h_tokens";

/// A line of a log.
pub(crate) fn line(kind: &str, uuid: &str, session: &str, time: &str, rest: &str) -> String {
    format!(
        r#"{{"type":"{kind}","uuid":"{uuid}","sessionId":"{session}","timestamp":"2026-02-01T{time}Z"{rest}}}"#
    ) + "\n"
}

/// A response of the model.
pub(crate) fn response(
    uuid: &str,
    session: &str,
    time: &str,
    id: &str,
    model: &str,
    output: u32,
) -> String {
    let usage = format!(r#"{{"input_tokens":1000000,"output_tokens":{output}}}"#);
    line(
        "assistant",
        uuid,
        session,
        time,
        &format!(
            r#","requestId":"r","message":{{"id":"{id}","role":"assistant","model":"{model}","content":[],"usage":{usage}}}"#
        ),
    )
}
