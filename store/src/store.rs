//! The store as the rest of the program sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datalake_core::{
    Aside, Batch, Checkpoint, Error, KnownUnit, Receipt, Result, SharedClock, Sink, SourceName,
    UnitId, Zone,
};
use rusqlite::{Connection, OptionalExtension};

use crate::catalog::Catalog;
use crate::create::{Birth, Created, make};
use crate::database::{Settings, open_writer};
use crate::error::explain;
use crate::header::{FileKind, classify, damaged, seed_found};
use crate::reader::Reader;
use crate::rehearsal::Rehearsal;
use crate::tree::Tree;
use crate::upgrade::upgrade;
use crate::writer::edit::Edit;
use crate::writer::{Writer, WriterHandle, checkpoint_of, drain_dirty, known_units, mark_units};

pub use crate::writer::{RunEnd, RunStart};

/// What a database knows of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The device that records belong to whose format names none.
    pub device: Arc<str>,
    /// The zone of wall-clock times, and of "today".
    pub zone: Zone,
}

/// The store. Dropping it waits for what the writer has under way.
#[derive(Debug)]
pub struct Store {
    pub(crate) writer: WriterHandle,
    pub(crate) settings: Settings,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) facts: Facts,
    /// What it began with, if everything it writes is taken back.
    pub(crate) rehearsal: Option<Rehearsal>,
}

impl Store {
    /// Opens the store, making it if it is not there. `birth` is what a new database is told: the device, and
    /// the zone of wall-clock times; `zone` overrides what an old one was told.
    ///
    /// # Errors
    /// The database is damaged, newer, read-only, locked, the predecessor's or no database at all; it is left
    /// untouched.
    pub fn open(
        settings: Settings,
        catalog: Arc<Catalog>,
        clock: SharedClock,
        birth: &Facts,
        zone: Option<Zone>,
    ) -> Result<(Self, Created)> {
        let mut created = Created::default();
        match classify(&settings.database)? {
            FileKind::Seed(version) => return Err(seed_found(&settings.database, &version)),
            FileKind::Ours(_) => {}
            FileKind::Missing => {
                let birth = Birth {
                    device: &birth.device,
                    zone: birth.zone.name(),
                    now: clock.now(),
                    fingerprint: &catalog.fingerprint(),
                };
                created.database = make(&settings.database, &catalog.check()?, &birth)?;
            }
        }
        let connection = open_writer(&settings)?;
        check_usable(&settings, &connection)?;
        created.backup = upgrade(&settings.database, &connection, &catalog, clock.now())?;
        let (tree, made) = Tree::open(&settings.data)?;
        created.data = made;
        let orphans = tree.sweep(&connection)?;
        if orphans > 0 {
            tracing::warn!(
                orphans,
                "removed files that a killed process left without a row"
            );
        }
        let mut facts = facts(&connection).map_err(|error| explain(&settings.database, error))?;
        facts.zone = zone.unwrap_or(facts.zone);
        let mut writer = Writer::new(
            connection,
            settings.clone(),
            catalog.clone(),
            tree.clone(),
            clock,
            facts.zone.clone(),
        );
        drain_dirty(&mut writer)?;
        Ok((
            Self {
                writer: WriterHandle::start(writer)?,
                settings,
                catalog,
                tree,
                facts,
                rehearsal: None,
            },
            created,
        ))
    }

    /// Opens the database for reading only.
    ///
    /// # Errors
    /// As [`Store::open`]; a database that is not there is one more.
    pub fn reader(settings: &Settings) -> Result<Reader> {
        match classify(&settings.database)? {
            FileKind::Missing => Err(Error::permanent("there is no database here yet")
                .at(settings.database.display().to_string())
                .hint("make one with `datalake init` or `datalake run`")),
            FileKind::Seed(version) => Err(seed_found(&settings.database, &version)),
            FileKind::Ours(_) => Reader::open(&settings.database, settings.busy_timeout),
        }
    }

