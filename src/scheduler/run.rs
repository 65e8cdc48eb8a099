//! One run of one source, from its lock to its row in `runs`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use datalake_core::{
    BATCH_BYTES, Cancel, Context, Error, ErrorKind, Job, KnownUnit, Origin, Outcome as Output_,
    Output, Progress, Receipt, Result, Sample, SharedClock, Sink, Source, Unit, UnitId,
};
use datalake_store::{LockState, RunEnd, RunStart, SourceLock, Store};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::report::{Outcome, SourceReport};
use crate::config::ConfiguredSource;

/// How often a lock that somebody else holds is asked for again.
const LOCK_POLL: Duration = Duration::from_millis(50);
/// The unit under which `relate` writes.
const RELATE_UNIT: &str = "@relate";

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Whether to read everything again.
    pub full: bool,
    /// What started it.
    pub trigger: &'static str,
}

/// Who is told what happens while it happens.
pub trait Observer: Send + Sync {
    /// The source waits for somebody who holds its lock.
    fn waiting(&self, source: &str, holder: &str);
    /// The source begins; `progress` counts as it goes.
    fn started(&self, source: &str, progress: Arc<Progress>);
    /// The source has ended.
    fn ended(&self, report: &SourceReport);
}

/// Runs sources against a store.
pub struct Engine {
    store: Arc<Store>,
    clock: SharedClock,
    /// One permit a unit that is read: parsing is blocking work and gets no more threads than there are cores.
    readers: Arc<Semaphore>,
    cancel: Cancel,
    attempts: AtomicU64,
}

/// What all units of a run share.
struct Shared {
    source: Arc<dyn Source>,
    context: Context,
    store: Arc<Store>,
    tags: Arc<[Box<str>]>,
    run: i64,
    progress: Arc<Progress>,
}

impl Engine {
    /// An engine that reads at most `threads` units at once.
    pub fn new(store: Arc<Store>, clock: SharedClock, threads: usize, cancel: Cancel) -> Self {
        Self {
            store,
            clock,
            readers: Arc::new(Semaphore::new(threads)),
            cancel,
            attempts: AtomicU64::new(0),
        }
    }

    /// Runs a source once.
    pub async fn run(
        &self,
        source: &ConfiguredSource,
        options: &RunOptions,
        observer: &dyn Observer,
    ) -> SourceReport {
        let begun = Instant::now();
        let mut report = SourceReport::new(&source.name, source.entry.name);
        let roots = source.source.roots();
        report.missing = roots
            .iter()
            .filter(|root| !root.exists())
            .cloned()
            .collect();
        if !roots.is_empty() && report.missing.len() == roots.len() {
            report.outcome = Outcome::Absent;
        } else {
            if let Err(error) = self.locked(source, options, observer, &mut report).await {
                report.fail(error);
            }
            report.conclude();
        }
        report.elapsed = begun.elapsed();
        observer.ended(&report);
        report
    }

