//! CAF, Apple's Core Audio Format: chunks with 64-bit sizes; of compressed sound a table with the length of each
//! packet and how much of them counts.

use super::aac::AacConfig;
use super::decode::{Adpcm, Codec};
use super::esds::Descriptor;
use super::facts::{DurationSource, Facts};
use super::input::{Cursor, Input, LARGEST, OrEnd};
use super::pcm::Encoding;
use super::tags::lossy;
use super::{Probe, Step};

/// A text or a decoder's description longer than this is none.
const LONGEST_CHUNK: u64 = 1 << 20;

/// The description of the sound.
struct Description {
    rate: f64,
    format: [u8; 4],
    flags: u32,
    /// Bytes and frames of a packet; 0 where they differ.
    bytes: u32,
    frames: u32,
    channels: u32,
    bits: u32,
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    description: Option<Description>,
    /// Where the sound starts and ends.
    data: Option<(u64, u64)>,
    /// Whether the header says where it ends.
    is_stated: bool,
    /// Whether the file ends before.
    is_cut: bool,
    /// Frames that count, and where the lengths of the packets stand.
    packets: Option<(u64, u64, u64)>,
    cookie: Vec<u8>,
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let Probe { input, facts, .. } = probe;
    facts.format = Some("caf");
    input.skip(8);
    let mut found = Found::default();
    while let Some(head) = input.window(12)?.first_chunk::<12>().copied() {
        let [name @ .., _, _, _, _, _, _, _, _] = head;
        let size = head
            .last_chunk()
            .map_or(0, |size| i64::from_be_bytes(*size));
        input.skip(12);
        let start = input.position();
        // The sound may reach to the end without anybody knowing how far that is.
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        let end = start.saturating_add(size);
        if end > input.end() && size != u64::MAX {
            facts.cut("the file ends before the sound does");
        }
        if &name == b"data" {
            found.is_stated = end <= input.end();
            found.is_cut = !found.is_stated && size != u64::MAX;
        }
        let end = end.min(input.end());
        // One that is cut off takes nothing from what the others say.
        found.chunk(&name, end, input, facts).or_end()?;
        input.seek(end);
    }
    finish(probe, &found)
}

