//! Matroska and WebM (RFC 9559). Elements are walked one after the other without regard to which one holds which:
//! their numbers say enough, and so a length that nobody knew, of a recording that was streamed, does no harm.

mod block;
mod track;

use std::io;

use super::facts::{DurationSource, Facts};
use super::input::{LARGEST, OrEnd, Step};
use super::tags::lossy;
use super::{Probe, moment};
use block::Block;
use track::Track;

/// A text or description longer than this is none.
const LONGEST_VALUE: u64 = 1 << 20;
/// The microseconds from 1970 to the start of 2001, from which Matroska counts.
const EPOCH: i64 = 978_307_200_000_000;

/// Elements that hold others.
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const TRACK: u32 = 0xAE;
const BLOCK_GROUP: u32 = 0xA0;
const MASTERS: [u32; 12] = [
    0x1A45_DFA3,
    SEGMENT,
    0x1549_A966,
    0x1654_AE6B,
    TRACK,
    0xE1,
    CLUSTER,
    BLOCK_GROUP,
    0x1254_C367,
    0x7373,
    0x67C8,
    0x6D80,
];

/// An element's header.
#[derive(Clone, Copy)]
struct Element {
    id: u32,
    start: u64,
    /// `None` if it was not known when it was written.
    size: Option<u64>,
}

/// What was found on the way.
struct Walk {
    is_webm: bool,
    tracks: Vec<Track>,
    /// The first track of sound, once all are known.
    chosen: Option<usize>,
    has_chosen: bool,
    /// Nanoseconds in a tick.
    scale: u64,
    /// Ticks, as the header states them.
    duration: Option<f64>,
    /// The time of the cluster, in ticks.
    cluster: u64,
    /// The block that a group holds: its duration stands behind it.
    grouped: Option<u64>,
    /// The end of the last block of any track, in nanoseconds.
    end: u64,
    /// The name of a tag whose text is to come.
    tag: String,
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    probe.facts.format = Some("mkv");
    let mut walk = Walk {
        is_webm: false,
        tracks: Vec::new(),
        chosen: None,
        has_chosen: false,
        scale: 1_000_000,
        duration: None,
        cluster: 0,
        grouped: None,
        end: 0,
        tag: String::new(),
    };
    while let Some(element) = next_element(probe)? {
        let end = element.size.map(|size| element.start.saturating_add(size));
        if end.is_some_and(|end| end > probe.input.end()) {
            probe.facts.cut("the file ends before the sound does");
        }
        if MASTERS.contains(&element.id) {
            walk.enter(element.id, probe);
            continue;
        }
        // A length that nobody knows is one of masters alone.
        let Some(end) = end else { continue };
        walk.value(probe, &element)?;
        probe.input.seek(end);
    }
    walk.choose(probe);
    walk.finish(&mut probe.facts);
    Ok(())
}

/// The next element's header; what is damaged is stepped over up to the next cluster.
fn next_element(probe: &mut Probe<'_>) -> io::Result<Option<Element>> {
    let Probe { input, facts, .. } = probe;
    loop {
        let window = input.window(12)?;
        if window.is_empty() {
            return Ok(None);
        }
        let header = number(window, 4, true).and_then(|(id, length)| {
            let (size, more) = number(&window[length..], 8, false)?;
            // All ones.
            let is_unknown = size == (1 << (7 * more)) - 1;
            Some((id as u32, Some(size).filter(|_| !is_unknown), length + more))
        });
        if let Some((id, size, length)) = header {
            input.skip(length as u64);
            return Ok(Some(Element {
                id,
                start: input.position(),
                size,
            }));
        }
        if window.len() < 12 {
            facts.cut("the file ends in the middle of a header");
            return Ok(None);
        }
        facts.warn("a part of it is damaged");
        let mark = CLUSTER.to_be_bytes();
        if !input.find(4, |window| window.starts_with(&mark))? {
            return Ok(None);
        }
    }
}

