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

use config::ClaudeConfig;
use source::source;

pub use datasets::{
    AGENT_CALLS, DAILY, FOLDERS, HISTORY, IMAGES, LINES, MESSAGES, NOTES, PARTS, PRICES, SESSIONS,
    SUBAGENTS, TODOS, TOOL_RESULTS, USAGE,
};

datalake_core::register_source! {
    name: "claude-sessions",
    summary: "Sessions of Claude Code: messages, tokens and cost, agents, titles, prompts, tasks, pictures",
    stability: Beta,
    cursor_version: 1,
    config: ClaudeConfig,
    datasets: [&LINES, &SESSIONS, &MESSAGES, &PARTS, &USAGE, &DAILY, &PRICES, &NOTES, &FOLDERS, &SUBAGENTS, &AGENT_CALLS,
        &HISTORY, &TODOS, &TOOL_RESULTS, &IMAGES],
    recognises: recognise::recognises,
    fixtures: [
        "projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11.jsonl",
        "projects/-home-me-garden/6a2d9c3b-7e58-4f0a-8b1c-5e4f3d2c1b00.jsonl",
        "projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11/subagents/agent-a1b2c3d.jsonl",
        "projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11/subagents/agent-a1b2c3d.meta.json",
        "projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11/subagents/workflows/wf1/journal.jsonl",
        "projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11/custom-title.json",
        "projects/-home-me-garden/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11/tool-results/toolu_05.txt",
        "history.jsonl",
        "todos/4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11-agent-4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11.json",
    ],
    golden: "tests/golden.txt",
    build: |section| Some(source(ClaudeConfig::from_section(section)?)),
}
