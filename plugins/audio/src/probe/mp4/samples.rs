//! The sample tables: how long each sample lasts, how many bytes it takes, and in which chunk of the file it stands.

use std::io;

use super::super::facts::Facts;
use super::super::input::{Input, LARGEST, OrEnd, Step};
use super::super::wave::Wave;
use super::Header;
use super::entry::{Entry, Layout};

/// Sizes that are held at most, twelve hours of AAC at 48 kHz, and chunks, which hold many samples each.
const MOST_SIZES: u64 = 2 << 20;
const MOST_CHUNKS: u64 = 512 << 10;

/// Where the tables stand.
#[derive(Default)]
pub(super) struct Tables {
    /// The sum of the durations of all samples, in ticks, and their number.
    ticks: u64,
    count: u64,
    /// Sizes, of samples that have none in common.
    sizes: Table,
    /// Bits of a size in the table.
    width: u32,
    /// The size that all have in common, or 0.
    size: u32,
    /// Which chunks hold how many samples.
    runs: Table,
    chunks: Table,
    is_wide: bool,
}

/// The place of a table's first entry, and their number.
#[derive(Debug, Clone, Copy, Default)]
struct Table {
    place: u64,
    count: u64,
}

impl Tables {
    /// Notes a table. Only that of durations is read at once, and not held: it may have an entry a sample.
    pub(super) fn note(&mut self, header: &Header, input: &mut Input<'_>) -> Step {
        input.skip(4);
        let mut next = || input.array().map(u32::from_be_bytes);
        match &header.name {
            b"stts" => {
                let most = header.end.saturating_sub(header.start) / 8;
                for _ in 0..u64::from(next()?).min(most) {
                    let (count, duration) = (u64::from(next()?), u64::from(next()?));
                    self.count = self.count.saturating_add(count);
                    self.ticks = self.ticks.saturating_add(count.saturating_mul(duration));
                }
                return Ok(());
            }
            b"stsz" => (self.size, self.width) = (next()?, 32),
            b"stz2" => self.width = next()? & 0xFF,
            name => self.is_wide |= name == b"co64",
        }
        let count = next()?.into();
        let table = match &header.name {
            b"stsc" => &mut self.runs,
            b"stco" | b"co64" => &mut self.chunks,
            _ => &mut self.sizes,
        };
        *table = Table {
            place: input.position(),
            count,
        };
        Ok(())
    }

    /// The ticks of the samples that are in the file. Each is handed to `wave` if it is on.
    pub(super) fn read(
        &self,
        input: &mut Input<'_>,
        facts: &mut Facts,
        wave: &mut Wave,
        entry: Option<&Entry>,
    ) -> io::Result<f64> {
        let ticks = self.ticks as f64;
        let layout = entry.map_or(Layout::Packets, Entry::layout);
        let index = match self.load(input, layout).or_end()? {
            Some(Some(index)) => index,
            Some(None) => {
                facts.warn("its index is too large to be held against the file");
                wave.refuse("its index is too large");
                return Ok(ticks);
            }
            None => {
                facts.cut("its index is cut off");
                wave.refuse("its index is cut off");
                return Ok(ticks);
            }
        };
        let there = index.walk(input, wave, layout)?;
        if there >= self.count {
            return Ok(ticks);
        }
        facts.cut("the file ends before the sound does");
        Ok(ticks * there as f64 / self.count as f64)
    }

