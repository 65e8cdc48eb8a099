//! One run of one source, from its lock to its row in `runs`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use datalake_core::{
    Cancel, Context, Error, ErrorKind, KnownUnit, Progress, Reading, Receipt, Result, SharedClock,
    Sink, Unit, UnitDone, UnitId,
};
use datalake_store::{Holder, LockState, RunEnd, RunStart, SourceLock, Store};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::report::{Outcome, SourceReport};
use crate::config::ConfiguredSource;

/// How often a lock that somebody else holds is asked for again.
const LOCK_POLL: Duration = Duration::from_millis(50);

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
        let _lock = self.lock(&source.name, options.trigger, observer).await?;
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
            watch: false,
        };
        let run = self.store.begin_run(start).await?;
        let reading = self.reading(source, options, device, run).await?;
        observer.started(&source.name, reading.progress.clone());
        if let Err(error) = self.units(&Arc::new(reading), report).await {
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
    async fn lock(&self, name: &str, trigger: &str, observer: &dyn Observer) -> Result<SourceLock> {
        let holder = Holder::this_process(trigger, self.clock.now());
        let mut told = false;
        loop {
            match self.store.lock_source(name, &holder)? {
                LockState::Taken(lock) => return Ok(lock),
                LockState::Held(other) if !told => {
                    let other = other.map(|other| other.to_string());
                    observer.waiting(name, &other.unwrap_or_default());
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

    async fn reading(
        &self,
        source: &ConfiguredSource,
        options: &RunOptions,
        device: Arc<str>,
        run: i64,
    ) -> Result<Reading> {
        let known = self.store.known(&source.name).await?;
        let known: HashMap<UnitId, KnownUnit> = known
            .into_iter()
            .map(|unit| (unit.id.clone(), unit))
            .collect();
        let context = Context {
            known: Arc::new(known),
            full: options.full,
            cancel: self.cancel.clone(),
            ..Context::new(
                source.name.clone(),
                device,
                self.store.facts().zone.clone(),
                self.clock.clone(),
                source.entry.cursor_version,
            )
        };
        let tags = source.settings.tags.iter();
        Ok(Reading {
            tags: tags.map(|tag| tag.as_str().into()).collect(),
            ..Reading::new(source.source.clone(), context, self.store.clone(), run)
        })
    }

    /// Reads all units, side by side, then relates them.
    async fn units(&self, reading: &Arc<Reading>, report: &mut SourceReport) -> Result<()> {
        let units = reading.units().await?;
        report.units = units.len() as u64;
        reading.progress.total.fetch_add(
            units.iter().map(|unit| unread(reading, unit)).sum(),
            Ordering::Relaxed,
        );
        let present = units.iter().map(|unit| unit.id.clone()).collect();
        self.store
            .mark_missing(reading.context.source.clone(), present)
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
            let (reading, attempt) = (
                reading.clone(),
                self.attempts.fetch_add(1, Ordering::Relaxed),
            );
            tasks.spawn(async move {
                let _permit = permit;
                reading.unit(&unit, attempt).await
            });
        }
        while let Some(done) = tasks.join_next().await {
            account(report, done);
        }
        report.records = reading.progress.records.load(Ordering::Relaxed);
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if report.error.is_none() {
            self.relate(reading, report).await?;
        }
        Ok(())
    }

    async fn relate(&self, reading: &Reading, report: &mut SourceReport) -> Result<()> {
        let known = self.store.known(&reading.context.source).await?;
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let (related, written) = reading.relate(&known, attempt).await;
        report.receipt += written?.receipt;
        related
    }
}

/// How much of a unit is new, as far as its size tells.
fn unread(reading: &Reading, unit: &Unit) -> u64 {
    let known = reading
        .context
        .known
        .get(&unit.id)
        .filter(|_| !reading.context.full);
    known.map_or(unit.size, |known| {
        unit.size.saturating_sub(known.state.size)
    })
}

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
