//! Opus: what its header and its packets say. There is no decoder, and none is needed to know how long it is.
//! After RFC 6716 and RFC 7845.

use super::Facts;
use super::input::Cursor;

/// Opus counts in these samples whatever it was made from.
pub(super) const RATE: u32 = 48_000;

/// Why Opus has no waveform.
pub(super) const UNDRAWN: &str = "there is no decoder for Opus";

/// Notes what an `OpusHead` packet says, and gives the number of samples to leave out at the start.
pub(super) fn identify(packet: &[u8], facts: &mut Facts) -> Option<u32> {
    let mut fields = Cursor(packet.strip_prefix(b"OpusHead")?);
    let [_, channels] = fields.array()?;
    facts.codec = Some("opus".into());
    facts.sample_rate = Some(RATE);
    facts.channels = Some(u32::from(channels)).filter(|&channels| channels > 0);
    Some(u16::from_le_bytes(fields.array()?).into())
}

/// Samples in a packet, from its first two bytes (RFC 6716, section 3.1).
pub(super) fn samples(packet: &[u8]) -> u32 {
    let Some((&head, rest)) = packet.split_first() else {
        return 0;
    };
    let size = u32::from(head >> 3 & 3);
    let frame = match head >> 3 {
        // SILK: 10, 20, 40 or 60 ms; hybrid: 10 or 20; CELT: 2.5, 5, 10 or 20.
        0..12 if size == 3 => 2_880,
        0..12 => 480 << size,
        12..16 => 480 << (size & 1),
        _ => 120 << size,
    };
    let count = match head & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => rest.first().map_or(0, |count| u32::from(count & 63)),
    };
    // No packet is longer than 120 ms.
    (frame * count).min(5_760)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_say_how_long_they_are() {
        // SILK 20 ms, hybrid 20 ms, CELT 2.5 ms, two frames of CELT 20 ms, five of 20 ms, and nothing.
        assert_eq!(samples(&[1 << 3]), 960);
        assert_eq!(samples(&[13 << 3]), 960);
        assert_eq!(samples(&[16 << 3]), 120);
        assert_eq!(samples(&[19 << 3 | 1]), 1_920);
        assert_eq!(samples(&[19 << 3 | 3, 5]), 4_800);
        assert_eq!((samples(&[]), samples(&[3])), (0, 0));
    }
}
