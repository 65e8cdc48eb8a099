//! MP4, M4A, QuickTime and 3GP (ISO/IEC 14496-12 and Apple's QuickTime File Format). Boxes are walked one after the
//! other, entering those that hold others, so that neither depth nor order matters. The sample tables are the
//! authority on the duration; of fragmented files, which have none, the runs of their fragments.

mod entry;
mod fragment;
mod samples;
mod texts;

use std::io;

use super::facts::{DurationSource, Facts};
use super::input::{Cursor, Input, OrEnd};
use super::{Probe, Step, moment};
use entry::Entry;
use fragment::{Defaults, Fragment};
use samples::Tables;
use texts::Texts;

/// A box with a description longer than this is none.
const LONGEST_BOX: u64 = 1 << 20;
/// Tracks that are looked at; films have a dozen.
const MOST_TRACKS: usize = 16;
/// The seconds from 1904, from which MP4 counts, to 1970.
const EPOCH: i64 = 2_082_844_800;

/// Boxes that hold others and nothing else.
const CONTAINERS: [&[u8; 4]; 11] = [
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts", b"mvex", b"moof", b"traf",
    b"ilst",
];

/// A box's header.
#[derive(Debug, Clone, Copy)]
struct Header {
    name: [u8; 4],
    /// The first byte of the header, of the content, and behind it.
    place: u64,
    start: u64,
    end: u64,
}

/// Whether a file begins as one of these does.
pub(super) fn begins(head: &[u8]) -> bool {
    let Some([size @ .., a, b, c, d]) = head.first_chunk::<8>() else {
        return false;
    };
    let size = u32::from_be_bytes([size[0], size[1], size[2], size[3]]);
    // Only sound itself is large. What begins with four letters of a text would be.
    let is_small = size >> 24 == 0;
    match &[*a, *b, *c, *d] {
        b"ftyp" | b"styp" => size >= 8 && is_small,
        b"moov" | b"moof" => size >= 8 && size >> 29 == 0,
        b"wide" | b"free" | b"skip" | b"pnot" => (size >= 8 || size == 1) && is_small,
        b"mdat" => size >= 8 || size == 1,
        _ => false,
    }
}

/// A track.
#[derive(Default)]
struct Track {
    id: u32,
    is_sound: bool,
    is_video: bool,
    /// Ticks in a second, of its own times.
    scale: u32,
    entry: Option<Entry>,
    tables: Tables,
    /// The length of what is presented of it, in ticks of the movie.
    edited: u64,
}

/// What was found on the way.
#[derive(Default)]
struct Walk {
    brand: [u8; 4],
    has_index: bool,
    /// Whether sound was met, wherever it is described.
    has_data: bool,
    /// Ticks in a second, of the whole.
    scale: u32,
    tracks: Vec<Track>,
    /// The first track of sound, once all are known.
    chosen: Option<usize>,
    texts: Texts,
    defaults: Vec<Defaults>,
    fragment: Fragment,
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let mut walk = Walk::default();
    let mut seen = 0;
    while let Some(header) = next_box(&mut probe.input)? {
        if header.end > probe.input.end() {
            if walk.is_behind(&header) {
                probe.facts.warn("what follows the sound is no part of it");
            } else {
                probe.facts.cut("the file ends before the sound does");
            }
        }
        walk.has_data |= &header.name == b"mdat";
        let next = walk.take(probe, &header)?;
        probe.input.seek(next);
        seen += 1;
    }
    // Whatever follows the last box is too short to be one.
    if seen == 0 {
        probe.facts.cut("the file ends in the middle of a header");
    }
    walk.finish(probe)
}

