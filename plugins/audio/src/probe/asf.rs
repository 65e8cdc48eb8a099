//! ASF, which WMA and WMV are: objects named by GUIDs, then packets of equal length. After Microsoft's "Advanced
//! Systems Format (ASF) Specification", revision 01.20.

use super::facts::{DurationSource, Facts};
use super::id3::utf16;
use super::input::{Cursor, Input, OrEnd};
use super::waveformat::WaveFormat;
use super::{Probe, Step, moment};

/// A text longer than this is none.
const LONGEST_OBJECT: u64 = 1 << 20;
/// From 1601 to 1970 in microseconds.
const EPOCH: i64 = 11_644_473_600_000_000;

/// The first four bytes of the GUIDs, which tell them apart.
const PROPERTIES: u32 = 0x8CAB_DCA1;
const STREAM: u32 = 0xB7DC_0791;
const CONTENT: u32 = 0x75B2_2633;
const MORE_CONTENT: u32 = 0xD2D0_A440;
const EXTENSION: u32 = 0x5FBF_03B5;
const DATA: u32 = 0x75B2_2636;
const AUDIO: u32 = 0xF869_9E40;
const VIDEO: u32 = 0xBC19_EFC0;

/// What the header says of the file.
#[derive(Default, Clone, Copy)]
struct Properties {
    /// In units of 100 nanoseconds, with what is buffered before playing.
    duration: u64,
    /// Milliseconds that are buffered before playing.
    preroll: u64,
    packets: u64,
    /// Bytes of a packet.
    size: u32,
    is_live: bool,
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let Probe { input, facts, wave } = probe;
    facts.format = Some("wma");
    wave.refuse("there is no decoder for its codec");
    input.skip(30);
    let (mut properties, mut data) = (Properties::default(), None);
    while let Some(head) = input.window(24)?.first_chunk::<24>().copied() {
        let id = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let size = head
            .last_chunk()
            .map_or(0, |size| u64::from_le_bytes(*size))
            .max(24);
        let end = input.position().saturating_add(size);
        input.skip(24);
        match id {
            DATA => {
                // The number of the file, the number of packets, two bytes nobody uses.
                data = Some(input.position() + 26);
                if end > input.end() {
                    facts.cut("the file ends before the sound does");
                }
                break;
            }
            // Holds others behind 22 bytes.
            EXTENSION => {
                input.skip(22);
                continue;
            }
            _ if size <= LONGEST_OBJECT => {
                let Some(content) = input.take(size as usize - 24).or_end()? else {
                    break;
                };
                read_object(id, content, facts, &mut properties);
            }
            _ => {}
        }
        input.seek(end);
    }
    match data {
        Some(start) => measure(input, facts, &properties, start),
        None => {
            facts.cut("the file ends before the sound begins");
            facts.unknown("there is no sound in it");
            Ok(())
        }
    }
}

fn read_object(
    id: u32,
    content: &[u8],
    facts: &mut Facts,
    properties: &mut Properties,
) -> Option<()> {
    match id {
        PROPERTIES => *properties = Properties::parse(content, facts)?,
        STREAM => {
            let kind = u32::from_le_bytes(*content.first_chunk()?);
            let format = WaveFormat::parse(content.get(54..)?, false)?;
            match kind {
                AUDIO if facts.codec.is_none() => format.describe(facts),
                VIDEO => facts.format = Some("wmv"),
                _ => {}
            }
        }
        CONTENT => read_content(content, facts)?,
        MORE_CONTENT => read_more_content(content, facts)?,
        _ => {}
    }
    Some(())
}

impl Properties {
    fn parse(content: &[u8], facts: &mut Facts) -> Option<Self> {
        let mut fields = Cursor(content.get(24..)?);
        let mut long = || fields.array().map(u64::from_le_bytes);
        let (made, packets, duration, _, preroll) = (long()?, long()?, long()?, long()?, long()?);
        let (flags, size) = (fields.array()?, fields.array()?);
        // Tenths of a microsecond.
        let made = i64::try_from(made / 10).ok()? - EPOCH;
        facts.made_at(moment::unix(made).filter(|_| made > 0));
        Some(Self {
            packets,
            duration,
            preroll,
            is_live: u32::from_le_bytes(flags) & 1 != 0,
            size: u32::from_le_bytes(size),
        })
    }
}

/// Five texts that every file may have.
fn read_content(content: &[u8], facts: &mut Facts) -> Option<()> {
    const NAMES: [&str; 5] = ["title", "author", "copyright", "description", "rating"];
    let (lengths, texts) = content.split_first_chunk::<10>()?;
    let mut texts = Cursor(texts);
    for (name, length) in NAMES.into_iter().zip(lengths.as_chunks().0) {
        let text = texts.take(u16::from_le_bytes(*length).into())?;
        facts.tags.add(name, &utf16(text, u16::from_le_bytes));
    }
    Some(())
}

/// Texts and values with names.
fn read_more_content(content: &[u8], facts: &mut Facts) -> Option<()> {
    let mut fields = Cursor(content);
    let count = u16::from_le_bytes(fields.array()?);
    for _ in 0..count {
        let length = u16::from_le_bytes(fields.array()?);
        let name = fields.take(length.into())?;
        let kind = u16::from_le_bytes(fields.array()?);
        let length = u16::from_le_bytes(fields.array()?);
        let text = fields.take(length.into())?;
        // 0 is text.
        if kind == 0 {
            let name = utf16(name, u16::from_le_bytes);
            facts.tags.add(&name, &utf16(text, u16::from_le_bytes));
        }
    }
    Some(())
}

/// How long it is: what the header says, if the packets are there; else what the last packet says.
fn measure(input: &mut Input<'_>, facts: &mut Facts, properties: &Properties, start: u64) -> Step {
    if facts.codec.is_none() {
        facts.unknown("it has no sound track");
        return Ok(());
    }
    let size = u64::from(properties.size);
    let there = input
        .end()
        .saturating_sub(start)
        .checked_div(size)
        .unwrap_or(0);
    let stated = (properties.duration / 10_000).saturating_sub(properties.preroll) as f64 / 1e3;
    if !properties.is_live && properties.packets > 0 && there >= properties.packets && stated > 0.0
    {
        facts.last_seconds(stated, DurationSource::Header);
        return Ok(());
    }
    if there == 0 {
        facts.unknown("there is no sound in it");
        return Ok(());
    }
    if !properties.is_live && properties.packets > there {
        facts.cut("the file ends before the sound does");
    }
    input.seek(start + (there - 1) * size);
    match packet_end(input.take(properties.size as usize)?) {
        Some(milliseconds) => facts.last_seconds(milliseconds as f64 / 1e3, DurationSource::Scan),
        None => facts.unknown("its last packet does not say when it is"),
    }
    Ok(())
}

/// When a packet is sent, and for how long, in milliseconds from the start.
fn packet_end(packet: &[u8]) -> Option<u64> {
    let mut fields = Cursor(packet);
    let [mut flags] = fields.array()?;
    if flags & 0x80 != 0 {
        // Error correction.
        fields.take(usize::from(flags & 15))?;
        [flags] = fields.array()?;
    }
    fields.take(1)?;
    // The packet's length, its number, and its padding, each of a width of its own.
    for shift in [5, 1, 3] {
        fields.take([0, 1, 2, 4][usize::from(flags >> shift & 3)])?;
    }
    let sent = u64::from(u32::from_le_bytes(fields.array()?));
    Some(sent + u64::from(u16::from_le_bytes(fields.array()?)))
}
