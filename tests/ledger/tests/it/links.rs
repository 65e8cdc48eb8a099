//! References between rows, and the names they use.

use crate::support::Home;

const CHILD: &str =
    r#"{"op":"entry","entry":"e","label":"l","amount":2,"accounts":["main","spare"]}"#;

fn account(code: &str, alias: &str) -> String {
    format!(r#"{{"op":"account","code":"{code}","with":{{"aliases":["{alias}"]}}}}"#)
}

fn owner(home: &Home) -> Option<String> {
    home.get("SELECT (SELECT code FROM ledger_accounts WHERE id = account_id) FROM ledger_entries")
}

#[test]
fn a_child_finds_its_parent_later_and_a_better_one_later_still() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(CHILD);
    assert_eq!(owner(&home), None);
    lake.lines(&account("z", "spare"));
    assert_eq!(owner(&home).as_deref(), Some("z"));
    lake.lines(&account("c", "main"));
    assert_eq!(
        owner(&home).as_deref(),
        Some("c"),
        "the first link is the better one"
    );
    lake.lines(&account("d", "main"));
    assert_eq!(
        owner(&home).as_deref(),
        Some("c"),
        "of several targets the least key wins"
    );
    lake.lines(&account("b", "main"));
    assert_eq!(owner(&home).as_deref(), Some("b"));
    home.check();
}

#[test]
fn the_links_of_the_newest_version_count() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(&account("a", "main"));
    lake.lines(
        r#"{"op":"entry","entry":"e","label":"l","accounts":["main"],"with":{"version":1}}"#,
    );
    assert_eq!(owner(&home).as_deref(), Some("a"));
    let none = r#"{"op":"entry","entry":"e","label":"l","with":{"version":2}}"#;
    assert_eq!(lake.lines(none).changed, 1);
    assert_eq!(owner(&home), None);
    lake.lines(
        r#"{"op":"entry","entry":"e","label":"l","accounts":["main"],"with":{"version":0}}"#,
    );
    assert_eq!(owner(&home), None);
    home.check();
}

#[test]
fn a_target_that_somebody_deleted_comes_back_under_another_id() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(&account("a", "main"));
    lake.lines(&account("b", "other"));
    home.outside()
        .execute("DELETE FROM ledger_accounts WHERE code = 'a'", [])
        .unwrap();
    // The name is still there and its row is not: the child waits, it is not refused.
    let receipt = lake.lines(CHILD);
    assert_eq!((receipt.inserted, receipt.rejected), (1, 0));
    assert_eq!(owner(&home), None);
    lake.lines(&account("a", "main"));
    assert_eq!(owner(&home).as_deref(), Some("a"));
    home.check();
}

#[test]
fn a_new_row_inherits_nothing_from_a_deleted_one_with_its_id() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(
        r#"{"op":"account","code":"a","title":"red","with":{"version":1,"aliases":["main"],"tags":["x"]}}
           {"op":"account","code":"a","title":"green","with":{"version":2}}"#,
    );
    lake.lines(CHILD);
    home.outside()
        .execute("DELETE FROM ledger_accounts", [])
        .unwrap();
    lake.lines(r#"{"op":"account","code":"b","title":"blue"}"#);
    assert_eq!(
        home.get::<i64>("SELECT id FROM ledger_accounts"),
        1,
        "SQLite gives the id again"
    );
    assert_eq!(owner(&home), None);
    assert_eq!(
        home.get::<i64>("SELECT (SELECT count(*) FROM tags) + (SELECT count(*) FROM revisions)"),
        0
    );
    home.check();
}

#[test]
fn references_of_a_plugin_that_is_not_there_stop_nobody() {
    let home = Home::new();
    home.open().lines(CHILD);
    let mut fewer = Home::with(
        &[&datalake_ledger::BOOKS, &datalake_ledger::ACCOUNTS],
        datalake_ledger::SCHEMA,
    );
    fewer.folder = home.folder;
    let lake = fewer.open();
    assert_eq!(lake.lines(&account("a", "main")).inserted, 1);
    drop(lake);
    assert_eq!(fewer.get::<i64>("SELECT count(*) FROM ledger_entries"), 1);
}

#[test]
fn how_a_target_was_found_is_told_and_follows_the_target() {
    let home = Home::new();
    let lake = home.open();
    let found = || -> Option<String> { home.get("SELECT account_found FROM ledger_entries") };
    lake.lines(
        r#"{"op":"entry","entry":"e","label":"l","accounts":["main","nick:spare"],"with":{"version":1}}"#,
    );
    assert_eq!(found(), None);
    lake.lines(&account("z", "nick:spare"));
    assert_eq!(
        (owner(&home).as_deref(), found().as_deref()),
        (Some("z"), Some("nick"))
    );
    // The same row by its better name.
    lake.lines(&account("z", "main"));
    assert_eq!(
        (owner(&home).as_deref(), found().as_deref()),
        (Some("z"), Some("name"))
    );
    let by_nick =
        r#"{"op":"entry","entry":"e","label":"l","accounts":["nick:spare"],"with":{"version":2}}"#;
    assert_eq!(lake.lines(by_nick).changed, 1);
    assert_eq!(
        (owner(&home).as_deref(), found().as_deref()),
        (Some("z"), Some("nick"))
    );
    assert_eq!(lake.lines(by_nick).unchanged, 1);
    let none = r#"{"op":"entry","entry":"e","label":"l","with":{"version":3}}"#;
    lake.lines(none);
    assert_eq!((owner(&home), found()), (None, None));
    home.check();
}
