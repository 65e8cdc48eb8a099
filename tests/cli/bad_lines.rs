//! Lines that cannot become records: each is a reject with file, byte and reason, its neighbours are kept, and
//! the run ends with 3.

use std::io::{BufWriter, Write};

use crate::support::context::TestContext;

const FIRST: &str = "{\"timestamp\": 1, \"pid\": 1}";
const LAST: &str = "{\"timestamp\": 2, \"pid\": 2}";

/// Reads `line` between two good ones; it must be the only reject, with this code and words in its reason.
#[track_caller]
fn rejected_in(file: &str, line: &[u8], code: &str, words: &str) {
    let cx = TestContext::new();
    let text = [FIRST.as_bytes(), line, LAST.as_bytes()]
        .map(|line| [line, b"\n"].concat())
        .concat();
    cx.write(&format!("in/{file}"), text);
    let ran = cx.run("run").expect(3);
    let start = FIRST.len() as i64 + 1;
    assert_eq!(
        cx.rejects(),
        [(file.to_owned(), start, code.to_owned())],
        "{ran}"
    );
    let reason: String = cx.value("SELECT message FROM rejects");
    assert!(reason.contains(words), "{reason}");
    assert_eq!(
        cx.value::<i64>("SELECT place_end FROM rejects"),
        start + line.len() as i64 + 1
    );
    assert_eq!(
        cx.value::<i64>("SELECT length FROM rejects"),
        line.len() as i64
    );
    let kept: Vec<u8> = cx.value("SELECT bytes FROM rejects");
    assert_eq!(kept, line[..line.len().min(64 << 10)]);
    let (samples, events, _) = cx.counts();
    assert_eq!(samples + events, 2, "the neighbours are kept");
    // What is shown is text of one line whatever the bytes were.
    let shown = cx.run("rejects list").expect(0);
    assert!(
        shown.stdout.contains(code) && shown.stdout.lines().count() == 2,
        "{shown}"
    );
    cx.run("rejects show 1").expect(0);
    // The same bytes again are no second reject.
    cx.run("run --full").expect(3);
    assert_eq!(cx.rejects().len(), 1);
}

#[track_caller]
fn rejected(line: impl AsRef<[u8]>, code: &str, words: &str) {
    rejected_in("metrics.jsonl", line.as_ref(), code, words);
}

#[test]
fn not_json() {
    rejected("memory at 12:00 was 500 MB", "not-json", "it is not JSON");
    rejected(
        "{\"timestamp\": 1, \"pid\": 1,}",
        "not-json",
        "trailing comma",
    );
    rejected(
        "{\"timestamp\": 1} {\"timestamp\": 2}",
        "not-json",
        "trailing characters",
    );
}

#[test]
fn broken_off() {
    rejected("{\"timestamp\": 1, \"pid\": ", "not-json", "breaks off");
}

#[test]
fn not_utf8() {
    rejected(
        b"{\"timestamp\": 1, \"command\": \"caf\xe9\"}",
        "not-utf8",
        "0xE9",
    );
}

#[test]
fn nul() {
    rejected(b"{\"timestamp\": 1, \"command\": \"a\0b\"}", "nul", "NUL");
    rejected([0; 300], "nul", "a crash may have left it unwritten");
}

#[test]
fn no_object() {
    rejected("[1, 2]", "not-an-object", "a list");
    rejected("null", "not-an-object", "null");
    rejected("\"text\"", "not-an-object", "a text");
    rejected("12", "not-an-object", "a number");
    rejected("true", "not-an-object", "true or false");
}

#[test]
fn wrong_types() {
    rejected(
        "{\"timestamp\": 1, \"pid\": \"7\"}",
        "wrong-type",
        "a whole number",
    );
    rejected(
        "{\"timestamp\": 1, \"pid\": 1.5}",
        "wrong-type",
        "a whole number",
    );
    rejected(
        "{\"timestamp\": 1, \"rss_bytes\": []}",
        "wrong-type",
        "a whole number",
    );
    rejected(
        "{\"timestamp\": 1, \"rss_mb\": \"500\"}",
        "wrong-type",
        "number",
    );
    rejected("{\"timestamp\": 1, \"command\": 7}", "wrong-type", "a text");
    rejected("{\"timestamp\": true}", "wrong-type", "a time");
    rejected("{\"timestamp\": {\"seconds\": 1}}", "wrong-type", "a time");
    rejected_in(
        "events.jsonl",
        b"{\"timestamp\": 1, \"type\": 7}",
        "wrong-type",
        "`type` is not a text",
    );
    rejected_in(
        "events.jsonl",
        b"{\"timestamp\": 1, \"message\": {}}",
        "wrong-type",
        "`message` is not a text",
    );
    rejected_in(
        "events.jsonl",
        b"{\"timestamp\": 1, \"severity\": []}",
        "wrong-type",
        "`severity` is not a text",
    );
}

