//! Whatever the bytes: an answer, no panic, and time in proportion to their number.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::{Duration, Instant};

use datalake_transcript::{LONGEST_FILE, MOST_PARTS, Transcript, parse};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const NAMES: [&str; 6] = ["a.json", "a.srt", "a.vtt", "a.tsv", "a.txt", "a"];

/// The fixtures, one of each format at least.
fn fixtures() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/formats");
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

/// What must hold of any transcript.
fn sound(transcript: &Transcript, length: usize) -> Result<(), TestCaseError> {
    prop_assert!(!transcript.text.contains('\0'));
    // Damaged bytes become characters of three bytes.
    prop_assert!(transcript.text.len() <= 3 * length);
    let all = [transcript.confidence].into_iter();
    let segments = transcript.segments.iter().map(|segment| segment.confidence);
    let words = transcript.words().map(|word| word.confidence);
    for confidence in all.chain(segments).chain(words).flatten() {
        prop_assert!((0.0..=1.0).contains(&confidence), "{}", confidence);
    }
    for word in transcript.words() {
        prop_assert!(!word.text.trim().is_empty());
    }
    prop_assert!(serde_json::to_string(&transcript.segments).is_ok());
    Ok(())
}

/// A fixture with some bytes changed, cut out, doubled or put in from another.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (0..5_u8, any::<Index>(), any::<Index>(), any::<u8>());
    let changes = proptest::collection::vec(change, 1..6);
    (select(fixtures()), select(fixtures()), changes).prop_map(|(mut bytes, other, changes)| {
        for (kind, at, length, byte) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + length.index(40)).min(bytes.len());
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                3 => bytes.truncate(at),
                _ => {
                    let start = length.index(other.len());
                    let piece = &other[start..(start + 60).min(other.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
            }
        }
        bytes
    })
}

/// Texts of the pieces that formats are made of.
fn patchwork() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\ud83d",
        "\\u0000",
        "NaN",
        "-1e309",
        "null",
        "\"text\":",
        "\"words\":",
        "\"segments\":",
        "\"results\":",
        "\"transcription\":",
        "\"start\":",
        "\"language\":\"english\"",
        "0.5",
        "\n",
        "\n\n",
        "\r",
        "\t",
        "1",
        "00:00:01,000",
        " --> ",
        "00:02.5",
        "WEBVTT",
        "NOTE",
        "<v A>",
        "<c>",
        "</c>",
        "<00:00:01.000>",
        "<u>",
        "</u>",
        "{\\an8}",
        "&amp;",
        "start\tend\ttext\n",
        "[SPEAKER_00]:",
        "é",
        "\u{feff}",
        "今",
        " word",
        "\0",
    ];
    proptest::collection::vec(select(pieces.to_vec()), 0..60)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_have_an_answer(
        bytes in prop_oneof![
            1 => proptest::collection::vec(any::<u8>(), 0..200),
            2 => patchwork(),
            4 => damaged(),
        ],
        name in select(NAMES.to_vec()),
    ) {
        if let Ok((_, transcript)) = parse(name, &bytes) {
            sound(&transcript, bytes.len())?;
            prop_assert_eq!(parse(name, &bytes).unwrap().1, transcript);
        }
    }
}

/// How long this thread has been at work. Where the system does not tell, how long it has been there: others work
/// on this machine as well.
fn worked(since: Instant) -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// The least of a few measured times.
fn time(name: &str, bytes: &[u8]) -> Duration {
    let start = Instant::now();
    let once = || {
        let before = worked(start);
        let _ = parse(name, bytes);
        worked(start) - before
    };
    (0..3).map(|_| once()).min().unwrap()
}

