//! Other programs that write the tables: with triggers on, through a library and through stock `sqlite3`.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use crate::support::Home;

/// Runs SQL through the stock command line of SQLite; it must be installed.
pub(crate) fn sqlite3(home: &Home, sql: &str) -> String {
    let mut child = Command::new("sqlite3")
        .args(["-batch", "-bail", "-cmd", ".timeout 10000"])
        .arg(home.database())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("these tests need the command sqlite3: {error}"));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(sql.as_bytes())
        .unwrap();
    let done = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && errors.is_empty(),
        "{sql}: {errors}"
    );
    String::from_utf8(done.stdout).unwrap()
}

const SETUP: &str = r#"
    {"op":"account","code":"a","title":"red","with":{"aliases":["a"],"tags":["x"]}}
    {"op":"entry","entry":"e1","label":"red alpha","body":"green","amount":1,"accounts":["a"]}
    {"op":"entry","entry":"e2","label":"blue","amount":2,"accounts":["a"],"with":{"tags":["y"]}}
"#;

const WRITES: [&str; 6] = [
    "INSERT INTO ledger_entries (entry, label, body, tags) VALUES ('s1', 'gamma', 'red green', 'x');",
    "UPDATE ledger_entries SET label = 'green beta', body = NULL WHERE entry = 'e1';",
    "DELETE FROM ledger_entries WHERE entry = 'e2';",
    "UPDATE ledger_entries SET id = id + 100 WHERE entry = 's1';",
    "UPDATE ledger_accounts SET title = 'alpha', tags = 'y,z' WHERE code = 'a';",
    "INSERT INTO ledger_books (name, title) VALUES ('b', 'blue') ON CONFLICT DO UPDATE SET title = 'red';",
];

/// What the writer does to rows that others wrote, and to its own beside them.
const AFTER: &str = r#"
    {"op":"entry","entry":"s1","label":"alpha","body":"blue","accounts":["a"],"with":{"version":1,"tags":["z"]}}
    {"op":"entry","entry":"e1","label":"red","amount":7,"accounts":["a"],"with":{"version":1}}
    {"op":"entry","entry":"e2","label":"red","amount":8,"accounts":["a"]}
    {"op":"account","code":"a","title":"green","with":{"version":1,"aliases":["a"],"tags":["x"]}}
    {"op":"book","name":"b","title":"red","with":{"version":1}}
"#;

fn write_and_go_on(write: impl Fn(&Home, &str)) {
    let home = Home::new();
    let lake = home.open();
    lake.lines(SETUP);
    for sql in WRITES {
        write(&home, sql);
        for dataset in &home.datasets {
            if !dataset.text.is_empty() {
                crate::search::search_is_right(&home.outside(), dataset);
            }
        }
    }
    let receipt = lake.lines(AFTER);
    assert_eq!(receipt.rejected, 0);
    for dataset in home
        .datasets
        .iter()
        .filter(|dataset| !dataset.text.is_empty())
    {
        crate::search::search_is_right(&home.outside(), dataset);
    }
    let labels: String = home
        .get("SELECT group_concat(label) FROM (SELECT label FROM ledger_entries ORDER BY entry)");
    assert_eq!(labels, "red,red,alpha");
    assert_eq!(home.get::<i64>("SELECT total FROM ledger_accounts"), 15);
    assert_eq!(
        home.get::<String>("SELECT tags FROM ledger_accounts"),
        "y,z"
    );
    let broken: i64 = home.get("SELECT count(*) FROM pragma_foreign_key_check");
    assert_eq!(broken, 0);
}

#[test]
fn through_another_connection() {
    write_and_go_on(|home, sql| home.outside().execute_batch(sql).unwrap());
}

#[test]
fn through_the_stock_sqlite3() {
    write_and_go_on(|home, sql| drop(sqlite3(home, sql)));
}

/// SQLite runs no delete trigger for a row that REPLACE takes out, unless it is told to.
#[test]
fn replace_needs_recursive_triggers() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(SETUP);
    let replace = "INSERT OR REPLACE INTO ledger_entries (entry, label) VALUES ('e1', 'beta');";
    sqlite3(&home, &format!("PRAGMA recursive_triggers = ON; {replace}"));
    lake.lines(AFTER);
    crate::search::search_is_right(&home.outside(), &datalake_ledger::ENTRIES);
}

#[test]
fn a_row_of_somebodys_with_values_of_odd_types() {
    let home = Home::new();
    let lake = home.open();
    let odd = "INSERT INTO ledger_entries (entry, label, amount, version, version_hash, first_order, scope, seen)
               VALUES ('e', x'00ff', 'many', '', '', 5, NULL, 7)";
    home.outside().execute(odd, []).unwrap();
    let line = r#"{"op":"entry","entry":"e","label":"red","amount":3,"with":{"version":1,"scope":["s",1]}}"#;
    let receipt = lake.lines(line);
    assert_eq!((receipt.changed, receipt.rejected), (1, 0), "{receipt:?}");
    assert_eq!(lake.lines(line).unchanged, 1);
    home.check();
}

#[test]
fn a_table_filled_up_to_the_last_id() {
    let home = Home::new();
    let lake = home.open();
    let last = format!(
        "INSERT INTO ledger_entries (id, entry, label) VALUES ({}, 'last', 'red'), ({}, 'near', 'red')",
        i64::MAX,
        i64::MAX / 2
    );
    home.outside().execute(&last, []).unwrap();
    let lines: Vec<String> = (0..50)
        .map(|n| format!(r#"{{"op":"entry","entry":"e{n}","label":"green"}}"#))
        .collect();
    assert_eq!(lake.lines(&lines.join("\n")).inserted, 50);
    home.check();
}

#[test]
fn tables_and_tokens_are_those_of_a_stock_sqlite() {
    let home = Home::new();
    home.open().lines(SETUP);
    let found = sqlite3(
        &home,
        "SELECT entry FROM ledger_entries WHERE id IN (SELECT rowid FROM ledger_entries_fts WHERE ledger_entries_fts MATCH 'alpha');
         PRAGMA integrity_check;",
    );
    assert_eq!(found, "e1\nok\n");
}

#[derive(Debug, Clone)]
enum Step {
    Ours(usize),
    Theirs(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5_usize).prop_map(Step::Ours),
        (0..WRITES.len()).prop_map(Step::Theirs)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_any_mix(steps in prop::collection::vec(step(), 1..16)) {
        let home = Home::new();
        let lake = home.open();
        let ours: Vec<&str> = AFTER.trim().lines().collect();
        lake.lines(SETUP);
        let outside = home.outside();
        for step in steps {
            match step {
                Step::Ours(number) => { lake.lines(ours[number]); }
                // One that breaks a unique column is theirs to see.
                Step::Theirs(number) => { let _ = outside.execute_batch(WRITES[number]); }
            }
        }
        for dataset in home.datasets.iter().filter(|dataset| !dataset.text.is_empty()) {
            crate::search::search_is_right(&outside, dataset);
        }
    }
}
