//! Unpacks what rotation has compressed, as a stream with bounded memory: gzip of several members,
//! zstd of several frames. Where the stream breaks, its content ends there, with the reason.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use super::identity::read_at;
use super::opened::Stop;
use super::signals::Signals;
use crate::reject::Reject;

/// How many compressed bytes are read at once.
const INPUT: usize = 64 << 10;
/// No larger window is unpacked, as it is held in memory: 128 MiB.
const WINDOW_LOG: u32 = 27;
/// The bytes by which a stream is recognised.
const MAGIC: usize = 4;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Zstd,
}

impl Coding {
    /// What starts with these bytes, whatever it is called.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1F, 0x8B, 0x08, ..] => Some(Self::Gzip),
            // A frame, or one to be passed over, with which some writers begin.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Whether more bytes could make these the start of a stream.
    fn may_begin(start: &[u8]) -> bool {
        let passed_over = |start: &[u8]| match start {
            [0x50..=0x5F, rest @ ..] => [0x2A, 0x4D, 0x18].starts_with(rest),
            _ => false,
        };
        [0x1F, 0x8B, 0x08].starts_with(start)
            || [0x28, 0xB5, 0x2F, 0xFD].starts_with(start)
            || passed_over(start)
    }
}

/// When a stream is taken for one that was made to fill the reader's disk or time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// So much may come out of anything.
    pub(crate) bytes: u64,
    /// Beyond, so many bytes for each that goes in. Logs come to a hundred at most.
    pub(crate) ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            ratio: 1000,
        }
    }
}

/// How the content of a stream ends.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// Why what follows cannot be read, if something does.
    pub(crate) damage: Option<Reject>,
    /// Whether its last line is whole, also without a line break: nothing of it is missing.
    pub(crate) whole: bool,
}