#[test]
fn time_is_in_proportion_to_the_size() {
    let cue = "00:00.000 --> 00:01.000\na\nb\n\n";
    let inputs: [(&str, &str, &str, &str); 14] = [
        ("a.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n", "<", ""),
        (
            "a.vtt",
            "WEBVTT\n\n00:00.000 --> 00:01.000\n",
            "<00:00:01.000><c>a</c>",
            "",
        ),
        ("a.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n", "&", ""),
        ("a.vtt", "WEBVTT\n\n", cue, ""),
        ("a.vtt", "WEBVTT\n\n", "\n", ""),
        ("a.srt", "00:00.000 --> 00:01.000\n", "{\\", "}"),
        ("a.srt", "00:00.000 --> 00:01.000\n", "a\n", ""),
        ("a.srt", "", "1\n00:00.000 --> 00:01.000\n", ""),
        ("a.txt", "[SPEAKER_00]: a\n", "[SPEAKER_", ""),
        ("a.txt", "[", "[", ""),
        ("a.json", "", "[", ""),
        ("a.json", "{\"text\": \"", "\\ud83d", "\"}"),
        (
            "a.json",
            "{\"words\": [{\"word\": \"a\"}",
            ",{\"word\": \"a\"}",
            "], \"text\": \"a\"}",
        ),
        (
            "a.json",
            "{\"transcription\": [{\"text\": \"a\", \"tokens\": [{}",
            ",{\"text\": \"\u{fffd}\"}",
            "]}]}",
        ),
    ];
    for (name, head, piece, tail) in inputs {
        let of = |bytes: usize| {
            [head, &piece.repeat(bytes / piece.len()), tail]
                .concat()
                .into_bytes()
        };
        let (small, large) = (of(20_000), of(320_000));
        let (short, long) = (time(name, &small), time(name, &large));
        // Sixteen times the size; what grows with the square would take 256 times as long.
        let most = short.max(Duration::from_millis(8)) * 64;
        assert!(long < most, "{name} of {piece:?}: {short:?}, then {long:?}");
    }
}

#[test]
fn a_line_of_a_megabyte_is_read() {
    let words = "word ".repeat(220_000);
    let (_, transcript) = parse("a.txt", words.as_bytes()).unwrap();
    assert_eq!(transcript.word_count(), 220_000);
    let json = format!(r#"{{"text": "{words}", "segments": [], "language": "en"}}"#);
    assert_eq!(
        parse("a.json", json.as_bytes()).unwrap().1.text,
        words.trim()
    );
    let srt = format!("00:00.000 --> 00:01.000\n{words}");
    assert_eq!(parse("a.srt", srt.as_bytes()).unwrap().1.text, words.trim());
}

#[test]
fn floods_and_giants_are_refused() {
    let words = |count: usize| {
        let words = r#"{"word":"a"},"#.repeat(count);
        parse(
            "a.json",
            format!(r#"{{"words": [{words}{{}}]}}"#).as_bytes(),
        )
    };
    let (_, transcript) = words(MOST_PARTS - 2).unwrap();
    assert_eq!(transcript.words().count(), MOST_PARTS - 2);
    assert_eq!(words(MOST_PARTS).unwrap_err().code, "too-large");
    for (name, head, part) in [
        ("a.srt", "00:00.000 --> 00:01.000\n", "a\n"),
        ("a", "00:00.000 --> 00:01.000\n", "a\n"),
        ("a.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n", "<v A>a"),
        ("a.tsv", "start\tend\ttext\n", "0\t1\ta\n"),
    ] {
        let flood = head.to_owned() + &part.repeat(MOST_PARTS + 1);
        let Err(why) = parse(name, flood.as_bytes()) else {
            panic!("{name}")
        };
        assert_eq!(why.code, "too-large", "{name}");
    }
    // A plain text has no parts, however many lines.
    let lines = "A: a\n".repeat(MOST_PARTS + 1);
    let (_, transcript) = parse("a.txt", lines.as_bytes()).unwrap();
    assert_eq!(
        (transcript.text.as_str(), transcript.segments.len()),
        (lines.trim_end(), 0)
    );
    let giant = vec![b'a'; LONGEST_FILE as usize + 1];
    assert_eq!(parse("a.txt", &giant).unwrap_err().code, "too-large");
}
