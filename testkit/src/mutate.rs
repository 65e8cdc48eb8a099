//! Damage of every kind that files suffer: what a crash, a full disk, a bad cable or a bad program makes of an
//! input, and what of it must still be read.

use std::ops::Range;

use crate::observe::{is_blank, lines};
use crate::random::Random;

/// An input after some damage.
#[derive(Debug, Clone)]
pub(crate) struct Damaged {
    /// What happened to it.
    pub(crate) what: String,
    /// What is left.
    pub(crate) bytes: Vec<u8>,
    /// The part that is not touched by it and must be read; nothing for an input that is only read as a whole.
    pub(crate) spared: Option<Vec<u8>>,
    /// The bytes that must become something: a record or a reject, never nothing.
    pub(crate) must_show: Option<Range<usize>>,
}

/// How many of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) cuts: usize,
    pub(crate) flips: usize,
}

const LONG_LINE: usize = 64 << 20;
const DEEP: usize = 10_000;

/// What may happen to an input of lines, each of which is read by itself.
pub(crate) fn of_lines(bytes: &[u8], amount: Amount) -> Vec<Damaged> {
    let mut all = vec![
        whole("with nothing in it", Vec::new(), Some(Vec::new())),
        whole(
            "with blank lines only",
            b"\n\n \n\r\n".to_vec(),
            Some(Vec::new()),
        ),
        whole(
            "with a byte order mark",
            [b"\xEF\xBB\xBF", bytes].concat(),
            Some(bytes.to_vec()),
        ),
        whole("with CRLF line breaks", crlf(bytes), Some(bytes.to_vec())),
    ];
    all.extend(bad_lines(bytes));
    for at in places(bytes.len(), amount.cuts) {
        let end = bytes[..at]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let what = format!("cut off behind byte {at}");
        all.push(whole(
            &what,
            bytes[..at].to_vec(),
            Some(bytes[..end].to_vec()),
        ));
    }
    let mut random = Random(1);
    for _ in 0..amount.flips {
        all.extend(flipped(bytes, &mut random, true));
    }
    all
}

/// What may happen to an input that is read as a whole.
pub(crate) fn of_whole(bytes: &[u8], amount: Amount) -> Vec<Damaged> {
    let middle = bytes.len() / 2;
    let garbage = b"\xff\xfe\x00 this is nothing ][}{ \x80\n".to_vec();
    let mut nul = bytes.to_vec();
    nul[middle..]
        .iter_mut()
        .take(4096)
        .for_each(|byte| *byte = 0);
    let mut all = vec![
        whole("with nothing in it", Vec::new(), None),
        shown("with something else in it", garbage),
        shown("with a block of NUL bytes in the middle", nul),
    ];
    for at in places(bytes.len(), amount.cuts) {
        all.push(whole(
            &format!("cut off behind byte {at}"),
            bytes[..at].to_vec(),
            None,
        ));
    }
    let mut random = Random(1);
    for _ in 0..amount.flips {
        all.extend(flipped(bytes, &mut random, false));
    }
    all
}

/// A line of 64 MiB between the others.
pub(crate) fn long_line(bytes: &[u8]) -> Damaged {
    let mut line = vec![b'a'; LONG_LINE];
    line.push(b'\n');
    inserted(bytes, "with a line of 64 MiB", &line, true)
}

fn whole(what: &str, bytes: Vec<u8>, spared: Option<Vec<u8>>) -> Damaged {
    Damaged {
        what: what.to_owned(),
        bytes,
        spared,
        must_show: None,
    }
}

fn shown(what: &str, bytes: Vec<u8>) -> Damaged {
    let must_show = Some(0..bytes.len());
    Damaged {
        must_show,
        ..whole(what, bytes, None)
    }
}

/// At most so many places between the first byte and the last.
fn places(length: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = most.min(length);
    (0..count).map(move |number| (number + 1) * length / (count + 1))
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if *byte == b'\n' {
            text.push(b'\r');
        }
        text.push(*byte);
    }
    text
}

