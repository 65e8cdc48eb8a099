//! A store in a folder of its own, and what feeds it: operations of the ledger, straight into an output.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use datalake_core::{
    Dataset, Error, FixedClock, Job, Outcome, Output, Receipt, Reject, Result, Sample as Bytes,
    Scope, Sink, Timestamp, UnitId, UnitState, Version, Zone, stage,
};
use datalake_ledger::{DATASETS, Op, SCHEMA};
use datalake_store::{Catalog, Created, Facts, RunEnd, RunStart, Settings, Store};
use datalake_testkit::{Detail, digest, nothing_staged, sound};
use rusqlite::Connection;
use rusqlite::types::FromSql;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::search::search_is_right;

/// A folder with a store in it.
pub(crate) struct Home {
    pub(crate) folder: Folder,
    pub(crate) datasets: Vec<&'static Dataset>,
    pub(crate) fragment: String,
    runtime: Runtime,
}

/// Where a store is: removed at the end, unless it is another process's.
pub(crate) enum Folder {
    Own(TempDir),
    Lent(PathBuf),
}

impl Folder {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Lent(folder) => folder,
        }
    }
}

/// When everything happens, unless a test says otherwise.
pub(crate) fn now() -> Timestamp {
    "2026-01-10T06:30:00Z".parse().unwrap()
}

impl Home {
    /// A store of the ledger. Its database is a copy of one that is made once: making it takes longer than
    /// most tests.
    pub(crate) fn new() -> Self {
        static FRESH: OnceLock<Vec<u8>> = OnceLock::new();
        let fresh = FRESH.get_or_init(|| {
            let home = Self::with(&DATASETS, SCHEMA);
            drop(home.open());
            std::fs::read(home.database()).unwrap()
        });
        let home = Self::with(&DATASETS, SCHEMA);
        std::fs::write(home.database(), fresh).unwrap();
        home
    }

