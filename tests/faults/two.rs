//! Two processes at once: every row once, and nobody hears of locks.

use std::fs;
use std::path::Path;

use crate::support::context::TestContext;
use crate::support::input::{Size, make, make_named};

const ROUNDS: u64 = 3;
const SIZE: Size = Size {
    files: 6,
    lines: 30_000,
    bad_every: 600,
};

/// Both begin with no database at all, so that they meet while it is made, too.
#[test]
fn the_same_source() {
    let mut waited = 0;
    for seed in 0..ROUNDS {
        let cx = TestContext::new();
        let expected = make(&cx.path("in"), seed, SIZE);
        let both = [cx.start("run"), cx.start("run")];
        let mut read = 0;
        for ran in both.map(|running| running.finish()) {
            assert!(matches!(ran.code(), Some(0 | 3)), "{ran}");
            assert!(!ran.text().to_lowercase().contains("lock"), "{ran}");
            let waits = ran.stderr.contains("memory-jsonl: waiting for process");
            waited += u32::from(waits);
            read += u32::from(!ran.stdout.contains("nothing new"));
        }
        assert_eq!(read, 1, "one reads, the other finds nothing new");
        expected.assert_in(&cx.database());
        assert_eq!(
            cx.column::<i64>("SELECT rejected FROM runs WHERE records > 0"),
            [expected.rejects.len() as i64]
        );
    }
    assert!(waited > 0, "the second was told whom it waits for");
}

/// The second one is told at once, and reads what has come meanwhile.
#[test]
fn the_second_reads_what_the_first_could_not_see() {
    let cx = TestContext::new();
    make(&cx.path("in"), 9, SIZE);
    let first = cx.start("run");
    super::stop::wait_for(|| {
        cx.path("datalake.db-wal")
            .metadata()
            .is_ok_and(|log| log.len() > 100_000)
    });
    cx.write(
        "in/metrics-late.jsonl",
        "{\"timestamp\": 1, \"pid\": 424242}\n",
    );
    let second = cx.start("run");
    first.finish().expect(3);
    let second = second.finish();
    assert_eq!(second.code(), Some(0), "{second}");
    assert_eq!(
        cx.value::<i64>("SELECT count(*) FROM memory_metrics WHERE pid = 424242"),
        1
    );
}

#[test]
fn different_sources_into_one_database() {
    for seed in 0..ROUNDS {
        let cx = TestContext::new();
        let one = make_named(&cx.path("one"), "a", 100 + seed, SIZE);
        let two = make_named(&cx.path("two"), "b", 200 + seed, SIZE);
        let source =
            |name: &str| format!("[source.{name}]\ntype = \"memory-jsonl\"\npath = \"{name}\"\n");
        cx.write("datalake.toml", source("one") + &source("two"));
        let both = ["one", "two"].map(|name| cx.start(&format!("run --source {name}")));
        for ran in both.map(|running| running.finish()) {
            assert_eq!(ran.code(), Some(3), "{ran}");
            assert!(!ran.text().to_lowercase().contains("lock"), "{ran}");
        }
        one.and(two).assert_in(&cx.database());
    }
}

/// A process that holds a lock is killed: the lock goes with it, and no file has to be removed by hand.
#[test]
fn the_lock_of_a_killed_process() {
    let cx = TestContext::new();
    let expected = make(&cx.path("in"), 5, SIZE);
    let first = cx.start("run");
    super::stop::wait_for(|| {
        cx.path("datalake.db-wal")
            .metadata()
            .is_ok_and(|log| log.len() > 100_000)
    });
    let second = cx.start("run");
    std::thread::sleep(std::time::Duration::from_millis(100));
    first.signal(libc::SIGKILL);
    first.finish();
    let second = second.finish();
    assert_eq!(second.code(), Some(3), "{second}");
    expected.assert_in(&cx.database());
    assert!(locks(cx.root()) > 0, "the lock files stay and mean nothing");
    cx.run("run").expect(0);
}

fn locks(root: &Path) -> usize {
    fs::read_dir(root.join("datalake.db.locks")).map_or(0, Iterator::count)
}
