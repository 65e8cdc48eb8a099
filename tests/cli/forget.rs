//! `forget`: a source as if it had never been.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fs;

use crate::support::context::TestContext;
use crate::support::database::assert_sound;
use crate::support::system::on_terminal;

/// Two sources, of which the second has a file in common with the first, and one that is gone.
fn two() -> TestContext {
    let cx = TestContext::with_input();
    cx.write(
        "datalake.toml",
        "[source.desk]\ntype = \"memory-jsonl\"\npath = \"in\"\n\n\
         [source.shelf]\ntype = \"memory-jsonl\"\npath = \"shelf\"\n",
    );
    for name in ["metrics.jsonl", "metrics-2.jsonl"] {
        cx.write(
            &format!("shelf/{name}"),
            fs::read(cx.path("in/metrics.jsonl")).expect("it is there"),
        );
    }
    cx.append("in/events.jsonl", "not json\n");
    cx.run("run --source desk").expect(3);
    cx.run("run --source shelf").expect(0);
    fs::remove_file(cx.path("shelf/metrics-2.jsonl")).expect("it is there");
    cx.run("run --source shelf").expect(0);
    cx
}

#[test]
fn preview_changes_nothing() {
    let cx = two();
    let before = cx.everything();
    snap!(cx; "forget desk --preview", "forget desk --preview --json");
    assert!(cx.everything()["datalake.db"] == before["datalake.db"]);
}

#[test]
fn everything_goes_and_the_others_come_back() {
    let cx = two();
    snap!(cx; "forget desk", "forget desk --yes", "status", "forget desk --yes", "forget desk --yes --json",
        "run --source shelf", "run --source desk");
    assert_sound(&cx.database());
}

#[test]
fn as_json() {
    snap!(two(); "forget desk --yes --json", "forget shelf --json");
}

#[test]
fn a_source_that_was_taken_out() {
    let cx = two();
    cx.write(
        "datalake.toml",
        "[source.shelf]\ntype = \"memory-jsonl\"\npath = \"shelf\"\n",
    );
    snap!(cx; "forget desk --yes", "status");
}

#[test]
fn bad_usage() {
    snap!(two(); "forget", "forget dsk --yes", "forget dsk --preview --json", "forget desk --preview --yes");
}

#[test]
fn without_a_database() {
    let cx = TestContext::with_input();
    snap!(cx; "forget memory-jsonl --preview", "forget memory-jsonl --yes");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn damaged_database() {
    let cx = two();
    cx.write(
        "datalake.db",
        "SQLite format 3\0 and then nothing that it should be",
    );
    snap!(cx; "forget desk --yes");
}

/// The holder is named, also where it reads a source that would be read again.
#[test]
fn locked_source() {
    let cx = two();
    let lock = cx.hold_lock("desk");
    snap!(cx; "forget desk --yes");
    drop(lock);
    let lock = cx.hold_lock("desk.watch");
    insta::assert_snapshot!("watched", cx.transcript(&["forget desk --yes"]));
    drop(lock);
    let lock = cx.hold_lock("shelf");
    insta::assert_snapshot!("another", cx.transcript(&["forget desk --yes --json"]));
    drop(lock);
    cx.run("forget desk --yes").expect(0);
}

#[test]
fn on_a_terminal_it_shows_and_asks() {
    let cx = two();
    let rows = |cx: &TestContext| cx.value::<i64>("SELECT count(*) FROM memory_events");
    for (keys, code, left) in [("n\n", 1, 4), ("y\n", 0, 0)] {
        let ran = on_terminal("forget desk", cx.command("forget desk"), keys);
        assert_eq!((ran.code(), rows(&cx)), (Some(code), left), "{ran}");
        assert!(ran.stdout.contains("of desk would go:"), "{ran}");
        assert!(
            ran.stdout.contains("Forget desk? It is gone for good."),
            "{ran}"
        );
    }
}
