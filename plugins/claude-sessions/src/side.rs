//! The files beside the logs: lists of tasks, outputs of tools, what is known of agents, titles, workflows. They are small
//! and are read whole.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use datalake_core::{
    Blob, Content, Context, Error, FileEmit, FileMode, Record, Reject, Result, Sample, TimeSource,
    Timestamp, TrackedFile, Version,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::agents::KnownAgent;
use crate::datasets::{TODOS, TOOL_RESULTS};
use crate::json::{Text, object, only_object};
use crate::key::clean;
use crate::notes::Note;
use crate::place::{FileKind, Location};
use crate::text::cut;

/// A longer file is kept and not read.
const LONGEST: u64 = 16 << 20;
/// Of an output so many bytes can be searched.
const SEARCHED: usize = 64 << 10;

/// Reads a file for what it is.
pub(crate) fn read(
    cx: &Context,
    location: &Location,
    file: &mut TrackedFile,
    out: &mut FileEmit<'_, ()>,
) -> Result<()> {
    let time = file.modified().unwrap_or(Timestamp::EPOCH);
    let origin = file.origin(0, file.size());
    let bytes = bytes(file)?;
    let made = match location.kind {
        FileKind::Todos => todos(cx, location, time, &bytes),
        FileKind::ToolResult => {
            let output = Output {
                time,
                size: file.size(),
                path: file.path(),
                bytes,
            };
            return tool_result(cx, location, output, origin, out);
        }
        FileKind::AgentMeta => agent_meta(location, time, &bytes),
        FileKind::Title => title(location, time, &bytes),
        FileKind::Workflow => workflow(location, time, &bytes),
        FileKind::Log | FileKind::History => Ok(Vec::new()),
    };
    match made {
        Ok(records) => records
            .into_iter()
            .try_for_each(|record| out.push(record.origin(origin.clone()))),
        Err(why) => {
            out.reject(origin, why, Sample::of(&bytes));
            Ok(())
        }
    }
}

/// All bytes, and one more than are read where there are more.
fn bytes(file: &mut TrackedFile) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match file.take(LONGEST + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => match error.downcast::<Error>() {
            Ok(error) => Err(error),
            Err(error) => Err(Error::io(file.path().display(), error)),
        },
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Reject> {
    if bytes.len() as u64 > LONGEST {
        let limit = LONGEST >> 20;
        return Err(Reject::new(
            "too-large",
            format!("it has more than {limit} MiB"),
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Reject::new(
            "not-json",
            format!("it is not the JSON that was expected: {error}"),
        )
    })
}

#[derive(Serialize)]
struct TodosRow<'a> {
    session_id: &'a str,
    agent_id: &'a str,
    source_device: &'a str,
    timestamp: Timestamp,
    total: usize,
    completed: usize,
    todos: String,
    text: String,
}

/// A list of tasks: `<session>-agent-<agent>.json`. An agent that is the session itself is none.
fn todos(
    cx: &Context,
    location: &Location,
    time: Timestamp,
    bytes: &[u8],
) -> Result<Vec<Record>, Reject> {
    let list: Vec<serde_json::Value> = json(bytes)?;
    let stem = location.stem();
    let stem = stem.strip_suffix(".json").unwrap_or(stem);
    let (session, agent) = stem.split_once("-agent-").unwrap_or((stem, ""));
    let says = |task: &serde_json::Value, field: &str| -> Option<String> {
        task.get(field)?
            .as_str()
            .map(|text| clean(text).into_owned())
    };
    let texts: Vec<String> = list
        .iter()
        .filter_map(|task| says(task, "content"))
        .collect();
    let is_done = |task: &&serde_json::Value| says(task, "status").as_deref() == Some("completed");
    let row = TodosRow {
        session_id: session,
        agent_id: if agent == session { "" } else { agent },
        source_device: &cx.device,
        timestamp: time,
        total: list.len(),
        completed: list.iter().filter(is_done).count(),
        text: texts.join("\n"),
        todos: serde_json::Value::Array(list).to_string(),
    };
    // The file that was written last says how the tasks stand.
    Ok(vec![Record::new(&TODOS, &row).version(Version::of(time))])
}

#[derive(Serialize)]
struct ToolResultRow<'a> {
    session_id: &'a str,
    name: &'a str,
    source_device: &'a str,
    timestamp: Timestamp,
    size_bytes: u64,
    content: &'a str,
}

