//! Runs and watches: their rows, their locks, and what the store tells of them.

use std::time::Duration;

use datalake_core::{Batch, Ticket, UnitId, UnitState};
use datalake_store::{Holder, LastRun, LockKind, LockState, LockUse, Store, lock_use};

use crate::search::lines;
use crate::support::{Home, now, parse};

const SOON: Duration = Duration::from_secs(5);
const BOOK: &str = r#"{"op":"book","name":"NAME"}"#;

fn book(name: &str) -> Vec<datalake_ledger::Op> {
    parse(&BOOK.replace("NAME", name))
}

fn outcomes(home: &Home) -> Vec<String> {
    lines(
        &home.outside(),
        "SELECT \"trigger\", outcome FROM runs ORDER BY id",
    )
}

fn told(rows: &[(&str, &str)]) -> Vec<String> {
    rows.iter()
        .map(|(trigger, outcome)| format!("[Text({trigger:?}), Text({outcome:?})]"))
        .collect()
}

#[test]
fn a_watch_lives_on_while_other_runs_come_in_between() {
    let home = Home::new();
    let lake = home.open();
    let watch = lake.begin_by("one", "watch");
    assert_eq!(outcomes(&home), told(&[]), "it has brought nothing yet");
    lake.feed_in(watch, ("one", "u", 0), &book("a")).unwrap();
    lake.feed_as("one", "v", &book("b"));
    lake.feed_in(watch, ("one", "w", 0), &book("c")).unwrap();
    let between = [("watch", "watching"), ("manual", "done")];
    assert_eq!(outcomes(&home), told(&between));
    assert_eq!(home.get::<i64>("SELECT inserted FROM runs WHERE id = 1"), 2);
    // Another watch of the source begins: this one must have died. An ordinary run says nothing of it.
    let next = lake.begin_by("one", "watch");
    lake.end_as(next, "cancelled");
    let all = [
        ("watch", "interrupted"),
        ("manual", "done"),
        ("watch", "cancelled"),
    ];
    assert_eq!(outcomes(&home), told(&all));
}

#[test]
fn a_watch_marks_no_run_and_a_run_no_watch_of_another_process() {
    let home = Home::new();
    {
        let lake = home.open();
        for trigger in ["watch", "schedule"] {
            let run = lake.begin_by("one", trigger);
            lake.feed_in(run, ("one", trigger, 0), &book(trigger))
                .unwrap();
        }
    }
    let lake = home.open();
    lake.begin_by("other", "watch");
    lake.begin_by("other", "manual");
    let alive = [("watch", "watching"), ("schedule", "running")];
    assert_eq!(outcomes(&home), told(&alive));
    lake.begin_by("one", "watch");
    let half = [("watch", "interrupted"), ("schedule", "running")];
    assert_eq!(outcomes(&home), told(&half));
    lake.begin_by("one", "manual");
    let none = [("watch", "interrupted"), ("schedule", "interrupted")];
    assert_eq!(outcomes(&home), told(&none));
}

#[test]
fn skipped_times_are_counted_wherever_the_run_is() {
    let home = Home::new();
    let lake = home.open();
    let overlap =
        |lake: &crate::support::Lake<'_>| home.run(lake.store.count_overlap("one".into())).unwrap();
    let counted =
        |id: i64| -> i64 { home.get(&format!("SELECT overlapped FROM runs WHERE id = {id}")) };
    assert!(!overlap(&lake), "nobody reads it");
    let watch = lake.begin_by("one", "watch");
    let run = lake.begin("one");
    // Before it has a row, and after.
    assert!(overlap(&lake));
    lake.feed_in(run, ("one", "u", 0), &book("a")).unwrap();
    assert_eq!(counted(1), 1);
    assert!(overlap(&lake));
    assert_eq!(counted(1), 2);
    // Another process has only the row to go by.
    assert!(overlap(&home.open()));
    assert_eq!(counted(1), 3);
    lake.end(run);
    assert_eq!(counted(1), 3);
    assert!(overlap(&lake), "the watch is what is left");
    assert_eq!(lake.end_as(watch, "done"), 2);
    assert_eq!(counted(2), 1);
    assert!(!overlap(&lake));
}

