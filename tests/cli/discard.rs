//! `rejects drop`: what a person gives up.

use crate::support::context::TestContext;
use crate::support::system::on_terminal;

fn rejected() -> TestContext {
    let cx = TestContext::filled();
    cx.write("in/metrics-2.jsonl", "not json\n{\"pid\": 1}\n[]\n");
    cx.run("run").expect(3);
    cx
}

#[test]
fn by_number() {
    let cx = rejected();
    snap!(cx; "rejects drop 1 2", "rejects drop 1 2 --yes", "rejects drop 1 --yes", "rejects list",
        "rejects list --status dropped", "rejects show 1");
    // The same input is never a reject again.
    cx.run("run --full").expect(3);
    let open = "SELECT id FROM rejects WHERE status = 'open'";
    assert_eq!(cx.column::<i64>(open), [3]);
    assert_eq!(
        cx.value::<i64>("SELECT max(rejected) FROM runs WHERE id = (SELECT max(id) FROM runs)"),
        1
    );
}

#[test]
fn all_of_a_source() {
    snap!(rejected(); "rejects drop --source memory-jsonl --all --yes --json", "rejects list",
        "rejects drop --source memory-jsonl --all --yes");
}

#[test]
fn bad_usage() {
    let cx = rejected();
    snap!(cx; "rejects drop", "rejects drop --all --yes", "rejects drop --source memory-jsonl --yes",
        "rejects drop 1 --source memory-jsonl --all", "rejects drop 1 9 --yes", "rejects drop x",
        "rejects drop --source memory --all --yes", "rejects drop 1 --json");
    assert_eq!(
        cx.value::<i64>("SELECT count(*) FROM rejects WHERE status = 'open'"),
        3
    );
}

#[test]
fn without_a_database() {
    let cx = TestContext::with_input();
    snap!(cx; "rejects drop 1 --yes");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn damaged_database() {
    let cx = rejected();
    cx.write(
        "datalake.db",
        "SQLite format 3\0 and then nothing that it should be",
    );
    snap!(cx; "rejects drop 1 --yes");
}

#[test]
fn on_a_terminal_it_asks() {
    let cx = rejected();
    for (keys, left) in [("n\n", 3), ("\n", 3), ("\u{4}", 3), ("y\n", 2)] {
        let ran = on_terminal("rejects drop 1", cx.command("rejects drop 1"), keys);
        let open = cx.value::<i64>("SELECT count(*) FROM rejects WHERE status = 'open'");
        assert_eq!(open, left, "{ran}");
        assert_eq!(ran.code(), Some(i32::from(left == 3)), "{ran}");
        assert!(ran.stdout.contains("Drop 1 input? "), "{ran}");
    }
}
