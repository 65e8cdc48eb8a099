//! The engine and the watch against a real store, with time that only moves when a test says so.

mod driver;
mod hanging;
mod ingesting;
mod locks;
mod replay;
mod watching;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use datalake_core::{
    Checkpoint, Clock, Context, FileEmit, FileSource, Files, Output, Progress, Receipt,
    SharedClock, Source, SystemClock, Timestamp, TrackedFile, Unit, UnitId, Zone, file_source,
    registry,
};
use datalake_plugins as _;
use datalake_store::{Catalog, Facts, Settings, Store};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::config::{self, Config, ConfiguredSource, Inputs};
use crate::scheduler::{
    Engine, Limits, Observer, Outcome, RunOptions, SourceReport, Stop, Timer, Trigger,
};

/// Time that stands still until a test moves it.
pub(super) struct ManualTimer {
    begun: Timestamp,
    uptime: watch::Sender<Duration>,
}

impl ManualTimer {
    fn new() -> Arc<Self> {
        // A minute ahead of the file system's clock: files that a test makes have been left alone for a while.
        let begun = SystemClock.now().as_micros() + 60_000_000;
        Arc::new(Self {
            begun: Timestamp::from_micros(begun).unwrap(),
            uptime: watch::Sender::new(Duration::ZERO),
        })
    }

    /// Moves time on.
    pub(super) fn advance(&self, by: Duration) {
        self.uptime.send_modify(|uptime| *uptime += by);
    }
}

impl Clock for ManualTimer {
    fn now(&self) -> Timestamp {
        let micros = self.begun.as_micros() + self.uptime().as_micros() as i64;
        Timestamp::from_micros(micros).unwrap()
    }
}

#[async_trait]
impl Timer for ManualTimer {
    fn uptime(&self) -> Duration {
        *self.uptime.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.uptime() + duration;
        let mut uptime = self.uptime.subscribe();
        uptime.wait_for(|uptime| *uptime >= end).await.unwrap();
    }

    fn clock(&self) -> SharedClock {
        Arc::new(Self {
            begun: self.begun,
            uptime: self.uptime.clone(),
        })
    }
}

/// What observers were told.
#[derive(Default)]
pub(super) struct Told(Mutex<Vec<String>>);

impl Told {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn has(&self, text: &str) -> bool {
        self.all().iter().any(|told| told == text)
    }
}

impl Observer for Told {
    fn waiting(&self, source: &str, _holder: &str) {
        self.note(format!("{source} waits"));
    }

    fn started(&self, source: &str, trigger: Trigger, _progress: Arc<Progress>) {
        self.note(format!("{source} {}", trigger.name()));
    }

    fn failed(&self, source: &str, _error: &datalake_core::Error) {
        self.note(format!("{source} trouble"));
    }

    fn brought(&self, source: &str, receipt: Receipt) {
        self.note(format!("{source} +{}", receipt.inserted + receipt.rejected));
    }

    fn ended(&self, report: &SourceReport) {
        self.note(format!("{} {}", report.name, report.outcome.name()));
    }
}

/// A lake in a folder of its own.
pub(super) struct Lake {
    folder: Arc<TempDir>,
    pub(super) timer: Arc<ManualTimer>,
    pub(super) store: Arc<Store>,
    pub(super) stop: Stop,
    pub(super) told: Arc<Told>,
}

