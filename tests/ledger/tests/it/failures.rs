//! Batches that fail, records that are refused, readers that stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datalake_core::{
    Aside, Batch, Checkpoint, Error, KnownUnit, Outcome, Output, Receipt, Result, Sink, SourceName,
    UnitId, UnitState, async_trait,
};
use datalake_ledger::Op;
use datalake_store::Store;
use proptest::prelude::*;

use crate::support::{Home, Lake, job, obey_all, parse};

/// A store that fails after so many batches, as if the process had been stopped there.
struct Stops {
    store: Arc<Store>,
    left: AtomicUsize,
}

#[async_trait]
impl Sink for Stops {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match left {
            Ok(_) => self.store.write(batch).await,
            Err(_) => Err(Error::temporary("stopped")),
        }
    }
    async fn checkpoint(&self, source: &SourceName, unit: &UnitId) -> Result<Option<Checkpoint>> {
        self.store.checkpoint(source, unit).await
    }
    async fn known(&self, source: &SourceName) -> Result<Vec<KnownUnit>> {
        self.store.known(source).await
    }
    fn aside(&self) -> Result<Aside> {
        self.store.aside()
    }
}

/// Feeds operations until so many batches are written.
pub(crate) fn feed_until(lake: &Lake<'_>, ops: &[Op], batches: usize) -> Result<Outcome> {
    let run = lake.begin("one");
    let sink = Arc::new(Stops {
        store: lake.store.clone(),
        left: AtomicUsize::new(batches),
    });
    lake.home.run(async {
        let mut out = Output::new(
            job("one", "u", run, &[]),
            UnitState::default(),
            sink.clone(),
        );
        let done = obey_all(&mut out, sink.as_ref(), ops).await;
        out.finish()
            .await
            .and_then(|written| done.map(|()| written))
    })
}

/// The place after which the store says it has everything.
fn resume_at(lake: &Lake<'_>) -> usize {
    let source: SourceName = "one".into();
    let found = lake
        .home
        .run(lake.store.checkpoint(&source, &UnitId::new("u")))
        .unwrap();
    found.map_or(0, |checkpoint| checkpoint.decode::<usize>(1).unwrap() + 1)
}

const MANY: &str = r#"
    {"op":"entry","entry":"e1","label":"red","amount":1,"accounts":["a"],"file":{"name":"f","text":"one"}}
    {"op":"sample","name":"n","value":1.5}
    {"op":"commit"}
    {"op":"reject","why":"bad"}
    {"op":"account","code":"a","title":"t","books":["b"],"with":{"aliases":["a"],"tags":["x"]}}
    {"op":"commit"}
    {"op":"entry","entry":"e1","label":"green","amount":2,"accounts":["a"],"with":{"version":1}}
    {"op":"book","name":"b","with":{"aliases":["b"]}}
    {"op":"commit"}
    {"op":"entry","entry":"e2","label":"blue","amount":3,"accounts":["a"],"file":{"name":"f","text":"two"}}
    {"op":"commit"}
"#;

