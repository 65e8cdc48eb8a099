//! AAC as a chain of ADTS frames (ISO/IEC 13818-7) and as it is described in containers, and AC-3 and E-AC-3
//! (ETSI TS 102 366), which are chains as well.

use super::decode::Codec;
use super::facts::Facts;
use super::frames::{self, Frame};
use super::wave::Wave;
use super::{Probe, Step};

/// Samples in a second by the index that AAC has for them.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// Reads a file of ADTS frames; `false` if it is none.
pub(super) fn read(probe: &mut Probe<'_>) -> Step<bool> {
    let Some(first) = frames::find(&mut probe.input, parse_adts, false)? else {
        return Ok(false);
    };
    probe.facts.format = Some("aac");
    probe.facts.codec = Some("aac".into());
    probe.facts.sample_rate = Some(first.rate);
    probe.facts.channels = Some(first.channels).filter(|&channels| channels > 0);
    let is_low = first.kind & 3 == 1;
    match (is_low, first.channels) {
        (true, 1..=2) => probe.wave.decode(Codec::Aac {
            rate: first.rate,
            channels: first.channels,
        }),
        _ => probe
            .wave
            .refuse("there is no decoder for this sort of AAC"),
    }
    let chain = frames::walk(probe, parse_adts, |frame, data, _, wave| {
        let header = if data[1] & 1 == 0 { 9 } else { 7 };
        wave.packet(data.get(header..).unwrap_or_default(), frame.samples);
        true
    })?;
    frames::finish(&mut probe.facts, &chain, None);
    Ok(true)
}

fn parse_adts(head: &[u8]) -> Option<Frame> {
    let [0xFF, second, third, fourth, fifth, sixth, seventh, ..] = *head else {
        return None;
    };
    let bytes = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    // The layer is always 0; of MPEG audio, which begins alike, never.
    if second & 0xF6 != 0xF0 || bytes < 7 {
        return None;
    }
    let index = third >> 2 & 15;
    let channels = match third << 2 & 4 | fourth >> 6 {
        7 => 8,
        channels => u32::from(channels),
    };
    let rate = *RATES.get(usize::from(index))?;
    let kind = u32::from(third >> 6) | u32::from(index) << 2 | u32::from(second & 8) << 8;
    Some(Frame {
        bytes,
        samples: 1024 * (1 + u32::from(seventh & 3)),
        rate,
        channels,
        kind,
    })
}

/// What a container says of AAC: the `AudioSpecificConfig` of ISO/IEC 14496-3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AacConfig {
    /// 2 is AAC-LC.
    object: u32,
    /// The rate and the channels of the core.
    rate: u32,
    channels: u32,
    /// The rate with the upper half of the band, of HE-AAC.
    full_rate: Option<u32>,
    has_stereo: bool,
    /// Samples in a packet of the core.
    pub(super) samples: u32,
}

impl AacConfig {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits { bytes, at: 0 };
        let mut object = bits.object()?;
        let rate = bits.rate()?;
        let channels = bits.take(4)?;
        let (mut full_rate, has_stereo) = (None, object == 29);
        if object == 5 || object == 29 {
            full_rate = Some(bits.rate()?);
            object = bits.object()?;
        }
        let is_short = bits.take(1)? == 1;
        // A decoder that knows nothing of the upper half finds the core alone; the rest follows behind a mark.
        let mut tail = Bits {
            bytes,
            at: bits.at + 2,
        };
        if full_rate.is_none()
            && tail.take(11) == Some(0x2B7)
            && tail.object() == Some(5)
            && tail.take(1) == Some(1)
        {
            full_rate = tail.rate();
        }
        let channels = if channels == 7 { 8 } else { channels };
        Some(Self {
            object,
            rate,
            channels,
            full_rate,
            has_stereo,
            samples: if is_short { 960 } else { 1024 },
        })
    }

    /// Notes what it says.
    pub(super) fn describe(&self, facts: &mut Facts) {
        let is_half = self.full_rate.is_some_and(|full| full > self.rate);
        facts.codec = Some(match (self.object, is_half, self.has_stereo) {
            (_, _, true) => "he-aac-v2".into(),
            (_, true, _) => "he-aac".into(),
            (39, ..) => "aac-eld".into(),
            (23, ..) => "aac-ld".into(),
            _ => "aac".into(),
        });
        facts.sample_rate = Some(self.full_rate.unwrap_or(self.rate)).filter(|&rate| rate > 0);
        let channels = if self.has_stereo { 2 } else { self.channels };
        facts.channels = Some(channels)
            .filter(|&channels| channels > 0)
            .or(facts.channels);
    }

    /// Lets its packets be drawn, if they can be decoded.
    pub(super) fn draw(&self, wave: &mut Wave) {
        match (self.object, self.samples, self.channels) {
            (2, 1024, channels @ 1..=2) => wave.decode(Codec::Aac {
                rate: self.rate,
                channels,
            }),
            _ => wave.refuse("there is no decoder for this sort of AAC"),
        }
    }
}

