//! What a parser of one file pushes into: records and rejects, the file itself, and how far it has come.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::value::to_raw_value;

use super::intake::Intake;
use super::session::Session;
use super::tracked::{Place, TrackedFile};
use crate::blob::{Blob, FileMode, FileRef};
use crate::error::{Error, Result};
use crate::output::{Emit, Output};
use crate::record::{Origin, Record, Scope, Version};
use crate::reject::{Reject, Sample, Skip};
use crate::staging::{Copying, Naming};

/// What a [`FileSource`](crate::FileSource) pushes into.
pub struct FileEmit<'a, C> {
    pub(super) session: Session<'a>,
    pub(super) cursor: PhantomData<fn(C)>,
}

impl<C: Serialize> FileEmit<'_, C> {
    /// Adds a record.
    pub fn push(&mut self, record: Record) -> Result<()> {
        self.session.emit().hold(record)
    }

    /// Adds the records that one line or entry makes: they are in one batch.
    pub fn push_all(&mut self, records: impl IntoIterator<Item = Record>) -> Result<()> {
        self.session.emit().hold_all(records)
    }

    /// Stages a file for a record that will be pushed.
    pub fn file(&mut self, blob: Blob) -> Result<FileRef> {
        self.session.emit().file(blob)
    }

    /// Reads a whole file and keeps it in the same pass: whatever a parser reads through the intake is hashed and, with
    /// [`FileMode::Copy`], copied on its way.
    ///
    /// # Errors
    /// There is no place for the copy.
    pub fn intake<'f>(&mut self, file: &'f mut TrackedFile, mode: FileMode) -> Result<Intake<'f>> {
        let kept = mode == FileMode::Copy;
        let aside = kept.then(|| self.session.emit().aside()).transpose()?;
        Ok(Intake::new(file, Copying::new(aside)))
    }

    /// Takes what the parser has not read of the file, and ends the intake. The file belongs to a record that will be
    /// pushed.
    ///
    /// # Errors
    /// The file cannot be read to its end, has been replaced meanwhile, or the copy cannot be written.
    pub fn keep(&mut self, intake: Intake<'_>, naming: Naming) -> Result<FileRef> {
        let kept = intake.finish(naming)?;
        self.session.hashed(*kept.hash());
        Ok(kept)
    }

    /// Notes an input that became no record. The file is read on.
    pub fn reject(&mut self, origin: Origin, why: Reject, sample: Sample) {
        self.session.output.reject(origin, why, sample);
    }

    /// Leaves the file out: it is something else than what this source reads.
    pub fn skip(&mut self, why: Skip) {
        self.session.output.skip(why);
    }

    /// Says that the file could not be read to its end: no scope of it is complete.
    pub fn truncated(&mut self) {
        self.session.output.truncated();
    }

    /// Says that everything of `scope` at `version` has been pushed.
    pub fn complete(&mut self, scope: Scope, version: Version) {
        self.session.output.complete(scope, version);
    }

    /// Takes out the rows of `scope` that were last seen before `version`.
    pub fn replace(&mut self, scope: Scope, version: Version) {
        self.session.output.replace(scope, version);
    }

    /// Whether enough has been pushed to commit it at the next place where that is possible.
    pub fn is_due(&mut self) -> bool {
        self.session.is_due()
    }

    /// Everything pushed so far is covered by `cursor` at `place`. Nothing is written where nothing
    /// is new, so a parser may always end with this. Until then the file counts as not read.
    pub fn commit(&mut self, place: &Place, cursor: &C) -> Result<()> {
        let cursor = to_raw_value(cursor)
            .map_err(|error| Error::bug("the cursor cannot be written as JSON").caused_by(error))?;
        self.session.commit(place, cursor)
    }

    /// Adds the last records that the commit covers, and commits.
    pub fn commit_all(
        &mut self,
        records: impl IntoIterator<Item = Record>,
        place: &Place,
        cursor: &C,
    ) -> Result<()> {
        self.session.emit().add_all(records);
        self.commit(place, cursor)
    }

    /// The plain output, for the line adapter.
    pub(crate) fn output(&mut self) -> &mut Output {
        self.session.output
    }
}

/// What [`FileSource::replay`](crate::FileSource::replay) pushes into. It moves no checkpoint: what it is given stands far
/// behind what was read.
pub struct ReplayEmit<'a> {
    pub(super) output: &'a mut Output,
}

impl ReplayEmit<'_> {
    /// Adds a record.
    pub fn push(&mut self, record: Record) -> Result<()> {
        Emit::new(self.output).push(record)
    }

    /// Stages a file for a record that will be pushed.
    pub fn file(&mut self, blob: Blob) -> Result<FileRef> {
        Emit::new(self.output).file(blob)
    }

    /// Notes that the input still becomes no record.
    pub fn reject(&mut self, origin: Origin, why: Reject, sample: Sample) {
        self.output.reject(origin, why, sample);
    }

    /// The plain output, for the line adapter.
    pub(crate) fn output(&mut self) -> &mut Output {
        self.output
    }
}
