//! Makes records of the lines of a log, one after the other.

use std::collections::HashSet;

use datalake_core::{Context, Link, Origin, Place, Record, Result, TimeSource, Timestamp, Version};
use serde::Serialize;

use crate::cursor::Cursor;
use crate::datasets::{FOLDERS, LINES, PARTS, SESSIONS, SUBAGENTS};
use crate::json::Moment;
use crate::key::{Bytes, clean, of_line, of_uuid};
use crate::line::Entry;
use crate::message::Message;
use crate::place::{Location, encoded};
use crate::source::{Made, Out};
use crate::usage::{self, Response};
use crate::{agents, notes};

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) start: u64,
    /// Where the next line begins.
    pub(crate) end: u64,
    pub(crate) length: u64,
    pub(crate) hash: i64,
}

impl At {
    pub(crate) fn origin(&self) -> Origin {
        Origin::bytes(self.start, self.end)
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineState {
    Understood,
    NoJson,
    NoObject,
    TooLong,
    /// Understood, and written by a person.
    Human,
}

/// The reader of one log.
pub(crate) struct Reader<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) location: &'a Location,
    /// How much of each input and output of a tool is kept.
    pub(crate) limit: usize,
    pub(crate) cursor: Cursor,
    /// The buckets that this reading has pushed. Their records say nothing but their name.
    buckets: HashSet<[String; 3]>,
}

/// What is the same for all that a line becomes.
pub(crate) struct Scene<'l> {
    pub(crate) at: &'l At,
    pub(crate) session: &'l str,
    pub(crate) agent: Option<&'l str>,
    pub(crate) time: Timestamp,
    pub(crate) time_source: TimeSource,
    pub(crate) message_key: &'l Bytes,
}

#[derive(Serialize)]
struct LineRow<'a> {
    path: &'a str,
    start: u64,
    hash: i64,
    device: &'a str,
    time: Option<Timestamp>,
    length: u64,
    r#type: Option<&'a str>,
    state: u8,
}

#[derive(Serialize)]
struct SessionRow<'a> {
    session_id: &'a str,
    project_encoded: Option<&'a str>,
    source_device: &'a str,
    source_file: Option<&'a str>,
    started_at: Timestamp,
    time_source: TimeSource,
}

#[derive(Serialize)]
struct PartRow<'a> {
    session: &'a str,
    agent: &'a str,
    started_at: Timestamp,
    time_source: TimeSource,
}

#[derive(Serialize)]
struct FolderRow<'a> {
    project_encoded: &'a str,
    path: &'a str,
    source_device: &'a str,
    is_own: bool,
    timestamp: Timestamp,
}