    /// A store of the ledger that another process has made.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self::in_folder(Folder::Lent(folder), &DATASETS, SCHEMA)
    }

    pub(crate) fn with(datasets: &[&'static Dataset], fragment: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("ledger-test").tempdir();
        Self::in_folder(Folder::Own(folder.unwrap()), datasets, fragment)
    }

    fn in_folder(folder: Folder, datasets: &[&'static Dataset], fragment: &str) -> Self {
        Self {
            folder,
            datasets: datasets.to_vec(),
            fragment: fragment.to_owned(),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("lake.db")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.database(), self.data());
        // Nothing here loses its power, and the tests make thousands of commits.
        settings.synchronous = datalake_store::Synchronous::Normal;
        settings
    }

    pub(crate) fn try_open(&self) -> Result<(Store, Created)> {
        let catalog = Catalog::new(&self.datasets, &[("ledger", &self.fragment)]);
        let birth = Facts {
            device: "desk".into(),
            zone: Zone::utc(),
        };
        let clock = Arc::new(FixedClock(now()));
        Store::open(self.settings(), Arc::new(catalog), clock, &birth, None)
    }

    /// A store that keeps nothing.
    pub(crate) fn try_rehearse(&self, settings: Settings) -> Result<Store> {
        let catalog = Catalog::new(&self.datasets, &[("ledger", &self.fragment)]);
        let birth = Facts {
            device: "desk".into(),
            zone: Zone::utc(),
        };
        let clock = Arc::new(FixedClock(now()));
        Store::rehearse(settings, Arc::new(catalog), clock, &birth, None)
    }

    pub(crate) fn rehearse(&self) -> Lake<'_> {
        Lake {
            store: Arc::new(self.try_rehearse(self.settings()).unwrap()),
            home: self,
        }
    }

    pub(crate) fn open(&self) -> Lake<'_> {
        Lake {
            store: Arc::new(self.try_open().unwrap().0),
            home: self,
        }
    }

    /// A second program that has the database open: triggers on, as they are by default.
    pub(crate) fn outside(&self) -> Connection {
        let connection = Connection::open(self.database()).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(10))
            .unwrap();
        connection
    }

    /// One value from the database.
    pub(crate) fn get<T: FromSql>(&self, sql: &str) -> T {
        let connection = self.outside();
        let answer = connection.query_row(sql, [], |row| row.get(0));
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// What the store holds, however it came there.
    pub(crate) fn digest(&self) -> String {
        digest(&self.outside(), &self.datasets, Detail::CONTENT).unwrap()
    }

    /// Checks everything that must hold of any store at any time.
    #[track_caller]
    pub(crate) fn check(&self) {
        let db = self.outside();
        sound(&db, &self.data(), &self.datasets).unwrap();
        for dataset in self
            .datasets
            .iter()
            .filter(|dataset| !dataset.text.is_empty())
        {
            search_is_right(&db, dataset);
        }
    }

    /// Checks that no file is staged any more.
    #[track_caller]
    pub(crate) fn nothing_staged(&self) {
        nothing_staged(&self.data()).unwrap();
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// An open store.
pub(crate) struct Lake<'a> {
    pub(crate) store: Arc<Store>,
    pub(crate) home: &'a Home,
}

/// Numbers attempts, as the scheduler does.
pub(crate) fn next_attempt() -> u64 {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
    ATTEMPTS.fetch_add(1, Ordering::Relaxed)
}

impl Lake<'_> {
    /// Feeds operations as the unit `u` of the source `one`.
    pub(crate) fn feed(&self, ops: &[Op]) -> Receipt {
        self.feed_as("one", "u", ops)
    }

    pub(crate) fn feed_as(&self, source: &str, unit: &str, ops: &[Op]) -> Receipt {
        self.try_feed(source, unit, ops).unwrap().receipt
    }

    /// Feeds the lines of a ledger.
    pub(crate) fn lines(&self, lines: &str) -> Receipt {
        self.feed(&parse(lines))
    }

    pub(crate) fn begin(&self, source: &str) -> i64 {
        self.begin_by(source, "manual")
    }

    /// Begins a run with this trigger; one with the trigger `watch` is a watch.
    pub(crate) fn begin_by(&self, source: &str, trigger: &'static str) -> i64 {
        let start = RunStart {
            source: source.into(),
            plugin: String::from("ledger"),
            device: "desk".into(),
            trigger,
            watch: trigger == "watch",
        };
        self.home.run(self.store.begin_run(start)).unwrap()
    }

    pub(crate) fn end(&self, run: i64) {
        self.end_as(run, "done");
    }

    pub(crate) fn end_as(&self, run: i64, outcome: &'static str) -> i64 {
        let end = RunEnd {
            outcome,
            ..RunEnd::default()
        };
        self.home.run(self.store.end_run(run, end)).unwrap()
    }

    /// Feeds operations as a unit of a run that is under way, as this generation of its content.
    pub(crate) fn feed_in(
        &self,
        run: i64,
        (source, unit, generation): (&str, &str, u32),
        ops: &[Op],
    ) -> Result<Outcome> {
        self.home.run(async {
            let state = UnitState {
                generation,
                ..UnitState::default()
            };
            let mut out = Output::new(job(source, unit, run, &[]), state, self.store.clone());
            let done = obey_all(&mut out, self.store.as_ref(), ops).await;
            let written = out.finish().await;
            written.and_then(|written| done.map(|()| written))
        })
    }

    pub(crate) fn try_feed(&self, source: &str, unit: &str, ops: &[Op]) -> Result<Outcome> {
        let run = self.begin(source);
        let done = self.feed_in(run, (source, unit, 0), ops);
        self.end(run);
        done
    }
}

pub(crate) fn job(source: &str, unit: &str, run: i64, tags: &[&str]) -> Job {
    Job {
        source: source.into(),
        run,
        unit: UnitId::new(unit),
        attempt: next_attempt(),
        cursor_version: 1,
        tags: tags.iter().map(|tag| Box::from(*tag)).collect(),
        batch_bytes: 4 << 20,
        progress: Arc::default(),
    }
}

pub(crate) async fn obey_all(out: &mut Output, sink: &dyn Sink, ops: &[Op]) -> Result<()> {
    for (place, op) in ops.iter().enumerate() {
        match op {
            Op::Book(book) => out.push(book.record()).await?,
            Op::Account(account) => out.push(account.record()).await?,
            Op::Entry(entry) => {
                out.push(entry.record(|blob| stage(|| sink.aside(), blob))?)
                    .await?
            }
            Op::Sample(sample) => out.push(sample.record("desk")).await?,
            Op::Complete { scope, version } => {
                out.complete(Scope::new(scope.as_str()), Version::number(*version));
            }
            Op::Replace { scope, version } => {
                out.replace(Scope::new(scope.as_str()), Version::number(*version));
            }
            Op::Truncated => out.truncated(),
            Op::Reject { why } => out.reject(
                datalake_core::Origin::bytes(place as u64, place as u64 + 1),
                Reject::new("asked-for", why.clone()),
                Bytes::of(why.as_bytes()),
            ),
            Op::Commit => out.commit(place).await?,
            Op::Skip { .. } | Op::Panic => {}
            Op::Fail => return Err(Error::temporary("asked for")),
        }
    }
    Ok(())
}

pub(crate) fn parse(lines: &str) -> Vec<Op> {
    let op =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(op)
        .collect()
}

/// Every file below a folder, relative to it, but those that are only staged.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    datalake_testkit::files_below(folder).unwrap()
}
