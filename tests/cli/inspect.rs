//! What was done and what is there: `status`, `runs`, `rejects`, `list`, `stats`.

use crate::support::context::TestContext;

/// A run, another with rejects, and a unit that is gone.
fn used() -> TestContext {
    let cx = TestContext::filled();
    cx.write(
        "in/metrics-2.jsonl",
        "{\"timestamp\": 5, \"pid\": 1}\nnot json\n{\"pid\": 1, \"command\": \"\\u001b[31mred\"}\n",
    );
    cx.run("run").expect(3);
    cx
}

#[test]
fn status() {
    snap!(used(); "status", "status --json");
}

#[test]
fn status_of_a_source_that_was_taken_out() {
    let cx = used();
    cx.write(
        "datalake.toml",
        "[source.other]\ntype = \"memory-jsonl\"\npath = \"in\"\nenabled = false\n",
    );
    std::fs::remove_file(cx.path("in/events.jsonl")).expect("it is there");
    snap!(cx; "status");
    cx.write("datalake.toml", "[source.memory-jsonl]\npath = \"in\"\n");
    insta::assert_snapshot!(
        "status_of_a_unit_that_is_gone",
        cx.transcript(&["run", "status"])
    );
}

#[test]
fn without_a_database() {
    let cx = TestContext::new();
    snap!(cx; "status", "runs", "rejects list", "list audio", "stats", "query 'SELECT 1'", "status --json");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn runs() {
    let cx = used();
    snap!(cx; "runs", "runs --limit 1", "runs --source memory-jsonl --limit 1", "runs --source other");
}

#[test]
fn one_run() {
    snap!(used(); "runs 2", "runs 2 --json", "runs 99", "runs 99 --json", "runs abc");
}

#[test]
fn runs_json() {
    snap!(used(); "runs --json");
}

#[test]
fn a_failed_run_is_listed() {
    let cx = TestContext::filled().with("DATALAKE_STORE_MAX_SIZE", "1 KiB");
    let lines: String = (0..3_000)
        .map(|time| format!("{{\"timestamp\": {time}}}\n"))
        .collect();
    cx.write("in/metrics-3.jsonl", lines);
    cx.run("run").expect(1);
    snap!(cx; "runs", "status");
}

#[test]
fn rejects() {
    let cx = used();
    snap!(cx; "rejects list", "rejects list --source other", "rejects list --limit 1", "rejects show 2", "rejects show 99");
}

#[test]
fn rejects_json() {
    snap!(used(); "rejects list --json", "rejects show 1 --json", "rejects show 99 --json");
}

#[test]
fn no_rejects() {
    snap!(TestContext::filled(); "rejects list", "rejects list --json");
}

#[test]
fn list_samples() {
    snap!(TestContext::filled(); "list memory_metrics", "list memory_metrics --limit 2 --json");
}

#[test]
fn list_events() {
    snap!(TestContext::filled(); "list memory_events", "list memory_events --limit 1 --json");
}

#[test]
fn list_of_an_unknown_dataset() {
    snap!(TestContext::filled(); "list memory_event", "list audios", "list xyz --json");
}

#[test]
fn list_by_tag_where_there_are_none() {
    snap!(TestContext::filled(); "list memory_events --tags a,b", "list memory_events --tags a --json");
}

#[test]
fn list_of_nothing() {
    let cx = TestContext::new();
    cx.run("init").expect(0);
    snap!(cx; "list memory_events", "list memory_metrics --json");
}

#[test]
fn stats() {
    snap!(used(); "stats", "stats --json");
}

#[test]
fn stats_of_nothing() {
    let cx = TestContext::new();
    cx.run("init").expect(0);
    snap!(cx; "stats", "stats --json");
}
