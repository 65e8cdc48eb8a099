//! The file tree: `data/<folder>/YYYY/MM/DD/<name>`. A file is hashed and laid aside by a worker, gets its
//! final name in the transaction that brings its row, and never replaces another.
//!
//! Staged files lie in a folder of their process, which holds a lock on it while it lives. Before a file gets
//! its final name, an intent is written beside it; what a killed process leaves is swept by those.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use datalake_core::{Blob, Content, Error, FileMode, FileRef, Result, Staged, Timestamp, Zone};
use rusqlite::{Connection, OptionalExtension};

use crate::create::sync_folder;
use crate::lock::try_exclusive;

const STAGING: &str = ".staging";
/// How long a file's own name may be, in bytes; the rest of the limit of 255 is for what tells names apart.
const NAME_LIMIT: usize = 200;

/// The tree below one data folder.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    staging: PathBuf,
    next: AtomicU64,
    _alive: File,
}

impl Tree {
    /// Opens the tree at `root`, making the folder if it is not there. Returns whether it was made.
    pub(crate) fn open(root: &Path) -> Result<(Self, bool)> {
        let made = !root.exists();
        private_folder(root)?;
        let parent = root.join(STAGING);
        private_folder(&parent)?;
        let pid = std::process::id();
        for number in 0.. {
            let staging = parent.join(format!("{pid}-{number}"));
            private_folder(&staging)?;
            if let Some(alive) = try_exclusive(&staging.join("alive")) {
                return Ok((
                    Self {
                        root: root.to_owned(),
                        staging,
                        next: AtomicU64::new(0),
                        _alive: alive,
                    },
                    made,
                ));
            }
        }
        Err(Error::bug("no folder to stage files in"))
    }

    /// Hashes a file and, unless it stays where it is, lays a copy aside.
    pub(crate) fn stage(&self, blob: Blob) -> Result<FileRef> {
        let place = match &blob.content {
            Content::Path(path) => Some(path.clone()),
            Content::Bytes(_) => None,
        };
        let copy = (blob.mode == FileMode::Copy || place.is_none()).then(|| {
            self.staging
                .join(format!("{}.tmp", self.next.fetch_add(1, Ordering::Relaxed)))
        });
        let (hash, size) = copy_and_hash(&blob.content, copy.as_deref())?;
        Ok(FileRef::new(Staged {
            hash,
            size,
            staged: copy,
            place,
            folder: blob.folder,
            name: blob.name,
            made: blob.made,
        }))
    }

    /// Gives staged files their final names, one after the other. Nothing is final before [`Placing::done`].
    pub(crate) fn placing(&self) -> Placing<'_> {
        Placing {
            tree: self,
            intents: Vec::new(),
            staged: Vec::new(),
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
            .filter(|path| *path != self.staging)
        {
            let Some(_dead) = try_exclusive(&folder.join("alive")) else {
                continue;
            };
            orphans += self.sweep_intents(&folder, connection)?;
            // What is left are copies nobody waits for. One that cannot be removed is tried again next time.
            let _ = fs::remove_dir_all(&folder);
        }
        Ok(orphans)
    }

    fn sweep_intents(&self, folder: &Path, connection: &Connection) -> Result<usize> {
        let mut orphans = 0;
        for entry in fs::read_dir(folder)
            .map_err(|error| Error::io(folder.display(), error))?
            .flatten()
        {
            if entry
                .path()
                .extension()
                .is_none_or(|extension| extension != "intent")
            {
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            for path in text.lines() {
                let known = connection
                    .query_row("SELECT 1 FROM files WHERE path = ?1", [path], |_| Ok(()))
                    .optional()
                    .map_err(|error| Error::permanent(error.to_string()))?;
                if known.is_none()
                    && is_inside(path)
                    && fs::remove_file(self.root.join(path)).is_ok()
                {
                    orphans += 1;
                }
            }
        }
        Ok(orphans)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.staging);
    }
}

/// Files of one transaction on their way to their final names.
pub(crate) struct Placing<'a> {
    tree: &'a Tree,
    intents: Vec<PathBuf>,
    staged: Vec<PathBuf>,
}