    /// Loads the tables; `None` if they are too large.
    fn load(&self, input: &mut Input<'_>, layout: Layout) -> Step<Option<Index>> {
        let has_sizes = layout == Layout::Packets && self.size == 0;
        let has_runs = self.runs.count.max(self.chunks.count) <= MOST_CHUNKS;
        if !has_runs || (has_sizes && self.sizes.count > MOST_SIZES) {
            return Ok(None);
        }
        let mut index = Index {
            sizes: Vec::new(),
            size: self.size,
            left: self.count,
            runs: Vec::new(),
            chunks: Vec::new(),
        };
        input.seek(self.runs.place);
        for _ in 0..self.runs.count {
            let [a, b, c, d, e, f, g, h, ..] = input.array::<12>()?;
            index.runs.push((
                u32::from_be_bytes([a, b, c, d]),
                u32::from_be_bytes([e, f, g, h]),
            ));
        }
        input.seek(self.chunks.place);
        for _ in 0..self.chunks.count {
            index.chunks.push(if self.is_wide {
                u64::from_be_bytes(input.array()?)
            } else {
                u32::from_be_bytes(input.array()?).into()
            });
        }
        input.seek(self.sizes.place);
        while has_sizes && (index.sizes.len() as u64) < self.sizes.count {
            match self.width {
                32 => index.sizes.push(u32::from_be_bytes(input.array()?)),
                16 => index.sizes.push(u16::from_be_bytes(input.array()?).into()),
                8 => index.sizes.push(input.array::<1>()?[0].into()),
                _ => {
                    let [both] = input.array()?;
                    index
                        .sizes
                        .extend([u32::from(both >> 4), u32::from(both & 15)]);
                }
            }
        }
        Ok(Some(index))
    }
}

/// The tables.
struct Index {
    sizes: Vec<u32>,
    size: u32,
    /// Samples that are still to come.
    left: u64,
    /// From this chunk on (the first is 1), each holds so many samples.
    runs: Vec<(u32, u32)>,
    chunks: Vec<u64>,
}

impl Index {
    /// Counts the samples that are in the file, and hands them to `wave`.
    fn walk(mut self, input: &mut Input<'_>, wave: &mut Wave, layout: Layout) -> io::Result<u64> {
        let mut there = 0;
        let mut runs = std::mem::take(&mut self.runs).into_iter().peekable();
        let mut sizes = std::mem::take(&mut self.sizes).into_iter();
        let mut held = 0;
        // No two samples share their bytes; an index that says so would have the file read over and over.
        let mut budget = input.end();
        for (number, &place) in self.chunks.iter().enumerate() {
            while let Some((_, count)) =
                runs.next_if(|(first, _)| u64::from(*first) <= number as u64 + 1)
            {
                held = u64::from(count);
            }
            let count = held.min(self.left);
            self.left -= count;
            input.seek(place);
            let room = input.end().saturating_sub(place).min(budget);
            let (samples, bytes) = match layout {
                Layout::Packets if self.size == 0 => {
                    packets(input, wave, sizes.by_ref().take(count as usize), room)?
                }
                Layout::Packets => {
                    let whole = (room / u64::from(self.size)).min(count);
                    let each = (0..if wave.is_on() { whole } else { 0 }).map(|_| self.size);
                    packets(input, wave, each, room)?;
                    (whole, whole * u64::from(self.size))
                }
                Layout::Frames(bytes) => {
                    let whole = (room / bytes).min(count);
                    wave.read_samples(input, place.saturating_add(whole * bytes))?;
                    (whole, whole * bytes)
                }
                Layout::Blocks(bytes) => {
                    let whole = (room / bytes).min(count / 64);
                    for _ in 0..if wave.is_on() { whole } else { 0 } {
                        let Some(data) = input.take(bytes as usize).or_end()? else {
                            break;
                        };
                        wave.packet(data, 64);
                    }
                    (
                        if whole == count / 64 {
                            count
                        } else {
                            whole * 64
                        },
                        whole * bytes,
                    )
                }
            };
            there += samples;
            budget = budget.saturating_sub(bytes);
        }
        Ok(there)
    }
}

/// Hands on packets of these sizes as far as they are within `room`: their number, and their bytes.
fn packets(
    input: &mut Input<'_>,
    wave: &mut Wave,
    sizes: impl Iterator<Item = u32>,
    room: u64,
) -> io::Result<(u64, u64)> {
    let (mut there, mut bytes) = (0, 0);
    for size in sizes {
        if bytes + u64::from(size) > room {
            continue;
        }
        (there, bytes) = (there + 1, bytes + u64::from(size));
        if wave.is_on() && size as usize <= LARGEST {
            input.beat()?;
            let Some(data) = input.take(size as usize).or_end()? else {
                continue;
            };
            wave.packet(data, 0);
        }
    }
    Ok((there, bytes))
}
