//! What a file is by its place: a log, a log of a workflow, one of the files beside the logs.

use std::path::{Path, PathBuf};

/// A file of Claude Code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// Its path below `projects/`, the same from whatever root it was found.
    pub(crate) path: String,
    pub(crate) kind: FileKind,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A log of a session or an agent, or of whatever else writes lines.
    Log,
    /// The prompts that were typed.
    History,
    /// The list of tasks of a session or an agent.
    Todos,
    /// An output of a tool.
    ToolResult,
    /// What the program knows of an agent.
    AgentMeta,
    /// The name that a person gave a session.
    Title,
    /// A workflow.
    Workflow,
}

/// The names of the logs.
pub(crate) const LOGS: [&str; 1] = ["*.jsonl"];
/// The names of the files beside the logs.
pub(crate) const BESIDE: [&str; 5] = [
    "**/todos/*.json",
    "**/tool-results/*",
    "**/agent-*.meta.json",
    "**/custom-title.json",
    "**/workflows/*.json",
];

impl Location {
    /// Of a unit, found at `path` below one of `roots`.
    pub(crate) fn of(unit: &str, path: &Path, roots: &[PathBuf]) -> Self {
        let is_root = roots.iter().any(|root| root == path);
        let below = match unit.starts_with('/') || is_root {
            // Named by itself: its folders are not part of the unit.
            true => {
                let whole = path.to_string_lossy().into_owned();
                match whole.rsplit_once("/projects/") {
                    Some((_, below)) => below.to_owned(),
                    None => last(&whole).to_owned(),
                }
            }
            false => match unit.strip_prefix("projects/") {
                Some(below) => below.to_owned(),
                None => unit
                    .split_once("/projects/")
                    .map_or(unit, |(_, below)| below)
                    .to_owned(),
            },
        };
        Self {
            kind: kind(&below, path),
            path: below,
        }
    }

    /// The folder of the project, by its name.
    pub(crate) fn project(&self) -> Option<&str> {
        self.path.split_once('/').map(|(project, _)| project)
    }

    /// The name of the file without its ending.
    pub(crate) fn stem(&self) -> &str {
        let name = last(&self.path);
        name.split_once(".jsonl").map_or(name, |(stem, _)| stem)
    }

    /// The path without the ending, which names a log that names no session.
    pub(crate) fn path_stem(&self) -> &str {
        self.path
            .rsplit_once(".jsonl")
            .map_or(&self.path, |(stem, _)| stem)
    }

    /// The session in whose folder the file lies, by the folders that only such a folder has.
    pub(crate) fn session(&self) -> Option<&str> {
        let mut before = None;
        for part in self.path.split('/') {
            if matches!(
                part,
                "subagents" | "workflows" | "tool-results" | "custom-title.json"
            ) {
                return before;
            }
            before = Some(part);
        }
        None
    }

    /// The workflow that an agent or a journal belongs to.
    pub(crate) fn workflow(&self) -> Option<&str> {
        let (_, below) = self.path.split_once("/workflows/")?;
        below.split_once('/').map(|(workflow, _)| workflow)
    }

    /// The agent whose file it is.
    pub(crate) fn agent(&self) -> Option<&str> {
        let stem = self.stem();
        let stem = stem.strip_suffix(".meta.json").unwrap_or(stem);
        stem.strip_prefix("agent-")
            .filter(|agent| !agent.is_empty())
    }
}

fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

fn kind(below: &str, path: &Path) -> FileKind {
    let name = last(below);
    let folder = path.parent().and_then(Path::file_name);
    let lies_in = |wanted: &str| folder.is_some_and(|folder| folder == wanted);
    match name {
        "history.jsonl" => FileKind::History,
        _ if name.contains(".jsonl") => FileKind::Log,
        _ if lies_in("tool-results") => FileKind::ToolResult,
        "custom-title.json" => FileKind::Title,
        _ if lies_in("todos") => FileKind::Todos,
        _ if name.ends_with(".meta.json") => FileKind::AgentMeta,
        _ if lies_in("workflows") => FileKind::Workflow,
        _ => FileKind::Log,
    }
}

/// The name that Claude Code gives the folder of a project in `path`, as far as the name is not cut.
pub(crate) fn encoded(path: &str) -> String {
    let plain = |char: char| {
        if char.is_ascii_alphanumeric() {
            char
        } else {
            '-'
        }
    };
    // Claude Code counts in UTF-16: a character beyond the first 65,536 becomes two dashes.
    let mut out = String::with_capacity(path.len());
    for char in path.chars() {
        for _ in 0..char.len_utf16() {
            out.push(plain(char));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(unit: &str, path: &str) -> (String, FileKind) {
        let location = Location::of(
            unit,
            Path::new(path),
            &[PathBuf::from("/home/me/.claude/projects/-a/x.jsonl")],
        );
        (location.path, location.kind)
    }

    #[test]
    fn a_log_has_one_path_whatever_the_root() {
        for (unit, path) in [
            (
                "projects/-a/x.jsonl",
                "/home/me/.claude/projects/-a/x.jsonl",
            ),
            ("-a/x.jsonl", "/home/me/.claude/projects/-a/x.jsonl"),
            ("x.jsonl", "/home/me/.claude/projects/-a/x.jsonl"),
            (
                "/home/me/.claude/projects/-a/x.jsonl",
                "/home/me/.claude/projects/-a/x.jsonl",
            ),
            (
                ".claude/projects/-a/x.jsonl",
                "/b/.claude/projects/-a/x.jsonl",
            ),
        ] {
            assert_eq!(
                of(unit, path),
                ("-a/x.jsonl".to_owned(), FileKind::Log),
                "{unit}"
            );
        }
        // A folder of that name above the root says nothing.
        assert_eq!(
            of("s/x.jsonl", "/home/me/projects/logs/s/x.jsonl").0,
            "s/x.jsonl"
        );
    }

    #[test]
    fn files_beside_the_logs() {
        let session = "-a/0b/";
        for (unit, kind) in [
            ("history.jsonl", FileKind::History),
            ("todos/0b-agent-0b.json", FileKind::Todos),
            ("projects/-a/0b/tool-results/x.txt", FileKind::ToolResult),
            ("projects/-a/0b/tool-results/x.jsonl", FileKind::Log),
            (
                "projects/-a/0b/subagents/agent-1.meta.json",
                FileKind::AgentMeta,
            ),
            ("projects/-a/0b/subagents/agent-1.jsonl", FileKind::Log),
            (
                "projects/-a/0b/subagents/workflows/w/journal.jsonl",
                FileKind::Log,
            ),
            ("projects/-a/0b/workflows/w.json", FileKind::Workflow),
            ("projects/-a/0b/custom-title.json", FileKind::Title),
        ] {
            let path = format!("/home/me/.claude/{unit}");
            let location = Location::of(unit, Path::new(&path), &[]);
            assert_eq!(location.kind, kind, "{unit}");
            if location.path.starts_with(session) {
                assert_eq!(location.session(), Some("0b"), "{unit}");
                assert_eq!(location.project(), Some("-a"));
            }
        }
        let agent = Location::of(
            "-a/0b/subagents/workflows/w/agent-1.jsonl",
            Path::new("/agent-1.jsonl"),
            &[],
        );
        assert_eq!(
            (agent.agent(), agent.workflow(), agent.session()),
            (Some("1"), Some("w"), Some("0b"))
        );
    }

    #[test]
    fn folders_are_encoded_as_claude_code_does() {
        assert_eq!(encoded("/home/me/a.b_c d"), "-home-me-a-b-c-d");
        assert_eq!(encoded("/é/😀"), "-----");
    }
}
