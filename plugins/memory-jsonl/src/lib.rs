//! Memory logs of assistants: `metrics.jsonl` with samples of processes' memory and `events.jsonl` with what
//! happened to them.

mod config;
mod fields;
mod line;
#[cfg(test)]
mod properties;
mod recognise;

use datalake_core::{
    Column, Context, Dataset, Files, Line, LineEmit, LineSource, Merge, Result, line_source,
};

use config::MemoryConfig;
use line::Kind;

/// Samples: every field is part of the key, so that equal lines are one sample and any difference is two.
pub static METRICS: Dataset = Dataset::series(
    "memory_metrics",
    "memory_samples",
    "Samples of the memory of processes",
)
.columns(&[
    Column::time("time"),
    Column::dictionary("device"),
    Column::integer("pid"),
    Column::integer("rss_bytes"),
    Column::milli("rss_mb"),
    Column::milli("rate"),
    Column::dictionary("session"),
    Column::dictionary("command"),
    Column::text("extra"),
])
.key(&[
    "time",
    "device",
    "pid",
    "rss_bytes",
    "rss_mb",
    "rate",
    "session",
    "command",
    "extra",
])
.time("time")
.device("device");

/// Events: warnings, kills, restarts. The key is a hash of every field and the device.
pub static EVENTS: Dataset = Dataset::rows(
    "memory_events",
    "What happened to processes: warnings, kills, restarts",
)
.columns(&[
    Column::blob("event_key"),
    Column::time("timestamp"),
    Column::integer("timestamp_unix"),
    Column::text("event_type"),
    Column::integer("pid"),
    Column::text("session_id"),
    Column::text("severity"),
    Column::text("message"),
    Column::text("details"),
    Column::text("source_device"),
    Column::text("metadata").merge(Merge::Version),
])
.key(&["event_key"])
.time("timestamp")
.title("message")
.text(&["message", "details"])
.device("source_device");

struct MemoryJsonl(MemoryConfig);

impl LineSource for MemoryJsonl {
    fn files(&self) -> Files {
        let names = [
            "metrics*.jsonl",
            "metrics*.jsonl.*",
            "events*.jsonl",
            "events*.jsonl.*",
        ];
        Files::append_only(self.0.path.0.clone()).named(names)
    }

    fn line(&self, cx: &Context, line: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()> {
        let kind = Kind::of_file(out.unit().as_str());
        match line::record(line, kind, &cx.device, &cx.zone) {
            Ok(record) => out.push(record)?,
            Err(why) => out.reject(why),
        }
        Ok(())
    }
}

datalake_core::register_source! {
    name: "memory-jsonl",
    summary: "Memory logs of assistants: samples (metrics.jsonl) and events (events.jsonl)",
    stability: Stable,
    cursor_version: 1,
    config: MemoryConfig,
    datasets: [&METRICS, &EVENTS],
    recognises: recognise::recognises,
    fixtures: ["metrics.jsonl", "events.jsonl", "metrics-odd.jsonl"],
    golden: "tests/golden.txt",
    build: |section| Some(line_source(MemoryJsonl(MemoryConfig::from_section(section)?))),
}
