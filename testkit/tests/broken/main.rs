//! Plugins broken on purpose: each fails by the checks that its mistake is about, and by no other. Without them
//! the kit would prove nothing.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod content;
mod cursors;
mod manners;
mod model;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use datalake_testkit::{CHECKS, Check, ChildCommand, Effort, Failure, Kit, Report, child_test};

/// Less than for a plugin that is to be proved: here the kit is.
const EFFORT: Effort = Effort {
    kills: 2,
    cuts: 8,
    flips: 8,
    appended: 120,
    ..Effort::QUICK
};

fn kit(plugin: &str) -> Kit {
    let child = ChildCommand::of_test("kit_child").unwrap();
    Kit::of(plugin).unwrap().child(child).effort(EFFORT)
}

#[test]
fn kit_child() -> Result<(), Failure> {
    child_test()
}

/// Runs all checks but the one that kills: whether a kill hits the moment that hurts is a matter of luck.
fn failed(kit: Kit) -> Vec<Report> {
    let kit = Arc::new(kit);
    let checks = CHECKS.iter().filter(|check| check.name != "kill");
    let reports = checks.map(|check| check.run(&kit));
    reports.filter(|report| report.result.is_err()).collect()
}

/// Fails unless the plugin fails by just these checks. `words` stand in the report of the first.
#[track_caller]
fn fails_by(plugin: &str, checks: &[&str], words: &str) {
    let reports = failed(kit(plugin));
    let names: Vec<&str> = reports.iter().map(|report| report.check.name).collect();
    let told: Vec<String> = reports.iter().map(ToString::to_string).collect();
    let told = told.join("\n\n");
    assert_eq!(names, checks, "{told}");
    assert!(told.contains(words), "{told}");
}

#[test]
fn the_good_one_passes() {
    let kit = Arc::new(kit("good"));
    for check in CHECKS {
        let report = check.run(&kit);
        assert!(report.result.is_ok(), "{report}");
        let left_out = ["golden", "docs"].contains(&check.name);
        assert_eq!(report.outcome() == "not applicable", left_out, "{report}");
    }
}

#[test]
fn cursor_first() {
    fails_by("cursor-first", &["stop", "sink"], "killed after 1 of");
}

#[test]
fn halves_lines() {
    fails_by("halves-lines", &["append"], "half of it became a record");
}

#[test]
fn forgets_cursor() {
    fails_by(
        "forgets-cursor",
        &["append", "empty_run"],
        "the cursor is not used",
    );
}

#[test]
fn fat_cursor() {
    fails_by("fat-cursor", &["cursor"], "at most 4096 are allowed");
}

#[test]
fn any_version() {
    fails_by(
        "any-version",
        &["cursor"],
        "an older version of the cursor (1)",
    );
}

#[test]
fn by_name() {
    fails_by("by-name", &["files"], "truncated and written anew");
}

#[test]
fn loses_ties() {
    fails_by(
        "loses-ties",
        &["damage", "files", "ties"],
        "records are lost",
    );
}

#[test]
fn ignores_cancel() {
    fails_by("ignores-cancel", &["cancel"], "look at `cx.cancel`");
}

#[test]
fn key_is_a_counter() {
    // No two stores are ever the same with it.
    let all = [
        "rerun",
        "stop",
        "damage",
        "append",
        "files",
        "order",
        "batches",
        "surroundings",
        "source_name",
        "cancel",
        "cursor",
        "sink",
    ];
    fails_by(
        "key-is-a-counter",
        &all,
        "a run that reads everything again",
    );
}

#[test]
fn source_in_key() {
    fails_by("source-in-key", &["source_name"], "another name");
}

#[test]
fn root_in_key() {
    fails_by("root-in-key", &["surroundings"], "below the root \"other\"");
}

#[test]
fn local_zone() {
    fails_by("local-zone", &["surroundings"], "in a process with TZ=");
}

#[test]
fn counts_units() {
    fails_by("counts-units", &["files", "order"], "in another order");
}

#[test]
fn counts_batches() {
    // Whatever cuts a reading in two makes other batches.
    let all = ["stop", "append", "files", "order", "batches", "cancel"];
    fails_by("counts-batches", &all, "in batches of about");
}

