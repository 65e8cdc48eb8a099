//! What all executions share: the store, the readers' places, the wish to stop; and one execution of a source
//! from its lock to its row in `runs`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datalake_core::{
    BATCH_BYTES, Context, Error, KnownUnit, LIGHT_BYTES, LINE_LIMIT, Progress, Pulse,
    QUEUED_BATCHES, RAW_BATCH, Reading, Receipt, Result, Sink, UnitId, Zone,
};
use datalake_store::{Holder, LockState, RunEnd, RunStart, SourceLock, Store};
use tokio::sync::Semaphore;

use super::execution::Execution;
use super::report::{Outcome, SourceReport};
use super::settle::Settling;
use super::stop::Stop;
use super::timer::Timer;
use super::trigger::Trigger;
use crate::config::ConfiguredSource;

/// How often a lock that somebody else holds is asked for again.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// What a run is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Whether to read everything again.
    pub full: bool,
    /// What started it.
    pub trigger: Trigger,
}

/// How much the engine may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many units are read at once.
    pub readers: usize,
    /// After how long without a sign of life a reader is given up.
    pub stall: Duration,
}

/// The largest batch: it is sent off once it passes twice its size, with the one record that made it do so and the raw
/// bytes that belong to it.
const BATCH: usize = 2 * BATCH_BYTES + LINE_LIMIT + RAW_BATCH;
/// What a reader holds at most: the longest line in a buffer that has doubled its size to hold it, the record that
/// is made of it, raw bytes on their way into a batch, a batch that is filled, one that waits and one that is written.
/// Few inputs have such lines: a reader of short ones holds a twentieth of this.
const READER: u64 = (3 * LINE_LIMIT + RAW_BATCH + (2 + QUEUED_BATCHES) * BATCH) as u64;
/// How many units may wait to be written together, each with a light batch.
const WAITING: usize = 32;
/// What is remembered of a unit: its name, its checkpoint, what its file looked like.
const UNIT: u64 = 2 << 10;
/// The program itself: code, threads, the schema, the log of the database that SQLite maps.
const PROGRAM: u64 = 48 << 20;

impl Limits {
    /// How many units may wait to be written while others are read. One reader reads one after the other.
    fn waiting(&self) -> usize {
        if self.readers > 1 { WAITING } else { 0 }
    }

    /// The most memory that the program takes, in bytes, with `cache` bytes for the database's pages and sources
    /// that have so many `units`. While readers hang, others in their place take as much again as readers do.
    pub fn memory(&self, cache: u64, units: u64) -> u64 {
        let waiting = (self.waiting() * LIGHT_BYTES) as u64;
        PROGRAM + cache + self.readers as u64 * READER + waiting + units * UNIT
    }
}

/// Who is told what happens while it happens.
pub trait Observer: Send + Sync {
    /// The source waits for somebody who holds its lock.
    fn waiting(&self, source: &str, holder: &str);
    /// The source begins; `progress` counts as it goes.
    fn started(&self, source: &str, trigger: Trigger, progress: Arc<Progress>);
    /// A watch could not read something; it goes on with the rest.
    fn failed(&self, source: &str, error: &Error);
    /// A watch has brought something.
    fn brought(&self, source: &str, receipt: Receipt);
    /// The source has ended.
    fn ended(&self, report: &SourceReport);
}

/// Runs sources against a store.
pub struct Engine {
    pub(super) store: Arc<Store>,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) limits: Limits,
    pub(super) stop: Stop,
    /// One place a unit that is read: parsing is blocking work and gets no more threads than there are cores.
    pub(super) readers: Arc<Semaphore>,
    /// Places for units that were read and wait to be written, beside those of readers.
    pub(super) waiting: Arc<Semaphore>,
    /// Places lent for readers that hang.
    pub(super) lent: AtomicU64,
    attempts: AtomicU64,
    /// The readers that were given up, by source: a thread cannot be killed, and one that wakes up finds its
    /// batches refused.
    hanging: Mutex<HashMap<Arc<str>, Pulse>>,
}

impl Engine {
    /// An engine that writes into `store`.
    pub fn new(store: Arc<Store>, timer: Arc<dyn Timer>, limits: Limits, stop: Stop) -> Self {
        Self {
            store,
            timer,
            readers: Arc::new(Semaphore::new(limits.readers)),
            waiting: Arc::new(Semaphore::new(limits.waiting())),
            limits,
            stop,
            lent: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            hanging: Mutex::default(),
        }
    }

