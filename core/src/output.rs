//! What a source pushes into: collects records into batches and hands them to the sink through a bounded
//! channel, so that parsing and writing overlap and a slow sink slows the parser instead of filling memory.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::batch::{Batch, Rejected, Ticket};
use crate::blob::{Blob, FileRef};
use crate::checkpoint::{Checkpoint, SourceName, UnitId, UnitState};
use crate::error::{Error, Result};
use crate::pump::Pump;
use crate::raw::RawBlock;
use crate::record::{Origin, Record, Scope, Version};
use crate::reject::{Reject, Sample, Skip};
use crate::sink::{Receipt, Sink};
use crate::staging::{Aside, stage};

/// What was pushed without a commit is written once it passes this many bytes.
pub const BATCH_BYTES: usize = 4 << 20;
/// Line sources commit after this many records.
pub const BATCH_RECORDS: usize = 10_000;
/// Batches that wait between a reader and the sink. With the one being filled and the one being written, a
/// reader holds at most three: `3 * BATCH_BYTES`, and one record or what one line makes, at most as much again.
pub const QUEUED_BATCHES: usize = 1;

/// A batch of no more than this, in bytes, is light: it waits for the sink without its reader.
pub const LIGHT_BYTES: usize = 256 << 10;

/// What a run has done so far, for progress bars and `status`; shared by all units of a run.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes there are to read.
    pub total: AtomicU64,
    /// Bytes read.
    pub read: AtomicU64,
    /// Records pushed.
    pub records: AtomicU64,
    /// Inputs rejected.
    pub rejected: AtomicU64,
    /// The units that were read from their start to their end.
    whole: Mutex<Vec<UnitId>>,
}

impl Progress {
    /// Notes that a unit was read from its start to its end, without an error.
    pub(crate) fn note_whole(&self, unit: UnitId) {
        self.whole().push(unit);
    }

    /// Takes out the units that were read from their start to their end, without an error, as far as the run was
    /// to read everything again.
    pub fn take_whole(&self) -> Vec<UnitId> {
        std::mem::take(&mut *self.whole())
    }

    fn whole(&self) -> MutexGuard<'_, Vec<UnitId>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who an output writes for.
#[derive(Debug, Clone)]
pub struct Job {
    /// The source.
    pub source: SourceName,
    /// The run, as numbered by the store.
    pub run: i64,
    /// The unit.
    pub unit: UnitId,
    /// The attempt, unique within the process.
    pub attempt: u64,
    /// The version of the source's cursors.
    pub cursor_version: u32,
    /// Tags that the configuration adds to every record.
    pub tags: Arc<[Box<str>]>,
    /// After how many bytes an open batch is written.
    pub batch_bytes: usize,
    /// The run's counters.
    pub progress: Arc<Progress>,
}

/// What became of everything an output was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The sum of all receipts.
    pub receipt: Receipt,
    /// Bytes of input read.
    pub read: u64,
    /// Why the unit was left out, if it was.
    pub skipped: Option<Skip>,
    /// Bytes at the end of the unit that wait for the rest of their line.
    pub pending: u64,
    /// Whether there is more of the unit than was read: it is damaged, in the making, gone or changed meanwhile.
    pub truncated: bool,
}

/// Collects what one reader pushes for one unit.
///
/// Nothing of it is lost silently: an error of the sink surfaces at the next call and at [`Output::finish`].
pub struct Output {
    job: Job,
    batch: Batch,
    /// The first batch, if it is light. It goes off before the next one, or at the end, and says then that it is the
    /// last: most files make just one batch.
    held: Option<Batch>,
    /// How many batches were sealed.
    sealed: u64,
    skipped: Option<Skip>,
    truncated: bool,
    unfinished: u64,
    sink: Arc<dyn Sink>,
    pump: Pump,
}

impl Output {
    /// An output for `job` into `sink`. Must be called inside a tokio runtime.
    pub fn new(job: Job, state: UnitState, sink: Arc<dyn Sink>) -> Self {
        let batch = Batch::new(ticket(&job, 0), state);
        Self {
            job,
            batch,
            held: None,
            sealed: 0,
            skipped: None,
            truncated: false,
            unfinished: 0,
            sink,
            pump: Pump::Idle,
        }
    }

    /// The unit it writes for.
    pub fn unit(&self) -> &UnitId {
        &self.job.unit
    }

    /// Adds a record.
    pub async fn push(&mut self, record: Record) -> Result<()> {
        self.add(record);
        if self.is_full() {
            let batch = self.seal(None);
            self.send(batch).await?;
        }
        Ok(())
    }

    /// Stages a file for a record that will be pushed: hashes it and lays a copy aside.
    pub async fn file(&mut self, blob: Blob) -> Result<FileRef> {
        let sink = self.sink.clone();
        tokio::task::spawn_blocking(move || stage(|| sink.aside(), blob))
            .await
            .map_err(|error| Error::bug("staging a file panicked").caused_by(error))?
    }

