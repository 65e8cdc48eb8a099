//! Chains of frames without a container: MPEG audio, ADTS, AC-3. Each frame begins with a header that says how
//! long it is, so the next one must stand right behind it. Counting them all is exact, whatever a header says.

use std::io;

use super::facts::{DurationSource, Facts};
use super::input::{Input, Step};
use super::wave::Wave;
use super::{Probe, id3};

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its length with its header, at least 1.
    pub(super) bytes: usize,
    /// Samples of each channel in it.
    pub(super) samples: u32,
    /// Samples of each channel in a second.
    pub(super) rate: u32,
    pub(super) channels: u32,
    /// What the headers of one stream have in common.
    pub(super) kind: u32,
}

/// Reads a frame's header.
pub(super) type Parse = fn(&[u8]) -> Option<Frame>;

/// No header is longer.
const HEADER: usize = 16;
/// No frame of these formats is longer: that of ADTS has 13 bits for its length.
const LONGEST: usize = 8 << 10;
/// What stands in front of the first frame is searched so far.
const JUNK: u64 = 64 << 10;

/// How long a chain was found to be.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// Frames.
    pub(super) frames: u64,
    /// Seconds at rates that were left.
    seconds: f64,
    /// Samples since then, and their rate.
    samples: u64,
    rate: u32,
}

impl Chain {
    fn add(&mut self, frame: &Frame, facts: &mut Facts) {
        if self.rate != frame.rate {
            if self.frames > 0 {
                facts.warn("its sample rate changes");
            }
            (self.seconds, self.samples, self.rate) = (self.seconds(), 0, frame.rate);
        }
        self.frames += 1;
        self.samples += u64::from(frame.samples);
    }

    /// Its length in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds + self.samples as f64 / f64::from(self.rate.max(1))
    }
}

/// Goes to where a chain begins: `false` if there is none. Only `may_search` looks further than the place where the
/// input stands.
pub(super) fn find(
    input: &mut Input<'_>,
    parse: Parse,
    may_search: bool,
) -> io::Result<Option<Frame>> {
    let start = input.position();
    loop {
        if let Some(frame) = chained(input.window(3 * LONGEST)?, parse, 3) {
            return Ok(Some(frame));
        }
        if !may_search || input.position() - start >= JUNK || !next(input, parse)? {
            input.seek(start);
            return Ok(None);
        }
    }
}

/// The frame that begins here, if `count` frames of its kind follow each other, or all up to the very end do.
fn chained(window: &[u8], parse: Parse, count: usize) -> Option<Frame> {
    let first = parse(window)?;
    let mut rest = window.get(first.bytes..)?;
    for _ in 1..count {
        if rest.is_empty() {
            break;
        }
        let next = parse(rest).filter(|next| next.kind == first.kind)?;
        rest = rest.get(next.bytes..).unwrap_or_default();
    }
    Some(first)
}

/// Goes to the next place where a header may begin; `false` if there is none.
fn next(input: &mut Input<'_>, parse: Parse) -> io::Result<bool> {
    input.find(HEADER, |window| parse(window).is_some())
}

/// Counts the frames from here on. `each` sees every frame with its bytes and says whether it counts.
pub(super) fn walk(
    probe: &mut Probe<'_>,
    parse: Parse,
    mut each: impl FnMut(&Frame, &[u8], &mut Facts, &mut Wave) -> bool,
) -> Step<Chain> {
    let mut chain = Chain::default();
    let mut kind = None;
    loop {
        let Probe { input, facts, wave } = probe;
        let window = input.window(3 * LONGEST)?;
        if window.is_empty() {
            break;
        }
        let known = parse(window).filter(|frame| kind == Some(frame.kind));
        let frame = known.or_else(|| chained(window, parse, 2));
        match frame.map(|frame| (frame, window.get(..frame.bytes))) {
            Some((frame, Some(data))) => {
                kind = Some(frame.kind);
                if each(&frame, data, facts, wave) {
                    chain.add(&frame, facts);
                }
                input.skip(frame.bytes as u64);
            }
            Some((_, None)) => {
                facts.cut("the file ends in the middle of a frame");
                break;
            }
            None => {
                if is_tag(probe)? {
                    continue;
                }
                probe
                    .facts
                    .warn("there is something between its frames that is no sound");
                if !next(&mut probe.input, parse)? {
                    break;
                }
            }
        }
    }
    Ok(chain)
}

/// Reads over a tag between or behind frames.
pub(super) fn is_tag(probe: &mut Probe<'_>) -> io::Result<bool> {
    let Probe { input, facts, .. } = probe;
    let left = input.left();
    let window = input.window(128)?;
    if let Some(tag) = window
        .first_chunk::<128>()
        .filter(|tag| left == 128 && tag.starts_with(b"TAG"))
    {
        id3::read_old(tag, facts);
        input.skip(128);
        return Ok(true);
    }
    // APE: a header or a footer; its length counts the items and the footer.
    if window.starts_with(b"APETAGEX") {
        let length = window
            .get(12..16)
            .and_then(|size| size.first_chunk())
            .map_or(0, |size| u32::from_le_bytes(*size));
        let is_header = window.get(23).is_some_and(|flags| flags & 0x20 != 0);
        input.skip(32 + if is_header { u64::from(length) } else { 0 });
        return Ok(true);
    }
    id3::read(input, facts)
}

/// Notes how long the chain is. `stated` is what a header says of it, in seconds.
pub(super) fn finish(facts: &mut Facts, chain: &Chain, stated: Option<f64>) {
    let seconds = chain.seconds();
    facts.last_seconds(seconds, DurationSource::Scan);
    match stated {
        Some(stated) if stated > seconds * 1.01 => {
            facts.cut(format!(
                "its header says {stated:.3} seconds, there are {seconds:.3}"
            ));
        }
        Some(stated) if stated < seconds * 0.99 => {
            facts.warn(format!(
                "its header says {stated:.3} seconds, there are {seconds:.3}"
            ));
        }
        _ => {}
    }
}
