//! Sessions of Claude Code: what it writes down of each conversation, what each response took, and the files beside.

mod agents;
mod config;
mod cursor;
mod datasets;
mod history;
mod json;
mod key;
mod line;
mod message;
mod notes;
mod place;
mod prices;
mod reader;
mod recognise;
mod side;
mod source;
mod text;
mod usage;

use datalake_core::file_source;

use config::ClaudeConfig;
use source::ClaudeSessions;

pub use datasets::{
    AGENT_CALLS, DAILY, FOLDERS, HISTORY, IMAGES, LINES, MESSAGES, NOTES, PRICES, SESSIONS,
    SUBAGENTS, TODOS, TOOL_RESULTS, USAGE,
};

datalake_core::register_source! {
    name: "claude-sessions",
    summary: "Sessions of Claude Code: messages, tokens and cost, agents, titles, prompts, tasks, pictures",
    stability: Beta,
    cursor_version: 1,
    config: ClaudeConfig,
    datasets: [&LINES, &SESSIONS, &MESSAGES, &USAGE, &DAILY, &PRICES, &NOTES, &FOLDERS, &SUBAGENTS, &AGENT_CALLS,
        &HISTORY, &TODOS, &TOOL_RESULTS, &IMAGES],
    recognises: recognise::recognises,
    fixtures: ["projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11.jsonl"],
    build: |section| Some(file_source(ClaudeSessions(ClaudeConfig::from_section(section)?))),
}