    /// The zone of the lake.
    pub fn zone(&self) -> Zone {
        self.store.facts().zone.clone()
    }

    /// Runs a source once.
    pub async fn run(
        &self,
        source: &ConfiguredSource,
        options: RunOptions,
        observer: &dyn Observer,
    ) -> SourceReport {
        let begun = self.timer.uptime();
        let mut report = SourceReport::new(&source.name, source.entry.name);
        report.missing = missing(source);
        if is_absent(source, &report.missing) {
            report.outcome = Outcome::Absent;
        } else {
            if let Err(error) = self.locked(source, options, observer, &mut report).await {
                report.fail(error);
            }
            report.conclude();
        }
        report.elapsed = self.timer.uptime().saturating_sub(begun);
        observer.ended(&report);
        report
    }

    async fn locked(
        &self,
        source: &ConfiguredSource,
        options: RunOptions,
        observer: &dyn Observer,
        report: &mut SourceReport,
    ) -> Result<()> {
        let Some(_lock) = self.lock(source, options.trigger, observer).await? else {
            report.overlapped = true;
            self.store.count_overlap(source.name.clone()).await?;
            return Ok(());
        };
        let run = self.begin(source, options.trigger).await?;
        let mut execution = self.execution(source, run, options.full).await?;
        observer.started(&source.name, options.trigger, execution.progress().clone());
        let done = read_once(&mut execution, source.settings.settle).await;
        let whole = execution.progress().take_whole();
        execution.account_into(report);
        if let Err(error) = done {
            report.fail(error);
        }
        if options.full
            && let Err(error) = self.resolve_unmet(&source.name, run, &whole).await
        {
            report.fail(error);
        }
        report.conclude();
        self.end(run, report).await
    }

    /// Begins a run of the source.
    pub(super) async fn begin(&self, source: &ConfiguredSource, trigger: Trigger) -> Result<i64> {
        self.refuse_hanging(&source.name)?;
        let start = RunStart {
            source: source.name.clone(),
            plugin: source.entry.name.to_owned(),
            device: self.device(source),
            trigger: trigger.name(),
            watch: trigger == Trigger::Watch,
        };
        self.store.begin_run(start).await
    }

    /// Ends a run and says so in the log.
    pub(super) async fn end(&self, run: i64, report: &mut SourceReport) -> Result<()> {
        let outcome = report.outcome.name();
        let end = RunEnd {
            outcome,
            units: report.units,
            skipped: report.skipped,
            error: report.error.as_ref().map(ToString::to_string),
        };
        let id = self.store.end_run(run, end).await?;
        let Receipt {
            inserted,
            changed,
            rejected,
            ..
        } = report.receipt;
        tracing::info!(source = %report.name, run = id, inserted, changed, rejected, "run ended: {outcome}");
        report.run = Some(id);
        Ok(())
    }

