//! ID3: tags in front of and behind MPEG audio, and in chunks of other formats. After the informal standards of
//! id3.org, versions 2.2 to 2.4 and 1.1.

use std::io;

use super::input::{Cursor, Input, OrEnd};
use super::tags::lossy;
use super::{Facts, moment};

/// A text frame longer than this is not kept; pictures are stepped over.
const LONGEST_FRAME: usize = 64 << 10;

/// Whether bytes begin as a tag does.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.first_chunk().and_then(Header::parse).is_some()
}

/// Reads the tag that begins here; `false` if none does. What the tag claims to be longer than the file is cut.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> io::Result<bool> {
    let Some(head) = input.window(10)?.first_chunk::<10>().copied() else {
        return Ok(false);
    };
    let Some(header) = Header::parse(&head) else {
        return Ok(false);
    };
    input.skip(10);
    let end = input.position().saturating_add(header.length);
    let outer = input.narrow(end.min(input.end()));
    if outer < end {
        facts.cut("a tag at the start claims to be longer than the file");
    }
    if header.is_readable {
        read_frames(input, facts, &header)?;
        facts.made_at(split_date(facts));
    }
    input.narrow(outer);
    input.seek(end.saturating_add(header.footer));
    Ok(true)
}

struct Header {
    version: u8,
    /// Bytes behind the header.
    length: u64,
    footer: u64,
    /// Whether its frames stand there as they are.
    is_readable: bool,
}

impl Header {
    fn parse(head: &[u8; 10]) -> Option<Self> {
        let [b'I', b'D', b'3', version @ 2..=4, _, flags, size @ ..] = *head else {
            return None;
        };
        let is_size = size.iter().all(|byte| *byte < 0x80);
        is_size.then(|| Self {
            version,
            length: u64::from(syncsafe(size)),
            footer: if version == 4 && flags & 0x10 != 0 {
                10
            } else {
                0
            },
            // An extended header, compression or stuffing of the whole tag: hardly ever seen, and of no weight.
            is_readable: flags & 0xC0 == 0,
        })
    }
}

fn read_frames(input: &mut Input<'_>, facts: &mut Facts, header: &Header) -> io::Result<()> {
    let name_length = if header.version == 2 { 3 } else { 4 };
    loop {
        let Some(name) = input.array::<4>().or_end()? else {
            return Ok(());
        };
        // In version 2.2 the fourth byte belongs to the length.
        let length = if header.version == 2 {
            input
                .array::<2>()
                .or_end()?
                .map(|low| u32::from_be_bytes([0, name[3], low[0], low[1]]))
        } else {
            let length = input.array::<4>().or_end()?;
            input.skip(2);
            length.map(|length| {
                if header.version == 4 {
                    syncsafe(length)
                } else {
                    u32::from_be_bytes(length)
                }
            })
        };
        let (name, Some(length)) = (&name[..name_length], length) else {
            return Ok(());
        };
        // Padding, or damage.
        if !name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            return Ok(());
        }
        let next = input.position().saturating_add(length.into());
        let is_text = name[0] == b'T' || name == b"COMM" || name == b"COM";
        if is_text && length as usize <= LONGEST_FRAME {
            let Some(body) = input.take(length as usize).or_end()? else {
                return Ok(());
            };
            add_frame(&lossy(name), body, facts);
        }
        input.seek(next);
    }
}

/// Up to version 2.3 a date is spread over three frames: year, day and month, hour and minute.
fn split_date(facts: &Facts) -> Option<datalake_core::name_time::NameTime> {
    let year = facts.tags.get("date").filter(|year| year.len() == 4)?;
    let (day, month) = facts.tags.get("tdat")?.split_at_checked(2)?;
    let date = format!("{year}-{month}-{day}");
    moment::parse_pair(&date, facts.tags.get("time").unwrap_or_default())
}

fn add_frame(name: &str, body: &[u8], facts: &mut Facts) {
    let Some((&encoding, mut body)) = body.split_first() else {
        return;
    };
    let mut own = None;
    if name.starts_with("COM") {
        body = body.get(3..).unwrap_or_default();
    }
    if name.starts_with("COM") || name.starts_with("TXX") {
        let (description, text) = split(body, encoding);
        (own, body) = (Some(decoded(description, encoding)), text);
    }
    let text = decoded(body, encoding);
    match own {
        // A program's own value; one without a name is nothing to find again.
        Some(own) if name.starts_with("TXX") => facts.tags.add(&own, &text),
        // Players keep numbers in comments with a name.
        Some(own) if own.starts_with("iTun") => {}
        _ => facts.tags.add(name, &text),
    }
}

/// Splits at the first terminator.
fn split(text: &[u8], encoding: u8) -> (&[u8], &[u8]) {
    let wide = matches!(encoding, 1 | 2);
    let at = if wide {
        text.as_chunks::<2>()
            .0
            .iter()
            .position(|unit| *unit == [0, 0])
            .map(|at| at * 2)
    } else {
        text.iter().position(|byte| *byte == 0)
    };
    match at {
        Some(at) => (&text[..at], &text[at + if wide { 2 } else { 1 }..]),
        None => (&[], text),
    }
}

fn decoded(text: &[u8], encoding: u8) -> String {
    match (encoding, text) {
        (1, [0xFF, 0xFE, text @ ..]) => utf16(text, u16::from_le_bytes),
        (1, [0xFE, 0xFF, text @ ..]) | (2, text) => utf16(text, u16::from_be_bytes),
        (1, text) => utf16(text, u16::from_le_bytes),
        (0, text) => text.iter().map(|&byte| char::from(byte)).collect(),
        _ => lossy(text),
    }
}

/// UTF-16 text, up to a terminator; what is not valid is replaced.
pub(super) fn utf16(text: &[u8], order: fn([u8; 2]) -> u16) -> String {
    let units = text.as_chunks::<2>().0.iter().map(|&unit| order(unit));
    let units = units.take_while(|&unit| unit != 0);
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn syncsafe(bytes: [u8; 4]) -> u32 {
    bytes
        .iter()
        .fold(0, |size, byte| size << 7 | u32::from(byte & 0x7F))
}

/// Reads the old tag of 128 bytes at the end of a file.
pub(super) fn read_old(tag: &[u8; 128], facts: &mut Facts) {
    let mut fields = Cursor(&tag[3..]);
    for (name, length) in [
        ("title", 30),
        ("artist", 30),
        ("album", 30),
        ("date", 4),
        ("comment", 28),
    ] {
        let field = fields.take(length).unwrap_or_default();
        let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
        facts.tags.add_bytes(name, text);
    }
}
