//! The plugin of the README against the rules that every plugin keeps.

#[path = "../examples/notes.rs"]
#[expect(
    dead_code,
    reason = "of the example only the plugin is wanted here, not its `main`"
)]
mod notes;

use std::fs;
use std::sync::Arc;

use datalake_testkit::{CHECKS, ChildCommand, Effort, Failure, Kit, child_test};

const ODD: &str = "{\"at\": \"2026-01-10T06:30:00Z\", \"body\": \"Before the bad ones.\"}\n\
    {\"at\": \"soon\", \"body\": \"No time.\"}\nno JSON\n{\"body\": \"No time at all.\"}\n\
    {\"at\": \"2026-01-10T06:30:00Z\", \"body\": \"Of the same time.\"}\n";

/// It has hardly any code of its own: the line adapter is proved elsewhere, at length.
const EFFORT: Effort = Effort {
    cuts: 16,
    flips: 8,
    appended: 100,
    ..Effort::QUICK
};

#[test]
fn the_plugin_of_the_readme_keeps_every_rule() {
    let folder = tempfile::tempdir().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/notes.jsonl");
    fs::copy(example, folder.path().join("notes.jsonl")).unwrap();
    fs::write(folder.path().join("odd.jsonl"), ODD).unwrap();
    let kit = Kit::of("notes").unwrap().inputs_in(folder.path()).unwrap();
    let child = ChildCommand::of_test("kit_child").unwrap();
    let kit = Arc::new(kit.effort(EFFORT).child(child));
    let reports: Vec<_> = CHECKS.iter().map(|check| check.run(&kit)).collect();
    let of = |outcome: &str| {
        reports
            .iter()
            .filter(|report| report.outcome() == outcome)
            .count()
    };
    let failed: Vec<String> = reports
        .iter()
        .filter(|report| report.result.is_err())
        .map(ToString::to_string)
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // It has no secrets, no golden file, and no README of its own.
    assert_eq!(of("not applicable"), 3);
}

/// Does one reading in a process of its own, for the checks that kill it; nothing otherwise.
#[test]
fn kit_child() -> Result<(), Failure> {
    child_test()
}