#[test]
fn panics_on_utf8() {
    fails_by("panics-on-utf8", &["damage"], "panicked");
}

#[test]
fn hangs() {
    let effort = Effort {
        reading: Duration::from_secs(3),
        ..EFFORT
    };
    let report = Check::find("damage")
        .unwrap()
        .run(&Arc::new(kit("hangs").effort(effort)));
    assert!(
        report
            .to_string()
            .contains("with a line that is no text: the plugin hangs"),
        "{report}"
    );
}

#[test]
fn drops_silently() {
    fails_by("drops-silently", &["damage"], "dropped without a word");
}

#[test]
fn no_place() {
    fails_by("no-place", &["damage"], "does not say where");
}

#[test]
fn counts_twice() {
    fails_by(
        "counts-twice",
        &["telemetry"],
        "each needs a place of its own",
    );
}

#[test]
fn tells_its_secret() {
    fails_by(
        "tells-its-secret",
        &["secrets"],
        "the secret shows in the logs",
    );
}

#[test]
fn open_token() {
    fails_by("open-token", &["secrets"], "is not of the type `Secret`");
}

#[test]
fn undocumented() {
    fails_by(
        "undocumented",
        &["registry"],
        "the key `token` has no words",
    );
}

#[test]
fn knows_none() {
    fails_by(
        "knows-none",
        &["registry"],
        "recognises none of its own inputs",
    );
}

#[test]
fn looks_too_far() {
    fails_by("looks-too-far", &["registry"], "panicked");
}

#[test]
fn takes_anything() {
    fails_by("takes-anything", &["config"], "is taken for a good one");
}

/// A plugin that reads files as a whole and keeps them: other checks are about it.
#[test]
fn whole_files_pass() {
    let kit = Arc::new(kit("documents"));
    let mut left_out = Vec::new();
    for check in CHECKS {
        let report = check.run(&kit);
        assert!(report.result.is_ok(), "{report}");
        left_out.extend((report.outcome() == "not applicable").then_some(check.name));
    }
    assert_eq!(
        left_out,
        ["golden", "append", "cancel", "ties", "secrets", "docs"]
    );
}

/// A plugin that carries no inputs is given a folder; without one it is said that there are none.
#[test]
fn inputs_of_a_folder() {
    let rerun = Check::find("rerun").unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let given = kit("carries-nothing").inputs_in(folder.as_ref()).unwrap();
    assert_eq!(rerun.run(&Arc::new(given)).to_string(), "rerun: ok");
    let bare = Arc::new(kit("carries-nothing"));
    for check in CHECKS
        .iter()
        .filter(|check| !["registry", "config", "secrets"].contains(&check.name))
    {
        assert_eq!(
            check.run(&bare).outcome(),
            "not applicable",
            "{}",
            check.name
        );
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(kit("good").inputs_in(empty.path()).is_err());
    assert!(
        Kit::of("no-such-plugin")
            .unwrap_err()
            .to_string()
            .contains("use datalake_no_such_plugin as _;")
    );
}

/// A plugin in a folder with these pages.
fn with_pages(readme: &str, golden: &str) -> (Kit, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    std::fs::write(folder.path().join("README.md"), readme).unwrap();
    std::fs::write(folder.path().join("tests/golden.txt"), golden).unwrap();
    (kit("good").folder(folder.path()), folder)
}

#[test]
fn pages_that_are_not_of_today() {
    let check = |name: &str, kit: Kit| Check::find(name).unwrap().run(&Arc::new(kit)).to_string();
    let (kit, _folder) = with_pages("Reads `path` with a `token`.", "row words of yesterday\n");
    assert!(check("docs", kit).contains("does not name the dataset `words`"));
    let (kit, _folder) = with_pages(
        "Reads `path` with a `token` into `words`.",
        "row words of yesterday\n",
    );
    let said = check("golden", kit);
    assert!(said.contains("missing: row words of yesterday"), "{said}");
    let (kit, _folder) = with_pages("Reads `path` with a `token` into `words`.", "");
    assert_eq!(check("docs", kit), "docs: ok");
}
