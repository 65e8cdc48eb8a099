//! Files that go when a transaction is committed: noted before it, removed after it. A process that is killed in
//! between leaves the note, and the next start carries it out.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result};

use super::names::is_inside;

/// Files that are to go. Dropped without being carried out, nothing comes of it.
#[derive(Debug)]
pub(crate) struct Removal {
    root: PathBuf,
    note: Option<PathBuf>,
    paths: Vec<String>,
}

impl Removal {
    /// Writes the note, a path below the root a line. Names in the tree have no line breaks.
    pub(crate) fn note(
        root: &Path,
        staging: &Path,
        number: u64,
        paths: Vec<String>,
    ) -> Result<Self> {
        let mut removal = Self {
            root: root.to_owned(),
            note: None,
            paths,
        };
        if removal.paths.is_empty() {
            return Ok(removal);
        }
        let note = removal
            .note
            .insert(staging.join(format!("{number}.removal")));
        let written = File::create(&*note).and_then(|mut file| {
            file.write_all(removal.paths.join("\n").as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| Error::io(note.display(), error))?;
        Ok(removal)
    }

    /// Whether a file is such a note.
    pub(crate) fn is_one(file: &Path) -> bool {
        file.extension()
            .is_some_and(|extension| extension == "removal")
    }

    /// The paths that a file names, if it is such a note.
    pub(crate) fn read(file: &Path) -> Vec<String> {
        let text = Self::is_one(file).then(|| fs::read_to_string(file).unwrap_or_default());
        text.unwrap_or_default().lines().map(String::from).collect()
    }

    /// Removes the files: no row stands for them any more.
    pub(crate) fn carry_out(self) {
        for path in &self.paths {
            remove(&self.root, path);
        }
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        if let Some(note) = &self.note {
            let _ = fs::remove_file(note);
        }
    }
}

/// Removes a file below the root. Returns whether it was there.
pub(crate) fn remove(root: &Path, path: &str) -> bool {
    is_inside(path) && fs::remove_file(root.join(path)).is_ok()
}
