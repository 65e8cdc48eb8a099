//! `plugins new`: what it writes, where, and what it refuses. That the crates build and keep the rules is the
//! step `plugins` of `cargo xtask test`.

#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::context::TestContext;

/// The files of a checkout in which plugins are named, without the rest.
fn checkout() -> TestContext {
    let cx = TestContext::bare();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["Cargo.toml", "plugins/Cargo.toml", "plugins/src/lib.rs"] {
        cx.write(file, fs::read(own.join(file)).expect("it is there"));
    }
    cx
}

#[test]
fn in_a_checkout() {
    let cx = checkout();
    fs::create_dir_all(cx.path("plugins/src/deep")).expect("a folder");
    snap!(cx; "plugins new diary --shape line", "plugins new scans --shape file --dir plugins/src/deep --json");
    let facade = fs::read_to_string(cx.path("plugins/Cargo.toml")).expect("it is there");
    let code = fs::read_to_string(cx.path("plugins/src/lib.rs")).expect("it is there");
    for name in ["diary", "scans"] {
        assert!(facade.contains(&format!("{name} = [\"dep:datalake-{name}\"]\n")));
        assert!(code.contains(&format!("pub use datalake_{name} as {name};\n")));
    }
}

/// A checkout is still one for cargo afterwards, with the new plugin in it.
#[test]
fn cargo_reads_the_checkout() {
    let cx = checkout();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The members of the workspace, and something to build in each.
    for member in [
        "core",
        "store",
        "testkit",
        "plugins/audio",
        "plugins/claude-sessions",
        "plugins/memory-jsonl",
        "plugins/screenshot",
        "plugins/transcript",
        "plugins/voice-typing",
        "benches",
        "tests/ledger",
        "xtask",
    ] {
        let manifest = format!("{member}/Cargo.toml");
        cx.write(
            &manifest,
            fs::read(own.join(&manifest)).expect("it is there"),
        );
        cx.write(&format!("{member}/src/lib.rs"), "");
        cx.write(&format!("{member}/src/main.rs"), "");
    }
    for file in ["src/lib.rs", "tests/cli/main.rs", "tests/faults/main.rs"] {
        cx.write(file, "");
    }
    cx.run("plugins new diary --shape line").expect(0);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let read = cargo.current_dir(cx.root()).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&read.stderr);
    let metadata: serde_json::Value = serde_json::from_slice(&read.stdout).expect(&said);
    let packages = metadata["packages"].as_array().expect("a list");
    let package = |name: &str| {
        packages
            .iter()
            .find(|package| package["name"] == name)
            .expect(name)
    };
    assert_eq!(package("datalake-diary")["edition"], "2024");
    let features = &package("datalake-plugins")["features"];
    assert_eq!(features["diary"][0], "dep:datalake-diary");
    assert!(
        features["default"]
            .as_array()
            .expect("a list")
            .contains(&"diary".into())
    );
}

#[test]
fn by_itself() {
    let cx = TestContext::bare();
    snap!(cx; "plugins new diary --shape line", "plugins new scans --shape file --json");
    let manifest = fs::read_to_string(cx.path("diary/Cargo.toml")).expect("it is there");
    assert!(manifest.contains("datalake-core = { git = \"https://"));
    for file in [
        "diary/src/main.rs",
        "scans/src/document.rs",
        "scans/schema.sql",
    ] {
        let text = fs::read_to_string(cx.path(file)).expect("it is there");
        assert!(!text.contains("{{"), "{text}");
    }
}

#[test]
fn names_that_are_refused() {
    snap!(TestContext::bare();
        "plugins new MyDiary --shape line",
        "plugins new my_diary --shape line",
        "plugins new 日本 --shape line --json",
        "plugins new a-name-that-is-longer-than-anybody-would-type --shape line",
        "plugins new memory-jsonl --shape line",
        "plugins new memory-events --shape line",
        "plugins new store --shape line",
        "plugins new origins --shape line",
        "plugins new order --shape file",
        "plugins new match --shape file",
        "plugins new diary --shape lines",
        "plugins new diary",
    );
}

#[test]
fn places_that_are_refused() {
    let cx = checkout();
    fs::create_dir_all(cx.path("plugins/diary")).expect("a folder");
    fs::create_dir_all(cx.path("elsewhere")).expect("a folder");
    snap!(cx;
        "plugins new diary --shape line",
        "plugins new scans --shape file --dir nowhere",
        "plugins new scans --shape file --path elsewhere",
        "plugins new scans --shape file --path .",
    );
    assert!(!cx.path("scans").exists());
}

/// Nothing is left of a crate that could not be written, or could not be made known.
#[test]
fn a_checkout_that_is_not_understood_stays_as_it_is() {
    let cx = checkout();
    cx.write(
        "plugins/Cargo.toml",
        "[package]\nname = \"datalake-plugins\"\n",
    );
    let before = fs::read_to_string(cx.path("Cargo.toml")).expect("it is there");
    snap!(cx; "plugins new diary --shape line");
    assert!(!cx.path("plugins/diary").exists());
    assert_eq!(
        fs::read_to_string(cx.path("Cargo.toml")).expect("it is there"),
        before
    );
}
