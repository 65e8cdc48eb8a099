//! `kill -9` in the middle of a replay or of forgetting: the same command again completes it.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fs;
use std::time::{Duration, Instant};

use datalake_testkit::{Random, deep};
use rusqlite::Connection;

use super::stop::wait_for;
use crate::support::context::TestContext;
use crate::support::database::assert_sound;
use crate::support::system::alone;

const ROUNDS: u64 = 6;
const DEEP_ROUNDS: u64 = 100;
const FILES: u64 = 20;
const LINES: u64 = 600;
/// One bad line after so many.
const BAD_EVERY: u64 = 20;

/// Logs in which the bad lines are good or are not.
fn write(cx: &TestContext, mended: bool) {
    for file in 0..FILES {
        let line = |number| {
            let time = 1_700_000_000 + file * LINES + number;
            let ending = if number % BAD_EVERY != 0 || mended {
                "}"
            } else {
                ""
            };
            format!("{{\"timestamp\": {time}, \"pid\": {file}{ending}\n")
        };
        let text: String = (0..LINES).map(line).collect();
        cx.write(&format!("in/metrics-{file}.jsonl"), text);
    }
}

/// A lake with rejects, as its files: making it anew for each round would take longer than the round.
fn lake() -> TestContext {
    let cx = TestContext::new();
    write(&cx, false);
    cx.run("run").expect(3);
    assert_eq!(
        count(&cx.database(), "rejects"),
        (FILES * LINES / BAD_EVERY) as i64
    );
    cx
}

fn copy(of: &TestContext) -> TestContext {
    let cx = TestContext::new();
    fs::copy(of.path("datalake.db"), cx.path("datalake.db")).expect("it is there");
    cx
}

fn count(database: &Connection, of: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {of}");
    database
        .query_row(&sql, [], |row| row.get(0))
        .expect("it is there")
}

/// Runs a line in rounds that kill it one to three times before it may end. Returns how many kills hit it.
fn rounds(line: &str, prepare: impl Fn() -> TestContext, check: impl Fn(&TestContext, u64)) -> u64 {
    let whole = prepare();
    let begun = Instant::now();
    whole.run(line).expect(0);
    let took = begun.elapsed();
    check(&whole, 0);
    let mut kills = 0;
    for seed in 1..=if deep() { DEEP_ROUNDS } else { ROUNDS } {
        let mut random = Random(seed);
        let cx = prepare();
        for _ in 0..=random.below(3) {
            let running = cx.start(line);
            std::thread::sleep(Duration::from_micros(random.below(took.as_micros() as u64)));
            running.signal(libc::SIGKILL);
            let ran = running.finish();
            let killed = ran.signal() == Some(libc::SIGKILL);
            assert!(killed || ran.code() == Some(0), "round {seed}: {ran}");
            kills += u64::from(killed);
        }
        cx.run(line).expect(0);
        check(&cx, seed);
    }
    kills
}

#[test]
fn a_killed_replay_is_completed_by_another() {
    let _alone = alone();
    let lake = lake();
    let prepare = || {
        let cx = copy(&lake);
        write(&cx, true);
        cx
    };
    let kills = rounds("rejects replay", prepare, |cx, seed| {
        // A kill just before the end leaves nothing to be replayed; the next run notes that there was one.
        cx.run("run").expect(0);
        let database = cx.database();
        assert_sound(&database);
        assert_eq!(
            count(&database, "memory_samples"),
            (FILES * LINES) as i64,
            "round {seed}"
        );
        assert_eq!(
            count(&database, "rejects WHERE status != 'replayed'"),
            0,
            "round {seed}"
        );
        assert_eq!(
            count(&database, "runs WHERE outcome = 'running'"),
            0,
            "round {seed}"
        );
    });
    assert!(kills > 0, "no kill hit it");
}

/// The kill falls where some files have been read again and their rejects are not settled: what is known of these
/// files by then must not keep them from being read once more.
#[test]
fn killed_between_two_files() {
    let lake = lake();
    // On a busy machine a kill may come too late.
    assert!((0..10).any(|_| hit_between_two_files(&lake)));
}

/// Whether the kill came in time.
fn hit_between_two_files(lake: &TestContext) -> bool {
    let cx = copy(lake).with("DATALAKE_RUN_THREADS", "1");
    write(&cx, true);
    let database = cx.database();
    let samples = || count(&database, "memory_samples");
    let before = samples();
    let running = cx.start("rejects replay");
    wait_for(|| samples() > before);
    running.signal(libc::SIGKILL);
    running.finish();
    let open = count(&database, "rejects WHERE status = 'open'");
    let hit = samples() < (FILES * LINES) as i64 && open > 0;
    cx.run("rejects replay").expect(0);
    assert_eq!(samples(), (FILES * LINES) as i64);
    assert_eq!(count(&database, "rejects WHERE status != 'replayed'"), 0);
    hit
}

#[test]
fn a_killed_forgetting_is_completed_by_another() {
    let _alone = alone();
    let lake = lake();
    let kills = rounds(
        "forget memory-jsonl --yes",
        || copy(&lake),
        |cx, seed| {
            let database = cx.database();
            assert_sound(&database);
            for table in [
                "memory_samples",
                "rejects",
                "checkpoints",
                "origins",
                "runs",
            ] {
                assert_eq!(count(&database, table), 0, "round {seed}: {table}");
            }
        },
    );
    assert!(kills > 0, "no kill hit it");
}
