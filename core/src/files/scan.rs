//! Finds the files of a source by name, without opening any. What cannot be a file becomes a unit
//! with its problem, and its neighbours are found all the same.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::chosen::Chosen;
use super::identity::Stamp;
use super::names::{own_name, readable};
use super::signals::Signals;
use super::trouble::{is_gone, is_shortage, link_loop, not_a_file, shortage, unreadable};
use super::{Class, Files};
use crate::checkpoint::UnitId;
use crate::error::Result;
use crate::reject::Reject;
use crate::source::Unit;

/// Endings of names that say: not finished, or not the original.
const UNFINISHED: &[&str] = &[".part", ".partial", ".tmp", ".crdownload", "~"];

/// A file, or what stands in the place of one.
pub(crate) struct Found {
    root: usize,
    /// Its path below the root.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) what: Result<Stamp, Reject>,
}

impl Found {
    /// The number of the root that it was found below.
    pub(crate) fn root(&self) -> usize {
        self.root
    }
}

/// All units of a source, by name.
pub(crate) fn scan(files: &Files, chosen: Option<&Chosen>, signals: &Signals) -> Result<Vec<Unit>> {
    let mut found = find(files, chosen, signals)?;
    tell_apart(files, &mut found, |found| (found.root, &mut found.name));
    let mut units: Vec<Unit> = found.into_iter().map(unit).collect();
    units.sort_unstable_by(|left, right| left.id.cmp(&right.id));
    Ok(units)
}

/// All files of a source, each once, by their paths below the roots; or those that were chosen, by their names.
pub(crate) fn find(
    files: &Files,
    chosen: Option<&Chosen>,
    signals: &Signals,
) -> Result<Vec<Found>> {
    if let Some(chosen) = chosen {
        return Ok(chosen.files().filter_map(named).collect());
    }
    let mut found = Vec::new();
    for (number, root) in files.roots.iter().enumerate() {
        Walk {
            files,
            number,
            root,
            signals,
        }
        .root(&mut found)?;
    }
    if files.roots.len() > 1 {
        // Roots may lie in one another.
        let mut seen = HashSet::new();
        found.retain(|found| seen.insert(found.path.clone()));
    }
    Ok(found)
}

/// A chosen file, unless it is not there any more.
fn named((name, path): (&str, &Path)) -> Option<Found> {
    let what = match fs::metadata(path) {
        Ok(data) if data.is_file() => Ok(Stamp::of(&data)),
        Ok(data) => Err(not_a_file(data.file_type())),
        Err(error) if is_gone(&error) => return None,
        Err(error) => Err(unreadable(&error)),
    };
    Some(Found {
        root: 0,
        name: name.to_owned(),
        path: path.to_owned(),
        what,
    })
}

fn unit(found: Found) -> Unit {
    let Found {
        name, path, what, ..
    } = found;
    let (stamp, problem) = match what {
        Ok(stamp) => (Some(stamp), None),
        Err(problem) => (None, Some(problem)),
    };
    Unit {
        path: Some(path),
        size: stamp.map_or(0, |stamp| stamp.size),
        modified: stamp.and_then(|stamp| stamp.modified()),
        problem,
        stamp,
        ..Unit::new(UnitId::new(name))
    }
}

/// The search below one root.
struct Walk<'a> {
    files: &'a Files,
    number: usize,
    root: &'a Path,
    signals: &'a Signals,
}

