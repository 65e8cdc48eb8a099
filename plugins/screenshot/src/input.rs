//! Reading an image's headers: small pieces at any place, never past the end, never much at once.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use datalake_core::{Error, Result};

/// What an image is read from.
pub(crate) trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// Why reading ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file could not be read, or somebody asked to stop: that says nothing about the image.
    Failed(Error),
    /// The bytes are not what their format asks for; says what is wrong, for people.
    Damaged(String),
}

impl Stop {
    /// The image is damaged: `why` follows "the image".
    pub(crate) fn damaged(why: impl Into<String>) -> Self {
        Self::Damaged(why.into())
    }

    /// A decoder gave up; its words may have several lines.
    pub(crate) fn undecodable(error: &dyn std::error::Error) -> Self {
        let words = error.to_string();
        let words: Vec<&str> = words.split_whitespace().collect();
        Self::Damaged(format!("cannot be decoded: {}", words.join(" ")))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::damaged("ends too early")
        } else {
            Self::Failed(failed(error))
        }
    }
}

/// What went wrong when a file was read. A reader of the program's own says it in its own words.
pub(crate) fn failed(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::io("the image", error),
    }
}

/// Large enough to hold the headers of most images, small enough to be filled anew for each chunk.
const BUFFER: usize = 8 << 10;

/// A file whose headers are read.
pub(crate) struct Input<'a> {
    file: BufReader<&'a mut dyn Bytes>,
    at: u64,
    length: u64,
}

impl<'a> Input<'a> {
    /// Reads `file` from its start.
    pub(crate) fn new(file: &'a mut dyn Bytes) -> Result<Self, Stop> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self {
            file: BufReader::with_capacity(BUFFER, file),
            at: 0,
            length,
        })
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Where reading goes on.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// Goes on at `place`; an error behind the end.
    pub(crate) fn go_to(&mut self, place: u64) -> Result<(), Stop> {
        if place > self.length {
            return Err(Stop::damaged("ends too early"));
        }
        // Lengths of files fit into i64.
        self.file.seek_relative(place as i64 - self.at as i64)?;
        self.at = place;
        Ok(())
    }

    /// Goes on `count` bytes later.
    pub(crate) fn skip(&mut self, count: u64) -> Result<(), Stop> {
        self.go_to(self.at.saturating_add(count))
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next `length` bytes; the caller has checked that they are few.
    pub(crate) fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// What is left, `most` bytes of it.
    pub(crate) fn up_to(&mut self, most: usize) -> Result<Vec<u8>, Stop> {
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
        self.bytes(left.min(most))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        // Checked before, so that a piece that is not there moves nothing.
        let end = self.at + bytes.len() as u64;
        if end > self.length {
            return Err(Stop::damaged("ends too early"));
        }
        let read = self.file.read_exact(bytes);
        read.map_err(|error| Stop::Failed(failed(error)))?;
        self.at = end;
        Ok(())
    }
}
