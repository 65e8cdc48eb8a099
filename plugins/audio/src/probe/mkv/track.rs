//! A track of Matroska: how its sound is written, and how far it reaches.

use super::super::aac::AacConfig;
use super::super::decode::Codec;
use super::super::facts::Facts;
use super::super::pcm::Encoding;
use super::super::tags::lossy;
use super::super::wave::Wave;
use super::super::waveformat::{Content, WaveFormat};
use super::super::{flac, opus, vorbis};
use super::block::Block;
use super::{float, unsigned};

/// Elements with values that belong to a track.
pub(super) const VALUES: [u32; 9] = [
    0xD7, 0x83, 0x86, 0x63A2, 0x23E383, 0xB5, 0x78B5, 0x9F, 0x6264,
];

/// A track.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) number: u64,
    kind: u64,
    codec: String,
    private: Vec<u8>,
    /// Nanoseconds of a frame, as stated.
    frame: u64,
    rate: f64,
    full_rate: f64,
    channels: Option<u32>,
    bits: u32,
    /// Samples in a frame, of codecs that have to be told.
    samples: u32,
    /// Whether its frames are compressed or encrypted once more.
    pub(super) is_encoded: bool,
    /// The start of its last block, and the step to it from the one before.
    start: Option<u64>,
    step: u64,
    /// Where it ends, in nanoseconds.
    pub(super) end: u64,
}

impl Track {
    pub(super) fn is_sound(&self) -> bool {
        self.kind == 2
    }

    pub(super) fn is_video(&self) -> bool {
        self.kind == 1
    }

    /// Whether its frames say how long they are.
    pub(super) fn is_timed(&self) -> bool {
        self.codec == "A_OPUS" && !self.is_encoded
    }

    /// Takes a value of its description.
    pub(super) fn value(&mut self, id: u32, bytes: &[u8]) {
        match id {
            0xD7 => self.number = unsigned(bytes),
            0x83 => self.kind = unsigned(bytes),
            0x86 => self.codec = lossy(bytes).trim_end_matches('\0').to_owned(),
            0x63A2 => self.private = bytes.to_vec(),
            0x23E383 => self.frame = unsigned(bytes),
            0xB5 => self.rate = float(bytes),
            0x78B5 => self.full_rate = float(bytes),
            0x9F => self.channels = u32::try_from(unsigned(bytes)).ok(),
            0x6264 => self.bits = u32::try_from(unsigned(bytes)).unwrap_or_default(),
            _ => {}
        }
    }

    /// Notes what it is, and lets it be drawn.
    pub(super) fn begin(&mut self, facts: &mut Facts, wave: &mut Wave) {
        let rate = if self.full_rate > 0.0 {
            self.full_rate
        } else {
            self.rate
        };
        facts.sample_rate = (1.0..=4e9).contains(&rate).then_some(rate.round() as u32);
        // Where a file says nothing, it has one.
        facts.channels = self.channels.or(Some(1)).filter(|&channels| channels > 0);
        if self.is_encoded {
            wave.refuse("its frames are compressed or encrypted");
        }
        let (name, kind) = self.codec.split_once('/').unwrap_or((&self.codec, ""));
        match (name, kind) {
            ("A_OPUS", _) => {
                let _ = opus::identify(&self.private, facts);
                facts.codec = Some("opus".into());
                wave.refuse(opus::UNDRAWN);
            }
            ("A_VORBIS", _) => {
                facts.codec = Some("vorbis".into());
                let headers = vorbis::split_headers(&self.private);
                let (headers, comments) = headers.unwrap_or_default();
                vorbis::read_comments(comments.get(7..).unwrap_or_default(), facts);
                wave.decode(Codec::Vorbis(headers.into()));
            }
            ("A_FLAC", _) => self.begin_flac(facts, wave),
            ("A_AAC", _) => match AacConfig::parse(&self.private) {
                Some(config) => {
                    config.describe(facts);
                    config.draw(wave);
                }
                None => name_only(facts, wave, "aac"),
            },
            ("A_MPEG", layer) => {
                let layer = layer
                    .as_bytes()
                    .get(1)
                    .map_or(3, |digit| digit.wrapping_sub(b'0'));
                facts.codec = Some(format!("mp{layer}").into());
                wave.decode(Codec::Mpeg { layer });
            }
            ("A_ALAC", _) => {
                facts.codec = Some("alac".into());
                wave.decode(Codec::Alac(self.private.as_slice().into()));
            }
            ("A_PCM", kind) => self.begin_samples(kind, facts, wave),
            ("A_MS", "ACM") => self.begin_wave(facts, wave),
            (name, _) => name_only(facts, wave, &name.trim_start_matches("A_").to_lowercase()),
        }
    }

    fn begin_flac(&self, facts: &mut Facts, wave: &mut Wave) {
        let info = self
            .private
            .strip_prefix(b"fLaC")
            .and_then(|blocks| flac::Info::parse(blocks.get(4..)?));
        let Some(info) = info else {
            return name_only(facts, wave, "flac");
        };
        info.describe(facts);
        wave.decode(Codec::Flac(info.bytes.into()));
    }

    fn begin_samples(&self, kind: &str, facts: &mut Facts, wave: &mut Wave) {
        let encoding = match kind {
            "INT/LIT" => Encoding::integer(self.bits, false, false),
            "INT/BIG" => Encoding::integer(self.bits, true, false),
            "FLOAT/IEEE" => Encoding::float(self.bits, false),
            _ => None,
        };
        let Some(encoding) = encoding else {
            return name_only(facts, wave, "pcm");
        };
        facts.codec = Some(encoding.name().into());
        facts.bits_per_sample = Some(self.bits);
        wave.samples(encoding, facts.channels.unwrap_or(1), 0);
    }

    fn begin_wave(&mut self, facts: &mut Facts, wave: &mut Wave) {
        let Some(format) = WaveFormat::parse(&self.private, false) else {
            return name_only(facts, wave, "unknown");
        };
        format.describe(facts);
        match format.content() {
            Content::Pcm(encoding) => wave.samples(encoding, format.channels.into(), 0),
            Content::Blocks(samples, Some(codec)) => {
                self.samples = samples;
                wave.decode(codec);
            }
            _ => wave.refuse("there is no decoder for its codec"),
        }
    }

    /// Takes a frame, and gives the samples in it, where frames tell.
    pub(super) fn frame(&self, frame: &[u8], wave: &mut Wave) -> u64 {
        if self.is_timed() {
            return opus::samples(frame).into();
        }
        wave.packet(frame, self.samples);
        0
    }

    /// Takes a block that starts at `start`, with so many samples of Opus in it.
    pub(super) fn block(&mut self, start: u64, samples: u64, block: &Block) {
        if let Some(before) = self.start {
            self.step = start.saturating_sub(before);
        }
        self.start = Some(start);
        let count = block.count as u64;
        let length = if samples > 0 {
            samples * 1_000_000_000 / u64::from(opus::RATE)
        } else if self.frame > 0 {
            self.frame.saturating_mul(count)
        } else {
            // As long as the one before it, unless there was a pause.
            self.step.min(1_000_000_000)
        };
        self.end = self.end.max(start.saturating_add(length));
    }

    /// The block that came last takes so many nanoseconds.
    pub(super) fn last(&mut self, length: u64) {
        if let Some(start) = self.start {
            self.end = self.end.max(start.saturating_add(length));
        }
    }
}

fn name_only(facts: &mut Facts, wave: &mut Wave, name: &str) {
    facts.codec = Some(name.to_owned().into());
    wave.refuse("there is no decoder for its codec");
}
