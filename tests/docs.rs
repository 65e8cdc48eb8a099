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

/// Copies the inputs of a plugin into a folder.
fn lay(folder: &Path, plugin: &str, names: &[&str]) {
    for name in names {
        let from = root()
            .join("plugins")
            .join(plugin)
            .join("fixtures")
            .join(name);
        let to = folder.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

/// The home of somebody with old folders.
fn old_home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    lay(&at("Recordings"), "audio", &["tagged.wav", "voice.opus"]);
    lay(
        &at("old-laptop/Recordings"),
        "audio",
        &["tagged.wav", "cbr.mp3"],
    );
    fs::write(
        at("Recordings/voice.txt"),
        "Bread is in the oven until seven.",
    )
    .unwrap();
    fs::create_dir_all(at("old-transcripts")).unwrap();
    fs::write(at("old-transcripts/talk.txt"), "The kettle is on.").unwrap();
    fs::create_dir_all(at("Pictures")).unwrap();
    let image = fs::read(root().join(IMAGE)).unwrap();
    fs::write(at("Pictures/Screenshot 2026-01-10 at 12.00.00.png"), image).unwrap();
    let gateway = at("omarchy-voice-typing");
    lay(
        &gateway,
        "voice-typing",
        &[
            "recordings/20260105_211652_audio.wav",
            "recordings/20260105_211724_audio.wav",
            "recordings/20260213_091500_audio.wav",
            "transcripts/20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b.txt",
            "transcripts/20260213_091500_nova-2.txt",
            "transcripts/20260213_092000_local-whisper.txt",
            "logs/gateway.log",
        ],
    );
    fs::create_dir_all(gateway.join("config")).unwrap();
    let spellings = r#"[{"from": ["Dovac"], "to": "Dvorak"}]"#;
    fs::write(gateway.join("config/replacements.json"), spellings).unwrap();
    home
}

/// Any image will do.
const IMAGE: &str = "plugins/screenshot/fixtures/gray.png";

/// Every file below a folder but for the lake's own, with its content and the time of its last change.
fn files(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>, std::time::SystemTime)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            let changed = path.metadata().unwrap().modified().unwrap();
            all.push((path.clone(), fs::read(&path).unwrap(), changed));
        }
    }
    all.sort();
}

/// Somebody does what the guide says, and everything comes as it says.
#[test]
fn old_folders_are_moved_in_as_the_guide_says() {
    let (home, lake) = (old_home(), tempfile::tempdir().unwrap());
    let blocks = blocks(&read("docs/guide/migrate.md"));
    let of = |wanted: &str| -> Vec<String> {
        let blocks = blocks.iter().filter(|(language, ..)| language == wanted);
        blocks.map(|(_, _, content)| content.clone()).collect()
    };
    assert_eq!(of("toml").len() + of("sh").len(), blocks.len());
    fs::write(lake.path().join("datalake.toml"), of("toml").concat()).unwrap();
    let mut before = Vec::new();
    files(home.path(), &mut before);
    let program = Path::new(env!("CARGO_BIN_EXE_datalake"));
    let sh = |line: &str| {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .current_dir(lake.path())
            .env_clear();
        let ran = command
            .env("HOME", home.path())
            .env("PROJECT_ROOT", lake.path())
            .env("PATH", program.parent().unwrap())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{line}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let lines: Vec<String> = of("sh")
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(lines.len() > 12, "{lines:?}");
    for line in &lines {
        assert!(line.starts_with("datalake "), "{line}");
        sh(line);
    }
    let counted = sh("datalake query --json \"SELECT
        (SELECT count(*) FROM audio) AS audio, (SELECT count(*) FROM transcripts) AS transcripts,
        (SELECT count(*) FROM screenshots) AS screenshots,
        (SELECT group_concat(coalesce(success, '-')) FROM (SELECT success FROM voice_sessions ORDER BY stem)) AS sessions,
        (SELECT count(*) FROM v_voice_orphans) AS orphans,
        (SELECT max(replaced_transcript) FROM voice_sessions) AS replaced\"");
    let rows: serde_json::Value = serde_json::from_str(&counted).unwrap();
    let expected = serde_json::json!([{
        "audio": 6, "transcripts": 5, "screenshots": 1, "sessions": "1,0,1", "orphans": 1,
        "replaced": "I use Dvorak on omarchy."
    }]);
    assert_eq!(rows, expected);
    let mut after = Vec::new();
    files(home.path(), &mut after);
    assert!(before == after, "an original was touched");
}

#[test]
fn links_lead_somewhere() {
    let pages = [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "plugins/memory-jsonl/README.md",
        "testkit/README.md",
        "docs/guide/migrate.md",
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
