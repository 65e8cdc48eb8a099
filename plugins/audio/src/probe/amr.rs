//! AMR and AMR-WB in files of their own, after RFC 4867: a magic line, then frames of 20 milliseconds.

use super::facts::DurationSource;
use super::{Probe, Step};

/// Bytes of a frame behind its header, by mode. Modes that nobody has used yet have none.
type Sizes = [Option<u8>; 16];

#[rustfmt::skip]
const NARROW: Sizes = [
    Some(12), Some(13), Some(15), Some(17), Some(19), Some(20), Some(26), Some(31),
    Some(5), Some(6), Some(5), Some(5), None, None, None, Some(0),
];
#[rustfmt::skip]
const WIDE: Sizes = [
    Some(17), Some(23), Some(32), Some(36), Some(40), Some(46), Some(50), Some(58),
    Some(60), Some(5), None, None, None, None, Some(0), Some(0),
];

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let Probe { input, facts, wave } = probe;
    facts.format = Some("amr");
    wave.refuse("there is no decoder for its codec");
    let is_wide = input.take(6)? == b"#!AMR-";
    input.skip(if is_wide { 3 } else { 0 });
    let (name, rate, sizes) = if is_wide {
        ("amr-wb", 16_000, WIDE)
    } else {
        ("amr-nb", 8_000, NARROW)
    };
    facts.codec = Some(name.into());
    (facts.sample_rate, facts.channels) = (Some(rate), Some(1));
    let mut frames = 0;
    while let Some(&header) = input.window(1)?.first() {
        let Some(size) = sizes[usize::from(header >> 3 & 15)].filter(|_| header & 0x83 == 0) else {
            facts.cut("there is something behind its frames that is no sound");
            break;
        };
        let size = 1 + u64::from(size);
        if input.left() < size {
            facts.cut("the file ends in the middle of a frame");
            break;
        }
        input.skip(size);
        frames += 1;
    }
    facts.last(frames * u64::from(rate) / 50, DurationSource::Scan);
    Ok(())
}
