//! FLAC (RFC 9639) in a file of its own. Frames do not say how long they are: the next one is found by its header,
//! whose checksum, number and shape have to fit. So all frames are counted, also where the header states no length.

use std::io;

use super::decode::Codec;
use super::facts::{DurationSource, Facts};
use super::input::{Input, LARGEST};
use super::{Probe, Step, id3, vorbis};

/// Comments longer than this are not read.
const LONGEST_COMMENTS: u32 = 1 << 20;

/// The stream information.
#[derive(Debug, Clone, Copy)]
pub(super) struct Info {
    /// As it stands in the file.
    pub(super) bytes: [u8; 34],
    pub(super) rate: u32,
    pub(super) channels: u32,
    pub(super) bits: u32,
    /// Samples of each channel; 0 if that was not known.
    pub(super) samples: u64,
}

impl Info {
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        let bytes: [u8; 34] = *block.first_chunk()?;
        let packed = u64::from_be_bytes(*bytes[10..].first_chunk()?);
        let info = Self {
            bytes,
            rate: (packed >> 44) as u32,
            channels: (packed >> 41 & 7) as u32 + 1,
            bits: (packed >> 36 & 31) as u32 + 1,
            samples: packed & 0xF_FFFF_FFFF,
        };
        (info.rate > 0).then_some(info)
    }

    pub(super) fn describe(&self, facts: &mut Facts) {
        facts.codec = Some("flac".into());
        facts.sample_rate = Some(self.rate);
        facts.channels = Some(self.channels);
        facts.bits_per_sample = Some(self.bits);
    }
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let Probe { input, facts, wave } = probe;
    facts.format = Some("flac");
    input.skip(4);
    let Some(info) = read_blocks(input, facts)? else {
        facts.unknown("the description of its sound is missing");
        return Ok(());
    };
    info.describe(facts);
    wave.decode(Codec::Flac(info.bytes.into()));
    let counted = walk(probe, &info)?;
    let facts = &mut probe.facts;
    match info.samples {
        0 => facts.last(counted, DurationSource::Scan),
        stated if stated.abs_diff(counted) <= stated / 100 => {
            facts.last(stated, DurationSource::Header)
        }
        stated => {
            if stated > counted {
                facts.cut("the file ends before the sound does");
            } else {
                facts.warn("there is more sound than its header says");
            }
            facts.last(counted, DurationSource::Scan);
        }
    }
    Ok(())
}

/// Reads what stands before the frames.
fn read_blocks(input: &mut Input<'_>, facts: &mut Facts) -> Step<Option<Info>> {
    let mut info = None;
    loop {
        let [kind, size @ ..] = input.array::<4>()?;
        let size = u32::from_be_bytes([0, size[0], size[1], size[2]]);
        let next = input.position() + u64::from(size);
        match kind & 0x7F {
            0 => info = info.or(Info::parse(input.take(size as usize)?)),
            4 if size <= LONGEST_COMMENTS => {
                vorbis::read_comments(input.take(size as usize)?, facts);
            }
            _ => {}
        }
        input.seek(next);
        if kind & 0x80 != 0 {
            return Ok(info);
        }
    }
}

/// What the header of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    length: usize,
    /// Whether `number` counts samples; else it counts frames.
    counts_samples: bool,
    number: u64,
    samples: u32,
}

/// The longest header: 4 bytes, 7 of number, 2 of block size, 2 of rate, 1 of checksum.
const LONGEST_HEADER: usize = 16;

/// Counts the samples of all frames from here on.
fn walk(probe: &mut Probe<'_>, info: &Info) -> io::Result<u64> {
    let mut counted = 0;
    let mut last: Option<Header> = None;
    loop {
        let Probe { input, facts, wave } = probe;
        input.beat()?;
        let follows = |header: &Header| last.is_none_or(|last| header.follows(&last));
        let header = Header::parse(input.window(LONGEST_HEADER)?, info).filter(follows);
        let Some(header) = header else {
            if !find_next(probe, info, last)? {
                return Ok(counted);
            }
            continue;
        };
        let (length, is_last) = frame_length(input, info, &header)?;
        let frame = input.take(length).ok().unwrap_or_default();
        if is_last && !is_sound(frame) {
            let sound = frame
                .len()
                .checked_sub(128)
                .filter(|&at| frame[at..].starts_with(b"TAG"));
            let (Some(at), Some(tag)) = (sound, frame.last_chunk::<128>()) else {
                facts.cut("the file ends in the middle of a frame");
                return Ok(counted);
            };
            id3::read_old(tag, facts);
            wave.packet(&frame[..at], header.samples);
        } else {
            wave.packet(frame, header.samples);
        }
        counted += u64::from(header.samples);
        if last.is_some_and(|last| header.gap(&last)) {
            facts.warn("a part of it is damaged");
        }
        last = Some(header);
    }
}

/// Goes to the next frame; `false` if there is none.
fn find_next(probe: &mut Probe<'_>, info: &Info, last: Option<Header>) -> io::Result<bool> {
    let input = &mut probe.input;
    if input.left() > 0 {
        probe.facts.warn("a part of it is damaged");
    }
    let fits = |header: Header| last.is_none_or(|last| header.follows(&last));
    input.find(LONGEST_HEADER, |window| {
        Header::parse(window, info).is_some_and(fits)
    })
}

