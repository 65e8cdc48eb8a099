//! One reading of one file: what its checkpoints say, and whether there is anything to say at all.

use std::path::PathBuf;

use serde_json::value::RawValue;

use super::Class;
use super::identity::{Bookmark, Mark, Print};
use super::keeping::Keeping;
use super::opened::Opened;
use super::signals::Signals;
use super::start::Start;
use super::tracked::{Place, TrackedFile};
use crate::blob::{ContentHash, hex};
use crate::checkpoint::{Adopted, UnitState};
use crate::error::Result;
use crate::output::{Emit, Output};
use crate::record::Origin;
use crate::reject::Sample;

/// What the commits of one reading need to know.
pub(crate) struct Session<'a> {
    pub(crate) output: &'a mut Output,
    class: Class,
    opened: Opened,
    path: PathBuf,
    signals: Signals,
    settled: bool,
    /// BLAKE3 of the file, once it is known; a file that only grows has none.
    hash: Option<ContentHash>,
    generation: u32,
    adopts: Option<Adopted>,
    /// Whether the file is gone.
    gone: bool,
    /// Where this reading began.
    start: u64,
    /// What the checkpoint said before.
    stored: Option<Bookmark>,
    /// Up to where bytes of the file have been counted as read.
    counted: u64,
    /// Whether the damage of a compressed file has been noted.
    noted: bool,
    /// Up to where everything is committed, once something is.
    last: Option<Place>,
    /// Keeps the raw bytes, where that is asked for and something may be new.
    keeping: Option<Keeping>,
    /// Where keeping them goes on.
    kept: Option<u64>,
}

impl<'a> Session<'a> {
    /// Starts a reading, and tells the output what the unit looks like.
    pub(crate) fn new(
        output: &'a mut Output,
        class: Class,
        file: &TrackedFile,
        settled: bool,
        start: &Start,
        stored: Option<Bookmark>,
    ) -> Self {
        let opened = file.opened().clone();
        let session = Self {
            output,
            class,
            counted: opened.consumed(start.offset),
            opened,
            path: file.path().to_owned(),
            signals: file.signals().clone(),
            settled,
            hash: file.hash().copied(),
            generation: start.generation,
            adopts: start.adopts.clone(),
            gone: start.gone,
            start: start.offset,
            stored,
            noted: start.done.is_some(),
            last: None,
            keeping: None,
            kept: None,
        };
        session.output.state(session.state());
        session
    }

    /// From now on each commit keeps the raw bytes that it covers. Without `keeping` they are there, up to the block that
    /// begins at `kept`.
    pub(crate) fn keep(&mut self, keeping: Option<Keeping>, kept: Option<u64>) {
        (self.keeping, self.kept) = (keeping, kept);
    }

    /// Whether enough waits for a commit.
    pub(crate) fn is_due(&mut self) -> bool {
        self.emit().is_due() || self.keeping.as_ref().is_some_and(Keeping::is_due)
    }

    pub(crate) fn emit(&mut self) -> Emit<'_> {
        Emit::new(self.output)
    }

    /// The file has been hashed while it was read.
    pub(crate) fn hashed(&mut self, hash: ContentHash) {
        self.hash = Some(hash);
        self.output.state(self.state());
    }

    /// What the unit looks like.
    fn state(&self) -> UnitState {
        UnitState {
            generation: self.generation,
            size: self.opened.stamp.size,
            modified: self.opened.stamp.modified(),
            hash: self.hash,
            missing: self.gone,
            adopts: self.adopts.clone(),
        }
    }

    /// Everything pushed so far is covered by `cursor` at `place`. Where that is what the
    /// checkpoint says already, nothing is written.
    pub(crate) fn commit(&mut self, place: &Place, cursor: Box<RawValue>) -> Result<()> {
        if self.class == Class::Whole && self.hash.is_none() {
            let hash = self.opened.digest(&self.signals);
            self.hashed(hash.map_err(|stop| stop.at(&self.path))?);
        }
        let mut bookmark = Bookmark {
            file: self.mark(place),
            cursor,
        };
        self.last = Some(place.clone());
        if bookmark.file.end {
            self.note_damage();
        }
        if !self.output.has_content() && (self.is_stored(&bookmark) || self.is_at_start(place)) {
            return Ok(());
        }
        if let Some(keeping) = &mut self.keeping {
            self.kept = Some(keeping.cover(place, self.output)?);
            bookmark.file.kept = self.kept;
        }
        let consumed = self.opened.consumed(place.offset);
        self.output.count(consumed.saturating_sub(self.counted));
        self.counted = self.counted.max(consumed);
        self.emit().commit(&bookmark)?;
        self.stored = Some(bookmark);
        Ok(())
    }

    fn is_stored(&self, bookmark: &Bookmark) -> bool {
        let Some(stored) = &self.stored else {
            return false;
        };
        let kept = self.keeping.is_none() || bookmark.file.kept.is_some();
        kept && stored.file.says_the_same(&bookmark.file)
            && stored.cursor.get() == bookmark.cursor.get()
    }

    /// Stopped before anything was read.
    fn is_at_start(&self, place: &Place) -> bool {
        !place.end && place.offset == self.start
    }

    fn mark(&self, place: &Place) -> Mark {
        let head = &self.opened.head;
        let known = match self.class {
            Class::AppendOnly => usize::try_from(place.offset)
                .unwrap_or(usize::MAX)
                .min(head.len()),
            Class::Whole => head.len(),
        };
        Mark {
            stamp: self.opened.stamp,
            end: place.end && (self.hash.is_none() || self.is_untouched()),
            settled: self.settled,
            generation: self.generation,
            offset: place.offset,
            head: Print::of(&head[..known]),
            tail: place.tail,
            hash: self.hash.as_ref().map(|hash| hex(hash).into()),
            kept: self.kept.or_else(|| self.kept_before()),
        }
    }

    /// Where the block begins that the last checkpoint keeps: what it says is only asked for where the content is the same.
    fn kept_before(&self) -> Option<u64> {
        self.keeping.as_ref()?;
        self.stored.as_ref()?.file.kept
    }

    /// Whether the file looks as it did when it was hashed.
    fn is_untouched(&self) -> bool {
        self.opened
            .look()
            .is_ok_and(|stamp| stamp == self.opened.stamp)
    }

    /// Notes where and why the content of a compressed file ended before its time, once. It belongs
    /// to the batch that says that the file has been read: so it is not lost, and not said again.
    pub(crate) fn note_damage(&mut self) {
        let ending = self.opened.ending().filter(|_| !self.noted);
        if let Some((at, ending)) = ending
            && let Some(why) = ending.damage
            && self.is_untouched()
        {
            self.noted = true;
            self.output
                .reject(Origin::bytes(at, at), why, Sample::of(&[]));
            self.output.truncated();
        }
    }

    /// Says how much at the end waits for the rest of its line.
    pub(crate) fn note_rest(&mut self) {
        if let (Class::AppendOnly, Some(place)) = (self.class, &self.last)
            && place.end
            && !self.opened.is_packed()
        {
            self.output
                .unfinished(self.opened.stamp.size.saturating_sub(place.offset));
        }
    }
}
