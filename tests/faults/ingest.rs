//! Faults while single files are taken in: each is stored whole, with its file and its tags, or said to have failed;
//! and the same command again completes it.

use std::path::Path;
use std::process::Command;

use crate::campaign::{Scene, from_then_on, once};
use crate::media::{is_same, place, stored};
use crate::nth::program;
use crate::shim::Class;

/// Takes in recordings by name, with tags.
fn command(place: &Path) -> Command {
    let mut command = program(place);
    command.args(["ingest", "--tags", "by hand,it's"]);
    let names = [
        "in/20260110_120000_audio.wav",
        "in/other/20260110_120000_audio.wav",
        "in/voice.m4a",
    ];
    command.args(names);
    command
}

#[test]
fn killed_or_failing_at_every_change() {
    let cx = place();
    let undisturbed = place();
    let ran = command(undisturbed.root()).output().expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
    let expected = stored(undisturbed.root());
    assert_eq!(expected.matches("row audio ").count(), 3);
    let scene = Scene {
        before: cx.root(),
        command: &command,
        stored: &|place| is_same(&stored(place), &expected),
    };
    scene.campaign(once(Class::Change, "kill"));
    scene.campaign(once(Class::Write, "EIO"));
    scene.campaign(from_then_on(Class::Write, "ENOSPC"));
}