/// The place of a header that `fits` from `from` on, where all of a header is there if `is_end` does not say that no more
/// will come.
fn find(
    window: &[u8],
    from: usize,
    is_end: bool,
    info: &Info,
    fits: impl Fn(Header) -> bool,
) -> Option<usize> {
    let sure = if is_end {
        window.len()
    } else {
        (window.len() + 1).saturating_sub(LONGEST_HEADER)
    };
    let mut from = from;
    loop {
        let at = from
            + window
                .get(from..sure)?
                .iter()
                .position(|byte| *byte == 0xFF)?;
        if Header::parse(&window[at..], info).is_some_and(&fits) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The length of the frame that begins here with `header`, and whether nothing follows it.
fn frame_length(input: &mut Input<'_>, info: &Info, header: &Header) -> io::Result<(usize, bool)> {
    let mut from = header.length;
    loop {
        let left = input.left();
        let window = input.window(from + LONGEST_HEADER)?;
        let there = window.len();
        let is_end = there as u64 == left;
        if let Some(at) = find(window, from, is_end, info, |next| next.follows(header)) {
            return Ok((at, false));
        }
        if is_end || there > LARGEST {
            return Ok((there.min(LARGEST), is_end));
        }
        from = (there + 1).saturating_sub(LONGEST_HEADER).max(from);
        // Asks for more than there is, so that more is read.
        if input.window(there + 1)?.len() == there {
            return Ok((there, false));
        }
    }
}

impl Header {
    fn parse(bytes: &[u8], info: &Info) -> Option<Self> {
        let [0xFF, sync @ (0xF8 | 0xF9), sizes, shape, rest @ ..] = bytes else {
            return None;
        };
        let (number, mut rest) = coded_number(rest)?;
        let samples = match sizes >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => u32::from(take::<1>(&mut rest)?[0]) + 1,
            7 => u32::from(u16::from_be_bytes(take(&mut rest)?)) + 1,
            code => 256 << (code - 8),
        };
        match sizes & 15 {
            12 => take::<1>(&mut rest).map(|_| ())?,
            13 | 14 => take::<2>(&mut rest).map(|_| ())?,
            15 => return None,
            _ => {}
        }
        let length = bytes.len() - rest.len() + 1;
        let channels = u32::from(shape >> 4);
        let has_channels = if channels < 8 {
            channels + 1 == info.channels
        } else {
            channels < 11 && info.channels == 2
        };
        let bits = [0, 8, 12, 0, 16, 20, 24, 32][usize::from(shape >> 1 & 7)];
        let is_one = has_channels && (bits == 0 || bits == info.bits) && shape & 1 == 0;
        let is_sound = crc8(&bytes[..length - 1]) == *rest.first()?;
        (is_one && is_sound).then_some(Self {
            length,
            counts_samples: sync & 1 == 1,
            number,
            samples,
        })
    }

    /// Whether this can be the frame behind `last`, or one a little further on.
    fn follows(&self, last: &Self) -> bool {
        let ahead = self.number.saturating_sub(last.number);
        let most = if self.counts_samples {
            1 << 26
        } else {
            1 << 12
        };
        self.counts_samples == last.counts_samples && ahead > 0 && ahead < most
    }

    /// Whether frames are missing between `last` and this.
    fn gap(&self, last: &Self) -> bool {
        let step = if last.counts_samples {
            u64::from(last.samples)
        } else {
            1
        };
        self.number != last.number + step
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

/// A number of up to 36 bits, written like a letter of UTF-8.
fn coded_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let more = match first.leading_ones() as usize {
        0 => 0,
        ones @ 2..=7 => ones - 1,
        _ => return None,
    };
    let (tail, rest) = rest.split_at_checked(more)?;
    let first = if more == 0 {
        u64::from(first)
    } else {
        u64::from(first) & (0x3F >> more)
    };
    let is_tail = tail.iter().all(|byte| byte >> 6 == 2);
    is_tail.then(|| {
        (
            tail.iter()
                .fold(first, |number, byte| number << 6 | u64::from(byte & 0x3F)),
            rest,
        )
    })
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum: u8, _| {
            sum << 1 ^ if sum & 0x80 != 0 { 0x07 } else { 0 }
        })
    })
}

/// Whether the checksum at the end of a frame is right.
fn is_sound(frame: &[u8]) -> bool {
    let sum = frame.iter().fold(0, |sum: u16, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| {
            sum << 1 ^ if sum & 0x8000 != 0 { 0x8005 } else { 0 }
        })
    });
    // Run over the sum itself, it comes to nothing.
    sum == 0 && !frame.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_like_letters() {
        assert_eq!(
            coded_number(&[0x7F, 9]).map(|(number, _)| number),
            Some(127)
        );
        assert_eq!(
            coded_number("é".as_bytes()).map(|(number, _)| number),
            Some(0xE9)
        );
        let longest = [0xFE, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF];
        assert_eq!(
            coded_number(&longest).map(|(number, _)| number),
            Some((1 << 36) - 1)
        );
        assert!(coded_number(&[0x80]).is_none() && coded_number(&[0xC3, 0x29]).is_none());
        assert!(coded_number(&[0xC3]).is_none() && coded_number(&[0xFF]).is_none());
    }

    #[test]
    fn the_checksums_are_those_of_flac() {
        // "123456789", as catalogues of checksums have it: CRC-8/SMBUS and CRC-16/UMTS.
        assert_eq!(crc8(b"123456789"), 0xF4);
        assert!(
            is_sound(b"123456789\xFE\xE8") && !is_sound(b"123456789\xFE\xE9") && !is_sound(b"")
        );
    }
}
