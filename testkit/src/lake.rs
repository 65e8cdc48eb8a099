//! A folder with inputs, and a store that they are read into.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use datalake_core::{FixedClock, Zone};
use datalake_store::{Catalog, Facts, Settings, Store, Synchronous};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::digest::{Detail, count, digest, keys};
use crate::failure::{Failure, Result, ensure};
use crate::kit::{Input, Kit};
use crate::reading::{DEVICE, How, Ran, read};
use crate::sound::{files_of_rows, nothing_staged, raw_content, sound};

/// When every input was last changed, in seconds since 1970, unless a check says otherwise: whatever is made
/// of it must be the same in every folder.
const CHANGED: u64 = 1_736_847_600;

/// Names in the folder.
const DATABASE: &str = "lake.db";
const DATA: &str = "data";
const INPUT: &str = "in";

/// A folder with inputs, and a store that they are read into.
#[derive(Debug)]
pub(crate) struct Lake {
    kit: Arc<Kit>,
    folder: TempDir,
    root: PathBuf,
    max_size: Option<u64>,
    busy_timeout: Duration,
    store: Mutex<Option<Arc<Store>>>,
}

impl Lake {
    /// A lake with the plugin's own inputs.
    pub(crate) fn full(kit: &Arc<Kit>) -> Result<Self> {
        Self::with(kit, &kit.inputs)
    }

    /// A lake with these inputs.
    pub(crate) fn with(kit: &Arc<Kit>, inputs: &[Input]) -> Result<Self> {
        let lake = Self::empty(kit)?;
        for (name, bytes) in inputs {
            lake.put(name, bytes)?;
        }
        Ok(lake)
    }

    /// A lake without inputs.
    pub(crate) fn empty(kit: &Arc<Kit>) -> Result<Self> {
        Self::below(kit, INPUT)
    }

    /// A lake whose inputs lie at this path of its folder.
    pub(crate) fn below(kit: &Arc<Kit>, root: &str) -> Result<Self> {
        let lake = Self::bare(kit, root)?;
        fs::write(lake.database(), kit.template()?)?;
        Ok(lake)
    }

    fn bare(kit: &Arc<Kit>, root: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("datalake-kit").tempdir()?;
        let root = folder.path().join(root);
        fs::create_dir_all(&root)?;
        Ok(Self {
            kit: kit.clone(),
            folder,
            root,
            max_size: None,
            busy_timeout: Duration::from_secs(10),
            store: Mutex::default(),
        })
    }

    /// The bytes of a new database.
    pub(crate) fn template(kit: &Arc<Kit>) -> Result<Vec<u8>> {
        let lake = Self::bare(kit, INPUT)?;
        drop(lake.store()?);
        lake.close();
        Ok(fs::read(lake.database())?)
    }

    /// Reads as a new process would, and closes the store again.
    pub(crate) fn read_once(kit: &Arc<Kit>, inputs: &[Input], how: &How) -> Result<Self> {
        let lake = Self::with(kit, inputs)?;
        lake.read(how)?.ok()?;
        lake.close();
        Ok(lake)
    }

    /// Limits the size of the database, from the next opening on.
    pub(crate) fn set_max_size(&mut self, bytes: Option<u64>) {
        self.close();
        self.max_size = bytes;
    }

    /// How long the store waits for another program, from the next opening on.
    pub(crate) fn set_patience(&mut self, time: Duration) {
        self.close();
        self.busy_timeout = time;
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join(DATABASE)
    }

