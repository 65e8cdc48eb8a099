//! Bytes become text: UTF-8, UTF-16 and Windows-1252, with damage marked instead of refused.

use std::borrow::Cow;

use datalake_core::Reject;

use crate::model::{Flag, Flags};

/// Windows-1252 from 0x80 on, where it differs from Latin-1. U+FFFD where it has no character.
/// <https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT>
const CP1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

/// So many bytes tell whether a file without a mark is UTF-16.
const PROBE: usize = 64 << 10;

/// One control character in so many is too much for a text: compressed data has one in ten.
const CONTROLS_ONE_IN: usize = 50;

#[derive(Clone, Copy)]
enum Endian {
    Little,
    Big,
}

/// The text of a file, without a byte order mark, and what was odd about it.
///
/// Codes of what it may be instead: `empty` (no bytes at all), `nul` (nothing but zero bytes), `not-text`.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Flags), Reject> {
    if bytes.is_empty() {
        return Err(Reject::new(
            "empty",
            "the file has no bytes: nothing was said, or it is still being written",
        ));
    }
    let mut flags = Flags::new();
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, Endian::Little, &mut flags),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, Endian::Big, &mut flags),
        _ => match unmarked_utf16(bytes) {
            Some(endian) => utf16(bytes, endian, &mut flags),
            None => eight_bits(bytes, &mut flags),
        },
    };
    let text = without_nul(text, &mut flags)?;
    let controls = text.bytes().filter(|&byte| is_binary(byte)).count();
    if controls * CONTROLS_ONE_IN > text.len() {
        return Err(Reject::new(
            "not-text",
            "it is no text in any encoding that is known here",
        ));
    }
    Ok((without_mark(text), flags))
}

/// Control characters that no text has.
fn is_binary(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0xB | 0xC | 0x1B)
}

fn without_mark(text: Cow<'_, str>) -> Cow<'_, str> {
    const MARK: char = '\u{feff}';
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(MARK)),
        Cow::Owned(text) if text.starts_with(MARK) => {
            Cow::Owned(text.trim_start_matches(MARK).to_owned())
        }
        owned => owned,
    }
}

/// Zero bytes at the end are space that a crash left unwritten; others stand for lost characters.
fn without_nul<'a>(text: Cow<'a, str>, flags: &mut Flags) -> Result<Cow<'a, str>, Reject> {
    if !text.contains('\0') {
        return Ok(text);
    }
    flags.insert(Flag::Nul);
    let trimmed = text.trim_end_matches('\0');
    if trimmed.is_empty() {
        return Err(Reject::new(
            "nul",
            "the file holds zero bytes only, as files do that a crash left unwritten",
        ));
    }
    Ok(Cow::Owned(trimmed.replace('\0', "\u{fffd}")))
}

/// UTF-16 without a mark shows by the zero bytes of its Latin letters, digits and line breaks, which all stand
/// on one side. An ideograph may have a zero byte on the other.
fn unmarked_utf16(bytes: &[u8]) -> Option<Endian> {
    let probe = &bytes[..bytes.len().min(PROBE)];
    let zeros = |side: usize| {
        let bytes = probe.iter().skip(side).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (first, second) = (zeros(0), zeros(1));
    let enough = probe.len() / 2 / 4;
    if second > enough && first * 4 < second {
        Some(Endian::Little)
    } else if first > enough && second * 4 < first {
        Some(Endian::Big)
    } else {
        None
    }
}

fn utf16<'a>(bytes: &[u8], endian: Endian, flags: &mut Flags) -> Cow<'a, str> {
    flags.insert(Flag::Utf16);
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        flags.insert(Flag::Cut);
    }
    let units = pairs.map(|pair| {
        let pair = [pair[0], pair[1]];
        match endian {
            Endian::Little => u16::from_le_bytes(pair),
            Endian::Big => u16::from_be_bytes(pair),
        }
    });
    let characters = char::decode_utf16(units).map(|character| {
        character.unwrap_or_else(|_| {
            flags.insert(Flag::Lossy);
            char::REPLACEMENT_CHARACTER
        })
    });
    Cow::Owned(characters.collect())
}

/// UTF-8 if it is that, or was before it was damaged: then it has more whole characters beyond ASCII than
/// broken ones. In Windows-1252 two such letters side by side are rare, and a pair that is UTF-8 rarer.
fn eight_bits<'a>(bytes: &'a [u8], flags: &mut Flags) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if whole >= broken {
        flags.insert(Flag::Lossy);
        return String::from_utf8_lossy(bytes);
    }
    flags.insert(Flag::Cp1252);
    let text: String = bytes.iter().map(|&byte| cp1252(byte)).collect();
    if text.contains(char::REPLACEMENT_CHARACTER) {
        flags.insert(Flag::Lossy);
    }
    Cow::Owned(text)
}

fn cp1252(byte: u8) -> char {
    match byte {
        0x80..=0x9F => CP1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(bytes: &[u8], text: &str, expected: &[Flag]) {
        let (read, flags) = decode(bytes).unwrap();
        assert_eq!(read, text);
        assert!(flags.iter().eq(expected), "{flags:?}");
    }

    fn utf16_bytes(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf8_with_and_without_a_mark() {
        reads("Grüße".as_bytes(), "Grüße", &[]);
        reads("\u{feff}Grüße".as_bytes(), "Grüße", &[]);
    }

    #[test]
    fn utf16_with_and_without_a_mark() {
        let text = "1\n00:00:01,000 --> 00:00:02,000\n一九二六年今天天气很好 😀\n";
        for (bytes, mark) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], [0xFF, 0xFE]),
            (u16::to_be_bytes, [0xFE, 0xFF]),
        ] {
            let bytes = utf16_bytes(text, bytes);
            reads(&bytes, text, &[Flag::Utf16]);
            let marked = [&mark[..], &bytes].concat();
            reads(&marked, text, &[Flag::Utf16]);
            reads(
                &marked[..marked.len() - 1],
                text.trim_end(),
                &[Flag::Utf16, Flag::Cut],
            );
        }
        reads(
            b"\xFF\xFEa\0\x3D\xD8b\0",
            "a\u{fffd}b",
            &[Flag::Utf16, Flag::Lossy],
        );
    }

    #[test]
    fn windows_1252_has_its_own_signs() {
        reads(
            b"caf\xE9 \x80 5 \x93ok\x94",
            "café € 5 “ok”",
            &[Flag::Cp1252],
        );
        reads(
            b"caf\xE9 \x81",
            "café \u{fffd}",
            &[Flag::Cp1252, Flag::Lossy],
        );
    }

    #[test]
    fn damaged_utf8_stays_utf8() {
        let mut bytes = "Grüße, schöne".as_bytes().to_vec();
        bytes.push(0xC3);
        reads(&bytes, "Grüße, schöne\u{fffd}", &[Flag::Lossy]);
    }

    #[test]
    fn zero_bytes_of_a_crash() {
        reads(b"hello\0\0\0\0", "hello", &[Flag::Nul]);
        reads(
            b"hello there, how\0are you?",
            "hello there, how\u{fffd}are you?",
            &[Flag::Nul],
        );
    }

    #[test]
    fn what_is_no_text() {
        let code = |bytes: &[u8]| decode(bytes).unwrap_err().code;
        assert_eq!(code(b""), "empty");
        assert_eq!(code(&[0; 4096]), "nul");
        assert_eq!(
            code(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06"),
            "not-text"
        );
        assert_eq!(
            code(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
            "not-text"
        );
    }
}