    /// An execution of the source as part of `run`, with all its checkpoints.
    pub(super) async fn execution(
        &self,
        source: &ConfiguredSource,
        run: i64,
        full: bool,
    ) -> Result<Execution<'_>> {
        let known = self.store.known(&source.name).await?;
        Ok(self.execution_knowing(source, run, full, known))
    }

    /// An execution of the source that knows of these units only.
    pub(super) fn execution_knowing(
        &self,
        source: &ConfiguredSource,
        run: i64,
        full: bool,
        known: Vec<KnownUnit>,
    ) -> Execution<'_> {
        Execution::new(self, self.reading(source, run, full, known))
    }

    /// How the source is read as part of `run`, knowing of these units.
    pub(super) fn reading(
        &self,
        source: &ConfiguredSource,
        run: i64,
        full: bool,
        known: Vec<KnownUnit>,
    ) -> Reading {
        let known: HashMap<UnitId, KnownUnit> = known
            .into_iter()
            .map(|unit| (unit.id.clone(), unit))
            .collect();
        let context = Context {
            known: Arc::new(known),
            full,
            cancel: self.stop.cancel().clone(),
            ..Context::new(
                source.name.clone(),
                self.device(source),
                self.store.facts().zone.clone(),
                self.timer.clock(),
                source.entry.cursor_version,
            )
        };
        let tags = source.settings.tags.iter();
        Reading {
            tags: tags.map(|tag| tag.as_str().into()).collect(),
            configuration: source.keys.clone(),
            ..Reading::new(source.source.clone(), context, self.store.clone(), run)
        }
    }

    fn device(&self, source: &ConfiguredSource) -> Arc<str> {
        let own = source.settings.device.as_deref();
        own.map_or_else(|| self.store.facts().device.clone(), Arc::from)
    }

    /// Takes the source's lock, waiting for whoever has it. A due run gives way to another one: nothing is
    /// returned then.
    pub(super) async fn lock(
        &self,
        source: &ConfiguredSource,
        trigger: Trigger,
        observer: &dyn Observer,
    ) -> Result<Option<SourceLock>> {
        let mut told = trigger == Trigger::Watch;
        loop {
            match self
                .store
                .lock_source(&source.name, &self.holder(trigger))?
            {
                LockState::Taken(lock) => return Ok(Some(lock)),
                LockState::Held(other) => {
                    let others = other.as_ref().map_or("", |holder| holder.trigger.as_str());
                    if trigger.gives_way_to(others) {
                        return Ok(None);
                    }
                    if !told {
                        let holder = other.map(|holder| holder.to_string());
                        observer.waiting(&source.name, &holder.unwrap_or_default());
                        told = true;
                    }
                }
            }
            self.pause(LOCK_POLL).await?;
        }
    }

    pub(super) fn holder(&self, trigger: Trigger) -> Holder {
        Holder::this_process(trigger.name(), self.timer.now())
    }

    /// Waits, unless somebody asks to stop.
    pub(super) async fn pause(&self, duration: Duration) -> Result<()> {
        tokio::select! {
            () = self.timer.sleep(duration) => Ok(()),
            () = self.stop.wanted() => Err(Error::cancelled()),
        }
    }

    /// A number for an attempt to read a unit.
    pub(super) fn attempt(&self) -> u64 {
        self.attempts.fetch_add(1, Ordering::Relaxed)
    }

    /// Refuses whatever still comes of an attempt.
    pub(super) async fn abandon(&self, attempt: u64) {
        if let Err(error) = self.store.abandon(attempt).await {
            // A writer that has stopped writes nothing of it either.
            tracing::debug!(%error, "an attempt was not refused");
        }
    }

    /// Notes that a reader of this source was given up.
    pub(super) fn gave_up(&self, source: &Arc<str>, pulse: Pulse) {
        self.hanging().insert(source.clone(), pulse);
    }

    /// A source whose last reader still hangs gets no second one: each would keep a thread for ever.
    fn refuse_hanging(&self, source: &Arc<str>) -> Result<()> {
        let mut hanging = self.hanging();
        match hanging.get(source) {
            Some(pulse) if pulse.is_shared() => Err(Error::temporary(
                "an earlier reader of this source still hangs",
            )
            .at(format!("source `{source}`"))
            .hint("restart datalake once what it reads answers again")),
            _ => {
                hanging.remove(source);
                Ok(())
            }
        }
    }

    fn hanging(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Pulse>> {
        self.hanging.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads everything that is new, files that are still being written last.
async fn read_once(execution: &mut Execution<'_>, settle: Duration) -> Result<()> {
    let units = execution.scan().await?;
    let mut settling = Settling::default();
    let now = execution.now();
    let mut wait = Duration::ZERO;
    let (ready, mut young): (Vec<_>, Vec<_>) = units
        .into_iter()
        .filter(|unit| !unit.current)
        .partition(|unit| match settling.wait(unit, settle, now) {
            None => true,
            Some(left) => {
                wait = wait.max(left);
                false
            }
        });
    let begun = execution.uptime();
    execution.read(ready).await?;
    if !young.is_empty() {
        let waited = execution.uptime().saturating_sub(begun);
        execution.pause(wait.saturating_sub(waited)).await?;
        // Whoever asked for this run does not wait longer: what still changes is taken as it is.
        young.retain_mut(Execution::look_again);
        execution.read(young).await?;
    }
    execution.relate().await
}

/// The places of a source that do not exist.
pub(super) fn missing(source: &ConfiguredSource) -> Vec<PathBuf> {
    let roots = source.source.roots().into_iter();
    roots.filter(|root| !root.exists()).collect()
}

/// Whether none of its places exists.
pub(super) fn is_absent(source: &ConfiguredSource, missing: &[PathBuf]) -> bool {
    let roots = source.source.roots();
    !roots.is_empty() && missing.len() == roots.len()
}