    /// Notes an input that became no record. The run goes on.
    pub fn reject(&mut self, origin: Origin, why: Reject, sample: Sample) {
        self.job.progress.rejected.fetch_add(1, Ordering::Relaxed);
        self.batch.reject(Rejected {
            origin,
            why,
            sample,
        });
    }

    /// Leaves the unit out: it is something else than what this source reads.
    pub fn skip(&mut self, why: Skip) {
        self.skipped = Some(why);
    }

    /// Says that the unit could not be read to its end: no scope of this attempt is complete.
    pub fn truncated(&mut self) {
        self.truncated = true;
    }

    /// Says that so many bytes at the end of the unit wait for the rest of their line.
    pub fn unfinished(&mut self, bytes: u64) {
        self.unfinished = bytes;
    }

    /// Says that everything of `scope` at `version` has been pushed. Not believed where an input of the unit
    /// was rejected or cut short.
    pub fn complete(&mut self, scope: Scope, version: Version) {
        self.batch.complete.push((scope, version));
    }

    /// Takes out the rows of `scope` that were last seen before `version`.
    pub fn replace(&mut self, scope: Scope, version: Version) {
        self.batch.replaced.push((scope, version));
    }

    /// Keeps raw bytes of the unit; `end` is the length of all of it, where that is reached.
    pub(crate) fn keep(&mut self, blocks: Vec<RawBlock>, end: Option<u64>) {
        self.batch.keep(blocks);
        self.batch.raw_end = end;
    }

    /// Hands out the raw bytes that are kept of a content of the unit. Called by workers; blocks.
    pub(crate) fn raw(
        &self,
        generation: u32,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        self.sink
            .raw(&self.job.source, &self.job.unit, generation, take)
    }

    /// Counts input bytes as read.
    pub fn count(&mut self, bytes: u64) {
        self.batch.read += bytes;
        self.job.progress.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Replaces what is known of the unit, for this batch and those to come.
    pub fn state(&mut self, state: UnitState) {
        self.batch.state = state;
    }

    /// Everything pushed so far is covered by `cursor`. Returns when the queue has room; the sink answers
    /// later, and a failure shows at the next call.
    pub async fn commit(&mut self, cursor: impl Serialize) -> Result<()> {
        let batch = self.seal_with(&cursor)?;
        self.send(batch).await
    }

    /// Writes what is left, without moving the checkpoint, and waits for the sink.
    pub async fn finish(mut self) -> Result<Outcome> {
        if self.has_content() {
            let batch = self.seal(None);
            self.send(batch).await?;
        }
        if let Some(last) = self.take_last() {
            self.pump.send(&self.sink, last).await?;
        }
        let (receipt, read) = self.pump.finish().await?;
        Ok(Outcome {
            receipt,
            read,
            skipped: self.skipped.take(),
            pending: self.unfinished,
            truncated: self.truncated,
        })
    }

    /// The batch that ends the attempt: the one that is held, else an empty one, if there was any.
    fn take_last(&mut self) -> Option<Batch> {
        let held = self.held.take();
        let mut last = held.or_else(|| (self.sealed > 0).then(|| self.seal(None)))?;
        last.last = true;
        last.truncated |= self.truncated;
        last.read += std::mem::take(&mut self.batch.read);
        Some(last)
    }

    /// Runs `work` in a blocking thread that holds this output meanwhile. A panic in it becomes an error,
    /// and what it had pushed until then is not lost.
    pub async fn blocking<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let mut lent = self.lend();
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let done = span.in_scope(|| catch_unwind(AssertUnwindSafe(|| work(&mut lent))));
            (lent, done)
        });
        let stopped = |error| Error::bug("the reading thread was stopped").caused_by(error);
        let (lent, done) = task.await.map_err(stopped)?;
        *self = lent;
        done.unwrap_or_else(|panic| Err(Error::bug(format!("panicked: {}", panic_text(&*panic)))))
    }

    /// Hands the whole output over and leaves one behind that answers every call with an error.
    fn lend(&mut self) -> Self {
        let batch = Batch::new(ticket(&self.job, self.sealed), self.batch.state.clone());
        let left = Self {
            job: self.job.clone(),
            batch,
            held: None,
            sealed: self.sealed,
            skipped: None,
            truncated: self.truncated,
            unfinished: 0,
            sink: self.sink.clone(),
            pump: Pump::Gone,
        };
        std::mem::replace(self, left)
    }

    fn add(&mut self, mut record: Record) {
        if !self.job.tags.is_empty() && record.dataset.tags {
            record
                .extras
                .get_or_insert_default()
                .tags
                .extend(self.job.tags.iter().cloned());
        }
        self.job.progress.records.fetch_add(1, Ordering::Relaxed);
        self.batch.push(record);
    }

    fn is_full(&self) -> bool {
        self.batch.size() >= self.job.batch_bytes
    }

    /// Whether there is more than was read.
    pub(crate) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether anything was given to it.
    pub(crate) fn has_brought(&self) -> bool {
        self.sealed > 0 || self.has_content()
    }

    /// Whether the open batch holds anything to write.
    pub(crate) fn has_content(&self) -> bool {
        !self.batch.is_blank()
    }

    fn seal_with(&mut self, cursor: &impl Serialize) -> Result<Batch> {
        let checkpoint = Checkpoint::new(self.job.cursor_version, cursor)?;
        Ok(self.seal(Some(checkpoint)))
    }

    fn seal(&mut self, checkpoint: Option<Checkpoint>) -> Batch {
        self.sealed += 1;
        let next = Batch::new(ticket(&self.job, self.sealed), self.batch.state.clone());
        let mut batch = std::mem::replace(&mut self.batch, next);
        batch.checkpoint = checkpoint;
        batch.truncated = self.truncated;
        batch
    }

    async fn send(&mut self, batch: Batch) -> Result<()> {
        for batch in self.keep_back(batch) {
            self.pump.send(&self.sink, batch).await?;
        }
        Ok(())
    }

    fn send_blocking(&mut self, batch: Batch) -> Result<()> {
        for batch in self.keep_back(batch) {
            self.pump.send_blocking(&self.sink, batch)?;
        }
        Ok(())
    }

    /// Holds the first batch back if it is light. Returns what is to be sent now, in this order.
    fn keep_back(&mut self, batch: Batch) -> impl Iterator<Item = Batch> + use<> {
        let first = self.held.is_none() && matches!(self.pump, Pump::Idle);
        let before = self.held.take();
        let now = if first && batch.size() <= LIGHT_BYTES {
            self.held = Some(batch);
            None
        } else {
            Some(batch)
        };
        before.into_iter().chain(now)
    }

    /// Whether all that was read is little, and nobody has been given any of it yet.
    pub(crate) fn is_light(&self) -> bool {
        let held = self.held.as_ref().map_or(0, Batch::size);
        matches!(self.pump, Pump::Idle) && held + self.batch.size() <= LIGHT_BYTES
    }
}