    async fn locked(
        &self,
        source: &ConfiguredSource,
        options: &RunOptions,
        observer: &dyn Observer,
        report: &mut SourceReport,
    ) -> Result<()> {
        let _lock = self.lock(&source.name, observer).await?;
        let device: Arc<str> = source
            .settings
            .device
            .as_deref()
            .map_or_else(|| self.store.facts().device.clone(), Arc::from);
        let start = RunStart {
            source: source.name.clone(),
            plugin: source.entry.name.to_owned(),
            device: device.clone(),
            trigger: options.trigger,
        };
        let run = self.store.begin_run(start).await?;
        let shared = self.shared(source, options, device, run).await?;
        observer.started(&source.name, shared.progress.clone());
        if let Err(error) = self.units(&Arc::new(shared), report).await {
            report.fail(error);
        }
        report.conclude();
        let end = RunEnd {
            outcome: report.outcome.name(),
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
        let outcome = report.outcome.name();
        tracing::info!(source = %source.name, run = id, inserted, changed, rejected, "run ended: {outcome}");
        report.run = Some(id);
        Ok(())
    }

    /// Takes the source's lock, waiting for whoever has it.
    async fn lock(&self, name: &str, observer: &dyn Observer) -> Result<SourceLock> {
        let holder = format!("process {}, since {}", std::process::id(), self.clock.now());
        let mut told = false;
        loop {
            match self.store.lock_source(name, &holder)? {
                LockState::Taken(lock) => return Ok(lock),
                LockState::Held(other) if !told => {
                    observer.waiting(name, &other);
                    told = true;
                }
                LockState::Held(_) => {}
            }
            if self.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
    }

    async fn shared(
        &self,
        source: &ConfiguredSource,
        options: &RunOptions,
        device: Arc<str>,
        run: i64,
    ) -> Result<Shared> {
        let known = self.store.known(&source.name).await?;
        let known: HashMap<UnitId, KnownUnit> = known
            .into_iter()
            .map(|unit| (unit.id.clone(), unit))
            .collect();
        let context = Context {
            source: source.name.clone(),
            device,
            zone: self.store.facts().zone.clone(),
            clock: self.clock.clone(),
            known: Arc::new(known),
            cursor_version: source.entry.cursor_version,
            full: options.full,
            cancel: self.cancel.clone(),
        };
        Ok(Shared {
            source: source.source.clone(),
            context,
            store: self.store.clone(),
            tags: source
                .settings
                .tags
                .iter()
                .map(|tag| tag.as_str().into())
                .collect(),
            run,
            progress: Arc::new(Progress::default()),
        })
    }

    /// Reads all units, side by side, then relates them.
    async fn units(&self, shared: &Arc<Shared>, report: &mut SourceReport) -> Result<()> {
        let units = shared.source.units(&shared.context).await?;
        report.units = units.len() as u64;
        shared.progress.total.fetch_add(
            units.iter().map(|unit| unread(shared, unit)).sum(),
            Ordering::Relaxed,
        );
        let present = units.iter().map(|unit| unit.id.clone()).collect();
        self.store
            .mark_missing(shared.context.source.clone(), present)
            .await?;
        let mut tasks = JoinSet::new();
        for unit in units {
            let permit = tokio::select! {
                permit = self.readers.clone().acquire_owned() => permit,
                () = stopped(&self.cancel) => break,
            };
            while let Some(done) = tasks.try_join_next() {
                account(report, done);
            }
            if report.error.as_ref().is_some_and(ends_the_run) {
                break;
            }
            let (shared, attempt) = (
                shared.clone(),
                self.attempts.fetch_add(1, Ordering::Relaxed),
            );
            tasks.spawn(async move {
                let _permit = permit;
                shared.unit(&unit, attempt).await
            });
        }
        while let Some(done) = tasks.join_next().await {
            account(report, done);
        }
        report.records = shared.progress.records.load(Ordering::Relaxed);
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if report.error.is_none() {
            self.relate(shared, report).await?;
        }
        Ok(())
    }

    async fn relate(&self, shared: &Shared, report: &mut SourceReport) -> Result<()> {
        let known = self.store.known(&shared.context.source).await?;
        let unit = UnitId::new(RELATE_UNIT);
        let mut output = shared.output(&unit, self.attempts.fetch_add(1, Ordering::Relaxed));
        let related = shared
            .source
            .relate(&shared.context, &known, &mut output)
            .await;
        let written = output.finish().await?;
        report.receipt += written.receipt;
        related
    }
}

impl Shared {
    fn output(&self, unit: &UnitId, attempt: u64) -> Output {
        let state = self
            .context
            .known
            .get(unit)
            .map(|known| known.state.clone())
            .unwrap_or_default();
        let job = Job {
            source: self.context.source.clone(),
            run: self.run,
            unit: unit.clone(),
            attempt,
            cursor_version: self.context.cursor_version,
            tags: self.tags.clone(),
            batch_bytes: BATCH_BYTES,
            progress: self.progress.clone(),
        };
        Output::new(job, state, self.store.clone())
    }

    /// Reads one unit. What was read before a failure stays.
    async fn unit(&self, unit: &Unit, attempt: u64) -> (Result<()>, Result<Output_>) {
        let mut output = self.output(&unit.id, attempt);
        let read = match &unit.problem {
            Some(problem) => {
                output.reject(Origin::default(), problem.clone(), Sample::of(&[]));
                Ok(())
            }
            None => {
                let from = self
                    .context
                    .known
                    .get(&unit.id)
                    .and_then(|known| known.checkpoint.clone());
                let read = self
                    .source
                    .read(&self.context, unit, from, &mut output)
                    .await;
                read.map_err(|error| error.at(unit.id.to_string()))
            }
        };
        let written = output.finish().await;
        (read, written)
    }
}

/// How much of a unit is new, as far as its size tells.
fn unread(shared: &Shared, unit: &Unit) -> u64 {
    let known = shared
        .context
        .known
        .get(&unit.id)
        .filter(|_| !shared.context.full);
    known.map_or(unit.size, |known| {
        unit.size.saturating_sub(known.state.size)
    })
}

type UnitDone = (Result<()>, Result<Output_>);

fn account(report: &mut SourceReport, done: Result<UnitDone, tokio::task::JoinError>) {
    let (read, written) = match done {
        Ok(done) => done,
        Err(error) => {
            return report.fail(Error::bug("the reader of a unit panicked").caused_by(error));
        }
    };
    match written {
        Ok(written) => {
            report.receipt += written.receipt;
            report.bytes += written.read;
            report.pending += written.pending;
            report.skipped += u64::from(written.skipped.is_some());
            if let Err(error) = read {
                report.fail(error);
            }
        }
        // What the sink says explains what the reader says, not the other way round.
        Err(error) => report.fail(error),
    }
}

/// A plugin that fails at one unit may well read the next; a store that fails will fail again.
fn ends_the_run(error: &Error) -> bool {
    error.kind() != ErrorKind::Bug
}

async fn stopped(cancel: &Cancel) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