#[test]
fn no_time() {
    rejected("{\"pid\": 1}", "missing-field", "`timestamp`");
    rejected(
        "{\"timestamp\": null, \"pid\": 1}",
        "missing-field",
        "`timestamp`",
    );
    rejected("{}", "missing-field", "`timestamp`");
}

#[test]
fn times_that_are_none() {
    rejected(
        "{\"timestamp\": \"yesterday\"}",
        "bad-time",
        "\"yesterday\"",
    );
    rejected("{\"timestamp\": \"\"}", "bad-time", "which is no time");
    rejected(
        "{\"timestamp\": \"2025-02-30T12:00:00Z\"}",
        "bad-time",
        "which is no time",
    );
    rejected(
        "{\"timestamp\": 999999999999999}",
        "bad-time",
        "between the years 0 and 9999",
    );
    rejected(
        "{\"timestamp\": -999999999999999}",
        "bad-time",
        "between the years 0 and 9999",
    );
    rejected(
        "{\"timestamp\": 1e300}",
        "bad-time",
        "between the years 0 and 9999",
    );
}

#[test]
fn lone_surrogates() {
    rejected(
        "{\"timestamp\": 1, \"command\": \"\\ud800\"}",
        "lone-surrogate",
        "half of a character",
    );
    rejected(
        "{\"timestamp\": 1, \"note\": \"\\udc00 x\"}",
        "lone-surrogate",
        "half of a character",
    );
    rejected(
        "{\"timestamp\": 1, \"note\": {\"deep\": [\"\\ud83d\"]}}",
        "lone-surrogate",
        "half of a character",
    );
    rejected(
        "{\"timestamp\": 1, \"\\ud800\": 1}",
        "lone-surrogate",
        "half of a character",
    );
    for field in ["message", "details", "type", "severity"] {
        let line = format!("{{\"timestamp\": 1, \"{field}\": \"\\ud800\"}}");
        rejected_in(
            "events.jsonl",
            line.as_bytes(),
            "lone-surrogate",
            "half of a character",
        );
    }
    rejected_in(
        "events.jsonl",
        b"{\"timestamp\": 1, \"details\": {\"a\": \"\\ud800\"}}",
        "lone-surrogate",
        "half",
    );
}

#[test]
fn numbers_past_64_bits() {
    let many = "9".repeat(400);
    for field in ["timestamp", "pid", "rss_bytes"] {
        for number in [
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            &many,
        ] {
            let line = if field == "timestamp" {
                format!("{{\"timestamp\": {number}}}")
            } else {
                format!("{{\"timestamp\": 1, \"{field}\": {number}}}")
            };
            let cx = TestContext::new();
            cx.write("in/metrics.jsonl", format!("{FIRST}\n{line}\n{LAST}\n"));
            cx.run("run").expect(3);
            let codes: Vec<String> = cx.column("SELECT code FROM rejects");
            assert!(
                codes == ["number-out-of-range"] || codes == ["bad-time"],
                "{field} {number}: {codes:?}"
            );
            assert_eq!(cx.counts().0, 2);
        }
    }
    rejected(
        format!("{{\"timestamp\": 1, \"rss_mb\": {many}}}"),
        "number-out-of-range",
        "number",
    );
}

/// The largest and smallest numbers that there are room for are no rejects.
#[test]
fn numbers_of_64_bits() {
    let cx = TestContext::new();
    let line = format!(
        "{{\"timestamp\": 1, \"pid\": {}, \"rss_bytes\": {}}}\n",
        i64::MAX,
        i64::MIN
    );
    cx.write("in/metrics.jsonl", line);
    cx.run("run").expect(0);
    assert_eq!(
        cx.column::<i64>("SELECT pid FROM memory_metrics"),
        [i64::MAX]
    );
    assert_eq!(
        cx.column::<i64>("SELECT rss_bytes FROM memory_metrics"),
        [i64::MIN]
    );
}

