//! Files that somebody has named one by one, instead of what a search finds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::names::readable;
use crate::error::{Error, Result};

/// What the names of sources begin with whose files were named one by one. No section of a configuration has such a
/// name, and nobody reads such a source again by itself.
pub const INGESTED: &str = "@ingest/";

/// Files that somebody has named one by one. With these in its [`Context`](crate::Context) a source of files reads
/// them, whatever they are called and wherever they lie, and searches none of its own places.
///
/// Each is a unit of its own, recognised by its name alone: one that carries on where another was left is not looked
/// for.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    files: BTreeMap<String, PathBuf>,
}

impl Chosen {
    /// The path by which a file is known however somebody came to it: that of its folder without links and `..`, and
    /// its own name.
    ///
    /// # Errors
    /// Its folder is not there or cannot be read.
    pub fn path(path: &Path) -> Result<PathBuf> {
        let failed = |error| Error::io(path.display(), error);
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let folder = fs::canonicalize(parent.unwrap_or(Path::new("."))).map_err(failed)?;
        // Only folders have no name.
        let name = path
            .file_name()
            .ok_or_else(|| failed(std::io::ErrorKind::IsADirectory.into()))?;
        Ok(folder.join(name))
    }

    /// Adds a file by such a path and returns its name, from which the name of its unit follows. Below `root` it is
    /// called as a source that searches this folder calls it; anywhere else by its whole path, which begins with `/`
    /// as no name below a folder does.
    pub fn add(&mut self, path: PathBuf, root: Option<&Path>) -> String {
        let below = root
            .and_then(|root| path.strip_prefix(root).ok())
            .filter(|below| !below.as_os_str().is_empty());
        let name = match below {
            Some(below) => readable(below),
            None => format!("/{}", readable(path.strip_prefix("/").unwrap_or(&path))),
        };
        self.files.insert(name.clone(), path);
        name
    }

    /// Names and paths, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        let files = self.files.iter();
        files.map(|(name, path)| (name.as_str(), path.as_path()))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn no_two_files_have_one_name() {
        let mut chosen = Chosen::default();
        let mut add = |path: &[u8], root: Option<&str>| {
            chosen.add(PathBuf::from(OsStr::from_bytes(path)), root.map(Path::new))
        };
        assert_eq!(add(b"/x/a.wav", None), "/x/a.wav");
        assert_eq!(add(b"/y/a.wav", None), "/y/a.wav");
        assert_eq!(add(b"/x/a.wav", Some("/")), "x/a.wav");
        assert_eq!(add(b"/x/y/a.wav", Some("/x")), "y/a.wav");
        assert_eq!(add(b"/x/a.wav", Some("/y")), "/x/a.wav");
        assert_eq!(add(b"/x/a.wav", Some("/x/a.wav")), "/x/a.wav");
        assert_eq!(add(b"/x/\xff\n\\.wav", None), "/x/\\xFF\\x0A\\\\.wav");
        assert_eq!(add(b"/x/\xff.wav", Some("/x")), "\\xFF.wav");
        assert_eq!(chosen.files().count(), 6);
    }

    #[test]
    fn a_file_has_one_path() {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(real.join("in")).unwrap();
        std::os::unix::fs::symlink("in", real.join("link")).unwrap();
        std::os::unix::fs::symlink("a", real.join("in/b")).unwrap();
        let path = |below: &str| Chosen::path(&folder.path().join(below)).unwrap();
        assert_eq!(path("in/a"), real.join("in/a"));
        assert_eq!(path("link/../in/./a"), real.join("in/a"));
        assert_eq!(path("link/a"), real.join("in/a"));
        // Its own name says something, wherever it leads.
        assert_eq!(path("link/b"), real.join("in/b"));
        assert!(Chosen::path(&folder.path().join("nowhere/a")).is_err());
        assert!(Chosen::path(Path::new("/")).is_err());
        assert!(Chosen::path(Path::new("a")).unwrap().is_absolute());
    }
}