/// What a tool gave.
struct Output<'a> {
    time: Timestamp,
    size: u64,
    path: &'a Path,
    /// All of it, or the start of a long one.
    bytes: Vec<u8>,
}

/// An output is kept however long it is; only its start can be searched.
fn tool_result(
    cx: &Context,
    location: &Location,
    output: Output<'_>,
    origin: datalake_core::Origin,
    out: &mut FileEmit<'_, ()>,
) -> Result<()> {
    let name = location.path.rsplit('/').next().unwrap_or_default();
    let Output { time, bytes, .. } = output;
    let is_whole = bytes.len() as u64 <= LONGEST;
    // The start is cut before it is made text: a long output is not copied for it.
    let start = bytes.get(..SEARCHED + 4).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(start);
    let content = clean(cut(&text, SEARCHED)).into_owned();
    let row = ToolResultRow {
        session_id: location.session().unwrap_or_default(),
        name,
        source_device: &cx.device,
        timestamp: time,
        size_bytes: if is_whole {
            bytes.len() as u64
        } else {
            output.size
        },
        content: &content,
    };
    let file = out.file(Blob {
        content: match is_whole {
            true => Content::Bytes(Arc::from(bytes)),
            false => Content::Path(output.path.to_owned()),
        },
        folder: "claude",
        name: name.to_owned(),
        made: time,
        mode: FileMode::Copy,
    })?;
    let record = Record::new(&TOOL_RESULTS, &row).version(Version::of(time));
    out.push(record.file(file).origin(origin))
}

object! {
    /// What is known of an agent.
    struct Meta<'a> {
        kind: Text<'a> = "agentType",
        description: Text<'a> = "description",
        tool_use: Text<'a> = "toolUseId",
    }
}
only_object!(Meta);

fn agent_meta(location: &Location, time: Timestamp, bytes: &[u8]) -> Result<Vec<Record>, Reject> {
    let meta: Meta<'_> = serde_json::from_slice(bytes)
        .map_err(|error| Reject::new("not-json", format!("it is not JSON: {error}")))?;
    let (Some(session), Some(agent)) = (location.session(), location.agent()) else {
        return Ok(Vec::new());
    };
    let kind = meta.kind.get().map(clean);
    let description = meta.description.get().map(clean);
    let tool_use = meta.tool_use.get().map(clean);
    let mut known = KnownAgent::new(session, agent, time, TimeSource::Mtime);
    known.subagent_type = kind.as_deref().or(known.subagent_type);
    known.description = description.as_deref();
    known.workflow = location.workflow();
    known.tool_use_meta = tool_use.as_deref();
    Ok(vec![known.record()])
}

object! {
    /// The name that a person gave a session.
    struct Named<'a> {
        title: Text<'a> = "customTitle" | "title",
    }
}
only_object!(Named);

fn title(location: &Location, time: Timestamp, bytes: &[u8]) -> Result<Vec<Record>, Reject> {
    let named: Named<'_> = serde_json::from_slice(bytes)
        .map_err(|error| Reject::new("not-json", format!("it is not JSON: {error}")))?;
    let (Some(session), Some(title)) = (location.session(), named.title.get()) else {
        return Ok(Vec::new());
    };
    Ok(vec![note(
        location,
        session,
        ("custom-title.json", title),
        time,
    )])
}

object! {
    /// A workflow.
    struct WorkflowFields<'a> {
        name: Text<'a> = "name" | "workflowName",
        summary: Text<'a> = "summary" | "description",
    }
}
only_object!(WorkflowFields);

fn workflow(location: &Location, time: Timestamp, bytes: &[u8]) -> Result<Vec<Record>, Reject> {
    let fields: WorkflowFields<'_> = serde_json::from_slice(bytes)
        .map_err(|error| Reject::new("not-json", format!("it is not JSON: {error}")))?;
    let Some(session) = location.session() else {
        return Ok(Vec::new());
    };
    let id = location.path.rsplit('/').next().unwrap_or_default();
    let name = fields.name.get().or(fields.summary.get());
    let value = name.unwrap_or_else(|| id.strip_suffix(".json").unwrap_or(id));
    Ok(vec![note(location, session, ("workflow", value), time)])
}

fn note(
    location: &Location,
    session: &str,
    (kind, value): (&str, &str),
    time: Timestamp,
) -> Record {
    let note = Note {
        session,
        kind,
        value,
        leaf: None,
        details: None,
        time,
        last_at: format!("{time} {}", location.path),
    };
    note.record()
}
