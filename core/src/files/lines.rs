//! Complete lines of a file. A line that lies whole in the buffer is not copied; one that is longer
//! than any sane line is read past with little memory; and one whose end has not been written yet
//! is left alone.

use std::ops::Range;

use memchr::memchr;

use super::identity::{BLOCK, Print, TAIL};
use super::tracked::{Place, TrackedFile};
use crate::error::Result;
use crate::record::Origin;
use crate::reject::{REJECT_BYTES, Reject, Sample};

/// A longer line is never held in memory; it becomes a reject.
pub const LINE_LIMIT: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One line, without its line break.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Where they begin in the file.
    pub start: u64,
    /// Where the next line begins: behind the line break.
    pub end: u64,
}

impl<'a> Line<'a> {
    /// Its text. Bytes that are no UTF-8, and NUL bytes, which no text has, are a reason to reject
    /// it.
    pub fn text(&self) -> Result<&'a str, Reject> {
        let text = self.utf8()?;
        match self.nul() {
            Some(nul) => Err(nul),
            None => Ok(text),
        }
    }

    /// Where it stands in its file.
    pub fn origin(&self) -> Origin {
        Origin::bytes(self.start, self.end)
    }

    pub(crate) fn utf8(&self) -> Result<&'a str, Reject> {
        std::str::from_utf8(self.bytes).map_err(|error| {
            let at = error.valid_up_to();
            let byte = self.bytes.get(at).copied().unwrap_or_default();
            Reject::new(
                "not-utf8",
                format!("byte {at} of the line (0x{byte:02X}) is not UTF-8 text"),
            )
        })
    }

    pub(crate) fn nul(&self) -> Option<Reject> {
        let at = memchr(0, self.bytes)?;
        Some(Reject::new(
            "nul",
            format!("byte {at} of the line is NUL; a crash may have left it unwritten"),
        ))
    }
}

/// A line that is longer than [`LINE_LIMIT`].
#[derive(Debug, Clone)]
pub struct Overlong {
    /// Where it begins in the file.
    pub start: u64,
    /// Where the next line begins.
    pub end: u64,
    /// Its first bytes, with the hash and length of all of it.
    pub sample: Sample,
}

impl Overlong {
    /// Where it stands in its file.
    pub fn origin(&self) -> Origin {
        Origin::bytes(self.start, self.end)
    }

    /// Why it became no record.
    pub fn reject(&self) -> Reject {
        let length = self.sample.length;
        let limit = LINE_LIMIT >> 20;
        Reject::new(
            "line-too-long",
            format!("the line has {length} bytes; at most {limit} MiB are read as one"),
        )
    }
}

/// What comes next in a file of lines.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A line that is not blank.
    Line(Line<'a>),
    /// A line that is too long.
    Overlong(Overlong),
}

/// A piece by its place in the buffer.
enum Step {
    Line(Range<usize>),
    Overlong(Overlong),
}

/// Reads the complete lines of a file, one by one.
///
/// Line breaks are `\n` or `\r\n`; a byte order mark at the start of the file is left out, and so
/// are blank lines. The last line of a compressed file is complete without its line break.
pub struct LineReader<'a> {
    file: &'a mut TrackedFile,
    buffer: Vec<u8>,
    /// Where the buffer begins in the file. It always holds the [`TAIL`] bytes before `next`, if
    /// there are as many, for the mark of a commit.
    base: u64,
    /// Where the next line begins in the buffer.
    next: usize,
    /// Up to where no line break was found.
    searched: usize,
    filled: usize,
    ended: bool,
    /// Where the reader stopped before an overlong line without an end.
    stopped: Option<Place>,
    block: usize,
    limit: usize,
}

impl<'a> LineReader<'a> {
    /// Reads `file` from where it is to go on.
    pub fn new(file: &'a mut TrackedFile) -> Self {
        Self::with_sizes(file, BLOCK, LINE_LIMIT)
    }

    pub(crate) fn with_sizes(file: &'a mut TrackedFile, block: usize, limit: usize) -> Self {
        let tail = file.tail().len();
        let rest = usize::try_from(file.left(file.start())).unwrap_or(usize::MAX);
        let mut buffer = vec![0; tail + rest.min(block)];
        buffer[..tail].copy_from_slice(file.tail());
        let base = file.start() - tail as u64;
        let (next, searched, filled) = (tail, tail, tail);
        Self {
            file,
            buffer,
            base,
            next,
            searched,
            filled,
            ended: false,
            stopped: None,
            block,
            limit,
        }
    }

