//! A folder of Claude Code's logs, made up: the same from the same seed, with what real ones have in them. A response
//! comes in up to three lines whose usage grows; tools answer with listings that repeat; a third of the sessions is full
//! of progress; agents have logs of their own, in both of the layouts that there have been.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::prose::Prose;
use crate::Outcome;
use crate::generate::SEED;

/// The sizes of sessions: most are small, and a few hold most of the bytes.
const SIZES: [u64; 8] = [
    20_000, 40_000, 90_000, 150_000, 300_000, 700_000, 2_000_000, 6_000_000,
];
const PROJECTS: u64 = 12;

/// What a tree holds, to be found again in the store.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    /// Lines of people and of the model.
    pub(crate) messages: u64,
    pub(crate) responses: u64,
    /// The tokens of all responses, each counted once.
    pub(crate) output_tokens: u64,
}

/// Makes a tree of about so many bytes below `root`.
pub(crate) fn tree(root: &Path, bytes: u64) -> Outcome<Made> {
    let mut prose = Prose::new(SEED);
    let mut made = Made::default();
    while made.bytes < bytes {
        let project = format!("-home-me-projects-{}", prose.name(made.files % PROJECTS));
        let folder = root.join("projects").join(project);
        let left = bytes - made.bytes;
        let size = SIZES[prose.random.below(SIZES.len() as u64) as usize].min(left.max(SIZES[0]));
        Session::new(&folder, &mut prose, &mut made)?.fill(size)?;
    }
    Ok(made)
}

/// One session of about so many bytes, in a tree of its own. Returns its log.
pub(crate) fn one(root: &Path, bytes: u64) -> Outcome<(PathBuf, Made)> {
    let mut prose = Prose::new(SEED);
    let mut made = Made::default();
    let folder = root.join("projects").join("-home-me-projects-one");
    let mut session = Session::new(&folder, &mut prose, &mut made)?;
    session.agents = false;
    let path = session.log.path.clone();
    session.fill(bytes)?;
    Ok((path, made))
}

/// A line to append to a session: what a person says.
pub(crate) fn said(number: u64) -> String {
    let line = json!({
        "parentUuid": null, "isSidechain": false, "userType": "external", "cwd": "/home/me/projects/one",
        "sessionId": "5e55104e-0000-4000-8000-000000000001", "version": "2.1.114", "gitBranch": "main",
        "type": "user", "message": {"role": "user", "content": format!("and what of number {number}?")},
        "uuid": format!("a99e4ded-0000-4000-8000-{number:012}"), "timestamp": instant(40_000_000_000 + number * 1000),
    });
    format!("{line}\n")
}

/// A log that is written.
struct Log {
    path: PathBuf,
    out: BufWriter<File>,
    bytes: u64,
}

impl Log {
    fn new(path: PathBuf, made: &mut Made) -> Outcome<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        made.files += 1;
        Ok(Self {
            out: BufWriter::new(File::create(&path)?),
            path,
            bytes: 0,
        })
    }

    fn line(&mut self, line: &Value, made: &mut Made) -> Outcome<()> {
        let text = format!("{line}\n");
        self.out.write_all(text.as_bytes())?;
        self.bytes += text.len() as u64;
        made.bytes += text.len() as u64;
        made.lines += 1;
        Ok(())
    }
}

/// A session in the making.
struct Session<'a> {
    prose: &'a mut Prose,
    made: &'a mut Made,
    log: Log,
    folder: PathBuf,
    id: String,
    cwd: String,
    /// Whether it has agents, and whether their logs lie in a folder of the session.
    agents: bool,
    nested: bool,
    /// Whether it notes progress, as a third of them do.
    progress: bool,
    clock: u64,
    parent: Option<String>,
    /// The agent whose log is written just now.
    agent: Option<String>,
}