#[derive(Serialize)]
struct AgentRow<'a> {
    session_id: &'a str,
    subagent_id: &'a str,
    subagent_type: Option<&'a str>,
    source_file: Option<&'a str>,
    started_at: Timestamp,
    time_source: TimeSource,
    workflow: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        cx: &'a Context,
        location: &'a Location,
        modified: Option<Timestamp>,
        limit: usize,
        mut cursor: Cursor,
    ) -> Self {
        let modified = modified.map(Timestamp::as_micros);
        cursor.file_time = cursor.file_time.or(modified);
        Self {
            cx,
            location,
            limit,
            cursor,
            buckets: HashSet::new(),
        }
    }

    /// Everything up to `place` is read.
    pub(crate) fn commit(&mut self, place: &Place, out: &mut Out<'_>) -> Result<()> {
        let mut made = Made::new(out);
        self.flush(&mut made);
        let records = made.records();
        out.commit_all(records, place, &self.cursor)
    }

    /// A line that is no object.
    pub(crate) fn bad_line(&mut self, at: &At, state: LineState, made: &mut Made<'_, '_>) {
        self.line(at, None, None, state, made);
    }

    /// A line.
    pub(crate) fn entry(
        &mut self,
        at: &At,
        entry: &Entry<'_>,
        made: &mut Made<'_, '_>,
    ) -> Result<()> {
        let own = self.moment(&entry.timestamp);
        let state = match entry.is_human() {
            true => LineState::Human,
            false => LineState::Understood,
        };
        self.line(at, own, entry.kind.get(), state, made);
        if let Some(own) = own {
            self.cursor.time = Some(own.as_micros());
            self.cursor.latest = self.cursor.latest.max(self.cursor.time);
        }
        let (time, time_source) = self.time(own);
        let path_session;
        let named = entry.session.get().map(clean);
        let session = match &named {
            Some(session) => &**session,
            None => {
                path_session = format!("{}:{}", self.cx.device, self.location.path_stem());
                &path_session
            }
        };
        let own_agent = entry.agent.get().map(clean);
        let agent = own_agent.as_deref().or_else(|| {
            let is_agents = entry.is_sidechain.0 && entry.is_message();
            self.location.agent().filter(|_| is_agents)
        });
        let message_key = match entry.uuid.get() {
            Some(uuid) => of_uuid(&clean(uuid)),
            None => of_line(&self.cx.device, &self.location.path, at.start, at.hash),
        };
        let scene = Scene {
            at,
            session,
            agent,
            time,
            time_source,
            message_key: &message_key,
        };
        if named.is_some() || entry.is_message() {
            self.session(&scene, made);
        }
        if entry.is_message() {
            self.part(&scene, made);
            self.message(&scene, entry, made)?;
        }
        agents::journal(self, &scene, entry, made);
        notes::of(self, &scene, named.is_some(), entry, made);
        Ok(())
    }

    fn message(
        &mut self,
        scene: &Scene<'_>,
        entry: &Entry<'_>,
        made: &mut Made<'_, '_>,
    ) -> Result<()> {
        let usage_key = self.usage(scene, entry, made);
        let message = Message::new(self, scene, entry, usage_key);
        message.images(self, scene, made)?;
        made.push(message.record().origin(scene.at.origin()));
        self.folder(scene, entry, made);
        self.agent(scene, entry, made);
        agents::calls(self, scene, entry, made);
        Ok(())
    }

    fn line(
        &self,
        at: &At,
        time: Option<Timestamp>,
        kind: Option<&str>,
        state: LineState,
        made: &mut Made<'_, '_>,
    ) {
        let kind = kind.map(clean);
        let row = LineRow {
            path: &self.location.path,
            start: at.start,
            hash: at.hash,
            device: &self.cx.device,
            time,
            length: at.length,
            r#type: kind.as_deref(),
            state: state as u8,
        };
        made.push(Record::new(&LINES, &row).origin(at.origin()));
    }

    /// The time that a line names.
    pub(crate) fn moment(&self, moment: &Moment<'_>) -> Option<Timestamp> {
        match moment {
            Moment::Absent => None,
            Moment::Text(text) => self.cx.zone.parse(text),
            Moment::Number(number) => Timestamp::from_log_float(*number),
        }
    }

    /// The best time that is known of a line: its own, else that of the line before, else that of the file.
    fn time(&self, own: Option<Timestamp>) -> (Timestamp, TimeSource) {
        if let Some(own) = own {
            return (own, TimeSource::Embedded);
        }
        match self.cursor.time.and_then(Timestamp::from_micros) {
            Some(before) => (before, TimeSource::Parent),
            None => {
                let first = self.cursor.file_time.and_then(Timestamp::from_micros);
                (first.unwrap_or(Timestamp::EPOCH), TimeSource::Mtime)
            }
        }
    }

    fn session(&mut self, scene: &Scene<'_>, made: &mut Made<'_, '_>) {
        // A time that is taken from elsewhere is worth saying once only.
        let time = match scene.time_source {
            TimeSource::Embedded => scene.time.as_micros(),
            _ => i64::MAX,
        };
        if !self.cursor.meet(scene.session, time) {
            return;
        }
        let is_named = self.location.stem() == scene.session;
        let is_own = is_named || self.location.agent().is_none();
        let row = SessionRow {
            session_id: scene.session,
            project_encoded: self.location.project(),
            source_device: &self.cx.device,
            source_file: Some(&*self.location.path).filter(|_| is_own),
            started_at: scene.time,
            time_source: scene.time_source,
        };
        // The row is that of the session's own log, where there is one: it is gone when that one is.
        let rank = u64::from(is_own) + u64::from(is_named);
        let record = Record::new(&SESSIONS, &row)
            .alias("session", scene.session)
            .version(Version::number(rank));
        made.push(record.origin(scene.at.origin()));
    }

    /// The part of the session that a message stands in.
    fn part(&mut self, scene: &Scene<'_>, made: &mut Made<'_, '_>) {
        let agent = scene.agent.unwrap_or_default();
        if !self.cursor.stands_in(scene.session, agent) {
            return;
        }
        let row = PartRow {
            session: scene.session,
            agent,
            started_at: scene.time,
            time_source: scene.time_source,
        };
        made.push(Record::new(&PARTS, &row).origin(scene.at.origin()));
    }

    fn folder(&mut self, scene: &Scene<'_>, entry: &Entry<'_>, made: &mut Made<'_, '_>) {
        let (Some(project), Some(cwd)) = (self.location.project(), entry.cwd.get()) else {
            return;
        };
        let cwd = clean(cwd);
        if !self.cursor.say(&["folder", &cwd]) {
            return;
        }
        let row = FolderRow {
            project_encoded: project,
            path: &cwd,
            source_device: &self.cx.device,
            is_own: encoded(&cwd) == project,
            timestamp: scene.time,
        };
        made.push(Record::new(&FOLDERS, &row).origin(scene.at.origin()));
    }

    /// The agent that a message is of.
    fn agent(&mut self, scene: &Scene<'_>, entry: &Entry<'_>, made: &mut Made<'_, '_>) {
        let Some(agent) = scene.agent.filter(|_| entry.is_sidechain.0) else {
            return;
        };
        if !self.cursor.say(&["agent", scene.session, agent]) {
            return;
        }
        let row = AgentRow {
            session_id: scene.session,
            subagent_id: agent,
            subagent_type: agents::helper(agent),
            source_file: self.location.agent().map(|_| &*self.location.path),
            started_at: scene.time,
            time_source: scene.time_source,
            workflow: self.location.workflow(),
        };
        let record = Record::new(&SUBAGENTS, &row).link(parent(scene.session));
        made.push(record.origin(scene.at.origin()));
    }

    /// Draws the usage of a line together with that of the lines before; returns its key.
    fn usage(
        &mut self,
        scene: &Scene<'_>,
        entry: &Entry<'_>,
        made: &mut Made<'_, '_>,
    ) -> Option<Bytes> {
        let usage = entry.usage()?;
        let at = usage::At {
            session: scene.session,
            agent: scene.agent,
            time: scene.time,
            zone: &self.cx.zone,
            place: (scene.at.start, scene.at.end),
            message_key: scene.message_key,
        };
        let line = Response::of(entry, usage, &at);
        let key = line.key();
        if self
            .cursor
            .response
            .as_mut()
            .is_none_or(|response| !response.grow(&line))
        {
            self.flush(made);
            self.cursor.response = Some(line);
        }
        Some(key)
    }

    /// Pushes the response that is being written, as far as it has come.
    fn flush(&mut self, made: &mut Made<'_, '_>) {
        let Some(response) = &mut self.cursor.response else {
            return;
        };
        let Some(record) = response.record() else {
            return;
        };
        let (name, bucket) = response.bucket(&self.cx.zone);
        if self.buckets.insert(name) {
            made.push(bucket);
        }
        made.push(record);
    }
}

/// The link from an agent to its session.
pub(crate) fn parent(session: &str) -> Link {
    Link::new("parent_session_id", "claude_sessions", "session", session)
}
