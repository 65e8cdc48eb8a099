//! One open file on its way through a parser: what it looked like when it was opened, where to go
//! on, and whether it is still the same while it is read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::identity::{Print, Stamp, TAIL};
use super::keeper::{Keeper, SharedKeeper};
use super::lines::LineReader;
use super::opened::{Opened, Stop};
use super::signals::Signals;
use crate::blob::ContentHash;
use crate::checkpoint::UnitId;
use crate::error::{Error, Result};
use crate::raw::RAW_LIMIT;
use crate::record::Origin;
use crate::reject::Reject;
use crate::time::Timestamp;

/// How far a file has been read, with the mark of the bytes before: what a commit covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub(crate) offset: u64,
    pub(crate) tail: Print,
    /// Whether nothing behind it can be read now.
    pub(crate) end: bool,
}

impl Place {
    /// The number of bytes before it.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

/// A file that a parser reads. It ends where it ended when it was opened: what is written meanwhile
/// is read next time, so that a busy writer cannot keep a reader for ever.
///
/// It can be read as a whole through [`Read`] and [`Seek`], or by lines with
/// [`TrackedFile::lines`]. Of a compressed log these see what it unpacks to, and all places are
/// places in that; going back in it is possible, but starts from its beginning.
pub struct TrackedFile {
    opened: Opened,
    path: PathBuf,
    unit: UnitId,
    start: u64,
    tail: Vec<u8>,
    hash: Option<ContentHash>,
    signals: Signals,
    /// What it looked like after the last read.
    seen: Stamp,
    changed: bool,
    trouble: Option<(u64, Reject)>,
    position: u64,
    /// Keeps the bytes that are read.
    keeper: Option<SharedKeeper>,
}

impl TrackedFile {
    pub(crate) fn new(opened: Opened, path: PathBuf, unit: UnitId, signals: Signals) -> Self {
        let seen = opened.stamp;
        Self {
            opened,
            path,
            unit,
            start: 0,
            tail: Vec::new(),
            hash: None,
            signals,
            seen,
            changed: false,
            trouble: None,
            position: 0,
            keeper: None,
        }
    }

    /// Sets where to go on, with the bytes before, and what all of it hashes to.
    pub(crate) fn start_at(&mut self, offset: u64, tail: Vec<u8>, hash: Option<ContentHash>) {
        (self.start, self.position) = (offset, offset);
        (self.tail, self.hash) = (tail, hash);
    }

    /// Has what is read of it kept, beginning with the block of raw bytes that begins at `start`. What the block has
    /// before the place where reading goes on is read now.
    pub(crate) fn keep_from(&mut self, start: u64) -> Result<SharedKeeper, Stop> {
        let mut keeper = Keeper::new(start)?;
        let missing = usize::try_from(self.start.saturating_sub(start));
        // More than a block was never kept; the first commit sees to it.
        if let Some(missing) = missing.ok().filter(|missing| *missing <= RAW_LIMIT) {
            let mut bytes = vec![0; missing];
            let read = self.opened.read_at(&mut bytes, start, &self.signals)?;
            keeper.add(&bytes[..read])?;
        }
        let keeper = SharedKeeper::new(keeper);
        self.keeper = Some(keeper.clone());
        Ok(keeper)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The unit it is.
    pub fn unit(&self) -> &UnitId {
        &self.unit
    }

    /// Where reading goes on: what lies before was committed earlier.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Its size when it was opened: of a compressed log the size it has on the disk.
    pub fn size(&self) -> u64 {
        self.opened.stamp.size
    }

    /// When it was last changed before it was opened.
    pub fn modified(&self) -> Option<Timestamp> {
        self.opened.stamp.modified()
    }

    /// BLAKE3 of the file, as far as it is known before it is read: of a compressed one, and of one that is read as
    /// a whole and may be one that was read before.
    pub(crate) fn hash(&self) -> Option<&ContentHash> {
        self.hash.as_ref()
    }

    /// A range of its bytes.
    pub fn origin(&self, start: u64, end: u64) -> Origin {
        Origin::bytes(start, end)
    }

    /// Its complete lines, from where reading goes on.
    pub fn lines(&mut self) -> LineReader<'_> {
        LineReader::new(self)
    }

    /// The place behind its last byte, for a parser that has read all of it.
    pub fn end(&self) -> Result<Place> {
        let length = self.opened.length(&self.signals);
        self.place_at(length.map_err(|stop| self.failed(stop))?)
    }

