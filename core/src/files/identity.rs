//! What makes a file the same file as at the last look: not its name and not its inode, which are
//! used again, but what was read of it. This is kept in the checkpoint, next to the parser's own
//! cursor.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::trouble::{is_gone, is_shortage, not_a_file, shortage, unreadable};
use crate::blob::ContentHash;
use crate::error::Error;
use crate::reject::Reject;
use crate::source::Cancel;
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
        now.as_micros()
            .saturating_mul(1000)
            .saturating_sub(self.ctime)
            > step
    }

    /// When the content was last changed.
    pub fn modified(&self) -> Option<Timestamp> {
        Timestamp::from_micros(self.mtime.div_euclid(1000))
    }
}

/// A hash of a few bytes, with their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
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

impl TryFrom<String> for Print {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "not a fingerprint";
        let (length, hash) = text.split_once(':').ok_or(wrong)?;
        let length = length.parse().map_err(|_| wrong)?;
        Ok(Self {
            length,
            hash: u128::from_str_radix(hash, 16).map_err(|_| wrong)?,
        })
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
    /// BLAKE3 of the content, in hexadecimal digits, for files that are read as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<Box<str>>,
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

    /// Whether this much of a file cannot be another's by accident.
    pub(crate) fn is_telling(&self) -> bool {
        match self.hash {
            Some(_) => self.stamp.size > 0,
            None => self.head.length >= TELLING_HEAD,
        }
    }
}

/// The whole checkpoint of a file: what is known of it, and the parser's own cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bookmark<C = Box<RawValue>> {
    pub(crate) file: Mark,
    pub(crate) cursor: C,
}

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is not there any more.
    Gone,
    /// It is something else, or cannot be read.
    Problem(Reject),
    /// Something else went wrong.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if is_gone(&error) {
            Self::Gone
        } else {
            Self::Problem(unreadable(&error))
        }
    }
}

/// A file that is open, with what it looked like then.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) file: Arc<File>,
    pub(crate) stamp: Stamp,
    /// Its first bytes, at most [`HEAD`].
    pub(crate) head: Arc<[u8]>,
}

impl Opened {
    /// Opens a file, and nothing that is not one: a pipe would wait for its writer for ever.
    pub(crate) fn open(path: &Path) -> Result<Self, Stop> {
        let kind = std::fs::metadata(path)?.file_type();
        if !kind.is_file() {
            return Err(Stop::Problem(not_a_file(kind)));
        }
        // It may have been swapped since: then this opens without waiting, and the handle tells.
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .map_err(|error| match is_shortage(&error) {
                true => Stop::Failed(shortage(path, error)),
                false => error.into(),
            })?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(Stop::Problem(not_a_file(data.file_type())));
        }
        let stamp = Stamp::of(&data);
        let mut head = vec![0; usize::try_from(stamp.size).unwrap_or(HEAD).min(HEAD)];
        let length = read_at(&file, &mut head, 0)?;
        head.truncate(length);
        Ok(Self {
            file: Arc::new(file),
            stamp,
            head: head.into(),
        })
    }

    /// BLAKE3 of all of it.
    pub(crate) fn digest(&self, cancel: &Cancel) -> Result<ContentHash, Stop> {
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; BLOCK];
        let mut at = 0;
        while at < self.stamp.size {
            if cancel.is_cancelled() {
                return Err(Error::cancelled().into());
            }
            let wanted = usize::try_from(self.stamp.size - at)
                .unwrap_or(BLOCK)
                .min(BLOCK);
            let read = read_at(&self.file, &mut buffer[..wanted], at)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            at += read as u64;
        }
        Ok(*hasher.finalize().as_bytes())
    }

    /// The bytes before the mark's offset, if this file still holds what the mark is about.
    pub(crate) fn tail_of(&self, mark: &Mark) -> io::Result<Option<Vec<u8>>> {
        if self.stamp.size < mark.offset || !mark.head.starts(&self.head) {
            return Ok(None);
        }
        let tail = tail_before(&self.file, mark.offset, usize::from(mark.tail.length))?;
        Ok((Print::of(&tail) == mark.tail).then_some(tail))
    }
}

/// A hash as people write it.
pub(crate) fn hex(hash: &ContentHash) -> Box<str> {
    blake3::Hash::from_bytes(*hash).to_hex().as_str().into()
}

/// At most `length` bytes before `offset`.
pub(crate) fn tail_before(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let length = usize::try_from(offset).unwrap_or(length).min(length);
    let mut tail = vec![0; length];
    let read = read_at(file, &mut tail, offset - length as u64)?;
    tail.truncate(read);
    Ok(tail)
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
