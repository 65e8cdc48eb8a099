//! Each call that changes a file fails in turn, while memory logs are read into a new database and into one
//! that is there.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::campaign::{Fault, Scene, Tally, from_then_on, once};
use crate::shim::Class;
use crate::support::context::TestContext;
use crate::support::database::column;
use crate::support::input::{Expected, Size, make, make_named};
use datalake_testkit::deep;

const SIZE: Size = Size {
    files: 3,
    lines: 90,
    bad_every: 10,
};

pub(super) fn command(place: &Path) -> Command {
    let mut command = program(place);
    command.arg("run");
    command
}

/// The program at a place.
pub(super) fn program(place: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datalake"));
    command.current_dir(place).env_clear();
    command.env("HOME", place).env("TZ", "UTC");
    command.env("DATALAKE_DEVICE", "laptop");
    // One after the other, so that the calls come in the same order each time.
    command.env("DATALAKE_RUN_THREADS", "1");
    command
}

/// A place, and what it must come to.
pub(super) type State = (TestContext, Expected);

/// Input and no database.
pub(super) fn fresh() -> State {
    let cx = TestContext::new();
    let expected = make(&cx.path("in"), 21, SIZE);
    (cx, expected)
}

/// A database, and new input: more lines at the end of a file, and more files.
pub(super) fn second() -> State {
    let (cx, mut first) = fresh();
    cx.run("run").expect(3);
    let more = "{\"timestamp\": 1, \"pid\": 5, \"rss_bytes\": 7}\n";
    cx.append("in/metrics-00.jsonl", more);
    first.samples.push((1, 5, 7));
    let more = make_named(&cx.path("in"), "more", 22, SIZE);
    (cx, first.and(more))
}

/// Runs in a place that is in such a state.
pub(super) fn with_scene<T>(
    (cx, expected): &State,
    command: &dyn Fn(&Path) -> Command,
    work: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    let stored = |place: &Path| {
        let database = Connection::open(place.join("datalake.db")).expect("it is there");
        expected.assert_in(&database);
        // A database that was made while something failed must not go without it for good.
        assert_eq!(column::<String>(&database, "PRAGMA journal_mode"), ["wal"]);
    };
    work(&Scene {
        before: cx.root(),
        command,
        stored: &stored,
    })
}

/// With a new database, and with one that is there.
fn both(faults: &[Fault]) -> Vec<Tally> {
    let mut tallies = each(&fresh(), faults);
    tallies.extend(each(&second(), faults));
    tallies
}

fn each(state: &State, faults: &[Fault]) -> Vec<Tally> {
    with_scene(state, &command, |scene| {
        faults.iter().map(|fault| scene.campaign(*fault)).collect()
    })
}

#[test]
fn writes() {
    both(&[once(Class::Write, "EIO"), from_then_on(Class::Write, "EIO")]);
}

#[test]
fn writes_to_a_full_disk() {
    both(&[
        once(Class::Write, "ENOSPC"),
        from_then_on(Class::Write, "ENOSPC"),
    ]);
}

#[test]
fn short_writes() {
    both(&[once(Class::Write, "short")]);
}

#[test]
fn syncs() {
    both(&[once(Class::Fsync, "EIO")]);
    for tally in both(&[from_then_on(Class::Fsync, "EIO")]) {
        // A run ends well only without the last two: those of the checkpoint at the end, of which the log still
        // has all pages.
        assert!(tally.fine <= 2, "{tally:?}");
    }
}

/// The new database gets its name by one; there are no others here.
#[test]
fn renames() {
    each(
        &fresh(),
        &[once(Class::Rename, "EIO"), once(Class::Rename, "kill")],
    );
}

#[test]
fn opening() {
    both(&[
        once(Class::Open, "EMFILE"),
        from_then_on(Class::Open, "EMFILE"),
    ]);
}

#[test]
fn removing() {
    both(&[
        once(Class::Unlink, "EIO"),
        from_then_on(Class::Unlink, "EIO"),
    ]);
}

#[test]
fn making_folders() {
    both(&[
        once(Class::Mkdir, "ENOSPC"),
        from_then_on(Class::Mkdir, "ENOSPC"),
    ]);
}

#[test]
fn killed_at_every_change() {
    both(&[once(Class::Change, "kill"), once(Class::Write, "torn")]);
}

#[test]
fn disks_of_any_size() {
    let rounds = if deep() { 50 } else { 10 };
    for state in [fresh(), second()] {
        let tally = with_scene(&state, &command, |scene| scene.full_disks(rounds));
        assert!(tally.hit - tally.fine >= rounds, "{tally:?}");
    }
}
