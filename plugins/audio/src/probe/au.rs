//! AU, the format of Sun and NeXT: a header of at least 24 bytes, then samples up to the end.

use super::facts::DurationSource;
use super::pcm::Encoding;
use super::{Probe, Step};

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    let Probe { input, facts, wave } = probe;
    facts.format = Some("au");
    let header = input.array::<24>()?;
    let [_, offset, size, code, rate, channels] = header.as_chunks().0 else {
        return Ok(());
    };
    let [offset, size, code, rate, channels] =
        [offset, size, code, rate, channels].map(|field| u32::from_be_bytes(*field));
    facts.sample_rate = Some(rate).filter(|&rate| rate > 0);
    facts.channels = Some(channels).filter(|&channels| channels > 0);
    let encoding = match code {
        1 => Some(Encoding::MuLaw),
        2..=5 => Encoding::integer((code - 1) * 8, true, true),
        6 | 7 => Encoding::float((code - 5) * 32, true),
        27 => Some(Encoding::ALaw),
        _ => None,
    };
    let Some(encoding) = encoding.filter(|_| channels > 0) else {
        facts.codec = Some(format!("au_{code}").into());
        facts.unknown("its codec is not known");
        return Ok(());
    };
    facts.codec = Some(encoding.name().into());
    facts.bits_per_sample = Some(encoding.bytes() as u32 * 8);
    let start = u64::from(offset).max(24);
    let stated = start + u64::from(size);
    // A length that nobody knew is all ones.
    let (end, source) = match size {
        u32::MAX => (input.end(), DurationSource::Scan),
        0 if start < input.end() => {
            facts.cut("its header was never finished: it says that there is no sound");
            (input.end(), DurationSource::Scan)
        }
        _ if stated <= input.end() => (stated, DurationSource::Header),
        _ => {
            facts.cut("the file ends before the sound does");
            (input.end(), DurationSource::Scan)
        }
    };
    let frames = end.saturating_sub(start) / (encoding.bytes() * u64::from(channels));
    facts.last(frames, source);
    wave.samples(encoding, channels, frames);
    input.seek(start);
    Ok(wave.read_samples(input, end)?)
}