impl Placing<'_> {
    /// Gives a staged file its final name below the dated folder and returns it, relative to the root.
    pub(crate) fn place(&mut self, file: &Staged, zone: &Zone) -> Result<Option<String>> {
        let Some(staged) = &file.staged else {
            return Ok(None);
        };
        let folder = dated(file.folder, file.made, zone);
        let full = self.tree.root.join(&folder);
        fs::create_dir_all(&full).map_err(|error| Error::io(full.display(), error))?;
        let hash = blake3::Hash::from_bytes(file.hash).to_hex();
        let name = safe_name(&file.name);
        for attempt in 0..u32::MAX {
            let path = format!("{folder}/{}", numbered(&name, &hash, attempt));
            let target = self.tree.root.join(&path);
            if target.exists() {
                continue;
            }
            self.intend(&path)?;
            match link_or_rename(staged, &target) {
                Ok(()) => {
                    readable(&target);
                    sync_folder(&full);
                    self.staged.push(staged.clone());
                    return Ok(Some(path));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io(target.display(), error)),
            }
        }
        Err(Error::bug(format!("no free name for {name} in {folder}")))
    }

    /// A staged copy of content that the store has already.
    pub(crate) fn spare(&mut self, file: &Staged) {
        self.staged.extend(file.staged.clone());
    }

    fn intend(&mut self, path: &str) -> Result<()> {
        let number = self.tree.next.fetch_add(1, Ordering::Relaxed);
        let intent = self.tree.staging.join(format!("{number}.intent"));
        let written = File::create(&intent).and_then(|mut file| {
            file.write_all(path.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| Error::io(intent.display(), error))?;
        self.intents.push(intent);
        Ok(())
    }

    /// The transaction is committed: the names are final.
    pub(crate) fn done(self) {
        for path in self.intents.iter().chain(&self.staged) {
            let _ = fs::remove_file(path);
        }
    }

    /// The transaction failed: the names are taken back; the staged copies go too, they will be made again.
    pub(crate) fn undo(self) {
        for intent in &self.intents {
            if let Ok(path) = fs::read_to_string(intent) {
                let _ = fs::remove_file(self.tree.root.join(path));
            }
            let _ = fs::remove_file(intent);
        }
    }
}

fn copy_and_hash(content: &Content, copy: Option<&Path>) -> Result<([u8; 32], u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut out = match copy {
        Some(path) => Some((path, create_new(path)?)),
        None => None,
    };
    let mut take = |bytes: &[u8]| -> Result<()> {
        hasher.update(bytes);
        match &mut out {
            Some((path, file)) => file
                .write_all(bytes)
                .map_err(|error| Error::io(path.display(), error)),
            None => Ok(()),
        }
    };
    match content {
        Content::Bytes(bytes) => take(bytes)?,
        Content::Path(path) => read_all(path, &mut take)?,
    }
    if let Some((path, file)) = &out {
        file.sync_all()
            .map_err(|error| Error::io(path.display(), error))?;
    }
    Ok((*hasher.finalize().as_bytes(), hasher.count()))
}

fn read_all(path: &Path, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let failed = |error| Error::io(path.display(), error);
    let mut file = File::open(path).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => take(&buffer[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

fn create_new(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| Error::io(path.display(), error))
}

/// A hard link fails where the name is taken; a rename would replace. File systems without links get the
/// rename, after the look that the caller has just taken.
fn link_or_rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !to.exists() => {
            fs::rename(from, to)
        }
        other => other,
    }
}

fn dated(folder: &str, made: Timestamp, zone: &Zone) -> String {
    let day = made.in_zone(zone);
    format!(
        "{folder}/{:04}/{:02}/{:02}",
        day.year(),
        day.month(),
        day.day()
    )
}

/// The last part of a name, without what file systems refuse, at most [`NAME_LIMIT`] bytes long.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe: String = last
        .chars()
        .map(|c| {
            if c.is_control() || "<>:\"|?*".contains(c) {
                '_'
            } else {
                c
            }
        })
        .collect();
    if let Some(cut) = safe
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|&end| end <= NAME_LIMIT)
        .last()
    {
        safe.truncate(cut);
    }
    let trimmed = safe.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if trimmed.is_empty() {
        String::from("file")
    } else {
        trimmed.to_owned()
    }
}

/// The name itself, then with eight letters of the hash, then with a number behind.
fn numbered(name: &str, hash: &str, attempt: u32) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    match attempt {
        0 => name.to_owned(),
        1 => format!("{stem}-{}{extension}", &hash[..8]),
        more => format!("{stem}-{}-{more}{extension}", &hash[..8]),
    }
}

/// Whether a stored path stays below the root.
fn is_inside(path: &str) -> bool {
    Path::new(path)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn private_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(|error| Error::io(path.display(), error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    }
    Ok(())
}

fn readable(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o644));
    }
}
