//! Gives the files of one transaction their final names, and takes them back when it fails.
//!
//! Names are chosen while rows are written and given all at once before the commit ([`Placing::settle`]): one note and
//! one sync a folder serve all files of the transaction.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use datalake_core::{Error, Result, Staged, Zone};

use super::names::{dated, is_inside, numbered, safe_name};
use super::{Tree, set_mode};
use crate::create::sync_folder;

/// A staged copy and the name it gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    /// The copy.
    pub(crate) staged: PathBuf,
    /// The final name, relative to the root.
    pub(crate) path: String,
}

/// A note that files are about to get their final names: what finds them again when the process is killed before
/// their rows are committed.
#[derive(Debug)]
pub(crate) struct Intent {
    /// The note, in the folder of the staged copies.
    pub(crate) file: PathBuf,
    /// The files.
    pub(crate) namings: Vec<Naming>,
}

impl Intent {
    /// Whether a file is such a note.
    pub(crate) fn is_one(file: &Path) -> bool {
        file.extension()
            .is_some_and(|extension| extension == "intent")
    }

    /// Reads a note, if the file is one. Of a note that was cut off while it was written no name was given.
    pub(crate) fn read(file: PathBuf) -> Option<Self> {
        if !Self::is_one(&file) {
            return None;
        }
        let text = fs::read_to_string(&file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let pairs = lines.chunks_exact(2);
        let namings = pairs.map(|pair| Naming {
            staged: file.with_file_name(pair[0]),
            path: pair[1].to_owned(),
        });
        Some(Self {
            namings: namings.collect(),
            file,
        })
    }

    fn write(&self) -> Result<(), NotPlaced> {
        let failed = |error| Error::io(self.file.display(), error);
        let mut text = String::new();
        for Naming { staged, path } in &self.namings {
            let staged = staged.file_name().unwrap_or_default();
            text.push_str(&format!("{}\n{path}\n", staged.to_string_lossy()));
        }
        let written = File::create(&self.file).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            Ok(file)
        });
        let file = written.map_err(|error| NotPlaced::Failed(failed(error)))?;
        file.sync_all()
            .map_err(|error| NotPlaced::NotSynced(failed(error)))
    }
}

/// Why files could not get their names.
#[derive(Debug)]
pub(crate) enum NotPlaced {
    /// Somebody else took one of the names after it was chosen. It is not chosen again.
    Taken(Error),
    /// Something may not outlast a loss of power. That a second try finds nothing wrong would prove nothing: the system
    /// tells of what it could not write once.
    NotSynced(Error),
    /// Something else.
    Failed(Error),
}

impl From<NotPlaced> for Error {
    fn from(not: NotPlaced) -> Self {
        match not {
            NotPlaced::Taken(error) | NotPlaced::NotSynced(error) | NotPlaced::Failed(error) => {
                error
            }
        }
    }
}

/// Files of one transaction on their way to their final names. Dropped before it is done, it takes them back.
pub(crate) struct Placing {
    tree: Arc<Tree>,
    /// The names that were chosen.
    chosen: Vec<Naming>,
    /// The same without regard to case, as some file systems have it.
    reserved: HashSet<String>,
    /// The note, once the names are being given.
    intent: Option<Intent>,
    /// Copies that nobody needs after the commit.
    staged: Vec<PathBuf>,
}

impl Placing {
    pub(crate) fn new(tree: &Arc<Tree>) -> Self {
        Self {
            tree: tree.clone(),
            chosen: Vec::new(),
            reserved: HashSet::new(),
            intent: None,
            staged: Vec::new(),
        }
    }

    /// Chooses the final name of a staged file below the dated folder and returns it, relative to the root.
    pub(crate) fn place(&mut self, file: &Staged, zone: &Zone) -> Result<Option<String>> {
        let Some(staged) = &file.staged else {
            return Ok(None);
        };
        let folder = dated(file.folder, file.made, zone);
        if !is_inside(&folder) {
            return Err(Error::bug(format!("{folder} is no folder for files")));
        }
        let hash = blake3::Hash::from_bytes(file.hash).to_hex();
        let name = safe_name(&file.name);
        for attempt in 0..u32::MAX {
            let path = format!("{folder}/{}", numbered(&name, &hash, attempt));
            if self.is_free(&path) {
                self.reserved.insert(path.to_lowercase());
                self.staged.push(staged.clone());
                self.chosen.push(Naming {
                    staged: staged.clone(),
                    path: path.clone(),
                });
                return Ok(Some(path));
            }
        }
        Err(Error::bug(format!("no free name for {name} in {folder}")))
    }

