//! What came of running a source.

use std::path::PathBuf;
use std::time::Duration;

use datalake_core::{Error, ErrorKind, Receipt};
use serde::Serialize;

use super::execution::fail;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything was read.
    Done,
    /// Everything was read, and some of it became no record.
    Rejects,
    /// None of the source's places exists.
    Absent,
    /// It stopped before its end.
    Failed,
    /// Somebody asked it to stop.
    Cancelled,
    /// It was due while another due run was reading.
    Overlapped,
}

impl Outcome {
    /// Its name in the `runs` table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done | Self::Absent => "done",
            Self::Rejects => "rejects",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Overlapped => "overlapped",
        }
    }
}

/// What came of running a source.
#[derive(Debug)]
pub struct SourceReport {
    /// Its name.
    pub name: String,
    /// Its plugin.
    pub plugin: &'static str,
    /// Its number in `runs`; none where there was nothing to run.
    pub run: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Units looked at.
    pub units: u64,
    /// Units left out as they are something else.
    pub skipped: u64,
    /// Records pushed.
    pub records: u64,
    /// What became of them.
    pub receipt: Receipt,
    /// Bytes of input read.
    pub bytes: u64,
    /// Bytes that wait for the end of their line.
    pub pending: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Places that do not exist.
    pub missing: Vec<PathBuf>,
    /// Whether it gave way to another run that was reading.
    pub overlapped: bool,
    /// What went wrong.
    pub error: Option<Error>,
}

impl SourceReport {
    pub(super) fn new(name: &str, plugin: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            plugin,
            run: None,
            outcome: Outcome::Done,
            units: 0,
            skipped: 0,
            records: 0,
            receipt: Receipt::default(),
            bytes: 0,
            pending: 0,
            elapsed: Duration::ZERO,
            missing: Vec::new(),
            overlapped: false,
            error: None,
        }
    }

    /// Keeps the first failure; a wish to stop is no failure, and a real one outweighs it.
    pub(super) fn fail(&mut self, error: Error) {
        fail(&mut self.error, error);
    }

    /// Decides the outcome from what happened.
    pub(super) fn conclude(&mut self) {
        self.outcome = match &self.error {
            Some(error) if error.kind() == ErrorKind::Cancelled => Outcome::Cancelled,
            Some(_) => Outcome::Failed,
            None if self.overlapped => Outcome::Overlapped,
            None if self.receipt.rejected > 0 => Outcome::Rejects,
            None => Outcome::Done,
        };
    }
}
