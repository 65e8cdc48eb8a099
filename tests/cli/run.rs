//! `run`: what it reads, what it says, and how it ends.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use crate::support::context::TestContext;

const SAMPLE: &str = r#"{"timestamp": 1736847600, "pid": 1}"#;

#[test]
fn first_again_and_full() {
    snap!(TestContext::with_input(); "run", "run", "run --full");
}

#[test]
fn json() {
    snap!(TestContext::with_input(); "run --json", "run --json");
}

#[test]
fn rejects_are_exit_3_of_that_run_only() {
    let cx = TestContext::new();
    cx.write(
        "in/metrics.jsonl",
        format!("{SAMPLE}\nbad\n{{\"pid\": 1}}\n"),
    );
    snap!(cx; "run", "run", "run --full");
    assert_eq!(cx.counts(), (1, 0, 2));
}

#[test]
fn rejects_json() {
    let cx = TestContext::new();
    cx.write("in/metrics.jsonl", "bad\n");
    snap!(cx; "run --json");
}

#[test]
fn set_for_one_source() {
    let cx = TestContext::bare();
    cx.write("logs-of-mine/metrics.jsonl", format!("{SAMPLE}\n"));
    snap!(cx; "run --source memory-jsonl --set path=logs-of-mine");
}

#[test]
fn set_by_full_name() {
    let cx = TestContext::bare().with("PROJECT_ROOT", ".");
    cx.write("mine/metrics.jsonl", format!("{SAMPLE}\n"));
    cx.run("run --set source.memory-jsonl.path=mine --set store.db_file=other.db")
        .expect(0);
    assert!(cx.path("other.db").exists());
}

/// Several sources, one of them off; by name, several, and by the name of their plugin.
#[test]
fn several_sources() {
    let cx = TestContext::bare();
    let source = |name: &str, rest: &str| {
        format!("[source.{name}]\ntype = \"memory-jsonl\"\npath = \"{name}\"\n{rest}")
    };
    let text = source("desk", "") + &source("lap", "") + &source("old", "enabled = false\n");
    cx.write("datalake.toml", text);
    for (pid, name) in ["desk", "lap", "old"].iter().enumerate() {
        let line = format!("{{\"timestamp\": 1736847600, \"pid\": {pid}}}\n");
        cx.write(&format!("{name}/metrics.jsonl"), line);
    }
    snap!(cx; "run --source desk", "run --source desk --source old", "run --source memory-jsonl", "run");
    assert_eq!(cx.counts(), (3, 0, 0));
}

#[test]
fn unknown_source() {
    snap!(TestContext::new(); "run --source memory-json", "run --source xyz", "run --source xyz --json");
}

/// What is not there is said, and is no failure: the machine may be another one.
#[test]
fn path_that_does_not_exist() {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "[source.memory-jsonl]\npath = \"nowhere\"\n",
    );
    snap!(cx; "run", "run --json");
}

#[test]
fn one_of_two_paths_does_not_exist() {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "[source.memory-jsonl]\npath = [\"nowhere\", \"in\"]\n",
    );
    cx.write("in/metrics.jsonl", format!("{SAMPLE}\n"));
    snap!(cx; "run");
}

#[test]
fn nothing_to_run() {
    let cx = TestContext::bare();
    cx.write("datalake.toml", "");
    snap!(cx; "run", "run --json");
    cx.write("datalake.toml", "[source.memory-jsonl]\nenabled = false\n");
    insta::assert_snapshot!("all_disabled", cx.transcript(&["run"]));
}

#[test]
fn empty_folder() {
    snap!(TestContext::new(); "run");
}

#[test]
fn unfinished_line() {
    let cx = TestContext::new();
    cx.write(
        "in/metrics.jsonl",
        format!("{SAMPLE}\n{{\"timestamp\": 17368"),
    );
    snap!(cx; "run", "run");
}

#[test]
fn verbose() {
    let cx = TestContext::with_input();
    let said = cx.run("run --verbose").expect(0);
    assert!(!said.text().contains('\u{1b}'), "{said}");
}

/// The file log has the seed's form, or JSON.
#[test]
fn log_files() {
    let cx = TestContext::new();
    cx.write("in/metrics.jsonl", format!("{SAMPLE}\n"));
    cx.run("run").expect(0);
    cx.write("in/metrics.jsonl", format!("{SAMPLE}\n{SAMPLE}1\n"));
    cx.write(
        "in/metrics.jsonl",
        "{\"timestamp\": 1, \"pid\": 2, \"command\": \"rewritten from the start\"}\n",
    );
    cx.run("run").expect(0);
    let text = log(&cx);
    let form =
        regex::Regex::new(r"^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\] \[(INFO|WARN|ERROR)\] \S")
            .unwrap();
    assert!(!text.is_empty());
    assert!(text.lines().all(|line| form.is_match(line)), "{text}");

    let cx = TestContext::with_input()
        .with("DATALAKE_LOG_FORMAT", "json")
        .with("DATALAKE_LOG_LEVEL", "debug");
    cx.write("in/metrics.jsonl", "bad\n");
    cx.run("run").expect(3);
    let text = log(&cx);
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{text}"
    );
}

fn log(cx: &TestContext) -> String {
    let folder = std::fs::read_dir(cx.path("logs")).expect("there is a log folder");
    let texts = folder.map(|file| {
        std::fs::read_to_string(file.expect("it is listed").path()).expect("it is text")
    });
    texts.collect()
}

/// A folder that cannot take logs is said once and stops nothing.
#[test]
fn no_place_for_logs() {
    let cx = TestContext::with_input();
    cx.write("logs", "a file");
    snap!(cx; "run");
}
