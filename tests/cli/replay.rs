//! `rejects replay`: what becomes of rejects that are read again, from what was kept and from mended files.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use crate::support::context::TestContext;
use crate::support::database::assert_sound;
use crate::support::input::Random;

/// Two bad lines between good ones, in a file that has been left alone for a minute: one that is only just written
/// may have changed since a reject of it was met.
fn rejected() -> TestContext {
    let cx = TestContext::filled();
    cx.write(
        "in/metrics-2.jsonl",
        "{\"timestamp\": 5, \"pid\": 1}\nnot json\n{\"pid\": 1}\n",
    );
    let file = fs::File::options()
        .write(true)
        .open(cx.path("in/metrics-2.jsonl"))
        .expect("it is there");
    let written = file.metadata().and_then(|data| data.modified());
    let written = written.expect("it has a time");
    file.set_modified(written - Duration::from_secs(60))
        .expect("it is ours");
    cx.run("run").expect(3);
    cx
}

fn mend(cx: &TestContext, bad: &str, good: &str) {
    let path = cx.path("in/metrics-2.jsonl");
    let text = fs::read_to_string(&path).expect("it is there");
    fs::write(path, text.replace(bad, good)).expect("it can be written");
}

fn statuses(cx: &TestContext) -> Vec<String> {
    cx.column("SELECT id || ' ' || status FROM rejects ORDER BY id")
}

#[test]
fn what_is_bad_stays_bad() {
    snap!(rejected(); "rejects replay", "rejects list", "runs --limit 2");
}

/// A line cannot become good by itself: its file is mended, and read again in full. It is as long as before, so
/// that a run alone would not see it.
#[test]
fn a_mended_file() {
    let cx = rejected();
    mend(&cx, "not json", "{\"timestamp\":6}");
    mend(&cx, "{\"pid\": 1}", "{\"timestamp\":7}");
    snap!(cx; "rejects replay", "rejects list", "rejects list --status all", "rejects list --status dropped",
        "rejects replay", "runs --limit 2");
    assert_eq!(cx.counts(), (10, 4, 2));
    assert_sound(&cx.database());
}

/// A watch, or somebody, has read the file in between: the row is there, and the reject is open still.
#[test]
fn a_mended_file_that_was_read_since() {
    let cx = rejected();
    mend(&cx, "not json", "{\"timestamp\":6}");
    mend(&cx, "{\"pid\": 1}", "{\"timestamp\":7}");
    cx.run("run").expect(0);
    assert_eq!(statuses(&cx), ["1 open", "2 open"]);
    cx.run("rejects replay").expect(0);
    assert_eq!(statuses(&cx), ["1 replayed", "2 replayed"]);
    assert_eq!(cx.counts(), (10, 4, 2));
}

#[test]
fn chosen_ones() {
    let cx = rejected();
    mend(&cx, "not json", "{\"timestamp\":6}");
    snap!(cx; "rejects replay 1 --json", "rejects replay 2", "rejects replay 1", "rejects replay 1 --json");
}

#[test]
fn unknown_ones() {
    let cx = rejected();
    snap!(cx; "rejects replay 9", "rejects replay 9 --json", "rejects replay x", "rejects replay --source memory-json",
        "rejects replay --source memory-jsonl 1");
}

#[test]
fn none() {
    snap!(TestContext::filled(); "rejects replay", "rejects replay --json");
}

