//! The description of a track's sound (`stsd`), as MP4 and the versions of QuickTime write it.

use super::super::aac::AacConfig;
use super::super::decode::{Adpcm, Codec};
use super::super::esds::Descriptor;
use super::super::facts::Facts;
use super::super::input::Cursor;
use super::super::pcm::Encoding;
use super::super::wave::Wave;
use super::super::{flac, opus};
use super::word;

/// A description.
#[derive(Debug, Default)]
pub(super) struct Entry {
    format: [u8; 4],
    channels: u32,
    bits: u32,
    rate: u32,
    /// QuickTime's flags of uncompressed sound: 1 float, 2 big-endian, 4 signed.
    flags: Option<u32>,
    is_little: bool,
    /// What decodes `mp4a`.
    descriptor: Descriptor,
    /// What other decoders are given.
    private: Vec<u8>,
}

/// How samples stand in their chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each has a size of its own.
    Packets,
    /// Frames of so many bytes.
    Frames(u64),
    /// Blocks of so many bytes for 64 frames.
    Blocks(u64),
}

impl Entry {
    /// Reads the first description.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let size = word(content, 0)? as usize;
        let content = content.get(..size.min(content.len()))?;
        let field = |at: usize| {
            content
                .get(at..)?
                .first_chunk()
                .map(|two| u32::from(u16::from_be_bytes(*two)))
        };
        let mut entry = Self {
            format: *content.get(4..)?.first_chunk()?,
            channels: field(24)?,
            bits: field(26)?,
            // Behind the point are 16 bits that nobody uses.
            rate: word(content, 32)? >> 16,
            ..Self::default()
        };
        let boxes = match field(16)? {
            1 => 36 + 16,
            2 => {
                let rate = f64::from_be_bytes(*content.get(40..)?.first_chunk()?);
                entry.rate = if (1.0..=4e9).contains(&rate) {
                    rate.round() as u32
                } else {
                    0
                };
                (entry.channels, entry.bits) = (word(content, 48)?, word(content, 56)?);
                entry.flags = Some(word(content, 60)?);
                36 + 36
            }
            _ => 36,
        };
        entry.read_boxes(content.get(boxes..).unwrap_or_default(), true);
        Some(entry)
    }

    fn read_boxes(&mut self, boxes: &[u8], may_nest: bool) {
        let mut fields = Cursor(boxes);
        while let (Some(size), Some(name)) =
            (fields.array().map(u32::from_be_bytes), fields.array::<4>())
        {
            let Some(content) = fields.take((size as usize).saturating_sub(8)) else {
                return;
            };
            match &name {
                b"wave" if may_nest => self.read_boxes(content, false),
                b"enda" => self.is_little = content.get(1) == Some(&1),
                b"esds" => {
                    self.descriptor = Descriptor::parse(content.get(4..).unwrap_or_default())
                }
                b"alac" | b"dfLa" => self.private = content.get(4..).unwrap_or_default().to_vec(),
                b"dOps" => self.private = content.to_vec(),
                // 1 is little-endian.
                b"pcmC" => {
                    self.is_little = content.get(4).is_some_and(|flags| flags & 1 == 1);
                    self.bits = content.get(5).map_or(self.bits, |&bits| bits.into());
                }
                _ => {}
            }
        }
    }

    /// Samples as they are.
    fn encoding(&self) -> Option<Encoding> {
        let big = !self.is_little;
        match &self.format {
            b"sowt" => Encoding::integer(self.bits, false, true),
            b"twos" => Encoding::integer(self.bits, true, true),
            b"in24" => Encoding::integer(24, big, true),
            b"in32" => Encoding::integer(32, big, true),
            b"fl32" => Encoding::float(32, big),
            b"fl64" => Encoding::float(64, big),
            b"ipcm" => Encoding::integer(self.bits, big, true),
            b"fpcm" => Encoding::float(self.bits, big),
            b"raw " => Encoding::integer(self.bits, true, false),
            b"ulaw" => Some(Encoding::MuLaw),
            b"alaw" => Some(Encoding::ALaw),
            b"lpcm" => {
                let flags = self.flags.unwrap_or(6);
                if flags & 1 != 0 {
                    Encoding::float(self.bits, flags & 2 != 0)
                } else {
                    Encoding::integer(self.bits, flags & 2 != 0, flags & 4 != 0)
                }
            }
            _ => None,
        }
    }

    /// How its samples stand in the file.
    pub(super) fn layout(&self) -> Layout {
        let channels = u64::from(self.channels.max(1));
        match self.encoding() {
            Some(encoding) => Layout::Frames(encoding.bytes() * channels),
            None if &self.format == b"ima4" => Layout::Blocks(34 * channels),
            None => Layout::Packets,
        }
    }

    /// Notes what it is, and lets it be drawn.
    pub(super) fn begin(&self, facts: &mut Facts, wave: &mut Wave) {
        facts.sample_rate = Some(self.rate).filter(|&rate| rate > 0);
        facts.channels = Some(self.channels).filter(|&channels| channels > 0);
        if let Some(encoding) = self.encoding() {
            facts.codec = Some(encoding.name().into());
            facts.bits_per_sample = Some(encoding.bytes() as u32 * 8);
            return wave.samples(encoding, self.channels, 0);
        }
        match &self.format {
            b"mp4a" => self.begin_mpeg(facts, wave),
            b".mp3" | b"ms\0\x55" => {
                facts.codec = Some("mp3".into());
                wave.decode(Codec::Mpeg { layer: 3 });
            }
            b"alac" => {
                facts.codec = Some("alac".into());
                facts.bits_per_sample = self
                    .private
                    .get(5)
                    .map(|&bits| bits.into())
                    .filter(|&bits| bits > 0);
                let rate = word(&self.private, 20);
                facts.sample_rate = rate.filter(|&rate| rate > 0).or(facts.sample_rate);
                wave.decode(Codec::Alac(self.private.as_slice().into()));
            }
            b"fLaC" => {
                facts.codec = Some("flac".into());
                if let Some(info) = self.private.get(4..).and_then(flac::Info::parse) {
                    info.describe(facts);
                    wave.decode(Codec::Flac(info.bytes.into()));
                }
            }
            b"ima4" => {
                facts.codec = Some("adpcm_ima_qt".into());
                wave.decode(Codec::Adpcm {
                    kind: Adpcm::ImaQuickTime,
                    rate: self.rate,
                    channels: self.channels,
                    frames: 64,
                });
            }
            format => name_only(format, facts, wave),
        }
    }

    fn begin_mpeg(&self, facts: &mut Facts, wave: &mut Wave) {
        let name = match self.descriptor.object {
            0x69 | 0x6B => "mp3",
            0xA5 => "ac3",
            0xA6 => "eac3",
            0xA9 => "dts",
            0xAD => "opus",
            0xDD => "vorbis",
            _ => "aac",
        };
        facts.codec = Some(name.into());
        match (AacConfig::parse(&self.descriptor.private), name) {
            (Some(config), "aac") => {
                config.describe(facts);
                config.draw(wave);
            }
            (_, "mp3") => wave.decode(Codec::Mpeg { layer: 3 }),
            _ => wave.refuse("there is no decoder for its codec"),
        }
    }
}

/// Codecs without a decoder. Some have one rate only, which old phones do not write down.
fn name_only(format: &[u8; 4], facts: &mut Facts, wave: &mut Wave) {
    wave.refuse("there is no decoder for its codec");
    let (name, rate) = match format {
        b"Opus" => ("opus", Some(opus::RATE)),
        b"samr" => ("amr-nb", Some(8_000)),
        b"sawb" => ("amr-wb", Some(16_000)),
        b"ac-3" => ("ac3", None),
        b"ec-3" => ("eac3", None),
        name => {
            facts.codec = Some(String::from_utf8_lossy(name).trim().to_lowercase().into());
            return;
        }
    };
    facts.codec = Some(name.into());
    facts.sample_rate = rate.or(facts.sample_rate);
    if name.starts_with("amr") {
        facts.channels = Some(1);
    }
}
