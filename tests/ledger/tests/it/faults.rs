//! Each call that changes a file fails in turn while ledgers with files are read: what is staged, placed, taken
//! back and swept.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use datalake_ledger::ops::{Entry, File};
use datalake_ledger::{DATASETS, Op, SCHEMA};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::campaign::{Fault, Scene, Tally, copy_below, from_then_on, once};
use crate::power::lose_power;
use crate::shim::Class;
use crate::support::Home;
use datalake_testkit::deep;

/// A folder with a configuration and a ledger whose entries have files: some alike, one twice under one name.
fn fresh() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = "[store]\ndb_file = \"lake.db\"\ndata_dir = \"data\"\n[source.ledger]\npath = \"in\"\ncommit_every = 4\n";
    fs::write(folder.path().join("datalake.toml"), config).unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/a.ledger"), lines(0..8)).unwrap();
    folder
}

/// That after a run, with more of it.
fn second() -> TempDir {
    let folder = fresh();
    let ran = command(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    fs::write(folder.path().join("in/b.ledger"), lines(5..13)).unwrap();
    folder
}

fn lines(numbers: std::ops::Range<u64>) -> String {
    let line = |number: u64| {
        let file = File {
            name: format!("name-{}.txt", number % 5),
            text: Some(format!("the text of {}", number / 2)),
            ..File::default()
        };
        let entry = Op::Entry(Box::new(Entry {
            entry: Some(format!("e{number}")),
            label: Some(String::from("red")),
            file: Some(file),
            ..Entry::default()
        }));
        serde_json::to_string(&entry).unwrap() + "\n"
    };
    numbers.map(line).collect()
}

fn command(place: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datalake-ledger"));
    command.arg("run").current_dir(place).env_clear();
    command.env("HOME", place).env("TZ", "UTC");
    command.env("DATALAKE_DEVICE", "desk");
    command.env("DATALAKE_RUN_THREADS", "1");
    command
}

/// What a store in `place` holds, checked on the way; in a copy, as looking may change it.
fn checked(place: &Path) -> String {
    let home = Home::with(&DATASETS, SCHEMA);
    copy_below(place, home.folder.path());
    home.check();
    home.digest()
}

/// With a new database, and with one that is there.
fn both(faults: &[Fault]) -> Vec<Tally> {
    let mut tallies = each(&fresh(), faults);
    tallies.extend(each(&second(), faults));
    tallies
}

fn each(before: &TempDir, faults: &[Fault]) -> Vec<Tally> {
    with_scene(before, |scene| {
        faults.iter().map(|fault| scene.campaign(*fault)).collect()
    })
}

/// Runs in a place that is in such a state.
fn with_scene<T>(before: &TempDir, work: impl FnOnce(&Scene<'_>) -> T) -> T {
    let expected = whole(before);
    let stored = |place: &Path| assert!(checked(place) == expected, "other rows than expected");
    work(&Scene {
        before: before.path(),
        command: &command,
        stored: &stored,
    })
}

/// What is stored when nothing goes wrong.
fn whole(before: &TempDir) -> String {
    let place = tempfile::tempdir().unwrap();
    copy_below(before.path(), place.path());
    let ran = command(place.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    checked(place.path())
}

#[test]
fn writes() {
    both(&[
        once(Class::Write, "EIO"),
        from_then_on(Class::Write, "ENOSPC"),
        once(Class::Write, "short"),
    ]);
}

#[test]
fn syncs() {
    both(&[once(Class::Fsync, "EIO")]);
    for tally in both(&[from_then_on(Class::Fsync, "EIO")]) {
        // But for the checkpoint at the end: the log still has all of its pages.
        assert!(tally.fine <= 2, "{tally:?}");
    }
}

#[test]
fn renames() {
    both(&[
        once(Class::Rename, "EIO"),
        from_then_on(Class::Rename, "EIO"),
    ]);
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

/// The sync of a commit fails, which leaves the commit in the log, and nothing overwrites it: after the next
/// start its rows are there, and so must be their files.
#[test]
fn syncs_of_commits_that_last() {
    both(&[
        once(Class::Fsync, "EIO>write:1:kill"),
        from_then_on(Class::Fsync, "EIO>write:1+:EIO"),
    ]);
}

/// Names that cannot be taken back at once are taken back by the next start.
#[test]
fn names_that_cannot_be_taken_back() {
    both(&[
        once(Class::Fsync, "EIO>unlink:1:EIO"),
        once(Class::Fsync, "EIO>unlink:1+:EIO"),
    ]);
}

#[test]
fn disks_of_any_size() {
    let rounds = if deep() { 50 } else { 10 };
    for before in [fresh(), second()] {
        let tally = with_scene(&before, |scene| scene.full_disks(rounds));
        assert!(tally.hit - tally.fine >= rounds, "{tally:?}");
    }
}

/// The power goes: every row that was acknowledged is there, and so is its file.
#[test]
fn loss_of_power() {
    let images = if deep() { 100 } else { 10 };
    for before in [fresh(), second()] {
        let lose = |scene: &Scene<'_>| lose_power(scene, "lake.db", &entries, images);
        let tally = with_scene(&before, lose);
        println!("{tally:?}");
        assert_eq!(tally.lost, 0, "{tally:?}");
        assert!(tally.unsynced > images / 2, "{tally:?}");
    }
}

/// The entries of a database, each with the file it must have.
fn entries(place: &Path) -> BTreeSet<String> {
    let database = Connection::open(place.join("lake.db")).unwrap();
    let sql = "SELECT entry, file_path FROM ledger_entries";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let (entry, file): (String, String) = (row.get(0)?, row.get(1)?);
        assert!(
            place.join("data").join(&file).exists(),
            "{entry} without {file}"
        );
        Ok(entry)
    });
    rows.unwrap().map(Result::unwrap).collect()
}
