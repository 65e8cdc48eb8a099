//! Databases of an older schema, and those that must not be touched.

use std::fs;

use datalake_core::{Column, Dataset, Kind, Merge};
use datalake_ledger::{DATASETS, SCHEMA};
use rusqlite::Connection;

use crate::search::lines;
use crate::support::Home;

const ALL_SQL: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";

const FILL: &str = r#"
    {"op":"book","name":"b","title":"red","with":{"aliases":["b"]}}
    {"op":"account","code":"a","title":"green","books":["b"],"with":{"aliases":["a"],"tags":["x"],"version":1}}
    {"op":"account","code":"a","title":"blue","books":["b"],"with":{"version":2}}
    {"op":"entry","entry":"e1","label":"alpha","amount":3,"accounts":["a"],"file":{"name":"f","text":"t"}}
    {"op":"sample","name":"n","value":1.5}
"#;

/// The fragment without these lines, or with one text for another.
fn older(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(SCHEMA.to_owned(), |text, (new, old)| {
        assert!(text.contains(new), "{new}");
        text.replace(new, old)
    })
}

/// A database with rows, as a program with another fragment left it.
fn left_by(fragment: &str, datasets: &[&'static Dataset], more: &str) -> Home {
    let mut home = Home::with(datasets, fragment);
    home.open().lines(FILL);
    home.outside().execute_batch(more).unwrap();
    home.fragment = SCHEMA.to_owned();
    home.datasets = DATASETS.to_vec();
    home
}

fn is_like_a_fresh_one(home: &Home) {
    let fresh = Home::with(&DATASETS, SCHEMA);
    drop(fresh.open());
    assert_eq!(
        lines(&home.outside(), ALL_SQL),
        lines(&fresh.outside(), ALL_SQL)
    );
}

/// Opens it and compares it with a store that had the present schema all along.
fn upgraded(home: &Home) {
    let (store, created) = home.try_open().unwrap();
    let backup = created.backup.unwrap();
    drop(store);
    is_like_a_fresh_one(home);
    home.check();
    let straight = Home::with(&DATASETS, SCHEMA);
    straight.open().lines(FILL);
    assert_eq!(home.digest(), straight.digest());
    // The copy from before opens and has the rows.
    let before = Connection::open(backup).unwrap();
    let rows: i64 = before
        .query_row("SELECT count(*) FROM ledger_entries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1);
    let (_, again) = home.try_open().unwrap();
    assert_eq!(again.backup, None, "there is nothing left to do");
    home.open().lines(FILL);
    assert_eq!(home.digest(), straight.digest());
}

#[test]
fn a_column_less() {
    let old = older(&[("    ratio REAL,\n", "")]);
    static FEW: Dataset = {
        let mut entries = datalake_ledger::ENTRIES;
        entries.columns = &WITHOUT_RATIO;
        entries
    };
    let home = left_by(
        &old,
        &[&FEW, DATASETS[0], DATASETS[1], DATASETS[3], DATASETS[4]],
        "",
    );
    upgraded(&home);
}

/// The columns of the entries, as an older plugin declared them.
const WITHOUT_RATIO: [Column; 17] = {
    let all = datalake_ledger::ENTRIES.columns;
    let mut few = [all[0]; 17];
    let (mut from, mut to) = (0, 0);
    while from < all.len() {
        if !matches!(all[from].kind, Kind::Real) {
            few[to] = all[from];
            to += 1;
        }
        from += 1;
    }
    few
};

#[test]
fn an_index_a_default_and_a_view_otherwise() {
    let old = older(&[
        (
            "CREATE INDEX ledger_entries_by_peer ON ledger_entries(peer_id);",
            "",
        ),
        (
            "    title TEXT,\n    opened_at TEXT,\n    tags TEXT,\n    entries INTEGER,",
            "    title TEXT DEFAULT 'x',\n    opened_at TEXT,\n    tags TEXT,\n    entries INTEGER,",
        ),
        ("(SELECT sum(e.amount)", "(SELECT 7 + sum(e.amount)"),
    ]);
    let home = left_by(&old, &DATASETS, "");
    assert_eq!(home.get::<i64>("SELECT total FROM ledger_books"), 10);
    upgraded(&home);
}

#[test]
fn a_text_column_less_in_the_index() {
    let old = older(&[
        (
            "    title, tags, content = 'ledger_books'",
            "    title, content = 'ledger_books'",
        ),
        (
            "(rowid, title, tags) VALUES (new.id, new.title, new.tags)",
            "(rowid, title) VALUES (new.id, new.title)",
        ),
        (
            "(ledger_books_fts, rowid, title, tags) VALUES ('delete', old.id, old.title, old.tags)",
            "(ledger_books_fts, rowid, title) VALUES ('delete', old.id, old.title)",
        ),
        (
            "UPDATE OF id, title, tags ON ledger_books",
            "UPDATE OF id, title ON ledger_books",
        ),
    ]);
    static BOOKS: Dataset = {
        let mut books = datalake_ledger::BOOKS;
        books.text = &["title"];
        books
    };
    let home = left_by(
        &old,
        &[&BOOKS, DATASETS[1], DATASETS[2], DATASETS[3], DATASETS[4]],
        "",
    );
    upgraded(&home);
}

#[test]
fn what_somebody_else_made_stays() {
    let old = older(&[("    ratio REAL,\n", "    ratio REAL DEFAULT 1.0,\n")]);
    let theirs = "UPDATE ledger_entries SET note = 'own alpha', id = 77;
        CREATE TABLE my_notes (entry INTEGER REFERENCES ledger_entries(id), text);
        INSERT INTO my_notes SELECT id, 'mine' FROM ledger_entries;
        CREATE INDEX my_index ON ledger_entries(amount);
        CREATE VIEW my_view AS SELECT label FROM ledger_entries;
        CREATE TABLE my_log (label);
        CREATE TRIGGER my_trigger AFTER UPDATE OF label ON ledger_entries BEGIN INSERT INTO my_log VALUES (new.label); END;";
    let home = left_by(&old, &DATASETS, theirs);
    drop(home.open());
    assert_eq!(
        home.get::<i64>("SELECT id FROM ledger_entries WHERE note = 'own alpha'"),
        77
    );
    let names = "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name LIKE 'my\\_%' ESCAPE '\\' ORDER BY name)";
    assert_eq!(
        home.get::<String>(names),
        "my_index,my_log,my_notes,my_trigger,my_view"
    );
    let db = home.outside();
    db.execute("UPDATE ledger_entries SET label = 'beta'", [])
        .unwrap();
    assert_eq!(
        home.get::<String>("SELECT group_concat(label) FROM my_log"),
        "beta"
    );
    assert_eq!(home.get::<String>("SELECT label FROM my_view"), "beta");
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM pragma_foreign_key_check"),
        0
    );
    db.execute("DELETE FROM my_notes", []).unwrap();
    crate::search::search_is_right(&db, DATASETS[2]);
}

#[test]
fn an_upgrade_that_fails_in_its_middle_leaves_the_old_one() {
    // The rows have no `must`: building the table anew fails after other things were done.
    let old = older(&[
        (
            "CREATE INDEX ledger_accounts_by_book ON ledger_accounts(book_id);",
            "",
        ),
        (
            "    serial INTEGER UNIQUE,",
            "    serial INTEGER UNIQUE DEFAULT NULL,",
        ),
    ]);
    let mut home = left_by(&old, &DATASETS, "");
    let before = (lines(&home.outside(), ALL_SQL), home.digest());
    home.fragment = SCHEMA.replace(
        "    ratio REAL,\n",
        "    ratio REAL,\n    must TEXT NOT NULL,\n",
    );
    let error = home.try_open().map(drop).unwrap_err();
    assert!(error.to_string().contains("must"), "{error}");
    home.fragment = SCHEMA.to_owned();
    assert_eq!(before, (lines(&home.outside(), ALL_SQL), home.digest()));
    let copies = fs::read_dir(home.folder.path()).unwrap().flatten();
    let copies = copies.filter(|entry| entry.file_name().to_string_lossy().contains("upgrade"));
    assert_eq!(
        copies.count(),
        0,
        "nothing has changed, so nothing is to be restored"
    );
    upgraded(&home);
}

#[test]
fn a_table_of_somebodys_in_the_place_of_a_view_is_not_dropped() {
    let old = older(&[(
        "CREATE VIEW ledger_samples",
        "CREATE VIEW ledger_samples_old",
    )]);
    let mut home = Home::with(&DATASETS[..4], &old);
    drop(home.open());
    home.outside()
        .execute_batch("CREATE TABLE ledger_samples (mine)")
        .unwrap();
    home.fragment = SCHEMA.to_owned();
    let error = home.try_open().map(drop).unwrap_err();
    assert!(error.to_string().contains("ledger_samples"), "{error}");
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_samples"), 0);
}

#[test]
fn a_newer_version_is_refused_untouched() {
    let home = Home::new();
    drop(home.open());
    {
        let db = home.outside();
        db.pragma_update(None, "user_version", 99).unwrap();
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }
    let before = fs::read(home.database()).unwrap();
    let error = home.try_open().map(drop).unwrap_err();
    assert!(error.to_string().contains("99"), "{error}");
    assert_eq!(before, fs::read(home.database()).unwrap());
}

#[test]
fn a_newer_version_that_stands_in_the_log_alone_is_refused_too() {
    let home = Home::new();
    drop(home.open());
    let db = home.outside();
    db.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(home.database()).unwrap();
    let error = home.try_open().map(drop).unwrap_err();
    assert!(error.to_string().contains("99"), "{error}");
    assert_eq!(before, fs::read(home.database()).unwrap());
    drop(db);
    assert_eq!(home.get::<i32>("PRAGMA user_version"), 99);
}

#[test]
fn the_log_of_a_deleted_database_is_not_played_into_the_new_one() {
    let home = Home::with(&DATASETS, SCHEMA);
    let lake = home.open();
    lake.lines(FILL);
    let log = fs::read(home.path("lake.db-wal")).unwrap();
    drop(lake);
    fs::remove_file(home.database()).unwrap();
    fs::remove_dir_all(home.data()).unwrap();
    fs::write(home.path("lake.db-wal"), &log).unwrap();
    let lake = home.open();
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 0);
    assert_eq!(
        fs::read(home.path("lake.db.log-without-database")).unwrap(),
        log
    );
    lake.lines(FILL);
    home.check();
}

