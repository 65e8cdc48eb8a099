//! What the tables mean: keys, merge rules, times and texts.

use datalake_core::{Column, Dataset, Derive, Merge, Owner};

/// Lines of the logs, one row for each; the bytes are kept apart.
pub static LINES: Dataset = Dataset::series(
    "claude_lines",
    "claude_line_rows",
    "Lines of Claude Code's logs",
)
.columns(&[
    Column::dictionary("path"),
    Column::integer("start"),
    Column::integer("hash"),
    Column::dictionary("device"),
    Column::time("time"),
    Column::integer("length"),
    Column::dictionary("type"),
    Column::integer("state"),
])
.key(&[
    "path", "start", "hash", "device", "time", "length", "type", "state",
])
.time("time")
.device("device")
.placed();

const SESSION_TOTALS: &[&str] = &[
    "project_path",
    "path_source",
    "summary",
    "title_source",
    "model_primary",
    "claude_version",
    "git_branch",
    "total_messages",
    "user_messages",
    "assistant_messages",
    "human_messages",
    "compactions",
    "ended_at",
    "duration_seconds",
    "responses",
    "total_input_tokens",
    "total_output_tokens",
    "total_cache_read_tokens",
    "total_cache_creation_tokens",
    "total_cache_5m_tokens",
    "total_cache_1h_tokens",
    "web_searches",
    "cost_usd",
    "reported_cost_usd",
    "subagents",
    "shared_messages",
    "shares_with",
    "forked_from",
    "continued_from",
    "continued_in",
];

