//! A whole file on its way into the store while a parser reads it: each byte is hashed and copied once, in order, as
//! the parser comes to it, and what the parser leaves out is taken at the end.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use super::tracked::TrackedFile;
use crate::blob::FileRef;
use crate::error::{Error, Result};
use crate::staging::{Copying, Naming};

/// How much is taken at once.
const BLOCK: usize = 128 << 10;
/// A parser that jumps over no more than this gets there by taking what lies between. Farther ahead it may look
/// without: formats keep an index at their end.
const NEAR: u64 = 1 << 20;

/// What sees each byte once, in order.
type Tap<'a> = Box<dyn FnMut(&[u8]) + 'a>;

/// A file that is read and kept in the same pass; see [`FileEmit::intake`](crate::FileEmit::intake).
///
/// What a parser reads is what is kept: where the original changes meanwhile, reading fails, or goes on in the copy.
pub struct Intake<'a> {
    file: &'a mut TrackedFile,
    copy: Copying,
    position: u64,
    tap: Option<Tap<'a>>,
    /// Bytes that were taken and are asked for next: most parsers read in small pieces.
    block: Vec<u8>,
    /// Where the block starts in the file.
    block_at: u64,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(file: &'a mut TrackedFile, mut copy: Copying) -> Self {
        copy.clone_from(file.handle(), Some(file.size()));
        Self {
            file,
            copy,
            position: 0,
            tap: None,
            block: Vec::new(),
            block_at: 0,
        }
    }

    /// Shows each byte once, in order, to `tap`, as for a second hash. To be called before anything is read.
    #[must_use]
    pub fn tap(mut self, tap: impl FnMut(&[u8]) + 'a) -> Self {
        self.tap = Some(Box::new(tap));
        self
    }

    /// The file that is read.
    pub fn file(&self) -> &TrackedFile {
        self.file
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.file.size()
    }

    /// Takes what has not been read, and ends it.
    pub(crate) fn finish(mut self, naming: Naming) -> Result<FileRef> {
        while self.take_block()? > 0 {}
        let frozen = self.copy.cloned.is_some();
        let whole = self.copy.taken() == self.file.size();
        if !whole || !(frozen || self.file.is_as_opened()?) {
            let message = "the file was replaced while it was read";
            return Err(Error::temporary(message).at(self.file.path().display().to_string()));
        }
        let place = self.file.path().to_owned();
        self.copy.finish(Some(place), naming)
    }

    /// Hashes and copies the next block, which can then be read from memory. Returns its length.
    fn take_block(&mut self) -> Result<usize> {
        let at = self.copy.taken();
        let mut block = std::mem::take(&mut self.block);
        block.resize(BLOCK, 0);
        let read = self.read_at(at, &mut block)?;
        block.truncate(read);
        self.copy.take(&block)?;
        if let Some(tap) = &mut self.tap {
            tap(&block);
        }
        (self.block, self.block_at) = (block, at);
        Ok(read)
    }

    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize> {
        let Some(copy) = &self.copy.cloned else {
            return self.file.block(at, buffer);
        };
        self.file.check()?;
        let read = copy.read_at(buffer, at);
        read.map_err(|error| Error::io(self.file.path().display(), error))
    }

    /// What the block in memory has from `position` on.
    fn at_hand(&self) -> &[u8] {
        let skip = self.position.checked_sub(self.block_at);
        let skip = skip.and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.block.get(skip..))
            .unwrap_or_default()
    }
}

impl Read for Intake<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at_hand().is_empty() {
            let ahead = self.position.checked_sub(self.copy.taken());
            match ahead {
                Some(ahead) if ahead <= NEAR => {
                    if self.take_block().map_err(io::Error::other)? == 0 {
                        return self.at_end();
                    }
                }
                _ => {
                    let read = self
                        .read_at(self.position, buffer)
                        .map_err(io::Error::other)?;
                    self.position += read as u64;
                    return if read == 0 { self.at_end() } else { Ok(read) };
                }
            }
        }
        let hand = self.at_hand();
        let length = hand.len().min(buffer.len());
        buffer[..length].copy_from_slice(&hand[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Intake<'_> {
    /// Nothing more can be read: it is the end, or the file was replaced.
    fn at_end(&self) -> io::Result<usize> {
        match self.file.is_changed() {
            true => Err(io::Error::other("the file was replaced while it was read")),
            false => Ok(0),
        }
    }
}

impl Seek for Intake<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.length().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let before = io::ErrorKind::InvalidInput;
        self.position =
            to.ok_or_else(|| io::Error::new(before, "a place before the start of the file"))?;
        Ok(self.position)
    }
}

impl fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake")
            .field("file", &self.file)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
