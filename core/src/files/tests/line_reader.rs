//! The line reader against the plainest splitter there is.

use proptest::prelude::*;

use crate::UnitId;
use crate::files::identity::{Print, TAIL};
use crate::files::lines::{LineReader, Piece};
use crate::files::opened::Opened;
use crate::files::signals::Signals;
use crate::files::testing::{gzip, zstandard};
use crate::files::tracked::TrackedFile;
use crate::reject::Sample;

/// A piece in a form that compares.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Line(u64, u64, Vec<u8>),
    Overlong(u64, u64, Sample),
}

fn open(path: &std::path::Path, start: u64) -> TrackedFile {
    let signals = Signals::default();
    let opened = Opened::open(path).and_then(|opened| opened.unpacked(&signals));
    let opened = opened.unwrap_or_else(|_| panic!("cannot open {}", path.display()));
    let tail = opened.tail_before(start, TAIL, &signals).unwrap();
    let mut file = TrackedFile::new(opened, path.to_owned(), UnitId::new("file"), signals);
    file.start_at(start, tail, None);
    file
}

/// Splits a whole file at once.
fn naive(bytes: &[u8], start: usize, limit: usize) -> (Vec<Got>, u64) {
    let (mut got, mut at) = (Vec::new(), start);
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let (mut from, mut to, end) = (at, at + length, at + length + 1);
        if length > limit {
            got.push(Got::Overlong(
                at as u64,
                end as u64,
                Sample::of(&bytes[from..to]),
            ));
        } else {
            if at == 0 && bytes[from..to].starts_with(b"\xEF\xBB\xBF") {
                from += 3;
            }
            if bytes[from..to].ends_with(b"\r") {
                to -= 1;
            }
            if !bytes[from..to].trim_ascii().is_empty() {
                got.push(Got::Line(from as u64, end as u64, bytes[from..to].to_vec()));
            }
        }
        at = end;
    }
    (got, at as u64)
}

/// The same for a file that ends where its content does: its last line needs no break.
fn naive_whole(bytes: &[u8], start: usize, limit: usize) -> (Vec<Got>, u64) {
    let length = bytes.len() as u64;
    if start == bytes.len() || bytes.ends_with(b"\n") {
        return naive(bytes, start, limit);
    }
    let (mut got, _) = naive(&[bytes, b"\n"].concat(), start, limit);
    if let Some(Got::Line(_, end, _) | Got::Overlong(_, end, _)) = got.last_mut() {
        *end = (*end).min(length);
    }
    (got, length)
}

fn read(file: &mut TrackedFile, bytes: &[u8], block: usize, limit: usize) -> (Vec<Got>, u64) {
    let mut reader = LineReader::with_sizes(file, block, limit);
    let mut got = Vec::new();
    loop {
        let piece = reader.next_line().unwrap().map(|piece| match piece {
            Piece::Line(line) => Got::Line(line.start, line.end, line.bytes.to_vec()),
            Piece::Overlong(long) => Got::Overlong(long.start, long.end, long.sample),
        });
        // Whatever was committed here would be found again.
        let place = reader.place();
        let offset = place.offset as usize;
        assert_eq!(
            place.tail,
            Print::of(&bytes[offset.saturating_sub(TAIL)..offset])
        );
        let at_end = offset == bytes.len() && !bytes.ends_with(b"\n");
        assert_eq!(place.end, piece.is_none() || at_end);
        match piece {
            Some(piece) => got.push(piece),
            None => return (got, place.offset),
        }
    }
}

fn check(bytes: &[u8], start: usize, block: usize, limit: usize) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let mut tracked = open(file.path(), start as u64);
    assert_eq!(
        read(&mut tracked, bytes, block, limit),
        naive(bytes, start, limit)
    );
}

/// Compresses a content in so many members or frames.
fn packed(bytes: &[u8], members: usize, zstd: bool) -> Vec<u8> {
    let pack = if zstd {
        zstandard::<&[u8]>
    } else {
        gzip::<&[u8]>
    };
    let size = bytes.len().div_ceil(members).max(1);
    let packed: Vec<u8> = bytes.chunks(size).flat_map(pack).collect();
    if packed.is_empty() { pack(b"") } else { packed }
}

