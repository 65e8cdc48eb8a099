//! The files of a source that are looked at every few seconds: those that changed lately, and the folders they
//! lie in. The rest is found by the full scan.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use datalake_core::{Stamp, Timestamp, Unit};

/// A file that has not changed for so long is left to the full scan, in microseconds.
const HOT: i64 = 3600 * 1_000_000;
/// At most this many files are looked at: a stat takes about two microseconds.
const FILES: usize = 2_000;
/// At most this many folders are.
const FOLDERS: usize = 500;

/// What a look at the hot files found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files that have grown, as they are now.
    pub(super) grown: Vec<Unit>,
    /// Whether something else happened, which only a full scan can tell.
    pub(super) other: bool,
}

/// The hot files and folders.
#[derive(Debug, Default)]
pub(super) struct Hot {
    files: HashMap<PathBuf, Unit>,
    folders: HashMap<PathBuf, Option<Stamp>>,
}

impl Hot {
    /// The files to look at from now on, out of all that a scan has found.
    pub(super) fn new(units: Vec<Unit>, roots: &[PathBuf], now: Timestamp) -> Self {
        let mut young: Vec<Unit> = units
            .into_iter()
            .filter(|unit| unit.path.is_some() && unit.stamp.is_some() && is_hot(unit, now))
            .collect();
        // The last byte of a log is the likeliest place for news.
        young.sort_unstable_by_key(|unit| std::cmp::Reverse(unit.modified));
        young.truncate(FILES);
        let mut folders: Vec<&Path> = roots.iter().map(PathBuf::as_path).collect();
        folders.extend(
            young
                .iter()
                .filter_map(|unit| unit.path.as_deref()?.parent()),
        );
        let mut hot = Self::default();
        for folder in folders {
            if hot.folders.len() < FOLDERS && !hot.folders.contains_key(folder) {
                let stamp = Stamp::look(folder).unwrap_or_default();
                hot.folders.insert(folder.to_owned(), stamp);
            }
        }
        let files = young
            .into_iter()
            .filter_map(|unit| Some((unit.path.clone()?, unit)));
        hot.files = files.collect();
        hot
    }

    /// Looks at all of them.
    pub(super) fn look(&self) -> Found {
        let mut found = Found::default();
        for (folder, known) in &self.folders {
            found.other |= Stamp::look(folder).unwrap_or_default() != *known;
        }
        for unit in self.files.values() {
            found.compare(unit);
        }
        found
    }

    /// Looks at those of `paths` that are hot; another path is something for the full scan.
    pub(super) fn look_at(&self, paths: &[PathBuf]) -> Found {
        let mut found = Found::default();
        for path in paths {
            match self.files.get(path) {
                Some(unit) => found.compare(unit),
                None => found.other = true,
            }
        }
        found
    }

    /// Notes what files look like that are about to be read.
    pub(super) fn note(&mut self, units: &[Unit]) {
        for unit in units {
            if let Some(path) = &unit.path {
                self.files.insert(path.clone(), unit.clone());
            }
        }
    }
}

impl Found {
    fn compare(&mut self, unit: &Unit) {
        let (Some(path), Some(known)) = (&unit.path, unit.stamp) else {
            return;
        };
        match Stamp::look(path) {
            Ok(Some(stamp)) if stamp == known => {}
            Ok(Some(stamp)) if stamp.has_grown_from(&known) && !unit.whole => {
                self.grown.push(Unit {
                    size: stamp.size(),
                    modified: stamp.modified(),
                    stamp: Some(stamp),
                    current: false,
                    ..unit.clone()
                });
            }
            // Replaced, cut off, gone, or a whole file that has to be left alone first.
            _ => self.other = true,
        }
    }
}

/// Whether the file changed within the last hour, or lies in the future.
fn is_hot(unit: &Unit, now: Timestamp) -> bool {
    let modified = unit.modified.map(Timestamp::as_micros);
    modified.is_some_and(|modified| now.as_micros().saturating_sub(modified) < HOT)
}