impl Lake {
    pub(super) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("datalake-test")
            .tempdir()
            .unwrap();
        let timer = ManualTimer::new();
        let store = open(folder.path(), &timer);
        std::fs::create_dir(folder.path().join("in")).unwrap();
        Self {
            folder: Arc::new(folder),
            timer,
            store,
            stop: Stop::new(),
            told: Arc::default(),
        }
    }

    /// The same lake for a program that is started again.
    pub(super) fn started_again(&self) -> Self {
        Self {
            folder: self.folder.clone(),
            timer: self.timer.clone(),
            store: self.store.clone(),
            stop: Stop::new(),
            told: Arc::default(),
        }
    }

    /// A second view of the same store, as another process has one.
    pub(super) fn other(&self) -> Arc<Store> {
        open(self.folder.path(), &self.timer)
    }

    pub(super) fn engine(&self, readers: usize) -> Arc<Engine> {
        self.engine_over(self.store.clone(), readers)
    }

    pub(super) fn engine_over(&self, store: Arc<Store>, readers: usize) -> Arc<Engine> {
        let limits = Limits {
            readers,
            stall: Duration::from_secs(300),
        };
        Arc::new(Engine::new(
            store,
            self.timer.clone(),
            limits,
            self.stop.clone(),
        ))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds lines to a log; each is one sample.
    pub(super) fn append(&self, name: &str, from: u32, to: u32) {
        use std::io::Write;
        let path = self.path("in").join(name);
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        for number in from..to {
            writeln!(
                file,
                r#"{{"timestamp":{},"pid":{number},"rss_bytes":1,"command":"c"}}"#,
                1_760_000_000 + number
            )
            .unwrap();
        }
    }

    pub(super) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let db = rusqlite::Connection::open(self.path("datalake.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn samples(&self) -> i64 {
        self.value("SELECT count(*) FROM memory_samples")
    }

    /// A source of the logs in `in`.
    pub(super) fn logs(&self) -> ConfiguredSource {
        let entries = registry::sources().unwrap();
        let mut inputs = Inputs::from_process(&entries).unwrap();
        let folder = self.folder.path().to_str().unwrap();
        let variables = [("PROJECT_ROOT", folder), ("HOME", folder)];
        inputs.environment = variables.into_iter().collect();
        inputs.set = vec![format!(
            "source.memory-jsonl.path={}",
            self.path("in").display()
        )];
        let config = Config::load(&inputs).unwrap();
        config.source("memory-jsonl").unwrap().clone()
    }

    /// A source that is read by `source`, otherwise like that of the logs.
    pub(super) fn made(&self, name: &str, source: impl Source + 'static) -> ConfiguredSource {
        ConfiguredSource {
            name: name.into(),
            source: Arc::new(source),
            ..self.logs()
        }
    }

    /// A source of whole files in `in`, that notes how often each is read.
    pub(super) fn whole(&self, reads: &Arc<Mutex<Vec<String>>>) -> ConfiguredSource {
        ConfiguredSource {
            name: "whole".into(),
            source: file_source(Whole(self.path("in"), reads.clone())),
            ..self.logs()
        }
    }

    /// Moves time on by so many seconds.
    pub(super) async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.timer.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Moves time on in small steps until something has happened.
    #[track_caller]
    pub(super) fn until(
        &self,
        limit: Duration,
        happened: impl Fn() -> bool,
    ) -> impl Future<Output = ()> {
        let timer = self.timer.clone();
        let caller = std::panic::Location::caller();
        async move {
            let end = timer.uptime() + limit;
            while !happened() {
                assert!(
                    timer.uptime() < end,
                    "it does not happen within {limit:?}: {caller}"
                );
                timer.advance(Duration::from_millis(100));
                // Readers and the writer are threads: they get the time that they take.
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }
    }
}

fn open(folder: &Path, timer: &Arc<ManualTimer>) -> Arc<Store> {
    let catalog = Arc::new(Catalog::new(&registry::datasets().unwrap(), &[]));
    let settings = Settings::new(folder.join("datalake.db"), folder.join("data"));
    let birth = Facts {
        device: "desk".into(),
        zone: Zone::utc(),
    };
    let opened = Store::open(settings, catalog, timer.clock(), &birth, None);
    Arc::new(opened.unwrap().0)
}

/// Watches by polling alone.
pub(super) fn polling() -> config::Watch {
    config::Watch {
        notify: false,
        poll: Duration::from_secs(2),
        scan: Duration::from_secs(60),
    }
}

/// Notes which files it reads, and makes nothing of them.
struct Whole(PathBuf, Arc<Mutex<Vec<String>>>);

impl FileSource for Whole {
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole([&self.0])
    }

    fn read(
        &self,
        _: &Context,
        file: &mut TrackedFile,
        (): (),
        out: &mut FileEmit<'_, ()>,
    ) -> datalake_core::Result<()> {
        self.1.lock().unwrap().push(file.unit().to_string());
        out.commit(&file.end()?, &())
    }
}

/// A source with one unit that is read by a function in a blocking thread.
pub(super) struct Reads<F>(pub(super) F);

#[async_trait]
impl<F: Fn(&Context) + Clone + Send + Sync + 'static> Source for Reads<F> {
    async fn units(&self, _: &Context) -> datalake_core::Result<Vec<Unit>> {
        Ok(vec![Unit::new(UnitId::new("one"))])
    }

    async fn read(
        &self,
        cx: &Context,
        _: &Unit,
        _: Option<Checkpoint>,
        out: &mut Output,
    ) -> datalake_core::Result<()> {
        let (read, cx) = (self.0.clone(), cx.clone());
        out.blocking(move |_| {
            read(&cx);
            Ok(())
        })
        .await
    }
}

pub(super) const MANUAL: RunOptions = RunOptions {
    full: false,
    trigger: Trigger::Manual,
};

/// How a task ended.
pub(super) async fn ended(task: tokio::task::JoinHandle<SourceReport>) -> (Outcome, String) {
    let report = task.await.unwrap();
    let error = report.error.map(|error| error.to_string());
    (report.outcome, error.unwrap_or_default())
}
