//! The scheduler: asks the agenda what is due, starts it, and tells the agenda what became of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use datalake_core::{Error, Result, SourceName};
use tokio::task::{Id, JoinSet};

use super::agenda::{Agenda, Due, Planned};
use super::engine::{Engine, Observer, RunOptions};
use super::report::{Outcome, SourceReport};
use super::trigger::Trigger;
use crate::config::{ConfiguredSource, Watch};

/// How long to wait at most before the clock on the wall is asked again: it may be set, and the machine may have
/// slept.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Runs sources when they are due, and watches those that are to be watched.
pub struct Scheduler {
    engine: Arc<Engine>,
    sources: HashMap<SourceName, ConfiguredSource>,
    watch: Watch,
    observer: Arc<dyn Observer>,
    agenda: Agenda,
    /// What is under way.
    tasks: JoinSet<SourceReport>,
    started: HashMap<Id, Due>,
    reports: Vec<SourceReport>,
}

impl Scheduler {
    /// A scheduler of these sources, which asks the store what happened to them before.
    pub async fn new(
        engine: Arc<Engine>,
        sources: Vec<ConfiguredSource>,
        watch: Watch,
        observer: Arc<dyn Observer>,
    ) -> Result<Self> {
        let mut planned = Vec::new();
        for source in &sources {
            let store = &engine.store;
            let last = store.last_run(source.name.clone(), Trigger::DUE).await?;
            planned.push(Planned {
                source: source.name.clone(),
                schedules: source.settings.schedule.clone(),
                once_done: store.once_done(source.name.clone()).await?,
                last: last.map(|run| run.started),
            });
        }
        let agenda = Agenda::new(planned, engine.zone(), engine.timer.now());
        let sources = sources
            .into_iter()
            .map(|source| (source.name.clone(), source));
        Ok(Self {
            sources: sources.collect(),
            engine,
            watch,
            observer,
            agenda,
            tasks: JoinSet::new(),
            started: HashMap::new(),
            reports: Vec::new(),
        })
    }

    /// Runs until somebody asks to stop. Returns the last report of each source that was read.
    pub async fn run(mut self) -> Vec<SourceReport> {
        while !self.engine.stop.is_wanted() {
            self.start().await;
            let wait = self.wait();
            let (timer, stop) = (self.engine.timer.clone(), self.engine.stop.clone());
            tokio::select! {
                () = stop.wanted() => {}
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                () = timer.sleep(wait) => {}
            }
        }
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(ended);
        }
        self.reports
    }

    /// Starts what is due.
    async fn start(&mut self) {
        let now = self.engine.timer.now();
        for due in self.agenda.due(now) {
            let Some(source) = self.sources.get(&due.source).cloned() else {
                continue;
            };
            self.agenda.started(&due, now);
            let (engine, observer) = (self.engine.clone(), self.observer.clone());
            let (trigger, watch) = (due.trigger, self.watch.clone());
            let task = self.tasks.spawn(async move {
                if trigger == Trigger::Watch {
                    return engine.watch(&source, &watch, &*observer).await;
                }
                let options = RunOptions {
                    full: false,
                    trigger,
                };
                engine.run(&source, options, &*observer).await
            });
            self.started.insert(task.id(), due);
        }
        for skipped in self.agenda.take_skipped() {
            tracing::warn!(source = %skipped.source, due = %skipped.due, total = skipped.total,
                "was due while it was being read; skipped");
            if let Err(error) = self.engine.store.count_overlap(skipped.source).await {
                tracing::warn!(%error, "the skipped run is not counted");
            }
        }
    }

    fn wait(&self) -> Duration {
        let now = self.engine.timer.now();
        let next = self.agenda.next_wake(now);
        next.map_or(LONGEST_WAIT, |next| next.since(now).min(LONGEST_WAIT))
    }

    fn ended(&mut self, ended: Result<(Id, SourceReport), tokio::task::JoinError>) {
        let (id, report) = match ended {
            Ok((id, report)) => (id, Some(report)),
            Err(error) => (error.id(), None),
        };
        let Some(due) = self.started.remove(&id) else {
            return;
        };
        let report = report.unwrap_or_else(|| self.panicked(&due));
        self.agenda
            .ended(&due, report.outcome, self.engine.timer.now());
        self.reports.retain(|known| known.name != report.name);
        self.reports.push(report);
    }

    /// The report of a run that did not come to its end by a fault of the program's.
    fn panicked(&self, due: &Due) -> SourceReport {
        let plugin = self
            .sources
            .get(&due.source)
            .map_or("", |source| source.entry.name);
        let mut report = SourceReport::new(&due.source, plugin);
        report.fail(Error::bug("the run panicked").at(format!("source `{}`", due.source)));
        report.outcome = Outcome::Failed;
        report
    }
}