impl Walk<'_> {
    fn root(&self, found: &mut Vec<Found>) -> Result<()> {
        let what = match fs::metadata(self.root) {
            Ok(data) if data.is_dir() => return self.folder(found),
            Ok(data) if data.is_file() => Ok(data),
            Ok(data) => Err(not_a_file(data.file_type())),
            // Whoever runs the source reports it; to us it is the same as a folder without files.
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => Err(unreadable(&error)),
        };
        found.push(self.found(self.root, own_name(self.root), what));
        Ok(())
    }

    fn folder(&self, found: &mut Vec<Found>) -> Result<()> {
        let walk = WalkDir::new(self.root).follow_links(self.files.follow_links);
        for entry in walk.max_depth(self.files.depth) {
            self.signals.check()?;
            found.extend(match entry {
                Ok(entry) => self.entry(&entry),
                Err(error) => self.trouble(&error)?,
            });
        }
        Ok(())
    }

    fn entry(&self, entry: &DirEntry) -> Option<Found> {
        let path = entry.path();
        let kind = entry.file_type();
        if entry.depth() == 0 || kind.is_symlink() || !self.is_wanted(path, kind.is_dir()) {
            return None;
        }
        let what = if !kind.is_file() {
            Err(not_a_file(kind))
        } else {
            match fs::metadata(path) {
                Ok(data) => Ok(data),
                Err(error) if is_gone(&error) => return None,
                Err(error) => Err(unreadable(&error)),
            }
        };
        Some(self.found(path, self.name(path), what))
    }

    fn trouble(&self, error: &walkdir::Error) -> Result<Option<Found>> {
        let path = error.path().unwrap_or(self.root);
        let short = error.io_error().filter(|cause| is_shortage(cause));
        if let Some(code) = short.and_then(io::Error::raw_os_error) {
            return Err(shortage(path, io::Error::from_raw_os_error(code)));
        }
        Ok(self.in_place_of_a_file(path, error))
    }

    fn in_place_of_a_file(&self, path: &Path, error: &walkdir::Error) -> Option<Found> {
        let problem = match error.io_error() {
            _ if error.loop_ancestor().is_some() => link_loop(),
            Some(cause) if is_gone(cause) => {
                // Gone since its folder was listed, or a link to nothing, which only its name makes
                // ours.
                let link = fs::symlink_metadata(path).ok()?;
                if !self.is_wanted(path, false) {
                    return None;
                }
                not_a_file(link.file_type())
            }
            Some(cause) => unreadable(cause),
            None => Reject::new("unreadable", "it cannot be looked at"),
        };
        Some(self.found(path, self.name(path), Err(problem)))
    }

    fn is_wanted(&self, path: &Path, is_folder: bool) -> bool {
        is_wanted(self.files, &self.below(path).to_string_lossy(), is_folder)
    }

    fn name(&self, path: &Path) -> String {
        match self.below(path) {
            below if below.is_empty() => own_name(self.root),
            below => readable(Path::new(below)),
        }
    }

    /// The part of the path below the root, which the search has put in front of it.
    fn below<'p>(&self, path: &'p Path) -> &'p OsStr {
        let (path, root) = (
            path.as_os_str().as_bytes(),
            self.root.as_os_str().as_bytes(),
        );
        let below = path.strip_prefix(root).unwrap_or(path);
        let slashes = below.iter().take_while(|byte| **byte == b'/').count();
        OsStr::from_bytes(&below[slashes..])
    }

    fn found(&self, path: &Path, name: String, what: Result<Metadata, Reject>) -> Found {
        Found {
            root: self.number,
            name,
            path: path.to_owned(),
            what: what.map(|data| Stamp::of(&data)),
        }
    }
}

/// Whether the patterns are about this path below a root. A folder is none of our business unless it has a
/// name that only a file should have.
pub(crate) fn is_wanted(files: &Files, below: &str, is_folder: bool) -> bool {
    let Files {
        patterns,
        ignore_case,
        class,
        ..
    } = files;
    if *class == Class::Whole && UNFINISHED.iter().any(|ending| below.ends_with(ending)) {
        return false;
    }
    if patterns.is_empty() {
        return !is_folder;
    }
    let mut patterns = patterns
        .iter()
        .filter(|pattern| !is_folder || pattern.is_telling());
    patterns.any(|pattern| pattern.matches(below, *ignore_case))
}

/// Whether a change at `path` may change what a search finds. A folder that has gone is not told from a file
/// that nobody wants; the next search misses what was in it.
pub(crate) fn concerns(files: &Files, path: &Path) -> bool {
    let mut below = files
        .roots
        .iter()
        .filter_map(|root| path.strip_prefix(root).ok());
    below.any(|below| {
        below.as_os_str().is_empty()
            || is_wanted(files, &below.to_string_lossy(), false)
            || path.is_dir()
    })
}

/// Puts the root's name in front of names that several roots have. `parts` gives the root's number and the name.
pub(crate) fn tell_apart<T>(
    files: &Files,
    found: &mut [T],
    parts: impl Fn(&mut T) -> (usize, &mut String),
) {
    if files.roots.len() < 2 {
        return;
    }
    let mut uses: HashMap<String, usize> = HashMap::new();
    for one in found.iter_mut() {
        *uses.entry(parts(one).1.clone()).or_default() += 1;
    }
    let prefixes = root_names(&files.roots);
    for (root, name) in found.iter_mut().map(&parts) {
        if uses[name] > 1 {
            *name = format!("{}/{name}", prefixes[root]);
        }
    }
    // A prefixed name may be what another root calls a file.
    let mut taken = HashSet::new();
    for (_, name) in found.iter_mut().map(&parts) {
        let plain = name.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            *name = format!("{plain}#{number}");
            number += 1;
        }
    }
}

/// What each root is called: by its folder, and by its number where two have the same name.
fn root_names(roots: &[PathBuf]) -> Vec<String> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut name = |root: &PathBuf| {
        let folder = if root.is_file() {
            root.parent().unwrap_or(root)
        } else {
            root
        };
        let name = own_name(folder);
        let uses = taken.entry(name.clone()).or_default();
        *uses += 1;
        if *uses == 1 {
            name
        } else {
            format!("{name}#{uses}")
        }
    };
    roots.iter().map(&mut name).collect()
}
