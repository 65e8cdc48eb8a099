//! `plugins list` and `plugins describe`.

use std::fs;
use std::path::Path;

use crate::support::context::TestContext;

/// A plugin that is not linked is silently not there; so the built program is asked.
#[test]
fn the_program_has_every_plugin_of_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it is listed").path());
    let crates = paths.filter(|path| path.join("Cargo.toml").is_file());
    let mut folders: Vec<String> = crates
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    folders.sort();
    let listed = TestContext::bare()
        .run("plugins list --json")
        .expect(0)
        .json();
    let listed: Vec<&str> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|plugin| plugin["name"].as_str())
        .collect();
    assert_eq!(listed, folders);
}

#[test]
fn list() {
    snap!(TestContext::bare(); "plugins list", "plugins list --json");
}

#[test]
fn describe_memory_jsonl() {
    snap!(TestContext::bare(); "plugins describe memory-jsonl", "plugins describe memory-jsonl --json");
}

#[test]
fn describe_unknown() {
    snap!(TestContext::bare(); "plugins describe memory-json", "plugins describe xyz", "plugins describe xyz --json");
}

/// The program proves a plugin that it has: a line for each check, none left out without a word.
#[test]
fn test_of_memory_jsonl() {
    let checks: Vec<&str> = datalake_testkit::CHECKS
        .iter()
        .map(|check| check.name)
        .collect();
    let ran = TestContext::bare()
        .run("plugins test memory-jsonl --json")
        .expect(0)
        .json();
    let ran = ran.as_array().expect("a list");
    let names: Vec<&str> = ran.iter().filter_map(|one| one["check"].as_str()).collect();
    assert_eq!(names, checks);
    for one in ran {
        let left_out = ["secrets", "docs"].contains(&one["check"].as_str().expect("a name"));
        let outcome = if left_out { "not applicable" } else { "ok" };
        assert_eq!(one["outcome"], outcome, "{one}");
        assert_eq!(one["reason"].is_string(), left_out, "{one}");
    }
}

/// Where the checks cannot be done the answer is no, and why.
#[test]
fn test_that_fails() {
    let cx = TestContext::bare().with("TMPDIR", "/nowhere");
    let ran = cx.run("plugins test memory-jsonl").expect(1);
    assert!(ran.stdout.contains("rerun         failed"), "{ran}");
    assert!(
        ran.stdout.contains("    in the test's own folder: "),
        "{ran}"
    );
    assert!(
        ran.stdout
            .contains("    the rule: reading the same input again"),
        "{ran}"
    );
    let unknown = TestContext::bare()
        .run("plugins test memory-json")
        .expect(2);
    assert!(
        unknown.stderr.contains("did you mean `memory-jsonl`?"),
        "{unknown}"
    );
}
