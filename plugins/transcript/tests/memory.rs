//! What a file may hold at most takes little memory. This is a file of its own, as the peak of a process is measured.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;

use datalake_transcript::{LONGEST_FILE, MOST_PARTS, parse};

const MIB: usize = 1 << 20;

/// The most memory that this process has had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let line = lines.find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

/// As many parts as fit.
fn full(head: &str, part: &str, tail: &str) -> Vec<u8> {
    let begins = part.matches(['\n', '<', '{']).count();
    let count = (LONGEST_FILE as usize / part.len()).min(MOST_PARTS / begins) - 10;
    [head, &part.repeat(count), tail].concat().into_bytes()
}

#[test]
fn the_fullest_files_take_little_memory() {
    let voice = "WEBVTT\n\n00:00.000 --> 00:01.000\n";
    let nested = r#"{"words":[{"word":"a","speaker":"b"}]},"#;
    for (name, head, part, tail) in [
        ("a.srt", "", "00:01.000 --> 00:02.000\nHello there.\n", ""),
        ("a.vtt", voice, "<v Ann>a<v Bob>b", ""),
        ("a.tsv", "start\tend\ttext\n", "0\t1\tHello there.\n", ""),
        ("a.txt", "", "[SPEAKER_00]: a\n", ""),
        (
            "a.json",
            r#"{"words":["#,
            r#"{"word":"a","speaker":"b"},"#,
            "{}]}",
        ),
        ("a.json", r#"{"segments":["#, nested, "{}]}"),
    ] {
        let bytes = full(head, part, tail);
        let read = parse(name, &bytes).unwrap();
        assert!(read.1.segments.len() + read.1.words().count() > 100_000);
        drop(read);
        assert!(peak() < 224 * MIB, "{} MiB: {name} {part}", peak() / MIB);
    }
}
