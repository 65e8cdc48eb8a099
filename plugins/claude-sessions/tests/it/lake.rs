//! A folder with logs, and a store that they are read into.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datalake_claude_sessions as _;
use datalake_core::config::{Document, Place, parse_document};
use datalake_core::{
    Context, FixedClock, Folders, Reading, Section, Sink, Source, Timestamp, Zone, registry,
};
use datalake_store::{Catalog, Facts, RunEnd, RunStart, Settings, Store, Synchronous};
use rusqlite::Connection;
use rusqlite::types::FromSql;
use tempfile::TempDir;

/// When it is: long after anything was written, so that files count as settled.
const NOW: i64 = 4_000_000_000;

/// A folder with logs, and a store.
pub(crate) struct Lake {
    folder: TempDir,
    store: Arc<Store>,
    config: String,
}

impl Lake {
    pub(crate) fn new() -> Self {
        Self::configured("")
    }

    /// With more keys in its section.
    pub(crate) fn configured(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let mut settings = Settings::new(folder.path().join("lake.db"), folder.path().join("data"));
        settings.synchronous = Synchronous::Normal;
        let entry = registry::find("claude-sessions").unwrap();
        let catalog = Arc::new(Catalog::new(entry.datasets, &[]));
        let facts = Facts {
            device: "desktop".into(),
            zone: Zone::utc(),
        };
        let clock = Arc::new(FixedClock(Timestamp::from_seconds(NOW).unwrap()));
        let store = Store::open(settings, catalog, clock, &facts, None)
            .unwrap()
            .0;
        Self {
            folder,
            store: Arc::new(store),
            config: config.to_owned(),
        }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Appends to a file.
    pub(crate) fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    /// Reads what is new, in the order of the names.
    pub(crate) fn read(&self) {
        self.run("claude", false, |_| {});
    }

    /// Reads; `order` may change the order of the files.
    pub(crate) fn run(
        &self,
        source: &str,
        full: bool,
        order: impl FnOnce(&mut Vec<datalake_core::Unit>),
    ) {
        static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
        let attempt = || ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let built = self.source();
        let entry = registry::find("claude-sessions").unwrap();
        runtime.block_on(async {
            let start = RunStart {
                source: source.into(),
                plugin: "claude-sessions".to_owned(),
                device: "desktop".into(),
                trigger: "manual",
                watch: false,
            };
            let run = self.store.begin_run(start).await.unwrap();
            let known = self.store.known(&source.into()).await.unwrap();
            let known: HashMap<_, _> = known
                .into_iter()
                .map(|unit| (unit.id.clone(), unit))
                .collect();
            let clock = Arc::new(FixedClock(Timestamp::from_seconds(NOW).unwrap()));
            let context = Context {
                known: Arc::new(known),
                full,
                ..Context::new(
                    source.into(),
                    "desktop".into(),
                    Zone::utc(),
                    clock,
                    entry.cursor_version,
                )
            };
            let reading = Reading::new(built, context, self.store.clone(), run);
            let mut units = reading.units().await.unwrap();
            let present = units.iter().map(|unit| unit.id.clone()).collect();
            self.store
                .mark_missing(source.into(), present)
                .await
                .unwrap();
            order(&mut units);
            for unit in &units {
                let (read, written) = reading.unit(unit, attempt()).await;
                read.unwrap();
                written.unwrap();
            }
            let known = self.store.known(&source.into()).await.unwrap();
            let (related, written) = reading.relate(&known, attempt()).await;
            related.unwrap();
            written.unwrap();
            let end = RunEnd {
                outcome: "done",
                units: units.len() as u64,
                skipped: 0,
                error: None,
            };
            self.store.end_run(run, end).await.unwrap();
        });
    }

    fn source(&self) -> Arc<dyn Source> {
        let entry = registry::find("claude-sessions").unwrap();
        let text = format!("path = [{:?}]\n{}", self.root(), self.config);
        let document = Document::file("datalake.toml", &text);
        let mut section = Section::new("source.claude", Arc::new(Folders::at("/base")));
        let entries = parse_document(&document).unwrap();
        section = section.with_entries(Place::new(&document, 0..0), entries);
        (entry.build)(&mut section).unwrap_or_else(|| panic!("{}", section.report_text()))
    }

    /// Takes out everything that came from a source.
    pub(crate) fn forget(&self, source: &str) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(self.store.forget(source.into(), false))
            .unwrap();
    }

    /// Everything that is stored, and whether all that must hold does.
    pub(crate) fn digest(&self) -> String {
        let datasets = registry::find("claude-sessions").unwrap().datasets;
        let connection = self.connection();
        datalake_testkit::sound(&connection, &self.data(), datasets).unwrap();
        datalake_testkit::digest(&connection, datasets, datalake_testkit::Detail::CONTENT).unwrap()
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::open(self.folder.path().join("lake.db")).unwrap()
    }

    /// The one value that a query gives.
    pub(crate) fn get<T: FromSql>(&self, sql: &str) -> T {
        let value = self.connection().query_row(sql, [], |row| row.get(0));
        value.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}
