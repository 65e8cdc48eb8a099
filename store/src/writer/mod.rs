//! The writer: one thread with the only connection that writes. Batches come through a bounded channel; those that
//! wait together are one transaction, and the answers go out after the commit.

mod batch;
mod checkpoints;
mod delete;
mod derive;
pub(crate) mod edit;
mod files;
pub(crate) mod forget;
mod group;
mod links;
mod merge;
mod raw;
mod rejects;
mod rows;
mod runs;
mod series;
mod settle;
mod shares;
mod tables;
mod tags;
pub(crate) mod transaction;
mod update;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread::JoinHandle;

use datalake_core::{
    BATCH_BYTES, Batch, Checkpoint, Error, ErrorKind, KnownUnit, Receipt, Result, SharedClock,
    Ticket, UnitId, Zone,
};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::catalog::Catalog;
use crate::database::Settings;
use crate::error::explain;
use crate::tree::Tree;
use runs::RunState;
use transaction::{Mode, Transaction};

/// Jobs that wait for the writer; senders wait beyond it. What batches take is bounded by their readers, each of whom
/// has one here at most.
const WAITING_JOBS: usize = 64;
/// Batches are written in one transaction as long as they take no more than this together, in bytes.
const GROUP_BYTES: usize = BATCH_BYTES;
/// At most this many texts of series are remembered with their numbers.
const TEXTS_REMEMBERED: usize = 100_000;

/// What the writer's thread is given.
enum Job {
    /// A batch, and who waits for its answer.
    Write(Box<Batch>, Answer),
    /// Anything else.
    Call(Box<dyn FnOnce(&mut Writer) + Send>),
}

type Answer = oneshot::Sender<Result<Receipt>>;

/// A handle to the writer's thread.
#[derive(Debug)]
pub(crate) struct WriterHandle {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl WriterHandle {
    /// Starts the thread.
    pub(crate) fn start(mut writer: Writer) -> Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(WAITING_JOBS);
        let thread = std::thread::Builder::new()
            .name(String::from("writer"))
            .spawn(move || writer.serve(&mut queue))
            .map_err(|error| Error::io("starting the writer", error))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Runs `job` on the writer's thread and waits for its answer.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, wait) = oneshot::channel();
        let job = Job::Call(Box::new(move |writer| {
            // Nobody waits any more when the caller has gone; the work is done all the same.
            let _ = answer.send(job(writer));
        }));
        self.send(job).await?;
        wait.await.map_err(|_| stopped())?
    }

    /// Has a batch written, and waits for its commit.
    pub(crate) async fn write(&self, batch: Batch) -> Result<Receipt> {
        let (answer, wait) = oneshot::channel();
        self.send(Job::Write(Box::new(batch), answer)).await?;
        wait.await.map_err(|_| stopped())?
    }

    async fn send(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).await.map_err(|_| stopped())
    }
}

fn stopped() -> Error {
    Error::bug("the writer's thread has stopped")
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the writer remembers between transactions. Forgotten when one fails: it may name rows that are not
/// there.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    /// Numbers of texts.
    texts: HashMap<Arc<str>, i64>,
    /// Numbers of origins.
    origins: HashMap<(Arc<str>, UnitId, u32), i64>,
    /// Which datasets each source is known to bring.
    brings: HashSet<(Arc<str>, &'static str)>,
}

/// The state of the writer's thread.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) settings: Settings,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) clock: SharedClock,
    pub(crate) zone: Zone,
    pub(crate) caches: Caches,
    pub(crate) runs: HashMap<i64, RunState>,
    pub(crate) next_run: i64,
    pub(crate) mode: Mode,
    attempts: HashMap<u64, Attempt>,
}

/// What is expected of an attempt at a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// The batch of this number.
    Next(u64),
    /// Nothing: one of its batches failed.
    Failed,
    /// Nothing: it was given up.
    Abandoned,
}