/// The compressed bytes from a place on, up to where the file ended when it was opened.
struct Packed {
    file: Arc<File>,
    at: u64,
    size: u64,
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(room);
        let read = read_at(&self.file, &mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

type Input = BufReader<Packed>;

/// Where it stands in the file.
enum Stage {
    /// Before a member or frame, or behind the last one.
    Between(Input),
    Gzip(Box<GzDecoder<Input>>),
    Zstd(Box<ZstdDecoder<'static, Input>>),
    Ended,
}

/// Unpacks a file from its start on.
pub(crate) struct Unpacker {
    file: Arc<File>,
    size: u64,
    limits: Limits,
    stage: Stage,
    position: u64,
    /// Where and how it ended, once it has; it is the same each time.
    ending: Option<(u64, Ending)>,
}

impl Unpacker {
    /// Of the first `size` bytes of a file.
    pub(crate) fn new(file: Arc<File>, size: u64, limits: Limits) -> Self {
        let packed = Packed {
            file: file.clone(),
            at: 0,
            size,
        };
        Self {
            file,
            size,
            limits,
            stage: Stage::Between(BufReader::with_capacity(INPUT, packed)),
            position: 0,
            ending: None,
        }
    }

    /// When it takes a stream for one that was made to do harm.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Goes back to the start.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            ending: self.ending.take(),
            ..Self::new(self.file.clone(), self.size, self.limits)
        };
    }

    /// How many bytes came out so far.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// How many bytes went in so far.
    pub(crate) fn consumed(&self) -> u64 {
        let input = match &self.stage {
            Stage::Between(input) => input,
            Stage::Gzip(decoder) => decoder.get_ref(),
            Stage::Zstd(decoder) => decoder.get_ref(),
            Stage::Ended => return self.size,
        };
        input.get_ref().at - input.buffer().len() as u64
    }

    /// Where and how it ended, once it has.
    pub(crate) fn ending(&self) -> Option<&(u64, Ending)> {
        self.ending.as_ref()
    }

    /// The next bytes; none at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8], signals: &Signals) -> Result<usize, Stop> {
        loop {
            signals.check()?;
            let read = match &mut self.stage {
                Stage::Between(_) => {
                    self.enter()?;
                    continue;
                }
                Stage::Gzip(decoder) => decoder.read(buffer),
                Stage::Zstd(decoder) => decoder.read(buffer),
                Stage::Ended => return Ok(0),
            };
            match read {
                Ok(0) => self.leave(),
                Ok(read) => {
                    self.position += read as u64;
                    self.limit();
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The disk, not what is on it.
                Err(error) if error.raw_os_error().is_some() => return Err(error.into()),
                Err(error) => self.end(Some(self.damage(&error)), false),
            }
        }
    }

    /// Begins the next member or frame, if there is one.
    fn enter(&mut self) -> Result<(), Stop> {
        let at = self.consumed();
        let mut start = [0; MAGIC];
        let room = usize::try_from(self.size - at).unwrap_or(MAGIC).min(MAGIC);
        let length = read_at(&self.file, &mut start[..room], at)?;
        let start = &start[..length];
        match Coding::of(start) {
            Some(coding) => self.begin(coding)?,
            None if length == 0 => self.end(None, true),
            None if length < MAGIC && Coding::may_begin(start) => {
                self.end(Some(breaks_off()), false);
            }
            // Tapes and some tools fill up the last block.
            None if self.is_padding(at)? => self.end(None, true),
            None => {
                let left = self.size - at;
                let words =
                    format!("{left} bytes that are no part of it follow the compressed data");
                self.end(Some(damaged(words)), true);
            }
        }
        Ok(())
    }

    fn begin(&mut self, coding: Coding) -> Result<(), Stop> {
        if let Stage::Between(input) = std::mem::replace(&mut self.stage, Stage::Ended) {
            self.stage = match coding {
                Coding::Gzip => Stage::Gzip(Box::new(GzDecoder::new(input))),
                Coding::Zstd => {
                    let mut decoder = ZstdDecoder::with_buffer(input)?.single_frame();
                    decoder.window_log_max(WINDOW_LOG)?;
                    Stage::Zstd(Box::new(decoder))
                }
            };
        }
        Ok(())
    }

    /// Goes behind a member or frame that is complete.
    fn leave(&mut self) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Gzip(decoder) => Stage::Between(decoder.into_inner()),
            Stage::Zstd(decoder) => Stage::Between(decoder.finish()),
            stage => stage,
        };
    }

    fn end(&mut self, damage: Option<Reject>, whole: bool) {
        self.stage = Stage::Ended;
        self.ending = Some((self.position, Ending { damage, whole }));
    }

    /// Ends a stream that grows beyond all measure.
    fn limit(&mut self) {
        let Limits { bytes, ratio } = self.limits;
        if self.position > bytes && self.position / ratio > self.consumed() {
            let words = format!(
                "more than {ratio} bytes came out for each that went in; reading stopped after {} bytes",
                self.position
            );
            self.end(Some(Reject::new("expands-too-much", words)), false);
        }
    }

    /// Whether nothing but zeroes follows.
    fn is_padding(&self, mut at: u64) -> Result<bool, Stop> {
        let mut block = [0; 4096];
        while at < self.size {
            let room = usize::try_from(self.size - at).unwrap_or(block.len());
            let wanted = room.min(block.len());
            let read = read_at(&self.file, &mut block[..wanted], at)?;
            if read == 0 {
                break;
            }
            if block[..read].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += read as u64;
        }
        Ok(true)
    }

    fn damage(&self, error: &io::Error) -> Reject {
        let said = error.to_string();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => breaks_off(),
            // The library tells by its words only; a test fails when a new version changes them.
            _ if said.contains("too much memory") => Reject::new(
                "window-too-large",
                "unpacking it takes more than 128 MiB of memory; compress it again without --long",
            ),
            _ => damaged(format!("the compressed data is damaged: {said}")),
        }
    }
}

fn breaks_off() -> Reject {
    damaged("the compressed data breaks off before its end".to_owned())
}

fn damaged(words: String) -> Reject {
    Reject::new("damaged-archive", words)
}