    fn is_free(&self, path: &str) -> bool {
        !self.reserved.contains(&path.to_lowercase())
            && !self.tree.taken().contains(path)
            && self.tree.root.join(path).symlink_metadata().is_err()
    }

    /// Gives the files their names. From here on they are on the disk whatever happens, and so is a note of them.
    pub(crate) fn settle(&mut self) -> Result<(), NotPlaced> {
        if self.chosen.is_empty() {
            return Ok(());
        }
        if !self.tree.writes {
            let names = self.chosen.drain(..).map(|naming| naming.path);
            self.tree.taken().extend(names);
            return Ok(());
        }
        let folders: BTreeSet<PathBuf> = self.chosen.iter().map(Self::folder).collect();
        for folder in &folders {
            self.make_folders(folder)?;
        }
        let number = self.tree.next.fetch_add(1, Ordering::Relaxed);
        let intent = self.intent.insert(Intent {
            file: self.tree.staging.join(format!("{number}.intent")),
            namings: std::mem::take(&mut self.chosen),
        });
        intent.write()?;
        for Naming { staged, path } in &intent.namings {
            let target = self.tree.root.join(path);
            link_or_rename(staged, &target).map_err(|error| self.tree.not_placed(path, error))?;
            set_mode(&target, 0o644);
        }
        for folder in &folders {
            sync_folder(&self.tree.root.join(folder)).map_err(NotPlaced::NotSynced)?;
        }
        Ok(())
    }

    /// The folder of a file, relative to the root.
    fn folder(naming: &Naming) -> PathBuf {
        let parent = Path::new(&naming.path).parent();
        parent.unwrap_or(Path::new("")).to_owned()
    }

    /// Makes a folder below the root so that it outlasts a power loss.
    fn make_folders(&self, folder: &Path) -> Result<(), NotPlaced> {
        let mut full = self.tree.root.clone();
        for part in folder {
            let parent = full.clone();
            full.push(part);
            match fs::create_dir(&full) {
                Ok(()) => {
                    set_mode(&full, 0o755);
                    // Found there by the next attempt, it would be taken for one that lasts.
                    sync_folder(&parent)
                        .inspect_err(|_| drop(fs::remove_dir(&full)))
                        .map_err(NotPlaced::NotSynced)?;
                }
                Err(_) if full.is_dir() => {}
                Err(error) => return Err(NotPlaced::Failed(Error::io(full.display(), error))),
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
        let expected = self.reserved.contains(&path.to_lowercase());
        if !expected && target.symlink_metadata().is_err() && staged.exists() && is_inside(path) {
            let folder = Path::new(path).parent().unwrap_or(Path::new(""));
            self.make_folders(folder).map_err(Error::from)?;
            link_or_rename(staged, &target).map_err(|error| Error::io(target.display(), error))?;
            set_mode(&target, 0o644);
            sync_folder(&self.tree.root.join(folder))?;
        }
        self.staged.push(staged.clone());
        Ok(())
    }

    /// How many names were chosen.
    pub(crate) fn count(&self) -> usize {
        self.chosen.len()
    }

    /// Chooses none of the names after the first `count`. The staged copies stay: another record may bring the same
    /// file.
    pub(crate) fn take_back(&mut self, count: usize) {
        for naming in self.chosen.drain(count.min(self.chosen.len())..) {
            self.reserved.remove(&naming.path.to_lowercase());
        }
    }

    /// Nobody knows whether the transaction is committed: the names stay for now, and so does the note of them, by
    /// which the next start finds those without a row.
    pub(crate) fn leave(mut self) {
        self.intent = None;
    }

    /// The transaction is committed: the names are final.
    pub(crate) fn done(mut self) {
        if let Some(intent) = self.intent.take() {
            let _ = fs::remove_file(intent.file);
        }
        for staged in self.staged.drain(..) {
            let _ = fs::remove_file(staged);
        }
    }
}

impl Drop for Placing {
    fn drop(&mut self) {
        if let Some(intent) = self.intent.take() {
            self.tree.unplace(&intent);
        }
    }
}

impl Tree {
    /// A name that somebody else has taken is remembered, so that it is not chosen again even where a look at the disk
    /// shows it free: some file systems take other spellings of it for the same.
    fn not_placed(&self, path: &str, error: io::Error) -> NotPlaced {
        let kind = error.kind();
        let error = Error::io(self.root.join(path).display(), error);
        if kind == io::ErrorKind::AlreadyExists {
            self.taken().insert(path.to_owned());
            return NotPlaced::Taken(error);
        }
        NotPlaced::Failed(error)
    }
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
