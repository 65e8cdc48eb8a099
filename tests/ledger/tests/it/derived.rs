//! What is computed from other rows.

use crate::support::{Home, parse};

fn totals(home: &Home) -> String {
    home.get(
        "SELECT group_concat(line, ' ') FROM (
             SELECT code || '=' || coalesce(total, '-') || '/' || coalesce(entries, '-') AS line
             FROM (SELECT code, total, entries FROM ledger_accounts
                   UNION ALL SELECT name, total, entries FROM ledger_books) ORDER BY code)",
    )
}

const TREE: &str = r#"
    {"op":"entry","entry":"e1","label":"red","amount":1,"accounts":["a"],"with":{"version":1}}
    {"op":"entry","entry":"e2","label":"green","amount":2,"accounts":["a"]}
    {"op":"account","code":"a","books":["b"],"with":{"aliases":["a"]}}
    {"op":"account","code":"c","books":["d"],"with":{"aliases":["c"]}}
    {"op":"book","name":"b","with":{"aliases":["b"]}}
    {"op":"book","name":"d","with":{"aliases":["d"]}}
"#;

#[test]
fn totals_reach_the_grandparent_and_follow_a_child_that_moves() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(TREE);
    assert_eq!(totals(&home), "a=3/2 b=3/2 c=-/0 d=-/0");
    lake.lines(r#"{"op":"entry","entry":"e1","label":"red","amount":5,"accounts":["c"],"with":{"version":2}}"#);
    assert_eq!(totals(&home), "a=2/1 b=2/1 c=5/1 d=5/1");
    lake.lines(r#"{"op":"account","code":"c","books":["b"],"with":{"version":1}}"#);
    assert_eq!(totals(&home), "a=2/1 b=7/2 c=5/1 d=-/-");
    home.check();
}

#[test]
fn a_derived_text_is_found() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(TREE);
    let find =
        "SELECT count(*) FROM ledger_accounts_fts WHERE ledger_accounts_fts MATCH 'labels:green'";
    assert_eq!(home.get::<i64>(find), 1);
    lake.lines(r#"{"op":"entry","entry":"e2","label":"blue","amount":2,"accounts":["a"],"with":{"version":1}}"#);
    assert_eq!(home.get::<i64>(find), 0);
    home.check();
}

#[test]
fn a_sum_that_overflows_costs_no_rows() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(TREE);
    let huge = format!(
        r#"{{"op":"entry","entry":"e3","label":"x","amount":{},"accounts":["a"]}}"#,
        i64::MAX
    );
    assert_eq!(lake.lines(&huge).inserted, 1);
    assert_eq!(
        totals(&home),
        "a=3/2 b=3/2 c=-/0 d=-/0",
        "as before: there is no such number"
    );
    lake.lines(r#"{"op":"entry","entry":"e3","label":"x","amount":4,"accounts":["a"],"with":{"version":1}}"#);
    assert_eq!(totals(&home), "a=7/3 b=7/3 c=-/0 d=-/0");
    home.check();
}

#[test]
fn marks_that_a_stopped_unit_left_are_worked_off_at_the_next_start() {
    let home = Home::new();
    let lake = home.open();
    let mut ops = parse(TREE);
    ops.push(datalake_ledger::Op::Commit);
    ops.push(datalake_ledger::Op::Commit);
    // Only the first batch of the unit is written: nothing says that the unit has ended.
    let stopped = crate::failures::feed_until(&lake, &ops, 1);
    assert!(stopped.is_err());
    assert!(home.get::<i64>("SELECT count(*) FROM dirty") > 0);
    drop(lake);
    drop(home.open());
    assert_eq!(totals(&home), "a=3/2 b=3/2 c=-/0 d=-/0");
    home.check();
}
