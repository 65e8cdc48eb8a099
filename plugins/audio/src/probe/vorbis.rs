//! Vorbis: its headers, its comments (which FLAC, Opus and Speex use as well), and whether a decoder may be given
//! them. After the Vorbis I specification of Xiph.

use super::Facts;
use super::input::Cursor;
use super::tags::lossy;

/// Notes rate and channels of an identification header; `None` if it is none.
pub(super) fn identify(packet: &[u8], facts: &mut Facts) -> Option<u32> {
    let mut fields = Cursor(packet.strip_prefix(b"\x01vorbis\0\0\0\0")?);
    let [channels] = fields.array()?;
    let rate = u32::from_le_bytes(fields.array()?);
    facts.codec = Some("vorbis".into());
    facts.channels = Some(u32::from(channels)).filter(|&channels| channels > 0);
    facts.sample_rate = Some(rate).filter(|&rate| rate > 0);
    Some(rate)
}

/// Reads comments: the name of a program, then `NAME=text` so many times. What is cut off is left out.
pub(super) fn read_comments(block: &[u8], facts: &mut Facts) {
    let mut fields = Cursor(block);
    let text = |fields: &mut Cursor<'_>| {
        let length = u32::from_le_bytes(fields.array()?);
        fields.take(length as usize).map(lossy)
    };
    let Some(vendor) = text(&mut fields) else {
        return;
    };
    // Their number; there are as many as there are.
    fields.take(4);
    while let Some(comment) = text(&mut fields) {
        // Pictures, written as text, are none.
        if let Some((name, text)) = comment.split_once('=')
            && !name.eq_ignore_ascii_case("METADATA_BLOCK_PICTURE")
        {
            facts.tags.add(name, text);
        }
    }
    facts.tags.add("software", &vendor);
}

/// The packets that stand one behind the other with their lengths in front, as Matroska keeps them: the first and
/// the third, which a decoder needs, put together, and the second, the comments.
pub(super) fn split_headers(private: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (count, mut rest) = private.split_first().filter(|(count, _)| **count == 2)?;
    let mut lengths = [0; 2];
    for length in lengths.iter_mut().take(usize::from(*count)) {
        loop {
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            *length += usize::from(*byte);
            if *byte < 255 {
                break;
            }
        }
    }
    let (first, rest) = rest.split_at_checked(lengths[0])?;
    let (second, third) = rest.split_at_checked(lengths[1])?;
    Some(([first, third].concat(), second))
}

/// The tables of a decoder may take this much, in values of four bytes. Real ones take a twentieth.
const MOST_VALUES: u64 = 2 << 20;

/// Whether the tables that the headers (see [`split_headers`]) describe are of a size that makes sense. Thirty bytes
/// can describe one of sixteen megabytes, and there may be 256.
pub(super) fn is_reasonable(headers: &[u8]) -> bool {
    let books = headers
        .get(30..)
        .and_then(|setup| setup.strip_prefix(b"\x05vorbis"));
    books
        .and_then(|books| {
            count_values(&mut Bits {
                bytes: books,
                at: 0,
            })
        })
        .is_some()
}

/// The number of values of all codebooks; `None` if it is too large, or they make no sense.
fn count_values(bits: &mut Bits<'_>) -> Option<u64> {
    let count = bits.take(8)? + 1;
    let mut values = 0;
    for _ in 0..count {
        (bits.take(24)? == 0x56_4342).then_some(())?;
        let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
        values += u64::from(entries) * (4 + u64::from(dimensions));
        (values <= MOST_VALUES).then_some(())?;
        skip_lengths(bits, entries)?;
        skip_lookup(bits, entries, dimensions)?;
    }
    Some(values)
}

fn skip_lengths(bits: &mut Bits<'_>, entries: u32) -> Option<()> {
    if bits.take(1)? == 1 {
        // In order of length: how many there are of each.
        bits.take(5)?;
        let mut entry = 0;
        while entry < entries {
            entry += bits.take(32 - (entries - entry).leading_zeros())?;
        }
        return Some(());
    }
    let is_sparse = bits.take(1)? == 1;
    for _ in 0..entries {
        if !is_sparse || bits.take(1)? == 1 {
            bits.take(5)?;
        }
    }
    Some(())
}

fn skip_lookup(bits: &mut Bits<'_>, entries: u32, dimensions: u32) -> Option<()> {
    let kind = bits.take(4)?;
    if kind == 0 {
        return Some(());
    }
    bits.at += 64;
    let width = u64::from(bits.take(4)? + 1);
    bits.take(1)?;
    let count = match kind {
        // The greatest number whose power of `dimensions` is not above `entries`.
        1 => (0..=entries)
            .take_while(|base| {
                base.checked_pow(dimensions)
                    .is_some_and(|power| power <= entries)
            })
            .count()
            .saturating_sub(1) as u64,
        2 => u64::from(entries) * u64::from(dimensions),
        _ => return None,
    };
    bits.at = bits.at.checked_add(usize::try_from(count * width).ok()?)?;
    Some(())
}

/// Bits from the least significant on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for bit in 0..count {
            value |= u32::from(self.bytes.get(self.at / 8)? >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers with so many codebooks, each a table of two to the power of `power` vectors of 32 values. All their
    /// codes have the same length, which takes 30 bytes to say.
    fn headers(books: u32, power: u32) -> Vec<u8> {
        let mut bits = Vec::new();
        let mut put = |value: u32, count: u32| bits.extend((0..count).map(|bit| value >> bit & 1));
        put(books - 1, 8);
        for _ in 0..books {
            put(0x56_4342, 24);
            put(32, 16);
            put(1 << power, 24);
            // In order of length, all of one.
            put(1, 1);
            put(power - 1, 5);
            put(1 << power, power + 1);
            // One value for all: the lookup of the first kind, whose table has as many values as the root says.
            put(1, 4);
            put(0, 32);
            put(0, 32);
            put(0, 4);
            put(0, 1);
            put(0, 1);
        }
        let bytes = bits.chunks(8).map(|eight| {
            (0..)
                .zip(eight)
                .fold(0, |byte, (at, bit)| byte | (*bit as u8) << at)
        });
        [vec![0; 30], b"\x05vorbis".to_vec(), bytes.collect()].concat()
    }

    #[test]
    fn a_book_without_entries_and_dimensions_has_no_values() {
        let bytes = [&[1][..], &[0; 15]].concat();
        let bytes = &bytes[..];
        assert!(skip_lookup(&mut Bits { bytes, at: 0 }, 0, 0).is_some());
    }

    #[test]
    fn tables_that_would_fill_the_memory_are_refused() {
        assert!(is_reasonable(&headers(1, 4)));
        assert!(is_reasonable(&headers(200, 8)));
        // 30 bytes for 16 megabytes, and that 256 times.
        let bomb = headers(256, 17);
        assert!(bomb.len() < 10_000 && !is_reasonable(&bomb));
        assert!(!is_reasonable(&headers(200, 8)[..1_000]));
        assert!(!is_reasonable(b"") && !is_reasonable(&[0; 100]));
    }

    #[test]
    fn headers_in_one_piece_are_taken_apart() {
        let (first, comments) = split_headers(b"\x02\x01\x02abbccc").unwrap();
        assert_eq!((first.as_slice(), comments), (&b"accc"[..], &b"bb"[..]));
        assert!(split_headers(b"\x02\xFF\xFF").is_none() && split_headers(b"\x01\x01a").is_none());
    }
}