    /// The store, opened as a process does that begins.
    pub(crate) fn store(&self) -> Result<Arc<Store>> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*store {
            return Ok(store.clone());
        }
        let settings = Settings {
            max_size: self.max_size,
            busy_timeout: self.busy_timeout,
            ..settings(self.path())
        };
        let opened = Arc::new(open(&self.kit, settings)?);
        *store = Some(opened.clone());
        Ok(opened)
    }

    /// Closes the store, as a process does that ends.
    pub(crate) fn close(&self) {
        self.store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Reads what is new.
    pub(crate) fn read(&self, how: &How) -> Result<Ran> {
        read(&self.kit, &self.root, self.store()?, how)
    }

    /// A second connection.
    pub(crate) fn connection(&self) -> Result<Connection> {
        let connection = Connection::open(self.database())?;
        connection.busy_timeout(Duration::from_secs(10))?;
        Ok(connection)
    }

    /// What the store holds.
    pub(crate) fn digest(&self, detail: Detail) -> Result<String> {
        digest(&self.connection()?, self.kit.entry.datasets, detail)
    }

    /// The keys of its rows.
    pub(crate) fn keys(&self) -> Result<BTreeSet<String>> {
        keys(&self.connection()?, self.kit.entry.datasets)
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> Result<u64> {
        count(&self.connection()?, self.kit.entry.datasets)
    }

    /// How many rejects it has.
    pub(crate) fn rejects(&self) -> Result<u64> {
        let sql = "SELECT count(*) FROM rejects";
        Ok(self
            .connection()?
            .query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Fails unless everything holds that must hold of any store.
    pub(crate) fn sound(&self) -> Result {
        let db = self.connection()?;
        sound(&db, &self.path().join(DATA), self.kit.entry.datasets)?;
        self.raw_is_as_the_files(&db)
    }

    /// Fails unless the raw bytes that are kept of a file are the file, where it is as it was read.
    fn raw_is_as_the_files(&self, db: &Connection) -> Result {
        let sql = "SELECT o.id, o.unit, k.size FROM raw_contents AS c JOIN origins AS o ON o.id = c.origin
                   JOIN checkpoints AS k ON k.source = o.source AND k.unit = o.unit AND k.generation = o.generation
                   WHERE c.ended AND NOT k.missing AND c.length = k.size";
        let mut statement = db.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        for row in rows {
            let (origin, unit, size): (i64, String, i64) = row?;
            let bytes = fs::read(self.input(&unit)).unwrap_or_default();
            let same = bytes.len() as i64 != size || raw_content(db, origin)? == bytes;
            ensure!(
                same,
                "the raw bytes that are kept of {unit} are not the file's"
            );
        }
        Ok(())
    }

    /// Fails if there is a row without its file.
    pub(crate) fn has_its_files(&self) -> Result {
        files_of_rows(&self.connection()?, &self.path().join(DATA)).map(drop)
    }

    /// Fails if a process that is gone left something staged. The store is closed for it.
    pub(crate) fn swept(&self) -> Result {
        self.close();
        nothing_staged(&self.path().join(DATA))
    }

    /// Every cursor: unit, version, JSON.
    pub(crate) fn cursors(&self) -> Result<Vec<(String, u32, String)>> {
        let db = self.connection()?;
        let sql =
            "SELECT unit, version, cursor FROM checkpoints WHERE cursor IS NOT NULL ORDER BY unit";
        let mut statement = db.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Where an input lies.
    pub(crate) fn input(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes an input, in place where there is one.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result {
        self.make_folder(name)?;
        fs::write(self.input(name), bytes)?;
        self.set_changed(name, CHANGED)
    }

    /// Appends to an input.
    pub(crate) fn append(&self, name: &str, bytes: &[u8]) -> Result {
        self.make_folder(name)?;
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(self.input(name))?;
        file.write_all(bytes)?;
        drop(file);
        self.set_changed(name, CHANGED)
    }

    /// Says when an input was last changed, in seconds since 1970.
    pub(crate) fn set_changed(&self, name: &str, seconds: u64) -> Result {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let file = File::options().append(true).open(self.input(name))?;
        Ok(file.set_modified(time)?)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result {
        self.make_folder(to)?;
        Ok(fs::rename(self.input(from), self.input(to))?)
    }

    pub(crate) fn copy(&self, from: &str, to: &str) -> Result {
        self.make_folder(to)?;
        fs::copy(self.input(from), self.input(to))?;
        self.set_changed(to, CHANGED)
    }

    pub(crate) fn remove(&self, name: &str) -> Result {
        Ok(fs::remove_file(self.input(name))?)
    }

    fn make_folder(&self, name: &str) -> Result {
        let path = self.input(name);
        let parent = path
            .parent()
            .ok_or_else(|| Failure::new(format!("the input {name} has no folder")))?;
        Ok(fs::create_dir_all(parent)?)
    }
}

fn settings(folder: &Path) -> Settings {
    let mut settings = Settings::new(folder.join(DATABASE), folder.join(DATA));
    // Nothing here loses its power, and the checks make thousands of commits.
    settings.synchronous = Synchronous::Normal;
    settings
}

fn open(kit: &Kit, settings: Settings) -> Result<Store> {
    let fragments: Vec<(&str, &str)> = kit
        .entry
        .schema
        .map(|sql| (kit.entry.name, sql))
        .into_iter()
        .collect();
    let catalog = Catalog::new(kit.entry.datasets, &fragments);
    let birth = Facts {
        device: DEVICE.into(),
        zone: Zone::utc(),
    };
    let clock = Arc::new(FixedClock(How::usual().now));
    Ok(Store::open(settings, Arc::new(catalog), clock, &birth, None)?.0)
}

/// Reads in a process of its own what lies in the folder of a lake.
pub(crate) fn read_in(kit: &Kit, folder: &Path, root: &Path, how: &How) -> Result<Ran> {
    let store = Arc::new(open(kit, settings(folder))?);
    read(kit, root, store, how)
}
