//! The watch of one source: one run that lives until somebody asks to stop or something fails, and takes in what
//! comes as it comes. Polling is what it relies on; news of the system make it quicker.

mod hot;
mod notices;
mod pace;
mod put_off;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use datalake_core::{Error, ErrorKind, KnownUnit, Receipt, Result, Unit, UnitId};
use datalake_store::{LockState, SourceLock};

use super::engine::{Engine, Observer, is_absent, missing};
use super::execution::Execution;
use super::report::SourceReport;
use super::settle::Settling;
use super::trigger::Trigger;
use crate::config::{self, ConfiguredSource};
use hot::{Found, Hot};
use notices::{Inbox, Notices};
use pace::Pace;
use put_off::PutOff;

/// News that come in one burst are looked at together.
const BURST: Duration = Duration::from_millis(40);
/// How often a source that another process watches is asked for again.
const TAKEN_POLL: Duration = Duration::from_secs(2);

/// What to do next.
#[derive(Debug)]
enum Next {
    /// Look at the hot files.
    Look,
    /// Look at these.
    LookAt(Vec<PathBuf>),
    /// Look everywhere.
    Scan,
}

/// A watch under way.
struct Watching<'e> {
    engine: &'e Engine,
    source: &'e ConfiguredSource,
    observer: &'e dyn Observer,
    run: i64,
    roots: Vec<PathBuf>,
    inbox: Arc<Inbox>,
    notices: Option<Notices>,
    pace: Pace,
    hot: Hot,
    settling: Settling,
    put_off: PutOff,
    /// What was last wrong with a unit that is put off.
    trouble: Option<Error>,
    /// Whether something was read since what follows from all units was last written.
    unrelated: bool,
    report: SourceReport,
}

impl Engine {
    /// Watches a source until somebody asks to stop or it fails.
    pub async fn watch(
        &self,
        source: &ConfiguredSource,
        settings: &config::Watch,
        observer: &dyn Observer,
    ) -> SourceReport {
        let begun = self.timer.uptime();
        let mut report = SourceReport::new(&source.name, source.entry.name);
        match self.watched(source, settings, observer).await {
            Ok(done) => report = done,
            Err(error) => report.fail(error),
        }
        report.conclude();
        report.elapsed = self.timer.uptime().saturating_sub(begun);
        observer.ended(&report);
        report
    }

    async fn watched(
        &self,
        source: &ConfiguredSource,
        settings: &config::Watch,
        observer: &dyn Observer,
    ) -> Result<SourceReport> {
        let _lock = self.lock_watch(source, observer).await?;
        let run = self.begin(source, Trigger::Watch).await?;
        let inbox = Arc::new(Inbox::default());
        let notices = settings.notify.then(|| Notices::start(&inbox)).flatten();
        let mut watching = Watching {
            engine: self,
            source,
            observer,
            run,
            roots: source.source.roots(),
            pace: Pace::new(settings, notices.is_some(), self.timer.uptime()),
            inbox,
            notices,
            hot: Hot::default(),
            settling: Settling::default(),
            put_off: PutOff::default(),
            trouble: None,
            unrelated: true,
            report: SourceReport::new(&source.name, source.entry.name),
        };
        let ended = watching.until_the_end().await;
        let mut report = watching.report;
        // A unit that nobody could read makes the watch a failed one, however well the rest went.
        report.error = watching.trouble.filter(|_| watching.put_off.any());
        report.missing = missing(source);
        match ended {
            // A watch that is asked to stop has done all it was there for.
            Err(error) if error.kind() == ErrorKind::Cancelled => {}
            Err(error) => report.fail(error),
            Ok(()) => {}
        }
        report.conclude();
        self.end(run, &mut report).await?;
        Ok(report)
    }

    /// Takes the lock that a watch holds all its life: a source is watched by one process.
    async fn lock_watch(
        &self,
        source: &ConfiguredSource,
        observer: &dyn Observer,
    ) -> Result<SourceLock> {
        let mut told = false;
        loop {
            let holder = self.holder(Trigger::Watch);
            match self.store.lock_watch(&source.name, &holder)? {
                LockState::Taken(lock) => return Ok(lock),
                LockState::Held(other) if !told => {
                    let holder = other.map(|holder| holder.to_string());
                    observer.waiting(&source.name, &holder.unwrap_or_default());
                    told = true;
                }
                LockState::Held(_) => {}
            }
            self.pause(TAKEN_POLL).await?;
        }
    }
}