#[test]
fn without_a_database() {
    let cx = TestContext::with_input();
    snap!(cx; "rejects replay", "rejects replay 1 --json");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn damaged_database() {
    let cx = rejected();
    cx.write(
        "datalake.db",
        "SQLite format 3\0 and then nothing that it should be",
    );
    snap!(cx; "rejects replay");
}

/// Of a line beyond the limit only the start was kept.
#[test]
fn an_overlong_line() {
    let cx = TestContext::new();
    let long = format!(
        "{{\"timestamp\": 1, \"command\": \"{}\"}}\n",
        "x".repeat(17 << 20)
    );
    cx.write(
        "in/metrics-2.jsonl",
        format!("{long}{{\"timestamp\": 2}}\n"),
    );
    cx.run("run").expect(3);
    insta::assert_snapshot!(cx.transcript(&["rejects replay", "rejects list"]));
    // Its file is gone: it cannot be tried, and is said.
    fs::rename(cx.path("in/metrics-2.jsonl"), cx.path("away")).expect("it is there");
    insta::assert_snapshot!(
        "its_file_is_gone",
        cx.transcript(&["rejects replay", "rejects replay --json"])
    );
    cx.write(
        "in/metrics-2.jsonl",
        "{\"timestamp\": 1, \"command\": \"x\"}\n{\"timestamp\": 2}\n",
    );
    insta::assert_snapshot!(
        "shortened",
        cx.transcript(&["rejects replay", "rejects list --status all"])
    );
    assert_eq!(cx.counts(), (2, 0, 1));
}

/// A file in whose place a folder stands was never read, so nothing of it is good now.
#[test]
fn a_file_that_cannot_be_read_again() {
    let cx = rejected();
    fs::remove_file(cx.path("in/metrics-2.jsonl")).expect("it is there");
    fs::create_dir(cx.path("in/metrics-2.jsonl")).expect("nothing is there");
    cx.run("rejects replay").expect(3);
    assert_eq!(statuses(&cx)[..2], ["1 open", "2 open"]);
    cx.run("run --full").expect(3);
    assert_eq!(statuses(&cx), ["1 open", "2 open", "3 open"]);
    // The folder has gone, and a good file is there.
    fs::remove_dir(cx.path("in/metrics-2.jsonl")).expect("it is empty");
    cx.write("in/metrics-2.jsonl", "{\"timestamp\": 8}\n");
    cx.run("rejects replay").expect(0);
    assert_eq!(statuses(&cx), ["1 replayed", "2 replayed", "3 replayed"]);
}

#[test]
fn a_source_that_was_taken_out() {
    let cx = rejected();
    cx.write(
        "datalake.toml",
        "[source.other]\ntype = \"memory-jsonl\"\npath = \"in\"\n",
    );
    snap!(cx; "rejects replay");
    assert_eq!(statuses(&cx), ["1 open", "2 open"]);
}

/// It waits for whoever reads the source.
#[test]
fn locked_source() {
    let cx = rejected();
    let lock = cx.hold_lock("memory-jsonl");
    let running = cx.start("rejects replay");
    // It asks for the lock right after it has opened the database.
    while !cx.path("datalake.db-wal").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(500));
    drop(lock);
    let ran = running.finish();
    insta::assert_snapshot!(cx.shown(&ran));
}

/// A file with another content is another content: reading it in full says nothing of what the earlier one held,
/// which may have gone with a line that would be good by now. A replay looks at what was kept, and then at the file.
#[test]
fn a_full_run_leaves_rejects_of_an_earlier_content_to_a_replay() {
    let cx = rejected();
    mend(&cx, "not json", "{\"timestamp\":6}");
    cx.run("run").expect(3);
    cx.run("run --full").expect(3);
    assert_eq!(statuses(&cx)[0], "1 open");
    cx.run("rejects replay").expect(3);
    assert_eq!(statuses(&cx)[0], "1 replayed");
    assert_eq!(
        cx.column::<String>("SELECT code FROM rejects WHERE status = 'open'"),
        ["missing-field"]
    );
}

/// Any lines bad, any of them mended, any of the rejects chosen: in the end what is good is a row, what is bad is an
/// open reject, and nothing is lost or comes twice.
#[test]
fn any_history() {
    for seed in 0..12 {
        let mut random = Random(seed);
        let cx = TestContext::new();
        let mut lines: Vec<(bool, u64)> = Vec::new();
        for number in 0..40 {
            lines.push((random.below(3) == 0, number));
        }
        let write = |lines: &[(bool, u64)]| {
            let mut text = String::new();
            for (bad, number) in lines {
                let ending = if *bad { "" } else { "}" };
                writeln!(text, "{{\"timestamp\": {number}{ending}").expect("it is a text");
            }
            cx.write("in/metrics.jsonl", text);
        };
        write(&lines);
        cx.run("run");
        for _ in 0..3 {
            for line in &mut lines {
                line.0 = line.0 && random.below(2) == 0;
            }
            write(&lines);
            match random.below(3) {
                0 => drop(cx.run("run")),
                1 => drop(cx.run("rejects replay")),
                _ => {
                    let open: Vec<i64> = cx.column("SELECT id FROM rejects WHERE status = 'open'");
                    if let Some(id) = open.first() {
                        cx.run(&format!("rejects replay {id}"));
                    }
                }
            }
        }
        // Places have moved with each change: what is there now is met by a run, and the rest settled.
        cx.run("run");
        let ran = cx.run("rejects replay");
        let bad = lines.iter().filter(|(bad, _)| *bad).count() as i64;
        let open = cx.value::<i64>("SELECT count(*) FROM rejects WHERE status = 'open'");
        assert_eq!(open, bad, "seed {seed}: {ran}");
        assert_eq!(
            ran.code(),
            Some(if bad > 0 { 3 } else { 0 }),
            "seed {seed}: {ran}"
        );
        let (samples, _, _) = cx.counts();
        assert_eq!(samples, 40 - bad, "seed {seed}");
        assert_sound(&cx.database());
    }
}