/// Sessions. All that spans lines is computed by the store.
pub static SESSIONS: Dataset = Dataset::rows("claude_sessions", "Sessions of Claude Code")
    .columns(&[
        Column::text("session_id"),
        Column::text("project_encoded").merge(Merge::Least),
        Column::text("source_device").merge(Merge::Least),
        Column::text("source_file").merge(Merge::Least),
        Column::time("started_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::text("project_path").merge(Merge::Derived),
        Column::text("path_source").merge(Merge::Derived),
        Column::text("summary").merge(Merge::Derived),
        Column::text("title_source").merge(Merge::Derived),
        Column::text("model_primary").merge(Merge::Derived),
        Column::text("claude_version").merge(Merge::Derived),
        Column::text("git_branch").merge(Merge::Derived),
        Column::integer("total_messages").merge(Merge::Derived),
        Column::integer("user_messages").merge(Merge::Derived),
        Column::integer("assistant_messages").merge(Merge::Derived),
        Column::integer("human_messages").merge(Merge::Derived),
        Column::integer("compactions").merge(Merge::Derived),
        Column::time("ended_at").merge(Merge::Derived),
        Column::real("duration_seconds").merge(Merge::Derived),
        Column::integer("responses").merge(Merge::Derived),
        Column::integer("total_input_tokens").merge(Merge::Derived),
        Column::integer("total_output_tokens").merge(Merge::Derived),
        Column::integer("total_cache_read_tokens").merge(Merge::Derived),
        Column::integer("total_cache_creation_tokens").merge(Merge::Derived),
        Column::integer("total_cache_5m_tokens").merge(Merge::Derived),
        Column::integer("total_cache_1h_tokens").merge(Merge::Derived),
        Column::integer("web_searches").merge(Merge::Derived),
        Column::real("cost_usd").merge(Merge::Derived),
        Column::real("reported_cost_usd").merge(Merge::Derived),
        Column::integer("subagents").merge(Merge::Derived),
        Column::integer("shared_messages").merge(Merge::Derived),
        Column::text("shares_with").merge(Merge::Derived),
        Column::text("forked_from").merge(Merge::Derived),
        Column::text("continued_from").merge(Merge::Derived),
        Column::text("continued_in").merge(Merge::Derived),
        Column::integer("rating").merge(Merge::User),
        Column::text("rating_notes").merge(Merge::User),
    ])
    .key(&["session_id"])
    .time("started_at")
    .title("summary")
    .text(&["summary", "project_path", "tags"])
    .device("source_device")
    .tags()
    .derive(Derive {
        view: "claude_sessions_derived",
        columns: SESSION_TOTALS,
    });

/// Messages, and whatever else has an identity.
pub static MESSAGES: Dataset = Dataset::rows("claude_messages", "Messages of sessions")
    .stored_in("claude_message_rows")
    .columns(&[
        Column::blob("message_key"),
        Column::dictionary("type"),
        Column::dictionary("session"),
        Column::integer("time").merge(Merge::Least),
        Column::integer("flags"),
        Column::blob("parent_key"),
        Column::blob("logical_parent"),
        Column::blob("usage_key"),
        Column::dictionary("subtype"),
        Column::dictionary("role"),
        Column::dictionary("user_type"),
        Column::dictionary("model"),
        Column::dictionary("cwd"),
        Column::dictionary("git_branch"),
        Column::dictionary("claude_version"),
        Column::dictionary("agent"),
        Column::dictionary("device"),
        Column::dictionary("tool"),
        Column::dictionary("stop_reason"),
        Column::integer("input_tokens"),
        Column::integer("output_tokens"),
        Column::integer("cache_read_tokens"),
        Column::integer("cache_creation_tokens"),
        Column::integer("content_images"),
        Column::integer("content_tool_uses"),
        Column::integer("content_tool_results"),
        Column::text("todos"),
        Column::text("content_text"),
        Column::text("content_thinking"),
        Column::text("content_tools"),
        Column::integer("rating").merge(Merge::User),
        Column::text("rating_notes").merge(Merge::User),
    ])
    .key(&["message_key", "type", "session"])
    .time("time")
    .title("content_text")
    .text(&["content_text", "content_thinking", "content_tools"])
    .device("device")
    .owners(&[
        Owner::found_by("claude_session_parts", "claude_message_parts"),
        Owner::found_by("claude_sessions", "claude_message_sessions"),
    ]);

/// What a session says itself, and what each of its agents says.
pub static PARTS: Dataset = Dataset::rows(
    "claude_session_parts",
    "Sessions in parts: by themselves and by agent",
)
.columns(&[
    Column::dictionary("session"),
    Column::dictionary("agent"),
    Column::time("started_at").merge(Merge::Time),
    Column::text("time_source").merge(Merge::Time),
    Column::text("counts").merge(Merge::Derived),
    Column::time("ended_at").merge(Merge::Derived),
    Column::text("cwd").merge(Merge::Derived),
    Column::text("model").merge(Merge::Derived),
    Column::text("claude_version").merge(Merge::Derived),
    Column::text("git_branch").merge(Merge::Derived),
    Column::text("prompt").merge(Merge::Derived),
    Column::integer("shared_messages").merge(Merge::Derived),
])
.key(&["session", "agent"])
.time("started_at")
.owners(&[
    Owner::found_by("claude_sessions", "claude_part_sessions"),
    Owner::found_by("claude_subagents", "claude_part_agents"),
])
.derive(Derive {
    view: "claude_session_parts_derived",
    columns: &[
        "counts",
        "ended_at",
        "cwd",
        "model",
        "claude_version",
        "git_branch",
        "prompt",
        "shared_messages",
    ],
});

/// Responses of the model, each once.
pub static USAGE: Dataset = Dataset::rows("claude_usage", "Tokens of each response of the model")
    .columns(&[
        Column::blob("usage_key"),
        Column::text("message_id").merge(Merge::Least),
        Column::text("request_id").merge(Merge::Least),
        Column::text("first_seen").merge(Merge::Least),
        Column::time("timestamp").merge(Merge::Least),
        Column::text("day").merge(Merge::Least),
        Column::text("speed").merge(Merge::Greatest),
        Column::text("service_tier").merge(Merge::Greatest),
        Column::integer("input_tokens").merge(Merge::Greatest),
        Column::integer("output_tokens").merge(Merge::Greatest),
        Column::integer("cache_creation_tokens").merge(Merge::Greatest),
        Column::integer("cache_read_tokens").merge(Merge::Greatest),
        Column::integer("cache_5m_tokens").merge(Merge::Greatest),
        Column::integer("cache_1h_tokens").merge(Merge::Greatest),
        Column::integer("thinking_tokens").merge(Merge::Greatest),
        Column::integer("web_searches").merge(Merge::Greatest),
        Column::integer("web_fetches").merge(Merge::Greatest),
        Column::real("reported_cost_usd").merge(Merge::Greatest),
    ])
    .key(&["usage_key"])
    .time("timestamp")
    .owners(&[
        Owner::found_by("claude_usage_daily", "claude_usage_buckets"),
        Owner::found_by("claude_subagents", "claude_usage_agents"),
    ]);

/// Usage by day, session and model.
pub static DAILY: Dataset = Dataset::rows(
    "claude_usage_daily",
    "Tokens and cost by day, session and model",
)
.columns(&[
    Column::text("day"),
    Column::text("session_id"),
    Column::text("model"),
    Column::time("starts_at"),
    Column::text("priced_as"),
    Column::integer("responses").merge(Merge::Derived),
    Column::integer("input_tokens").merge(Merge::Derived),
    Column::integer("output_tokens").merge(Merge::Derived),
    Column::integer("cache_creation_tokens").merge(Merge::Derived),
    Column::integer("cache_read_tokens").merge(Merge::Derived),
    Column::integer("cache_5m_tokens").merge(Merge::Derived),
    Column::integer("cache_1h_tokens").merge(Merge::Derived),
    Column::integer("web_searches").merge(Merge::Derived),
    Column::real("cost_usd").merge(Merge::Derived),
    Column::real("reported_cost_usd").merge(Merge::Derived),
])
.key(&["session_id", "day", "model"])
.time("starts_at")
.title("model")
.owners(&[Owner::found_by(
    "claude_sessions",
    "claude_usage_daily_sessions",
)])
.derive(Derive {
    view: "claude_usage_daily_derived",
    columns: &[
        "responses",
        "input_tokens",
        "output_tokens",
        "cache_creation_tokens",
        "cache_read_tokens",
        "cache_5m_tokens",
        "cache_1h_tokens",
        "web_searches",
        "cost_usd",
        "reported_cost_usd",
    ],
});

/// Prices of models, each from a day on.
pub static PRICES: Dataset = Dataset::rows("claude_prices", "Prices of models by date")
    .columns(&[
        Column::text("model"),
        Column::text("from_day"),
        Column::integer("above_tokens"),
        Column::text("speed"),
        Column::time("starts_at"),
        Column::real("input"),
        Column::real("output"),
        Column::real("cache_write_5m"),
        Column::real("cache_write_1h"),
        Column::real("cache_read"),
        Column::real("web_search"),
        Column::text("source"),
    ])
    .key(&["model", "speed", "from_day", "above_tokens"])
    .time("starts_at")
    .title("model")
    .owners(&[Owner::found_by(
        "claude_usage_daily",
        "claude_price_buckets",
    )]);

/// What sessions say of themselves.
pub static NOTES: Dataset = Dataset::rows(
    "claude_notes",
    "What sessions say of themselves: titles, tags, links",
)
.columns(&[
    Column::blob("note_key"),
    Column::text("session_id"),
    Column::text("kind"),
    Column::text("value"),
    Column::blob("leaf"),
    Column::text("details"),
    Column::time("timestamp").merge(Merge::Least),
    Column::text("last_at").merge(Merge::Greatest),
])
.key(&["note_key"])
.time("timestamp")
.title("value")
.owners(&[Owner::found_by("claude_sessions", "claude_note_sessions")])
.placed();

/// The folders that sessions have worked in.
pub static FOLDERS: Dataset = Dataset::rows("claude_folders", "Folders that sessions worked in")
    .columns(&[
        Column::text("project_encoded"),
        Column::text("path"),
        Column::text("source_device"),
        Column::integer("is_own"),
        Column::time("timestamp").merge(Merge::Least),
    ])
    .key(&["project_encoded", "path", "source_device"])
    .time("timestamp")
    .title("path")
    .device("source_device")
    .owners(&[Owner::found_by("claude_sessions", "claude_folder_sessions")]);

/// Agents that sessions started.
pub static SUBAGENTS: Dataset = Dataset::rows("claude_subagents", "Agents that sessions started")
    .columns(&[
        Column::text("session_id"),
        Column::text("subagent_id"),
        Column::integer("parent_session_id").merge(Merge::Link),
        Column::text("subagent_type").merge(Merge::Greatest),
        Column::text("description").merge(Merge::Greatest),
        Column::text("source_file").merge(Merge::Least),
        Column::time("started_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::text("workflow").merge(Merge::Greatest),
        Column::text("workflow_key").merge(Merge::Greatest),
        Column::text("result").merge(Merge::Greatest),
        Column::text("tool_use_meta").merge(Merge::Greatest),
        Column::text("tool_use_result").merge(Merge::Greatest),
        Column::text("tool_use_progress").merge(Merge::Greatest),
        Column::integer("total_messages").merge(Merge::Derived),
        Column::time("ended_at").merge(Merge::Derived),
        Column::text("tool_use_id").merge(Merge::Derived),
        Column::text("tool_link").merge(Merge::Derived),
        Column::blob("call_message_key").merge(Merge::Derived),
        Column::integer("responses").merge(Merge::Derived),
        Column::integer("input_tokens").merge(Merge::Derived),
        Column::integer("output_tokens").merge(Merge::Derived),
        Column::integer("cache_creation_tokens").merge(Merge::Derived),
        Column::integer("cache_read_tokens").merge(Merge::Derived),
    ])
    .key(&["session_id", "subagent_id"])
    .time("started_at")
    .title("description")
    .owners(&[Owner::found_by(
        "claude_sessions",
        "claude_subagent_sessions",
    )])
    .derive(Derive {
        view: "claude_subagents_derived",
        columns: &[
            "total_messages",
            "ended_at",
            "tool_use_id",
            "tool_link",
            "call_message_key",
            "responses",
            "input_tokens",
            "output_tokens",
            "cache_creation_tokens",
            "cache_read_tokens",
        ],
    });

/// Calls of tools that start agents.
pub static AGENT_CALLS: Dataset = Dataset::rows("claude_agent_calls", "Calls that started agents")
    .columns(&[
        Column::text("tool_use_id"),
        Column::text("session_id"),
        Column::blob("message_key"),
        Column::text("tool"),
        Column::text("subagent_type"),
        Column::text("description"),
        Column::text("prompt"),
        Column::time("timestamp").merge(Merge::Least),
    ])
    .key(&["tool_use_id", "session_id"])
    .time("timestamp")
    .title("description")
    .owners(&[Owner::found_by(
        "claude_subagents",
        "claude_agent_call_agents",
    )]);

/// Prompts as they were typed.
pub static HISTORY: Dataset = Dataset::rows("claude_history", "Prompts as they were typed")
    .columns(&[
        Column::blob("entry_key"),
        Column::text("session_id"),
        Column::text("display"),
        Column::text("pasted_contents"),
        Column::text("project"),
        Column::text("source_device"),
        Column::time("timestamp"),
        Column::integer("timestamp_unix"),
    ])
    .key(&["entry_key"])
    .time("timestamp")
    .title("display")
    .text(&["display"])
    .device("source_device");

/// Lists of tasks.
pub static TODOS: Dataset = Dataset::rows("claude_todos", "Lists of tasks of sessions")
    .columns(&[
        Column::text("session_id"),
        Column::text("agent_id"),
        Column::text("source_device"),
        Column::time("timestamp"),
        Column::integer("total"),
        Column::integer("completed"),
        Column::text("todos"),
        Column::text("text"),
    ])
    .key(&["session_id", "agent_id", "source_device"])
    .time("timestamp")
    .title("text")
    .text(&["text"])
    .device("source_device");

/// Outputs of tools that lie in files of their own.
pub static TOOL_RESULTS: Dataset = Dataset::rows(
    "claude_tool_results",
    "Outputs of tools that were too long for the log",
)
.columns(&[
    Column::text("session_id"),
    Column::text("name"),
    Column::text("source_device"),
    Column::time("timestamp"),
    Column::integer("size_bytes"),
    Column::text("content"),
])
.key(&["session_id", "name", "source_device"])
.time("timestamp")
.title("name")
.text(&["content", "name"])
.file("file_path")
.device("source_device");

/// Pictures in messages.
pub static IMAGES: Dataset = Dataset::rows("claude_images", "Pictures in messages")
    .columns(&[
        Column::text("session_id"),
        Column::blob("message_key"),
        Column::integer("position"),
        Column::text("blake3"),
        Column::text("media_type"),
        Column::integer("size_bytes"),
        Column::time("timestamp").merge(Merge::Least),
        Column::text("source_device").merge(Merge::Least),
    ])
    .key(&["session_id", "message_key", "position"])
    .time("timestamp")
    .title("media_type")
    .file("file_path")
    .device("source_device");
