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

#[test]
fn an_owner_is_found_by_what_rows_have_in_common() {
    let home = Home::new();
    let lake = home.open();
    let mates = || -> String {
        home.get("SELECT group_concat(code || '=' || mates, ' ') FROM (SELECT code, mates FROM ledger_accounts ORDER BY code)")
    };
    lake.lines(TREE);
    lake.lines(r#"{"op":"entry","entry":"e3","label":"x","place":"shed","accounts":["a"]}"#);
    assert_eq!(mates(), "a=0 c=0");
    lake.lines(r#"{"op":"entry","entry":"e4","label":"x","place":"shed","accounts":["c"]}"#);
    assert_eq!(mates(), "a=1 c=1");
    lake.lines(r#"{"op":"entry","entry":"e4","label":"x","place":"cellar","accounts":["c"],"with":{"version":1}}"#);
    assert_eq!(mates(), "a=0 c=0");
    lake.lines(r#"{"op":"entry","entry":"e3","label":"x","place":"cellar","accounts":["a"],"with":{"version":1}}"#);
    assert_eq!(mates(), "a=1 c=1");
    home.run(lake.store.forget("one".into(), false)).unwrap();
    home.check();
}

#[test]
fn a_repeating_text_of_rows_is_stored_once_and_goes_with_the_last_row() {
    let home = Home::new();
    let lake = home.open();
    let texts = || -> i64 { home.get("SELECT count(*) FROM texts") };
    let line = |entry: &str, place: &str| {
        format!(r#"{{"op":"entry","entry":"{entry}","label":"x","place":"{place}"}}"#)
    };
    lake.lines(&[line("e1", "shed"), line("e2", "shed"), line("e3", "cellar")].join("\n"));
    assert_eq!(texts(), 2);
    let shed = "SELECT count(*) FROM ledger_entries WHERE place = (SELECT id FROM texts WHERE value = 'shed')";
    assert_eq!(home.get::<i64>(shed), 2);
    let again = lake.lines(&line("e1", "shed"));
    assert_eq!((again.inserted, again.changed, again.unchanged), (0, 0, 1));
    home.check();
}