    /// The next line; `None` when there is no further complete line now.
    pub fn next_line(&mut self) -> Result<Option<Piece<'_>>> {
        Ok(self.step()?.map(|step| match step {
            Step::Line(range) => Piece::Line(Line {
                start: self.base + range.start as u64,
                end: self.base + self.next as u64,
                bytes: &self.buffer[range],
            }),
            Step::Overlong(long) => Piece::Overlong(long),
        }))
    }

    /// The place behind the last line that was returned: what a commit now covers.
    pub fn place(&self) -> Place {
        if let Some(place) = &self.stopped {
            return place.clone();
        }
        let tail = &self.buffer[self.next.saturating_sub(TAIL)..self.next];
        let end = self.ended && !self.file.is_changed();
        Place {
            offset: self.base + self.next as u64,
            tail: Print::of(tail),
            end,
        }
    }

    /// The file it reads.
    pub fn file(&self) -> &TrackedFile {
        self.file
    }

    /// How much memory its buffer takes.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    fn step(&mut self) -> Result<Option<Step>> {
        while !self.ended {
            if let Some(found) = memchr(b'\n', &self.buffer[self.searched..self.filled]) {
                let line = self.next..self.searched + found;
                self.next = line.end + 1;
                self.searched = self.next;
                if line.len() > self.limit {
                    return Ok(Some(Step::Overlong(self.held_overlong(line))));
                }
                let line = self.trim(line);
                if !self.is_blank(line.clone()) {
                    return Ok(Some(Step::Line(line)));
                }
                continue;
            }
            self.searched = self.filled;
            if self.filled - self.next > self.limit {
                return Ok(self.pass_overlong()?.map(Step::Overlong));
            }
            self.ended = !self.fill()?;
        }
        Ok(self.last_line().map(Step::Line))
    }

    /// What follows the last line break, where that is a line.
    fn last_line(&mut self) -> Option<Range<usize>> {
        if self.next == self.filled || self.stopped.is_some() || !self.file.ends_whole() {
            return None;
        }
        let line = self.trim(self.next..self.filled);
        self.next = self.filled;
        (!self.is_blank(line.clone())).then_some(line)
    }

    /// Takes away the byte order mark before the first line, and the first half of a `\r\n`.
    fn trim(&self, mut line: Range<usize>) -> Range<usize> {
        if self.base == 0
            && line.start == 0
            && self.buffer[line.clone()].starts_with(BYTE_ORDER_MARK)
        {
            line.start += BYTE_ORDER_MARK.len();
        }
        if line.end > line.start && self.buffer[line.end - 1] == b'\r' {
            line.end -= 1;
        }
        line
    }

    fn is_blank(&self, line: Range<usize>) -> bool {
        self.buffer[line].iter().all(u8::is_ascii_whitespace)
    }

    fn held_overlong(&self, line: Range<usize>) -> Overlong {
        let (start, end) = (self.base + line.start as u64, self.base + self.next as u64);
        Overlong {
            start,
            end,
            sample: Sample::of(&self.buffer[line]),
        }
    }

    /// Reads on to the end of a line that is too long already; `None`, and no step further, if it
    /// has none.
    fn pass_overlong(&mut self) -> Result<Option<Overlong>> {
        let before = self.place();
        let mut sampler = Sampler::default();
        loop {
            let bytes = &self.buffer[self.next..self.filled];
            if let Some(found) = memchr(b'\n', bytes) {
                sampler.add(&bytes[..found]);
                self.next += found + 1;
                self.searched = self.next;
                let end = self.base + self.next as u64;
                return Ok(Some(Overlong {
                    start: before.offset,
                    end,
                    sample: sampler.finish(),
                }));
            }
            sampler.add(bytes);
            self.next = self.filled;
            self.searched = self.filled;
            let filled = self.fill();
            if matches!(filled, Ok(false)) && self.file.ends_whole() {
                self.ended = true;
                return Ok(Some(Overlong {
                    start: before.offset,
                    end: self.base + self.next as u64,
                    sample: sampler.finish(),
                }));
            }
            if !matches!(filled, Ok(true)) {
                self.ended = true;
                self.stopped = Some(Place {
                    end: filled.is_ok() && !self.file.is_changed(),
                    ..before
                });
                return filled.map(|_| None);
            }
        }
    }

    /// Reads the next bytes behind what has not been returned yet; `false` at the end.
    fn fill(&mut self) -> Result<bool> {
        let left = self.file.left(self.base + self.filled as u64);
        if left == 0 {
            return Ok(false);
        }
        let drop = self.next.saturating_sub(TAIL);
        if drop > 0 {
            self.buffer.copy_within(drop..self.filled, 0);
            self.base += drop as u64;
            (self.next, self.searched, self.filled) =
                (self.next - drop, self.searched - drop, self.filled - drop);
        }
        self.make_room(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.file.block(
            self.base + self.filled as u64,
            &mut self.buffer[self.filled..],
        )?;
        self.filled += read;
        Ok(read > 0)
    }

    fn make_room(&mut self, left: usize) {
        let room = self.buffer.len() - self.filled;
        if room < left.min(self.block / 2).max(1) {
            // Doubling keeps the copying in proportion to the line; the limit keeps the buffer in
            // bounds.
            let double = (self.filled * 2).min(self.limit.saturating_add(TAIL + 1));
            let wanted = double.max(self.filled + self.block.min(left));
            self.buffer.reserve_exact(wanted - self.buffer.len());
            self.buffer.resize(wanted, 0);
        } else if self.buffer.len() > 16 * self.block && self.filled < self.block {
            // A long line has passed, and the next ones are as short as ever.
            self.buffer.truncate(2 * self.block);
            self.buffer.shrink_to_fit();
        }
    }
}

/// Makes the sample of an input that is never held as a whole.
#[derive(Default)]
struct Sampler {
    head: Vec<u8>,
    hasher: blake3::Hasher,
    length: u64,
}

impl Sampler {
    fn add(&mut self, bytes: &[u8]) {
        let room = REJECT_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
    }

    fn finish(self) -> Sample {
        Sample {
            head: self.head,
            hash: *self.hasher.finalize().as_bytes(),
            length: self.length,
        }
    }
}
