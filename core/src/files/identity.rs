//! What makes a file the same file as at the last look: not its name and not its inode, which are
//! used again, but what was read of it. This is kept in the checkpoint, next to the parser's own
//! cursor.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::tracked::Place;
use super::trouble::is_gone;
use crate::checkpoint::{Checkpoint, KnownUnit};
use crate::time::Timestamp;

/// How much of the start of a file is part of its identity.
pub(crate) const HEAD: usize = 1024;
/// How much before the offset is part of its identity.
pub(crate) const TAIL: usize = 64;
/// A file with a shorter head is not recognised under another name: many files start with the same
/// few bytes.
const TELLING_HEAD: u16 = 64;

/// How much is read at once: large enough to make the call cheap, small enough to stay in the
/// cache.
pub(crate) const BLOCK: usize = 256 << 10;

const SECOND: i64 = 1_000_000_000;
/// A compressed file is given so long for the file it is made from to go.
const IN_THE_MAKING: i64 = 60 * SECOND;

/// What a stat says of a file. While nothing of it changes, the file is not even opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub(crate) dev: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    /// In nanoseconds, as are all times here.
    pub(crate) mtime: i64,
    pub(crate) ctime: i64,
}

/// What a rename does not change of a stamp: device, inode, size and mtime.
pub(crate) type Identity = (u64, u64, u64, i64);

impl Stamp {
    /// Looks at what is at `path` now, through links; nothing where nothing is.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn look(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(data) => Ok(Some(Self::of(&data))),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When anything of the file was last changed, in nanoseconds.
    pub(crate) fn changed(&self) -> i64 {
        self.ctime.max(self.mtime)
    }

    /// What a rename does not change: where it lies on the disk, its size, and when its content was changed.
    pub(crate) fn identity(&self) -> Identity {
        (self.dev, self.inode, self.size, self.mtime)
    }

    /// Whether this is a later look at the same file that has only grown, as far as a stat tells.
    pub fn has_grown_from(&self, earlier: &Self) -> bool {
        (self.dev, self.inode) == (earlier.dev, earlier.inode) && self.size >= earlier.size
    }

    pub(crate) fn of(data: &Metadata) -> Self {
        let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(SECOND).saturating_add(nanos);
        Self {
            dev: data.dev(),
            inode: data.ino(),
            size: data.len(),
            mtime: nanos(data.mtime(), data.mtime_nsec()),
            ctime: nanos(data.ctime(), data.ctime_nsec()),
        }
    }

    /// Whether a later change would show. File systems count time in steps of some milliseconds,
    /// old ones of up to two seconds: a file changed twice within one step, and looked at in
    /// between, looks unchanged.
    pub(crate) fn is_settled(&self, now: Timestamp) -> bool {
        let step = if self.ctime % SECOND == 0 {
            5 * SECOND / 2
        } else {
            SECOND / 20
        };
        self.age(now) > step
    }

    /// Whether whoever made the file may still be about it.
    pub(crate) fn is_young(&self, now: Timestamp) -> bool {
        self.age(now) < IN_THE_MAKING
    }

    /// How long ago it was last changed.
    fn age(&self, now: Timestamp) -> i64 {
        now.as_micros()
            .saturating_mul(1000)
            .saturating_sub(self.ctime)
    }

    /// When the content was last changed.
    pub fn modified(&self) -> Option<Timestamp> {
        Timestamp::from_micros(self.mtime.div_euclid(1000))
    }
}

/// A hash of a few bytes, with their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub(crate) struct Print {
    pub(crate) length: u16,
    hash: u128,
}

impl Print {
    /// Of at most [`HEAD`] bytes; what follows does not count.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(HEAD)];
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Self {
            length: bytes.len() as u16,
            hash: u128::from_be_bytes(hash),
        }
    }

    /// Whether `bytes` start with what was hashed.
    pub(crate) fn starts(&self, bytes: &[u8]) -> bool {
        bytes
            .get(..usize::from(self.length))
            .is_some_and(|bytes| Self::of(bytes) == *self)
    }
}

impl From<Print> for String {
    fn from(print: Print) -> Self {
        format!("{}:{:032x}", print.length, print.hash)
    }
}

impl Print {
    fn parse(text: &str) -> Option<Self> {
        let (length, hash) = text.split_once(':')?;
        Some(Self {
            length: length.parse().ok()?,
            hash: u128::from_str_radix(hash, 16).ok()?,
        })
    }
}