impl<'a> Session<'a> {
    fn new(folder: &Path, prose: &'a mut Prose, made: &'a mut Made) -> Outcome<Self> {
        let id = prose.uuid();
        let clock = 86_400_000 * (made.files % 300) + prose.random.below(80_000_000);
        let log = Log::new(folder.join(format!("{id}.jsonl")), made)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            log,
            folder: folder.to_owned(),
            cwd: name.replacen("-home-me-projects-", "/home/me/projects/", 1),
            agents: true,
            nested: prose.random.below(2) == 0,
            progress: prose.random.below(3) == 0,
            clock,
            parent: None,
            agent: None,
            id,
            prose,
            made,
        })
    }

    fn fill(mut self, bytes: u64) -> Outcome<()> {
        while self.log.bytes < bytes {
            self.turn()?;
        }
        let leaf = self.parent.clone();
        let title = self.prose.text(5);
        self.plain(&json!({"type": "summary", "summary": title, "leafUuid": leaf}))?;
        self.log.out.flush()?;
        Ok(())
    }

    /// A person asks, and the model works until it answers.
    fn turn(&mut self) -> Outcome<()> {
        let id = self.prose.uuid();
        let snapshot =
            json!({"messageId": id, "trackedFileBackups": {}, "timestamp": instant(self.clock)});
        self.plain(&json!({
            "type": "file-history-snapshot", "messageId": id, "isSnapshotUpdate": false, "snapshot": snapshot,
        }))?;
        let words = 5 + self.prose.random.below(60);
        let asked = self.prose.text(words);
        self.message("user", json!({"role": "user", "content": asked}), json!({}))?;
        if self.prose.random.below(3) == 0 {
            let listed = self.prose.text(40);
            let attachment =
                json!({"type": "skill_listing", "content": listed, "isInitial": false});
            self.chained("attachment", json!({ "attachment": attachment }))?;
        }
        for _ in 0..=self.prose.random.below(12) {
            let tool = self.response(true)?;
            self.answer(&tool)?;
        }
        self.response(false)?;
        let took = json!({"subtype": "turn_duration", "durationMs": 1000 + self.prose.random.below(90_000), "isMeta": false});
        self.chained("system", took)
    }

    /// A response of the model, a line for each of its blocks. Returns the id of the tool that it uses.
    fn response(&mut self, uses_tool: bool) -> Outcome<String> {
        let (id, request) = (self.prose.id("msg_01"), self.prose.id("req_011"));
        let tool = self.prose.id("toolu_01");
        let mut blocks = Vec::new();
        if self.prose.random.below(3) == 0 {
            let words = 30 + self.prose.random.below(150);
            let (thinking, signature) = (self.prose.text(words), self.prose.noise(400));
            blocks.push(json!({"type": "thinking", "thinking": thinking, "signature": signature}));
        }
        if !uses_tool || self.prose.random.below(2) == 0 {
            let words = 10 + self.prose.random.below(if uses_tool { 30 } else { 250 });
            blocks.push(json!({"type": "text", "text": self.prose.text(words)}));
        }
        if uses_tool {
            blocks.push(self.tool(&tool));
        }
        let total = 20 + self.prose.random.below(1500);
        let (created, read) = (
            self.prose.random.below(4000),
            10_000 + self.prose.random.below(90_000),
        );
        let last = blocks.len() - 1;
        for (number, block) in blocks.into_iter().enumerate() {
            // What the first lines say of the output is what had come by then.
            let output = if number == last {
                total
            } else {
                1 + number as u64
            };
            let usage = json!({
                "input_tokens": 4, "output_tokens": output, "cache_creation_input_tokens": created,
                "cache_read_input_tokens": read, "service_tier": "standard",
                "cache_creation": {"ephemeral_5m_input_tokens": created, "ephemeral_1h_input_tokens": 0},
            });
            let message = json!({
                "id": id, "type": "message", "role": "assistant", "model": "claude-opus-4-5-20251101",
                "content": [block], "stop_reason": null, "stop_sequence": null, "usage": usage,
            });
            self.message("assistant", message, json!({ "requestId": request }))?;
        }
        self.made.responses += 1;
        self.made.output_tokens += total;
        Ok(tool)
    }

    fn tool(&mut self, id: &str) -> Value {
        let path = format!("{}/{}", self.cwd, self.prose.path());
        let (name, input) = match self.prose.random.below(4) {
            0 => ("Read", json!({ "file_path": path })),
            1 => (
                "Bash",
                json!({"command": self.prose.command(), "description": self.prose.text(6)}),
            ),
            2 => (
                "Grep",
                json!({"pattern": self.prose.text(1), "path": path, "output_mode": "content"}),
            ),
            _ => {
                let (old, new) = (self.prose.code(8), self.prose.code(10));
                (
                    "Edit",
                    json!({"file_path": path, "old_string": old, "new_string": new}),
                )
            }
        };
        json!({"type": "tool_use", "id": id, "name": name, "input": input})
    }

    /// What the tool says, with the progress on its way and, now and then, the work of an agent.
    fn answer(&mut self, tool: &str) -> Outcome<()> {
        if self.progress {
            for _ in 0..=self.prose.random.below(4) {
                let data = json!({"type": "hook_progress", "hookEvent": "PostToolUse", "hookName": "PostToolUse:Edit",
                    "command": "callback"});
                let told = json!({"data": data, "parentToolUseID": tool, "toolUseID": tool});
                self.chained("progress", told)?;
            }
        }
        let agent = self.agents && self.agent.is_none() && self.prose.random.below(60) == 0;
        let result = match agent {
            true => self.agent(tool)?,
            false => {
                // Most is short, and one in four is a file.
                let file = self.prose.random.below(4) == 0;
                let lines = 4 + self.prose.random.below(if file { 480 } else { 60 });
                let listing = self.prose.code(lines);
                json!({"stdout": listing, "stderr": "", "interrupted": false, "isImage": false})
            }
        };
        let said = result["stdout"].as_str().unwrap_or("done").to_owned();
        let block =
            json!({"tool_use_id": tool, "type": "tool_result", "content": said, "is_error": false});
        let message = json!({"role": "user", "content": [block]});
        self.message("user", message, json!({ "toolUseResult": result }))
    }

    /// An agent works in a log of its own.
    fn agent(&mut self, tool: &str) -> Outcome<Value> {
        let id = self.prose.uuid()[..8].to_owned();
        let folder = match self.nested {
            true => self.folder.join(&self.id).join("subagents"),
            false => self.folder.clone(),
        };
        let log = Log::new(folder.join(format!("agent-{id}.jsonl")), self.made)?;
        if self.nested {
            let about = json!({"agentType": "Explore", "description": self.prose.text(4), "toolUseId": tool});
            let meta = folder.join(format!("agent-{id}.meta.json"));
            fs::write(meta, about.to_string())?;
        }
        let own = std::mem::replace(&mut self.log, log);
        let parent = self.parent.take();
        self.agent = Some(id.clone());
        let task = self.prose.text(50);
        self.message("user", json!({"role": "user", "content": task}), json!({}))?;
        for _ in 0..2 + self.prose.random.below(10) {
            let tool = self.response(true)?;
            self.answer(&tool)?;
        }
        self.response(false)?;
        self.log.out.flush()?;
        self.log = own;
        (self.agent, self.parent) = (None, parent);
        Ok(
            json!({"status": "completed", "agentId": id, "totalTokens": 9000, "totalToolUseCount": 5}),
        )
    }

    fn message(&mut self, kind: &str, message: Value, more: Value) -> Outcome<()> {
        self.made.messages += 1;
        let mut rest = more;
        rest["message"] = message;
        self.chained(kind, rest)
    }

    /// A line of the chain: each names the one before.
    fn chained(&mut self, kind: &str, rest: Value) -> Outcome<()> {
        self.clock += 200 + self.prose.random.below(20_000);
        let uuid = self.prose.uuid();
        let mut line = json!({
            "parentUuid": self.parent, "isSidechain": self.agent.is_some(), "userType": "external",
            "cwd": self.cwd, "sessionId": self.id, "version": "2.1.114", "gitBranch": "main", "type": kind,
            "uuid": uuid, "timestamp": instant(self.clock),
        });
        if let Some(agent) = &self.agent {
            line["agentId"] = json!(agent);
        }
        if let (Value::Object(line), Value::Object(rest)) = (&mut line, rest) {
            line.extend(rest);
        }
        self.parent = Some(uuid);
        self.log.line(&line, self.made)
    }

    fn plain(&mut self, line: &Value) -> Outcome<()> {
        self.log.line(line, self.made)
    }
}

