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
