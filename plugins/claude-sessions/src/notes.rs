//! What a session says of itself between its messages: titles, tags, where it went on.

use datalake_core::{Record, Timestamp};
use serde::Serialize;

use crate::datasets::NOTES;
use crate::key::{Bytes, clean, digest, of_uuid};
use crate::line::Entry;
use crate::reader::{Reader, Scene};
use crate::source::Made;
use crate::text::cut;

/// A longer value is cut: a title that long is none, and the line has it whole.
const LONGEST: usize = 4 << 10;

/// Something that a session says of itself.
pub(crate) struct Note<'a> {
    pub(crate) session: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) value: &'a str,
    pub(crate) leaf: Option<Bytes>,
    pub(crate) details: Option<&'a str>,
    pub(crate) time: Timestamp,
    /// The time and place, so that the last one is the greatest.
    pub(crate) last_at: String,
}

#[derive(Serialize)]
struct Row<'a> {
    note_key: Bytes,
    session_id: &'a str,
    kind: &'a str,
    value: &'a str,
    leaf: Option<&'a Bytes>,
    details: Option<&'a str>,
    timestamp: Timestamp,
    last_at: &'a str,
}

impl Note<'_> {
    pub(crate) fn record(&self) -> Record {
        let value = clean(cut(self.value, LONGEST));
        let leaf = self.leaf.as_ref().map_or(&[][..], |leaf| &leaf.0);
        let parts = [
            self.session.as_bytes(),
            self.kind.as_bytes(),
            value.as_bytes(),
            leaf,
        ];
        let row = Row {
            note_key: Bytes(digest(&parts).to_vec()),
            session_id: self.session,
            kind: self.kind,
            value: &value,
            leaf: self.leaf.as_ref(),
            details: self.details.filter(|details| details.len() <= LONGEST),
            timestamp: self.time,
            last_at: &self.last_at,
        };
        Record::new(&NOTES, &row)
    }
}

/// The notes that a line makes.
pub(crate) fn of(
    reader: &mut Reader<'_>,
    scene: &Scene<'_>,
    is_named: bool,
    entry: &Entry<'_>,
    made: &mut Made<'_, '_>,
) {
    if let Some(origin) = entry.forked_from.session.get() {
        say(reader, scene, ("forked-from", origin), entry, made);
    }
    let Some(kind) = entry.kind.get() else {
        return;
    };
    // Without a session it may be about any; a summary names the message that it is about.
    if !is_named && kind != "summary" {
        return;
    }
    let value = match kind {
        "custom-title" => entry.custom_title.0.as_deref(),
        "ai-title" => entry.ai_title.0.as_deref(),
        "agent-name" => entry.agent_name.0.as_deref(),
        "tag" => entry.tag.0.as_deref(),
        "last-prompt" => entry.last_prompt.0.as_deref(),
        "summary" => entry.summary.0.as_deref(),
        "pr-link" => entry.pr_url.0.as_deref(),
        "continued-in" => entry.continued_in.0.as_deref(),
        "relocated" => entry.relocated.0.as_deref(),
        "teleported-from" => entry.teleported_from.0.as_deref(),
        "cost-state" => entry.model_usage.map(|usage| usage.get()),
        _ => None,
    };
    if let Some(value) = value {
        say(reader, scene, (kind, value), entry, made);
    }
}

fn say(
    reader: &mut Reader<'_>,
    scene: &Scene<'_>,
    (kind, value): (&str, &str),
    entry: &Entry<'_>,
    made: &mut Made<'_, '_>,
) {
    let leaf = entry.leaf.get().filter(|_| kind == "summary");
    let leaf = leaf.map(|leaf| of_uuid(&clean(leaf)));
    let hash = digest(&[value.as_bytes(), leaf.as_ref().map_or(&[], |leaf| &leaf.0)]);
    let hash = hash
        .iter()
        .take(8)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    if !reader.cursor.note(&[kind, scene.session], hash) {
        return;
    }
    // The greatest time so far: of two notes of a log the one that stands later was said later, whatever the clock did.
    let last = reader.cursor.latest.and_then(Timestamp::from_micros);
    let last = last.map(|time| time.to_string()).unwrap_or_default();
    let note = Note {
        session: scene.session,
        kind,
        value,
        leaf,
        details: None,
        time: scene.time,
        last_at: format!("{last} {}:{:012}", reader.location.path, scene.at.start),
    };
    made.push(note.record().origin(scene.at.origin()));
}
