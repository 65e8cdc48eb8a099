//! `cursor`: how far units have been read, and reading them again.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use crate::support::context::TestContext;
use crate::support::system::on_terminal;

/// Units that were read, that wait for the end of a line, and that are gone.
fn units() -> TestContext {
    let cx = TestContext::filled();
    cx.write("in/metrics-2.jsonl", "{\"timestamp\": 5}\n{\"timesta");
    cx.write("in/metrics-3.jsonl", "{\"timestamp\": 6}\n");
    cx.run("run").expect(0);
    std::fs::remove_file(cx.path("in/metrics-3.jsonl")).expect("it is there");
    cx.run("run").expect(0);
    cx
}

#[test]
fn show() {
    snap!(units(); "cursor show memory-jsonl", "cursor show memory-jsonl metrics.jsonl");
}

#[test]
fn show_json() {
    snap!(units(); "cursor show memory-jsonl --json");
}

#[test]
fn reset_of_one() {
    let cx = units();
    snap!(cx; "cursor reset memory-jsonl metrics.jsonl", "cursor reset memory-jsonl metrics.jsonl --yes",
        "cursor show memory-jsonl", "cursor show memory-jsonl metrics.jsonl", "run", "run");
    assert_eq!(cx.counts(), (9, 4, 0));
}

#[test]
fn reset_of_all() {
    snap!(units(); "cursor reset memory-jsonl --yes --json", "cursor show memory-jsonl", "run");
}

#[test]
fn unknown() {
    let cx = units();
    snap!(cx; "cursor show memory-json", "cursor show memory-jsonl metrics-22.jsonl", "cursor show memory-jsonl x",
        "cursor reset memory-json --yes", "cursor reset memory-jsonl metric.jsonl --yes", "cursor show", "cursor",
        "cursor show other --json");
}

/// A source of the configuration that was never read, and one that the store alone knows.
#[test]
fn known_to_one_side_only() {
    let cx = units();
    cx.write(
        "datalake.toml",
        "[source.other]\ntype = \"memory-jsonl\"\npath = \"in\"\n",
    );
    snap!(cx; "cursor show other", "cursor show other --json", "cursor show memory-jsonl",
        "cursor reset memory-jsonl --yes", "cursor reset other --yes");
}

#[test]
fn without_a_database() {
    let cx = TestContext::with_input();
    snap!(cx; "cursor show memory-jsonl", "cursor reset memory-jsonl --yes");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn damaged_database() {
    let cx = units();
    cx.write(
        "datalake.db",
        "SQLite format 3\0 and then nothing that it should be",
    );
    snap!(cx; "cursor show memory-jsonl", "cursor reset memory-jsonl --yes");
}

#[test]
fn locked_source() {
    let cx = units().with("DATALAKE_STORE_BUSY_TIMEOUT", "200ms");
    let lock = cx.hold_lock("memory-jsonl");
    snap!(cx; "cursor reset memory-jsonl --yes", "cursor reset memory-jsonl --yes --json");
    // Looking is free.
    cx.run("cursor show memory-jsonl").expect(0);
    drop(lock);
    cx.run("cursor reset memory-jsonl --yes").expect(0);
}

#[test]
fn on_a_terminal_it_asks() {
    let cx = units();
    let line = "cursor reset memory-jsonl metrics.jsonl";
    let ran = on_terminal(line, cx.command(line), "n\n");
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stdout.ends_with("nothing was changed\n"), "{ran}");
    let ran = on_terminal(line, cx.command(line), "yes\n");
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert_eq!(
        cx.column::<String>("SELECT unit FROM checkpoints WHERE cursor IS NULL"),
        ["metrics.jsonl"]
    );
}
