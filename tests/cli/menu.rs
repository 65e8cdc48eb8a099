//! The menu of `query` on a terminal.

use crate::support::context::TestContext;
use crate::support::system::on_terminal;

/// What the menu shows to somebody who types `keys`.
fn typed(cx: &TestContext, keys: &str) -> String {
    let ran = on_terminal("query", cx.command("query"), keys);
    cx.shown(&ran)
}

#[test]
fn leaving() {
    let cx = TestContext::filled();
    insta::assert_snapshot!(typed(&cx, "0\n"));
    for keys in ["q\n", "quit\n", "exit\n", "\u{4}"] {
        let ran = on_terminal("query", cx.command("query"), keys);
        assert_eq!(ran.code(), Some(0), "{ran}");
    }
}

#[test]
fn every_question() {
    insta::assert_snapshot!(typed(
        &TestContext::filled(),
        "1\n2\n3\n4\nsome words\n5\nwork\n6\n0\n"
    ));
}

#[test]
fn sql() {
    let keys = "7\nSELECT count(*) AS samples FROM memory_metrics\n7\nSELECT missing\n7\nDELETE FROM runs\n7\n\n0\n";
    insta::assert_snapshot!(typed(&TestContext::filled(), keys));
}

/// Words are words, never operators of the search; a wrong choice and an empty line are no end.
#[test]
fn odd_answers() {
    let cx = TestContext::filled();
    insta::assert_snapshot!(typed(
        &cx,
        "9\n\n4\n\"c++ AND (don't\n5\n\n'; DROP TABLE audio\n0\n"
    ));
    assert_eq!(
        cx.value::<i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'audio'"),
        1
    );
}

/// With SQL, or for programs, a terminal changes nothing.
#[test]
fn a_terminal_alone_is_no_menu() {
    let cx = TestContext::filled();
    for line in ["query --json", "query 'SELECT 1 AS one'"] {
        let ran = on_terminal(line, cx.command(line), "");
        insta::assert_snapshot!(cx.shown(&ran));
    }
}

/// Progress bars are for terminals, and leave nothing on the screen but the summary.
#[test]
fn run_on_a_terminal() {
    let cx = TestContext::with_input();
    let ran = on_terminal("run", cx.command("run"), "");
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(ran.stdout.contains("memory-jsonl"), "{ran}");
    assert_eq!(cx.counts(), (7, 4, 0));
}