impl Watching<'_> {
    async fn until_the_end(&mut self) -> Result<()> {
        loop {
            match self.next().await? {
                Next::Scan => self.scan().await?,
                Next::Look => {
                    let found = self.look(None).await?;
                    self.pace.looked(self.engine.timer.uptime());
                    self.take(found).await?;
                }
                Next::LookAt(paths) => {
                    let found = self.look(Some(paths)).await?;
                    self.take(found).await?;
                }
            }
        }
    }

    /// Waits until there is something to do.
    async fn next(&mut self) -> Result<Next> {
        let timer = &self.engine.timer;
        let now = timer.uptime();
        let (look, scan) = (self.pace.next_look(now), self.pace.next_scan(now));
        let wait = look.min(scan).saturating_sub(now);
        tokio::select! {
            () = self.engine.stop.wanted() => return Err(Error::cancelled()),
            () = self.inbox.arrived() => {}
            () = timer.sleep(wait) => {
                return Ok(if scan <= look { Next::Scan } else { Next::Look });
            }
        }
        self.engine.pause(BURST).await?;
        let news = self.inbox.take();
        if news.more {
            self.pace.ask(timer.uptime());
        }
        let ours = |path: &PathBuf| self.source.source.concerns(path);
        Ok(Next::LookAt(news.paths.into_iter().filter(ours).collect()))
    }

    /// Looks at the hot files, all or some of them, without a lock and without reading.
    async fn look(&mut self, paths: Option<Vec<PathBuf>>) -> Result<Found> {
        let hot = std::mem::take(&mut self.hot);
        let look = tokio::task::spawn_blocking(move || {
            let found = match paths {
                Some(paths) => hot.look_at(&paths),
                None => hot.look(),
            };
            (hot, found)
        });
        let (hot, found) = look
            .await
            .map_err(|error| Error::bug("looking at files panicked").caused_by(error))?;
        self.hot = hot;
        Ok(found)
    }

    /// Reads what has grown.
    async fn take(&mut self, mut found: Found) -> Result<()> {
        let now = self.engine.timer.uptime();
        if found.other {
            self.pace.ask(now);
        }
        found
            .grown
            .retain(|unit| self.put_off.until(&unit.id, now).is_none());
        if found.grown.is_empty() {
            return Ok(());
        }
        self.hot.note(&found.grown);
        let lock = self.lock().await?;
        let known = self.known(&found.grown).await?;
        let mut execution = self
            .engine
            .execution_knowing(self.source, self.run, false, known);
        let units = ids(&found.grown);
        let read = execution.read(found.grown).await;
        self.unrelated = true;
        self.ended(execution, &units, read)?;
        drop(lock);
        Ok(())
    }

    /// What the store knows of these units.
    async fn known(&self, units: &[Unit]) -> Result<Vec<KnownUnit>> {
        let units = units.iter().map(|unit| unit.id.clone()).collect();
        let store = &self.engine.store;
        store.known_among(self.source.name.clone(), units).await
    }

    /// Looks everywhere, and reads what is new.
    async fn scan(&mut self) -> Result<()> {
        let begun = self.engine.timer.uptime();
        if let Some(notices) = &mut self.notices {
            notices.arm(&self.roots);
        }
        if is_absent(self.source, &missing(self.source)) {
            self.pace.scanned(begun, Duration::ZERO, begun);
            return Ok(());
        }
        let lock = self.lock().await?;
        let mut execution = self.engine.execution(self.source, self.run, false).await?;
        let started = self.engine.timer.uptime();
        let units = execution.scan().await?;
        let took = self.engine.timer.uptime().saturating_sub(started);
        let new = self.ready(&units);
        self.hot = Hot::new(units, &self.roots, self.engine.timer.now());
        self.unrelated |= !new.is_empty();
        let read = ids(&new);
        let mut done = execution.read(new).await;
        if done.is_ok() && self.unrelated {
            done = execution.relate().await;
            self.unrelated = done.is_err() || execution.is_preliminary();
        }
        let now = self.engine.timer.uptime();
        self.pace.scanned(begun, took, now);
        self.ended(execution, &read, done)?;
        drop(lock);
        Ok(())
    }

    /// The units to read now. For those that are still being written a scan is asked for.
    fn ready(&mut self, units: &[Unit]) -> Vec<Unit> {
        let there: std::collections::HashSet<_> = units.iter().map(|unit| &unit.id).collect();
        self.settling.keep(|unit| there.contains(unit));
        let (wall, now) = (self.engine.timer.now(), self.engine.timer.uptime());
        let settle = self.source.settings.settle;
        let mut ready = Vec::new();
        for unit in units.iter().filter(|unit| !unit.current) {
            let settled = self.settling.wait(unit, settle, wall);
            let settled = settled.map(|left| now + left);
            match settled.max(self.put_off.until(&unit.id, now)) {
                None => ready.push(unit.clone()),
                Some(later) => self.pace.ask(later),
            }
        }
        ready
    }

    /// Adds what a pass over `units` brought to the report, and tells of it. Units that their plugin fails at are
    /// put off; any other failure ends the watch.
    fn ended(
        &mut self,
        execution: Execution<'_>,
        units: &[UnitId],
        done: Result<()>,
    ) -> Result<()> {
        let now = self.engine.timer.uptime();
        let receipt = execution.receipt();
        let failed = execution.failed().to_vec();
        execution.account_into(&mut self.report);
        if receipt != Receipt::default() {
            self.pace.found(now);
            self.observer.brought(&self.source.name, receipt);
        }
        units.iter().for_each(|unit| {
            if !failed.contains(unit) {
                self.put_off.recovered(unit);
            }
        });
        done?;
        match self.report.error.take() {
            Some(error) if error.kind() == ErrorKind::Bug && !failed.is_empty() => {
                for unit in &failed {
                    let later = self.put_off.failed(unit, now);
                    self.pace.ask(later);
                }
                self.observer.failed(&self.source.name, &error);
                self.trouble = Some(error);
                Ok(())
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn lock(&self) -> Result<SourceLock> {
        let lock = self.engine.lock(self.source, Trigger::Watch, self.observer);
        // Only a run that is due gives way.
        lock.await?
            .ok_or_else(|| Error::bug("a watch gave way to another run"))
    }
}

fn ids(units: &[Unit]) -> Vec<UnitId> {
    units.iter().map(|unit| unit.id.clone()).collect()
}
