//! AIFF and AIFF-C, after Apple's specifications of 1989 and 1991: big-endian chunks like those of RIFF.

use super::decode::{Adpcm, Codec};
use super::facts::{DurationSource, Facts};
use super::input::{Cursor, OrEnd};
use super::pcm::Encoding;
use super::{Probe, Step, id3};

/// A text longer than this is none.
const LONGEST_CHUNK: u64 = 64 << 10;

/// The common chunk.
struct Common {
    channels: u32,
    frames: u64,
    bits: u32,
    rate: f64,
    compression: [u8; 4],
}

/// What the sound is.
enum Content {
    Pcm(Encoding),
    /// 34 bytes a channel for 64 frames, after QuickTime.
    Ima4,
    Other,
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let Probe { input, facts, .. } = probe;
    facts.format = Some("aiff");
    input.skip(12);
    let (mut common, mut data) = (None, None);
    while let Some(head) = input.window(8)?.first_chunk::<8>().copied() {
        let [name @ .., a, b, c, d] = head;
        let mut size = u64::from(u32::from_be_bytes([a, b, c, d]));
        input.skip(8);
        let start = input.position();
        match &name {
            // Where it starts is told by an offset that nobody uses, and behind that stands the sound.
            b"SSND" if size < 8 && data.is_none() => {
                facts.cut("its header was never finished: it says that there is no sound");
                (data, size) = (Some((start + 8, input.end())), u64::MAX);
            }
            b"SSND" => data = data.or(Some((start + 8, start.saturating_add(size)))),
            b"COMM" => {
                let content = input.take(size.min(LONGEST_CHUNK) as usize).or_end()?;
                common = common.or(content.and_then(Common::parse));
            }
            b"NAME" | b"AUTH" | b"ANNO" | b"(c) " if size <= LONGEST_CHUNK => {
                // One that is cut off takes nothing from what the others say.
                if let Some(text) = input.take(size as usize).or_end()? {
                    facts.tags.add_bytes(&String::from_utf8_lossy(&name), text);
                }
            }
            b"ID3 " => id3::read(input, facts).map(|_| ())?,
            _ => {}
        }
        if size != u64::MAX && start.saturating_add(size) > input.end() {
            facts.cut("the file ends before its header says");
        }
        input.seek(start.saturating_add(size).saturating_add(size & 1));
    }
    let (Some(common), Some((start, end))) = (common, data) else {
        probe
            .facts
            .unknown("its description or its sound is missing");
        return Ok(());
    };
    common.describe(&mut probe.facts);
    read_sound(probe, &common, start, end.min(probe.input.end()))
}

fn read_sound(probe: &mut Probe<'_>, common: &Common, start: u64, end: u64) -> Step {
    let Probe { input, facts, wave } = probe;
    let (length, channels) = (end.saturating_sub(start), u64::from(common.channels));
    let count = match common.content() {
        Content::Pcm(encoding) if channels > 0 => length / (encoding.bytes() * channels),
        Content::Ima4 if channels > 0 => length / (34 * channels) * 64,
        _ => {
            wave.refuse("there is no decoder for its codec");
            0
        }
    };
    // The header counts packets where the sound is compressed, and nothing where it was never finished.
    let stated = match common.content() {
        Content::Ima4 => common.frames * 64,
        _ => common.frames,
    };
    match count {
        0 => facts.last(stated, DurationSource::Header),
        _ if stated > 0 && stated.abs_diff(count) <= count / 100 + 64 => {
            facts.last(stated.min(count), DurationSource::Header);
        }
        _ => facts.last(count, DurationSource::Scan),
    }
    input.seek(start);
    match common.content() {
        Content::Pcm(encoding) => {
            wave.samples(encoding, common.channels, count);
            wave.read_samples(input, end)?;
        }
        Content::Ima4 => {
            let rate = facts.sample_rate.unwrap_or_default();
            let kind = Adpcm::ImaQuickTime;
            wave.decode(Codec::Adpcm {
                kind,
                rate,
                channels: common.channels,
                frames: 64,
            });
            let block = 34 * u64::from(common.channels);
            while wave.is_on() && end.saturating_sub(input.position()) >= block {
                wave.packet(input.take(block as usize)?, 64);
            }
        }
        Content::Other => {}
    }
    Ok(())
}

impl Common {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Cursor(bytes);
        Some(Self {
            channels: u16::from_be_bytes(fields.array()?).into(),
            frames: u32::from_be_bytes(fields.array()?).into(),
            bits: u16::from_be_bytes(fields.array()?).into(),
            rate: extended(fields.array()?),
            compression: fields.array().unwrap_or(*b"NONE"),
        })
    }

    fn content(&self) -> Content {
        let pcm = |encoding: Option<Encoding>| encoding.map_or(Content::Other, Content::Pcm);
        match &self.compression {
            b"NONE" | b"twos" => pcm(Encoding::integer(self.bits, true, true)),
            b"sowt" => pcm(Encoding::integer(self.bits, false, true)),
            b"in24" => pcm(Encoding::integer(24, true, true)),
            b"in32" => pcm(Encoding::integer(32, true, true)),
            b"raw " => Content::Pcm(Encoding::Unsigned),
            b"fl32" | b"FL32" => pcm(Encoding::float(32, true)),
            b"fl64" | b"FL64" => pcm(Encoding::float(64, true)),
            b"ulaw" | b"ULAW" => Content::Pcm(Encoding::MuLaw),
            b"alaw" | b"ALAW" => Content::Pcm(Encoding::ALaw),
            b"ima4" => Content::Ima4,
            _ => Content::Other,
        }
    }

    fn describe(&self, facts: &mut Facts) {
        let is_rate = (1.0..=4e9).contains(&self.rate);
        facts.sample_rate = is_rate.then_some(self.rate.round() as u32);
        facts.channels = Some(self.channels).filter(|&channels| channels > 0);
        facts.codec = Some(match self.content() {
            Content::Pcm(encoding) => encoding.name().into(),
            Content::Ima4 => "adpcm_ima_qt".into(),
            Content::Other => String::from_utf8_lossy(&self.compression)
                .trim()
                .to_lowercase()
                .into(),
        });
        let is_pcm = matches!(self.content(), Content::Pcm(_));
        facts.bits_per_sample = Some(self.bits).filter(|&bits| is_pcm && bits > 0);
    }
}

/// An 80-bit float of the 68881: sign and exponent (15 bits, biased by 16383), then the mantissa with its leading one.
fn extended(bytes: [u8; 10]) -> f64 {
    let [a, b, mantissa @ ..] = bytes;
    let exponent = i32::from(u16::from_be_bytes([a, b])) - 16_383 - 63;
    // A negative rate comes out huge, and is refused as such.
    u64::from_be_bytes(mantissa) as f64 * f64::from(exponent).exp2()
}
