//! The watch from outside: what is appended is stored at once, however it ends nothing is lost, and others are
//! told what it does.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use rusqlite::Connection;

use super::stop::wait_for;
use crate::support::context::TestContext;
use crate::support::input::{Size, make, make_named};
use crate::support::system::Running;

/// A line of a sample that no other line is.
fn line(number: u32) -> String {
    format!(
        "{{\"timestamp\": {}, \"pid\": {number}, \"rss_bytes\": 1}}\n",
        1_760_000_000 + number
    )
}

/// How many samples there are; none before there is a database.
fn samples(cx: &TestContext) -> i64 {
    let db = Connection::open_with_flags(
        cx.path("datalake.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    );
    let count = "SELECT count(*) FROM memory_samples";
    let count = db.and_then(|db| db.query_row(count, [], |row| row.get(0)));
    count.unwrap_or(0)
}

/// A watch that has read its first line.
fn watching(cx: &TestContext) -> Running {
    cx.write("in/metrics.jsonl", line(0));
    let watch = cx.start("run --watch");
    wait_for(|| samples(cx) == 1);
    watch
}

fn outcome(cx: &TestContext) -> String {
    let status = cx.run("status --json");
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let source = &status["sources"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{} {}",
        text(&source["now"]),
        text(&source["last_run"]["outcome"])
    )
}

#[test]
fn what_is_appended_is_stored_and_sigterm_ends_it_well() {
    for settings in ["", " --set watch.notify=false --set watch.poll=200ms"] {
        let cx = TestContext::new();
        cx.write("in/metrics.jsonl", line(0));
        let watch = cx.start(&format!("run --watch{settings}"));
        wait_for(|| samples(&cx) == 1);
        cx.append("in/metrics.jsonl", line(1));
        wait_for(|| samples(&cx) == 2);
        cx.write("in/metrics-2.jsonl", line(2));
        wait_for(|| samples(&cx) == 3);
        // What it has stored may be seen before it lets go of the source.
        wait_for(|| outcome(&cx) == "watched watching");
        watch.signal(libc::SIGTERM);
        let ran = watch.finish();
        assert_eq!(ran.code(), Some(0), "{ran}");
        assert!(
            ran.stdout.contains("memory-jsonl: ended: 3 inserted"),
            "{ran}"
        );
        assert_eq!(outcome(&cx), "idle done");
        let rows: String =
            cx.value("SELECT count(*) || \"trigger\" || outcome || inserted FROM runs");
        assert_eq!(rows, "1watchdone3");
    }
}

/// Whoever looks is told that it was killed, and the next one goes on where it was.
#[test]
fn killed_it_loses_nothing_and_the_next_one_goes_on() {
    let cx = TestContext::new();
    let watch = watching(&cx);
    watch.signal(libc::SIGKILL);
    watch.finish();
    assert_eq!(outcome(&cx), "idle interrupted");
    cx.append("in/metrics.jsonl", line(1));
    let watch = cx.start("run --watch");
    wait_for(|| samples(&cx) == 2);
    watch.signal(libc::SIGINT);
    assert_eq!(watch.finish().code(), Some(0));
    let outcomes = cx.column::<String>("SELECT outcome FROM runs ORDER BY id");
    assert_eq!(outcomes, ["interrupted", "done"]);
    let records: i64 = cx.value("SELECT sum(inserted + unchanged) FROM runs");
    assert_eq!(records, 2, "nothing is read twice");
}

/// Killed again and again while logs grow under it, it ends with exactly what was written.
#[test]
fn killed_again_and_again_while_logs_grow() {
    let cx = TestContext::new();
    let expected = make(
        &cx.path("new"),
        21,
        Size {
            files: 4,
            lines: 6_000,
            bad_every: 300,
        },
    );
    let mut files: Vec<_> = std::fs::read_dir(cx.path("new"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let texts: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    const PARTS: usize = 12;
    let mut watch = cx.start("run --watch --set watch.poll=100ms");
    for part in 0..PARTS {
        for (file, text) in files.iter().zip(&texts) {
            let share = |part: usize| text.len() * part / PARTS;
            let name = format!("in/{}", file.file_name().unwrap().to_string_lossy());
            if part == 0 {
                cx.write(&name, "");
            }
            // In the middle of lines, as programs write them.
            cx.append(&name, &text[share(part)..share(part + 1)]);
        }
        std::thread::sleep(Duration::from_millis(60 + 37 * part as u64 % 90));
        watch.signal(libc::SIGKILL);
        watch.finish();
        watch = cx.start("run --watch --set watch.poll=100ms");
    }
    wait_for(|| samples(&cx) == expected.samples.len() as i64);
    watch.signal(libc::SIGTERM);
    watch.finish();
    cx.run("run");
    expected.assert_in(&cx.database());
}

/// A run that somebody asks for gets its turn, and the watch goes on after it.
#[test]
fn a_run_comes_in_between() {
    let cx = TestContext::new();
    let watch = watching(&cx);
    make_named(
        &cx.path("in"),
        "late",
        5,
        Size {
            files: 2,
            lines: 400,
            bad_every: 100,
        },
    );
    let ran = cx.run("run");
    assert!(matches!(ran.code(), Some(0 | 3)), "{ran}");
    let before = samples(&cx);
    assert!(before > 1);
    cx.append("in/metrics.jsonl", line(1));
    wait_for(|| samples(&cx) == before + 1);
    watch.signal(libc::SIGTERM);
    watch.finish();
}

#[test]
fn status_shows_it_live() {
    let cx = TestContext::new();
    let watch = watching(&cx);
    let status = cx.start("status --watch --json");
    std::thread::sleep(Duration::from_secs(3));
    status.signal(libc::SIGINT);
    let ran = status.finish();
    assert_eq!(ran.code(), Some(0), "{ran}");
    let looks: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(looks.len() >= 2, "{ran}");
    let now = |look: &serde_json::Value| look["sources"][0]["now"].clone();
    assert_eq!(now(&looks[looks.len() - 1]), "watched", "{ran}");
    watch.signal(libc::SIGTERM);
    watch.finish();
}

#[test]
fn sources_that_are_never_due_are_no_reason_to_wait() {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "[source.memory-jsonl]\npath = [\"in\"]\nschedule = \"manual\"\n",
    );
    let ran = cx.run("run --watch");
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(
        ran.stderr
            .contains("no source is to be watched or read at any time"),
        "{ran}"
    );
}