/// A number of up to `most` bytes whose leading zeros say how long it is, and its length; `marked` keeps the first one.
fn number(bytes: &[u8], most: usize, marked: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let rest = bytes.get(1..length).filter(|_| length <= most)?;
    let first = if marked {
        u64::from(first)
    } else {
        u64::from(first) & (0x7F >> (length - 1))
    };
    Some((
        rest.iter()
            .fold(first, |number, byte| number << 8 | u64::from(*byte)),
        length,
    ))
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn float(bytes: &[u8]) -> f64 {
    match *bytes {
        [a, b, c, d] => f32::from_be_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
        _ => 0.0,
    }
}

impl Walk {
    fn enter(&mut self, id: u32, probe: &mut Probe<'_>) {
        match id {
            CLUSTER => self.choose(probe),
            BLOCK_GROUP => self.grouped = None,
            TRACK if self.tracks.len() < 16 => self.tracks.push(Track::default()),
            _ => {}
        }
        if id == 0x6D80
            && let Some(track) = self.tracks.last_mut()
        {
            track.is_encoded = true;
        }
    }

    /// Reads an element that holds a value.
    fn value(&mut self, probe: &mut Probe<'_>, element: &Element) -> Step {
        let size = element.size.unwrap_or_default();
        if matches!(element.id, 0xA3 | 0xA1) {
            return self.block(probe, element, size);
        }
        let is_known = VALUES.contains(&element.id) || track::VALUES.contains(&element.id);
        if !is_known || size > LONGEST_VALUE {
            return Ok(());
        }
        let Probe { input, facts, .. } = probe;
        let Some(bytes) = input.take(size as usize).or_end()? else {
            return Ok(());
        };
        match element.id {
            0x4282 => self.is_webm = lossy(bytes).trim_end_matches('\0') == "webm",
            0x2AD7B1 => self.scale = unsigned(bytes).max(1),
            0x4489 => self.duration = Some(float(bytes)),
            0x4461 => {
                // Nanoseconds, signed.
                facts.made_at(moment::unix(unsigned(bytes) as i64 / 1_000 + EPOCH));
            }
            0x7BA9 => facts.tags.add_bytes("title", bytes),
            0x5741 => facts.tags.add_bytes("software", bytes),
            0xE7 => self.cluster = unsigned(bytes),
            0x9B => self.group_lasts(unsigned(bytes)),
            0x45A3 => self.tag = lossy(bytes),
            0x4487 if !is_statistic(&self.tag) => facts.tags.add_bytes(&self.tag, bytes),
            id => {
                if let Some(track) = self.tracks.last_mut() {
                    track.value(id, bytes);
                }
            }
        }
        Ok(())
    }

    fn block(&mut self, probe: &mut Probe<'_>, element: &Element, size: u64) -> Step {
        let Probe { input, wave, .. } = probe;
        input.beat()?;
        if input.left() < size {
            // What is there of it cannot be played.
            return Ok(());
        }
        let head = input.window(16)?;
        let Some(head) =
            Block::parse(&head[..head.len().min(usize::try_from(size).unwrap_or(usize::MAX))])
        else {
            return Ok(());
        };
        let start = self
            .cluster
            .saturating_add_signed(head.time.into())
            .saturating_mul(self.scale);
        self.end = self.end.max(start);
        self.grouped = None;
        let chosen = self.chosen.and_then(|chosen| self.tracks.get_mut(chosen));
        let Some(track) = chosen.filter(|track| track.number == head.track) else {
            return Ok(());
        };
        let samples = if size <= LARGEST as u64 && (wave.is_on() || track.is_timed()) {
            let Some(data) = input.take(size as usize).or_end()? else {
                return Ok(());
            };
            head.frames(data)
                .map(|frame| track.frame(frame, wave))
                .sum()
        } else {
            0
        };
        self.grouped = Some(element.start);
        track.block(start, samples, &head);
        self.end = self.end.max(track.end);
        Ok(())
    }

    /// The duration of a group's block stands behind it.
    fn group_lasts(&mut self, ticks: u64) {
        let track = self.chosen.and_then(|chosen| self.tracks.get_mut(chosen));
        if let (Some(track), Some(_)) = (track, self.grouped) {
            track.last(ticks.saturating_mul(self.scale));
            self.end = self.end.max(track.end);
        }
    }

    /// All tracks are known now.
    fn choose(&mut self, probe: &mut Probe<'_>) {
        if self.has_chosen || self.tracks.is_empty() {
            return;
        }
        self.has_chosen = true;
        self.chosen = self.tracks.iter().position(Track::is_sound);
        let has_video = self.tracks.iter().any(Track::is_video);
        let facts = &mut probe.facts;
        facts.format = Some(match (self.is_webm, has_video) {
            (true, _) => "webm",
            (false, true) => "mkv",
            (false, false) => "mka",
        });
        match self.chosen.and_then(|chosen| self.tracks.get_mut(chosen)) {
            Some(track) => track.begin(facts, &mut probe.wave),
            None => probe.wave.refuse("it has no sound track"),
        }
    }

    fn finish(&self, facts: &mut Facts) {
        let Some(track) = self.chosen.and_then(|chosen| self.tracks.get(chosen)) else {
            facts.unknown("it has no sound track");
            return;
        };
        let counted = track.end as f64 / 1e9;
        let whole = self.end as f64 / 1e9;
        let stated = self.duration.map(|ticks| ticks * self.scale as f64 / 1e9);
        match stated.filter(|stated| stated.is_finite() && *stated > 0.0) {
            Some(stated) if (stated - whole).abs() <= (stated / 100.0).max(0.1) => {
                facts.last_seconds(stated, DurationSource::Container);
            }
            Some(stated) => {
                if stated > whole {
                    facts.cut(format!(
                        "its header says {stated:.3} seconds, there are {whole:.3}"
                    ));
                }
                facts.last_seconds(counted, DurationSource::Scan);
            }
            None => facts.last_seconds(counted, DurationSource::Scan),
        }
    }
}

/// Whether a tag is one of those in which programs keep what they have counted.
fn is_statistic(name: &str) -> bool {
    let names = ["DURATION", "BPS", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES"];
    name.starts_with('_') || names.iter().any(|known| name.starts_with(known))
}

/// Elements with values that do not belong to a track.
const VALUES: [u32; 10] = [
    0x4282, 0x2AD7B1, 0x4489, 0x4461, 0x7BA9, 0x5741, 0xE7, 0x9B, 0x45A3, 0x4487,
];
