//! What the reader of a log remembers from one reading to the next: all that a line means beyond itself. Records follow
//! from the lines and from this alone, so that it makes no difference where readings and batches end.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::key::digest;
use crate::usage::Response;

/// Not more is remembered of any sort: a file that goes beyond says some things twice, which changes nothing.
const REMEMBERED: usize = 256;

/// What is remembered of a log.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// The last time that a line had, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<i64>,
    /// The greatest time that any line had, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latest: Option<i64>,
    /// When the file had been changed when it was read first, in microseconds: for lines without a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_time: Option<i64>,
    /// Hashes of the sessions that were met, with the least time pushed for each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sessions: BTreeMap<u64, i64>,
    /// A hash of the part of a session that the last message stood in, and of those that were pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u64>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    parts: BTreeSet<u64>,
    /// Hashes of agents and folders that were pushed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    said: BTreeSet<u64>,
    /// A hash of what was said last of each kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    notes: BTreeMap<u64, u64>,
    /// The response that is being written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<Response>,
}

impl Cursor {
    /// Notes that something is said; whether it is new.
    pub(crate) fn say(&mut self, what: &[&str]) -> bool {
        if self.said.len() >= REMEMBERED {
            self.said.clear();
        }
        self.said.insert(short(what))
    }

    /// Notes that a message stands in a part of a session; whether that has not been pushed.
    pub(crate) fn stands_in(&mut self, session: &str, agent: &str) -> bool {
        let part = short(&[session, agent]);
        if self.part.replace(part) == Some(part) {
            return false;
        }
        if self.parts.len() >= REMEMBERED {
            self.parts.clear();
        }
        self.parts.insert(part)
    }

    /// Notes what is said of a kind; whether that is other than what was said last.
    pub(crate) fn note(&mut self, kind: &[&str], hash: u64) -> bool {
        if self.notes.len() >= REMEMBERED {
            self.notes.clear();
        }
        self.notes.insert(short(kind), hash) != Some(hash)
    }

    /// Notes that a session is met at `time`; whether that is earlier than any before.
    pub(crate) fn meet(&mut self, session: &str, time: i64) -> bool {
        let session = short(&[session]);
        if let Some(least) = self.sessions.get_mut(&session) {
            let earlier = time < *least;
            *least = time.min(*least);
            return earlier;
        }
        if self.sessions.len() >= REMEMBERED {
            self.sessions.clear();
        }
        self.sessions.insert(session, time);
        true
    }
}

/// A few bytes that stand for what was said.
pub(crate) fn short(what: &[&str]) -> u64 {
    let parts: Vec<&[u8]> = what.iter().map(|part| part.as_bytes()).collect();
    let hash = digest(&parts);
    hash.iter()
        .take(8)
        .fold(0, |short, byte| short << 8 | u64::from(*byte))
}