fn ticket(job: &Job, number: u64) -> Ticket {
    Ticket {
        source: job.source.clone(),
        run: job.run,
        unit: job.unit.clone(),
        attempt: job.attempt,
        number,
    }
}

/// What a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The blocking twin of [`Output`], for parsers that run outside the async world.
pub struct Emit<'a> {
    output: &'a mut Output,
}

impl<'a> Emit<'a> {
    /// Wraps an output. Its calls must come from a blocking thread of the runtime.
    pub fn new(output: &'a mut Output) -> Self {
        Self { output }
    }

    /// Adds a record.
    pub fn push(&mut self, record: Record) -> Result<()> {
        self.output.add(record);
        if self.output.is_full() {
            let batch = self.output.seal(None);
            self.output.send_blocking(batch)?;
        }
        Ok(())
    }

    /// Adds a record like [`Emit::push`], but leaves a full batch open for the commit that comes at the end
    /// of the line or entry. Only one input that makes several batches by itself is cut before its end.
    pub(crate) fn hold(&mut self, record: Record) -> Result<()> {
        self.output.add(record);
        self.send_when_doubly_full()
    }

    fn send_when_doubly_full(&mut self) -> Result<()> {
        if self.output.batch.size() < 2 * self.output.job.batch_bytes {
            return Ok(());
        }
        let batch = self.output.seal(None);
        self.output.send_blocking(batch)
    }

    /// Sends the open batch without moving the checkpoint, if it is full.
    pub(crate) fn send_if_full(&mut self) -> Result<()> {
        if !self.output.is_full() {
            return Ok(());
        }
        let batch = self.output.seal(None);
        self.output.send_blocking(batch)
    }

    /// Adds records that one input makes: they are in one batch.
    pub(crate) fn hold_all(&mut self, records: impl IntoIterator<Item = Record>) -> Result<()> {
        self.add_all(records);
        self.send_when_doubly_full()
    }

    /// Adds records that a commit follows at once.
    pub(crate) fn add_all(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.output.add(record);
        }
    }

    /// Whether the open batch is large enough to be committed at the next chance.
    pub fn is_due(&self) -> bool {
        let inputs = self.output.batch.len() + self.output.batch.rejects().len();
        inputs >= BATCH_RECORDS || self.output.is_full()
    }

    /// Stages a file for a record that will be pushed.
    pub fn file(&mut self, blob: Blob) -> Result<FileRef> {
        stage(|| self.aside(), blob)
    }

    /// A place for the copy of a file.
    pub(crate) fn aside(&self) -> Result<Aside> {
        self.output.sink.aside()
    }

    /// Everything pushed so far is covered by `cursor`.
    pub fn commit(&mut self, cursor: &impl Serialize) -> Result<()> {
        let batch = self.output.seal_with(cursor)?;
        self.output.send_blocking(batch)
    }

    /// How many records the open batch has.
    pub fn pending(&self) -> usize {
        self.output.batch.len()
    }
}

impl std::ops::Deref for Emit<'_> {
    type Target = Output;
    fn deref(&self) -> &Output {
        self.output
    }
}

impl std::ops::DerefMut for Emit<'_> {
    fn deref_mut(&mut self) -> &mut Output {
        self.output
    }
}
