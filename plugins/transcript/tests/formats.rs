//! Each format in a small file made by hand, and what it says.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fmt::Write;

use datalake_transcript::{Millis, Transcript, parse};

fn time(time: Option<Millis>) -> String {
    time.map_or("?".to_owned(), |time| time.to_string())
}

fn number(number: Option<f64>) -> String {
    number.map_or("-".to_owned(), |number| {
        let rounded = (number * 1e4).round() / 1e4;
        rounded.to_string()
    })
}

/// A transcript as a person would note it down: a line about all of it, one a segment, words with times behind.
fn told(name: &str, transcript: &Transcript) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let (provider, model) = (or(&transcript.provider), or(&transcript.model));
    let language = or(&transcript.language);
    let flags: Vec<&str> = transcript.flags.iter().map(|flag| flag.name()).collect();
    let mut out = format!(
        "{name} by {provider} {model}, {language}, {}, {} ms, {flags:?}\n{}\n",
        number(transcript.confidence),
        time(transcript.duration),
        transcript.text
    );
    for segment in &transcript.segments {
        let speaker = segment.speaker.as_deref().unwrap_or("-");
        let (start, end) = (time(segment.start), time(segment.end));
        let confidence = number(segment.confidence);
        write!(
            out,
            "  {start}-{end} {speaker} {confidence} {:?}",
            segment.text
        )
        .unwrap();
        for word in &segment.words {
            let (start, end) = (time(word.start), time(word.end));
            write!(out, " {}@{start}-{end}", word.text).unwrap();
            if word.confidence.is_some() {
                write!(out, "={}", number(word.confidence)).unwrap();
            }
            if let Some(speaker) = &word.speaker {
                write!(out, "/{speaker}").unwrap();
            }
        }
        out.push('\n');
    }
    out
}

/// What is expected of each file of `fixtures/formats`, behind a line `## ` and its name.
const EXPECTED: &str = include_str!("formats.txt");

#[test]
fn each_format_says_what_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/formats");
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let expected: Vec<(&str, &str)> = EXPECTED
        .split("## ")
        .filter_map(|block| block.split_once('\n'))
        .collect();
    assert!(
        names.iter().eq(expected.iter().map(|(name, _)| name)),
        "{names:?}"
    );
    for (name, expected) in expected {
        let bytes = std::fs::read(format!("{folder}/{name}")).unwrap();
        let found = match parse(name, &bytes) {
            Ok((format, transcript)) => told(format.name(), &transcript),
            Err(why) => format!("{}: {}\n", why.code, why.message),
        };
        assert_eq!(found.trim_end(), expected.trim_end(), "{name}");
    }
}

#[test]
fn what_is_no_transcript() {
    let code = |name: &str, text: &str| parse(name, text.as_bytes()).unwrap_err().code;
    assert_eq!(code("a.txt", ""), "empty");
    assert_eq!(code("a.json", ""), "empty");
    assert_eq!(code("a.json", "{}"), "no-transcript");
    assert_eq!(code("a.json", "[]"), "no-transcript");
    assert_eq!(
        code("a.json", r#"{"name": "x", "version": "1.0"}"#),
        "no-transcript"
    );
    assert_eq!(
        code("a.json", r#"{"results": {"transcripts": 1}}"#),
        "no-transcript"
    );
    assert_eq!(
        code("a.json", r#"{"error": {"message": "Invalid file"}}"#),
        "provider-error"
    );
    assert_eq!(code("a.json", r#"{"error": "quota"}"#), "provider-error");
    assert_eq!(code("a.json", r#"{"text": "cut of"#), "cut-off");
    assert_eq!(code("a.json", "hello"), "not-json");
    assert_eq!(code("a.json", r#"{"text": "a", "text": "b"}"#), "not-json");
    assert_eq!(code("a.srt", "hello"), "no-cues");
    assert_eq!(code("a.tsv", "a\tb\n1\t2\n"), "no-cues");
    let deep = |levels| {
        let (open, close) = (r#"[{"words":"#.repeat(levels), "}]".repeat(levels));
        format!(r#"{{"text": "a", "segments": {open}[]{close}}}"#)
    };
    assert_eq!(code("a.json", &deep(1_000)), "too-deep");
}

#[test]
fn the_content_decides_before_the_name() {
    let format = |name: &str, text: &str| parse(name, text.as_bytes()).unwrap().0.name();
    let srt = "1\n00:00:01,000 --> 00:00:02,000\nHello\n";
    assert_eq!(format("a.txt", srt), "srt");
    assert_eq!(
        format("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"),
        "vtt"
    );
    assert_eq!(
        format("a.srt", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"),
        "vtt"
    );
    assert_eq!(format("a.vtt", "00:01.000 --> 00:02.000\nHello\n"), "vtt");
    let vtt = "\n \nWEBVTT\n\n00:01.000 --> 00:02.000\nHello\n";
    assert_eq!(format("a.vtt", vtt), "vtt");
    assert!(parse("a.vtt", vtt.as_bytes()).unwrap().1.flags.is_empty());
    assert_eq!(format("a.tsv", "00:01.000 --> 00:02.000\nHello\n"), "srt");
    assert_eq!(format("a.txt", "start\tend\ttext\n0\t1\tHello\n"), "tsv");
    assert_eq!(
        format(
            "a",
            r#"{"text": "Hello", "segments": [], "language": "en"}"#
        ),
        "whisper"
    );
    assert_eq!(format("a.txt", r#"{"text": "Hello"}"#), "json");
    assert_eq!(format("a.txt", r#"{"text": "Hello""#), "txt");
    assert_eq!(format("a.srt", "  \n"), "txt");
}

#[test]
fn silence_is_a_transcript_without_text() {
    for (name, text) in [
        (
            "a.json",
            r#"{"text": "", "segments": [], "language": "en"}"#,
        ),
        ("a.vtt", "WEBVTT\n\n"),
        ("a.tsv", "start\tend\ttext\n"),
        ("a.txt", "\n"),
    ] {
        let (_, transcript) = parse(name, text.as_bytes()).unwrap();
        assert_eq!(
            (transcript.text.as_str(), transcript.word_count()),
            ("", 0),
            "{name}"
        );
        assert!(transcript.segments.is_empty());
    }
}
