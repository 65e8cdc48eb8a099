//! WAV in all its shapes: RIFF, RIFX (big-endian), RF64 and BW64 (64-bit sizes), and Sony's W64. Recorders that
//! are killed, or write to a pipe, leave sizes in the header that are not true; the length of the file is.

use std::io;

use super::facts::{DurationSource, Facts};
use super::input::{Cursor, Input, OrEnd};
use super::tags::lossy;
use super::waveformat::{self, WaveFormat};
use super::{Probe, Step, id3, moment};

/// The GUID that begins a W64 file.
pub(super) const W64_RIFF: &[u8; 16] = b"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00";
/// The last 12 bytes of the GUIDs of W64 chunks; the first four are the name.
const W64_GUID: &[u8; 12] = b"\xF3\xAC\xD3\x11\x8C\xD1\x00\xC0\x4F\x8E\xDB\x8A";

/// A text or description longer than this is none.
const LONGEST_CHUNK: u64 = 64 << 10;

/// How a file's chunks are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// 4 bytes of name, 4 of size; padded to 2.
    Riff { big: bool },
    /// 16 bytes of name, 8 of size that count the header in; padded to 8.
    W64,
}

/// Where a chunk stands.
#[derive(Clone, Copy)]
struct Chunk {
    name: [u8; 4],
    /// The first byte of its content.
    start: u64,
    /// Its length as stated.
    size: u64,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }
}

/// The sound itself.
#[derive(Clone, Copy)]
struct Data {
    start: u64,
    end: u64,
    /// Whether the header's length was taken, or all bytes up to the end of the file.
    source: DurationSource,
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    format: Option<WaveFormat>,
    data: Option<Data>,
    /// The size of the data, of RF64.
    wide: Option<u64>,
    /// The number of frames that a `fact` chunk states.
    frames: Option<u64>,
}

/// Reads RIFF, RIFX, RF64 or BW64.
pub(super) fn read_wav(probe: &mut Probe<'_>) -> Step {
    probe.facts.format = Some("wav");
    let big = &probe.input.array::<4>()? == b"RIFX";
    probe.input.skip(8);
    walk(probe, Shape::Riff { big })
}

/// Reads W64.
pub(super) fn read_w64(probe: &mut Probe<'_>) -> Step {
    probe.facts.format = Some("w64");
    probe.input.skip(16 + 8 + 16);
    walk(probe, Shape::W64)
}

fn walk(probe: &mut Probe<'_>, shape: Shape) -> Step {
    let mut found = Found::default();
    while let Some(chunk) = next_chunk(&mut probe.input, shape)? {
        let next = if &chunk.name == b"data" && found.data.is_none() {
            let wide = found.wide.filter(|_| chunk.size == u64::from(u32::MAX));
            let size = wide.unwrap_or(chunk.size);
            let (data, next) = find_data(probe, shape, Chunk { size, ..chunk })?;
            found.data = Some(data);
            next
        } else {
            // One that is cut off takes nothing from what the others say.
            read_chunk(probe, shape, &chunk, &mut found).or_end()?;
            if chunk.end() > probe.input.end() {
                let facts = &mut probe.facts;
                facts.cut("a part of its header claims to be longer than the file");
            }
            shape.next(&chunk)
        };
        probe.input.seek(next);
    }
    finish(probe, &found)
}

impl Shape {
    /// Where the chunk behind this one stands.
    fn next(self, chunk: &Chunk) -> u64 {
        let multiple = if self == Self::W64 { 8 } else { 2 };
        let padded = chunk.size.checked_next_multiple_of(multiple);
        chunk.start.saturating_add(padded.unwrap_or(u64::MAX))
    }

    fn order(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Riff { big: true } => u32::from_be_bytes(bytes),
            _ => u32::from_le_bytes(bytes),
        }
    }
}

/// The chunk that begins here; `None` at the end, or where none can be.
fn next_chunk(input: &mut Input<'_>, shape: Shape) -> io::Result<Option<Chunk>> {
    let (name, size, length) = match shape {
        Shape::Riff { .. } => {
            let Some((name, size)) = input.window(8)?.first_chunk::<8>().map(halves) else {
                return Ok(None);
            };
            (name, u64::from(shape.order(size)), 8)
        }
        Shape::W64 => {
            let Some(head) = input.window(24)?.first_chunk::<24>() else {
                return Ok(None);
            };
            let (guid, size) = head.split_at(16);
            let size = size
                .first_chunk()
                .map_or(0, |size| u64::from_le_bytes(*size));
            let name = guid
                .first_chunk()
                .filter(|_| &guid[4..] == W64_GUID)
                .copied();
            (name.unwrap_or_default(), size.saturating_sub(24), 24)
        }
    };
    if !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Ok(None);
    }
    input.skip(length);
    Ok(Some(Chunk {
        name,
        start: input.position(),
        size,
    }))
}

fn halves(head: &[u8; 8]) -> ([u8; 4], [u8; 4]) {
    let [a, b, c, d, e, f, g, h] = *head;
    ([a, b, c, d], [e, f, g, h])
}