/// One line in the middle that is no line of this format any more.
fn bad_lines(bytes: &[u8]) -> Vec<Damaged> {
    let all = lines(bytes);
    let telling: Vec<usize> = (0..all.len())
        .filter(|place| !is_blank(all[*place]))
        .collect();
    let Some(&middle) = telling.get(telling.len() / 2) else {
        return Vec::new();
    };
    let line = all[middle];
    let inside = line.len() / 2;
    let broken = [&line[..inside], b"\xff", &line[inside..]].concat();
    let nul = [&[0; 4096], line].concat();
    let mut bad = vec![
        replaced(
            &all,
            middle,
            "with a line that is no text",
            b"\xff\xfe\x00 nothing ][ \x80\n",
        ),
        replaced(
            &all,
            middle,
            "with a line that is something else",
            b"][ this is nothing {{{\n",
        ),
        replaced(
            &all,
            middle,
            "with a byte that is no UTF-8 inside a line",
            &broken,
        ),
        replaced(
            &all,
            middle,
            "with a block of NUL bytes before a line",
            &nul,
        ),
    ];
    if let Some(twice) = with_a_key_twice(line) {
        bad.push(replaced(
            &all,
            middle,
            "with a line in which a key comes twice",
            &twice,
        ));
    }
    let deep = format!("{{\"a\":{}{}}}\n", "[".repeat(DEEP), "]".repeat(DEEP));
    bad.push(inserted(
        bytes,
        "with JSON nested 10,000 levels deep",
        deep.as_bytes(),
        false,
    ));
    bad
}

fn replaced(all: &[&[u8]], place: usize, what: &str, line: &[u8]) -> Damaged {
    let (before, after) = (all[..place].concat(), all[place + 1..].concat());
    Damaged {
        what: what.to_owned(),
        must_show: Some(before.len()..before.len() + line.len()),
        bytes: [&before, line, &after].concat(),
        spared: Some([before, after].concat()),
    }
}

/// A line more in the middle.
fn inserted(bytes: &[u8], what: &str, line: &[u8], shows: bool) -> Damaged {
    let (before, after) = crate::observe::halves(bytes);
    Damaged {
        what: what.to_owned(),
        bytes: [before, line, after].concat(),
        spared: Some(bytes.to_vec()),
        must_show: shows.then(|| before.len()..before.len() + line.len()),
    }
}

/// A line that holds a JSON object, with its first member twice.
fn with_a_key_twice(line: &[u8]) -> Option<Vec<u8>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    let (key, value) = object.iter().next()?;
    let open = line.iter().position(|byte| *byte == b'{')?;
    let again = format!("{}:{value},", serde_json::Value::from(key.as_str()));
    Some([&line[..=open], again.as_bytes(), &line[open + 1..]].concat())
}

/// One bit of one byte the other way round.
fn flipped(bytes: &[u8], random: &mut Random, by_line: bool) -> Option<Damaged> {
    let at = random.below(bytes.len() as u64) as usize;
    let bit = random.below(8);
    let mut changed = bytes.to_vec();
    *changed.get_mut(at)? ^= 1 << bit;
    let what = format!("with bit {bit} of byte {at} changed");
    let spared = by_line.then(|| without_lines_at(bytes, at));
    Some(whole(&what, changed, spared))
}

/// A text without the line that has the byte `at`, and without the next one where that byte is what tells
/// them apart.
fn without_lines_at(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut start = 0;
    let mut joined = false;
    for line in lines(bytes) {
        let end = start + line.len();
        let hit = (start..end).contains(&at);
        if !hit && !joined {
            kept.extend_from_slice(line);
        }
        joined = hit && bytes[at] == b'\n';
        start = end;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";

    #[test]
    fn what_is_spared_is_what_the_damage_does_not_touch() {
        assert_eq!(without_lines_at(TEXT, 9), b"{\"a\":1}\n{\"c\":3}\n");
        // Without its line break a line runs into the next.
        assert_eq!(without_lines_at(TEXT, 7), b"{\"c\":3}\n");
        let cut = |at| places(at, 64).count();
        assert_eq!((cut(1_000), cut(10), cut(0)), (64, 10, 0));
    }

    #[test]
    fn a_bad_line_has_its_place() {
        for damaged in bad_lines(TEXT) {
            let Some(range) = damaged.must_show else {
                continue;
            };
            assert_eq!(range.start, 8, "{}", damaged.what);
            assert_eq!(
                damaged.spared.as_deref(),
                Some(&b"{\"a\":1}\n{\"c\":3}\n"[..])
            );
            assert!(damaged.bytes[..range.end].ends_with(b"\n"));
        }
        assert_eq!(
            with_a_key_twice(b"{\"b\":2}\n").unwrap(),
            b"{\"b\":2,\"b\":2}\n"
        );
        assert!(with_a_key_twice(b"12 b\n").is_none());
    }
}
