//! A rehearsal: a store that everything can be written to and that keeps nothing. One transaction is held open
//! from its start to its end, each batch is a savepoint in it, and whatever ends the store ends with a rollback:
//! dropping it, a failure, a kill. Files are hashed and get no name.
//!
//! Other programs read meanwhile, and wait to write.

mod changes;

use std::sync::Arc;

use datalake_core::{Error, Result, SharedClock, Zone};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::catalog::Catalog;
use crate::create::{Birth, make};
use crate::database::{Settings, open_reader, open_writer};
use crate::error::explain;
use crate::header::{FileKind, classify, seed_found};
use crate::store::{Facts, Store, check_usable, facts};
use crate::tree::Tree;
use crate::upgrade::is_current;
use crate::writer::transaction::{Mode, wait};
use crate::writer::{Writer, WriterHandle, drain_dirty, next_number};

pub use changes::{Changes, DatasetChanges, RowChange};

/// What a rehearsal began with.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    /// The greatest number in the log of batches.
    batch: i64,
    /// The greatest number of a run.
    run: i64,
    /// Holds a database that is only for this rehearsal, where there is no real one.
    _private: Option<TempDir>,
}

impl Rehearsal {
    fn begin(db: &Connection, private: Option<TempDir>) -> rusqlite::Result<Self> {
        let run = "SELECT coalesce(max(id), 0) FROM runs";
        Ok(Self {
            batch: next_number(db)? - 1,
            run: db.query_row(run, [], |row| row.get(0))?,
            _private: private,
        })
    }
}

impl Store {
    /// Opens the store so that everything that is written is taken back at its end. Where there is no database,
    /// the rehearsal has one of its own in the system's temporary folder, and makes nothing at the real place.
    /// `birth` and `zone` are those of [`Store::open`].
    ///
    /// Other programs wait to write to the database for as long as it lives.
    ///
    /// # Errors
    /// As [`Store::open`]; and the database would have to be brought up to date first.
    pub fn rehearse(
        mut settings: Settings,
        catalog: Arc<Catalog>,
        clock: SharedClock,
        birth: &Facts,
        zone: Option<Zone>,
    ) -> Result<Self> {
        let private = match classify(&settings.database)? {
            FileKind::Seed(version) => return Err(seed_found(&settings.database, &version)),
            FileKind::Ours(_) => None,
            FileKind::Missing => Some(make_private(&mut settings, &catalog, &clock, birth)?),
        };
        let connection = open_writer(&settings)?;
        check_usable(&settings, &connection)?;
        if !is_current(&settings.database, &connection, &catalog.fingerprint())? {
            return Err(
                Error::permanent("the database has to be brought up to date first")
                    .at(settings.database.display().to_string())
                    .hint("run `datalake init`, which makes a copy of it before"),
            );
        }
        let failed = |error| explain(&settings.database, error);
        wait(&connection).map_err(failed)?;
        let rehearsal = Rehearsal::begin(&connection, private).map_err(failed)?;
        let mut facts = facts(&connection).map_err(failed)?;
        facts.zone = zone.unwrap_or(facts.zone);
        let tree = Arc::new(Tree::rehearsal(&settings.data));
        let mut writer = Writer::new(
            connection,
            settings.clone(),
            catalog.clone(),
            tree.clone(),
            clock,
            facts.zone.clone(),
        );
        writer.mode = Mode::Rehearsal;
        drain_dirty(&mut writer)?;
        Ok(Self {
            writer: WriterHandle::start(writer)?,
            settings,
            catalog,
            tree,
            facts,
            rehearsal: Some(rehearsal),
        })
    }

    /// What a rehearsal has written so far: for each dataset how many rows are new and how many differ, with at
    /// most `limit` of each, and at most `limit` rejects that it met. Told is what records brought, not what
    /// follows from it for other rows: totals, and links that now lead somewhere.
    ///
    /// # Errors
    /// This is no rehearsal, or the database cannot be read.
    pub async fn changes(&self, limit: usize) -> Result<Changes> {
        let Some(Rehearsal { batch, run, .. }) = self.rehearsal else {
            return Err(Error::bug("only a rehearsal knows what it has changed"));
        };
        let before = open_reader(&self.settings.database, self.settings.busy_timeout)?;
        let catalog = self.catalog.clone();
        self.writer
            .call(move |writer| {
                changes::since((batch, run), limit, &catalog, &writer.connection, &before)
                    .map_err(|error| writer.explain(error))
            })
            .await
    }
}

/// Makes an empty database where nobody looks for one.
fn make_private(
    settings: &mut Settings,
    catalog: &Catalog,
    clock: &SharedClock,
    birth: &Facts,
) -> Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("datalake-rehearsal-")
        .tempdir()
        .map_err(|error| Error::io("making a temporary folder", error))?;
    settings.database = folder.path().join("datalake.db");
    settings.data = folder.path().join("data");
    let birth = Birth {
        device: &birth.device,
        zone: birth.zone.name(),
        now: clock.now(),
        fingerprint: &catalog.fingerprint(),
    };
    make(&settings.database, &catalog.check()?, &birth)?;
    Ok(folder)
}
