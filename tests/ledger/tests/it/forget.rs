//! Forgetting a source: as if it had never been, and nothing of another is lost.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use datalake_core::Result;
use datalake_ledger::Op;
use datalake_store::{Edit, Forgotten, Holder};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::support::{Home, Lake, files_below, now, parse};

fn forget(lake: &Lake<'_>, source: &str, preview: bool) -> Result<Forgotten> {
    lake.home.run(lake.store.forget(source.into(), preview))
}

fn complete(scope: &str) -> Vec<Op> {
    vec![Op::Complete {
        scope: scope.to_owned(),
        version: 2,
    }]
}

/// Reads all of `b`, which sees one scope whole.
fn read_b(lake: &Lake<'_>, b: &[Op]) {
    lake.feed_as("b", "u", b);
    lake.feed_as("b", "scopes", &complete("s0"));
}

fn same_as_never(a: &[Op], b: &[Op], a_first: bool) -> std::result::Result<(), TestCaseError> {
    let (home, only) = (Home::new(), Home::new());
    let (first, second) = a.split_at(a.len() / 2);
    {
        let lake = home.open();
        if a_first {
            lake.feed_as("a", "u", first);
        }
        read_b(&lake, b);
        if !a_first {
            lake.feed_as("a", "u", first);
        }
        lake.feed_as("a", "v", second);
        lake.feed_as("a", "scopes", &[complete("s0"), complete("s1")].concat());
        let before = home.digest();
        let preview = forget(&lake, "a", true).unwrap();
        prop_assert_eq!(&before, &home.digest());
        prop_assert_eq!(&forget(&lake, "a", false).unwrap(), &preview);
        prop_assert_eq!(preview.kept, 0);
        home.check();
        prop_assert_eq!(traces(&home, "a"), 0);
        let nothing = Forgotten {
            others: Vec::new(),
            ..forget(&lake, "a", false).unwrap()
        };
        prop_assert_eq!(nothing, Forgotten::default());
        read_b(&lake, b);
    }
    let lake = only.open();
    read_b(&lake, b);
    home.check();
    prop_assert_eq!(told(&home), told(&only));
    Ok(())
}

/// What is there, but for previews: they follow from the content, so that one who forgets a source can leave those it
/// brought of a file that others have, too.
fn told(home: &Home) -> String {
    let digest = home.digest();
    let lines = digest.lines().filter(|line| !line.starts_with("preview "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// How many rows name the source.
fn traces(home: &Home, source: &str) -> i64 {
    let tables = [
        "checkpoints",
        "origins",
        "runs",
        "shares",
        "source_datasets",
    ];
    let count = |table: &&str| -> i64 {
        home.get(&format!(
            "SELECT count(*) FROM {table} WHERE source = '{source}'"
        ))
    };
    tables.iter().map(count).sum()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default()
    })]

    #[test]
    fn a_forgotten_source_might_never_have_been(
        a in prop::collection::vec(crate::order::any(), 1..12),
        b in prop::collection::vec(crate::order::any(), 1..12),
        common in prop::collection::vec(crate::order::any(), 0..6),
        a_first: bool,
    ) {
        let (a, b) = ([a, common.clone()].concat(), [common, b].concat());
        same_as_never(&a, &b, a_first)?;
    }
}

const A: &str = r#"
    {"op":"book","name":"b","title":"red","with":{"aliases":["b"]}}
    {"op":"account","code":"a1","title":"green","books":["b"],"with":{"aliases":["a"],"tags":["x"]}}
    {"op":"entry","entry":"e1","label":"red alpha","amount":1,"accounts":["a"],"file":{"name":"f","text":"mine"}}
    {"op":"entry","entry":"e2","label":"blue","amount":2,"accounts":["a"],"file":{"name":"f","text":"both"}}
    {"op":"sample","name":"only a","value":1}
    {"op":"sample","name":"both","value":2}
    {"op":"reject","why":"bad"}
    {"op":"commit"}
"#;

const B: &str = r#"
    {"op":"account","code":"a2","title":"gamma","books":["b"],"with":{"aliases":["a"]}}
    {"op":"entry","entry":"e3","label":"green","amount":4,"accounts":["a"],"file":{"name":"f","text":"both"}}
    {"op":"sample","name":"both","value":2}
    {"op":"sample","name":"both","value":3}
    {"op":"commit"}
"#;