    /// What the database knows of itself.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Overrides the device that the database was told at its birth.
    pub fn set_device(&mut self, device: &str) {
        self.facts.device = device.into();
    }

    /// The datasets.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Where it is and how it works.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Begins a run. The caller holds the source's lock, or for a watch that of [`Store::lock_watch`]: other runs
    /// of its sort that count as alive are marked as interrupted.
    pub async fn begin_run(&self, start: RunStart) -> Result<i64> {
        self.writer
            .call(move |writer| writer.begin_run(start))
            .await
    }

    /// Ends a run; returns its number in `runs`.
    pub async fn end_run(&self, run: i64, end: RunEnd) -> Result<i64> {
        self.writer
            .call(move |writer| writer.end_run(run, &end))
            .await
    }

    /// Marks the units of a source that are gone, and those that are back.
    pub async fn mark_missing(&self, source: SourceName, present: Vec<UnitId>) -> Result<usize> {
        self.writer
            .call(move |writer| mark_units(writer, &source, &present))
            .await
    }

    /// Carries out a change of the user's.
    ///
    /// # Errors
    /// There is no such dataset, row or column, or the column is not the user's.
    pub async fn edit(&self, dataset: &str, id: i64, edit: Edit) -> Result<()> {
        let dataset = dataset.to_owned();
        self.writer
            .call(move |writer| writer.edit(&dataset, id, &edit))
            .await
    }
}

#[async_trait]
impl Sink for Store {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        self.writer.write(batch).await
    }

    async fn checkpoint(&self, source: &SourceName, unit: &UnitId) -> Result<Option<Checkpoint>> {
        let (source, unit) = (source.clone(), unit.clone());
        self.writer
            .call(move |writer| checkpoint_of(writer, &source, &unit))
            .await
    }

    async fn known(&self, source: &SourceName) -> Result<Vec<KnownUnit>> {
        let source = source.clone();
        self.writer
            .call(move |writer| known_units(writer, &source))
            .await
    }

    fn aside(&self) -> Result<Aside> {
        self.tree.aside()
    }

    fn raw(
        &self,
        source: &SourceName,
        unit: &UnitId,
        generation: u32,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        let reader = Self::reader(&self.settings)?;
        let wanted = (&**source, unit.as_str(), generation);
        let Some(content) = reader.raw_content(wanted, RAW_DEADLINE)? else {
            return Ok(false);
        };
        reader.raw_bytes(&content, RAW_DEADLINE, |bytes| take(bytes).map(|()| true))?;
        Ok(true)
    }
}

/// A block of raw bytes is read within.
const RAW_DEADLINE: Duration = Duration::from_secs(60);

/// Finds out now what would otherwise fail in the middle of a run.
pub(crate) fn check_usable(settings: &Settings, connection: &Connection) -> Result<()> {
    let failed = |error| explain(&settings.database, error);
    if connection.is_readonly("main").map_err(failed)? {
        return Err(Error::permanent("the database is read-only")
            .at(settings.database.display().to_string())
            .hint("make the file and its folder writable for this user"));
    }
    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('metadata', 'runs', 'checkpoints')",
            [],
            |row| row.get(0),
        )
        .map_err(failed)?;
    if tables != 3 {
        return Err(damaged(&settings.database));
    }
    // Takes and gives back the write lock: another program may hold it for good.
    connection
        .execute_batch("BEGIN IMMEDIATE; ROLLBACK;")
        .map_err(failed)
}

pub(crate) fn facts(connection: &Connection) -> rusqlite::Result<Facts> {
    let fact = |key: &str| -> rusqlite::Result<Option<String>> {
        connection
            .query_row("SELECT value FROM metadata WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()
    };
    let zone = fact("zone")?
        .and_then(|name| Zone::named(&name).ok())
        .unwrap_or_else(Zone::utc);
    Ok(Facts {
        device: fact("device")?.unwrap_or_default().into(),
        zone,
    })
}