    /// The place behind the first `offset` bytes, for parsers that do not read by lines.
    pub fn place_at(&self, offset: u64) -> Result<Place> {
        let tail = self.opened.tail_before(offset, TAIL, &self.signals);
        let tail = tail.map_err(|stop| self.failed(stop))?;
        let at_end = match self.opened.ending() {
            Some((length, _)) => offset >= length,
            None => self.opened.left(offset) == 0,
        };
        Ok(Place {
            offset,
            tail: Print::of(&tail),
            end: at_end && !self.changed,
        })
    }

    fn failed(&self, stop: Stop) -> Error {
        stop.at(&self.path)
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// How much is left to read behind `offset`; as good as endless where only reading tells.
    pub(crate) fn left(&self, offset: u64) -> u64 {
        self.opened.left(offset)
    }

    /// Whether what follows the last line break is a line, too: nothing will be added to it.
    pub(crate) fn ends_whole(&self) -> bool {
        let whole = self.opened.ending().is_some_and(|(_, end)| end.whole);
        whole && !self.changed
    }

    /// The file itself, whatever is in it.
    pub(crate) fn handle(&self) -> &File {
        self.opened.handle()
    }

    /// Gives a sign of life, and hears a wish to stop.
    pub(crate) fn check(&self) -> Result<()> {
        self.signals.check()
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Whether nobody has written to it since it was opened, as far as its size and time tell. If somebody has, what
    /// was read of it may be half of the old content and half of the new.
    pub(crate) fn is_as_opened(&mut self) -> Result<bool> {
        let now = self.opened.look();
        let now = now.map_err(|error| Error::io(self.path.display(), error))?;
        self.changed |= now.identity() != self.opened.stamp.identity();
        Ok(!self.changed)
    }

    /// Whether its content was replaced while it was read.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Makes every further read fail, as a bad disk does.
    #[cfg(test)]
    pub(crate) fn break_disk(&mut self) {
        // A folder's handle cannot be read.
        self.opened.swap(File::open("/").unwrap());
    }

    /// Where reading failed, and why.
    pub(crate) fn take_trouble(&mut self) -> Option<(u64, Reject)> {
        self.trouble.take()
    }

    /// The bytes before [`TrackedFile::start`], for the mark of the first commit.
    pub(crate) fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Reads from `at` on; nothing at the end, and nothing once the content was replaced: what came
    /// from behind would be glued to what came from before.
    pub(crate) fn block(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        if self.changed || buffer.is_empty() || self.left(at) == 0 {
            return Ok(0);
        }
        let done = self
            .opened
            .read_at(buffer, at, &self.signals)
            .and_then(|read| Ok((read, self.was_replaced(at + read as u64)?)));
        match done {
            // Where the end is known beforehand, nothing may be missing before it.
            Ok((read, false)) if read > 0 || self.opened.is_packed() => {
                if let Some(keeper) = &self.keeper {
                    keeper.lock().take(at, &buffer[..read])?;
                }
                Ok(read)
            }
            Ok(_) => {
                tracing::info!(unit = %self.unit, "replaced while it was read");
                self.changed = true;
                Ok(0)
            }
            Err(stop) => {
                if let Stop::Problem(why) = &stop {
                    self.trouble = Some((at, why.clone()));
                }
                Err(self.failed(stop))
            }
        }
    }

    /// Whether the content up to `end` cannot be what it was at the start.
    fn was_replaced(&mut self, end: u64) -> io::Result<bool> {
        let stamp = self.opened.look()?;
        if stamp == self.seen {
            return Ok(false);
        }
        self.seen = stamp;
        Ok(stamp.size < self.opened.consumed(end) || !self.opened.begins_alike()?)
    }
}

impl fmt::Debug for TrackedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedFile")
            .field("unit", &self.unit)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

impl Read for TrackedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self
            .block(self.position, buffer)
            .map_err(io::Error::other)?;
        if self.changed {
            return Err(io::Error::other("the file was replaced while it was read"));
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for TrackedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => {
                let length = self.opened.length(&self.signals);
                let length = length.map_err(|stop| io::Error::other(self.failed(stop)))?;
                length.checked_add_signed(offset)
            }
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let before = || {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "a place before the start of the file",
            )
        };
        self.position = to.ok_or_else(before)?;
        Ok(self.position)
    }
}
