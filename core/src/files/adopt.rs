//! Finds the known unit whose content a file carries on under a new name, after a rename or a
//! rotation.
//!
//! It is decided from what was known before the run and from the files that are there now, never
//! from what has been read meanwhile: so a chain of renames comes out the same in whatever order
//! its files are read.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Class;
use super::identity::{Bookmark, Mark, Print};
use super::opened::{Opened, Stop};
use super::signals::Signals;
use crate::blob::hex;
use crate::checkpoint::{KnownUnit, UnitId};
use crate::source::{Context, Unit};

/// The files that are there now.
pub(crate) struct Present(Vec<(UnitId, PathBuf)>);

impl Present {
    /// Of units in the order of their names, as a search gives them.
    pub(crate) fn new(units: &[Unit]) -> Self {
        let place = |unit: &Unit| Some((unit.id.clone(), unit.path.clone()?));
        Self(units.iter().filter_map(place).collect())
    }

    fn path(&self, unit: &UnitId) -> Option<&Path> {
        let found = self.0.binary_search_by(|(id, _)| id.cmp(unit)).ok()?;
        Some(&self.0[found].1)
    }
}

/// A unit with what was known of its file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: UnitId,
    pub(crate) bookmark: Bookmark,
    /// Whether its path was gone at the look before: then another has carried it on, or nobody.
    missing: bool,
}

/// All units that were known before the run and can be recognised, by what they begin with.
pub(crate) struct Index {
    /// Held to tell whether it is still the snapshot that was indexed.
    snapshot: Arc<HashMap<UnitId, KnownUnit>>,
    version: u32,
    entries: Vec<Entry>,
    heads: HashMap<Print, Vec<usize>>,
    lengths: BTreeSet<u16>,
}

impl Index {
    pub(crate) fn new(cx: &Context) -> Self {
        let mut index = Self {
            snapshot: cx.known.clone(),
            version: cx.cursor_version,
            entries: Vec::new(),
            heads: HashMap::new(),
            lengths: BTreeSet::new(),
        };
        // Chosen files carry on nothing: of the others nobody has looked which are still there.
        for unit in cx.known.values().filter(|_| cx.chosen.is_none()) {
            let checkpoint = unit.checkpoint.as_ref();
            let decoded = checkpoint.and_then(|known| known.decode::<Bookmark>(cx.cursor_version));
            if let Some(bookmark) = decoded.filter(|bookmark| bookmark.file.is_telling()) {
                index.add(Entry {
                    id: unit.id.clone(),
                    bookmark,
                    missing: unit.missing,
                });
            }
        }
        index
    }

    fn add(&mut self, entry: Entry) {
        let head = entry.bookmark.file.head;
        self.lengths.insert(head.length);
        self.heads.entry(head).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    /// Whether it is about what this context knows.
    pub(crate) fn is_for(&self, cx: &Context) -> bool {
        Arc::ptr_eq(&self.snapshot, &cx.known) && self.version == cx.cursor_version
    }

    /// The unit that this file carries on, with the bytes before its offset.
    pub(crate) fn find(
        &self,
        file: &Candidate<'_>,
        present: &Present,
    ) -> Result<Option<(&Entry, Vec<u8>)>, Stop> {
        let mut entries = self.with_same_head(file.unit, &file.opened.head);
        // Of several, the one that was read furthest loses nothing; of those, one that was there
        // until now is the content's last name. The name makes the choice certain.
        entries.sort_unstable_by_key(|entry| {
            let offset = entry.bookmark.file.offset;
            (Reverse(offset), entry.missing, &entry.id)
        });
        for entry in entries {
            let mark = &entry.bookmark.file;
            if let Some(tail) = file.holds(mark)
                && !file.is_copy(present.path(&entry.id), mark)?
            {
                return Ok(Some((entry, tail)));
            }
        }
        Ok(None)
    }

    /// Whether another unit was a whole file of this size and this start.
    pub(crate) fn may_hold(&self, unit: &UnitId, size: u64, head: &[u8]) -> bool {
        let same = self.with_same_head(unit, head);
        same.iter()
            .any(|entry| entry.bookmark.file.stamp.size == size)
    }

    fn with_same_head(&self, unit: &UnitId, head: &[u8]) -> Vec<&Entry> {
        let lengths = self.lengths.iter().map(|length| usize::from(*length));
        let prints = lengths.filter_map(|length| head.get(..length).map(Print::of));
        let same = prints.filter_map(|print| self.heads.get(&print)).flatten();
        same.map(|number| &self.entries[*number])
            .filter(|entry| entry.id != *unit)
            .collect()
    }
}

/// A file that may carry on a known unit.
pub(crate) struct Candidate<'a> {
    pub(crate) unit: &'a UnitId,
    pub(crate) opened: &'a Opened,
    pub(crate) class: Class,
    /// The file's hash, if it is read as a whole or is compressed.
    pub(crate) hash: Option<&'a str>,
    pub(crate) signals: &'a Signals,
}

impl Candidate<'_> {
    /// The bytes before the mark's offset, if the mark is about this content.
    fn holds(&self, mark: &Mark) -> Option<Vec<u8>> {
        let same_file = self.hash.is_some() && self.hash == mark.hash.as_deref();
        match self.class {
            Class::Whole => same_file.then(Vec::new),
            Class::AppendOnly if same_file && mark.end => Some(Vec::new()),
            // What cannot be read here shows when the file is read.
            Class::AppendOnly if same_file || mark.has_telling_head() => {
                self.opened.tail_of(mark, self.signals).ok().flatten()
            }
            Class::AppendOnly => None,
        }
    }
    /// Whether the old path still has the content: then this is a copy, and not a rename. Where
    /// that cannot be told it is taken for a copy, which is read again and so loses nothing.
    fn is_copy(&self, old: Option<&Path>, mark: &Mark) -> Result<bool, Stop> {
        let Some(old) = old else { return Ok(false) };
        match self.still_holds(old, mark) {
            Err(Stop::Gone) => Ok(false),
            Err(Stop::Problem(_)) => Ok(true),
            answer => answer,
        }
    }

    fn still_holds(&self, old: &Path, mark: &Mark) -> Result<bool, Stop> {
        let opened = Opened::open(old)?;
        if opened.stamp == mark.stamp && mark.settled {
            return Ok(true);
        }
        if let Some(hash) = &mark.hash
            && opened.stamp.size == mark.stamp.size
            && hex(&opened.digest(self.signals)?) == **hash
        {
            return Ok(true);
        }
        if self.class == Class::Whole || !mark.has_telling_head() {
            return Ok(false);
        }
        let content = opened.unpacked(self.signals)?;
        Ok(content.tail_of(mark, self.signals)?.is_some())
    }
}
