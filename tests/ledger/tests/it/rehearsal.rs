//! Rehearsals: what a run would do, told without doing it.

use std::fs;
use std::time::{Duration, Instant};

use datalake_core::{ErrorKind, Link, Output, Record, UnitId, UnitState};
use datalake_ledger::BOOKS;
use datalake_store::{Cell, Changes, DatasetChanges, Holder, LockState};
use proptest::prelude::*;

use crate::support::{Home, Lake, files_below, job, now, parse};

const BEFORE: &str = r#"
    {"op":"entry","entry":"old","label":"red","amount":1,"low":5,"file":{"name":"f","text":"old"}}
    {"op":"entry","entry":"same","label":"green","with":{"version":1}}
    {"op":"sample","name":"old","value":1.5}
"#;

const NEWS: &str = r#"
    {"op":"entry","entry":"old","label":"blue","amount":2,"low":5,"file":{"name":"f","text":"new"},"with":{"version":1}}
    {"op":"entry","entry":"same","label":"green","with":{"version":1}}
    {"op":"commit"}
    {"op":"entry","entry":"new","label":"alpha","file":{"name":"g","text":"newer"}}
    {"op":"sample","name":"old","value":1.5}
    {"op":"sample","name":"new","value":2.5}
    {"op":"reject","why":"bad"}
    {"op":"commit"}
"#;

fn changes(lake: &Lake<'_>, limit: usize) -> Changes {
    lake.home.run(lake.store.changes(limit)).unwrap()
}

fn of<'c>(changes: &'c Changes, dataset: &str) -> &'c DatasetChanges {
    let mut datasets = changes.datasets.iter();
    datasets.find(|own| own.dataset == dataset).unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn value(values: &[(String, Cell)], name: &str) -> Cell {
    let mut values = values.iter();
    values.find(|(own, _)| own == name).unwrap().1.clone()
}

#[test]
fn it_tells_what_is_new_and_what_differs() {
    let home = Home::new();
    home.open().lines(BEFORE);
    let lake = home.rehearse();
    assert_eq!(changes(&lake, 5), Changes::default());
    lake.lines(NEWS);
    let told = changes(&lake, 5);
    assert_eq!(told.datasets.len(), 2);
    let entries = of(&told, "ledger_entries");
    assert_eq!((entries.inserted, entries.changed), (1, 1));
    let [old, new] = &entries.samples[..] else {
        panic!("{entries:?}");
    };
    assert_eq!(value(&old.values, "label"), text("blue"));
    let before = old.before.as_ref().unwrap();
    assert_eq!(value(before, "label"), text("red"));
    assert_eq!(value(before, "amount"), Cell::Integer(1));
    assert_eq!(value(before, "file_path"), text("ledger/1970/01/01/f"));
    assert_eq!(before.len(), 3, "low is the same: {before:?}");
    assert_eq!(value(&new.values, "entry"), text("new"));
    assert_eq!(value(&new.values, "file_path"), text("ledger/1970/01/01/g"));
    assert_eq!(new.before, None);
    let samples = of(&told, "ledger_samples");
    assert_eq!((samples.inserted, samples.changed), (1, 0));
    assert_eq!(value(&samples.samples[0].values, "name"), text("new"));
    assert_eq!(value(&samples.samples[0].values, "value"), Cell::Real(2.5));
    assert_eq!(told.rejects.len(), 1);
    assert_eq!(told.rejects[0].message, "bad");
}

#[test]
fn samples_are_limited_and_counts_are_not() {
    let home = Home::new();
    let many = |from: u32, to: u32, label: &str| {
        let line = |n| {
            format!(
                "{{\"op\":\"entry\",\"entry\":\"e{n}\",\"label\":\"{label}\",\"with\":{{\"version\":{from}}}}}\n\
                     {{\"op\":\"sample\",\"count\":{n}}}\n"
            )
        };
        (from..to).map(line).collect::<String>()
    };
    home.open().lines(&many(0, 20, "red"));
    let lake = home.rehearse();
    lake.lines(&many(10, 40, "green"));
    for limit in [0, 3, 100] {
        let told = changes(&lake, limit);
        let (entries, samples) = (of(&told, "ledger_entries"), of(&told, "ledger_samples"));
        assert_eq!((entries.inserted, entries.changed), (20, 10));
        assert_eq!(entries.samples.len(), limit.min(20) + limit.min(10));
        assert_eq!(samples.inserted, 20);
        assert_eq!(samples.samples.len(), limit.min(20));
    }
}