/// Nobody's stack is used up by a line.
#[test]
fn depth_of_100_000() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + "1" + &close.repeat(100_000);
    for nested in [deep("[", "]"), deep("{\"a\": ", "}")] {
        rejected(
            format!("{{\"timestamp\": 1, \"note\": {nested}}}"),
            "too-deep",
            "128 levels",
        );
        let event = format!("{{\"timestamp\": 1, \"details\": {nested}}}");
        rejected_in("events.jsonl", event.as_bytes(), "too-deep", "128 levels");
        rejected(
            format!("{{\"timestamp\": {nested}}}"),
            "wrong-type",
            "a time",
        );
    }
    // Whatever is in it, a list is no object.
    rejected(deep("[", "]"), "not-an-object", "a list");
    rejected("[".repeat(100_000), "not-json", "breaks off");
}

#[test]
fn the_same_field_twice() {
    rejected(
        "{\"timestamp\": 1, \"pid\": 1, \"pid\": 2}",
        "duplicate-field",
        "`pid`",
    );
    rejected(
        "{\"timestamp\": 1, \"x\": 1, \"x\": 2}",
        "duplicate-field",
        "`x`",
    );
}

#[test]
fn line_over_16_mib() {
    let mut line = b"{\"timestamp\": 1, \"command\": \"".to_vec();
    line.resize((16 << 20) + 1, b'x');
    rejected(line, "line-too-long", "at most 16 MiB");
}

#[test]
fn line_of_just_16_mib() {
    let cx = TestContext::new();
    let mut line = b"{\"timestamp\": 1, \"command\": \"".to_vec();
    line.resize((16 << 20) - 2, b'x');
    line.extend_from_slice(b"\"}");
    cx.write(
        "in/metrics.jsonl",
        [&line[..], b"\n", LAST.as_bytes(), b"\n"].concat(),
    );
    let ran = cx.run("run").expect(0);
    assert_eq!(
        cx.value::<i64>("SELECT max(length(command)) FROM memory_metrics"),
        (16 << 20) - 31
    );
    assert!(ran.peak < 200 << 10, "{} KiB", ran.peak);
}

/// It is never held as a whole.
#[test]
fn line_of_100_mb() {
    let cx = TestContext::new();
    let file = std::fs::File::create(cx.path("in/metrics.jsonl")).expect("it is new");
    let mut file = BufWriter::new(file);
    let block = [b'x'; 1_000_000];
    file.write_all(format!("{FIRST}\n{{\"timestamp\": 1, \"command\": \"").as_bytes())
        .expect("there is room");
    (0..100).for_each(|_| file.write_all(&block).expect("there is room"));
    file.write_all(format!("\"}}\n{LAST}\n").as_bytes())
        .expect("there is room");
    drop(file);
    let ran = cx.run("run").expect(3);
    assert!(ran.peak < 200 << 10, "{} KiB", ran.peak);
    let start = FIRST.len() as i64 + 1;
    assert_eq!(
        cx.rejects(),
        [("metrics.jsonl".into(), start, "line-too-long".into())]
    );
    assert_eq!(cx.value::<i64>("SELECT length FROM rejects"), 100_000_031);
    assert_eq!(
        cx.value::<i64>("SELECT length(bytes) FROM rejects"),
        64 << 10
    );
    assert_eq!(cx.counts().0, 2);
}

/// A file that is all bad, and more so than fits one batch.
#[test]
fn nothing_but_bad_lines() {
    let cx = TestContext::new();
    cx.write("in/metrics.jsonl", "bad\n".repeat(25_000));
    cx.run("run").expect(3);
    assert_eq!(cx.counts(), (0, 0, 25_000));
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (0, 0, 25_000));
}

/// Bad lines of 60 KB each: what is kept of them must not pile up in memory.
#[test]
fn many_long_bad_lines() {
    let cx = TestContext::new();
    let line = "x".repeat(60_000) + "\n";
    cx.write("in/metrics.jsonl", line.repeat(2_000));
    let ran = cx.run("run").expect(3);
    assert_eq!(cx.counts(), (0, 0, 2_000));
    assert!(ran.peak < 200 << 10, "{} KiB", ran.peak);
}
