//! Full disks: a plain message, a status that is not 0, and nothing lost: once there is room, a run completes.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::context::TestContext;
use crate::support::input::{Expected, Size, make};
use crate::support::output::Ran;

const SIZE: Size = Size {
    files: 6,
    lines: 24_000,
    bad_every: 600,
};

/// A file system of a limited size, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, where this user may: root as a rule.
    fn mount(path: &Path, kib: u64) -> Option<Self> {
        std::fs::create_dir(path).expect("it is new");
        let size = format!("size={kib}k");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(path)
            .output();
        mount
            .is_ok_and(|done| done.status.success())
            .then(|| Self(path.to_owned()))
    }

    fn enlarge(&self) {
        let done = Command::new("mount")
            .args(["-o", "remount,size=200m"])
            .arg(&self.0)
            .status();
        assert!(done.is_ok_and(|done| done.success()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("--lazy").arg(&self.0).status();
        if !std::thread::panicking() {
            assert!(done.is_ok_and(|done| done.success()));
        }
    }
}

#[track_caller]
fn failed_for_want_of_room(ran: &Ran) {
    assert_eq!(ran.code(), Some(1), "{ran}");
    let said = ran.text();
    assert!(
        said.contains("the disk is full") || said.contains("no space left on device"),
        "{ran}"
    );
    assert!(ran.stderr.contains("hint: "), "{ran}");
    assert!(
        !said.contains("panic") && !said.contains("os error"),
        "{ran}"
    );
}

/// Whatever is there is part of what there will be.
#[track_caller]
fn right_as_far_as_it_goes(cx: &TestContext, database: &Path, expected: &Expected) {
    if !database.exists() {
        return;
    }
    let found = Expected::found(&rusqlite::Connection::open(database).expect("it is a database"));
    assert!(
        found.samples.len() < expected.samples.len(),
        "{:?}",
        cx.root()
    );
    assert!(
        found
            .samples
            .iter()
            .all(|sample| expected.samples.binary_search(sample).is_ok())
    );
}

/// On a real disk, which the shim only plays in `nth`.
#[test]
fn full_disk() {
    let cx = TestContext::new()
        .with("DB_FILE", "disk/datalake.db")
        .with("DATA_DIR", "disk/data");
    let expected = make(&cx.path("in"), 700, SIZE);
    let Some(disk) = SmallDisk::mount(&cx.path("disk"), 700) else {
        // Said, and covered: `full_database` and the shim run everywhere.
        println!("this user may not mount a small disk");
        return;
    };
    failed_for_want_of_room(&cx.run("run"));
    right_as_far_as_it_goes(&cx, &cx.path("disk/datalake.db"), &expected);
    // As long as it is full it stays so, and makes nothing worse.
    failed_for_want_of_room(&cx.run("run"));
    disk.enlarge();
    cx.run("run").expect(3);
    let database = rusqlite::Connection::open(cx.path("disk/datalake.db")).expect("it is there");
    expected.assert_in(&database);
}

/// The database has reached the size that the configuration allows it.
#[test]
fn full_database() {
    for kib in [1, 400, 700, 1_000] {
        let mut cx = TestContext::new();
        cx.set("DATALAKE_STORE_MAX_SIZE", format!("{kib} KiB"));
        let expected = make(&cx.path("in"), kib, SIZE);
        let ran = cx.run("run");
        failed_for_want_of_room(&ran);
        assert!(ran.text().contains("[store] max_size"), "{ran}");
        right_as_far_as_it_goes(&cx, &cx.path("datalake.db"), &expected);
        cx.set("DATALAKE_STORE_MAX_SIZE", "1 GiB");
        cx.run("run").expect(3);
        expected.assert_in(&cx.database());
        assert_eq!(
            cx.column::<String>("SELECT outcome FROM runs ORDER BY id DESC LIMIT 1"),
            ["rejects"]
        );
    }
}

/// The logs have no room: that is said, and the data is read all the same.
#[test]
fn full_disk_for_logs() {
    let cx = TestContext::with_input()
        .with("LOG_DIR", "disk/logs")
        .with("DATALAKE_LOG_LEVEL", "trace");
    let Some(_disk) = SmallDisk::mount(&cx.path("disk"), 8) else {
        println!("this user may not mount a small disk");
        return;
    };
    cx.write("disk/filler", [0; 4096]);
    cx.run("run --verbose").expect(0);
    assert_eq!(cx.counts(), (7, 4, 0));
}
