//! The file tree: `data/<folder>/YYYY/MM/DD/<name>`. A copy is laid aside by a worker, gets its
//! final name in the transaction that brings its row, and never replaces another.
//!
//! Staged files lie in a folder of their process, which holds a lock on it while it lives. Before a file gets
//! its final name, an intent is written beside it; what a killed process leaves is swept by those.

mod names;
mod placing;
mod removal;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datalake_core::{Aside, Batch, Error, Result};
use rusqlite::{Connection, OptionalExtension};

use crate::lock::try_exclusive;
use names::is_inside;
use placing::{Intent, Naming, is_same};
pub(crate) use placing::{NotPlaced, Placing};
pub(crate) use removal::Removal;

const STAGING: &str = ".staging";

/// The tree below one data folder.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    staging: PathBuf,
    next: AtomicU64,
    _alive: Option<File>,
    /// Names that are not free though a look at the disk may show nothing: those that others took while they were
    /// given, and in a rehearsal all that were given.
    taken: Mutex<HashSet<String>>,
    /// Whether files are written; in a rehearsal none is.
    writes: bool,
}

impl Tree {
    /// Opens the tree at `root`, making the folder if it is not there. Returns whether it was made.
    pub(crate) fn open(root: &Path) -> Result<(Arc<Self>, bool)> {
        let made = !root.exists();
        private_folder(root)?;
        let parent = root.join(STAGING);
        private_folder(&parent)?;
        let pid = std::process::id();
        for number in 0.. {
            let staging = parent.join(format!("{pid}-{number}"));
            private_folder(&staging)?;
            let lock = staging.join("alive");
            let alive = match try_exclusive(&lock) {
                Ok(Some(alive)) if lock.exists() => alive,
                // Somebody has it, or has taken it for a dead one's and removed it just before.
                Ok(_) => continue,
                Err(_) if !staging.exists() => continue,
                Err(error) => return Err(error),
            };
            let tree = Self {
                root: root.to_owned(),
                staging,
                next: AtomicU64::new(0),
                _alive: Some(alive),
                taken: Mutex::default(),
                writes: true,
            };
            return Ok((Arc::new(tree), made));
        }
        Err(Error::bug("no folder to stage files in"))
    }

    /// The tree at `root` for a rehearsal: files are hashed, and none is written.
    pub(crate) fn rehearsal(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            staging: root.join(STAGING).join("rehearsal"),
            next: AtomicU64::new(0),
            _alive: None,
            taken: Mutex::default(),
            writes: false,
        }
    }

    /// A place for the copy of a file, which no other file has.
    pub(crate) fn aside(&self) -> Result<Aside> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.staging.join(format!("{number}.tmp"));
        let file = self.writes.then(|| create_new(&path)).transpose()?;
        Ok(Aside { path, file })
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<String>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the staged files of a transaction their final names. Nothing is final before [`Placing::done`].
    pub(crate) fn placing(self: &Arc<Self>) -> Placing {
        Placing::new(self)
    }

    /// Removes the staged copies of a batch that was not written: its unit is read and staged again.
    pub(crate) fn discard(&self, batch: &Batch) {
        let files = batch
            .records()
            .filter_map(|record| record.extras?.file.as_ref());
        for copy in files.filter_map(|file| file.staged().staged.as_ref()) {
            let _ = fs::remove_file(copy);
        }
    }

    /// Removes what killed processes left: staged copies, and files that got their final name without a row.
    /// Returns how many such files were removed from their final place.
    pub(crate) fn sweep(&self, connection: &Connection) -> Result<usize> {
        let parent = self.root.join(STAGING);
        let entries = fs::read_dir(&parent).map_err(|error| Error::io(parent.display(), error))?;
        let mut orphans = 0;
        for folder in entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| *path != self.staging && path.is_dir())
        {
            let Ok(Some(_dead)) = try_exclusive(&folder.join("alive")) else {
                continue;
            };
            orphans += self.sweep_intents(&folder, connection)?;
            orphans += self.sweep_removals(&folder, connection)?;
            clear(&folder, Intent::is_one);
        }
        Ok(orphans)
    }

    fn sweep_intents(&self, folder: &Path, connection: &Connection) -> Result<usize> {
        let mut orphans = 0;
        let entries = fs::read_dir(folder).map_err(|error| Error::io(folder.display(), error))?;
        for mut intent in entries
            .flatten()
            .filter_map(|entry| Intent::read(entry.path()))
        {
            let mut without = Vec::new();
            for naming in intent.namings {
                if !has_row(connection, &naming.path)? {
                    without.push(naming);
                }
            }
            intent.namings = without;
            orphans += self.unplace(&intent);
        }
        Ok(orphans)
    }

    /// Notes files that are to go when the transaction at hand is committed.
    pub(crate) fn removal(&self, paths: Vec<String>) -> Result<Removal> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Removal::note(&self.root, &self.staging, number, paths)
    }

    /// Carries out what a killed process had noted, as far as it was committed.
    fn sweep_removals(&self, folder: &Path, connection: &Connection) -> Result<usize> {
        let mut orphans = 0;
        let entries = fs::read_dir(folder).map_err(|error| Error::io(folder.display(), error))?;
        for path in entries
            .flatten()
            .flat_map(|entry| Removal::read(&entry.path()))
        {
            if !has_row(connection, &path)? && removal::remove(&self.root, &path) {
                orphans += 1;
            }
        }
        Ok(orphans)
    }

    /// Takes final names back, but those of another's file. Returns how many there were.
    fn unplace(&self, intent: &Intent) -> usize {
        let (mut removed, mut standing) = (0, false);
        for Naming { staged, path } in &intent.namings {
            let target = self.root.join(path);
            if !is_inside(path) || !is_same(staged, &target) {
                continue;
            }
            // Where it was renamed for want of links, it is the copy itself, and may be wanted again.
            let back = match staged.symlink_metadata() {
                Ok(_) => fs::remove_file(&target),
                Err(_) => fs::rename(&target, staged),
            };
            match back {
                Ok(()) => removed += 1,
                Err(_) => standing |= target.symlink_metadata().is_ok(),
            }
        }
        // As long as a name stands, so does the note of it.
        if !standing {
            let _ = fs::remove_file(&intent.file);
        }
        removed
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        clear(&self.staging, |path| {
            Intent::is_one(path) || Removal::is_one(path)
        });
    }
}

/// Removes a folder of staged files: copies that nobody waits for. One with a note in it of something that the
/// next start has to look at stays.
fn clear(folder: &Path, is_note: impl Fn(&Path) -> bool) {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    if !entries.any(|entry| is_note(&entry.path())) {
        let _ = fs::remove_dir_all(folder);
    }
}

/// Whether a row stands for the file at this path below the root.
fn has_row(connection: &Connection, path: &str) -> Result<bool> {
    let row = connection
        .query_row("SELECT 1 FROM files WHERE path = ?1", [path], |_| Ok(()))
        .optional();
    row.map(|row| row.is_some())
        .map_err(|error| Error::permanent(error.to_string()))
}

fn create_new(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| Error::io(path.display(), error))
}

fn private_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(|error| Error::io(path.display(), error))?;
    set_mode(path, 0o700);
    Ok(())
}

/// Sets the permissions, where the system has such.
fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}