/// Without a `String` in between: a search reads two of them for each file.
impl<'de> Deserialize<'de> for Print {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PrintVisitor;
        impl Visitor<'_> for PrintVisitor {
            type Value = Print;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a fingerprint")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Print, E> {
                Print::parse(text).ok_or_else(|| E::custom("not a fingerprint"))
            }
        }
        deserializer.deserialize_str(PrintVisitor)
    }
}

/// What is known of a file: what it looked like, how far it has been read, and the marks of what
/// was read.
///
/// The head never reaches beyond the offset. So an unfinished line that its writer takes back is no
/// other content, and a file that got shorter than its head got shorter than its offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) stamp: Stamp,
    /// Whether all that was there at `stamp` has been looked at.
    pub(crate) end: bool,
    /// Whether `stamp` was old enough that any later change shows in it.
    pub(crate) settled: bool,
    pub(crate) generation: u32,
    pub(crate) offset: u64,
    pub(crate) head: Print,
    pub(crate) tail: Print,
    /// BLAKE3 of the file, in hexadecimal digits, if it is read as a whole or is compressed. All
    /// else here is about what a compressed file unpacks to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<Box<str>>,
    /// Where the block of raw bytes begins that `offset` stands in, if they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<u64>,
}

impl Mark {
    /// Whether a later look that says `other` found nothing new. That a change would show by now is
    /// new, once: from then on the file need not be opened.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let alike = Self {
            settled: self.settled,
            ..other.clone()
        };
        *self == alike && (self.settled || !other.settled)
    }

    /// Whether this much of a file cannot be another's by accident. Where nothing was read there is nothing to carry on.
    pub(crate) fn is_telling(&self) -> bool {
        self.has_telling_head() || (self.hash.is_some() && self.offset > 0)
    }

    /// Whether its start alone is enough for that.
    pub(crate) fn has_telling_head(&self) -> bool {
        self.head.length >= TELLING_HEAD
    }

    /// Its end, if all of it has been read.
    pub(crate) fn read_to_its_end(&self) -> Option<Place> {
        self.end.then_some(Place {
            offset: self.offset,
            tail: self.tail,
            end: true,
        })
    }

    /// The bytes behind the offset that wait for the rest of their line, once all was looked at. A
    /// compressed file is complete: nothing of it waits.
    pub(crate) fn pending(&self) -> u64 {
        match self.hash {
            Some(_) => 0,
            None => self.stamp.size.saturating_sub(self.offset),
        }
    }
}

/// The whole checkpoint of a file: what is known of it, and the parser's own cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bookmark<C = Box<RawValue>> {
    pub(crate) file: Mark,
    pub(crate) cursor: C,
}

/// How far a file has been read, for people: what its checkpoint says without its parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// Bytes from its start; of a compressed file, of what it unpacks to.
    pub bytes: u64,
    /// Whether that was all of it when it was read last.
    pub all: bool,
}

impl Covered {
    /// Of the file that a checkpoint is about; nothing where it is about something else.
    pub fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let Bookmark { file: mark, .. } =
            serde_json::from_str::<Bookmark<&RawValue>>(&checkpoint.cursor).ok()?;
        Some(Self {
            bytes: mark.offset,
            all: mark.end && mark.pending() == 0,
        })
    }
}

impl KnownUnit {
    /// The cursor that a [`FileSource`](crate::FileSource) committed last for this file, for its
    /// [`relate`](crate::FileSource::relate): small facts of the content are best kept there. `version` is that of
    /// the cursors now, [`Context::cursor_version`](crate::Context::cursor_version). Nothing where it has none of this
    /// version and shape.
    pub fn cursor<C: DeserializeOwned>(&self, version: u32) -> Option<C> {
        let checkpoint = self.checkpoint.as_ref()?;
        let checkpoint = (checkpoint.version == version).then_some(checkpoint)?;
        let bookmark = serde_json::from_str::<Bookmark<&RawValue>>(&checkpoint.cursor).ok()?;
        serde_json::from_str(bookmark.cursor.get()).ok()
    }
}

/// Fills `buffer` from `offset` on, as far as the file goes. What lies before a failure is not
/// lost: the failure shows when the next read starts at it.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
