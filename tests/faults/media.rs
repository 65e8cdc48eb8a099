//! Each call that changes a file fails in turn, and the process is killed at each, while recordings are kept. There is
//! never a row without its file, nor a file without its row, nor half a file under a final name.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::Path;

use datalake_core::registry;
use datalake_testkit::{Detail, Random, deep, digest, sound};
use rusqlite::Connection;

use crate::campaign::{Fault, Scene, Tally, from_then_on, once};
use crate::nth::command;
use crate::shim::Class;
use crate::support::context::TestContext;

/// Recordings of a few kilobytes: two of one content, two of one name, and one that is no sound. Each tells its time, as
/// copies of them get other ones.
const RECORDINGS: [(&str, &str); 5] = [
    ("s16.wav", "20260110_120000_audio.wav"),
    ("s16.wav", "20260111_120000_copy.wav"),
    ("stereo.wav", "other/20260110_120000_audio.wav"),
    ("voice.m4a", "voice.m4a"),
    ("text.wav", "20260110_130000_text.wav"),
];

pub(crate) fn place() -> TestContext {
    let cx = TestContext::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/audio/fixtures");
    for (fixture, name) in RECORDINGS {
        let bytes = fs::read(fixtures.join(fixture)).expect("a fixture of the plugin");
        cx.write(&format!("in/{name}"), bytes);
    }
    cx.write(
        "datalake.toml",
        "[source.audio]\npath = [\"in\"]\nsettle = \"0s\"\n",
    );
    cx
}

/// All that is stored at a place, which must be sound.
pub(crate) fn stored(place: &Path) -> String {
    let db = Connection::open(place.join("datalake.db")).expect("it is there");
    let datasets = registry::datasets().expect("they go together");
    let data = place.join("data");
    sound(&db, &data, &datasets).expect("it is sound");
    digest(&db, &datasets, Detail::CONTENT).expect("it can be read")
}

/// Fails with the first line that differs.
pub(crate) fn is_same(one: &str, other: &str) {
    let differs = one
        .lines()
        .zip(other.lines())
        .find(|(one, other)| one != other);
    assert_eq!(differs, None);
    assert_eq!(one.len(), other.len());
}

fn each(faults: &[Fault]) {
    let cx = place();
    let undisturbed = place();
    undisturbed.run("run").expect(0);
    let expected = stored(undisturbed.root());
    assert_eq!(expected.matches("row audio ").count(), 4);
    assert_eq!(expected.matches("file blake3=").count(), 4);
    let scene = Scene {
        before: cx.root(),
        command: &command,
        stored: &|place| is_same(&stored(place), &expected),
    };
    for fault in faults {
        scene.campaign(*fault);
    }
}

#[test]
fn killed_at_every_change() {
    each(&[once(Class::Change, "kill"), once(Class::Write, "torn")]);
}

#[test]
fn writes() {
    each(&[
        once(Class::Write, "EIO"),
        from_then_on(Class::Write, "ENOSPC"),
        once(Class::Write, "short"),
    ]);
}

#[test]
fn syncs_names_and_folders() {
    each(&[
        once(Class::Fsync, "EIO"),
        once(Class::Open, "EMFILE"),
        once(Class::Unlink, "EIO"),
        from_then_on(Class::Mkdir, "ENOSPC"),
    ]);
}

/// Recordings that differ in their name and their last byte.
fn many() -> TestContext {
    let cx = TestContext::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/audio/fixtures/s16.wav");
    let mut recording = fs::read(fixture).expect("a fixture of the plugin");
    for number in 0..24_u8 {
        *recording.last_mut().expect("it has some") = number;
        let name = format!("in/202601{:02}_120000_audio.wav", number + 1);
        cx.write(&name, &recording);
    }
    cx.write(
        "datalake.toml",
        "[source.audio]\npath = [\"in\"]\nsettle = \"0s\"\n",
    );
    cx
}

/// Files that are read side by side, and whose batches are written together.
#[test]
fn many_at_once() {
    let (cx, undisturbed) = (many(), many());
    let side_by_side = |place: &Path| {
        let mut command = command(place);
        command.env("DATALAKE_RUN_THREADS", "4");
        command
    };
    undisturbed.run("run").expect(0);
    let expected = stored(undisturbed.root());
    assert_eq!(expected.matches("row audio ").count(), 24);
    let scene = Scene {
        before: cx.root(),
        command: &side_by_side,
        stored: &|place| is_same(&stored(place), &expected),
    };
    let rounds = if deep() { 300 } else { 10 };
    for fault in [
        once(Class::Change, "kill"),
        once(Class::Write, "torn"),
        once(Class::Write, "EIO"),
        from_then_on(Class::Write, "ENOSPC"),
        once(Class::Fsync, "EIO"),
    ] {
        by_chance(&scene, fault, rounds);
    }
}

/// Lets calls by chance fail, in runs whose calls come in another order each time.
fn by_chance(scene: &Scene<'_>, fault: Fault, rounds: u64) {
    let (calls, left) = scene.without_faults(fault.class);
    let mut tally = Tally::default();
    for seed in 0..rounds {
        let number = 1 + Random(seed).below(calls);
        scene.round(fault, number, &left, &mut tally);
    }
    assert!(2 * tally.hit > tally.runs, "{fault:?}: {tally:?}");
}

#[test]
fn disks_of_any_size() {
    let cx = place();
    let undisturbed = place();
    undisturbed.run("run").expect(0);
    let expected = stored(undisturbed.root());
    let scene = Scene {
        before: cx.root(),
        command: &command,
        stored: &|place| is_same(&stored(place), &expected),
    };
    scene.full_disks(if deep() { 200 } else { 8 });
}