/// Pieces that make interesting files when put in a row.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"\n".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\xEF\xBB\xBF".to_vec()),
        1 => Just(b" \t".to_vec()),
        4 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => (20..300_usize).prop_map(|length| vec![b'x'; length]),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn like_the_plain_splitter(bytes in bytes(), block in 1..200_usize, limit in 1..120_usize) {
        check(&bytes, 0, block, limit);
    }

    #[test]
    fn from_the_start_of_any_line(bytes in bytes(), block in 1..200_usize, skip in 0..40_usize) {
        let breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let starts = breaks.map(|(at, _)| at + 1);
        let start = starts.take(skip).last().unwrap_or_default();
        check(&bytes, start, block, 60);
    }

    #[test]
    fn compressed_it_is_the_same(
        bytes in bytes(),
        block in 1..200_usize,
        limit in 1..120_usize,
        skip in 0..40_usize,
        members in 1..4_usize,
        zstd in any::<bool>(),
    ) {
        let breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let start = breaks.map(|(at, _)| at + 1).take(skip).last().unwrap_or_default();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), packed(&bytes, members, zstd)).unwrap();
        let mut tracked = open(file.path(), start as u64);
        let expected = naive_whole(&bytes, start, limit);
        prop_assert_eq!(read(&mut tracked, &bytes, block, limit), expected);
    }
}

#[test]
fn edges() {
    for text in [
        "",
        "\n",
        "\r\n",
        "a",
        "a\n",
        "\n\n\n",
        "\u{feff}",
        "\u{feff}\n",
        "\u{feff}a\r\n",
        "a\n\u{feff}b\n",
    ] {
        for block in [1, 2, 3, 64, 1000] {
            check(text.as_bytes(), 0, block, 10);
        }
    }
    // Exactly at the limit, and one beyond.
    check(b"0123456789\n01234567890\nx\n", 0, 4, 10);
}

#[test]
fn an_overlong_line_without_an_end_waits() {
    let mut bytes = b"first\n".to_vec();
    bytes.extend([b'x'; 5000]);
    check(&bytes, 0, 64, 100);
    bytes.extend(b"\nlast\n");
    check(&bytes, 0, 64, 100);
    check(&bytes, 6, 64, 100);
}

#[test]
fn memory_stays_bounded_whatever_the_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut bytes = vec![b'x'; 3_000_000];
    bytes.push(b'\n');
    std::fs::write(file.path(), &bytes).unwrap();
    let mut tracked = open(file.path(), 0);
    let mut reader = LineReader::with_sizes(&mut tracked, 4096, 50_000);
    let Ok(Some(Piece::Overlong(long))) = reader.next_line() else {
        panic!("not too long?")
    };
    assert_eq!(long.sample, Sample::of(&bytes[..3_000_000]));
    assert!(reader.held() < 60_000, "{} bytes", reader.held());
}

#[test]
fn what_is_written_meanwhile_is_read_next_time() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "one\ntw").unwrap();
    let mut tracked = open(file.path(), 0);
    std::fs::write(file.path(), "one\ntwo\nthree\n").unwrap();
    assert_eq!(
        read(&mut tracked, b"one\ntw", 100, 100).0,
        [Got::Line(0, 4, b"one".to_vec())]
    );
}

#[test]
fn a_file_that_is_truncated_or_rewritten_under_the_reader_is_left_at_a_line() {
    let text = "0123456789\n".repeat(100);
    for now in [
        "short\n".to_owned(),
        "abcdefghijk\n".repeat(200),
        String::new(),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let mut tracked = open(file.path(), 0);
        let mut reader = LineReader::with_sizes(&mut tracked, 100, 1000);
        assert!(reader.next_line().unwrap().is_some());
        // The kernel's clock has to move on for the change to show.
        std::thread::sleep(std::time::Duration::from_millis(15));
        std::fs::write(file.path(), now).unwrap();
        let mut rest = 0;
        while let Some(Piece::Line(line)) = reader.next_line().unwrap() {
            assert_eq!(line.bytes, b"0123456789");
            rest += 1;
        }
        assert_eq!(rest, 8, "what was in the buffer, and nothing behind");
        let place = reader.place();
        assert!(!place.end && place.offset == 99);
        assert!(tracked.is_changed());
    }
}

#[test]
fn a_read_that_fails_says_where() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "one\ntwo\n").unwrap();
    let mut tracked = open(file.path(), 4);
    tracked.break_disk();
    assert!(tracked.lines().next_line().is_err());
    let (at, why) = tracked.take_trouble().unwrap();
    assert_eq!((at, why.code), (4, "unreadable"));
    assert_eq!(why.message, "it cannot be read: Is a directory");
}
