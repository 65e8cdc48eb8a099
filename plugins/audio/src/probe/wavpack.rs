//! WavPack: a chain of blocks, each with the number of its first sample. After the format's own description.

use super::facts::DurationSource;
use super::frames;
use super::{Probe, Step};

/// Samples in a second by their index.
const RATES: [u32; 15] = [
    6_000, 8_000, 9_600, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000,
    88_200, 96_000, 192_000,
];

/// A block's header.
struct Block {
    /// Bytes behind the header.
    length: u64,
    /// Samples of the whole recording, if that was known.
    total: Option<u64>,
    samples: u64,
    flags: u32,
}

impl Block {
    fn parse(head: &[u8; 32]) -> Option<Self> {
        let word = |at: usize| {
            head[at..]
                .first_chunk()
                .map(|four| u32::from_le_bytes(*four))
        };
        let size = word(4).filter(|size| head.starts_with(b"wvpk") && *size >= 24)?;
        let total = word(12)?;
        Some(Self {
            length: u64::from(size) - 24,
            total: Some(u64::from(total) | u64::from(head[11]) << 32).filter(|_| total != u32::MAX),
            samples: word(20)?.into(),
            flags: word(24)?,
        })
    }
}

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    probe.facts.format = Some("wavpack");
    probe.facts.codec = Some("wavpack".into());
    probe.wave.refuse("there is no decoder for its codec");
    let (mut counted, mut total) = (0, None);
    let (mut channels, mut is_first) = (0, true);
    loop {
        let Probe { input, facts, .. } = probe;
        let Some(head) = input.window(32)?.first_chunk::<32>().copied() else {
            break;
        };
        let Some(block) = Block::parse(&head) else {
            if !frames::is_tag(probe)? {
                probe
                    .facts
                    .warn("there is something behind its blocks that is no sound");
                break;
            }
            continue;
        };
        if input.left() < 32 + block.length {
            facts.cut("the file ends in the middle of a block");
            break;
        }
        input.skip(32 + block.length);
        // Blocks of one time hold a channel or two each; the first of them has bit 11, the last bit 12.
        let begins = block.flags & 1 << 11 != 0;
        counted += if begins { block.samples } else { 0 };
        if is_first && block.samples > 0 {
            facts.sample_rate = RATES.get((block.flags >> 23 & 15) as usize).copied();
            facts.bits_per_sample = Some(((block.flags & 3) + 1) * 8);
            total = block.total;
            channels += if block.flags & 4 != 0 { 1 } else { 2 };
            is_first = block.flags & 1 << 12 == 0;
        }
    }
    let facts = &mut probe.facts;
    facts.channels = Some(channels).filter(|&channels| channels > 0);
    match total {
        Some(total) if total > 0 && total.abs_diff(counted) <= total / 100 => {
            facts.last(total, DurationSource::Header)
        }
        _ => facts.last(counted, DurationSource::Scan),
    }
    Ok(())
}
