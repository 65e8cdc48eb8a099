//! `preview`: what a run would do, and that it leaves no trace.

use crate::support::context::TestContext;

/// A filled lake, with a line more and two that are bad.
fn news() -> TestContext {
    let cx = TestContext::filled();
    cx.append(
        "in/metrics.jsonl",
        "{\"timestamp\": 5, \"pid\": 1}\nnot json\n{\"pid\": \"\\u001b[31m\"}\n",
    );
    cx.append(
        "in/events.jsonl",
        "{\"timestamp\": 1736848000, \"type\": \"control\", \"message\": \"a \\u001b[31m b\"}\n",
    );
    cx
}

/// Runs a preview, which must change nothing.
#[track_caller]
fn previewed(cx: &TestContext, line: &str) -> String {
    let before = cx.everything();
    let said = cx.transcript(&[line]);
    assert!(cx.everything() == before, "{said}");
    said
}

#[test]
fn before_the_first_run() {
    let cx = TestContext::with_input();
    insta::assert_snapshot!(previewed(&cx, "preview memory-jsonl --samples 1"));
    assert!(!cx.path("datalake.db").exists() && !cx.path("data").exists());
    assert!(!cx.path("logs").exists());
}

#[test]
fn of_news() {
    insta::assert_snapshot!(previewed(&news(), "preview memory-jsonl"));
}

#[test]
fn as_json() {
    insta::assert_snapshot!(previewed(
        &news(),
        "preview memory-jsonl --samples 1 --json"
    ));
}

#[test]
fn of_nothing_new() {
    let cx = TestContext::filled();
    insta::assert_snapshot!(previewed(&cx, "preview memory-jsonl"));
    insta::assert_snapshot!("in_full", previewed(&cx, "preview memory-jsonl --full"));
}

#[test]
fn samples_are_limited_and_counts_are_not() {
    insta::assert_snapshot!(previewed(&news(), "preview memory-jsonl --samples 0"));
    snap!(TestContext::bare(); "preview memory-jsonl --samples 501", "preview");
}

/// What a run then does is what was told.
#[test]
fn it_comes_true() {
    let cx = news();
    let told = cx.run("preview memory-jsonl --json").expect(3).json();
    let done = cx.run("run --json").expect(3).json();
    for count in [
        "read",
        "inserted",
        "changed",
        "unchanged",
        "rejected",
        "bytes",
    ] {
        assert_eq!(
            told["sources"][0][count], done["sources"][0][count],
            "{count}"
        );
    }
    assert_eq!(told["rejects"].as_array().map(Vec::len), Some(2));
}

#[test]
fn another_place() {
    let cx = TestContext::filled();
    cx.write("else/metrics.jsonl", "{\"timestamp\": 9, \"pid\": 9}\n");
    let set = "preview memory-jsonl --set path=else";
    insta::assert_snapshot!(previewed(&cx, set));
    insta::assert_snapshot!(
        "nowhere",
        previewed(&cx, "preview memory-jsonl --set path=away")
    );
}

#[test]
fn unknown_source() {
    let cx = TestContext::filled();
    insta::assert_snapshot!(previewed(&cx, "preview memory-json"));
    insta::assert_snapshot!(
        "unknown_key",
        previewed(&cx, "preview memory-jsonl --set pth=x")
    );
}

#[test]
fn damaged_database() {
    let cx = TestContext::filled();
    cx.write(
        "datalake.db",
        "SQLite format 3\0 and then nothing that it should be",
    );
    insta::assert_snapshot!(previewed(&cx, "preview memory-jsonl"));
}

/// Whoever reads the source is not kept from writing.
#[test]
fn locked_source() {
    let cx = news();
    let _lock = cx.hold_lock("memory-jsonl");
    snap!(cx; "preview memory-jsonl", "preview memory-jsonl --json");
}

#[test]
fn a_writer_is_busy() {
    let cx = news().with("DATALAKE_STORE_BUSY_TIMEOUT", "100ms");
    let other = cx.database();
    other
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody has it");
    snap!(cx; "preview memory-jsonl");
}