#[test]
fn a_tag_or_a_link_is_a_change_too() {
    let home = Home::new();
    let line = r#"{"op":"entry","entry":"e","label":"l","with":{"tags":["TAG"]}}"#;
    home.open().lines(&line.replace("TAG", "x"));
    let lake = home.rehearse();
    assert_eq!(lake.lines(&line.replace("TAG", "y")).changed, 1);
    let told = changes(&lake, 1);
    let entries = of(&told, "ledger_entries");
    assert_eq!((entries.inserted, entries.changed), (0, 1));
    let before = entries.samples[0].before.as_deref().unwrap();
    assert_eq!(before, [(String::from("tags"), text("x"))]);
}

#[test]
fn nothing_of_it_stays() {
    let home = Home::new();
    home.open().lines(BEFORE);
    let state = || {
        (
            home.digest(),
            files_below(&home.data()),
            home.get::<i64>("SELECT count(*) FROM runs"),
        )
    };
    let before = state();
    {
        let lake = home.rehearse();
        let rehearsed = lake.lines(NEWS);
        assert_eq!(rehearsed.inserted, 2);
        // It sees what it has written itself, and nobody else does.
        let known = home.run(datalake_core::Sink::known(
            lake.store.as_ref(),
            &"one".into(),
        ));
        assert_eq!(known.unwrap().len(), 1);
        assert_eq!(lake.lines(NEWS).inserted, 0);
        assert_eq!(state(), before);
        let reset = lake
            .store
            .reset_cursor("one".into(), Some(UnitId::new("u")));
        assert_eq!(home.run(reset).unwrap(), 1);
        assert!(home.run(lake.store.forget("one".into(), false)).is_err());
    }
    assert_eq!(state(), before);
    home.check();
    assert_eq!(home.open().lines(NEWS).inserted, 2);
    home.check();
}

