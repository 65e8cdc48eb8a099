//! Agents that a session starts: the calls that start them, and the three ways in which logs tie one to the other.

use datalake_core::{Record, TimeSource, Timestamp};
use serde::Serialize;

use crate::datasets::{AGENT_CALLS, SUBAGENTS};
use crate::json::mended;
use crate::key::{Bytes, clean};
use crate::line::{AgentInput, Block, Entry};
use crate::reader::{Reader, Scene, parent};
use crate::source::Made;
use crate::text::cut;

/// Of a prompt or a result so many bytes are kept here; the messages have more.
const LONGEST: usize = 4 << 10;

#[derive(Serialize)]
struct CallRow<'a> {
    tool_use_id: &'a str,
    session_id: &'a str,
    message_key: &'a Bytes,
    tool: &'a str,
    subagent_type: Option<&'a str>,
    description: Option<&'a str>,
    prompt: Option<&'a str>,
    timestamp: Timestamp,
}

/// What is known of an agent beside its own messages.
#[derive(Serialize)]
pub(crate) struct KnownAgent<'a> {
    pub(crate) session_id: &'a str,
    pub(crate) subagent_id: &'a str,
    pub(crate) subagent_type: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) started_at: Timestamp,
    pub(crate) time_source: TimeSource,
    pub(crate) workflow: Option<&'a str>,
    pub(crate) workflow_key: Option<&'a str>,
    pub(crate) result: Option<&'a str>,
    pub(crate) tool_use_meta: Option<&'a str>,
    pub(crate) tool_use_result: Option<&'a str>,
    pub(crate) tool_use_progress: Option<&'a str>,
}

impl<'a> KnownAgent<'a> {
    /// An agent of which nothing more is known.
    pub(crate) fn new(
        session: &'a str,
        agent: &'a str,
        time: Timestamp,
        found: TimeSource,
    ) -> Self {
        Self {
            session_id: session,
            subagent_id: agent,
            subagent_type: helper(agent),
            description: None,
            started_at: time,
            time_source: found,
            workflow: None,
            workflow_key: None,
            result: None,
            tool_use_meta: None,
            tool_use_result: None,
            tool_use_progress: None,
        }
    }

    pub(crate) fn record(&self) -> Record {
        Record::new(&SUBAGENTS, self).link(parent(self.session_id))
    }
}

/// What a helper does that the program starts by itself, by its id.
pub(crate) fn helper(agent: &str) -> Option<&'static str> {
    match agent {
        _ if agent.starts_with("acompact-") => Some("compact"),
        _ if agent.starts_with("aprompt_suggestion-") => Some("prompt_suggestion"),
        _ => None,
    }
}

/// The calls in a message, and the agents that its results and its progress name.
pub(crate) fn calls(
    reader: &mut Reader<'_>,
    scene: &Scene<'_>,
    entry: &Entry<'_>,
    made: &mut Made<'_, '_>,
) {
    for block in &entry.message.0.content.0 {
        if block.kind.get() == Some("tool_use") {
            call(scene, block, made);
        }
    }
    let results = entry.message.0.content.0.iter();
    let result = results.filter_map(|block| block.tool_use.get()).next();
    if let (Some(agent), Some(tool_use)) = (entry.tool_result.agent.get(), result) {
        let (agent, tool_use) = (clean(agent), clean(tool_use));
        let mut known = from_session(scene, &agent);
        known.tool_use_result = Some(&tool_use);
        made.push(known.record().origin(scene.at.origin()));
        return;
    }
    let (Some("agent_progress"), Some(agent), Some(tool_use)) = (
        entry.data.kind.get(),
        entry.data.agent.get(),
        entry.parent_tool_use.get(),
    ) else {
        return;
    };
    let (agent, tool_use) = (clean(agent), clean(tool_use));
    if !reader
        .cursor
        .say(&["progress", scene.session, &agent, &tool_use])
    {
        return;
    }
    let mut known = from_session(scene, &agent);
    known.tool_use_progress = Some(&tool_use);
    made.push(known.record().origin(scene.at.origin()));
}

fn from_session<'a>(scene: &Scene<'a>, agent: &'a str) -> KnownAgent<'a> {
    KnownAgent::new(scene.session, agent, scene.time, TimeSource::Parent)
}

fn call(scene: &Scene<'_>, block: &Block<'_>, made: &mut Made<'_, '_>) {
    let (Some(id), Some(tool)) = (block.id.get(), block.name.get()) else {
        return;
    };
    if !matches!(tool, "Task" | "Agent") {
        return;
    }
    let input = block.input.map_or("{}", |input| input.get());
    let mended = mended(input);
    let input = mended.as_deref().unwrap_or(input);
    let input: AgentInput<'_> = serde_json::from_str(input).unwrap_or_default();
    let subagent_type = input.subagent_type.get().map(clean);
    let description = input.description.get().map(clean);
    let prompt = input.prompt.get().map(|prompt| clean(cut(prompt, LONGEST)));
    let row = CallRow {
        tool_use_id: &clean(id),
        session_id: scene.session,
        message_key: scene.message_key,
        tool,
        subagent_type: subagent_type.as_deref(),
        description: description.as_deref(),
        prompt: prompt.as_deref(),
        timestamp: scene.time,
    };
    made.push(Record::new(&AGENT_CALLS, &row).origin(scene.at.origin()));
}

/// A line of a workflow's journal.
pub(crate) fn journal(
    reader: &Reader<'_>,
    scene: &Scene<'_>,
    entry: &Entry<'_>,
    made: &mut Made<'_, '_>,
) {
    let location = reader.location;
    let (Some(workflow), Some(session), "journal", Some("started" | "result"), Some(agent)) = (
        location.workflow(),
        location.session(),
        location.stem(),
        entry.kind.get(),
        entry.agent.get(),
    ) else {
        return;
    };
    let agent = clean(agent);
    let key = entry.key.get().map(clean);
    let result = entry.result.map(|result| clean(cut(result.get(), LONGEST)));
    let mut known = KnownAgent::new(session, &agent, scene.time, TimeSource::Mtime);
    known.workflow = Some(workflow);
    known.workflow_key = key.as_deref();
    known.result = result.as_deref();
    made.push(known.record().origin(scene.at.origin()));
}
