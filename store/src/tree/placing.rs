//! Gives the files of one transaction their final names, and takes them back when it fails.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use datalake_core::{Error, Result, Staged, Zone};

use super::names::{dated, is_inside, numbered, safe_name};
use super::{Tree, set_mode};
use crate::create::sync_folder;

/// A note that a file is about to get its final name: what finds it again when the process is killed before
/// its row is committed.
#[derive(Debug)]
pub(crate) struct Intent {
    /// The note.
    pub(crate) file: PathBuf,
    /// The staged copy, in the same folder.
    pub(crate) staged: PathBuf,
    /// The final name, relative to the root.
    pub(crate) path: String,
}

impl Intent {
    /// Whether a file is such a note.
    pub(crate) fn is_one(file: &Path) -> bool {
        file.extension()
            .is_some_and(|extension| extension == "intent")
    }

    /// Reads a note, if the file is one.
    pub(crate) fn read(file: PathBuf) -> Option<Self> {
        if !Self::is_one(&file) {
            return None;
        }
        let text = fs::read_to_string(&file).unwrap_or_default();
        let (staged, path) = text.split_once('\n').unwrap_or_default();
        Some(Self {
            staged: file.with_file_name(staged),
            path: path.to_owned(),
            file,
        })
    }

    fn write(&self) -> io::Result<()> {
        let mut file = File::create(&self.file)?;
        let staged = self.staged.file_name().unwrap_or_default();
        writeln!(file, "{}", staged.to_string_lossy())?;
        file.write_all(self.path.as_bytes())?;
        file.sync_all()
    }
}

/// Files of one transaction on their way to their final names. Dropped before it is done, it takes them back.
pub(crate) struct Placing<'a> {
    tree: &'a Tree,
    intents: Vec<Intent>,
    staged: Vec<PathBuf>,
}

impl<'a> Placing<'a> {
    pub(crate) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            intents: Vec::new(),
            staged: Vec::new(),
        }
    }

    /// Gives a staged file its final name below the dated folder and returns it, relative to the root.
    pub(crate) fn place(&mut self, file: &Staged, zone: &Zone) -> Result<Option<String>> {
        let Some(staged) = &file.staged else {
            return Ok(None);
        };
        let folder = dated(file.folder, file.made, zone);
        if !is_inside(&folder) {
            return Err(Error::bug(format!("{folder} is no folder for files")));
        }
        if self.tree.given.is_none() {
            self.make_folders(&folder)?;
        }
        let hash = blake3::Hash::from_bytes(file.hash).to_hex();
        let name = safe_name(&file.name);
        for attempt in 0..u32::MAX {
            let path = format!("{folder}/{}", numbered(&name, &hash, attempt));
            if self.tree.root.join(&path).symlink_metadata().is_err()
                && self.try_place(staged, &path)?
            {
                return Ok(Some(path));
            }
        }
        Err(Error::bug(format!("no free name for {name} in {folder}")))
    }

    /// Returns whether the name was free.
    fn try_place(&mut self, staged: &Path, path: &str) -> Result<bool> {
        if let Some(given) = &self.tree.given {
            let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(given.insert(path.to_owned()));
        }
        let target = self.tree.root.join(path);
        let number = self.tree.next.fetch_add(1, Ordering::Relaxed);
        let intent = Intent {
            file: self.tree.staging.join(format!("{number}.intent")),
            staged: staged.to_owned(),
            path: path.to_owned(),
        };
        intent
            .write()
            .map_err(|error| Error::io(intent.file.display(), error))?;
        match link_or_rename(staged, &target) {
            Ok(()) => {
                self.intents.push(intent);
                self.staged.push(staged.to_owned());
                set_mode(&target, 0o644);
                sync_parent(&target)?;
                Ok(true)
            }
            Err(error) => {
                // Whoever has taken the name meanwhile must not lose the file by our intent.
                let _ = fs::remove_file(&intent.file);
                match error.kind() {
                    io::ErrorKind::AlreadyExists => Ok(false),
                    _ => Err(Error::io(target.display(), error)),
                }
            }
        }
    }

    /// Makes a folder below the root so that it outlasts a power loss.
    fn make_folders(&self, folder: &str) -> Result<()> {
        let mut full = self.tree.root.clone();
        for part in folder.split('/') {
            let parent = full.clone();
            full.push(part);
            match fs::create_dir(&full) {
                Ok(()) => {
                    set_mode(&full, 0o755);
                    // Found there by the next attempt, it would be taken for one that lasts.
                    sync_folder(&parent).inspect_err(|_| drop(fs::remove_dir(&full)))?;
                }
                Err(_) if full.is_dir() => {}
                Err(error) => return Err(Error::io(full.display(), error)),
            }
        }
        Ok(())
    }

    /// Content that the store has already. If its file has gone from the tree, it gets its place again.
    pub(crate) fn spare(&mut self, file: &Staged, path: &str) -> Result<()> {
        let Some(staged) = &file.staged else {
            return Ok(());
        };
        let target = self.tree.root.join(path);
        if target.symlink_metadata().is_err() && staged.exists() && is_inside(path) {
            if let Some((folder, _)) = path.rsplit_once('/') {
                self.make_folders(folder)?;
            }
            link_or_rename(staged, &target).map_err(|error| Error::io(target.display(), error))?;
            set_mode(&target, 0o644);
            sync_parent(&target)?;
        }
        self.staged.push(staged.clone());
        Ok(())
    }

    /// How many files have got their names.
    pub(crate) fn count(&self) -> usize {
        self.intents.len()
    }

    /// Takes the names back that were given after the first `count`. The staged copies stay: another record
    /// may bring the same file.
    pub(crate) fn take_back(&mut self, count: usize) {
        for intent in self.intents.drain(count.min(self.intents.len())..) {
            self.tree.unplace(&intent);
        }
    }

    /// Nobody knows whether the transaction is committed: the names stay for now, and so do the notes of them, by
    /// which the next start finds those without a row.
    pub(crate) fn leave(mut self) {
        self.intents.clear();
    }

    /// The transaction is committed: the names are final.
    pub(crate) fn done(mut self) {
        for intent in self.intents.drain(..) {
            let _ = fs::remove_file(intent.file);
        }
        for staged in self.staged.drain(..) {
            let _ = fs::remove_file(staged);
        }
    }
}

impl Drop for Placing<'_> {
    fn drop(&mut self) {
        self.take_back(0);
    }
}

fn sync_parent(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// A hard link fails where the name is taken; a rename would replace. File systems without links get the
/// rename, after the look that the caller has just taken.
fn link_or_rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error)
            if error.kind() != io::ErrorKind::AlreadyExists && to.symlink_metadata().is_err() =>
        {
            fs::rename(from, to)
        }
        other => other,
    }
}

/// Whether a final name is that of a staged copy: a second link to it, or the copy itself after a rename.
pub(crate) fn is_same(staged: &Path, target: &Path) -> bool {
    let (Ok(staged), Ok(target)) = (staged.metadata(), target.symlink_metadata()) else {
        return true;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (staged.dev(), staged.ino()) == (target.dev(), target.ino())
    }
    #[cfg(not(unix))]
    {
        staged.len() == target.len()
    }
}