#[test]
fn what_hung_on_it_is_let_go_and_what_is_left_is_counted_anew() {
    let home = Home::new();
    let lake = home.open();
    lake.feed_as("a", "u", &parse(A));
    lake.feed_as("b", "v", &parse(B));
    assert_eq!(home.get::<i64>("SELECT total FROM ledger_books"), 7);
    let done = forget(&lake, "a", false).unwrap();
    let rows = [
        ("ledger_accounts", 1),
        ("ledger_books", 1),
        ("ledger_entries", 2),
        ("ledger_samples", 2),
    ];
    let rows = rows.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(done.rows, rows);
    assert_eq!(
        (done.files, done.file_bytes),
        (1, 4),
        "the other is used by b"
    );
    assert_eq!((done.rejects, done.units, done.runs), (1, 1, 1));
    let other = &done.others[0];
    assert_eq!(
        (other.source.as_str(), other.units, other.missing),
        ("b", 1, 0)
    );
    // The next best of the same name takes over, and its total with it.
    assert_eq!(
        home.get::<String>(
            "SELECT code FROM ledger_accounts AS a JOIN ledger_entries AS e ON e.account_id = a.id"
        ),
        "a2"
    );
    assert_eq!(home.get::<i64>("SELECT total FROM ledger_accounts"), 4);
    let words: String =
        home.get("SELECT group_concat(value) FROM (SELECT value FROM texts ORDER BY value)");
    assert_eq!(words, "both,desk");
    let again = "SELECT count(*) FROM checkpoints WHERE source = 'b' AND cursor IS NULL AND version IS NULL";
    assert_eq!(home.get::<i64>(again), 1);
    home.check();
    lake.feed_as("b", "v", &parse(B));
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_samples"), 2);
    home.check();
}

