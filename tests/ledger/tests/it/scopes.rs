//! Sets that a source sees whole, and what has vanished from them.

use datalake_core::{Column, Dataset, Link, Merge, Output, Record, UnitState};

use crate::support::{Home, job, obey_all, parse};

fn seen(entry: &str, version: u64) -> String {
    format!(r#"{{"op":"entry","entry":"{entry}","label":"l","with":{{"scope":["s",{version}]}}}}"#)
}

const VANISHED: &str = "SELECT group_concat(entry) FROM ledger_entries AS e
    WHERE e.seen < (SELECT complete FROM scopes WHERE id = e.scope)";
const COMPLETE: &str = "SELECT complete FROM scopes";

fn complete(version: u64) -> String {
    format!(r#"{{"op":"complete","scope":"s","version":{version}}}"#)
}

fn lines(parts: &[String]) -> String {
    parts.join("\n")
}

#[test]
fn what_is_not_seen_any_more_has_vanished_and_stays() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(&lines(&[seen("a", 1), seen("b", 1), complete(1)]));
    assert_eq!(home.get::<Option<String>>(VANISHED), None);
    lake.lines(&lines(&[seen("b", 2), complete(2)]));
    assert_eq!(home.get::<Option<String>>(VANISHED).as_deref(), Some("a"));
    // An older look that comes late changes nothing.
    lake.lines(&lines(&[seen("a", 1), complete(1)]));
    assert_eq!(home.get::<Option<String>>(VANISHED).as_deref(), Some("a"));
    lake.lines(&lines(&[seen("a", 3), complete(3)]));
    assert_eq!(home.get::<Option<String>>(VANISHED).as_deref(), Some("b"));
    home.check();
}

#[test]
fn a_reject_or_a_cut_keeps_a_scope_open() {
    let bad = String::from(r#"{"op":"reject","why":"bad"}"#);
    let refused = String::from(r#"{"op":"entry","entry":"z","label":"l","amount":13}"#);
    let cut = String::from(r#"{"op":"truncated"}"#);
    let commit = String::from(r#"{"op":"commit"}"#);
    for trouble in [bad, refused, cut] {
        for between in [commit.clone(), String::new()] {
            let home = Home::new();
            let lake = home.open();
            lake.lines(&lines(&[
                trouble.clone(),
                between,
                seen("a", 1),
                complete(1),
            ]));
            let known: i64 = home.get("SELECT count(*) FROM scopes WHERE complete != ''");
            assert_eq!(known, 0, "{trouble}");
        }
    }
}

#[test]
fn a_reject_before_a_resume_counts() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(r#"{"op":"reject","why":"bad"}"#);
    drop(lake);
    home.open().lines(&lines(&[seen("a", 1), complete(1)]));
    assert_eq!(home.get::<String>(COMPLETE), "");
}

#[test]
fn a_reject_that_is_met_again_in_a_new_content_counts_there_too() {
    let home = Home::new();
    let lake = home.open();
    let read = |generation: u32, ops: &str| {
        let run = lake.begin("one");
        home.run(async {
            let state = UnitState {
                generation,
                ..UnitState::default()
            };
            let mut out = Output::new(job("one", "u", run, &[]), state, lake.store.clone());
            obey_all(&mut out, lake.store.as_ref(), &parse(ops))
                .await
                .unwrap();
            out.finish().await.unwrap();
        });
    };
    read(0, r#"{"op":"reject","why":"bad"}"#);
    read(
        1,
        &lines(&[
            String::from(r#"{"op":"reject","why":"bad"}"#),
            seen("a", 1),
            complete(1),
        ]),
    );
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM rejects"),
        1,
        "it is one reject"
    );
    assert_eq!(home.get::<String>(COMPLETE), "");
}

#[test]
fn of_two_scopes_at_one_version_the_order_does_not_decide() {
    let row = |scope: &str| {
        format!(r#"{{"op":"entry","entry":"a","label":"l","with":{{"scope":["{scope}",1]}}}}"#)
    };
    let (here, there) = (Home::new(), Home::new());
    here.open().lines(&lines(&[row("s"), row("t")]));
    there.open().lines(&lines(&[row("t"), row("s")]));
    assert_eq!(here.digest(), there.digest());
}

#[test]
fn a_set_is_replaced_with_all_that_hangs_on_it() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(
        r#"{"op":"account","code":"a","title":"red","with":{"aliases":["a"],"tags":["x"],"scope":["set",1]}}
           {"op":"account","code":"b","title":"green","with":{"scope":["set",1]}}
           {"op":"entry","entry":"e","label":"l","accounts":["a"]}
           {"op":"replace","scope":"set","version":1}"#,
    );
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_accounts"), 2);
    lake.lines(
        r#"{"op":"account","code":"b","title":"green","with":{"scope":["set",2]}}
           {"op":"replace","scope":"set","version":2}"#,
    );
    assert_eq!(
        home.get::<String>("SELECT group_concat(code) FROM ledger_accounts"),
        "b"
    );
    assert_eq!(
        home.get::<Option<i64>>("SELECT account_id FROM ledger_entries"),
        None
    );
    home.check();
}

/// A table whose rows the schema deletes with their account, and which is searched.
const MARKS: &str = "
CREATE TABLE ledger_marks (
    id INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE,
    account_id INTEGER REFERENCES ledger_accounts(id) ON DELETE CASCADE
    /* kept by the store */
);
CREATE VIRTUAL TABLE ledger_marks_fts USING fts5(word, content = 'ledger_marks', content_rowid = 'id');
";

static MARK: Dataset = Dataset::rows("ledger_marks", "Words of accounts")
    .columns(&[
        Column::text("word"),
        Column::integer("account_id").merge(Merge::Link),
    ])
    .key(&["word"])
    .time("word")
    .text(&["word"]);

#[derive(serde::Serialize)]
struct Mark {
    word: &'static str,
}

#[test]
fn what_the_schema_deletes_with_a_row_leaves_the_index_too() {
    let mut datasets = datalake_ledger::DATASETS.to_vec();
    datasets.push(&MARK);
    let home = Home::with(&datasets, &format!("{}{MARKS}", datalake_ledger::SCHEMA));
    let lake = home.open();
    lake.lines(
        r#"{"op":"account","code":"a","with":{"aliases":["a"],"scope":["set",1]}}
           {"op":"account","code":"b","with":{"aliases":["b"],"scope":["set",2]}}"#,
    );
    let run = lake.begin("one");
    home.run(async {
        let mut out = Output::new(
            job("one", "m", run, &[]),
            UnitState::default(),
            lake.store.clone(),
        );
        for (word, account) in [("red", "a"), ("green", "b")] {
            let link = Link::new("account_id", "ledger_accounts", "name", account);
            let mark = Record::new(&MARK, &Mark { word });
            out.push(mark.link(link).alias("word", word)).await.unwrap();
        }
        out.finish().await.unwrap();
    });
    lake.lines(r#"{"op":"replace","scope":"set","version":2}"#);
    assert_eq!(
        home.get::<String>("SELECT group_concat(word) FROM ledger_marks"),
        "green"
    );
    home.check();
}
