//! The bytes of a recording: one buffer of bounded size over any `Read + Seek`. Whatever walks through a format
//! reads through it, so that one place gives signs of life and hears a wish to stop.

use std::io::{self, Read, Seek, SeekFrom};

/// How much is read at once.
const BLOCK: usize = 64 << 10;
/// The most that is ever held: no frame of any format is longer than a FLAC frame of eight channels.
pub(crate) const LARGEST: usize = 4 << 20;

/// What a recording is read from.
pub(crate) trait Source: Read + Seek {}
impl<T: Read + Seek + ?Sized> Source for T {}

/// Why a step could not be taken.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file ends before, or what is there cannot be what should be there.
    End,
    /// The file could not be read, or somebody asked to stop.
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// The result of a step through a format.
pub(crate) type Step<T = ()> = Result<T, Stop>;

/// Takes the end of the file for an answer.
pub(crate) trait OrEnd<T> {
    /// `None` where the file ended; a failure stays one.
    fn or_end(self) -> io::Result<Option<T>>;
}

impl<T> OrEnd<T> for Step<T> {
    fn or_end(self) -> io::Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Stop::End) => Ok(None),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

/// A recording that is read.
pub(crate) struct Input<'a> {
    source: &'a mut dyn Source,
    beat: &'a mut dyn FnMut() -> io::Result<()>,
    /// Where the source stands; `None` after it failed.
    source_at: Option<u64>,
    buffer: Vec<u8>,
    /// The place of the buffer's first byte in the file.
    start: u64,
    /// How much of the buffer is filled, and how much of that was taken.
    filled: usize,
    taken: usize,
    size: u64,
    /// Reading ends here: the end of the file, or of a part of it that holds a format of its own.
    end: u64,
}

impl<'a> Input<'a> {
    /// `beat` is called before each block that is read.
    pub(crate) fn new(
        source: &'a mut dyn Source,
        beat: &'a mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<Self> {
        let size = source.seek(SeekFrom::End(0))?;
        Ok(Self {
            source,
            beat,
            source_at: Some(size),
            buffer: Vec::new(),
            start: 0,
            filled: 0,
            taken: 0,
            size,
            end: size,
        })
    }

    /// The length of the file, or of the part of it that [`narrow`](Self::narrow) chose, counted from the file's start.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Where the next byte stands.
    pub(crate) fn position(&self) -> u64 {
        self.start + self.taken as u64
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> u64 {
        self.end.saturating_sub(self.position())
    }

    /// Lets reading end at `end`, or at the end of the file if that comes first. Gives the end before.
    pub(crate) fn narrow(&mut self, end: u64) -> u64 {
        std::mem::replace(&mut self.end, end.min(self.size))
    }

    /// Goes to a place, at most to the end.
    pub(crate) fn seek(&mut self, to: u64) {
        let to = to.min(self.end);
        if (self.start..=self.start + self.filled as u64).contains(&to) {
            self.taken = (to - self.start) as usize;
        } else {
            (self.start, self.filled, self.taken) = (to, 0, 0);
        }
    }

    /// Goes on by `count` bytes, at most to the end.
    pub(crate) fn skip(&mut self, count: u64) {
        self.seek(self.position().saturating_add(count));
    }

    /// What follows: at least `want` bytes (at most [`LARGEST`]), fewer only where the file ends.
    pub(crate) fn window(&mut self, want: usize) -> io::Result<&[u8]> {
        let want = want.min(LARGEST);
        while self.filled - self.taken < want && self.fill(want)? {}
        let left = usize::try_from(self.left()).unwrap_or(usize::MAX);
        let count = (self.filled - self.taken).min(left);
        Ok(&self.buffer[self.taken..self.taken + count])
    }

    /// Takes the next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Step<[u8; N]> {
        let bytes = *self.window(N)?.first_chunk().ok_or(Stop::End)?;
        self.taken += N;
        Ok(bytes)
    }

    /// Takes the next `count` bytes; more than [`LARGEST`] are never there.
    pub(crate) fn take(&mut self, count: usize) -> Step<&[u8]> {
        if self.window(count)?.len() < count {
            return Err(Stop::End);
        }
        let from = self.taken;
        self.taken += count;
        Ok(&self.buffer[from..from + count])
    }

    /// Takes at most `count` bytes, as many as are there at once; none only at the end.
    pub(crate) fn some(&mut self, count: u64) -> io::Result<&[u8]> {
        let there = self.window(1)?.len();
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(there);
        let from = self.taken;
        self.taken += count;
        Ok(&self.buffer[from..from + count])
    }

    /// Goes to the next place behind this one that `is_it`, which looks at no more than `width` bytes; `false` if there
    /// is none. What is found does not depend on how the bytes come.
    pub(crate) fn find(&mut self, width: usize, is_it: impl Fn(&[u8]) -> bool) -> io::Result<bool> {
        self.skip(1);
        loop {
            let left = self.left();
            let window = self.window(width)?;
            let is_end = window.len() as u64 == left;
            // Behind these places fewer bytes are at hand than it may look at.
            let sure = window.len() + usize::from(!is_end);
            let sure = sure.saturating_sub(if is_end { 0 } else { width });
            if let Some(at) = (0..sure).find(|&at| is_it(&window[at..])) {
                self.skip(at as u64);
                return Ok(true);
            }
            self.skip(sure as u64);
            if is_end || sure == 0 {
                return Ok(false);
            }
        }
    }

    /// Gives a sign of life. What is decoded has no other: a few bytes may be a second of work.
    pub(crate) fn beat(&mut self) -> io::Result<()> {
        (self.beat)()
    }

    /// Reads on; `false` at the end.
    fn fill(&mut self, want: usize) -> io::Result<bool> {
        let at = self.start + self.filled as u64;
        if at >= self.end {
            return Ok(false);
        }
        self.beat()?;
        if self.taken > 0 {
            self.buffer.copy_within(self.taken..self.filled, 0);
            self.start += self.taken as u64;
            self.filled -= self.taken;
            self.taken = 0;
        }
        // More than is wanted, or what is left would be moved for every little that is taken.
        let room = want + BLOCK;
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        if self.source_at != Some(at) {
            self.source_at = None;
            self.source.seek(SeekFrom::Start(at))?;
        }
        let read = loop {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.source_at = Some(at + read as u64);
        self.filled += read;
        Ok(read > 0)
    }
}

/// Bytes at hand that are taken one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Takes the next `count` bytes; nothing is taken where fewer are there.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// Takes the next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }
}