/// A time of 2025 and 2026, from milliseconds since its first day. Months have 28 days here.
fn instant(millis: u64) -> String {
    let days = millis / 86_400_000;
    let (year, day) = (2025 + days / 336, days % 336);
    let second = millis / 1000 % 86_400;
    format!(
        "{year}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        1 + day / 28,
        1 + day % 28,
        second / 3600,
        second / 60 % 60,
        second % 60,
        millis % 1000
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn logs(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => logs(&path, found),
                false => found.push(path),
            }
        }
    }

    #[test]
    fn the_tree_is_what_is_said_of_it_and_the_same_each_time() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let made: Vec<Made> = folders
            .iter()
            .map(|folder| tree(folder.path(), 4_000_000).unwrap())
            .collect();
        assert_eq!(made[0], made[1]);
        let (mut files, mut lines, mut bytes, mut nested, mut flat) = (Vec::new(), 0, 0, 0, 0);
        logs(folders[0].path(), &mut files);
        let mut usage: HashMap<(String, String), u64> = HashMap::new();
        for path in files
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        {
            let below = path.strip_prefix(folders[0].path()).unwrap();
            assert!(fs::read(path).unwrap() == fs::read(folders[1].path().join(below)).unwrap());
            let agent = path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("agent-");
            let deep = path.to_string_lossy().contains("/subagents/");
            (nested, flat) = (nested + u64::from(deep), flat + u64::from(agent && !deep));
            let text = fs::read_to_string(path).unwrap();
            bytes += text.len() as u64;
            for line in text.lines() {
                lines += 1;
                let line: Value = serde_json::from_str(line).unwrap();
                if let Some(output) = line["message"]["usage"]["output_tokens"].as_u64() {
                    let key = (
                        line["message"]["id"].to_string(),
                        line["requestId"].to_string(),
                    );
                    let known = usage.entry(key).or_default();
                    assert!(output > *known, "usage grows");
                    *known = output;
                }
            }
        }
        assert_eq!((made[0].bytes, made[0].lines), (bytes, lines));
        assert_eq!(made[0].responses, usage.len() as u64);
        assert_eq!(made[0].output_tokens, usage.values().sum::<u64>());
        assert!(nested > 0 && flat > 0, "{nested} nested, {flat} flat");
    }
}