#[test]
fn the_past_is_told_to_writers_and_readers_alike() {
    let home = Home::new();
    let lake = home.open();
    let tell = |triggers: &'static [&'static str]| -> Option<LastRun> {
        let told = home
            .run(lake.store.last_run("one".into(), triggers))
            .unwrap();
        let reader = Store::reader(&home.settings()).unwrap();
        assert_eq!(told, reader.last_run("one", triggers, SOON).unwrap());
        told
    };
    let once = || -> bool {
        let done = home.run(lake.store.once_done("one".into())).unwrap();
        let reader = Store::reader(&home.settings()).unwrap();
        assert_eq!(done, reader.once_done("one", SOON).unwrap());
        done
    };
    assert_eq!(tell(&[]), None);
    for (trigger, outcome) in [("once", "failed"), ("schedule", "done")] {
        let run = lake.begin_by("one", trigger);
        lake.end_as(run, outcome);
    }
    let run = lake.begin_by("other", "once");
    lake.end_as(run, "done");
    assert!(!once());
    let last = tell(&["once", "watch"]).unwrap();
    assert_eq!(
        (last.trigger.as_str(), last.outcome.as_str()),
        ("once", "failed")
    );
    assert_eq!((last.started, last.ended), (now(), Some(now())));
    assert_eq!(tell(&[]).unwrap().trigger, "schedule");
    assert_eq!(tell(&["watch"]), None);
    let run = lake.begin_by("one", "once");
    lake.feed_in(run, ("one", "u", 0), &book("a")).unwrap();
    assert_eq!(tell(&["once"]).unwrap().ended, None);
    assert!(!once());
    lake.end_as(run, "rejects");
    assert!(once());
}

#[test]
fn two_locks_of_one_source_and_who_holds_them() {
    let home = Home::new();
    let lake = home.open();
    let holder = |trigger| Holder::this_process(trigger, now());
    let look = |kind| lock_use(&home.database(), "one", kind).unwrap();
    let before = crate::support::files_below(home.folder.path());
    assert_eq!(look(LockKind::Watch), LockUse::Free);
    assert_eq!(crate::support::files_below(home.folder.path()), before);
    let watch = lake.store.lock_watch("one", &holder("watch")).unwrap();
    let read = lake.store.lock_source("one", &holder("watch")).unwrap();
    assert!(matches!(
        (&watch, &read),
        (LockState::Taken(_), LockState::Taken(_))
    ));
    drop(read);
    let run = lake.store.lock_source("one", &holder("manual")).unwrap();
    assert!(matches!(run, LockState::Taken(_)));
    let other = home.open();
    let refused = other.store.lock_watch("one", &holder("watch")).unwrap();
    assert!(matches!(refused, LockState::Held(Some(who)) if who == holder("watch")));
    assert_eq!(
        look(LockKind::Source),
        LockUse::Held(Some(holder("manual")))
    );
}

#[test]
fn what_comes_of_an_abandoned_attempt_is_refused() {
    let home = Home::new();
    let lake = home.open();
    let run = lake.begin("one");
    let attempt = crate::support::next_attempt();
    let write = |number, last| {
        let ticket = Ticket {
            source: "one".into(),
            run,
            unit: UnitId::new("u"),
            attempt,
            number,
        };
        let mut batch = Batch::new(ticket, UnitState::default());
        let ops = book(&format!("b{number}"));
        let [datalake_ledger::Op::Book(book)] = &ops[..] else {
            panic!("that is a book");
        };
        batch.push(book.record());
        batch.last = last;
        home.run(datalake_core::Sink::write(lake.store.as_ref(), batch))
    };
    write(0, false).unwrap();
    home.run(lake.store.abandon(attempt)).unwrap();
    let error = write(1, true).unwrap_err();
    assert!(error.to_string().contains("given up"), "{error}");
    // It may not start over either, nor after its run has ended.
    assert!(write(0, false).is_err());
    lake.end(run);
    assert!(
        write(2, false)
            .unwrap_err()
            .to_string()
            .contains("given up")
    );
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_books"), 1);
}
