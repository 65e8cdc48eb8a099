//! Fragments (`moof`): pieces of a track that were written while it was recorded, each with the lengths of its
//! samples in front of them.

use std::io;

use super::super::Probe;
use super::super::input::{Cursor, LARGEST, OrEnd};
use super::entry::{Entry, Layout};
use super::{Header, word};

/// Sizes of samples that are held at once; a fragment is a few seconds long.
const MOST: usize = 256 << 10;

/// What holds for the samples of a track that say nothing else (`trex`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults {
    track: u32,
    duration: u32,
    size: u32,
}

impl Defaults {
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        Some(Self {
            track: word(content, 4)?,
            duration: word(content, 12)?,
            size: word(content, 16)?,
        })
    }
}

/// Samples that stand one behind the other.
struct Run {
    place: u64,
    /// The sum of the sizes, and of the ticks.
    bytes: u64,
    ticks: u64,
    /// The size of each, or one that so many have in common.
    sizes: Vec<u32>,
    alike: (u32, u32),
}

impl Run {
    fn sizes(&self) -> impl Iterator<Item = u32> {
        let (count, size) = self.alike;
        self.sizes
            .iter()
            .copied()
            .chain((0..count).map(move |_| size))
    }
}

/// The fragment that is being read, and how long those before it were.
#[derive(Default)]
pub(super) struct Fragment {
    /// Ticks of fragments whose data was met.
    ticks: f64,
    /// Where the fragment begins.
    place: u64,
    /// What holds for the piece of the track that is being read, if it is of the one that counts.
    piece: Option<Piece>,
    runs: Vec<Run>,
    /// The runs and the sizes in them.
    held: usize,
    /// Bytes that were drawn. No two runs share theirs; a file that says so would be read over and over.
    drawn: u64,
}

#[derive(Clone, Copy)]
struct Piece {
    duration: u32,
    size: u32,
    /// From where its places count, and where the next run stands that has none.
    base: u64,
    next: u64,
}

impl Fragment {
    /// A fragment begins.
    pub(super) fn begin(&mut self, fragment: &Header) {
        (self.place, self.piece) = (fragment.place, None);
    }

    /// Takes a box about the piece of a track.
    pub(super) fn value(
        &mut self,
        header: &Header,
        content: &[u8],
        track: u32,
        defaults: &[Defaults],
    ) -> Option<()> {
        if &header.name == b"tfhd" {
            self.piece = Piece::parse(content, track, defaults, self.place);
            return Some(());
        }
        let piece = self.piece.as_mut()?;
        let run = Run::parse(content, piece)?;
        piece.next = run.end();
        // A fragment whose data never comes may be repeated without end.
        if self.held < MOST {
            self.held += 1 + run.sizes.len();
            self.runs.push(run);
        }
        Some(())
    }

    /// The data of the fragment is here.
    pub(super) fn read(&mut self, probe: &mut Probe<'_>, entry: Option<&Entry>) -> io::Result<()> {
        let end = probe.input.end();
        let is_packets = entry.is_some_and(|entry| entry.layout() == Layout::Packets);
        for run in &self.runs {
            self.ticks += run.there(end);
            self.drawn = self.drawn.saturating_add(run.bytes);
            if !probe.wave.is_on() || run.place < probe.input.position() || self.drawn > end {
                continue;
            }
            probe.input.seek(run.place);
            if !is_packets {
                probe.wave.read_samples(&mut probe.input, run.end())?;
                continue;
            }
            for size in run.sizes() {
                probe.input.beat()?;
                if size == 0 || size as usize > LARGEST {
                    break;
                }
                let Some(data) = probe.input.take(size as usize).or_end()? else {
                    break;
                };
                probe.wave.packet(data, 0);
            }
        }
        self.runs.clear();
        self.held = 0;
        Ok(())
    }

    /// The ticks of all fragments, in a file that ends at `end`.
    pub(super) fn finish(&self, end: u64) -> f64 {
        self.ticks + self.runs.iter().map(|run| run.there(end)).sum::<f64>()
    }
}

impl Piece {
    fn parse(content: &[u8], track: u32, defaults: &[Defaults], fragment: u64) -> Option<Self> {
        let flags = word(content, 0)?;
        let mut fields = Cursor(content.get(4..)?);
        if u32::from_be_bytes(fields.array()?) != track {
            return None;
        }
        let known = defaults.iter().find(|known| known.track == track);
        let base = if flags & 1 != 0 {
            u64::from_be_bytes(fields.array()?)
        } else {
            fragment
        };
        fields.take(if flags & 2 != 0 { 4 } else { 0 })?;
        let mut next = |flag: u32, known: u32| -> Option<u32> {
            if flags & flag != 0 {
                fields.array().map(u32::from_be_bytes)
            } else {
                Some(known)
            }
        };
        let duration = next(8, known.map_or(0, |known| known.duration))?;
        let size = next(16, known.map_or(0, |known| known.size))?;
        Some(Self {
            duration,
            size,
            base,
            next: base,
        })
    }
}

impl Run {
    fn parse(content: &[u8], piece: &Piece) -> Option<Self> {
        let flags = word(content, 0)?;
        let count = word(content, 4)?;
        let mut fields = Cursor(content.get(8..)?);
        let place = match flags & 1 {
            0 => piece.next,
            _ => piece
                .base
                .saturating_add_signed(i32::from_be_bytes(fields.array()?).into()),
        };
        fields.take(if flags & 4 != 0 { 4 } else { 0 })?;
        let mut run = Self {
            place,
            bytes: 0,
            ticks: 0,
            sizes: Vec::new(),
            alike: (0, 0),
        };
        if flags & 0xF00 == 0 {
            // Nothing is said of any of them.
            run.ticks = u64::from(count) * u64::from(piece.duration);
            run.bytes = u64::from(count) * u64::from(piece.size);
            run.alike = (count, piece.size);
            return Some(run);
        }
        for _ in 0..count {
            let mut next = |flag: u32, known: u32| -> Option<u32> {
                if flags & flag != 0 {
                    fields.array().map(u32::from_be_bytes)
                } else {
                    Some(known)
                }
            };
            let (duration, size) = (next(0x100, piece.duration)?, next(0x200, piece.size)?);
            next(0x400, 0)?;
            next(0x800, 0)?;
            run.ticks += u64::from(duration);
            run.bytes += u64::from(size);
            run.sizes.push(size);
        }
        Some(run)
    }

    /// The place behind it.
    fn end(&self) -> u64 {
        self.place.saturating_add(self.bytes)
    }

    /// The ticks of what is there of it in a file that ends at `end`.
    fn there(&self, end: u64) -> f64 {
        let there = end.saturating_sub(self.place).min(self.bytes);
        if self.bytes == 0 {
            0.0
        } else {
            self.ticks as f64 * (there as f64 / self.bytes as f64)
        }
    }
}
