//! A file that is open: what it looked like then, and its content, which for a compressed file is
//! what it unpacks to. Nobody who reads the content has to know which it is.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::identity::{BLOCK, HEAD, Mark, Print, Stamp, read_at};
use super::signals::Signals;
use super::trouble::{is_gone, is_shortage, not_a_file, shortage, unreadable};
use super::unpack::{Coding, Ending, Limits, Unpacker};
use crate::blob::ContentHash;
use crate::error::Error;
use crate::reject::Reject;

/// How much is unpacked at once on the way to a place.
const SKIPPED: usize = 64 << 10;

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

impl Stop {
    /// As an error about the file at `path`.
    pub(crate) fn at(self, path: &Path) -> Error {
        let place = path.display();
        match self {
            Self::Failed(error) => error,
            Self::Problem(why) => Error::permanent(why.message).at(place.to_string()),
            Self::Gone => Error::permanent("there is no such file").at(place.to_string()),
        }
    }
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
#[derive(Clone)]
pub(crate) struct Opened {
    file: Arc<File>,
    pub(crate) stamp: Stamp,
    /// The file's first bytes, at most [`HEAD`].
    start: Arc<[u8]>,
    /// The first bytes of its content, at most [`HEAD`].
    pub(crate) head: Arc<[u8]>,
    unpacker: Option<Arc<Mutex<Unpacker>>>,
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
        let start: Arc<[u8]> = head.into();
        Ok(Self {
            file: Arc::new(file),
            stamp,
            head: start.clone(),
            start,
            unpacker: None,
        })
    }

    /// The same file; if it is compressed, with what it unpacks to as its content.
    pub(crate) fn unpacked(self, signals: &Signals) -> Result<Self, Stop> {
        self.unpacked_within(Limits::default(), signals)
    }

    pub(crate) fn unpacked_within(self, limits: Limits, signals: &Signals) -> Result<Self, Stop> {
        if Coding::of(&self.start).is_none() {
            return Ok(self);
        }
        let unpacker = Unpacker::new(self.file.clone(), self.stamp.size, limits);
        let opened = Self {
            unpacker: Some(Arc::new(Mutex::new(unpacker))),
            ..self
        };
        let mut head = vec![0; HEAD];
        let length = opened.read_at(&mut head, 0, signals)?;
        Ok(Self {
            head: head[..length].into(),
            ..opened
        })
    }

    /// The same file, read by itself: of a compressed one, unpacking does not disturb that of others.
    pub(crate) fn apart(&self) -> Self {
        let limits = self.unpacker().map(|unpacker| unpacker.limits());
        let unpacker = limits.map(|limits| {
            let unpacker = Unpacker::new(self.file.clone(), self.stamp.size, limits);
            Arc::new(Mutex::new(unpacker))
        });
        Self {
            unpacker,
            ..self.clone()
        }
    }

    /// The file itself.
    pub(crate) fn handle(&self) -> &File {
        &self.file
    }

    /// Whether its content is what it unpacks to.
    pub(crate) fn is_packed(&self) -> bool {
        self.unpacker.is_some()
    }

    /// What the file looks like now.
    pub(crate) fn look(&self) -> io::Result<Stamp> {
        Ok(Stamp::of(&self.file.metadata()?))
    }

    /// Whether it still begins as it did.
    pub(crate) fn begins_alike(&self) -> io::Result<bool> {
        let mut start = [0; HEAD];
        let read = read_at(&self.file, &mut start[..self.start.len()], 0)?;
        Ok(start[..read] == self.start[..])
    }