/// The header of the box that begins here; `None` at the end.
fn next_box(input: &mut Input<'_>) -> io::Result<Option<Header>> {
    let place = input.position();
    let window = input.window(16)?;
    let Some(&[a, b, c, d, name @ ..]) = window.first_chunk::<8>() else {
        return Ok(None);
    };
    let (length, size) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, u64::MAX),
        1 => (
            16,
            window
                .get(8..)
                .and_then(|size| size.first_chunk())
                .map_or(16, |size| u64::from_be_bytes(*size)),
        ),
        size => (8, size.into()),
    };
    // A box is at least as long as its header.
    let end = if size == u64::MAX {
        input.end()
    } else {
        place.saturating_add(size.max(length))
    };
    input.skip(length);
    Ok(Some(Header {
        name,
        place,
        start: input.position(),
        end,
    }))
}

impl Walk {
    /// Whether a box can be missing without loss: taggers and uploads put bytes of their own behind all that counts,
    /// which read as a box are longer than the file.
    fn is_behind(&self, header: &Header) -> bool {
        let counts = &header.name == b"mdat" || CONTAINERS.contains(&&header.name);
        self.has_index && self.has_data && !counts
    }

    /// Takes a box, and gives the place to go on at.
    fn take(&mut self, probe: &mut Probe<'_>, header: &Header) -> Step<u64> {
        if let Some(next) = self.texts.enter(header) {
            return Ok(next);
        }
        match &header.name {
            name if CONTAINERS.contains(&name) => {
                self.enter(probe, header);
                return Ok(header.start);
            }
            // A box with a version in MP4, a plain one in QuickTime, where its first box follows at once.
            b"meta" => {
                let is_plain = probe.input.window(8)?.get(4..8) == Some(b"hdlr");
                return Ok(header.start + if is_plain { 0 } else { 4 });
            }
            b"mdat" => self.fragment.read(
                probe,
                self.chosen
                    .and_then(|at| self.tracks.get(at))
                    .and_then(|track| track.entry.as_ref()),
            )?,
            b"stsz" | b"stz2" | b"stsc" | b"stco" | b"co64" | b"stts" => {
                if let Some(track) = self.tracks.last_mut().filter(|track| track.is_sound) {
                    track.tables.note(header, &mut probe.input)?;
                }
            }
            _ if header.end - header.start <= LONGEST_BOX => {
                let size = (header.end - header.start) as usize;
                if let Some(content) = probe.input.take(size).or_end()? {
                    self.value(&mut probe.facts, header, content);
                }
            }
            _ => {}
        }
        Ok(header.end)
    }

    fn enter(&mut self, probe: &mut Probe<'_>, header: &Header) {
        match &header.name {
            b"moov" => self.has_index = true,
            b"trak" if self.tracks.len() < MOST_TRACKS => self.tracks.push(Track::default()),
            b"ilst" => self.texts.begin(header),
            b"moof" => {
                self.choose(probe);
                self.fragment.begin(header);
            }
            _ => {}
        }
    }

    /// Takes the content of a box.
    fn value(&mut self, facts: &mut Facts, header: &Header, content: &[u8]) -> Option<()> {
        let track = self.tracks.last_mut();
        match &header.name {
            b"ftyp" => self.brand = *content.first_chunk()?,
            b"mvhd" => {
                let (made, scale) = times(content)?;
                self.scale = scale;
                let seconds = i64::try_from(made).ok()?.checked_sub(EPOCH)?;
                // 0 is unknown, and nobody recorded before 1970.
                let micros = seconds.checked_mul(1_000_000)?;
                facts.made_at(moment::unix(micros).filter(|_| seconds > 0));
            }
            b"tkhd" => track?.id = word(content, if content.first()? == &1 { 20 } else { 12 })?,
            b"mdhd" => track?.scale = times(content)?.1,
            b"hdlr" => match content.get(8..12)? {
                b"soun" => track?.is_sound = true,
                b"vide" => track?.is_video = true,
                _ => {}
            },
            b"elst" => track?.edited = edited(content)?,
            b"stsd" => {
                let track = track.filter(|track| track.is_sound)?;
                track.entry = Entry::parse(content.get(8..)?);
            }
            b"trex" if self.defaults.len() < MOST_TRACKS => {
                self.defaults.extend(Defaults::parse(content));
            }
            b"tfhd" | b"trun" => {
                let chosen = self.tracks.get(self.chosen?)?;
                self.fragment
                    .value(header, content, chosen.id, &self.defaults)?;
            }
            _ => self.texts.value(header, content, facts)?,
        }
        Some(())
    }

