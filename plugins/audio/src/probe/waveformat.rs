//! `WAVEFORMATEX`: how RIFF, ASF and some Matroska files describe sound. After Microsoft's `mmreg.h`.

use super::decode::{Adpcm, Codec};
use super::facts::{DurationSource, Facts};
use super::input::Cursor;
use super::pcm::Encoding;
use super::{Probe, Step, mpeg};

/// A description of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WaveFormat {
    /// The number of the codec.
    pub(super) tag: u16,
    pub(super) channels: u16,
    /// Frames in a second.
    pub(super) rate: u32,
    /// Bytes in a second, on average.
    pub(super) byte_rate: u32,
    /// Bytes of a block: a frame of samples, or what a decoder takes at once.
    pub(super) block: u16,
    /// Bits of a sample.
    pub(super) bits: u16,
    /// Frames that a block of ADPCM holds, as stated.
    frames: u16,
    /// Whether integers have their most significant byte first.
    big: bool,
}

/// What the data behind a description is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// Samples as they are.
    Pcm(Encoding),
    /// Blocks of so many frames, with what can decode them.
    Blocks(u32, Option<Codec>),
    /// A chain of MPEG frames.
    Mpeg,
    /// Anything else: only its byte rate says how long it is.
    Other,
}

const EXTENSIBLE: u16 = 0xFFFE;

impl WaveFormat {
    /// Reads a description of at least 14 bytes; `big` is the order of RIFX.
    pub(super) fn parse(bytes: &[u8], big: bool) -> Option<Self> {
        let mut fields = Cursor(bytes);
        let mut short = || {
            let order = if big {
                u16::from_be_bytes
            } else {
                u16::from_le_bytes
            };
            fields.array().map(order)
        };
        let (tag, channels) = (short()?, short()?);
        let halves = [short()?, short()?, short()?, short()?];
        let long = |first: u16, second: u16| {
            let (low, high) = if big {
                (second, first)
            } else {
                (first, second)
            };
            u32::from(high) << 16 | u32::from(low)
        };
        let (block, bits) = (short()?, short().unwrap_or(0));
        // The size of the extension, and its first field: frames of a block of ADPCM, or valid bits.
        let (_, extra, _, _, kind) = (short(), short().unwrap_or(0), short(), short(), short());
        let tag = kind.filter(|_| tag == EXTENSIBLE).unwrap_or(tag);
        Some(Self {
            tag,
            channels,
            rate: long(halves[0], halves[1]),
            byte_rate: long(halves[2], halves[3]),
            block,
            bits,
            frames: extra,
            big,
        })
    }

    /// What the data is.
    pub(super) fn content(&self) -> Content {
        let (bits, channels) = (u32::from(self.bits), u32::from(self.channels));
        // Samples of 20 bits stand in containers of 24 or 32, which only the block tells.
        let container = u32::from(self.block).checked_div(channels).unwrap_or(0) * 8;
        let wide = if container >= bits && container <= 64 {
            container
        } else {
            bits
        };
        let pcm = |encoding: Option<Encoding>| encoding.map_or(Content::Other, Content::Pcm);
        match self.tag {
            0x0001 => pcm(Encoding::integer(wide, self.big, false)),
            0x0003 => pcm(Encoding::float(wide, self.big)),
            0x0006 => Content::Pcm(Encoding::ALaw),
            0x0007 => Content::Pcm(Encoding::MuLaw),
            0x0002 => self.adpcm(Adpcm::Microsoft),
            0x0011 => self.adpcm(Adpcm::ImaWav),
            0x0031 => Content::Blocks(320, None),
            0x0050 | 0x0055 => Content::Mpeg,
            _ => Content::Other,
        }
    }

    /// The frames that a block holds follow from its length: some programs state them wrongly.
    fn adpcm(&self, kind: Adpcm) -> Content {
        let (block, channels) = (u32::from(self.block), u32::from(self.channels));
        let header = channels * if kind == Adpcm::Microsoft { 7 } else { 4 };
        let Some(body) = block.checked_sub(header).filter(|_| channels > 0) else {
            return Content::Other;
        };
        let frames = body * 2 / channels + if kind == Adpcm::Microsoft { 2 } else { 1 };
        let codec = Codec::Adpcm {
            kind,
            rate: self.rate,
            channels,
            frames,
        };
        Content::Blocks(
            frames,
            Some(codec).filter(|_| self.bits == 4 && (1..=2).contains(&channels)),
        )
    }

