//! What the documents promise: the README's plugin is the example that runs, its commands are those of the
//! program, and its links lead somewhere.

#![expect(clippy::unwrap_used, reason = "a failure here is the test's")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The part of `text` between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let text = text.split_once(start).unwrap().1;
    text.split_once(end).unwrap().0
}

fn plugin() -> String {
    let example = read("examples/notes.rs");
    let start = example.find("use datalake_core").unwrap();
    let end = example.find("\n// The program:").unwrap();
    example[start..end].trim().to_owned()
}

/// The example as it was built beside this test.
fn example() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap().parent().unwrap();
    folder
        .join("examples")
        .join(format!("notes{}", std::env::consts::EXE_SUFFIX))
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear();
    command
        .env("HOME", folder)
        .env("PROJECT_ROOT", folder)
        .output()
        .unwrap()
}

#[test]
fn the_readme_shows_the_plugin_that_is_built() {
    let shown = between(
        &read("README.md"),
        "<!-- from examples/notes.rs -->\n```rust\n",
        "\n```\n",
    )
    .to_owned();
    assert_eq!(
        shown,
        plugin(),
        "copy the plugin of examples/notes.rs into README.md"
    );
    assert!(
        shown.lines().count() <= 40,
        "a minimal plugin has {} lines",
        shown.lines().count()
    );
}

#[test]
fn the_plugin_of_the_readme_makes_a_searchable_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let notes = root().join("examples/notes.jsonl");
    let path = format!("path={}", notes.display());
    let ran = run(
        &example(),
        folder.path(),
        &["run", "--source", "notes", "--set", &path, "--json"],
    );
    assert!(ran.status.success(), "{ran:?}");
    let found = "SELECT body FROM notes_fts WHERE notes_fts MATCH 'bread' ";
    let asked = run(&example(), folder.path(), &["query", found, "--json"]);
    let rows: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(rows[0]["body"], "Bread is in the oven until seven.");
    let listed = run(&example(), folder.path(), &["list", "notes", "--json"]);
    let rows: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 2);
}

#[test]
fn the_readme_names_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(
        Path::new(env!("CARGO_BIN_EXE_datalake")),
        folder.path(),
        &["--help"],
    );
    let help = String::from_utf8(help.stdout).unwrap();
    let readme = read("README.md");
    let commands = between(&help, "Commands:\n", "\n\n");
    let names: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names.iter().filter(|name| **name != "help") {
        assert!(
            readme.contains(&format!("`datalake {name}")),
            "README.md does not name `datalake {name}`"
        );
    }
}

/// The blocks of a page: language, what stands in the line above, content.
fn blocks(page: &str) -> Vec<(String, String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    let mut above = "";
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let content: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language.into(), above.into(), content.join("\n")));
        }
        above = line;
    }
    blocks
}

/// A file that the guide quotes, as the guide's plugin has it.
fn quoted(path: &str) -> String {
    let template = format!("src/cli/new/templates/{path}");
    let exists = root().join(&template).exists();
    let text = read(if exists { &template } else { path });
    text.replace("{{name}}", "diary")
        .replace("{{table}}", "diary")
}

/// What is quoted is built by `cargo xtask plugins`, which also runs the blocks of shell.
#[test]
fn every_block_of_the_guide_is_true() {
    let blocks = blocks(&read("docs/guide/write-a-plugin.md"));
    assert!(blocks.len() > 12, "{}", blocks.len());
    for (language, above, content) in blocks {
        match language.as_str() {
            "rust" | "sql" => {
                let file = between(&above, "<!-- from ", " -->");
                assert!(quoted(file).contains(&content), "not in {file}:\n{content}");
            }
            "toml" => drop(toml::from_str::<toml::Table>(&content).unwrap()),
            "text" => {
                let rule = content
                    .split_once("\nthe rule: ")
                    .unwrap()
                    .1
                    .replace('\n', " ");
                let known = |check: &datalake_testkit::Check| check.rule == rule;
                assert!(datalake_testkit::CHECKS.iter().any(known), "{rule}");
            }
            language => assert_eq!(language, "sh", "nothing checks this block:\n{content}"),
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let pages = [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "plugins/memory-jsonl/README.md",
        "testkit/README.md",
        "docs/guide/write-a-plugin.md",
        "examples/weather/README.md",
    ];
    let mut broken = Vec::new();
    for page in pages {
        let text = read(page);
        let folder = root().join(page).parent().unwrap().to_owned();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !target.is_empty() && !folder.join(target).exists() {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}
