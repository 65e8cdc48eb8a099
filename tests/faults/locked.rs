//! Another program writes to the database for longer than any timeout while data is read.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::stop::{wait_for, wait_for_log};
use crate::support::context::TestContext;
use crate::support::input::{Size, make};
use crate::support::system::Running;

const HELD: Duration = Duration::from_secs(12);

/// The seed dropped the rows that met the lock, and ended with 0.
#[test]
fn for_12_seconds() {
    let cx = TestContext::new();
    let expected = make(
        &cx.path("in"),
        11,
        Size {
            files: 6,
            lines: 30_000,
            bad_every: 600,
        },
    );
    let running = cx.start("run");
    wait_for_log(&cx, 100_000);
    let other = lock_between_batches(&cx, &running);
    let rows = |cx: &TestContext| cx.value::<i64>("SELECT count(*) FROM memory_samples");
    let (begun, before) = (Instant::now(), rows(&cx));
    assert!(
        before < expected.samples.len() as i64,
        "it has not ended yet"
    );
    std::thread::sleep(HELD);
    assert_eq!(rows(&cx), before, "it waits");
    other.execute_batch("COMMIT").expect("it is open");
    drop(other);
    let ran = running.finish();
    assert!(begun.elapsed() >= HELD);
    assert_eq!(ran.code(), Some(3), "{ran}");
    assert!(!ran.text().contains("lock"), "{ran}");
    expected.assert_in(&cx.database());
}

/// A connection that has taken the write lock in the middle of a run. The run stands still while the lock is
/// asked for: otherwise it may be done before its turn comes on a busy machine.
fn lock_between_batches(cx: &TestContext, running: &Running) -> Connection {
    let other = Connection::open(cx.path("datalake.db")).expect("it is there");
    other.busy_timeout(Duration::ZERO).expect("it takes any");
    wait_for(|| {
        running.signal(libc::SIGSTOP);
        let taken = other.execute_batch("BEGIN IMMEDIATE").is_ok();
        running.signal(libc::SIGCONT);
        taken
    });
    other
}

/// Programs that write a little all the time never stop it.
#[test]
fn again_and_again() {
    let cx = TestContext::new();
    let expected = make(
        &cx.path("in"),
        12,
        Size {
            files: 6,
            lines: 30_000,
            bad_every: 600,
        },
    );
    let running = cx.start("run");
    wait_for_log(&cx, 0);
    let other = Connection::open(cx.path("datalake.db")).expect("it is there");
    other
        .busy_timeout(Duration::from_secs(20))
        .expect("it takes any");
    for number in 0..20 {
        other
            .execute_batch("BEGIN IMMEDIATE")
            .expect("its turn comes");
        std::thread::sleep(Duration::from_millis(20));
        let sql = "INSERT INTO sync_log (source_device, target_device, sync_type, started_at) VALUES ('a', 'b', ?1, '')";
        other
            .execute(sql, [number.to_string()])
            .expect("it has the lock");
        other.execute_batch("COMMIT").expect("it has the lock");
    }
    drop(other);
    let ran = running.finish();
    assert_eq!(ran.code(), Some(3), "{ran}");
    assert_eq!(cx.value::<i64>("SELECT count(*) FROM sync_log"), 20);
    expected.assert_in(&cx.database());
}