/// Bits from the most significant on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for at in self.at..self.at + count {
            value = value << 1 | u32::from(self.bytes.get(at / 8)? >> (7 - at % 8) & 1);
        }
        self.at += count;
        Some(value)
    }

    fn object(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            object => Some(object),
        }
    }

    fn rate(&mut self) -> Option<u32> {
        match self.take(4)? {
            15 => self.take(24),
            index => RATES.get(index as usize).copied(),
        }
    }
}

/// Reads a file of AC-3 or E-AC-3 frames; `false` if it is none.
pub(super) fn read_ac3(probe: &mut Probe<'_>) -> Step<bool> {
    let Some(first) = frames::find(&mut probe.input, parse_ac3, false)? else {
        return Ok(false);
    };
    let name = if first.kind == ENHANCED {
        "eac3"
    } else {
        "ac3"
    };
    probe.facts.format = Some(name);
    probe.facts.codec = Some(name.into());
    probe.facts.sample_rate = Some(first.rate);
    probe.facts.channels = Some(first.channels);
    probe.wave.refuse("there is no decoder for its codec");
    let chain = frames::walk(probe, parse_ac3, |_, _, _, _| true)?;
    frames::finish(&mut probe.facts, &chain, None);
    Ok(true)
}

const ENHANCED: u32 = 2;
/// Channels by coding mode.
const MODES: [u32; 8] = [2, 1, 2, 3, 3, 4, 4, 5];

fn parse_ac3(head: &[u8]) -> Option<Frame> {
    let bytes = head
        .strip_prefix(&[0x0B, 0x77])
        .filter(|rest| rest.len() >= 6)?;
    match bytes[3] >> 3 {
        0..=10 => parse_plain(bytes),
        11..=16 => parse_enhanced(bytes),
        _ => None,
    }
}

fn parse_plain(bytes: &[u8]) -> Option<Frame> {
    let code = usize::from(bytes[2] & 63);
    let rate = *[48_000, 44_100, 32_000].get(usize::from(bytes[2] >> 6))?;
    let bit_rate = *AC3_BIT_RATES.get(code / 2)?;
    // 1536 samples, in words of 16 bits; at 44.1 kHz every other frame has one more.
    let words = 96_000 * bit_rate / rate + if rate == 44_100 { code as u32 & 1 } else { 0 };
    let mut bits = Bits {
        bytes: &bytes[4..],
        at: 0,
    };
    let mode = bits.take(3)?;
    // Mix levels stand between the mode and the bit of the low-frequency channel.
    let levels = [mode & 1 == 1 && mode != 1, mode & 4 != 0, mode == 2];
    bits.at += levels.iter().filter(|is_there| **is_there).count() * 2;
    let channels = MODES[mode as usize] + bits.take(1)?;
    Some(Frame {
        bytes: words as usize * 2,
        samples: 1_536,
        rate,
        channels,
        kind: 1,
    })
}

fn parse_enhanced(bytes: &[u8]) -> Option<Frame> {
    let mut bits = Bits { bytes, at: 0 };
    let kind = bits.take(2)?;
    bits.take(3)?;
    let length = (bits.take(11)? as usize + 1) * 2;
    let (rate, blocks) = match (bits.take(2)?, bits.take(2)?) {
        (3, half) => (*[24_000, 22_050, 16_000].get(half as usize)?, 6),
        (rate, blocks) => (
            [48_000, 44_100, 32_000][rate as usize],
            [1, 2, 3, 6][blocks as usize],
        ),
    };
    let channels = MODES[bits.take(3)? as usize] + bits.take(1)?;
    // A dependent substream adds channels to the frame before it, and no time.
    let samples = if kind == 1 { 0 } else { blocks * 256 };
    (length >= 8).then_some(Frame {
        bytes: length,
        samples,
        rate,
        channels,
        kind: ENHANCED,
    })
}

/// Kilobits a second.
const AC3_BIT_RATES: [u32; 19] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