/// Decides where the sound ends: where the header says, if the file reaches that far and goes on as it should. With
/// the place to go on at.
fn find_data(probe: &mut Probe<'_>, shape: Shape, stated: Chunk) -> io::Result<(Data, u64)> {
    let Probe { input, facts, .. } = probe;
    let (start, file) = (stated.start, input.end());
    let fits = stated.end() <= file;
    if fits && let Some(next) = find_next(input, shape, &stated)? {
        let (end, source) = (stated.end(), DurationSource::Header);
        return Ok((Data { start, end, source }, next));
    }
    match stated.size {
        0 => facts.cut("its header was never finished: it says that there is no sound"),
        _ if fits => facts.cut("there is more sound than its header says"),
        // What programs write that do not know the length yet, or write to a pipe.
        0x7FFF_0000..=0x8000_00FF | 0xFFFF_0000.. => {
            facts.warn("its header states no length: all bytes up to the end are taken for sound");
        }
        _ => facts.cut("the file ends before the sound does"),
    }
    let (end, source) = (file, DurationSource::Scan);
    Ok((Data { start, end, source }, file))
}

/// Where the chunk behind the data stands, or the end of the file; `None` if what is there can only be more sound.
fn find_next(input: &mut Input<'_>, shape: Shape, data: &Chunk) -> io::Result<Option<u64>> {
    let file = input.end();
    // Some programs do not fill up an odd length.
    for place in [shape.next(data), data.end()] {
        input.seek(place);
        let next = next_chunk(input, shape)?;
        // A byte less is what those programs leave at the end.
        if next.is_some_and(|next| next.end() <= file + 1 || TAILS.contains(&&next.name)) {
            return Ok(Some(place));
        }
    }
    // Nothing, or too little to matter: the old tag of MP3 has 128 bytes.
    let rest = file - data.end();
    Ok((rest <= 128).then_some(file))
}

/// Chunks that stand behind the data, and may be cut off there.
const TAILS: [&[u8; 4]; 8] = [
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"JUNK",
];

/// Reads a chunk that is not the data.
fn read_chunk(probe: &mut Probe<'_>, shape: Shape, chunk: &Chunk, found: &mut Found) -> Step {
    let Probe { input, facts, .. } = probe;
    let size = chunk.size.min(LONGEST_CHUNK) as usize;
    match &chunk.name {
        b"fmt " if found.format.is_none() => {
            let big = shape == Shape::Riff { big: true };
            found.format = WaveFormat::parse(input.take(size)?, big);
        }
        b"ds64" => {
            // The size of the file, of the data, and the number of frames.
            input.skip(8);
            found.wide = Some(u64::from_le_bytes(input.array()?));
        }
        b"fact" if shape == Shape::W64 => found.frames = Some(u64::from_le_bytes(input.array()?)),
        b"fact" => found.frames = Some(shape.order(input.array()?).into()),
        b"LIST" => {
            let list = input.take(size)?;
            if let Some(items) = list.strip_prefix(b"INFO") {
                read_info(items, shape, facts);
            }
        }
        b"bext" => read_broadcast(input.take(size)?, facts),
        b"IDIT" => facts.made_at(moment::parse(&lossy(input.take(size)?))),
        b"id3 " | b"ID3 " => id3::read(input, facts).map(|_| ())?,
        _ => {}
    }
    Ok(())
}

/// Texts, each a small chunk.
fn read_info(items: &[u8], shape: Shape, facts: &mut Facts) {
    let mut items = Cursor(items);
    while let (Some(name), Some(size)) = (items.array::<4>(), items.array()) {
        let size = shape.order(size) as usize;
        let Some(text) = items.take(size) else { return };
        facts.tags.add_bytes(&lossy(&name), text);
        if size % 2 == 1 {
            items.take(1);
        }
    }
}

/// The broadcast extension, EBU Tech 3285: description, originator, reference, day and time of day.
fn read_broadcast(bytes: &[u8], facts: &mut Facts) {
    let mut fields = Cursor(bytes);
    let mut text = |length| {
        let field = fields.take(length).unwrap_or_default();
        lossy(field.split(|byte| *byte == 0).next().unwrap_or_default())
    };
    let (description, originator, _) = (text(256), text(32), text(32));
    facts.tags.add("comment", &description);
    facts.tags.add("originator", &originator);
    facts.made_at(moment::parse_pair(&text(10), &text(8)));
}

fn finish(probe: &mut Probe<'_>, found: &Found) -> Step {
    let Some(format) = &found.format else {
        probe
            .facts
            .unknown("the description of its sound is missing");
        return Ok(());
    };
    format.describe(&mut probe.facts);
    let Some(data) = found.data else {
        probe.facts.unknown("there is no sound in it");
        return Ok(());
    };
    let outer = probe.input.narrow(data.end);
    probe.input.seek(data.start);
    waveformat::read_data(probe, format, found.frames, data.source)?;
    probe.input.narrow(outer);
    Ok(())
}
