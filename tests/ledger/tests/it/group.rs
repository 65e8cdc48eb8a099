//! Batches that wait for the writer together are one transaction, and each is all or nothing all the same.

use std::time::Duration;

use datalake_core::{Error, Outcome, Output, Result, UnitState};
use datalake_ledger::Op;
use proptest::prelude::*;

use crate::order::any;
use crate::support::{Home, Lake, job, obey_all, parse};

/// Feeds units whose batches all wait while another program holds the database, and says what became of each.
/// `meanwhile` happens when everything waits.
fn together(lake: &Lake<'_>, units: &[Vec<Op>], meanwhile: impl FnOnce()) -> Vec<Result<Outcome>> {
    let run = lake.begin("one");
    let busy = lake.home.outside();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    let done = lake.home.run(async {
        let tasks = units.iter().enumerate().map(|(number, ops)| {
            let (store, ops) = (lake.store.clone(), ops.clone());
            let job = job("one", &format!("u{number}"), run, &[]);
            tokio::spawn(async move {
                let mut out = Output::new(job, UnitState::default(), store.clone());
                let done = obey_all(&mut out, store.as_ref(), &ops).await;
                let written = out.finish().await;
                written.and_then(|written| done.map(|()| written))
            })
        });
        let tasks: Vec<_> = tasks.collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        meanwhile();
        busy.execute_batch("ROLLBACK").unwrap();
        let mut done = Vec::new();
        for task in tasks {
            done.push(
                task.await
                    .unwrap_or_else(|error| Err(Error::bug(error.to_string()))),
            );
        }
        done
    });
    lake.end(run);
    done
}

/// Units that bring an entry with a file each.
fn entries(count: usize) -> Vec<Vec<Op>> {
    let unit = |number| {
        parse(&format!(
            r#"{{"op":"entry","entry":"e{number}","label":"red","amount":1,"accounts":["a"],"file":{{"name":"f","text":"{number}"}}}}
               {{"op":"commit"}}"#
        ))
    };
    (0..count).map(unit).collect()
}

/// How many transactions stand in the log of the database: the frames that end one name its size.
fn commits(home: &Home) -> usize {
    let log = std::fs::read(home.path("lake.db-wal")).unwrap();
    if log.is_empty() {
        return 0;
    }
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let frame = 24 + number(8) as usize;
    let salt = number(16);
    let frames = (32..)
        .step_by(frame)
        .take_while(|at| at + frame <= log.len());
    frames
        .filter(|at| number(at + 8) == salt && number(at + 4) != 0)
        .count()
}

#[test]
fn what_waits_together_is_one_transaction() {
    let home = Home::new();
    let lake = home.open();
    let before = commits(&home);
    let done = together(&lake, &entries(12), || {});
    assert!(done.iter().all(Result::is_ok));
    // The first, all that came meanwhile, and the end of the run.
    let commits = commits(&home) - before;
    assert!(commits <= 4, "{commits}");
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 12);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM batches"), 12);
    home.check();
    home.nothing_staged();
}

#[test]
fn one_that_fails_costs_the_others_nothing() {
    let home = Home::new();
    let lake = home.open();
    let staging = home.data().join(".staging");
    let done = together(&lake, &entries(12), || {
        // One of the copies is lost before it gets its name.
        let folder = std::fs::read_dir(&staging)
            .unwrap()
            .flatten()
            .next()
            .unwrap()
            .path();
        std::fs::remove_file(folder.join("7.tmp")).unwrap();
    });
    let failed: Vec<_> = done.iter().filter_map(|done| done.as_ref().err()).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(
        failed[0].to_string().contains("no such file"),
        "{}",
        failed[0]
    );
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 11);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM checkpoints"), 11);
    home.check();
    home.nothing_staged();
}

#[test]
fn a_folder_that_cannot_be_made_concerns_its_own_files_alone() {
    let home = Home::new();
    let lake = home.open();
    std::fs::create_dir_all(home.data().join("ledger/2026/01")).unwrap();
    std::fs::write(home.data().join("ledger/2026/01/10"), "in the way").unwrap();
    let mut units = entries(6);
    units[3] = parse(
        r#"{"op":"entry","entry":"e3","label":"red","amount":1,"accounts":["a"],"file":{"text":"3","made":"2026-01-10T12:00:00Z"}}
           {"op":"commit"}"#,
    );
    let done = together(&lake, &units, || {});
    let failed: Vec<usize> = (0..6).filter(|unit| done[*unit].is_err()).collect();
    assert_eq!(failed, [3]);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 5);
    std::fs::remove_file(home.data().join("ledger/2026/01/10")).unwrap();
    home.check();
    home.nothing_staged();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn together_or_one_after_the_other_is_the_same(units in prop::collection::vec(prop::collection::vec(any(), 0..6), 1..6)) {
        let (one, other) = (Home::new(), Home::new());
        let lake = one.open();
        for (number, ops) in units.iter().enumerate() {
            lake.feed_as("one", &format!("u{number}"), ops);
        }
        let lake = other.open();
        let done = together(&lake, &units, || {});
        prop_assert!(done.iter().all(Result::is_ok), "{done:?}");
        prop_assert_eq!(one.digest(), other.digest());
        other.check();
        other.nothing_staged();
    }
}