#[test]
fn the_last_source_leaves_an_empty_store() {
    let home = Home::new();
    let lake = home.open();
    let empty = home.digest();
    lake.feed_as("a", "u", &parse(A));
    forget(&lake, "a", false).unwrap();
    assert_eq!(home.digest(), empty);
    for table in ["texts", "origins", "batches", "runs", "files", "places"] {
        assert_eq!(
            home.get::<i64>(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
    assert!(files_below(&home.data()).is_empty());
    home.check();
    // The same program goes on: nothing that it remembers names what is gone.
    lake.feed_as("a", "u", &parse(A));
    home.check();
}

#[test]
fn no_number_of_a_batch_is_given_twice() {
    let home = Home::new();
    let lake = home.open();
    let last = || -> i64 { home.get("SELECT max(id) FROM batches") };
    lake.feed_as("b", "v", &parse(B));
    lake.feed_as("a", "u", &parse(A));
    let before = last();
    for _ in 0..2 {
        forget(&lake, "a", false).unwrap();
        assert!(home.get::<Option<i64>>("SELECT max(id) FROM batches") < Some(before));
    }
    lake.feed_as("a", "u", &parse(A));
    assert_eq!(last(), before + 1);
}

#[test]
fn what_cannot_be_read_again_and_what_is_the_users_stays() {
    let home = Home::new();
    let lake = home.open();
    let entry = |key: &str, low: i64| {
        format!(r#"{{"op":"entry","entry":"{key}","label":"l","low":{low}}}{{"op":"commit"}}"#)
            .replace("}{", "}\n{")
    };
    for (unit, key) in [
        ("here", "here"),
        ("gone", "gone"),
        ("noted", "noted"),
        ("tagged", "tagged"),
    ] {
        lake.feed_as("b", unit, &parse(&entry(key, 5)));
        lake.feed_as("a", "u", &parse(&entry(key, 1)));
        lake.feed_as("b", unit, &parse(&entry(key, 5)));
    }
    let id = |key: &str| -> i64 {
        home.get(&format!(
            "SELECT id FROM ledger_entries WHERE entry = '{key}'"
        ))
    };
    let edit = |key, edit| {
        home.run(lake.store.edit("ledger_entries", id(key), edit))
            .unwrap()
    };
    edit(
        "noted",
        Edit::Set(
            String::from("note"),
            datalake_core::Value::Text(String::from("mine")),
        ),
    );
    edit("tagged", Edit::AddTag(String::from("mine")));
    // Which of two equal versions a row shows its hash decides; here all are to be b's.
    home.outside()
        .execute_batch(
            "UPDATE ledger_entries SET origin = (SELECT id FROM origins WHERE source = 'b' AND unit = entry);
             UPDATE checkpoints SET missing = 1 WHERE source = 'b' AND unit = 'gone'",
        )
        .unwrap();
    let done = forget(&lake, "a", false).unwrap();
    assert_eq!(done.rows, [(String::from("ledger_entries"), 1)]);
    assert_eq!(done.kept, 3);
    assert_eq!((done.others[0].units, done.others[0].missing), (4, 1));
    let left: String = home
        .get("SELECT group_concat(entry) FROM (SELECT entry FROM ledger_entries ORDER BY entry)");
    assert_eq!(left, "gone,noted,tagged");
    home.check();
}

#[test]
fn a_source_in_use_is_left_alone() {
    let home = Home::new();
    let lake = home.open();
    lake.feed_as("a", "u", &parse(A));
    lake.feed_as("b", "v", &parse(B));
    let before = home.digest();
    let holder = Holder::this_process("manual", now());
    for (name, watch) in [("a", false), ("a", true), ("b", false)] {
        let lock = match watch {
            true => lake.store.lock_watch(name, &holder),
            false => lake.store.lock_source(name, &holder),
        };
        let error = forget(&lake, "a", false).unwrap_err().to_string();
        assert!(error.contains("(manual)"), "{error}");
        assert_eq!(home.digest(), before);
        drop(lock);
    }
    // That somebody watches another source is no hindrance, nor is a preview.
    let _watch = lake.store.lock_watch("b", &holder).unwrap();
    let preview = forget(&lake, "a", true).unwrap();
    assert_eq!(forget(&lake, "a", false).unwrap(), preview);
}

#[test]
fn tables_of_somebodys_own_have_a_say() {
    let home = Home::new();
    let lake = home.open();
    lake.feed_as("a", "u", &parse(A));
    let db = home.outside();
    db.execute_batch(
        "CREATE TABLE mine (entry INTEGER REFERENCES ledger_entries(id), text);
         CREATE TABLE theirs (entry INTEGER REFERENCES ledger_entries(id) ON DELETE CASCADE);
         CREATE TABLE ours (entry INTEGER REFERENCES ledger_entries(id) ON DELETE SET NULL);
         INSERT INTO mine SELECT id, label FROM ledger_entries;
         INSERT INTO theirs SELECT id FROM ledger_entries;
         INSERT INTO ours SELECT id FROM ledger_entries;",
    )
    .unwrap();
    let before = home.digest();
    let error = forget(&lake, "a", false).unwrap_err().to_string();
    assert!(error.contains("mine"), "{error}");
    assert_eq!(home.digest(), before);
    db.execute_batch("DELETE FROM mine").unwrap();
    forget(&lake, "a", false).unwrap();
    assert_eq!(home.get::<i64>("SELECT count(*) FROM theirs"), 0);
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM ours WHERE entry IS NULL"),
        2
    );
    home.check();
}

#[test]
fn rows_of_a_plugin_that_is_not_there_are_not_left_behind() {
    let mut home = Home::new();
    home.open().feed_as("a", "u", &parse(A));
    let all = home.datasets.clone();
    home.datasets
        .retain(|dataset| dataset.name != "ledger_entries");
    let error = forget(&home.open(), "a", false).unwrap_err().to_string();
    assert!(error.contains("ledger_entries"), "{error}");
    home.datasets = all;
    forget(&home.open(), "a", false).unwrap();
    home.check();
}

#[test]
fn files_that_a_killed_process_had_noted_go_at_the_next_start() {
    let home = Home::new();
    home.open().feed_as("a", "u", &parse(A));
    let kept = files_below(&home.data());
    let dead = home.data().join(".staging/1-0");
    fs::create_dir(&dead).unwrap();
    fs::write(home.data().join("ledger/orphan"), "committed").unwrap();
    // The one was to go with a transaction that was never committed, the other with one that was.
    let note = format!("{}\nledger/orphan\n../lake.db", kept[0]);
    fs::write(dead.join("4.removal"), note).unwrap();
    drop(home.open());
    assert_eq!(files_below(&home.data()), kept);
    assert!(!dead.exists() && home.database().exists());
    home.check();
}

/// Many rows, a few of them with files.
fn many() -> Vec<Op> {
    let line = |n: u32| {
        let file = match n % 100 {
            0 => format!(r#","file":{{"name":"f","text":"{n}"}}"#),
            _ => String::new(),
        };
        format!(
            r#"{{"op":"entry","entry":"a{n}","label":"red {n}","amount":1,"accounts":["a"]{file}}}"#
        )
    };
    parse(&(0..3000).map(|n| line(n) + "\n").collect::<String>())
}

#[test]
fn killed_at_any_instant_it_has_forgotten_all_or_nothing() {
    // It starts itself in a folder with a store, and kills that process.
    let here = std::env::current_dir().unwrap();
    if here.join("lake.db").exists() {
        forget(&Home::at(here).open(), "a", false).unwrap();
        return;
    }
    let mut done = [0, 0];
    for round in 0..16_u64 {
        let home = Home::new();
        {
            let lake = home.open();
            lake.feed_as("b", "v", &parse(B));
            lake.feed_as("a", "u", &many());
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "forget::killed_at_any_instant_it_has_forgotten_all_or_nothing",
            ])
            .current_dir(home.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(4 + round * 5));
        let _ = child.kill();
        child.wait().unwrap();
        let left: i64 = home.get("SELECT count(*) FROM ledger_entries WHERE entry LIKE 'a%'");
        assert!(left == 0 || left == 3000, "{left}");
        done[usize::from(left == 0)] += 1;
        // Opening sweeps up; calling again completes it.
        let lake = home.open();
        home.check();
        forget(&lake, "a", false).unwrap();
        home.check();
        assert_eq!(files_below(&home.data()).len(), 1);
        home.nothing_staged();
    }
    assert!(done[0] > 0, "every process had ended before it was killed");
}