impl Found {
    fn chunk(
        &mut self,
        name: &[u8; 4],
        end: u64,
        input: &mut Input<'_>,
        facts: &mut Facts,
    ) -> Step {
        let start = input.position();
        let size = end - start;
        match name {
            // Four bytes count how often it was edited.
            b"data" => self.data = self.data.or(Some((start + 4, end))),
            b"desc" if self.description.is_none() => {
                self.description = Description::parse(&input.array::<32>()?);
            }
            b"pakt" => {
                let header = input.array::<24>()?;
                let ([count, valid, _], _) = header.as_chunks::<8>() else {
                    return Ok(());
                };
                self.packets = Some((
                    u64::from_be_bytes(*count),
                    u64::from_be_bytes(*valid),
                    start + 24,
                ));
            }
            b"kuki" if size <= LONGEST_CHUNK => self.cookie = input.take(size as usize)?.to_vec(),
            b"info" if size <= LONGEST_CHUNK => {
                let text = lossy(input.take(size as usize)?.get(4..).unwrap_or_default());
                let mut parts = text.split('\0');
                while let (Some(name), Some(text)) = (parts.next(), parts.next()) {
                    facts.tags.add(name, text);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Description {
    fn parse(bytes: &[u8; 32]) -> Option<Self> {
        let mut fields = Cursor(bytes);
        let rate = f64::from_be_bytes(fields.array()?);
        let format = fields.array()?;
        let mut next = || fields.array().map(u32::from_be_bytes);
        let (flags, bytes, frames, channels, bits) = (next()?, next()?, next()?, next()?, next()?);
        Some(Self {
            rate,
            format,
            flags,
            bytes,
            frames,
            channels,
            bits,
        })
    }

    fn encoding(&self) -> Option<Encoding> {
        let big = self.flags & 2 == 0;
        match &self.format {
            b"lpcm" if self.flags & 1 != 0 => Encoding::float(self.bits, big),
            b"lpcm" => Encoding::integer(self.bits, big, true),
            b"ulaw" => Some(Encoding::MuLaw),
            b"alaw" => Some(Encoding::ALaw),
            _ => None,
        }
    }

    fn describe(&self, facts: &mut Facts) {
        facts.sample_rate = (1.0..=4e9)
            .contains(&self.rate)
            .then_some(self.rate.round() as u32);
        facts.channels = Some(self.channels).filter(|&channels| channels > 0);
        facts.bits_per_sample = Some(self.bits).filter(|&bits| bits > 0);
        facts.codec = Some(match (self.encoding(), &self.format) {
            (Some(encoding), _) => encoding.name().into(),
            (_, b"ima4") => "adpcm_ima_qt".into(),
            (_, b".mp3") => "mp3".into(),
            (_, b"aach") => "he-aac".into(),
            (_, b"aacp") => "he-aac-v2".into(),
            (_, b"samr") => "amr-nb".into(),
            (_, name) => String::from_utf8_lossy(name).trim().to_lowercase().into(),
        });
    }

    /// Lets packets be drawn.
    fn draw(&self, cookie: &[u8], probe: &mut Probe<'_>) {
        let (rate, channels) = (probe.facts.sample_rate.unwrap_or_default(), self.channels);
        let wave = &mut probe.wave;
        match &self.format {
            b"alac" => wave.decode(Codec::Alac(cookie.into())),
            b".mp3" => wave.decode(Codec::Mpeg { layer: 3 }),
            b"ima4" => wave.decode(Codec::Adpcm {
                kind: Adpcm::ImaQuickTime,
                rate,
                channels,
                frames: 64,
            }),
            // The configuration stands in a descriptor of MPEG-4; plain AAC needs none.
            b"aac " => match AacConfig::parse(&Descriptor::parse(cookie).private) {
                Some(config) => {
                    config.describe(&mut probe.facts);
                    config.draw(wave);
                }
                None => wave.decode(Codec::Aac { rate, channels }),
            },
            _ => wave.refuse("there is no decoder for its codec"),
        }
    }
}

fn finish(probe: &mut Probe<'_>, found: &Found) -> Step {
    let (Some(description), Some((start, end))) = (&found.description, found.data) else {
        probe
            .facts
            .unknown("its description or its sound is missing");
        return Ok(());
    };
    description.describe(&mut probe.facts);
    let (length, channels) = (end.saturating_sub(start), u64::from(description.channels));
    if let Some(encoding) = description.encoding().filter(|_| channels > 0) {
        let frames = length / (encoding.bytes() * channels);
        let source = if found.is_stated {
            DurationSource::Header
        } else {
            DurationSource::Scan
        };
        probe.facts.last(frames, source);
        probe.wave.samples(encoding, description.channels, frames);
        probe.input.seek(start);
        return Ok(probe.wave.read_samples(&mut probe.input, end)?);
    }
    let valid = found
        .packets
        .map(|(_, valid, _)| valid)
        .filter(|&valid| valid > 0);
    match (valid, length.checked_div(description.bytes.into())) {
        (Some(valid), _) if !found.is_cut => probe.facts.last(valid, DurationSource::Container),
        (_, Some(packets)) => {
            probe.facts.last(
                packets.saturating_mul(description.frames.into()),
                DurationSource::Scan,
            );
        }
        _ => {}
    }
    description.draw(&found.cookie, probe);
    read_packets(probe, found, description, (start, end))
}

/// Walks through the packets: for the wave, and to know how many are there where the file is cut.
fn read_packets(
    probe: &mut Probe<'_>,
    found: &Found,
    description: &Description,
    data: (u64, u64),
) -> Step {
    let Probe { input, facts, wave } = probe;
    let lengths = match (found.packets, description.bytes) {
        (_, 1..) => None,
        (Some((count, _, place)), 0) => {
            input.seek(place);
            match load(input, count, description.frames == 0).or_end()? {
                Some(lengths) => Some(lengths),
                None => {
                    wave.refuse("its index is cut off, or too large");
                    return Ok(());
                }
            }
        }
        (None, 0) => {
            facts.unknown("the table of its packets is missing");
            return Ok(());
        }
    };
    let (mut place, end) = data;
    let mut frames = 0;
    let mut lengths = lengths.map(Vec::into_iter);
    loop {
        let next = match &mut lengths {
            None => Some((description.bytes, description.frames)),
            Some(lengths) => lengths
                .next()
                .map(|(bytes, frames)| (bytes, frames.max(description.frames))),
        };
        let Some((bytes, count)) = next.filter(|(bytes, _)| place + u64::from(*bytes) <= end)
        else {
            break;
        };
        if wave.is_on() && bytes as usize <= LARGEST {
            input.beat()?;
            input.seek(place);
            wave.packet(input.take(bytes as usize)?, count);
        }
        place += u64::from(bytes);
        frames += u64::from(count);
        if lengths.is_none() && !wave.is_on() {
            break;
        }
    }
    if facts.duration.seconds().is_none()
        || (found.is_cut && found.packets.is_some() && description.bytes == 0)
    {
        facts.last(frames, DurationSource::Scan);
    }
    Ok(())
}

/// The table of packets: bytes, and frames if they differ, as numbers of 7 bits a byte.
fn load(input: &mut Input<'_>, count: u64, has_frames: bool) -> Step<Vec<(u32, u32)>> {
    /// Six hours of AAC at 48 kHz.
    const MOST: u64 = 1 << 20;
    let mut lengths = Vec::new();
    let mut next = || -> Step<u32> {
        let mut number = 0_u32;
        for _ in 0..5 {
            let [byte] = input.array()?;
            number = number << 7 | u32::from(byte & 0x7F);
            if byte < 0x80 {
                break;
            }
        }
        Ok(number)
    };
    if count > MOST {
        return Err(super::Stop::End);
    }
    for _ in 0..count {
        lengths.push((next()?, if has_frames { next()? } else { 0 }));
    }
    Ok(lengths)
}