#[test]
fn stopped_at_any_commit_point_and_resumed_it_is_the_same() {
    let whole = Home::new();
    whole.open().feed(&parse(MANY));
    let ops = parse(MANY);
    for batches in 0..5 {
        let home = Home::new();
        {
            let lake = home.open();
            assert!(
                feed_until(&lake, &ops, batches).is_err() || batches == 4,
                "{batches}"
            );
        }
        let lake = home.open();
        let from = resume_at(&lake);
        lake.feed(&ops[from..]);
        assert_eq!(
            home.digest(),
            whole.digest(),
            "stopped after {batches} batches"
        );
        home.check();
        home.nothing_staged();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stopped_again_and_again(stops in prop::collection::vec(0..4_usize, 0..6)) {
        let (home, whole) = (Home::new(), Home::new());
        whole.open().feed(&parse(MANY));
        let ops = parse(MANY);
        for batches in stops {
            let _ = feed_until(&home.open(), &ops, batches);
            home.check();
        }
        let lake = home.open();
        lake.feed(&ops);
        prop_assert_eq!(home.digest(), whole.digest());
        home.check();
    }
}

#[test]
fn a_record_that_its_table_refuses_becomes_a_reject_and_leaves_nothing() {
    let home = Home::new();
    let lake = home.open();
    let receipt = lake.lines(
        r#"{"op":"entry","entry":"before","label":"red"}
           {"op":"entry","entry":"check","label":"x","amount":13,"accounts":["a"],
            "file":{"name":"lost","text":"lost"},"with":{"aliases":["n"],"tags":["x"],"scope":["s",1]}}"#
            .replace("\n            \"file\"", "\"file\"")
            .as_str(),
    );
    assert_eq!((receipt.inserted, receipt.rejected), (1, 1));
    let receipt = lake.lines(
        r#"{"op":"entry","entry":"null"}
           {"op":"entry","label":"no key"}
           {"op":"sample","name":"n","count":-1}
           {"op":"sample","name":"n","count":1}
           {"op":"entry","entry":"after","label":"green"}"#,
    );
    assert_eq!((receipt.inserted, receipt.rejected), (2, 3));
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM rejects WHERE code = 'cannot-store'"),
        4
    );
    let sample: String =
        home.get("SELECT CAST(bytes AS TEXT) FROM rejects WHERE message LIKE 'ledger_samples%'");
    assert!(sample.contains(r#""name":"n""#), "{sample}");
    for table in ["files", "aliases", "links", "tags", "scopes"] {
        assert_eq!(
            home.get::<i64>(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
    home.check();
}

#[test]
fn samples_that_are_refused_cost_none_of_those_written_with_them() {
    let home = Home::new();
    let lake = home.open();
    let lines: Vec<String> = (0..200)
        .map(|n| {
            let count = if n % 37 == 5 { -1 } else { n };
            format!(r#"{{"op":"sample","name":"word {n}","value":{n},"count":{count}}}"#)
        })
        .collect();
    for (inserted, unchanged) in [(194, 0), (0, 194)] {
        let receipt = lake.lines(&lines.join("\n"));
        let counts = (receipt.inserted, receipt.unchanged, receipt.rejected);
        assert_eq!(counts, (inserted, unchanged, 6));
    }
    let names = "SELECT count(DISTINCT name) FROM ledger_samples WHERE name = 'word ' || count";
    assert_eq!(home.get::<i64>(names), 194);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM rejects"), 6);
}

#[test]
fn a_merge_that_its_table_refuses_leaves_row_and_index_as_they_were() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(
        r#"{"op":"entry","entry":"e","label":"red","low":0,"serial":1,"with":{"version":1}}
           {"op":"entry","entry":"f","label":"green","serial":2}"#,
    );
    // Each is fine by itself; merged, one breaks a check and the other a unique column.
    let receipt = lake.lines(
        r#"{"op":"entry","entry":"e","label":"blue","high":5000,"with":{"version":2,"aliases":["n"]}}
           {"op":"entry","entry":"e","label":"blue","serial":2,"with":{"version":2}}
           {"op":"entry","entry":"g","label":"blue","serial":2}
           {"op":"entry","entry":"h","label":"alpha"}"#,
    );
    assert_eq!(
        (receipt.inserted, receipt.changed, receipt.rejected),
        (1, 0, 3),
        "{receipt:?}"
    );
    let labels: String = home.get("SELECT group_concat(label) FROM ledger_entries");
    assert_eq!(labels, "red,green,alpha");
    home.check();
}

#[test]
fn after_a_failed_batch_the_later_ones_of_the_attempt_are_refused() {
    let home = Home::new();
    let lake = home.open();
    let run = lake.begin("one");
    let outside = home.outside();
    let failed = home.run(async {
        let mut out = Output::new(
            job("one", "u", run, &[]),
            UnitState::default(),
            lake.store.clone(),
        );
        let ops = parse(r#"{"op":"entry","entry":"a","label":"l","file":{"name":"f","text":"t"}}"#);
        obey_all(&mut out, lake.store.as_ref(), &ops).await.unwrap();
        // The rows can be written and the file gets its name; then the checkpoint has nowhere to go.
        outside
            .execute_batch("ALTER TABLE checkpoints RENAME TO elsewhere")
            .unwrap();
        let first = out.commit(0_usize).await;
        let second = out.commit(1_usize).await;
        (first.and(second), out.finish().await)
    });
    assert!(failed.0.is_err() || failed.1.is_err());
    outside
        .execute_batch("ALTER TABLE elsewhere RENAME TO checkpoints")
        .unwrap();
    assert_eq!(resume_at(&lake), 0);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 0);
    assert!(crate::support::files_below(&home.data()).is_empty());
    home.nothing_staged();
    // The caches of the writer name nothing that was rolled back: the next attempt goes through.
    lake.feed(&parse(MANY));
    home.check();
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM batches WHERE run NOT IN (SELECT id FROM runs)"),
        0
    );
}

#[test]
fn a_batch_out_of_its_order_is_refused() {
    let home = Home::new();
    let lake = home.open();
    let run = lake.begin("one");
    let ticket = |number| datalake_core::Ticket {
        source: "one".into(),
        run,
        unit: UnitId::new("u"),
        attempt: crate::support::next_attempt(),
        number,
    };
    let batch = |number| {
        let mut batch = Batch::new(ticket(number), UnitState::default());
        batch.checkpoint = Some(Checkpoint::new(1, &7_usize).unwrap());
        batch
    };
    assert!(home.run(lake.store.write(batch(1))).is_err());
    assert_eq!(resume_at(&lake), 0);
    assert!(home.run(lake.store.write(batch(0))).is_ok());
    assert_eq!(resume_at(&lake), 8);
}