    /// All tracks are known now.
    fn choose(&mut self, probe: &mut Probe<'_>) {
        if self.chosen.is_some() {
            return;
        }
        self.chosen = self.tracks.iter().position(|track| track.is_sound);
        let Probe { facts, wave, .. } = probe;
        if let Some(track) = self.chosen.and_then(|at| self.tracks.get(at)) {
            match &track.entry {
                Some(entry) => entry.begin(facts, wave),
                None => wave.refuse("the description of its sound is missing"),
            }
            if facts.sample_rate.is_none() {
                facts.sample_rate = Some(track.scale).filter(|&rate| rate > 0);
            }
        }
    }

    fn finish(mut self, probe: &mut Probe<'_>) -> Step {
        self.choose(probe);
        let has_video = self.tracks.iter().any(|track| track.is_video);
        probe.facts.format = Some(match &self.brand {
            b"qt  " => "mov",
            [b'3', b'g', b'2', _] => "3g2",
            [b'3', b'g', b'p', _] => "3gp",
            [b'M', b'4', _, b' '] => "m4a",
            // Brands that came later than QuickTime did.
            [0, 0, 0, 0] if self.has_index => "mov",
            _ if has_video || self.chosen.is_none() => "mp4",
            _ => "m4a",
        });
        let Some(track) = self.chosen.and_then(|at| self.tracks.get(at)) else {
            if self.has_index {
                probe.facts.unknown("it has no sound track");
            } else {
                probe
                    .facts
                    .cut("its index is missing: its recorder never finished it");
                probe
                    .facts
                    .unknown("its index is missing: its recorder never finished it");
            }
            return Ok(());
        };
        let Probe { input, facts, wave } = probe;
        // What a fragment says whose data never came.
        let fragments = self.fragment.finish(input.end());
        let ticks = track
            .tables
            .read(input, facts, wave, track.entry.as_ref())?
            + fragments;
        let seconds = ticks / f64::from(track.scale.max(1));
        let edited = track.edited as f64 / f64::from(self.scale.max(1));
        // Edits leave out what encoders add, and what people cut away.
        let is_edited = fragments == 0.0 && edited > 0.0 && edited < seconds && !facts.truncated;
        facts.last_seconds(
            if is_edited { edited } else { seconds },
            DurationSource::Container,
        );
        Ok(())
    }
}

/// The creation time and the ticks in a second, of `mvhd` and `mdhd`, which begin alike.
fn times(content: &[u8]) -> Option<(u64, u32)> {
    if content.first()? == &1 {
        Some((
            u64::from_be_bytes(*content.get(4..)?.first_chunk()?),
            word(content, 20)?,
        ))
    } else {
        Some((word(content, 4)?.into(), word(content, 12)?))
    }
}

/// The ticks of all edits that show something.
fn edited(content: &[u8]) -> Option<u64> {
    let is_wide = content.first()? == &1;
    let mut edits = Cursor(content.get(8..)?);
    let mut ticks = 0_u64;
    for _ in 0..word(content, 4)? {
        let (length, is_shown) = if is_wide {
            (
                u64::from_be_bytes(edits.array()?),
                i64::from_be_bytes(edits.array()?) >= 0,
            )
        } else {
            (
                u32::from_be_bytes(edits.array()?).into(),
                i32::from_be_bytes(edits.array()?) >= 0,
            )
        };
        edits.take(4)?;
        ticks = ticks.saturating_add(if is_shown { length } else { 0 });
    }
    Some(ticks)
}

/// Four bytes at a place.
fn word(content: &[u8], at: usize) -> Option<u32> {
    content
        .get(at..)?
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
}