impl Writer {
    /// A writer over an open connection.
    pub(crate) fn new(
        connection: Connection,
        settings: Settings,
        catalog: Arc<Catalog>,
        tree: Arc<Tree>,
        clock: SharedClock,
        zone: Zone,
    ) -> Self {
        Self {
            connection,
            settings,
            catalog,
            tree,
            clock,
            zone,
            caches: Caches::default(),
            runs: HashMap::new(),
            next_run: 0,
            mode: Mode::Real,
            attempts: HashMap::new(),
        }
    }

    /// Works until nobody has a job any more. Batches that have come while another was written are one group.
    fn serve(&mut self, queue: &mut mpsc::Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| queue.blocking_recv()) {
            match job {
                Job::Call(work) => work(self),
                Job::Write(batch, answer) => {
                    let (mut batches, mut waiting) = (vec![*batch], vec![answer]);
                    next = gather(queue, &mut batches, &mut waiting);
                    for (answer, written) in waiting.into_iter().zip(self.write(&batches)) {
                        let _ = answer.send(written);
                    }
                }
            }
        }
    }

    /// Writes batches of different attempts, each all or nothing. The answers are in their order.
    pub(crate) fn write(&mut self, batches: &[Batch]) -> Vec<Result<Receipt>> {
        let mut answers: Vec<_> = batches
            .iter()
            .map(|batch| self.admit(&batch.ticket).map(|()| Receipt::default()))
            .collect();
        let is_admitted = |(_, answer): &(usize, &Result<Receipt>)| answer.is_ok();
        let admitted = answers.iter().enumerate().filter(is_admitted);
        let admitted: Vec<usize> = admitted.map(|(place, _)| place).collect();
        let (blank, filled): (Vec<usize>, Vec<usize>) = admitted
            .iter()
            .partition(|place| batches[**place].is_blank());
        if !filled.is_empty() {
            let group: Vec<&Batch> = filled.iter().map(|place| &batches[*place]).collect();
            for (place, answer) in filled.into_iter().zip(group::write(self, &group)) {
                answers[place] = answer;
            }
        }
        if !blank.is_empty()
            && let Err(error) = drain_dirty(self)
        {
            blank
                .iter()
                .for_each(|place| answers[*place] = Err(error.in_words()));
        }
        for place in admitted {
            self.note_answer(&batches[place], answers[place].is_ok());
        }
        for (batch, answer) in batches.iter().zip(&answers) {
            if answer.is_err() {
                self.tree.discard(batch);
            }
        }
        answers
    }

    /// What is expected of the attempt after one of its batches.
    fn note_answer(&mut self, batch: &Batch, written: bool) {
        let attempt = batch.ticket.attempt;
        if written && batch.last {
            self.attempts.remove(&attempt);
        } else {
            let next = Attempt::Next(batch.ticket.number + 1);
            let expected = if written { next } else { Attempt::Failed };
            self.attempts.insert(attempt, expected);
        }
    }

    /// Refuses a batch that does not follow the last one of its attempt: its checkpoint would cover what was
    /// never written.
    fn admit(&self, ticket: &Ticket) -> Result<()> {
        let state = self.attempts.get(&ticket.attempt);
        let message = match state.copied().unwrap_or(Attempt::Next(0)) {
            Attempt::Next(number) if number == ticket.number => return Ok(()),
            Attempt::Abandoned => {
                "this attempt was given up; the unit is read again from its checkpoint"
            }
            Attempt::Next(_) | Attempt::Failed => {
                "an earlier batch of this attempt failed; the unit is read again from its checkpoint"
            }
        };
        Err(Error::new(ErrorKind::Temporary, message)
            .at(format!("{} {}", ticket.source, ticket.unit)))
    }

    /// Refuses whatever still comes of an attempt.
    pub(crate) fn abandon(&mut self, attempt: u64) {
        self.attempts.insert(attempt, Attempt::Abandoned);
    }

    /// Puts the database into the words of an error.
    pub(crate) fn explain(&self, error: rusqlite::Error) -> Error {
        explain(&self.settings.database, error)
    }

    /// Runs `work` in a transaction that holds the write lock from its start.
    pub(crate) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let database = self.settings.database.clone();
        let done = Transaction::begin(&mut self.connection, self.mode).and_then(|transaction| {
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        done.map_err(|failure| failure.explain(&database))
    }
}