#[test]
fn a_batch_that_fails_takes_only_itself_back() {
    let home = Home::new();
    let lake = home.rehearse();
    lake.lines(r#"{"op":"book","name":"before"}"#);
    let run = lake.begin("one");
    let failed = home.run(async {
        let mut out = Output::new(
            job("one", "u", run, &[]),
            UnitState::default(),
            lake.store.clone(),
        );
        #[derive(serde::Serialize)]
        struct Book {
            name: &'static str,
        }
        for name in ["lost", "too"] {
            let book = Record::new(&BOOKS, &Book { name });
            let wrong = Link::new("title", "ledger_books", "name", "x");
            out.push(book.link(wrong)).await.unwrap();
        }
        out.finish().await
    });
    assert!(failed.is_err());
    lake.lines(r#"{"op":"book","name":"after"}"#);
    let told = changes(&lake, 5);
    let books = of(&told, "ledger_books");
    let names: Vec<Cell> = books
        .samples
        .iter()
        .map(|row| value(&row.values, "name"))
        .collect();
    assert_eq!(names, [text("before"), text("after")]);
}

/// SQLite ends the transaction by itself when there is no room: what is written then must not be kept.
#[test]
fn nothing_is_written_after_the_database_has_rolled_back() {
    let home = Home::new();
    home.open().lines(BEFORE);
    let before = home.digest();
    let mut settings = home.settings();
    settings.max_size = Some(fs::metadata(home.database()).unwrap().len() + (64 << 10));
    let lake = Lake {
        store: std::sync::Arc::new(home.try_rehearse(settings).unwrap()),
        home: &home,
    };
    let long = "x".repeat(200_000);
    let big = parse(&format!(r#"{{"op":"book","name":"big","title":"{long}"}}"#));
    let run = lake.begin("one");
    assert!(lake.feed_in(run, ("one", "u", 0), &big).is_err());
    for _ in 0..2 {
        let small = parse(r#"{"op":"book","name":"small"}"#);
        let written = lake.feed_in(run, ("one", "u", 0), &small);
        // Either the transaction is still there, or nothing is taken any more.
        if let Err(error) = written {
            assert!(error.to_string().contains("rehearsal"), "{error}");
        }
    }
    drop(lake);
    assert_eq!(home.digest(), before);
    home.check();
}

#[test]
fn without_a_database_it_makes_none() {
    let home = Home::with(&datalake_ledger::DATASETS, datalake_ledger::SCHEMA);
    let private = {
        let lake = home.rehearse();
        let holder = Holder::this_process("preview", now());
        let lock = lake.store.lock_source("one", &holder).unwrap();
        assert!(matches!(lock, LockState::Taken(_)));
        lake.lines(NEWS);
        let told = changes(&lake, 5);
        assert_eq!(of(&told, "ledger_entries").inserted, 3);
        assert_eq!(of(&told, "ledger_samples").inserted, 2);
        assert!(lake.store.settings().database.exists());
        lake.store.settings().database.parent().unwrap().to_owned()
    };
    assert!(!private.exists());
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 0);
}

#[test]
fn an_older_database_is_not_brought_up_to_date() {
    let home = Home::new();
    home.open().lines(BEFORE);
    home.outside()
        .execute_batch("DROP INDEX ledger_entries_by_peer; DELETE FROM metadata WHERE key = 'schema_fingerprint'")
        .unwrap();
    let error = home.try_rehearse(home.settings()).map(drop).unwrap_err();
    assert!(
        error.hint_text().unwrap().contains("datalake init"),
        "{error}"
    );
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'ledger_entries_by_peer'"),
        0
    );
}

#[test]
fn writers_wait_for_it_and_it_for_them() {
    let home = Home::new();
    home.open().lines(BEFORE);
    let mut hurried = home.settings();
    hurried.busy_timeout = Duration::from_millis(20);
    let lake = home.rehearse();
    let refused = home.try_rehearse(hurried).map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Temporary, "{refused}");
    // Reading goes on meanwhile.
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 2);
    let ended = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            home.open();
            Instant::now()
        });
        std::thread::sleep(Duration::from_millis(100));
        drop(lake);
        let ended = Instant::now();
        (waiting.join().unwrap(), ended)
    });
    assert!(
        ended.0 >= ended.1 - Duration::from_millis(90),
        "it did not wait"
    );
    let outside = home.outside();
    outside
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM ledger_entries WHERE entry = 'same'")
        .unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let lake = home.rehearse();
            lake.lines(NEWS);
            changes(&lake, 0)
        });
        std::thread::sleep(Duration::from_millis(50));
        outside.execute_batch("COMMIT").unwrap();
        // What the other has done meanwhile is what it starts from.
        assert_eq!(of(&waiting.join().unwrap(), "ledger_entries").inserted, 2);
    });
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default()
    })]

    #[test]
    fn a_run_does_what_its_rehearsal_told(
        before in prop::collection::vec(crate::order::any(), 0..10),
        news in prop::collection::vec(crate::order::any(), 1..10),
    ) {
        let home = Home::new();
        home.open().feed(&before);
        let untouched = home.digest();
        let (rehearsed, told) = {
            let lake = home.rehearse();
            (lake.feed(&news), changes(&lake, 100))
        };
        prop_assert_eq!(home.digest(), untouched);
        let lake = home.open();
        prop_assert_eq!(lake.feed(&news), rehearsed);
        let count = |dataset: &DatasetChanges| dataset.inserted;
        let inserted: u64 = told.datasets.iter().map(count).sum();
        prop_assert_eq!(inserted, rehearsed.inserted);
        home.check();
    }
}