#[test]
fn a_dataset_that_cannot_work_is_told_by_its_name() {
    static WRONG_TYPE: Dataset = Dataset::rows("ledger_books", "Books")
        .columns(&[Column::text("name"), Column::real("total")])
        .key(&["name"])
        .time("name");
    static LONE_OFFSET: Dataset = Dataset::rows("ledger_books", "Books")
        .columns(&[
            Column::text("name"),
            Column::time("opened_at"),
            Column::integer("total").merge(Merge::Time),
        ])
        .key(&["name"])
        .time("opened_at");
    for (dataset, says) in [
        (&WRONG_TYPE, "total"),
        (&LONE_OFFSET, "total comes with the time"),
    ] {
        let error = Home::with(&[dataset], SCHEMA)
            .try_open()
            .map(drop)
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("ledger_books") && error.contains(says),
            "{error}"
        );
    }
}

/// The stock tables as they were before watches, replays and forgetting.
#[test]
fn a_database_from_before_watches_keeps_its_runs() {
    let home = Home::with(&DATASETS, SCHEMA);
    {
        let lake = home.open();
        lake.lines(FILL);
        lake.feed_as(
            "other",
            "v",
            &crate::support::parse(r#"{"op":"reject","why":"bad"}"#),
        );
    }
    home.outside()
        .execute_batch(
            "ALTER TABLE runs DROP COLUMN overlapped;
             ALTER TABLE files DROP COLUMN origin;
             ALTER TABLE places DROP COLUMN origin;
             DROP TABLE shares; DROP TABLE source_datasets; DROP TABLE completions;
             DELETE FROM metadata WHERE key = 'schema_fingerprint'",
        )
        .unwrap();
    let runs = "SELECT id, source, plugin, \"trigger\", started_at, ended_at, outcome, inserted, rejected, error FROM runs";
    let before = lines(&home.outside(), runs);
    assert_eq!(before.len(), 2);
    let (_, created) = home.try_open().unwrap();
    assert!(created.backup.is_some());
    is_like_a_fresh_one(&home);
    home.check();
    assert_eq!(lines(&home.outside(), runs), before);
    assert_eq!(home.get::<i64>("SELECT sum(overlapped) FROM runs"), 0);
    // Who brought what was not noted then: forgetting one has the other read again, to be sure.
    let lake = home.open();
    let done = home.run(lake.store.forget("other".into(), false)).unwrap();
    assert_eq!((done.rejects, done.runs, done.others.len()), (1, 1, 1));
    home.check();
    home.run(lake.store.forget("one".into(), false)).unwrap();
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 0);
    assert!(crate::support::files_below(&home.data()).is_empty());
    home.check();
}