/// Adds the batches that wait to a group. Returns the job that ends it, if one does.
fn gather(
    queue: &mut mpsc::Receiver<Job>,
    batches: &mut Vec<Batch>,
    waiting: &mut Vec<Answer>,
) -> Option<Job> {
    let mut bytes = batches.iter().map(Batch::size).sum::<usize>();
    while let Ok(job) = queue.try_recv() {
        let Job::Write(batch, answer) = job else {
            return Some(job);
        };
        bytes += batch.size();
        let is_next = |other: &Batch| other.ticket.attempt == batch.ticket.attempt;
        if bytes > GROUP_BYTES || batches.iter().any(is_next) {
            return Some(Job::Write(batch, answer));
        }
        batches.push(*batch);
        waiting.push(answer);
    }
    None
}

/// Why a transaction did not commit.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// A record cannot be stored, for this reason; it alone suffers from it.
    Record(String),
    /// Something else.
    Other(Error),
}

impl Failure {
    pub(crate) fn explain(self, database: &std::path::Path) -> Error {
        match self {
            Self::Sqlite(error) => explain(database, error),
            Self::Record(why) => Error::bug(why),
            Self::Other(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

pub(crate) use batch::next_number;
pub(crate) use checkpoints::one as checkpoint_row;
pub(crate) use rejects::CANNOT_STORE;
pub(crate) use rows::sql as bindable;
pub use runs::{RunEnd, RunStart};

/// How far a unit has been read.
pub(crate) fn checkpoint_of(
    writer: &mut Writer,
    source: &str,
    unit: &UnitId,
) -> Result<Option<Checkpoint>> {
    let known = checkpoints::one(&writer.connection, source, unit.as_str())
        .map_err(|error| writer.explain(error))?;
    Ok(known.and_then(|unit| unit.checkpoint))
}

/// All units a source ever had.
pub(crate) fn known_units(writer: &mut Writer, source: &str) -> Result<Vec<KnownUnit>> {
    checkpoints::all(&writer.connection, source).map_err(|error| writer.explain(error))
}

/// Has units read again from their start. Returns how many.
pub(crate) fn reset_cursors(
    writer: &mut Writer,
    source: &str,
    unit: Option<&UnitId>,
) -> Result<usize> {
    let known = known_units(writer, source)?;
    let wanted = |known: &KnownUnit| match unit {
        Some(unit) => *unit == known.id,
        None => !known.missing,
    };
    if !known
        .iter()
        .any(|known| known.checkpoint.is_some() && wanted(known))
    {
        return Ok(0);
    }
    writer.transact(|db| Ok(checkpoints::reset(db, source, unit)?))
}

/// Marks the units that are gone, and those that are back; writes nothing when none is.
pub(crate) fn mark_units(writer: &mut Writer, source: &str, present: &[UnitId]) -> Result<usize> {
    let known = known_units(writer, source)?;
    let present: HashSet<&UnitId> = present.iter().collect();
    let changed: Vec<_> = known
        .iter()
        .filter(|unit| unit.missing == present.contains(&unit.id))
        .collect();
    if changed.is_empty() {
        return Ok(0);
    }
    writer.transact(|db| {
        for unit in &changed {
            checkpoints::mark(db, source, &unit.id, !unit.missing)?;
        }
        files::look_at_places(db, source)?;
        Ok(changed.len())
    })
}

/// Works off the marks that a killed process left.
pub(crate) fn drain_dirty(writer: &mut Writer) -> Result<()> {
    let any = writer
        .connection
        .prepare_cached("SELECT 1 FROM dirty LIMIT 1")
        .and_then(|mut s| s.exists([]));
    if any.map_err(|error| writer.explain(error))? {
        let catalog = writer.catalog.clone();
        writer.transact(|db| derive::drain(db, &catalog))?;
    }
    Ok(())
}