    /// The name of the codec.
    pub(super) fn codec(&self) -> String {
        if let Content::Pcm(encoding) = self.content() {
            return encoding.name();
        }
        let known = CODECS.iter().find(|(tag, _)| *tag == self.tag);
        known.map_or_else(
            || format!("wave_{:04x}", self.tag),
            |(_, name)| (*name).to_owned(),
        )
    }

    /// Notes what the description says.
    pub(super) fn describe(&self, facts: &mut Facts) {
        facts.codec = Some(self.codec().into());
        facts.sample_rate = Some(self.rate).filter(|&rate| rate > 0);
        facts.channels = Some(u32::from(self.channels)).filter(|&channels| channels > 0);
        let is_pcm = matches!(self.content(), Content::Pcm(_));
        facts.bits_per_sample = Some(u32::from(self.bits)).filter(|&bits| is_pcm && bits > 0);
    }
}

/// Reads the data up to the narrowed end of the input. `stated` is the number of frames that a header states,
/// `source` whether the data's length is a header's.
pub(super) fn read_data(
    probe: &mut Probe<'_>,
    format: &WaveFormat,
    stated: Option<u64>,
    source: DurationSource,
) -> Step {
    let length = probe.input.left();
    let channels = u32::from(format.channels);
    match format.content() {
        Content::Pcm(encoding) if channels > 0 => {
            let frames = length / (encoding.bytes() * u64::from(channels));
            probe.facts.last(frames, source);
            probe.wave.samples(encoding, channels, frames);
            let end = probe.input.end();
            probe.wave.read_samples(&mut probe.input, end)?;
        }
        Content::Blocks(frames, codec) if format.block > 0 => {
            let block = u64::from(format.block);
            let counted =
                length / block * u64::from(frames) + length % block * u64::from(frames) / block;
            // The last block is filled up; only the header knows how much of it counts.
            let filling = u64::from(frames);
            let stated = stated.filter(|&stated| {
                stated <= counted && counted - stated < filling.max(counted / 100)
            });
            probe.facts.last(stated.unwrap_or(counted), source);
            decode_blocks(probe, usize::from(format.block), frames, codec)?;
        }
        Content::Mpeg => mpeg::read_frames(probe)?,
        Content::Pcm(_) => probe.facts.unknown("it has no channels"),
        Content::Blocks(..) | Content::Other => estimate(probe, format, stated, length),
    }
    Ok(())
}

fn decode_blocks(probe: &mut Probe<'_>, block: usize, frames: u32, codec: Option<Codec>) -> Step {
    match codec {
        Some(codec) => probe.wave.decode(codec),
        None => probe.wave.refuse("there is no decoder for its codec"),
    }
    while probe.wave.is_on() && probe.input.left() >= block as u64 {
        let data = probe.input.take(block)?;
        probe.wave.packet(data, frames);
    }
    Ok(())
}

/// A codec of which only the byte rate is known.
fn estimate(probe: &mut Probe<'_>, format: &WaveFormat, stated: Option<u64>, length: u64) {
    probe.wave.refuse("there is no decoder for its codec");
    if format.byte_rate == 0 {
        probe
            .facts
            .unknown("its codec is not known, and no byte rate is stated");
        return;
    }
    let seconds = length as f64 / f64::from(format.byte_rate);
    let stated = stated.map(|frames| frames as f64 / f64::from(format.rate.max(1)));
    match stated.filter(|stated| (stated - seconds).abs() <= seconds / 100.0) {
        Some(stated) => probe.facts.last_seconds(stated, DurationSource::Header),
        None => probe.facts.last_seconds(seconds, DurationSource::Estimate),
    }
}

/// The registered numbers that recorders use.
#[rustfmt::skip]
static CODECS: [(u16, &str); 25] = [
    (0x0001, "pcm"), (0x0002, "adpcm_ms"), (0x0003, "pcm_float"), (0x0005, "cvsd"), (0x000A, "wmavoice"),
    (0x0011, "adpcm_ima_wav"), (0x0022, "truespeech"), (0x0031, "gsm"), (0x0040, "adpcm_g721"), (0x0042, "g723_1"),
    (0x0045, "adpcm_g726"), (0x0050, "mp2"), (0x0055, "mp3"), (0x0064, "adpcm_g726"), (0x0065, "adpcm_g722"),
    (0x0083, "g729"), (0x00FF, "aac"), (0x0160, "wmav1"), (0x0161, "wmav2"), (0x0162, "wmapro"), (0x0163, "wmalossless"),
    (0x1600, "aac"), (0x2000, "ac3"), (0xA109, "speex"), (0xF1AC, "flac"),
];