    /// Fills `buffer` with the content from `offset` on, as far as it goes. A compressed file is
    /// cheap to read forwards only.
    pub(crate) fn read_at(
        &self,
        buffer: &mut [u8],
        offset: u64,
        signals: &Signals,
    ) -> Result<usize, Stop> {
        let Some(mut unpacker) = self.unpacker() else {
            signals.check()?;
            let room = usize::try_from(self.stamp.size.saturating_sub(offset));
            let wanted = buffer.len().min(room.unwrap_or(usize::MAX));
            return Ok(read_at(&self.file, &mut buffer[..wanted], offset)?);
        };
        if !go_to(&mut unpacker, offset, signals)? {
            return Ok(0);
        }
        let mut filled = 0;
        while filled < buffer.len() {
            match unpacker.read(&mut buffer[filled..], signals) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(Stop::Problem(_)) if filled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// How much of the content follows `offset`; as good as endless where only unpacking tells.
    pub(crate) fn left(&self, offset: u64) -> u64 {
        match self.unpacker {
            Some(_) => u64::MAX,
            None => self.stamp.size.saturating_sub(offset),
        }
    }

    /// How long the content is. A compressed file is unpacked to its end for that.
    pub(crate) fn length(&self, signals: &Signals) -> Result<u64, Stop> {
        let Some(mut unpacker) = self.unpacker() else {
            return Ok(self.stamp.size);
        };
        if let Some((length, _)) = unpacker.ending() {
            return Ok(*length);
        }
        go_to(&mut unpacker, u64::MAX, signals)?;
        Ok(unpacker.position())
    }

    /// How many bytes of the file the content before `offset` came from.
    pub(crate) fn consumed(&self, offset: u64) -> u64 {
        match self.unpacker() {
            // The head has been unpacked already.
            Some(unpacker) if offset > 0 => unpacker.consumed(),
            _ => offset,
        }
    }

    /// Where and how the content of a compressed file ended, once it was read so far.
    pub(crate) fn ending(&self) -> Option<(u64, Ending)> {
        self.unpacker()?.ending().cloned()
    }

    /// BLAKE3 of the file, packed as it may be.
    pub(crate) fn digest(&self, signals: &Signals) -> Result<ContentHash, Stop> {
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; BLOCK];
        let mut at = 0;
        while at < self.stamp.size {
            signals.check()?;
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

    /// The bytes before the mark's offset, if the content still is what the mark is about.
    pub(crate) fn tail_of(&self, mark: &Mark, signals: &Signals) -> Result<Option<Vec<u8>>, Stop> {
        let too_short = !self.is_packed() && self.stamp.size < mark.offset;
        if too_short || !mark.head.starts(&self.head) {
            return Ok(None);
        }
        let tail = self.tail_before(mark.offset, usize::from(mark.tail.length), signals)?;
        if Print::of(&tail) != mark.tail {
            return Ok(None);
        }
        // The last line of a compressed file counts without its line break. Where more follows now,
        // half a line was taken for a whole one.
        let unbroken = mark.hash.is_some() && tail.last().is_some_and(|last| *last != b'\n');
        if unbroken && self.read_at(&mut [0], mark.offset, signals)? > 0 {
            return Ok(None);
        }
        Ok(Some(tail))
    }

    /// At most `length` bytes of the content before `offset`.
    pub(crate) fn tail_before(
        &self,
        offset: u64,
        length: usize,
        signals: &Signals,
    ) -> Result<Vec<u8>, Stop> {
        let length = usize::try_from(offset).unwrap_or(length).min(length);
        let mut tail = vec![0; length];
        let read = self.read_at(&mut tail, offset - length as u64, signals)?;
        tail.truncate(read);
        Ok(tail)
    }

    /// Whether `original`, which is not compressed, begins with all of this content.
    pub(crate) fn is_made_from(&self, original: &Self, signals: &Signals) -> Result<bool, Stop> {
        let length = self.length(signals)?;
        if original.is_packed()
            || length > original.stamp.size
            || !original.head.starts_with(&self.head)
        {
            return Ok(false);
        }
        let tail = |of: &Self| of.tail_before(length, HEAD, signals);
        Ok(tail(self)? == tail(original)?)
    }

    fn unpacker(&self) -> Option<MutexGuard<'_, Unpacker>> {
        let unpacker = self.unpacker.as_ref()?;
        Some(unpacker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another file in its place, as a disk that breaks does.
    #[cfg(test)]
    pub(crate) fn swap(&mut self, file: File) {
        self.file = Arc::new(file);
    }
}

/// Unpacks up to `offset`; `false` if the content ends before.
fn go_to(unpacker: &mut Unpacker, offset: u64, signals: &Signals) -> Result<bool, Stop> {
    if offset < unpacker.position() {
        unpacker.restart();
    }
    if offset == unpacker.position() {
        return Ok(true);
    }
    let mut passed = vec![0; SKIPPED];
    while unpacker.position() < offset {
        let left = usize::try_from(offset - unpacker.position()).unwrap_or(SKIPPED);
        if unpacker.read(&mut passed[..left.min(SKIPPED)], signals)? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
