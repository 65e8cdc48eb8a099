//! `query` with SQL.

use std::time::{Duration, Instant};

use crate::support::context::TestContext;

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

#[test]
fn select() {
    let sql = "query 'SELECT pid, rss_mb, command FROM memory_metrics ORDER BY timestamp, pid'";
    snap!(TestContext::filled(); sql, &format!("{sql} --json"));
}

#[test]
fn no_rows() {
    snap!(TestContext::filled(); "query 'SELECT 1 AS one WHERE 0'", "query 'SELECT 1 WHERE 0' --json");
}

/// Null, a number with a fraction, text that would write to the terminal, bytes, and a long text.
#[test]
fn kinds_of_values() {
    let sql = "query \"SELECT NULL AS a, 1.5 AS b, char(27) || '[31m' AS c, x'00ff' AS d, printf('%0100d', 1) AS e, '日本' AS f\"";
    snap!(TestContext::filled(); sql, &format!("{sql} --json"));
}

#[test]
fn mistakes() {
    let cx = TestContext::filled();
    snap!(cx; "query 'SELECT pidd FROM memory_metrics'", "query 'SELECT * FRM memory_metrics'",
        "query 'SELECT * FROM nowhere'", "query 'SELECT missing('", "query 'SELECT pidd FROM memory_metrics' --json",
        "query ''", "query '/* nothing */'", "query ';'");
}

/// The mark stands below the place of the mistake, on its line.
#[test]
fn mistake_on_a_later_line() {
    let cx = TestContext::filled();
    snap!(cx; "query 'SELECT pid,\n       日本, nothing_here\nFROM memory_metrics'");
}

#[test]
fn writing_is_refused() {
    let cx = TestContext::filled();
    let before = cx.counts();
    snap!(cx; "query 'DELETE FROM memory_samples'", "query 'DROP TABLE memory_samples'", "query 'VACUUM'",
        "query 'BEGIN IMMEDIATE'", "query 'PRAGMA user_version = 7'", "query \"ATTACH 'other.db' AS other\"",
        "query \"VACUUM INTO 'copy.db'\"", "query 'PRAGMA query_only = 0'", "query 'CREATE TEMP TABLE t (a)'");
    assert_eq!(cx.counts(), before);
    assert!(!cx.path("other.db").exists() && !cx.path("copy.db").exists());
}

/// In the order of the statement, and none hides another.
#[test]
fn columns_of_the_same_name() {
    snap!(TestContext::filled(); "query --json 'SELECT 2 AS b, 1 AS a, 3 AS b'", "query 'SELECT 2 AS b, 1 AS a, 3 AS b'");
}

#[test]
fn two_statements() {
    snap!(TestContext::filled(); "query 'SELECT 1; SELECT 2'", "query 'SELECT 1;'");
}

#[test]
fn parameters() {
    snap!(TestContext::filled(); "query 'SELECT ?'", "query 'SELECT :name'");
}

#[test]
fn deadline() {
    let cx = TestContext::filled();
    let begun = Instant::now();
    snap!(cx; &format!("query --timeout 1 '{ENDLESS}'"), &format!("query --timeout 1 --json '{ENDLESS}'"));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

/// What has been printed is cut off where the time is up; a JSON document would not end.
#[test]
fn deadline_in_the_middle_of_the_rows() {
    let cx = TestContext::filled();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 3 OR i < 0";
    snap!(cx; &format!("query --timeout 1 '{sql}'"));
}

#[test]
fn timeouts_that_make_no_sense() {
    snap!(TestContext::filled(); "query --timeout 0 'SELECT 1'", "query --timeout x 'SELECT 1'");
}

#[test]
fn no_sql_and_no_terminal() {
    snap!(TestContext::filled(); "query", "query --json");
}

/// The three statements of the seed's README.
#[test]
fn seed_statements() {
    let cx = TestContext::filled();
    snap!(cx; "query 'SELECT * FROM audio ORDER BY created_at DESC LIMIT 10'",
        concat!(
            "query \"SELECT t.filename, snippet(transcripts_fts, 0, '>>>', '<<<', '...', 20) FROM transcripts_fts ",
            "JOIN transcripts t ON transcripts_fts.rowid = t.id WHERE transcripts_fts MATCH 'words'\"",
        ),
        "query 'SELECT COUNT(*), SUM(duration_seconds) / 60.0, AVG(duration_seconds) FROM audio'");
}
