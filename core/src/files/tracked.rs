//! One open file on its way through a parser: what it looked like when it was opened, where to go
//! on, and whether it is still the same while it is read.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::identity::{HEAD, Opened, Print, Stamp, TAIL, read_at, tail_before};
use super::lines::LineReader;
use super::trouble::unreadable;
use crate::blob::ContentHash;
use crate::checkpoint::UnitId;
use crate::error::{Error, Result};
use crate::record::Origin;
use crate::reject::Reject;
use crate::source::Cancel;
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
/// [`TrackedFile::lines`].
pub struct TrackedFile {
    opened: Opened,
    path: PathBuf,
    unit: UnitId,
    start: u64,
    tail: Vec<u8>,
    hash: Option<ContentHash>,
    cancel: Cancel,
    /// What it looked like after the last read.
    seen: Stamp,
    changed: bool,
    trouble: Option<(u64, Reject)>,
    position: u64,
}

impl TrackedFile {
    pub(crate) fn new(opened: Opened, path: PathBuf, unit: UnitId, cancel: Cancel) -> Self {
        let seen = opened.stamp;
        Self {
            opened,
            path,
            unit,
            start: 0,
            tail: Vec::new(),
            hash: None,
            cancel,
            seen,
            changed: false,
            trouble: None,
            position: 0,
        }
    }

    /// Sets where to go on, with the bytes before, and what all of it hashes to.
    pub(crate) fn start_at(&mut self, offset: u64, tail: Vec<u8>, hash: Option<ContentHash>) {
        (self.start, self.position) = (offset, offset);
        (self.tail, self.hash) = (tail, hash);
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

    /// Its size when it was opened.
    pub fn size(&self) -> u64 {
        self.opened.stamp.size
    }

    /// When it was last changed before it was opened.
    pub fn modified(&self) -> Option<Timestamp> {
        self.opened.stamp.modified()
    }

    /// BLAKE3 of its content, for files that are read as a whole.
    pub fn hash(&self) -> Option<&ContentHash> {
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
        self.place_at(self.size())
    }

    /// The place behind the first `offset` bytes, for parsers that do not read by lines.
    pub fn place_at(&self, offset: u64) -> Result<Place> {
        let tail = tail_before(&self.opened.file, offset, TAIL);
        let tail = tail.map_err(|error| Error::io(self.path.display(), error))?;
        let end = offset >= self.size() && !self.changed;
        Ok(Place {
            offset,
            tail: Print::of(&tail),
            end,
        })
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Whether its content was replaced while it was read.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    /// Makes every further read fail, as a bad disk does.
    #[cfg(test)]
    pub(crate) fn break_disk(&mut self) {
        // A folder's handle cannot be read.
        let folder = std::fs::File::open("/").unwrap();
        self.opened.file = std::sync::Arc::new(folder);
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
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let room = usize::try_from(self.size().saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(room);
        if self.changed || wanted == 0 {
            return Ok(0);
        }
        let done = read_at(&self.opened.file, &mut buffer[..wanted], at)
            .and_then(|read| Ok((read, self.was_replaced(at + read as u64)?)));
        match done {
            Ok((read, false)) if read > 0 => Ok(read),
            Ok(_) => {
                tracing::info!(unit = %self.unit, "replaced while it was read");
                self.changed = true;
                Ok(0)
            }
            Err(error) => {
                self.trouble = Some((at, unreadable(&error)));
                Err(Error::io(self.path.display(), error))
            }
        }
    }

    /// Whether the content up to `end` cannot be what it was at the start.
    fn was_replaced(&mut self, end: u64) -> io::Result<bool> {
        let stamp = Stamp::of(&self.opened.file.metadata()?);
        if stamp == self.seen {
            return Ok(false);
        }
        self.seen = stamp;
        let mut head = [0; HEAD];
        let known = &self.opened.head;
        let read = read_at(&self.opened.file, &mut head[..known.len()], 0)?;
        Ok(stamp.size < end || head[..read] != known[..])
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
            SeekFrom::End(offset) => self.size().checked_add_signed(offset),
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
